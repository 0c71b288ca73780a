//! Exceptions: RAISE, TRY with its handlers, RETURN.
//!
//! What may leave a body is collected in `raised`; a TRY takes out what its handlers catch for
//! certain.

use super::choice::{Branch, Use};
use super::operand::{Mode, Operand};
use super::{Checker, Meaning, Raised};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, LocalId};
use crate::suggest::similar;
use grizzly_bytecode::fault::exception_is;
use grizzly_bytecode::{Builtin, ExceptionType, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The type of a caught exception of which nothing is known.
fn any_exception() -> Arc<ExceptionType> {
    Arc::new(ExceptionType {
        name: "Exception".into(),
        parent: None,
        message: SmolStr::default(),
        fields: Vec::new(),
    })
}

impl<'a> Checker<'a> {
    /// `RAISE T("message", field: e)`, `RAISE e`.
    pub(crate) fn raise(&mut self, operand: &'a ast::Expr, span: Span) -> Expr {
        let made = match &operand.kind {
            ast::ExprKind::Name(name) if self.target_local(name).is_none() => {
                self.new_exception(name, &[], operand.span)
            }
            ast::ExprKind::Call(call) if call.function.as_name().is_some() => {
                match call.function.as_name() {
                    Some(name) => self.new_exception(name, &call.arguments, operand.span),
                    None => self.error(operand.span),
                }
            }
            _ => self.expr(operand),
        };
        if made.ty.is_error() {
            return made;
        }
        let Type::Exception(exception) = &made.ty else {
            let what = format!("a value of type {}", made.ty);
            self.report(say::not_an_exception(operand.span, &what, None));
            return self.error(span);
        };
        self.note_raise(exception.clone(), &made, span);
        let kind = ExprKind::Raise(Box::new(made));
        Expr { kind, ty: Type::Unit, place: self.place(span) }
    }

    fn note_raise(&mut self, exception: Arc<ExceptionType>, made: &Expr, span: Span) {
        if let ExprKind::Local(local) = made.kind
            && exception.name == "Exception"
        {
            let again = self.caught.get(&local).cloned().unwrap_or_default();
            let raised = again.into_iter().map(|name| Raised { name, span, callee: None });
            self.raised.extend(raised);
            return;
        }
        if Builtin::named(&exception.name).is_none() {
            self.raised.push(Raised { name: exception.name.clone(), span, callee: None });
        }
    }

    /// An exception value of a named type.
    fn new_exception(
        &mut self,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Expr {
        let Some(exception) = self.exception_of(name) else { return self.error(span) };
        let mut message = None;
        let mut fields: Vec<Option<Expr>> = vec![None; exception.fields.len()];
        let mut failed = false;
        for (index, argument) in arguments.iter().enumerate() {
            let Some(field) = &argument.name else {
                if index > 0 {
                    let message = format!("`{}` takes one message, then named fields", name.name);
                    let shown = shown_exception(&exception);
                    self.report(say::wrong_arguments(argument.value.span, message, &shown));
                    failed = true;
                    continue;
                }
                let value =
                    self.expr_as(&argument.value, &Type::Text, Mode::Implicit, "the message");
                failed |= value.ty.is_error();
                message = Some(Box::new(value));
                continue;
            };
            let at = exception.fields.iter().position(|known| field.eq_name(&known.name));
            let Some((at, known)) = at.and_then(|i| exception.fields.get(i).map(|f| (i, f))) else {
                let names: Vec<SmolStr> = exception.fields.iter().map(|f| f.name.clone()).collect();
                let near = similar(&field.name, names.iter());
                let ty = Type::Exception(exception.clone());
                self.report(say::no_field(field.span, &field.name, &ty, near.as_deref(), &names));
                failed = true;
                continue;
            };
            let why = format!("the field `{}`", known.name);
            let value = self.expr_as(&argument.value, &known.ty, Mode::Implicit, &why);
            failed |= value.ty.is_error();
            if let Some(slot) = fields.get_mut(at) {
                *slot = Some(value);
            }
        }
        if failed {
            return self.error(span);
        }
        let given = fields.into_iter().zip(&exception.fields);
        let fields = given
            .map(|(value, field)| value.unwrap_or_else(|| self.null(&field.ty, span)))
            .collect();
        let kind = ExprKind::MakeException { message, fields };
        Expr { kind, ty: Type::Exception(exception), place: self.place(span) }
    }

    fn exception_of(&mut self, name: &'a ast::Ident) -> Option<Arc<ExceptionType>> {
        self.exception_by(&name.name, name.span)
    }

    /// `TRY body CATCH …`.
    pub(crate) fn try_expr(
        &mut self,
        attempt: &'a ast::Try,
        span: Span,
        want: Option<&Type>,
        used: Use,
    ) -> Operand {
        let outer = std::mem::take(&mut self.raised);
        let body = self.arm_body(&attempt.body, want, used);
        let inner = std::mem::replace(&mut self.raised, outer);
        let exception = self.new_local("exception", Type::Exception(any_exception()));
        if let Some(local) = self.locals.get_mut(exception.0 as usize) {
            local.nullable = false;
        }
        let names = inner.iter().map(|raised| raised.name.clone()).collect();
        self.caught.insert(exception, names);
        let mut conditions = Vec::new();
        let mut branches = vec![body];
        let mut left = inner;
        match &attempt.catch {
            ast::Catch::Fallback(fallback) => {
                left.clear();
                conditions.push(self.catchable(exception, fallback.span));
                branches.push(self.arm_body(fallback, want, used));
            }
            ast::Catch::Handlers(handlers) => {
                for handler in handlers {
                    let handled = self.handler(handler, exception, &mut left, want, used);
                    let Some((condition, branch)) = handled else {
                        self.raised.extend(left);
                        return Operand::Typed(self.error(span));
                    };
                    conditions.push(condition);
                    branches.push(branch);
                }
            }
            ast::Catch::Missing => return Operand::Typed(self.error(span)),
        }
        self.raised.extend(left);
        let (mut exprs, ty) = self.unify_branches(branches, want, used);
        if ty.is_error() || exprs.iter().any(|e| e.ty.is_error()) {
            return Operand::Typed(self.error(span));
        }
        let body = exprs.remove(0);
        let again = self.raise_again(exception, &ty, span);
        let handler = self.chain(conditions, exprs, again, ty.clone(), span);
        let kind = ExprKind::Try {
            body: Box::new(body),
            exception,
            handler: Box::new(handler),
            undo: false,
        };
        Operand::Typed(Expr { kind, ty, place: self.place(span) })
    }

    fn raise_again(&self, exception: LocalId, ty: &Type, span: Span) -> Expr {
        let value = self.local(exception, self.place(span));
        let kind = ExprKind::Raise(Box::new(value));
        Expr { kind, ty: ty.clone(), place: self.place(span) }
    }

    fn catchable(&self, exception: LocalId, span: Span) -> Expr {
        let value = self.local(exception, self.place(span));
        self.boolean(ExprKind::Catchable(Box::new(value)), self.place(span))
    }

    /// One handler: when it is taken, and what it gives. What it catches for certain is taken out
    /// of `left`.
    fn handler(
        &mut self,
        handler: &'a ast::Handler,
        exception: LocalId,
        left: &mut Vec<Raised>,
        want: Option<&Type>,
        used: Use,
    ) -> Option<(Expr, Branch)> {
        let ty = match &handler.exception {
            Some(name) => Some(self.exception_named(name)?),
            None => None,
        };
        let mut value = self.local(exception, self.place(handler.span));
        let mut condition = match &ty {
            Some(ty) => {
                let operand = Box::new(value.clone());
                let kind = ExprKind::ExceptionIs { operand, name: ty.name.clone() };
                value.ty = Type::Exception(ty.clone());
                self.boolean(kind, self.place(handler.span))
            }
            None => self.catchable(exception, handler.span),
        };
        let keep = self.names.len();
        if let Some(binding) = &handler.binding {
            self.bind(binding, Meaning::Value(value), "exception");
        }
        if let Some(guard) = &handler.guard {
            let guard = self.condition(guard, "a guard");
            condition = self.logic(true, condition, guard, handler.span);
        } else {
            match &ty {
                Some(ty) => left.retain(|raised| !self.is_under(&raised.name, &ty.name)),
                None => left.clear(),
            }
        }
        let branch = self.arm_body(&handler.body, want, used);
        self.unbind(keep);
        Some((condition, branch))
    }

    /// Whether an exception of the first name is caught by a handler of the second.
    fn is_under(&self, name: &str, handler: &str) -> bool {
        match self.catalog.ty(&ast::fold(name)) {
            Some(Type::Exception(ty)) => exception_is(&ty, handler),
            _ => name.eq_ignore_ascii_case(handler),
        }
    }

    /// `RETURN e`.
    pub(crate) fn return_expr(&mut self, value: Option<&'a ast::Expr>, span: Span) -> Expr {
        if let Some(left) = self.lambda_return(value, span) {
            return left;
        }
        let Some(function) = self.function.clone() else {
            self.report(say::outside_function(span));
            return self.error(span);
        };
        let value = match (value, &function.result) {
            (Some(value), Some(result)) => {
                let expr = self.expr_as(value, &result.ty, Mode::Implicit, "the result");
                self.check_result_null(&expr, result.nullable, &function.display);
                if expr.ty.is_error() {
                    return self.error(span);
                }
                Some(Box::new(expr))
            }
            (Some(value), None) => {
                let expr = self.expr(value);
                if !matches!(expr.ty, Type::Unit | Type::Error) {
                    self.report(say::unexpected_result(value.span, &function.display, &expr.ty));
                }
                return self.error(span);
            }
            (None, Some(result)) => {
                self.report(say::missing_result(span, &function.display, &result.ty, None));
                return self.error(span);
            }
            (None, None) => None,
        };
        Expr { kind: ExprKind::Return(value), ty: Type::Unit, place: self.place(span) }
    }

    pub(crate) fn check_result_null(&mut self, expr: &Expr, nullable: bool, display: &str) {
        if !nullable && expr.kind == ExprKind::Constant(Value::Null) {
            let at = Span::new(expr.place.start, expr.place.end);
            self.report(say::null_value(at, &format!("the result of `{display}`")));
        }
    }
}

fn shown_exception(exception: &ExceptionType) -> String {
    let fields: Vec<String> =
        exception.fields.iter().map(|f| format!(", {}: {}", f.name, f.ty)).collect();
    format!("{}(message: TEXT{})", exception.name, fields.concat())
}
