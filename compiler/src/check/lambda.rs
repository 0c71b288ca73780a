//! Functions as values: lambdas, names of functions, and calls of what holds a function.
//!
//! Where a lambda goes straight to a collection function its body is put into the loop
//! ([`Checker::apply`]); elsewhere it becomes a value that captures what it names.

use super::choice::Use;
use super::operand::{Mode, Operand};
use super::{Binding, Checker, Meaning, Raised};
use crate::catalog::FunctionKey;
use crate::diagnostics as say;
use crate::hir::{Block, Expr, ExprKind, Function, Lambda, LocalId, Step};
use grizzly_bytecode::{Builtin, FunctionType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The lambda whose body is being checked.
#[derive(Clone, Debug)]
pub(crate) struct LambdaContext {
    /// Names before this one stand outside of it.
    floor: usize,
    /// What it gives, once that is known: from its context, or from its first RETURN.
    result: Option<Type>,
    /// Whether RETURN stands in it.
    returns: bool,
}

/// A function that a collection function is given.
pub(crate) enum Callee<'a> {
    /// Written there.
    Lambda(&'a ast::Lambda, Span),
    /// The name of a user's function or a built-in.
    Named(&'a ast::Ident),
    /// A local that holds a function.
    Value(Expr),
}

impl<'a> Checker<'a> {
    /// What stands as a function among the arguments; `None` where it is none, which is reported.
    /// A computed function value is kept in a local by `steps`.
    pub(crate) fn callee(
        &mut self,
        argument: &'a ast::Expr,
        steps: &mut Vec<Step>,
    ) -> Option<Callee<'a>> {
        match &argument.kind {
            ast::ExprKind::Lambda(lambda) => return Some(Callee::Lambda(lambda, argument.span)),
            ast::ExprKind::Name(name) if self.names_function(name) => {
                return Some(Callee::Named(name));
            }
            _ => {}
        }
        let value = self.expr(argument);
        match &value.ty {
            Type::Error => None,
            Type::Function(_) => Some(Callee::Value(self.hidden_local("function", value, steps))),
            ty => {
                self.report(say::not_callable(argument.span, ty));
                None
            }
        }
    }

    /// Whether a bare name means a function: no value in scope has it.
    pub(crate) fn names_function(&self, name: &ast::Ident) -> bool {
        let folded = name.folded();
        let value = self.names.iter().any(|binding| binding.name == folded)
            || self.levels().any(|level| !level.columns_named(&folded).is_empty());
        let free = FunctionKey { receiver: None, name: folded.clone() };
        !value
            && (self.catalog.function(&free).is_some() || !self.catalog.natives(&folded).is_empty())
    }

    /// The value of a callee for these arguments, which are leaves. `want` is a hint.
    pub(crate) fn apply(
        &mut self,
        callee: &Callee<'a>,
        arguments: Vec<Expr>,
        want: Option<&Type>,
    ) -> Option<(Vec<Step>, Operand)> {
        match callee {
            Callee::Lambda(lambda, span) => self.apply_lambda(lambda, *span, arguments, want),
            Callee::Named(name) => {
                let value = self.call_named(name, arguments, name.span);
                (!value.ty.is_error()).then(|| (Vec::new(), Operand::Typed(value)))
            }
            Callee::Value(value) => {
                let Type::Function(ty) = value.ty.clone() else { return None };
                let span = Span::new(value.place.start, value.place.end);
                if arguments.len() != ty.parameters.len() {
                    let (found, wanted) = (ty.parameters.len(), arguments.len());
                    self.report(say::lambda_width(span, wanted, found));
                    return None;
                }
                let mut values = Vec::new();
                for (argument, to) in arguments.into_iter().zip(&ty.parameters) {
                    let argument = Operand::Typed(argument);
                    values.push(self.coerce(argument, to, Mode::Implicit, "the argument"));
                }
                let call = self.value_call(value.clone(), &ty, values, span);
                (!call.ty.is_error()).then(|| (Vec::new(), Operand::Typed(call)))
            }
        }
    }

    /// The body of a lambda with its parameters as locals.
    fn apply_lambda(
        &mut self,
        lambda: &'a ast::Lambda,
        span: Span,
        arguments: Vec<Expr>,
        want: Option<&Type>,
    ) -> Option<(Vec<Step>, Operand)> {
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty.clone()).collect();
        let parameters = self.lambda_parameters(lambda, span, Some(&types))?;
        let mut steps = Vec::new();
        let mut given = Vec::new();
        for (argument, local) in arguments.into_iter().zip(&parameters) {
            let to = self.local(*local, argument.place).ty;
            let argument = Operand::Typed(argument);
            let value = self.coerce(argument, &to, Mode::Implicit, "the argument");
            given.push(value.clone());
            steps.push(Step::Let(*local, value));
        }
        let (branch, context) = self.lambda_body(lambda, meanings(&parameters), None, want);
        if !context.returns {
            steps.extend(branch.steps);
            return branch.value.map(|value| (steps, value)).or_else(|| {
                self.report(say::no_value(span, "this lambda", Some("end it with its value")));
                None
            });
        }
        // RETURN leaves the lambda, so it must be a function of its own.
        let result = context.result.unwrap_or(Type::Error);
        let body = self.finish_branch(branch, &result);
        let ty = Arc::new(FunctionType {
            parameters: given.iter().map(|value| value.ty.clone()).collect(),
            result,
            raises: Vec::new(),
        });
        let value = self.lambda_expr(parameters, body, &ty, span);
        let call = self.value_call(value, &ty, given, span);
        (!call.ty.is_error()).then(|| (Vec::new(), Operand::Typed(call)))
    }

    /// The body of a lambda whose only parameter stands for a row: its fields are the columns.
    pub(crate) fn lambda_on_row(
        &mut self,
        lambda: &'a ast::Lambda,
        span: Span,
        row: Expr,
        want: Option<&Type>,
    ) -> Option<(Vec<Step>, Operand)> {
        let [parameter] = lambda.parameters.as_slice() else {
            self.report(say::lambda_width(span, 1, lambda.parameters.len()));
            return None;
        };
        if parameter.parameter_type.is_some() {
            return self.apply_lambda(lambda, span, vec![row], want);
        }
        let (reports, raised) = (self.diagnostics.len(), self.raised.len());
        let meaning = vec![Meaning::Value(row.clone())];
        let (branch, context) = self.lambda_body(lambda, meaning, None, want);
        if context.returns {
            // RETURN leaves the lambda, so it must be a function of its own, given the row.
            self.diagnostics.truncate(reports);
            self.raised.truncate(raised);
            return self.apply_lambda(lambda, span, vec![row], want);
        }
        let (steps, value) = (branch.steps, branch.value);
        value.map(|value| (steps, value)).or_else(|| {
            self.report(say::no_value(span, "this lambda", Some("end it with its value")));
            None
        })
    }

    /// New locals for a lambda's parameters: of the types written, else of the given ones.
    fn lambda_parameters(
        &mut self,
        lambda: &'a ast::Lambda,
        span: Span,
        given: Option<&[Type]>,
    ) -> Option<Vec<LocalId>> {
        if let Some(given) = given
            && given.len() != lambda.parameters.len()
        {
            self.report(say::lambda_width(span, given.len(), lambda.parameters.len()));
            return None;
        }
        let mut locals = Vec::new();
        for (index, parameter) in lambda.parameters.iter().enumerate() {
            let known = given.and_then(|types| types.get(index)).cloned();
            let ty = match (&parameter.parameter_type, known) {
                (Some(ty), _) => self.resolve_type(ty),
                (None, Some(ty)) => ty,
                (None, None) => {
                    self.report(say::untyped_parameter(parameter.span, &parameter.name.name));
                    return None;
                }
            };
            if let Some(default) = &parameter.default {
                self.later(default.span, "a default of a lambda's parameter");
                return None;
            }
            locals.push(self.new_local(parameter.name.name.clone(), ty));
        }
        Some(locals)
    }

    /// Checks a lambda's body. `result` is the type that it must have.
    fn lambda_body(
        &mut self,
        lambda: &'a ast::Lambda,
        parameters: Vec<Meaning>,
        result: Option<Type>,
        want: Option<&Type>,
    ) -> (super::choice::Branch, LambdaContext) {
        let floor = self.names.len();
        let context = LambdaContext { floor, result: result.clone(), returns: false };
        let outer = self.lambda.replace(context.clone());
        let loops = std::mem::take(&mut self.loops);
        for (parameter, meaning) in lambda.parameters.iter().zip(parameters) {
            let (name, span) = (parameter.name.folded(), parameter.name.span);
            self.names.push(Binding { name, span, meaning, what: "parameter", used: false });
        }
        let known = self.known.clone();
        let want = result.as_ref().or(want);
        let used = if result == Some(Type::Unit) { Use::No } else { Use::Yes };
        let branch = match &lambda.body.kind {
            ast::ExprKind::Block(block) => self.block_branch(block, want, used),
            _ => {
                let value = self.operand(&lambda.body, want);
                super::choice::Branch::of(value, lambda.body.span)
            }
        };
        self.known = known;
        self.unbind(floor);
        self.loops = loops;
        let context = std::mem::replace(&mut self.lambda, outer).unwrap_or(context);
        (branch, context)
    }

    /// A lambda as a value. `passed` says that it goes straight to a call, which is then charged
    /// with what it raises.
    pub(crate) fn lambda_value(
        &mut self,
        lambda: &'a ast::Lambda,
        span: Span,
        want: Option<&Type>,
        passed: bool,
    ) -> Expr {
        let wanted = match want {
            Some(Type::Function(ty)) => Some(ty.clone()),
            _ => None,
        };
        let types = wanted.as_ref().map(|ty| ty.parameters.as_slice());
        let Some(parameters) = self.lambda_parameters(lambda, span, types) else {
            return self.error(span);
        };
        let outer = std::mem::take(&mut self.raised);
        let result = wanted.as_ref().map(|ty| ty.result.clone());
        let (branch, context) =
            self.lambda_body(lambda, meanings(&parameters), result.clone(), None);
        let raised = std::mem::replace(&mut self.raised, outer);
        let result = match (result.or(context.result), &branch.value) {
            (Some(result), _) => result,
            (None, Some(value)) => match value.ty() {
                Type::Null => Type::Text,
                ty => ty,
            },
            (None, None) => Type::Unit,
        };
        let body = self.finish_branch(branch, &result);
        if body.ty.is_error() {
            return self.error(span);
        }
        let mut raises: Vec<SmolStr> = wanted.as_ref().map_or(Vec::new(), |ty| ty.raises.clone());
        if passed {
            self.raised.extend(raised);
        } else {
            self.kept_effects(&body, &raised, wanted.as_deref(), &mut raises);
        }
        let parameter_types = parameters.iter().map(|local| self.local(*local, body.place).ty);
        let ty = FunctionType { parameters: parameter_types.collect(), result, raises };
        self.lambda_expr(parameters, body, &Arc::new(ty), span)
    }

    /// A function value that is kept must not write, and its type lists what it raises.
    fn kept_effects(
        &mut self,
        body: &Expr,
        raised: &[Raised],
        wanted: Option<&FunctionType>,
        raises: &mut Vec<SmolStr>,
    ) {
        self.forbid_writes(body, "a function value that is kept");
        for one in raised {
            if raises.iter().any(|name| self.covers(&one.name, name)) {
                continue;
            }
            match wanted {
                Some(_) => self.report(say::unlisted_exception(one.span, &one.name)),
                None => raises.push(one.name.clone()),
            }
        }
    }

    fn lambda_expr(
        &self,
        parameters: Vec<LocalId>,
        body: Expr,
        ty: &Arc<FunctionType>,
        span: Span,
    ) -> Expr {
        let block = match body.kind {
            ExprKind::Block(block) => *block,
            kind => Block { statements: Vec::new(), value: Some(Expr { kind, ..body }) },
        };
        let kind = ExprKind::Lambda(Box::new(Lambda { parameters, body: block }));
        Expr { kind, ty: Type::Function(ty.clone()), place: self.place(span) }
    }

    /// A call of a function value with arguments of its parameters' types.
    fn value_call(
        &mut self,
        callee: Expr,
        ty: &Arc<FunctionType>,
        arguments: Vec<Expr>,
        span: Span,
    ) -> Expr {
        for name in &ty.raises {
            if Builtin::named(name).is_none() {
                self.raised.push(Raised { name: name.clone(), span, callee: None });
            }
        }
        if arguments.iter().any(|argument| argument.ty.is_error()) {
            return self.error(span);
        }
        let kind = ExprKind::CallValue { callee: Box::new(callee), arguments };
        Expr { kind, ty: ty.result.clone(), place: self.place(span) }
    }

    /// `f(arguments)` where `f` is a value.
    pub(crate) fn call_of_value(
        &mut self,
        callee: Expr,
        first: Option<Operand>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Expr {
        let Type::Function(ty) = callee.ty.clone() else {
            if !callee.ty.is_error() {
                let at = Span::new(callee.place.start, callee.place.end);
                self.report(say::not_callable(at, &callee.ty));
            }
            return self.error(span);
        };
        let given = arguments.len() + usize::from(first.is_some());
        if given != ty.parameters.len() || arguments.iter().any(|a| a.name.is_some()) {
            let message = match arguments.iter().find(|argument| argument.name.is_some()) {
                Some(_) => "a function value takes its arguments by position".to_owned(),
                None => format!("this takes {} arguments, not {given}", ty.parameters.len()),
            };
            let shown = Type::Function(ty).to_string();
            self.report(say::wrong_arguments(span, message, &shown));
            return self.error(span);
        }
        let mut values = Vec::new();
        let mut types = ty.parameters.iter();
        if let Some(first) = first
            && let Some(to) = types.next()
        {
            values.push(self.coerce(first, to, Mode::Implicit, "the argument"));
        }
        for (argument, to) in arguments.iter().zip(types) {
            let operand = self.passed_operand(&argument.value, Some(to));
            values.push(self.coerce(operand, to, Mode::Implicit, "the argument"));
        }
        self.value_call(callee, &ty, values, span)
    }

    /// `(x -> e)(arguments)`.
    pub(crate) fn call_of_lambda(
        &mut self,
        (lambda, at): (&'a ast::Lambda, Span),
        first: Option<Operand>,
        arguments: &'a [ast::Argument],
        want: Option<&Type>,
    ) -> Option<Operand> {
        let mut values: Vec<Expr> = first.into_iter().map(|first| self.settle(first)).collect();
        for argument in arguments {
            values.push(self.expr(&argument.value));
        }
        if values.iter().any(|value| value.ty.is_error()) {
            return None;
        }
        let (steps, value) = self.apply_lambda(lambda, at, values, want)?;
        let value = self.settle(value);
        Some(Operand::Typed(self.after(steps, value)))
    }

    /// An argument for a parameter of a type: a lambda that is only passed is the call's to answer
    /// for.
    pub(crate) fn passed_operand(&mut self, argument: &'a ast::Expr, to: Option<&Type>) -> Operand {
        match &argument.kind {
            ast::ExprKind::Lambda(lambda) => {
                Operand::Typed(self.lambda_value(lambda, argument.span, to, true))
            }
            ast::ExprKind::Name(name)
                if matches!(to, Some(Type::Function(_))) && self.names_function(name) =>
            {
                Operand::Typed(self.function_value(name, to))
            }
            _ => self.operand(argument, to),
        }
    }

    /// The name of a function as a value: `x -> f(x)`.
    pub(crate) fn function_value(&mut self, name: &'a ast::Ident, want: Option<&Type>) -> Expr {
        let span = name.span;
        let free = FunctionKey { receiver: None, name: name.folded() };
        let own = self.catalog.function(&free);
        let ty = match (want, &own) {
            (Some(Type::Function(ty)), _) => ty.clone(),
            (_, Some(function)) => Arc::new(function_type(function)),
            _ => {
                self.report(say::untyped_function(span, &name.name));
                return self.error(span);
            }
        };
        let mut locals = Vec::new();
        let mut arguments = Vec::new();
        for parameter in &ty.parameters {
            let local = self.new_local("", parameter.clone());
            arguments.push(self.local(local, self.place(span)));
            locals.push(local);
        }
        let outer = std::mem::take(&mut self.raised);
        let call = self.call_named(name, arguments, span);
        let raised = std::mem::replace(&mut self.raised, outer);
        for one in raised {
            if !ty.raises.iter().any(|name| self.covers(&one.name, name)) {
                self.report(say::unlisted_exception(span, &one.name));
            }
        }
        if call.ty.is_error() {
            return call;
        }
        let body = match ty.result {
            Type::Unit => {
                let place = call.place;
                self.block_of(vec![Step::Expr(call)], place)
            }
            _ => self.coerce(Operand::Typed(call), &ty.result, Mode::Implicit, "the result"),
        };
        if body.ty.is_error() {
            return body;
        }
        self.lambda_expr(locals, body, &ty, span)
    }

    /// The local that a lambda may assign to, or a report: what it captured is a copy.
    pub(crate) fn may_assign(&mut self, target: &ast::Ident) -> bool {
        let folded = target.folded();
        let index = self.names.iter().rposition(|binding| binding.name == folded);
        let floor = self.lambda.as_ref().map_or(0, |lambda| lambda.floor);
        let captured = index.is_some_and(|index| index < floor);
        if captured {
            self.report(say::captured_target(target.span, &target.name));
        }
        !captured
    }

    /// RETURN in a lambda; `None` where it stands in no lambda.
    pub(crate) fn lambda_return(
        &mut self,
        value: Option<&'a ast::Expr>,
        span: Span,
    ) -> Option<Expr> {
        let result = self.lambda.as_ref()?.result.clone();
        let value = match (value, &result) {
            (None, None | Some(Type::Unit)) => None,
            (None, Some(_)) => {
                self.report(say::no_value(span, "this RETURN", Some("give it the value")));
                return Some(self.error(span));
            }
            (Some(value), Some(ty)) => {
                Some(self.expr_as(value, ty, Mode::Implicit, "the result of the lambda"))
            }
            (Some(value), None) => Some(self.expr(value)),
        };
        if value.as_ref().is_some_and(|value| value.ty.is_error()) {
            return Some(self.error(span));
        }
        let found = value.as_ref().map_or(Type::Unit, |value| value.ty.clone());
        if let Some(lambda) = &mut self.lambda {
            lambda.returns = true;
            lambda.result.get_or_insert(found);
        }
        let kind = ExprKind::Return(value.map(Box::new));
        Some(Expr { kind, ty: Type::Unit, place: self.place(span) })
    }
}

fn meanings(locals: &[LocalId]) -> Vec<Meaning> {
    locals.iter().map(|local| Meaning::Local(*local)).collect()
}

/// The type of a user's function as a value.
fn function_type(function: &Function) -> FunctionType {
    FunctionType {
        parameters: function.parameters.iter().map(|p| p.ty.clone()).collect(),
        result: function.result.as_ref().map_or(Type::Unit, |result| result.ty.clone()),
        raises: function.raises.clone(),
    }
}
