//! Walks over expressions: the children of a node, in the order of evaluation.

use super::{Block, Expr, ExprKind, From, Query, Step, SubqueryKind};
use crate::catalog::Table;
use std::sync::Arc;

impl Expr {
    /// Calls `visit` with every direct child.
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        use ExprKind as K;
        match &self.kind {
            K::Error
            | K::Constant(_)
            | K::Local(_)
            | K::Column(_)
            | K::Parameter(_)
            | K::Return(None) => {}
            K::Arith { left, right, .. }
            | K::Compare { left, right, .. }
            | K::Concat(left, right)
            | K::And(left, right)
            | K::Or(left, right)
            | K::Same(left, right) => {
                visit(left);
                visit(right);
            }
            K::Negate(e)
            | K::Not(e)
            | K::IsNull(e)
            | K::Length(e)
            | K::Message(e)
            | K::Raise(e)
            | K::Catchable(e)
            | K::Return(Some(e))
            | K::Convert { operand: e, .. }
            | K::Field { operand: e, .. }
            | K::ExceptionIs { operand: e, .. } => visit(e),
            K::If { condition, then, otherwise } => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            K::Block(block) | K::Inlined { body: block, .. } => block.for_each_expr(visit),
            K::Lambda(lambda) => lambda.body.for_each_expr(visit),
            K::CallValue { callee, arguments } => {
                visit(callee);
                arguments.iter().for_each(visit);
            }
            K::Call { arguments, .. }
            | K::Native { arguments, .. }
            | K::MakeStruct(arguments)
            | K::MakeArray(arguments) => arguments.iter().for_each(visit),
            K::Element { array, index } => {
                visit(array);
                visit(index);
            }
            K::MakeException { message, fields } => {
                message.iter().for_each(|m| visit(m));
                fields.iter().for_each(visit);
            }
            K::Try { body, handler, .. } => {
                visit(body);
                visit(handler);
            }
            K::Subquery { kind, query } => {
                if let SubqueryKind::Quantified { operand, .. } = kind {
                    visit(operand);
                }
                query.for_each_expr(visit);
            }
        }
    }

    /// Calls `visit` with every direct child, to change it.
    pub fn for_each_child_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        use ExprKind as K;
        match &mut self.kind {
            K::Error
            | K::Constant(_)
            | K::Local(_)
            | K::Column(_)
            | K::Parameter(_)
            | K::Return(None) => {}
            K::Arith { left, right, .. }
            | K::Compare { left, right, .. }
            | K::Concat(left, right)
            | K::And(left, right)
            | K::Or(left, right)
            | K::Same(left, right) => {
                visit(left);
                visit(right);
            }
            K::Negate(e)
            | K::Not(e)
            | K::IsNull(e)
            | K::Length(e)
            | K::Message(e)
            | K::Raise(e)
            | K::Catchable(e)
            | K::Return(Some(e))
            | K::Convert { operand: e, .. }
            | K::Field { operand: e, .. }
            | K::ExceptionIs { operand: e, .. } => visit(e),
            K::If { condition, then, otherwise } => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            K::Block(block) | K::Inlined { body: block, .. } => block.for_each_expr_mut(visit),
            K::Lambda(lambda) => lambda.body.for_each_expr_mut(visit),
            K::CallValue { callee, arguments } => {
                visit(callee);
                arguments.iter_mut().for_each(visit);
            }
            K::Call { arguments, .. }
            | K::Native { arguments, .. }
            | K::MakeStruct(arguments)
            | K::MakeArray(arguments) => arguments.iter_mut().for_each(visit),
            K::Element { array, index } => {
                visit(array);
                visit(index);
            }
            K::MakeException { message, fields } => {
                message.iter_mut().for_each(|m| visit(m));
                fields.iter_mut().for_each(visit);
            }
            K::Try { body, handler, .. } => {
                visit(body);
                visit(handler);
            }
            K::Subquery { kind, query } => {
                if let SubqueryKind::Quantified { operand, .. } = kind {
                    visit(operand);
                }
                query.for_each_expr_mut(visit);
            }
        }
    }

    /// Whether `test` holds for this expression or any inside it.
    pub fn any(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        if test(self) {
            return true;
        }
        let mut found = false;
        self.for_each_child(&mut |child| found = found || child.any(test));
        found
    }

    /// Calls `visit` with this expression and every one inside it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        self.for_each_child(&mut |child| child.walk(visit));
    }

    /// Calls `visit` with the tables that queries inside the expression read.
    pub fn for_each_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        if let ExprKind::Subquery { kind, query } = &self.kind {
            if let SubqueryKind::Quantified { operand, .. } = kind {
                operand.for_each_table(visit);
            }
            query.for_each_table(visit);
            return;
        }
        match &self.kind {
            ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
                block.for_each_table(visit);
            }
            ExprKind::Lambda(lambda) => lambda.body.for_each_table(visit),
            _ => self.for_each_child(&mut |child| child.for_each_table(visit)),
        }
    }

    /// Calls `visit` with the tables that queries inside the expression read, to change them.
    pub fn for_each_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        if let ExprKind::Subquery { kind, query } = &mut self.kind {
            if let SubqueryKind::Quantified { operand, .. } = kind {
                operand.for_each_table_mut(visit);
            }
            query.for_each_table_mut(visit);
            return;
        }
        match &mut self.kind {
            ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } => {
                block.for_each_table_mut(visit);
            }
            ExprKind::Lambda(lambda) => lambda.body.for_each_table_mut(visit),
            _ => self.for_each_child_mut(&mut |child| child.for_each_table_mut(visit)),
        }
    }

    /// The number of nodes.
    pub fn size(&self) -> usize {
        let mut nodes = 0;
        self.walk(&mut |_| nodes += 1);
        nodes
    }
}

