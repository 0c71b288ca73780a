//! Aggregates that need all values of a group: the machine collects them in an array (with ORDER
//! BY one array a key more), and a built-in makes the result of it.

use super::Checker;
use super::operand::{Mode, Operand};
use super::scope::Aggregating;
use super::types::is_comparable;
use crate::diagnostics as say;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind};
use grizzly_bytecode::query::AggregateFunction;
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// What an aggregate is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Collected {
    name: &'static str,
    /// The built-in that takes the arrays and then the constants.
    native: &'static str,
    /// How many arguments are computed for every row.
    columns: usize,
    /// What they are converted to.
    want: Want,
    /// Whether rows where one of them is NULL count.
    keeps_nulls: bool,
    /// A last constant where the call gives none; an aggregate without one takes no constant.
    constant: Constant,
}

/// What arguments are converted to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Want {
    Any,
    Text,
    Double,
}

/// The constant argument of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Constant {
    /// It has none.
    No,
    /// It must be given.
    Given,
    /// It is a text where it is not given.
    Or(&'static str),
    /// It cannot be given.
    Is(i64),
}

const fn of(name: &'static str, native: &'static str, columns: usize, want: Want) -> Collected {
    Collected { name, native, columns, want, keeps_nulls: false, constant: Constant::No }
}

const fn double(name: &'static str, native: &'static str) -> Collected {
    of(name, native, 1, Want::Double)
}

const fn pair(name: &'static str, native: &'static str) -> Collected {
    of(name, native, 2, Want::Double)
}

const fn with(aggregate: Collected, constant: Constant) -> Collected {
    Collected { constant, ..aggregate }
}

const fn keeping(aggregate: Collected) -> Collected {
    Collected { keeps_nulls: true, ..aggregate }
}

const ALL: &[Collected] = &[
    keeping(of("array_agg", "", 1, Want::Any)),
    keeping(of("list", "", 1, Want::Any)),
    keeping(with(of("first", "array_get", 1, Want::Any), Constant::Is(0))),
    keeping(with(of("arbitrary", "array_get", 1, Want::Any), Constant::Is(0))),
    with(of("any_value", "array_get", 1, Want::Any), Constant::Is(0)),
    keeping(with(of("last", "array_get", 1, Want::Any), Constant::Is(-1))),
    with(of("string_agg", "array_to_string", 1, Want::Text), Constant::Or(",")),
    with(of("group_concat", "array_to_string", 1, Want::Text), Constant::Or(",")),
    with(of("listagg", "array_to_string", 1, Want::Text), Constant::Or(",")),
    double("median", "list_median"),
    with(double("quantile_cont", "list_quantile_cont"), Constant::Given),
    with(double("percentile_cont", "list_quantile_cont"), Constant::Given),
    with(double("approx_quantile", "list_quantile_cont"), Constant::Given),
    with(of("quantile_disc", "list_quantile_disc", 1, Want::Any), Constant::Given),
    with(of("quantile", "list_quantile_disc", 1, Want::Any), Constant::Given),
    with(of("percentile_disc", "list_quantile_disc", 1, Want::Any), Constant::Given),
    of("mode", "list_mode", 1, Want::Any),
    of("arg_max", "list_arg_max", 2, Want::Any),
    of("argmax", "list_arg_max", 2, Want::Any),
    of("max_by", "list_arg_max", 2, Want::Any),
    of("arg_min", "list_arg_min", 2, Want::Any),
    of("argmin", "list_arg_min", 2, Want::Any),
    of("min_by", "list_arg_min", 2, Want::Any),
    of("bit_and", "list_bit_and", 1, Want::Any),
    of("bit_or", "list_bit_or", 1, Want::Any),
    of("bit_xor", "list_bit_xor", 1, Want::Any),
    double("product", "list_product"),
    double("stddev", "list_stddev_samp"),
    double("stddev_samp", "list_stddev_samp"),
    double("stddev_pop", "list_stddev_pop"),
    double("variance", "list_var_samp"),
    double("var_samp", "list_var_samp"),
    double("var_pop", "list_var_pop"),
    double("skewness", "list_skewness"),
    double("kurtosis", "list_kurtosis"),
    pair("covar_samp", "list_covar_samp"),
    pair("covar_pop", "list_covar_pop"),
    pair("regr_count", "list_regr_count"),
    pair("corr", "list_corr"),
    pair("regr_slope", "list_regr_slope"),
    pair("regr_intercept", "list_regr_intercept"),
    pair("regr_r2", "list_regr_r2"),
    of("histogram", "list_histogram", 1, Want::Any),
    keeping(of("json_group_array", "to_json", 1, Want::Any)),
    keeping(of("json_agg", "to_json", 1, Want::Any)),
    keeping(of("json_group_object", "list_json_object", 2, Want::Any)),
    keeping(of("json_object_agg", "list_json_object", 2, Want::Any)),
];

