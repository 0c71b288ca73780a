//! Collection functions on queries: `FROM flights |> filter(f -> f.late) |> map(f -> { … })`.
//!
//! They become the same clauses that SQL has. A lambda's parameter stands for the row: its fields
//! are the columns, and only a use of the whole row makes a struct of it. Rows of one column that
//! a `map` to a scalar made are those scalars.

use super::Checker;
use super::collection::{Collection, collection_named};
use super::group::Kind;
use super::lambda::Callee;
use super::operand::{Mode, Operand};
use super::pipe::Pipe;
use super::scope::{Aggregating, AliasMode, ScopeTable};
use super::types::is_comparable;
use crate::diagnostics as say;
use crate::hir::{Aggregation, ColumnVar, Expr, ExprKind, OrderKey, Query};
use grizzly_bytecode::{Field, StructType, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The column of rows that are scalars.
const VALUE: &str = "value";

/// A collection function on rows.
struct RowCall<'a> {
    which: Collection,
    name: &'a ast::Ident,
    arguments: Vec<Option<&'a ast::Expr>>,
    span: Span,
}

impl<'a> RowCall<'a> {
    fn argument(&self, at: usize) -> Option<&'a ast::Expr> {
        self.arguments.get(at).copied().flatten()
    }
}

impl<'a> Checker<'a> {
    /// `|> filter(u -> …)` and the like.
    pub(super) fn function_step(&mut self, pipe: Pipe, call: &'a ast::Call) -> Option<Pipe> {
        let Some(name) = call.function.as_name() else {
            self.later(call.span, "this step of a query");
            return None;
        };
        use Collection as C;
        let which = match collection_named(&name.folded()) {
            Some(C::Reduce | C::FlatMap | C::Zip | C::GroupBy) => {
                self.report(say::arrays_only(name.span, &name.name));
                return None;
            }
            Some(which) => which,
            None => {
                let names: Vec<SmolStr> =
                    super::collection::collection_names().map(SmolStr::new_static).collect();
                let near = crate::suggest::similar(&name.folded(), names.iter());
                self.report(say::unknown_function(name.span, &name.name, None, near.as_deref()));
                return None;
            }
        };
        let arguments = self.named_arguments(which, name, &call.arguments)?;
        let call = RowCall { which, name, arguments, span: call.span };
        match which {
            C::Filter => self.filter_rows(pipe, &call),
            C::Map => self.map_rows(pipe, &call),
            C::Sort => self.sort_rows(pipe, &call),
            C::Take | C::Skip => self.cut_rows(pipe, &call),
            C::First => {
                let one = self.constant(Value::Int(1), Type::Int64, call.span);
                self.limited(pipe, Some(one), None, call.span)
            }
            C::Distinct => self.passed(pipe, call.span, |_, query| {
                query.distinct = true;
                query.order.clear();
                Some(())
            }),
            _ => self.aggregate_rows(pipe, &call),
        }
    }