impl Block {
    /// Calls `visit` with the expressions that stand directly in the block, WHILE bodies included.
    pub fn for_each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        for step in &self.statements {
            match step {
                Step::Let(_, e)
                | Step::Assign(_, e)
                | Step::AssignField(_, _, e)
                | Step::Push(_, e)
                | Step::Expr(e)
                | Step::Print(e) => visit(e),
                Step::While(condition, body) => {
                    visit(condition);
                    body.for_each_expr(visit);
                }
                Step::ForRows(_, query, body) => {
                    query.for_each_expr(visit);
                    body.for_each_expr(visit);
                }
                Step::Change(change, _) => change.for_each_change_expr(visit),
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter().for_each(visit);
    }

    /// Calls `visit` with the expressions that stand directly in the block, to change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        for step in &mut self.statements {
            match step {
                Step::Let(_, e)
                | Step::Assign(_, e)
                | Step::AssignField(_, _, e)
                | Step::Push(_, e)
                | Step::Expr(e)
                | Step::Print(e) => visit(e),
                Step::While(condition, body) => {
                    visit(condition);
                    body.for_each_expr_mut(visit);
                }
                Step::ForRows(_, query, body) => {
                    query.for_each_expr_mut(visit);
                    body.for_each_expr_mut(visit);
                }
                Step::Change(change, _) => change.for_each_change_expr_mut(visit),
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter_mut().for_each(visit);
    }

    /// Calls `visit` with the tables that the queries of the block read.
    pub fn for_each_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        for step in &self.statements {
            match step {
                Step::While(condition, body) => {
                    condition.for_each_table(visit);
                    body.for_each_table(visit);
                }
                Step::ForRows(_, query, body) => {
                    query.for_each_table(visit);
                    body.for_each_table(visit);
                }
                Step::Let(_, e)
                | Step::Assign(_, e)
                | Step::AssignField(_, _, e)
                | Step::Push(_, e)
                | Step::Expr(e)
                | Step::Print(e) => e.for_each_table(visit),
                Step::Change(change, _) => change.for_each_changed_table(visit),
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter().for_each(|value| value.for_each_table(visit));
    }

    /// Calls `visit` with the tables that the queries of the block read, to change them.
    pub fn for_each_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        for step in &mut self.statements {
            match step {
                Step::While(condition, body) => {
                    condition.for_each_table_mut(visit);
                    body.for_each_table_mut(visit);
                }
                Step::ForRows(_, query, body) => {
                    query.for_each_table_mut(visit);
                    body.for_each_table_mut(visit);
                }
                Step::Let(_, e)
                | Step::Assign(_, e)
                | Step::AssignField(_, _, e)
                | Step::Push(_, e)
                | Step::Expr(e)
                | Step::Print(e) => e.for_each_table_mut(visit),
                Step::Change(change, _) => change.for_each_changed_table_mut(visit),
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter_mut().for_each(|value| value.for_each_table_mut(visit));
    }

    /// Calls `visit` with every step, those of inner WHILE bodies and blocks included.
    pub fn walk_steps(&self, visit: &mut dyn FnMut(&Step)) {
        for step in &self.statements {
            visit(step);
            if let Step::While(_, body) | Step::ForRows(_, _, body) = step {
                body.walk_steps(visit);
            }
        }
        self.for_each_expr(&mut |e| walk_steps_of(e, visit));
    }
}

impl Query {
    /// Calls `visit` with the tables that the query reads, in WITH, FROM and the queries inside its
    /// expressions.
    pub fn for_each_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        for common in &self.with {
            common.query.for_each_table(visit);
            if let Some(step) = &common.step {
                step.query.for_each_table(visit);
            }
        }
        if let Some(from) = &self.from {
            from.for_each_table(visit);
        }
        self.for_each_expr(&mut |e| e.for_each_table(visit));
    }

    /// Calls `visit` with the tables that the query reads, in WITH, FROM and the queries inside its
    /// expressions, to change them.
    pub fn for_each_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        for common in &mut self.with {
            common.query.for_each_table_mut(visit);
            if let Some(step) = &mut common.step {
                step.query.for_each_table_mut(visit);
            }
        }
        if let Some(from) = &mut self.from {
            from.for_each_table_mut(visit);
        }
        self.for_each_expr_mut(&mut |e| e.for_each_table_mut(visit));
    }
    /// Calls `visit` with the expressions that stand directly in the query and in the queries of
    /// its FROM and WITH.
    pub fn for_each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        for common in &self.with {
            common.query.for_each_expr(visit);
            if let Some(step) = &common.step {
                step.query.for_each_expr(visit);
            }
        }
        if let Some(from) = &self.from {
            from.for_each_expr(visit);
        }
        self.filter.iter().for_each(&mut *visit);
        if let Some(aggregation) = &self.aggregation {
            aggregation.keys.iter().for_each(|(_, key)| visit(key));
            for call in &aggregation.aggregates {
                call.argument.iter().for_each(&mut *visit);
                call.filter.iter().for_each(&mut *visit);
            }
        }
        self.having.iter().for_each(&mut *visit);
        self.outputs.iter().for_each(|output| visit(&output.value));
        self.order.iter().for_each(|key| visit(&key.value));
        self.limit.iter().for_each(&mut *visit);
        self.offset.iter().for_each(visit);
    }

