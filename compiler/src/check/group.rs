//! Grouping: aggregates and their types, the keys of GROUP BY, and the rewriting of what is
//! computed after them over the group's columns.

use super::operand::{Mode, Operand};
use super::scope::{Aggregating, AliasMode};
use super::types::is_comparable;
use super::{Checker, walk};
use crate::diagnostics as say;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind};
use grizzly_bytecode::query::AggregateFunction;
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// The aggregates that the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Count,
    CountDistinct,
    CountIf,
    Sum,
    Min,
    Max,
    Avg,
    BoolAnd,
    BoolOr,
    First,
    AnyValue,
}

/// All aggregates of the language; those without a kind are still to come.
pub(crate) const AGGREGATES: &[(&str, Option<Kind>)] = &[
    ("count", Some(Kind::Count)),
    ("count_if", Some(Kind::CountIf)),
    ("countif", Some(Kind::CountIf)),
    ("sum", Some(Kind::Sum)),
    ("min", Some(Kind::Min)),
    ("max", Some(Kind::Max)),
    ("avg", Some(Kind::Avg)),
    ("mean", Some(Kind::Avg)),
    ("bool_and", Some(Kind::BoolAnd)),
    ("every", Some(Kind::BoolAnd)),
    ("bool_or", Some(Kind::BoolOr)),
    ("first", Some(Kind::First)),
    ("arbitrary", Some(Kind::First)),
    ("any_value", Some(Kind::AnyValue)),
    ("last", None),
    ("string_agg", None),
    ("array_agg", None),
    ("list", None),
    ("median", None),
    ("mode", None),
    ("quantile_cont", None),
    ("quantile_disc", None),
    ("percentile_cont", None),
    ("percentile_disc", None),
    ("stddev", None),
    ("stddev_samp", None),
    ("stddev_pop", None),
    ("variance", None),
    ("var_samp", None),
    ("var_pop", None),
    ("corr", None),
    ("covar_pop", None),
    ("covar_samp", None),
    ("arg_max", None),
    ("arg_min", None),
    ("max_by", None),
    ("min_by", None),
    ("approx_count_distinct", Some(Kind::CountDistinct)),
    ("json_group_array", None),
    ("json_group_object", None),
    ("product", None),
    ("bit_and", None),
    ("bit_or", None),
    ("bit_xor", None),
    ("regr_slope", None),
    ("regr_intercept", None),
    ("regr_r2", None),
    ("regr_count", None),
    ("skewness", None),
    ("kurtosis", None),
    ("approx_quantile", None),
    ("histogram", None),
    ("grouping", None),
    ("argmax", None),
    ("argmin", None),
    ("group_concat", None),
    ("listagg", None),
    ("quantile", None),
    ("json_agg", None),
    ("json_object_agg", None),
];

