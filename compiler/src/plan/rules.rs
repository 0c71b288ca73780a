//! The optimiser's rules, by name and in order. A rule takes a plan and gives one that means the
//! same.

mod factor_conditions;
mod fold;
mod inline;
mod key_order;
mod narrow_comparisons;
mod order_joins;
mod prune_columns;
mod push_filters;
mod share_aggregates;
mod unnest;

use super::PlanContext;
use super::logical::LogicalPlan;
use crate::codegen::builder::Result;

pub use fold::fold;
pub use push_filters::{conjuncts, is_movable, push};

/// A rule.
pub struct Rule {
    /// Its name, for documentation and for switching it off in tests.
    pub name: &'static str,
    /// What it does.
    pub apply: fn(LogicalPlan, &mut PlanContext<'_>) -> Result<LogicalPlan>,
}

/// The rules.
pub const RULES: &[Rule] = &[
    Rule { name: "inline_functions", apply: inline::apply },
    Rule { name: "fold_constants", apply: fold::apply },
    Rule { name: "unnest_subqueries", apply: unnest::apply },
    Rule { name: "narrow_comparisons", apply: narrow_comparisons::apply },
    Rule { name: "factor_conditions", apply: factor_conditions::apply },
    Rule { name: "push_filters", apply: push_filters::apply },
    Rule { name: "order_joins", apply: order_joins::apply },
    Rule { name: "share_aggregates", apply: share_aggregates::apply },
    Rule { name: "prune_columns", apply: prune_columns::apply },
    Rule { name: "key_order", apply: key_order::apply },
];
