//! Moving a query or an expression into another statement: its variables take numbers that are
//! free there.

use super::{Block, ColumnVar, CommonTableId, Expr, ExprKind, From, LocalId, Query, Step};
use super::{CommonTable, SubqueryKind};

/// What is added to the numbers of variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// To those of columns.
    pub columns: u32,
    /// To those of locals.
    pub locals: u32,
    /// To those of queries of WITH.
    pub commons: u32,
}

impl Offsets {
    fn column(self, variable: &mut ColumnVar) {
        variable.0 += self.columns;
    }

    fn local(self, local: &mut LocalId) {
        local.0 += self.locals;
    }

    fn common(self, id: &mut CommonTableId) {
        id.0 += self.commons;
    }
}

impl Expr {
    /// Adds the offsets to all variables in the expression, those of its queries included.
    pub fn renumber(&mut self, by: Offsets) {
        match &mut self.kind {
            ExprKind::Local(local) => by.local(local),
            ExprKind::Column(variable) => by.column(variable),
            ExprKind::Try { exception, .. } => by.local(exception),
            ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
                return block.renumber(by);
            }
            ExprKind::Lambda(lambda) => {
                lambda.parameters.iter_mut().for_each(|parameter| by.local(parameter));
                return lambda.body.renumber(by);
            }
            ExprKind::Subquery { kind, query } => {
                if let SubqueryKind::Quantified { operand, .. } = kind {
                    operand.renumber(by);
                }
                return query.renumber(by);
            }
            _ => {}
        }
        self.for_each_child_mut(&mut |child| child.renumber(by));
    }
}

impl Block {
    /// Adds the offsets to all variables in the block.
    pub fn renumber(&mut self, by: Offsets) {
        for step in &mut self.statements {
            match step {
                Step::Let(local, value)
                | Step::Assign(local, value)
                | Step::AssignField(local, _, value)
                | Step::Push(local, value) => {
                    by.local(local);
                    value.renumber(by);
                }
                Step::Expr(value) | Step::Print(value) => value.renumber(by),
                Step::While(condition, body) => {
                    condition.renumber(by);
                    body.renumber(by);
                }
                Step::ForRows(local, query, body) => {
                    by.local(local);
                    query.renumber(by);
                    body.renumber(by);
                }
                Step::Change(change, _) => change.renumber_change(by),
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter_mut().for_each(|value| value.renumber(by));
    }
}

impl Query {
    /// Adds the offsets to all variables in the query.
    pub fn renumber(&mut self, by: Offsets) {
        self.with.iter_mut().for_each(|common| common.renumber(by));
        self.from.iter_mut().for_each(|from| from.renumber(by));
        if let Some(aggregation) = &mut self.aggregation {
            for (variable, key) in &mut aggregation.keys {
                by.column(variable);
                key.renumber(by);
            }
            for call in &mut aggregation.aggregates {
                by.column(&mut call.variable);
                call.argument.iter_mut().chain(&mut call.filter).for_each(|e| e.renumber(by));
            }
        }
        for output in &mut self.outputs {
            by.column(&mut output.variable);
            output.value.renumber(by);
        }
        self.order.iter_mut().for_each(|key| key.value.renumber(by));
        let clauses = self.filter.iter_mut().chain(&mut self.having);
        let clauses = clauses.chain(&mut self.limit).chain(&mut self.offset);
        clauses.for_each(|clause| clause.renumber(by));
    }
}

impl CommonTable {
    fn renumber(&mut self, by: Offsets) {
        by.common(&mut self.id);
        self.query.renumber(by);
        self.step.iter_mut().for_each(|step| step.query.renumber(by));
    }
}

impl From {
    /// Adds the offsets to all variables in the row source.
    pub fn renumber(&mut self, by: Offsets) {
        let all = |columns: &mut Vec<ColumnVar>| columns.iter_mut().for_each(|c| by.column(c));
        match self {
            From::Table { columns, .. } => all(columns),
            From::Values { rows, columns } => {
                all(columns);
                rows.iter_mut().flatten().for_each(|e| e.renumber(by));
            }
            From::Query(query) => query.renumber(by),
            From::Common { id, columns } => {
                all(columns);
                by.common(id);
            }
            From::Set { left, right, columns, .. } => {
                all(columns);
                left.renumber(by);
                right.renumber(by);
            }
            From::Function { arguments, column, .. } => {
                by.column(column);
                arguments.iter_mut().for_each(|e| e.renumber(by));
            }
            From::Join { left, right, condition, .. } => {
                left.renumber(by);
                right.renumber(by);
                condition.iter_mut().for_each(|e| e.renumber(by));
            }
        }
    }
}