    /// Calls `visit` with the expressions that stand directly in the query and in the queries of
    /// its FROM and WITH, to change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        for common in &mut self.with {
            common.query.for_each_expr_mut(visit);
            if let Some(step) = &mut common.step {
                step.query.for_each_expr_mut(visit);
            }
        }
        if let Some(from) = &mut self.from {
            from.for_each_expr_mut(visit);
        }
        self.filter.iter_mut().for_each(&mut *visit);
        if let Some(aggregation) = &mut self.aggregation {
            aggregation.keys.iter_mut().for_each(|(_, key)| visit(key));
            for call in &mut aggregation.aggregates {
                call.argument.iter_mut().for_each(&mut *visit);
                call.filter.iter_mut().for_each(&mut *visit);
            }
        }
        self.having.iter_mut().for_each(&mut *visit);
        self.outputs.iter_mut().for_each(|output| visit(&mut output.value));
        self.order.iter_mut().for_each(|key| visit(&mut key.value));
        self.limit.iter_mut().for_each(&mut *visit);
        self.offset.iter_mut().for_each(visit);
    }
}

impl From {
    /// Calls `visit` with the tables that the row source reads.
    pub fn for_each_table(&self, visit: &mut dyn FnMut(&Arc<Table>)) {
        match self {
            From::Table { table, .. } => visit(table),
            From::Values { .. } | From::Common { .. } => {}
            From::Function { arguments, .. } => {
                arguments.iter().for_each(|e| e.for_each_table(visit))
            }
            From::Query(query) => query.for_each_table(visit),
            From::Set { left, right, .. } => {
                left.for_each_table(visit);
                right.for_each_table(visit);
            }
            From::Join { left, right, .. } => {
                left.for_each_table(visit);
                right.for_each_table(visit);
            }
        }
    }

