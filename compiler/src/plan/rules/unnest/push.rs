//! Brings the bindings of a left side's columns into a plan that names them, and up through its
//! operators: from a domain, or without one from columns that the plan compares them with.

use super::attach::or_zero;
use super::domain::{Shared, sames};
use super::facts::rows_one_by_one;
use crate::hir::{AggregateCall, ColumnVar, Expr, ExprKind};
use crate::plan::PlanContext;
use crate::plan::logical::{JoinKind, LogicalPlan, filter, free_columns, substitute};
use crate::plan::rules::conjuncts;
use grizzly_bytecode::Cmp;
use grizzly_bytecode::query::AggregateFunction;

/// Columns of the left side and the columns that stand for them.
pub type Bindings = Vec<(ColumnVar, ColumnVar)>;

/// A push under way.
pub struct Pushing<'p, 'a> {
    /// The columns of the left side that are bound.
    pub outer: &'p [ColumnVar],
    /// Where the domain comes from, if there is one.
    pub shared: Option<&'p Shared>,
    /// What planning works with.
    pub context: &'p mut PlanContext<'a>,
}

/// Puts the columns that stand for those of the left side in their place in one operator.
pub fn rebind(plan: &mut LogicalPlan, bindings: &Bindings, context: &PlanContext<'_>) {
    let new: Vec<Expr> = bindings.iter().map(|(_, new)| context.column(*new)).collect();
    let values: Vec<_> = bindings.iter().map(|(old, _)| *old).zip(&new).collect();
    plan.for_each_expr_mut(&mut |e| substitute(e, &values));
}

fn rebind_all(plan: &mut LogicalPlan, bindings: &Bindings, context: &PlanContext<'_>) {
    rebind(plan, bindings, context);
    for input in plan.inputs_mut() {
        rebind_all(input, bindings, context);
    }
}

impl Pushing<'_, '_> {
    /// The plan for every binding at once, with columns that say for which; `None` where that
    /// cannot be.
    pub fn push(&mut self, plan: LogicalPlan) -> Option<(LogicalPlan, Bindings)> {
        if !self.names_outer(&plan) {
            return self.leaf(plan);
        }
        match plan {
            LogicalPlan::Filter { input, conditions } => self.filter(*input, conditions),
            LogicalPlan::Project { input, mut columns } => {
                let (input, bindings) = self.push(*input)?;
                for (_, new) in &bindings {
                    if !columns.iter().any(|(var, _)| var == new) {
                        columns.push((*new, self.context.column(*new)));
                    }
                }
                self.rebound(LogicalPlan::Project { input: Box::new(input), columns }, bindings)
            }
            LogicalPlan::Expand { input, function, arguments, column, ty, outer } => {
                let (input, bindings) = self.push(*input)?;
                let input = Box::new(input);
                let plan = LogicalPlan::Expand { input, function, arguments, column, ty, outer };
                self.rebound(plan, bindings)
            }
            LogicalPlan::Aggregate { input, keys, aggregates } => {
                self.aggregate(*input, keys, aggregates)
            }
            LogicalPlan::Join { kind, left, right, conditions } => {
                self.join(kind, *left, *right, conditions)
            }
            LogicalPlan::Sort { input, keys, .. } => {
                let (input, bindings) = self.push(*input)?;
                let plan = LogicalPlan::Sort { input: Box::new(input), keys, limit: None };
                self.rebound(plan, bindings)
            }
            LogicalPlan::Limit { input, mut each, limit, offset } => {
                let (input, bindings) = self.push(*input)?;
                each.extend(bindings.iter().map(|(_, new)| self.context.column(*new)));
                let input = Box::new(input);
                self.rebound(LogicalPlan::Limit { input, each, limit, offset }, bindings)
            }
            LogicalPlan::Union { inputs, columns } => self.union(inputs, columns),
            LogicalPlan::With { common, body } => {
                let step = common.step.iter().any(|(step, _)| self.names_outer(step));
                if step || self.names_outer(&common.input) {
                    return None;
                }
                let (body, bindings) = self.push(*body)?;
                Some((LogicalPlan::With { common, body: Box::new(body) }, bindings))
            }
            LogicalPlan::Values { rows, columns } => {
                let plan = rows_one_by_one(rows, columns, self.context);
                self.push(plan)
            }
            LogicalPlan::Unit | LogicalPlan::Scan { .. } | LogicalPlan::Common { .. } => None,
        }
    }

    fn names_outer(&self, plan: &LogicalPlan) -> bool {
        plan.free_columns().iter().any(|var| self.outer.contains(var))
    }

    fn rebound(
        &self,
        mut plan: LogicalPlan,
        bindings: Bindings,
    ) -> Option<(LogicalPlan, Bindings)> {
        rebind(&mut plan, &bindings, self.context);
        Some((plan, bindings))
    }

    /// The domain, beside the rows of a plan that does not depend on it.
    fn leaf(&mut self, plan: LogicalPlan) -> Option<(LogicalPlan, Bindings)> {
        let (domain, bindings) = self.shared?.domain(self.outer, self.context);
        if matches!(plan, LogicalPlan::Unit) {
            return Some((domain, bindings));
        }
        let (kind, conditions) = (JoinKind::Inner, Vec::new());
        let (left, right) = (Box::new(domain), Box::new(plan));
        Some((LogicalPlan::Join { kind, left, right, conditions }, bindings))
    }

    fn filter(
        &mut self,
        input: LogicalPlan,
        conditions: Vec<Expr>,
    ) -> Option<(LogicalPlan, Bindings)> {
        let mut parts = Vec::new();
        conditions.into_iter().for_each(|c| conjuncts(c, &mut parts));
        if self.shared.is_none() && !self.names_outer(&input) {
            return self.own_columns(input, parts);
        }
        let (input, bindings) = self.push(input)?;
        self.rebound(filter(input, parts), bindings)
    }

