//! The rules of a table: CHECK and UNIQUE where it is defined, and the guards that every statement
//! that writes its rows gets from its CHECKs.

use super::Checker;
use super::scope::{Aggregating, AliasMode, ScopeColumn};
use crate::catalog::{FunctionKey, Index, Table, TableCheck, TableColumn};
use crate::diagnostics as say;
use crate::hir::{ColumnVar, ConvertMode, Effect, Expr, ExprKind, Offsets};
use crate::plan::logical::free_columns;
use crate::plan::logical::substitute;
use crate::suggest::similar;
use grizzly_bytecode::{Builtin, Cmp, Place, StructType, TableId, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The condition of a CHECK over the columns of the table that is being defined.
    pub(crate) fn table_check(
        &mut self,
        name: SmolStr,
        condition: &'a ast::Expr,
        columns: &[TableColumn],
    ) -> TableCheck {
        let outer = std::mem::take(&mut self.locals);
        let mut variables = Vec::new();
        let condition = self.apart(|this| {
            let scope = columns.iter().map(|column| {
                let variable =
                    this.new_column(column.name.clone(), column.ty.clone(), column.nullable);
                variables.push(variable);
                ScopeColumn::new(column.name.clone(), variable)
            });
            let scope: Vec<ScopeColumn> = scope.collect();
            let row = Arc::new(StructType { name: None, fields: Vec::new() });
            let span = condition.span;
            this.enter_table(SmolStr::default(), span, scope, row, None)?;
            Some(this.in_clause("CHECK", AliasMode::Hidden, Aggregating::No, |this| {
                this.condition(condition, "CHECK")
            }))
        });
        let mut condition = condition.unwrap_or_else(|| self.error(Span::default()));
        self.demand_pure(&condition, "CHECK");
        let parameter = condition.any(&|e| matches!(e.kind, ExprKind::Parameter(_)));
        if parameter {
            let at = Span::new(condition.place.start, condition.place.end);
            let text = at.text(self.text).to_owned();
            self.report(say::not_constant(at, &text, "CHECK"));
        }
        let place = condition.place;
        let own: Vec<Expr> = (0..variables.len() as u32)
            .zip(columns)
            .map(|(at, column)| {
                let kind = ExprKind::Column(ColumnVar(at));
                Expr { kind, ty: column.ty.clone(), place }
            })
            .collect();
        let pairs: Vec<_> = variables.iter().copied().zip(own.iter()).collect();
        substitute(&mut condition, &pairs);
        let locals = std::mem::replace(&mut self.locals, outer);
        TableCheck { name, condition, locals }
    }

    /// Reports what is more than PURE.
    fn demand_pure(&mut self, expr: &Expr, clause: &str) {
        let mut found: Option<(Span, SmolStr)> = None;
        expr.walk(&mut |e| {
            let (name, effect) = match &e.kind {
                ExprKind::Call { function, .. } => {
                    let of = |key: &FunctionKey| self.catalog.function(key).map(|f| f.effect);
                    (function.name.clone(), of(function).unwrap_or(Effect::Pure))
                }
                ExprKind::Native { function, .. } => (function.function.clone(), function.effect),
                ExprKind::Subquery { .. } => ("a query".into(), Effect::Reads),
                _ => return,
            };
            if effect != Effect::Pure && found.is_none() {
                found = Some((Span::new(e.place.start, e.place.end), name));
            }
        });
        if let Some((span, name)) = found {
            self.report(say::impure(span, &name, clause));
        }
    }

    /// A UNIQUE constraint.
    pub(crate) fn unique_constraint(
        &mut self,
        name: SmolStr,
        columns: &[(usize, Span)],
        all: &[TableColumn],
    ) -> Option<Arc<Index>> {
        let columns = self.index_columns(columns, all, "a UNIQUE constraint")?;
        let columns = columns.into_iter().map(|column| (column, false)).collect();
        let id = TableId(0);
        Some(Arc::new(Index { id, name, columns, unique: true, constraint: true }))
    }

    /// The columns of an index, each once and of a type that has an order.
    pub(crate) fn index_columns(
        &mut self,
        columns: &[(usize, Span)],
        all: &[TableColumn],
        what: &str,
    ) -> Option<Vec<usize>> {
        let mut found: Vec<usize> = Vec::new();
        for (index, span) in columns {
            let Some(column) = all.get(*index) else { continue };
            if found.contains(index) {
                let message = format!("`{}` stands twice in {what}", column.name);
                self.report(say::bad_key(*span, &message, None));
                return None;
            }
            let unfit =
                matches!(column.ty, Type::Json | Type::Array(_) | Type::Struct(_) | Type::Map(..));
            if unfit {
                let message = format!("a column of type {} cannot be part of {what}", column.ty);
                self.report(say::bad_key(*span, &message, None));
                return None;
            }
            found.push(*index);
        }
        Some(found)
    }

    /// The indices of the columns that a constraint names.
    pub(crate) fn constraint_columns(
        &mut self,
        names: &[ast::Ident],
        columns: &[TableColumn],
    ) -> Vec<(usize, Span)> {
        let mut found = Vec::new();
        for name in names {
            match columns.iter().position(|c| name.eq_name(&c.name)) {
                Some(index) => found.push((index, name.span)),
                None => {
                    let known: Vec<SmolStr> = columns.iter().map(|c| c.name.clone()).collect();
                    let near = similar(&name.name, known.iter());
                    let (at, near) = (name.span, near.as_deref());
                    let table = Some("the table");
                    self.report(say::unknown_column(at, &name.name, table, near, &known));
                }
            }
        }
        found
    }

    /// The guards of a table over the variables of a row that is written.
    pub(crate) fn guards(
        &mut self,
        table: &Table,
        variables: &[ColumnVar],
        span: Span,
    ) -> Vec<Expr> {
        let place = self.place(span);
        let columns: Vec<Expr> = variables.iter().map(|v| self.column(*v, place)).collect();
        let mut guards = Vec::new();
        for check in &table.checks {
            let offsets = Offsets { locals: self.locals.len() as u32, ..Offsets::default() };
            self.locals.extend(check.locals.iter().cloned());
            let mut condition = check.condition.clone();
            condition.renumber(offsets);
            let used = free_columns(&check.condition);
            let own = (0..columns.len() as u32).map(ColumnVar);
            let pairs: Vec<_> = own.zip(columns.iter()).collect();
            substitute(&mut condition, &pairs);
            let message = self.violation(table, check, &used, &columns, place);
            let fields = Vec::new();
            let made = Expr {
                kind: ExprKind::MakeException { message: Some(Box::new(message)), fields },
                ty: Type::Exception(Builtin::CheckViolation.ty()),
                place,
            };
            let raise = Expr { kind: ExprKind::Raise(Box::new(made)), ty: Type::Bool, place };
            let fulfilled = self.constant(Value::Bool(true), Type::Bool, span);
            let broken = self.boolean(ExprKind::Not(Box::new(condition)), place);
            guards.push(self.choice(broken, raise, fulfilled));
        }
        guards
    }

    /// What a violation says: the constraint, the table, the values it looked at, the row's key.
    fn violation(
        &self,
        table: &Table,
        check: &TableCheck,
        used: &[ColumnVar],
        row: &[Expr],
        place: Place,
    ) -> Expr {
        let text = |text: String| Expr {
            kind: ExprKind::Constant(Value::text(text)),
            ty: Type::Text,
            place,
        };
        let join = |a: Expr, b: Expr| Expr {
            kind: ExprKind::Concat(Box::new(a), Box::new(b)),
            ty: Type::Text,
            place,
        };
        let head = format!("{} refuses a row by its constraint {}", table.name, check.name);
        let mut message = text(head);
        let mut told: Vec<usize> = Vec::new();
        let used = used.iter().map(|variable| variable.0 as usize);
        let key = table.key.iter().copied();
        for (number, index) in used.chain(key).enumerate() {
            let (Some(column), Some(value)) = (table.columns.get(index), row.get(index)) else {
                continue;
            };
            if told.contains(&index) {
                continue;
            }
            told.push(index);
            let comma = if number == 0 { ": " } else { ", " };
            message = join(message, text(format!("{comma}{} = ", column.name)));
            let shown = match column.ty {
                Type::Text => value.clone(),
                _ => {
                    let operand = Box::new(value.clone());
                    let kind = ExprKind::Convert { operand, mode: ConvertMode::Checked };
                    Expr { kind, ty: Type::Text, place }
                }
            };
            let null = self.boolean(ExprKind::IsNull(Box::new(value.clone())), place);
            message = join(message, self.choice(null, text("NULL".into()), shown));
        }
        message
    }

    /// Warns of a CHECK that the constants of a row break.
    pub(crate) fn warn_checks(&mut self, table: &Table, row: &[(usize, Expr)], span: Span) {
        for check in &table.checks {
            let mut condition = check.condition.clone();
            let pairs: Vec<_> =
                row.iter().map(|(index, value)| (ColumnVar(*index as u32), value)).collect();
            substitute(&mut condition, &pairs);
            if truth(&condition) == Some(Value::Bool(false)) {
                self.report(say::breaks_check(span, &check.name, &table.name));
            }
        }
    }
}