    /// Calls `visit` with the tables that the row source reads, to change them.
    pub fn for_each_table_mut(&mut self, visit: &mut dyn FnMut(&mut Arc<Table>)) {
        match self {
            From::Table { table, .. } => visit(table),
            From::Values { .. } | From::Common { .. } => {}
            From::Function { arguments, .. } => {
                arguments.iter_mut().for_each(|e| e.for_each_table_mut(visit))
            }
            From::Query(query) => query.for_each_table_mut(visit),
            From::Set { left, right, .. } => {
                left.for_each_table_mut(visit);
                right.for_each_table_mut(visit);
            }
            From::Join { left, right, .. } => {
                left.for_each_table_mut(visit);
                right.for_each_table_mut(visit);
            }
        }
    }
    /// Calls `visit` with the expressions that stand directly in the source and in its queries.
    pub fn for_each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            From::Table { .. } | From::Common { .. } => {}
            From::Values { rows, .. } => rows.iter().flatten().for_each(visit),
            From::Function { arguments, .. } => arguments.iter().for_each(visit),
            From::Query(query) => query.for_each_expr(visit),
            From::Set { left, right, .. } => {
                left.for_each_expr(visit);
                right.for_each_expr(visit);
            }
            From::Join { left, right, condition, .. } => {
                left.for_each_expr(visit);
                right.for_each_expr(visit);
                condition.iter().for_each(visit);
            }
        }
    }

    /// Calls `visit` with the expressions that stand directly in the source and in its queries, to
    /// change them.
    pub fn for_each_expr_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            From::Table { .. } | From::Common { .. } => {}
            From::Values { rows, .. } => rows.iter_mut().flatten().for_each(visit),
            From::Function { arguments, .. } => arguments.iter_mut().for_each(visit),
            From::Query(query) => query.for_each_expr_mut(visit),
            From::Set { left, right, .. } => {
                left.for_each_expr_mut(visit);
                right.for_each_expr_mut(visit);
            }
            From::Join { left, right, condition, .. } => {
                left.for_each_expr_mut(visit);
                right.for_each_expr_mut(visit);
                condition.iter_mut().for_each(visit);
            }
        }
    }
}

fn walk_steps_of(expr: &Expr, visit: &mut dyn FnMut(&Step)) {
    if let ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } = &expr.kind {
        block.walk_steps(visit);
    } else if let ExprKind::Lambda(lambda) = &expr.kind {
        lambda.body.walk_steps(visit);
    } else {
        expr.for_each_child(&mut |child| walk_steps_of(child, visit));
    }
}