/// Whether a folded name is an aggregate, and which.
pub(crate) fn aggregate_named(name: &str) -> Option<Option<Kind>> {
    AGGREGATES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// A key of GROUP BY with the variable that holds it afterwards.
pub(crate) type Key = (ColumnVar, Expr);

impl<'a> Checker<'a> {
    /// A call of an aggregate where one may stand: it is collected, and its result's column stands
    /// for it.
    pub(crate) fn aggregate(
        &mut self,
        kind: Kind,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        modifiers: Option<&'a ast::CallModifiers>,
        span: Span,
    ) -> Expr {
        if let Some(later) = modifiers.and_then(unsupported_modifier) {
            return self.later(span, later);
        }
        let before = self.scope.aggregating;
        self.scope.aggregating = Aggregating::Inside;
        // An argument is computed before SELECT, so its aliases mean nothing in it.
        let aliases = std::mem::take(&mut self.scope.aliases);
        let argument = self.aggregate_argument(kind, name, arguments);
        let filter = modifiers
            .and_then(|m| m.filter.as_ref())
            .map(|filter| self.condition(filter, "FILTER"));
        self.scope.aggregating = before;
        self.scope.aliases = aliases;
        let Ok(argument) = argument else { return self.error(span) };
        if argument.as_ref().is_some_and(|argument| self.is_of_outer_query(argument)) {
            return self.later(span, "an aggregate of the query around this one");
        }
        let distinct = kind == Kind::CountDistinct || modifiers.is_some_and(|m| m.distinct);
        let Some(call) = self.typed_aggregate(kind, name, argument, filter, distinct) else {
            return self.error(span);
        };
        self.add_aggregate(call, name.folded(), span)
    }

    /// The column of an aggregate, which is computed once however often it stands there.
    pub(crate) fn add_aggregate(&mut self, call: AggregateCall, name: SmolStr, span: Span) -> Expr {
        let same = self.scope.aggregates.iter().find(|known| same_aggregate(known, &call));
        if let Some(known) = same {
            let variable = known.variable;
            return self.column(variable, self.place(span));
        }
        let nullable = call.function != AggregateFunction::Count;
        let variable = self.new_column(name, call.ty.clone(), nullable);
        self.scope.aggregates.push(AggregateCall { variable, ..call });
        self.column(variable, self.place(span))
    }

    fn aggregate_argument(
        &mut self,
        kind: Kind,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
    ) -> Result<Option<Expr>, ()> {
        let star = |a: &ast::Argument| matches!(a.value.kind, ast::ExprKind::Star);
        match arguments {
            [] if kind == Kind::Count => Ok(None),
            [one] if kind == Kind::Count && star(one) => Ok(None),
            [one] => {
                let want = matches!(kind, Kind::CountIf | Kind::BoolAnd | Kind::BoolOr);
                let value = if want {
                    self.condition(&one.value, &format!("the argument of {}", name.name))
                } else {
                    self.expr(&one.value)
                };
                if value.ty.is_error() { Err(()) } else { Ok(Some(value)) }
            }
            _ => {
                let message = format!("`{}` takes one argument", name.name);
                let shown = format!("{}(x)", name.name);
                self.report(say::wrong_arguments(name.span, message, &shown));
                Err(())
            }
        }
    }

    pub(crate) fn typed_aggregate(
        &mut self,
        kind: Kind,
        name: &ast::Ident,
        argument: Option<Expr>,
        filter: Option<Expr>,
        distinct: bool,
    ) -> Option<AggregateCall> {
        use AggregateFunction as F;
        let from = argument.as_ref().map_or(Type::Null, |a| a.ty.clone());
        let (function, ty) = match kind {
            Kind::Count | Kind::CountDistinct | Kind::CountIf => (F::Count, Type::Int64),
            Kind::Sum => match &from {
                ty if ty.is_integer() => (F::Sum, Type::Int64),
                Type::Decimal { scale, .. } => {
                    (F::Sum, Type::Decimal { precision: 38, scale: *scale })
                }
                ty if ty.is_float() => (F::Sum, Type::Double),
                ty => return self.unfit_aggregate(name, ty, "a number"),
            },
            Kind::Avg if from.is_number() => (F::Avg { scale: from.scale() }, Type::Double),
            Kind::Avg => return self.unfit_aggregate(name, &from, "a number"),
            Kind::Min | Kind::Max if !is_comparable(&from) => {
                return self.unfit_aggregate(name, &from, "a value that can be compared");
            }
            Kind::Min => (F::Min, from),
            Kind::Max => (F::Max, from),
            Kind::BoolAnd => (F::BoolAnd, Type::Bool),
            Kind::BoolOr => (F::BoolOr, Type::Bool),
            Kind::First | Kind::AnyValue => (F::First, from),
        };
        let (argument, filter) = match kind {
            Kind::CountIf => (None, conjunction(self, argument, filter)),
            Kind::AnyValue => {
                let present = argument.clone().map(|value| {
                    let at = Span::new(value.place.start, value.place.end);
                    let absent = self.is_null(value);
                    self.negation(absent, at)
                });
                (argument, conjunction(self, present, filter))
            }
            _ => (argument, filter),
        };
        // FLOAT32 is summed as DOUBLE.
        let argument = match argument {
            Some(value) if kind == Kind::Sum && ty == Type::Double => {
                Some(self.coerce(Operand::Typed(value), &ty, Mode::Implicit, "the argument"))
            }
            other => other,
        };
        Some(AggregateCall { variable: ColumnVar(0), function, argument, filter, distinct, ty })
    }

    fn unfit_aggregate<T>(&mut self, name: &ast::Ident, found: &Type, needed: &str) -> Option<T> {
        let forms = [format!("{}(x) of {needed}", name.folded())];
        self.report(say::no_form(name.span, &name.name, std::slice::from_ref(found), &forms));
        None
    }

    /// The keys of GROUP BY.
    pub(crate) fn group_keys(
        &mut self,
        group_by: &'a ast::GroupBy,
        items: Option<&'a [ast::SelectItem]>,
    ) -> Option<Vec<Key>> {
        let set = self.scope.grouping.clone();
        let exprs: Vec<&'a ast::Expr> = match (&set, group_by) {
            (Some(set), _) => set.present.clone(),
            (None, ast::GroupBy::All(_)) => return self.all_keys(items),
            (None, ast::GroupBy::Items(entries)) => {
                let several = |e: &&ast::GroupItem| !matches!(e.kind, ast::GroupKind::Expr(_));
                if let Some(entry) = entries.iter().find(several) {
                    self.later(entry.span, "grouping by several sets in a pipe");
                    return None;
                }
                let expr = |entry: &'a ast::GroupItem| match &entry.kind {
                    ast::GroupKind::Expr(expr) => Some(expr),
                    _ => None,
                };
                entries.iter().filter_map(expr).collect()
            }
        };
        let mut keys: Vec<Key> = Vec::new();
        for expr in exprs {
            let key = self.group_key(expr, items)?;
            let named = self.ordinal_item(expr, items).unwrap_or(expr);
            let name = self.name_of(named, &key);
            self.add_key(&mut keys, name, key);
        }
        let mut known: Vec<(Expr, bool)> =
            keys.iter().map(|(_, key)| (key.clone(), true)).collect();
        for expr in set.iter().flat_map(|set| &set.absent) {
            let key = self.group_key(expr, items)?;
            if !known.iter().any(|(present, _)| walk::same(present, &key)) {
                known.push((key, false));
            }
        }
        self.scope.grouping_keys = known;
        Some(keys)
    }

    /// One key: an ordinal or an alias of SELECT, or an expression.
    fn group_key(
        &mut self,
        expr: &'a ast::Expr,
        items: Option<&'a [ast::SelectItem]>,
    ) -> Option<Expr> {
        let key =
            self.in_clause("GROUP BY", AliasMode::AfterColumns, Aggregating::No, |this| match this
                .ordinal(expr, items, "GROUP BY")
            {
                Some(Ok(item)) => this.expr(item),
                Some(Err(())) => this.error(expr.span),
                None => this.expr(expr),
            });
        if !key.ty.is_error() && !is_comparable(&key.ty) {
            let why = "a key of GROUP BY";
            self.report(say::type_mismatch(expr.span, &Type::Text, &key.ty, why, false));
            return None;
        }
        Some(key)
    }

    fn add_key(&mut self, keys: &mut Vec<Key>, name: SmolStr, key: Expr) {
        if !keys.iter().any(|(_, known)| walk::same(known, &key)) {
            let nullable = self.expr_nullable(&key);
            let variable = self.new_column(name, key.ty.clone(), nullable);
            keys.push((variable, key));
        }
    }

    /// GROUP BY ALL: everything in SELECT that has no aggregate.
    fn all_keys(&mut self, items: Option<&'a [ast::SelectItem]>) -> Option<Vec<Key>> {
        let mut found: Vec<(SmolStr, Expr)> = Vec::new();
        for item in items.unwrap_or(&[]) {
            match item {
                ast::SelectItem::Star(star) => found.extend(self.star_values(star)?),
                ast::SelectItem::Expr { value, .. } => {
                    let key =
                        self.in_clause("SELECT", AliasMode::Hidden, Aggregating::Collect, |this| {
                            this.expr(value)
                        });
                    found.push((self.name_of(value, &key), key));
                }
            }
        }
        let mut keys = Vec::new();
        for (name, key) in found {
            let is_aggregate = |e: &Expr| {
                let mut aggregates = self.scope.aggregates.iter();
                matches!(e.kind, ExprKind::Column(v) if aggregates.any(|a| a.variable == v))
            };
            if !key.any(&is_aggregate) && !key.ty.is_error() {
                self.add_key(&mut keys, name, key);
            }
        }
        Some(keys)
    }

    /// The select item that an ordinal names, without a report.
    fn ordinal_item(
        &self,
        expr: &ast::Expr,
        items: Option<&'a [ast::SelectItem]>,
    ) -> Option<&'a ast::Expr> {
        let ast::ExprKind::Literal(ast::Literal::Number(text)) = &expr.kind else { return None };
        let index = text.parse::<usize>().ok()?.checked_sub(1)?;
        match items?.get(index)? {
            ast::SelectItem::Expr { value, .. } => Some(value),
            ast::SelectItem::Star(_) => None,
        }
    }

    /// The select item that an ordinal names; `None` where the expression is no integer constant.
    pub(crate) fn ordinal(
        &mut self,
        expr: &'a ast::Expr,
        items: Option<&'a [ast::SelectItem]>,
        clause: &str,
    ) -> Option<Result<&'a ast::Expr, ()>> {
        let ast::ExprKind::Literal(ast::Literal::Number(text)) = &expr.kind else { return None };
        let items = items.unwrap_or(&[]);
        let index = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let found = index.and_then(|i| items.get(i));
        match found {
            Some(ast::SelectItem::Expr { value, .. }) => Some(Ok(value)),
            Some(ast::SelectItem::Star(star)) => {
                self.later(star.span, "a number for a column of `*`");
                Some(Err(()))
            }
            None => {
                self.report(say::bad_ordinal(expr.span, text, items.len(), clause));
                Some(Err(()))
            }
        }
    }

    /// Rewrites an expression that is computed after grouping: keys become their columns; other
    /// columns of FROM are reported. Columns of the queries around and inside stay.
    pub(crate) fn regroup(&mut self, expr: &mut Expr, keys: &[Key], group_by: Option<Span>) {
        if let Some((variable, _)) = keys.iter().find(|(_, key)| walk::same(key, expr)) {
            expr.kind = ExprKind::Column(*variable);
            return;
        }
        let absent = self.scope.grouping_keys.iter().filter(|(_, present)| !present);
        if absent.clone().any(|(key, _)| walk::same(key, expr)) {
            expr.kind = ExprKind::Constant(Value::Null);
            return;
        }
        if let ExprKind::Column(variable) = expr.kind {
            if self.scope.owns(variable) {
                let span = Span::new(expr.place.start, expr.place.end);
                let column = self.columns.get(variable.0 as usize);
                let name = column.map_or(SmolStr::default(), |column| column.name.clone());
                self.report(say::not_grouped(span, &name, group_by));
                *expr = self.error(span);
            }
            return;
        }
        expr.for_each_child_mut(&mut |child| self.regroup(child, keys, group_by));
    }

    /// Whether an expression uses columns of the queries around this one, and none of this one's.
    pub(crate) fn is_of_outer_query(&self, expr: &Expr) -> bool {
        let (mut own, mut outer) = (false, false);
        expr.walk(&mut |e| {
            if let ExprKind::Column(variable) = e.kind {
                own |= self.scope.owns(variable);
                outer |= self.levels().skip(1).any(|level| level.owns(variable));
            }
        });
        outer && !own
    }
}

pub(crate) fn conjunction(checker: &Checker<'_>, a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let span = Span::new(a.place.start, a.place.end);
            Some(checker.logic(true, a, b, span))
        }
        (a, b) => a.or(b),
    }
}

fn unsupported_modifier(modifiers: &ast::CallModifiers) -> Option<&'static str> {
    if modifiers.over.is_some() {
        Some("a window function")
    } else if !modifiers.order_by.is_empty() || !modifiers.within_group.is_empty() {
        Some("ORDER BY in this aggregate, which does not depend on an order,")
    } else if modifiers.ignore_nulls.is_some() {
        Some("IGNORE NULLS")
    } else {
        None
    }
}

fn same_aggregate(a: &AggregateCall, b: &AggregateCall) -> bool {
    let same = |x: &Option<Expr>, y: &Option<Expr>| match (x, y) {
        (Some(x), Some(y)) => walk::same(x, y),
        (None, None) => true,
        _ => false,
    };
    a.function == b.function
        && a.distinct == b.distinct
        && same(&a.argument, &b.argument)
        && same(&a.filter, &b.filter)
}