/// The value of a condition over constants, where comparisons and logic alone decide it.
fn truth(e: &Expr) -> Option<Value> {
    let known = |value: Option<Value>| match value {
        Some(Value::Bool(b)) => Some(b),
        _ => None,
    };
    match &e.kind {
        ExprKind::Constant(value) => Some(value.clone()),
        ExprKind::Not(x) => match truth(x)? {
            Value::Bool(b) => Some(Value::Bool(!b)),
            other => Some(other),
        },
        ExprKind::And(l, r) => match (known(truth(l)), known(truth(r))) {
            (Some(false), _) | (_, Some(false)) => Some(Value::Bool(false)),
            (Some(true), Some(true)) => Some(Value::Bool(true)),
            _ => None,
        },
        ExprKind::Or(l, r) => match (known(truth(l)), known(truth(r))) {
            (Some(true), _) | (_, Some(true)) => Some(Value::Bool(true)),
            (Some(false), Some(false)) => Some(Value::Bool(false)),
            _ => None,
        },
        ExprKind::IsNull(x) => truth(x).map(|value| Value::Bool(value.is_null())),
        ExprKind::Compare { op, left, right } => {
            let (l, r) = (truth(left)?, truth(right)?);
            if l.is_null() || r.is_null() {
                return Some(Value::Null);
            }
            let order = l.total_cmp(&r);
            Some(Value::Bool(match op {
                Cmp::Eq => order == Ordering::Equal,
                Cmp::Ne => order != Ordering::Equal,
                Cmp::Lt => order == Ordering::Less,
                Cmp::Le => order != Ordering::Greater,
                Cmp::Gt => order == Ordering::Greater,
                Cmp::Ge => order != Ordering::Less,
            }))
        }
        _ => None,
    }
}