/// The aggregate of a folded name.
pub(crate) fn collected_named(name: &str) -> Option<Collected> {
    ALL.iter().find(|known| known.name == name).copied()
}

/// A key of an aggregate's ORDER BY.
struct Key {
    value: Expr,
    flags: [char; 2],
}

impl<'a> Checker<'a> {
    /// A call of an aggregate whose values are collected.
    pub(crate) fn collected_aggregate(
        &mut self,
        what: &Collected,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        modifiers: Option<&'a ast::CallModifiers>,
        span: Span,
    ) -> Expr {
        let mut given: Vec<&'a ast::Expr> = arguments.iter().map(|a| &a.value).collect();
        let mut order: Vec<&'a ast::OrderItem> = Vec::new();
        if let Some(modifiers) = modifiers {
            order.extend(&modifiers.order_by);
            match modifiers.within_group.as_slice() {
                [key]
                    if given.len() < what.columns + usize::from(what.constant != Constant::No) =>
                {
                    given.insert(0, &key.value);
                }
                keys => order.extend(keys),
            }
        }
        let before = self.scope.aggregating;
        self.scope.aggregating = Aggregating::Inside;
        let aliases = std::mem::take(&mut self.scope.aliases);
        let parts = self.collected_parts(what, name, &given, &order);
        let filter = modifiers
            .and_then(|m| m.filter.as_ref())
            .map(|filter| self.condition(filter, "FILTER"));
        self.scope.aggregating = before;
        self.scope.aliases = aliases;
        let Some((columns, keys, constants)) = parts else { return self.error(span) };
        if columns.iter().any(|column| self.is_of_outer_query(column)) {
            return self.later(span, "an aggregate of the query around this one");
        }
        let distinct = modifiers.is_some_and(|m| m.distinct);
        let own = columns.first();
        let strays = |key: &Key| own.is_none_or(|own| !super::walk::same(own, &key.value));
        if distinct && (columns.len() > 1 || keys.iter().any(strays)) {
            return self.later(span, "DISTINCT beside ORDER BY of another expression");
        }
        let mut filter = filter;
        if !what.keeps_nulls {
            for column in &columns {
                let absent = self.is_null(column.clone());
                let present = self.negation(absent, span);
                filter = super::group::conjunction(self, Some(present), filter);
            }
        }
        let mut arrays = Vec::new();
        for column in columns {
            let array = self.collect(column, &filter, span);
            arrays.push(self.reordered(array, &keys, &filter, span));
        }
        if distinct {
            let unique =
                |this: &mut Self, array| this.built_in("array_distinct", vec![array], span);
            arrays = arrays.into_iter().map(|array| unique(self, array)).collect();
        }
        let mut made: Vec<Operand> = arrays.into_iter().map(Operand::Typed).collect();
        if what.native.is_empty() {
            let only = made.pop().map(|array| self.settle(array));
            return only.unwrap_or_else(|| self.error(span));
        }
        made.extend(constants);
        let forms = self.catalog.natives(what.native);
        if forms.is_empty() {
            return self.later(name.span, &format!("the aggregate `{}`", what.name));
        }
        self.native_form(&SmolStr::new(what.name), &forms, made, (name.span, span))
    }

