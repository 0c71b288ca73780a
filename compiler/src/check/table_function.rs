//! Functions in FROM that give rows: generate_series and unnest.

use super::Checker;
use super::operand::{Mode, Operand};
use super::scope::{Aggregating, AliasMode, ScopeColumn};
use crate::catalog::FunctionKey;
use crate::diagnostics as say;
use crate::hir::{Expr, From, TableFunction};
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// `f(…)` in FROM. Its arguments may use the columns of what stands before it.
    pub(crate) fn function_source(
        &mut self,
        name: &'a ast::Name,
        arguments: &'a [ast::Argument],
        item: &'a ast::FromItem,
    ) -> Option<From> {
        let folded = name.as_ident().map(ast::Ident::folded).unwrap_or_default();
        let function = match folded.as_str() {
            "generate_series" => TableFunction::Series,
            "unnest" => TableFunction::Unnest,
            _ => {
                let free = FunctionKey { receiver: None, name: folded };
                let known = self.catalog.function(&free).is_some();
                let rows = match name.as_ident().filter(|_| known) {
                    Some(ident) => self.rows_of_function(ident, arguments, item),
                    None => {
                        self.later(item.span, "this table function in FROM");
                        None
                    }
                };
                if rows.is_none() {
                    self.error_table();
                }
                return rows;
            }
        };
        let checked = self.in_clause("FROM", AliasMode::Hidden, Aggregating::No, |this| {
            let operands = this.row_arguments(function, arguments, name.span)?;
            match function {
                TableFunction::Series => this.series_arguments(operands, name.span),
                TableFunction::Unnest => this.unnest_argument(operands, item.span),
            }
        });
        let Some((arguments, ty, nullable)) = checked else {
            self.error_table();
            return None;
        };
        // As in PostgreSQL an alias without columns names the column too.
        let alias = item.alias.as_ref();
        let shown = alias.map_or(function.name().into(), |alias| alias.name.name.clone());
        let column = self.new_column(shown.clone(), ty, nullable);
        let columns = vec![ScopeColumn::new(shown.clone(), column)];
        let row = Arc::new(self.row_shape(&columns));
        let at = alias.map_or(name.span, |alias| alias.name.span);
        self.enter_table(shown, at, columns, row, alias)?;
        Some(From::Function { function, arguments, column })
    }

    fn row_arguments(
        &mut self,
        function: TableFunction,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Option<Vec<Operand>> {
        let (least, most, shown) = match function {
            TableFunction::Series => (2, 3, "generate_series(first, last, step)"),
            TableFunction::Unnest => (1, 1, "unnest(array)"),
        };
        let named = arguments.iter().find_map(|argument| argument.name.as_ref());
        if arguments.len() < least || arguments.len() > most || named.is_some() {
            let at = named.map_or(span, |name| name.span);
            let message = format!("`{}` does not take these arguments", function.name());
            self.report(say::wrong_arguments(at, message, shown));
            return None;
        }
        Some(arguments.iter().map(|argument| self.operand(&argument.value, None)).collect())
    }

    /// Three INT64, or two TIMESTAMP and an INTERVAL.
    fn series_arguments(
        &mut self,
        operands: Vec<Operand>,
        span: Span,
    ) -> Option<(Vec<Expr>, Type, bool)> {
        let time = |ty: &Type| matches!(ty, Type::Date | Type::Timestamp);
        let is_time = |o: &Operand| matches!(o, Operand::Typed(e) if time(&e.ty));
        let times = operands.iter().any(is_time);
        let (ty, step) =
            if times { (Type::Timestamp, Type::Interval) } else { (Type::Int64, Type::Int64) };
        if times && operands.len() < 3 {
            let message = "a series of times needs a step, as `INTERVAL '1 day'`".to_owned();
            let shown = "generate_series(first, last, step)";
            self.report(say::wrong_arguments(span, message, shown));
            return None;
        }
        let types = [&ty, &ty, &step];
        let mut arguments: Vec<Expr> = Vec::new();
        for (operand, ty) in operands.into_iter().zip(types) {
            let why = "an argument of generate_series";
            arguments.push(self.coerce(operand, ty, Mode::Implicit, why));
        }
        if arguments.len() < 3 {
            arguments.push(self.constant(Value::Int(1), Type::Int64, span));
        }
        let failed = arguments.iter().any(|argument| argument.ty.is_error());
        (!failed).then_some((arguments, ty, false))
    }

    fn unnest_argument(
        &mut self,
        operands: Vec<Operand>,
        span: Span,
    ) -> Option<(Vec<Expr>, Type, bool)> {
        let operand = operands.into_iter().next()?;
        let array = self.settle(operand);
        let at = Span::new(array.place.start, array.place.end);
        match &array.ty {
            Type::Array(element) => {
                let element = Type::clone(element);
                Some((vec![array], element, true))
            }
            Type::Error => None,
            Type::Json => {
                self.later(span, "unnest of JSON");
                None
            }
            other => {
                let forms = ["unnest(array: ARRAY<T>)".to_owned()];
                self.report(say::no_form(at, "unnest", std::slice::from_ref(other), &forms));
                None
            }
        }
    }
}