    /// What a lambda's parameter stands for.
    fn row_value(&self, tables: &[ScopeTable], span: Span) -> Expr {
        let place = self.place(span);
        if let [table] = tables {
            return match table.columns.as_slice() {
                [column] if table.name.is_empty() && column.name == VALUE => {
                    self.column(column.variable, place)
                }
                _ => self.row_of(table, span),
            };
        }
        let mut fields: Vec<Field> = Vec::new();
        let mut values = Vec::new();
        for column in tables.iter().flat_map(|table| &table.columns) {
            let value = self.column(column.variable, place);
            if !fields.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
                fields.push(Field { name: column.name.clone(), ty: value.ty.clone() });
                values.push(value);
            }
        }
        let ty = Type::Struct(Arc::new(StructType { name: None, fields }));
        Expr { kind: ExprKind::MakeStruct(values), ty, place }
    }

    /// The function of a call for the current row.
    fn of_row(&mut self, argument: &'a ast::Expr, want: Option<&Type>) -> Option<Operand> {
        let row = self.row_value(self.scope.rows(), argument.span);
        self.in_clause("a lambda over a query", AliasMode::Hidden, Aggregating::No, |this| {
            let mut steps = Vec::new();
            let callee = this.callee(argument, &mut steps)?;
            let (before, value) = match &callee {
                Callee::Lambda(lambda, span) => this.lambda_on_row(lambda, *span, row, want)?,
                _ => this.apply(&callee, vec![row], want)?,
            };
            steps.extend(before);
            if steps.is_empty() {
                return Some(value);
            }
            let value = this.settle(value);
            Some(Operand::Typed(this.after(steps, value)))
        })
    }

    /// The function of a call, else the row itself.
    fn of_row_or_itself(&mut self, argument: Option<&'a ast::Expr>, span: Span) -> Option<Expr> {
        let value = match argument {
            Some(argument) => {
                let value = self.of_row(argument, None)?;
                self.settle(value)
            }
            None => match self.row_value(self.scope.rows(), span) {
                Expr { kind: ExprKind::MakeStruct(mut fields), .. } if fields.len() == 1 => {
                    fields.remove(0)
                }
                row => row,
            },
        };
        let value = self.with_value(value);
        (!value.ty.is_error()).then_some(value)
    }

    fn filter_rows(&mut self, pipe: Pipe, call: &RowCall<'a>) -> Option<Pipe> {
        let test = call.argument(0)?;
        self.passed(pipe, call.span, |this, query| {
            let condition = this.of_row(test, Some(&Type::Bool))?;
            let condition = this.truth(condition, "the result of the lambda");
            if condition.ty.is_error() {
                return None;
            }
            query.filter = Some(condition);
            Some(())
        })
    }

    fn map_rows(&mut self, pipe: Pipe, call: &RowCall<'a>) -> Option<Pipe> {
        let mut query = self.source_of(pipe);
        let value = self.of_row_or_itself(call.argument(0), call.span)?;
        let value_at = Span::new(value.place.start, value.place.end);
        query.outputs = match (value.kind, value.ty) {
            (ExprKind::MakeStruct(values), Type::Struct(shape)) => {
                let fields = shape.fields.iter().zip(values);
                fields.map(|(field, value)| self.output(field.name.clone(), value)).collect()
            }
            (kind, ty @ Type::Struct(_)) => {
                let value = Expr { kind, ty: ty.clone(), place: self.place(value_at) };
                query.outputs = vec![self.output(VALUE.into(), value)];
                return self.fields_of_rows(query, &ty, value_at);
            }
            (kind, ty) => {
                let value = Expr { kind, ty, place: self.place(value_at) };
                vec![self.output(VALUE.into(), value)]
            }
        };
        self.query_effects(&query);
        let tables = vec![self.unnamed(&query.outputs, call.span)];
        Some(Pipe { rows: query, tables })
    }

    /// Rows of one struct as rows of its fields.
    fn fields_of_rows(&mut self, inner: Query, ty: &Type, span: Span) -> Option<Pipe> {
        self.query_effects(&inner);
        let Type::Struct(shape) = ty else { return None };
        let tables = vec![self.unnamed(&inner.outputs, span)];
        let whole = inner.outputs.first().map(|output| output.variable)?;
        let mut query = self.source_of(Pipe { rows: inner, tables });
        let mut outputs = Vec::new();
        for (index, field) in shape.fields.iter().enumerate() {
            let operand = Box::new(self.column(whole, self.place(span)));
            let kind = ExprKind::Field { operand, index: index as u16 };
            let value = Expr { kind, ty: field.ty.clone(), place: self.place(span) };
            outputs.push(self.output(field.name.clone(), value));
        }
        query.outputs = outputs;
        let tables = vec![self.unnamed(&query.outputs, span)];
        Some(Pipe { rows: query, tables })
    }

    fn sort_rows(&mut self, pipe: Pipe, call: &RowCall<'a>) -> Option<Pipe> {
        let descending = match call.argument(1).map(|argument| (&argument.kind, argument.span)) {
            None => false,
            Some((ast::ExprKind::Literal(ast::Literal::Boolean(value)), _)) => *value,
            Some((_, span)) => {
                self.later(span, "a direction that is no constant");
                return None;
            }
        };
        self.passed(pipe, call.span, |this, query| {
            let value = this.of_row_or_itself(call.argument(0), call.span)?;
            if !is_comparable(&value.ty) {
                let why = "the key of sort";
                this.report(say::type_mismatch(call.span, &Type::Text, &value.ty, why, false));
                return None;
            }
            // Stable: an order of before decides among equal keys.
            query.order.insert(0, OrderKey { value, descending, nulls_first: descending });
            Some(())
        })
    }

    fn cut_rows(&mut self, pipe: Pipe, call: &RowCall<'a>) -> Option<Pipe> {
        let count = call.argument(0)?;
        let clause = if call.which == Collection::Take { "LIMIT" } else { "OFFSET" };
        let count = self
            .without_row(clause, |this| this.expr_as(count, &Type::Int64, Mode::Implicit, "`n`"));
        if count.ty.is_error() {
            return None;
        }
        match call.which {
            Collection::Take => self.limited(pipe, Some(count), None, call.span),
            _ => self.limited(pipe, None, Some(count), call.span),
        }
    }

    /// LIMIT and OFFSET: of the rows so far where they have none, else of a query around them.
    fn limited(
        &mut self,
        mut pipe: Pipe,
        limit: Option<Expr>,
        offset: Option<Expr>,
        span: Span,
    ) -> Option<Pipe> {
        let free = pipe.rows.limit.is_none() && (offset.is_none() || pipe.rows.offset.is_none());
        if free {
            pipe.rows.limit = limit;
            pipe.rows.offset = offset.or(pipe.rows.offset);
            return Some(pipe);
        }
        self.passed(pipe, span, |_, query| {
            (query.limit, query.offset) = (limit, offset);
            Some(())
        })
    }

    /// `count`, `sum`, `avg`, `min`, `max`, `any`, `all`: one row of one column.
    fn aggregate_rows(&mut self, pipe: Pipe, call: &RowCall<'a>) -> Option<Pipe> {
        use Collection as C;
        let mut query = self.source_of(pipe);
        query.order.clear();
        let (argument, span) = (call.argument(0), call.span);
        let (kind, value) = match call.which {
            C::Count | C::Any | C::All => {
                let test = match argument {
                    Some(test) => {
                        let test = self.of_row(test, Some(&Type::Bool))?;
                        Some(self.truth(test, "the result of the lambda"))
                    }
                    None if call.which == C::Count => None,
                    None => {
                        let value = self.of_row_or_itself(None, span)?;
                        Some(self.truth(Operand::Typed(value), "a row"))
                    }
                };
                let kind = if test.is_some() { Kind::CountIf } else { Kind::Count };
                (kind, test.map(|test| self.counted(call.which, test, span)))
            }
            C::Sum => (Kind::Sum, Some(self.of_row_or_itself(argument, span)?)),
            C::Avg => (Kind::Avg, Some(self.of_row_or_itself(argument, span)?)),
            C::Min => (Kind::Min, Some(self.of_row_or_itself(argument, span)?)),
            _ => (Kind::Max, Some(self.of_row_or_itself(argument, span)?)),
        };
        if value.as_ref().is_some_and(|value| value.ty.is_error()) {
            return None;
        }
        let aggregate = self.typed_aggregate(kind, call.name, value, None, false)?;
        let nullable = !matches!(kind, Kind::Count | Kind::CountIf);
        let name = call.name.folded();
        let variable = self.new_column(name.clone(), aggregate.ty.clone(), nullable);
        let aggregate = crate::hir::AggregateCall { variable, ..aggregate };
        query.aggregation = Some(Aggregation { keys: Vec::new(), aggregates: vec![aggregate] });
        let result = self.aggregate_result(call.which, variable, span);
        query.outputs = vec![self.output(name, result)];
        self.query_effects(&query);
        let tables = vec![self.unnamed(&query.outputs, span)];
        Some(Pipe { rows: query, tables })
    }

    /// What is counted: rows that fit, and for `all` those that do not; NULL counts as FALSE.
    fn counted(&self, which: Collection, test: Expr, span: Span) -> Expr {
        if which != Collection::All || test.ty.is_error() {
            return test;
        }
        let yes = self.constant(Value::Bool(true), Type::Bool, span);
        let kind = ExprKind::Same(Box::new(test), Box::new(yes));
        let fits = self.boolean(kind, self.place(span));
        self.negation(fits, span)
    }

    fn aggregate_result(&self, which: Collection, variable: ColumnVar, span: Span) -> Expr {
        let counted = self.column(variable, self.place(span));
        let zero = self.constant(Value::Int(0), Type::Int64, span);
        match which {
            Collection::Any => self.compare(grizzly_bytecode::Cmp::Gt, counted, zero),
            Collection::All => self.compare(grizzly_bytecode::Cmp::Eq, counted, zero),
            _ => counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;
    use crate::hir_print::print_statements;

    /// The typed form of the last statement.
    fn last(text: &str) -> String {
        let (_, checked) = check(text);
        assert!(checked.diagnostics.is_empty(), "{:#?}", checked.diagnostics);
        checked
            .statements
            .last()
            .map(|s| print_statements(std::slice::from_ref(s)))
            .unwrap_or_default()
    }

    #[test]
    fn a_row_is_no_struct_until_it_is_used_whole() {
        let table = "CREATE TABLE t (a INT64, b TEXT);\n";
        let fields = last(&format!("{table}FROM t |> filter(r -> r.a > 1) |> map(r -> r.b);"));
        assert!(!fields.contains('{'), "{fields}");
    }
}