    /// What is computed for every row, the keys of ORDER BY, and the constants.
    #[allow(clippy::type_complexity, reason = "the three parts are taken apart at once")]
    fn collected_parts(
        &mut self,
        what: &Collected,
        name: &'a ast::Ident,
        given: &[&'a ast::Expr],
        order: &[&'a ast::OrderItem],
    ) -> Option<(Vec<Expr>, Vec<Key>, Vec<Operand>)> {
        let most =
            what.columns + usize::from(matches!(what.constant, Constant::Given | Constant::Or(_)));
        let least = what.columns + usize::from(what.constant == Constant::Given);
        if !(least..=most).contains(&given.len()) {
            let message = format!("`{}` takes {least} arguments, not {}", name.name, given.len());
            let shown = match what.columns {
                1 if most == 1 => format!("{}(x)", name.name),
                1 => format!("{}(x, constant)", name.name),
                _ => format!("{}(x, y)", name.name),
            };
            self.report(say::wrong_arguments(name.span, message, &shown));
            return None;
        }
        let mut columns = Vec::new();
        for argument in given.iter().take(what.columns) {
            let want = match what.want {
                Want::Any => None,
                Want::Text => Some(Type::Text),
                Want::Double => Some(Type::Double),
            };
            columns.push(match want {
                Some(want) => {
                    let why = format!("the argument of {}", name.name);
                    self.expr_as(argument, &want, Mode::Implicit, &why)
                }
                None => self.expr(argument),
            });
        }
        let mut keys = Vec::new();
        for item in order {
            let value = self.expr(&item.value);
            if !value.ty.is_error() && !is_comparable(&value.ty) {
                let why = "a key of ORDER BY";
                self.report(say::type_mismatch(
                    item.value.span,
                    &Type::Text,
                    &value.ty,
                    why,
                    false,
                ));
                return None;
            }
            let descending = item.direction.descending.unwrap_or(false);
            let first = item.direction.nulls_first.unwrap_or(descending);
            let flags = [if descending { 'd' } else { 'a' }, if first { 'f' } else { 'l' }];
            keys.push(Key { value, flags });
        }
        let broken = columns.iter().chain(keys.iter().map(|key| &key.value));
        if broken.into_iter().any(|e| e.ty.is_error()) {
            return None;
        }
        let constants = self.aggregate_constants(what, given.get(what.columns).copied(), name)?;
        Some((columns, keys, constants))
    }

    fn aggregate_constants(
        &mut self,
        what: &Collected,
        given: Option<&'a ast::Expr>,
        name: &ast::Ident,
    ) -> Option<Vec<Operand>> {
        let constant = |this: &Self, value, ty| {
            Some(vec![Operand::Typed(this.constant(value, ty, name.span))])
        };
        match (what.constant, given) {
            (Constant::Is(value), _) => constant(self, Value::Int(value), Type::Int64),
            (Constant::Or(text), None) => constant(self, Value::text(text), Type::Text),
            (_, Some(expr)) => {
                let operand = self.operand(expr, None);
                if operand.is_error() {
                    return None;
                }
                let by_row =
                    |e: &Expr| matches!(e.kind, ExprKind::Column(_) | ExprKind::Subquery { .. });
                let varies = matches!(&operand, Operand::Typed(e) if e.any(&by_row));
                if varies {
                    let text = expr.span.text(self.text).to_owned();
                    let why = format!("the last argument of {}", name.name);
                    self.report(say::not_constant(expr.span, &text, &why));
                    return None;
                }
                Some(vec![operand])
            }
            (_, None) => Some(Vec::new()),
        }
    }

    /// The array of an expression's values in the group.
    fn collect(&mut self, argument: Expr, filter: &Option<Expr>, span: Span) -> Expr {
        let ty = Type::Array(Arc::new(argument.ty.clone()));
        let call = AggregateCall {
            variable: ColumnVar(0),
            function: AggregateFunction::Collect,
            argument: Some(argument),
            filter: filter.clone(),
            distinct: false,
            ty,
        };
        self.add_aggregate(call, SmolStr::new_static("collect"), span)
    }

    fn reordered(&mut self, array: Expr, keys: &[Key], filter: &Option<Expr>, span: Span) -> Expr {
        if keys.is_empty() {
            return array;
        }
        let flags: String = keys.iter().flat_map(|key| key.flags).collect();
        let mut arguments = vec![array, self.constant(Value::text(flags), Type::Text, span)];
        for key in keys {
            arguments.push(self.collect(key.value.clone(), filter, span));
        }
        self.built_in("list_order_by", arguments, span)
    }
}
