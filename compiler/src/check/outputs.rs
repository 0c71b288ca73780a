//! The columns of a query's result: the SELECT list, `*`, and their names.

use super::Checker;
use super::operand::{Mode, Operand};
use super::scope::{Aggregating, AliasMode, ScopeColumn};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, OutputColumn};
use crate::suggest::similar;
use grizzly_bytecode::Type;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

impl<'a> Checker<'a> {
    /// The outputs of SELECT; `*` without one.
    pub(crate) fn outputs(
        &mut self,
        items: Option<&'a [ast::SelectItem]>,
        span: Span,
        want: Option<&[Type]>,
    ) -> Option<Vec<OutputColumn>> {
        let Some(items) = items else { return self.star_outputs(None, span) };
        let mut outputs = Vec::new();
        for item in items {
            match item {
                ast::SelectItem::Star(star) => {
                    for (name, value) in self.star_values(star)? {
                        outputs.push(self.output(name, value));
                    }
                }
                ast::SelectItem::Expr { value, alias } => {
                    let hint = want.and_then(|types| types.get(outputs.len()));
                    let checked =
                        self.in_clause("SELECT", AliasMode::Hidden, Aggregating::Collect, |this| {
                            this.operand(value, hint)
                        });
                    let untyped = match (&checked, hint) {
                        (Operand::Untyped(untyped, _), None) => Some(untyped.clone()),
                        _ => None,
                    };
                    let checked = match hint {
                        Some(ty) => self.settle_near(checked, ty),
                        None => self.settle(checked),
                    };
                    let checked = self.with_value(checked);
                    let name = match alias {
                        Some(alias) => alias.name.clone(),
                        None => self.name_of(value, &checked),
                    };
                    let output = self.output(name, checked);
                    if let Some(alias) = alias {
                        let folded = alias.folded();
                        let known = self.scope.aliases.iter_mut().find(|a| a.name == folded);
                        known.into_iter().for_each(|a| a.variable = Some(output.variable));
                    }
                    if let Some(untyped) = untyped {
                        self.untyped.insert(output.variable, untyped);
                    }
                    outputs.push(output);
                }
            }
        }
        Some(outputs)
    }

    /// A constant takes the type that is wanted where it fits; everything else keeps its own.
    fn settle_near(&mut self, operand: Operand, want: &Type) -> Expr {
        match operand {
            Operand::Untyped(..) => self.coerce(operand, want, Mode::Assign, "the value"),
            typed => self.settle(typed),
        }
    }

    /// An output must have a value that can leave a query.
    pub(crate) fn with_value(&mut self, expr: Expr) -> Expr {
        let span = Span::new(expr.place.start, expr.place.end);
        match &expr.ty {
            Type::Unit => {
                self.report(say::no_value(span, "this", None));
                self.error(span)
            }
            ty if super::types::holds_function(ty) => {
                self.report(say::kept_function(span, "a column"));
                self.error(span)
            }
            _ => expr,
        }
    }

    pub(crate) fn output(&mut self, name: SmolStr, value: Expr) -> OutputColumn {
        let nullable = self.expr_nullable(&value);
        let variable = self.new_column(name.clone(), value.ty.clone(), nullable);
        OutputColumn { variable, name, value }
    }

    /// `*` or `t.*` without more.
    pub(crate) fn star_outputs(
        &mut self,
        qualifier: Option<(SmolStr, Span)>,
        span: Span,
    ) -> Option<Vec<OutputColumn>> {
        let columns = self.all_columns_of(qualifier, span)?;
        Some(columns.into_iter().map(|(name, value)| self.output(name, value)).collect())
    }

    /// The columns that `*` or `t.*` stands for, with its EXCLUDE and REPLACE.
    pub(crate) fn star_values(&mut self, star: &'a ast::Star) -> Option<Vec<(SmolStr, Expr)>> {
        let qualifier = match &star.qualifier {
            Some(name) => Some((self.object_name(name)?, name.span)),
            None => None,
        };
        let mut columns = self.all_columns_of(qualifier, star.span)?;
        for replacement in &star.replace {
            let value = self.in_clause("SELECT", AliasMode::Hidden, Aggregating::Collect, |this| {
                this.expr(&replacement.value)
            });
            let value = self.with_value(value);
            let column = &replacement.column;
            let at = self.star_column(&columns, &column.name, column.span)?;
            columns.get_mut(at).into_iter().for_each(|known| known.1 = value.clone());
        }
        for excluded in &star.exclude {
            let name = self.part_name(excluded)?;
            self.star_column(&columns, &name, excluded.span())?;
            columns.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        }
        if columns.is_empty() {
            let help = "EXCLUDE leaves no column";
            self.report(say::no_value(star.span, "this `*`", Some(help)));
            return None;
        }
        Some(columns)
    }

    /// The column of a `*` that EXCLUDE or REPLACE names, or a report.
    fn star_column(
        &mut self,
        columns: &[(SmolStr, Expr)],
        name: &str,
        span: Span,
    ) -> Option<usize> {
        let found = columns.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        if found.is_none() {
            let names: Vec<SmolStr> = columns.iter().map(|(known, _)| known.clone()).collect();
            let near = similar(name, names.iter());
            self.report(say::unknown_column(span, name, None, near.as_deref(), &names));
        }
        found
    }

    fn all_columns_of(
        &mut self,
        qualifier: Option<(SmolStr, Span)>,
        span: Span,
    ) -> Option<Vec<(SmolStr, Expr)>> {
        let tables = match &qualifier {
            Some((name, at)) => match self.scope_table(name) {
                Some(table) => vec![table.clone()],
                None => {
                    let names: Vec<SmolStr> =
                        self.tables().iter().map(|table| table.name.clone()).collect();
                    let near = similar(name, names.iter());
                    self.report(say::unknown_table(*at, name, near.as_deref(), None));
                    return None;
                }
            },
            None => self.tables().to_vec(),
        };
        if tables.is_empty() {
            self.report(say::no_value(span, "`*` without FROM", Some("add FROM")));
            return None;
        }
        let columns = tables.iter().flat_map(|table| &table.columns);
        let shown = columns.filter(|column| !column.merged || qualifier.is_some());
        let value = |column: &ScopeColumn| match qualifier {
            Some(_) => self.column(column.variable, self.place(span)),
            None => self.column_value(column, span),
        };
        Some(shown.map(|column| (column.name.clone(), value(column))).collect())
    }

    /// The name of an output without an alias: its column or last field, else its text.
    pub(crate) fn name_of(&self, expr: &ast::Expr, checked: &Expr) -> SmolStr {
        match &expr.kind {
            // `t.{name}`: the column that the variable names.
            ast::ExprKind::Field { field, .. } if !matches!(field, ast::NamePart::Ident(_)) => {
                let column = match checked.kind {
                    ExprKind::Column(variable) => self.columns.get(variable.0 as usize),
                    _ => None,
                };
                column.map_or_else(|| expr.span.text(self.text).into(), |c| c.name.clone())
            }
            ast::ExprKind::Name(name) => match self.scope.columns_named(&name.name).as_slice() {
                [(_, column)] => column.name.clone(),
                _ => name.name.clone(),
            },
            ast::ExprKind::Field { field: ast::NamePart::Ident(field), .. } => field.name.clone(),
            _ => SmolStr::new(expr.span.text(self.text)),
        }
    }
}
