//! ASSERT: a condition that must be TRUE, and a body that must raise.

use super::Checker;
use super::choice::Use;
use super::operand::Mode;
use crate::hir::{Block, Expr, ExprKind, Step};
use grizzly_bytecode::{Builtin, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

impl<'a> Checker<'a> {
    /// ASSERT as an expression without a value; `None` where it was reported.
    pub(crate) fn assertion(&mut self, assert: &'a ast::Assert, span: Span) -> Option<Expr> {
        let made = match assert {
            ast::Assert::Condition { condition, message } => {
                self.assert_condition(condition, message.as_ref(), span)
            }
            ast::Assert::Raises { exception, body } => self.assert_raises(exception, body, span)?,
        };
        (!made.ty.is_error()).then_some(made)
    }

    fn assert_condition(
        &mut self,
        condition: &'a ast::Expr,
        message: Option<&'a ast::Expr>,
        span: Span,
    ) -> Expr {
        let text = condition.span.text(self.text);
        let fine = self.condition(condition, "the condition of ASSERT");
        let message = match message {
            Some(message) => {
                self.expr_as(message, &Type::Text, Mode::Implicit, "the message of ASSERT")
            }
            None => {
                let text = Value::text(format!("the assertion does not hold: {text}"));
                self.constant(text, Type::Text, span)
            }
        };
        if fine.ty.is_error() || message.ty.is_error() {
            return self.error(span);
        }
        let place = self.place(span);
        let nothing = self.block_of(Vec::new(), place);
        let failed = self.assertion_failed(message, span);
        self.choice(fine, nothing, failed)
    }

    fn assertion_failed(&self, message: Expr, span: Span) -> Expr {
        let place = self.place(span);
        let kind = ExprKind::MakeException { message: Some(Box::new(message)), fields: Vec::new() };
        let ty = Type::Exception(Builtin::AssertionFailed.ty());
        let kind = ExprKind::Raise(Box::new(Expr { kind, ty, place }));
        Expr { kind, ty: Type::Unit, place }
    }

    /// `ASSERT RAISES E { … }`: the body is tried; what else it raises goes on.
    fn assert_raises(
        &mut self,
        exception: &'a ast::Name,
        body: &'a ast::Block,
        span: Span,
    ) -> Option<Expr> {
        let wanted = self.exception_named(exception)?;
        let place = self.place(span);
        let outer = std::mem::take(&mut self.raised);
        let branch = self.block_branch(body, None, Use::No);
        let mut raised = std::mem::replace(&mut self.raised, outer);
        raised.retain(|one| !self.covers(&one.name, &wanted.name));
        self.raised.extend(raised);
        let body = self.finish_branch(branch, &Type::Unit);
        let caught = self.new_local("exception", Type::Exception(wanted.clone()));
        if let Some(local) = self.locals.get_mut(caught.0 as usize) {
            local.nullable = false;
        }
        let met = self.new_local("raised", Type::Bool);
        let no = self.constant(Value::Bool(false), Type::Bool, span);
        let yes = self.constant(Value::Bool(true), Type::Bool, span);
        let held = self.local(caught, place);
        let kind = ExprKind::ExceptionIs {
            operand: Box::new(held.clone()),
            name: SmolStr::clone(&wanted.name),
        };
        let fits = self.boolean(kind, place);
        let noted = self.block_of(vec![Step::Assign(met, yes)], place);
        let kind = ExprKind::Raise(Box::new(held));
        let again = Expr { kind, ty: Type::Unit, place };
        let handler = self.choice(fits, noted, again);
        let kind = ExprKind::Try {
            body: Box::new(body),
            exception: caught,
            handler: Box::new(handler),
            undo: false,
        };
        let tried = Expr { kind, ty: Type::Unit, place };
        let message = Value::text(format!("{} was not raised", wanted.name));
        let message = self.constant(message, Type::Text, span);
        let failed = self.assertion_failed(message, span);
        let nothing = self.block_of(Vec::new(), place);
        let met_value = self.local(met, place);
        let checked = self.choice(met_value, nothing, failed);
        let statements = vec![Step::Let(met, no), Step::Expr(tried), Step::Expr(checked)];
        let block = Block { statements, value: None };
        Some(Expr { kind: ExprKind::Block(Box::new(block)), ty: Type::Unit, place })
    }
}