    /// Without a domain: the columns that conditions compare the bindings with stand for them.
    fn own_columns(
        &mut self,
        input: LogicalPlan,
        mut parts: Vec<Expr>,
    ) -> Option<(LogicalPlan, Bindings)> {
        let mut columns: Vec<(ColumnVar, Expr)> =
            input.columns().into_iter().map(|var| (var, self.context.column(var))).collect();
        let mut bindings = Bindings::new();
        for var in self.outer {
            let at = parts.iter().position(|c| self.compared(c, *var).is_some())?;
            let condition = parts.remove(at);
            let own = self.compared(&condition, *var)?.clone();
            let (name, ty) = (self.context.column_name(*var), own.ty.clone());
            let new = self.context.fresh_column(&name, ty, true);
            columns.push((new, own));
            bindings.push((*var, new));
        }
        let plan = LogicalPlan::Project { input: Box::new(input), columns };
        self.rebound(filter(plan, parts), bindings)
    }

    /// What a condition says that a column of the left side equals.
    fn compared<'e>(&self, condition: &'e Expr, var: ColumnVar) -> Option<&'e Expr> {
        let ExprKind::Compare { op: Cmp::Eq, left, right } = &condition.kind else { return None };
        let own = |e: &Expr| !free_columns(e).iter().any(|v| self.outer.contains(v));
        let is_var = |e: &Expr| e.kind == ExprKind::Column(var);
        match (is_var(left), is_var(right)) {
            (true, _) if own(right) && !free_columns(right).is_empty() => Some(right),
            (_, true) if own(left) && !free_columns(left).is_empty() => Some(left),
            _ => None,
        }
    }

    fn aggregate(
        &mut self,
        input: LogicalPlan,
        mut keys: Vec<(ColumnVar, Expr)>,
        aggregates: Vec<AggregateCall>,
    ) -> Option<(LogicalPlan, Bindings)> {
        let whole = keys.is_empty();
        if whole && self.shared.is_none() {
            return None;
        }
        let (input, bindings) = self.push(input)?;
        keys.extend(bindings.iter().map(|(_, new)| (*new, self.context.column(*new))));
        let counts: Vec<(ColumnVar, bool)> = aggregates
            .iter()
            .map(|call| (call.variable, call.function == AggregateFunction::Count))
            .collect();
        let plan = LogicalPlan::Aggregate { input: Box::new(input), keys, aggregates };
        let (group, bindings) = self.rebound(plan, bindings)?;
        if !whole {
            return Some((group, bindings));
        }
        // One group for the whole input is there also without rows: for every binding.
        let (domain, own) = self.shared?.domain(self.outer, self.context);
        let pairs: Bindings = own.iter().zip(&bindings).map(|((_, d), (_, g))| (*d, *g)).collect();
        let conditions = sames(&pairs, self.context);
        let (left, right) = (Box::new(domain), Box::new(group));
        let joined = LogicalPlan::Join { kind: JoinKind::Left, left, right, conditions };
        let mut columns: Vec<(ColumnVar, Expr)> =
            own.iter().map(|(_, d)| (*d, self.context.column(*d))).collect();
        for (var, counts) in counts {
            let column = self.context.column(var);
            columns.push((var, if counts { or_zero(column) } else { column }));
        }
        Some((LogicalPlan::Project { input: Box::new(joined), columns }, own))
    }

    fn join(
        &mut self,
        kind: JoinKind,
        left: LogicalPlan,
        right: LogicalPlan,
        mut conditions: Vec<Expr>,
    ) -> Option<(LogicalPlan, Bindings)> {
        if matches!(kind, JoinKind::Full | JoinKind::MarkAny(_)) {
            return None;
        }
        let (in_left, in_right) = (self.names_outer(&left), self.names_outer(&right));
        let inner = kind == JoinKind::Inner;
        let columns = left.columns();
        let lateral = right.free_columns().iter().any(|var| columns.contains(var));
        let (left, right, bindings) = if lateral || !in_right {
            // A right side that names the left one takes the bindings from there.
            let (left, bindings) = self.push(left)?;
            let mut right = right;
            rebind_all(&mut right, &bindings, self.context);
            (left, right, bindings)
        } else if inner && !in_left {
            let (right, bindings) = self.push(right)?;
            (left, right, bindings)
        } else {
            let (left, bindings) = self.push(left)?;
            let (right, own) = self.push(right)?;
            let pairs: Bindings =
                bindings.iter().zip(&own).map(|((_, l), (_, r))| (*l, *r)).collect();
            conditions.extend(sames(&pairs, self.context));
            (left, right, bindings)
        };
        let (left, right) = (Box::new(left), Box::new(right));
        self.rebound(LogicalPlan::Join { kind, left, right, conditions }, bindings)
    }

    fn union(
        &mut self,
        inputs: Vec<(LogicalPlan, Vec<ColumnVar>)>,
        mut columns: Vec<ColumnVar>,
    ) -> Option<(LogicalPlan, Bindings)> {
        let mut bindings = Bindings::new();
        for var in self.outer {
            let (name, ty) = (self.context.column_name(*var), self.context.column_type(*var));
            bindings.push((*var, self.context.fresh_column(&name, ty, true)));
        }
        columns.extend(bindings.iter().map(|(_, new)| *new));
        let mut pushed = Vec::with_capacity(inputs.len());
        for (input, mut vars) in inputs {
            let (input, own) = self.push(input)?;
            vars.extend(own.iter().map(|(_, new)| *new));
            pushed.push((input, vars));
        }
        Some((LogicalPlan::Union { inputs: pushed, columns }, bindings))
    }
}
