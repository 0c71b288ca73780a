//! Walks over expressions: the children of a node, in the order of evaluation.

use super::{Block, Expr, ExprKind, Step};

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
                | Step::Expr(e)
                | Step::Print(e) => visit(e),
                Step::While(condition, body) => {
                    visit(condition);
                    body.for_each_expr(visit);
                }
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
                | Step::Expr(e)
                | Step::Print(e) => visit(e),
                Step::While(condition, body) => {
                    visit(condition);
                    body.for_each_expr_mut(visit);
                }
                Step::Break | Step::Continue => {}
            }
        }
        self.value.iter_mut().for_each(visit);
    }

    /// Calls `visit` with every step, those of inner WHILE bodies and blocks included.
    pub fn walk_steps(&self, visit: &mut dyn FnMut(&Step)) {
        for step in &self.statements {
            visit(step);
            if let Step::While(_, body) = step {
                body.walk_steps(visit);
            }
        }
        self.for_each_expr(&mut |e| walk_steps_of(e, visit));
    }
}

fn walk_steps_of(expr: &Expr, visit: &mut dyn FnMut(&Step)) {
    if let ExprKind::Block(block) | ExprKind::Inlined { body: block, .. } = &expr.kind {
        block.walk_steps(visit);
    } else {
        expr.for_each_child(&mut |child| walk_steps_of(child, visit));
    }
}
