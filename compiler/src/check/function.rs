//! CREATE FUNCTION: the signature first, for all of a script, then the body.

use super::choice::Use;
use super::operand::Mode;
use super::{Binding, Checker, FunctionContext, Meaning, block_diverges, diverges};
use crate::catalog::FunctionKey;
use crate::diagnostics as say;
use crate::hir::{
    Block, Effect, Expr, ExprKind, Function, FunctionResult, Local, ParameterDefinition,
};
use crate::nullability::{Env, infer_locals};
use grizzly_bytecode::{Builtin, StructType, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// What a function is called, what it takes and gives; the body is empty.
    pub(crate) fn signature(
        &mut self,
        create: &'a ast::CreateFunction,
        statement: &'a ast::Statement,
    ) -> Option<Function> {
        let name = match create.name.as_ident() {
            Some(name) => name,
            None => {
                self.later(create.name.span, "a function name with a schema or a variable");
                return None;
            }
        };
        let receiver = create.receiver.as_ref().map(|ty| self.resolve_type(ty));
        if receiver.as_ref().is_some_and(Type::is_error) {
            return None;
        }
        let mut parameters = Vec::new();
        for (index, parameter) in create.parameters.iter().enumerate() {
            let before = create.parameters.get(..index).unwrap_or(&[]);
            if let Some(first) = before.iter().find(|p| p.name.eq_name(&parameter.name.name)) {
                let (at, first) = (parameter.name.span, first.name.span);
                self.report(say::duplicate_name(at, first, "parameter", &parameter.name.name));
            }
            parameters.push(self.parameter_definition(parameter, index, receiver.as_ref()));
        }
        let result = self.result_of(create)?;
        let raises = self.raises_of(create);
        let display = match &receiver {
            Some(ty) => SmolStr::from(format!("[{ty}] {}", name.name)),
            None => name.name.clone(),
        };
        let receiver = receiver.map(|ty| ast::fold(&ty.to_string()));
        let locals = parameters.iter().map(|p| Local {
            name: p.name.clone(),
            ty: p.ty.clone(),
            nullable: p.nullable,
        });
        Some(Function {
            key: FunctionKey { receiver, name: name.folded() },
            display,
            result,
            raises,
            effect: Effect::Pure,
            locals: locals.collect(),
            columns: Vec::new(),
            parameters,
            body: Block { statements: Vec::new(), value: None },
            place: self.place(statement.span),
            doc: statement.doc.as_ref().map(|doc| doc.text.clone()),
        })
    }

    fn parameter_definition(
        &mut self,
        parameter: &'a ast::Parameter,
        index: usize,
        receiver: Option<&Type>,
    ) -> ParameterDefinition {
        let name = parameter.name.name.clone();
        let ty = match (&parameter.parameter_type, receiver) {
            (Some(ty), _) => self.resolve_type(ty),
            (None, Some(receiver)) if index == 0 => receiver.clone(),
            (None, _) => {
                let what = format!("the parameter `{name}`");
                let help = format!("give it a type: `{name}: INT64`");
                let problem = say::wrong_arguments(
                    parameter.name.span,
                    format!("{what} has no type"),
                    &format!("{name}: …"),
                );
                self.report(problem.with_help(help));
                Type::Error
            }
        };
        let default = parameter.default.as_ref().map(|default| {
            let why = format!("the default of `{name}`");
            let value =
                self.without_row("DEFAULT", |this| this.expr_as(default, &ty, Mode::Assign, &why));
            self.self_contained(value)
        });
        ParameterDefinition { name, ty, nullable: parameter.not_null.is_none(), default }
    }

    fn result_of(&mut self, create: &'a ast::CreateFunction) -> Option<Option<FunctionResult>> {
        if create.mode == Some(ast::FunctionMode::Async) {
            self.later(create.head_span, "AS ASYNC");
            return None;
        }
        Some(match &create.returns {
            None => None,
            Some(ast::Returns::Type { result, not_null }) => {
                let ty = self.resolve_type(result);
                Some(FunctionResult { ty, nullable: not_null.is_none() })
            }
            Some(ast::Returns::Table { columns, .. }) => {
                let fields = self.resolve_fields(columns);
                if fields.iter().any(|field| field.ty.is_error()) {
                    return None;
                }
                let row = Type::Struct(Arc::new(StructType { name: None, fields }));
                Some(FunctionResult { ty: Type::Array(Arc::new(row)), nullable: false })
            }
        })
    }

    fn raises_of(&mut self, create: &'a ast::CreateFunction) -> Vec<SmolStr> {
        let mut raises = Vec::new();
        for name in &create.raises {
            if let Some(exception) = self.exception_named(name) {
                raises.push(exception.name.clone());
            }
        }
        raises
    }

    /// The body of a function whose signature is known.
    pub(crate) fn body(
        &mut self,
        create: &'a ast::CreateFunction,
        mut function: Function,
    ) -> Function {
        let Some(body) = &create.body else {
            let help = "write the body in braces after the head";
            let what = format!("`{}`", function.display);
            self.report(say::no_value(create.head_span, &what, Some(help)));
            return function;
        };
        self.locals = function.locals.clone();
        for (index, parameter) in create.parameters.iter().enumerate() {
            self.names.push(Binding {
                name: parameter.name.folded(),
                span: parameter.name.span,
                meaning: Meaning::Local(crate::hir::LocalId(index as u32)),
                what: "parameter",
                used: false,
            });
        }
        let (display, result) = (function.display.clone(), function.result.clone());
        let table = matches!(create.returns, Some(ast::Returns::Table { .. }));
        self.function = Some(FunctionContext { display, result, table });
        function.body = self.function_block(body, &function);
        self.unbind(0);
        self.check_raises(create, &function);
        function.locals = std::mem::take(&mut self.locals);
        function.columns = std::mem::take(&mut self.columns);
        self.infer(&mut function);
        function
    }

    fn function_block(&mut self, body: &'a ast::Block, function: &Function) -> Block {
        let Some(result) = &function.result else {
            let branch = self.block_branch(body, None, Use::No);
            return as_block(self.finish_branch(branch, &Type::Unit));
        };
        let branch = self.block_branch(body, Some(&result.ty), Use::Yes);
        if branch.value.is_none() && !branch.diverges() {
            let last = body.statements.last().filter(|statement| {
                matches!(&statement.kind, ast::StatementKind::Expression(e) if gives_value(e))
            });
            let last = last.map(|statement| statement.span);
            let end = Span::new(body.span.end.saturating_sub(1), body.span.end);
            self.report(say::missing_result(end, &function.display, &result.ty, last));
            return Block { statements: branch.steps, value: None };
        }
        let body = self.finish_branch(branch, &result.ty);
        let value = match &body.kind {
            ExprKind::Block(block) => block.value.as_ref(),
            _ => Some(&body),
        };
        if let Some(value) = value.cloned() {
            self.check_result_null(&value, result.nullable, &function.display);
        }
        as_block(body)
    }

    /// Every exception that leaves the body must be listed.
    fn check_raises(&mut self, create: &'a ast::CreateFunction, function: &Function) {
        let mut seen: Vec<SmolStr> = Vec::new();
        for raised in std::mem::take(&mut self.raised) {
            let listed = function.raises.iter().any(|name| self.covers(&raised.name, name));
            if listed || seen.contains(&raised.name) {
                continue;
            }
            seen.push(raised.name.clone());
            self.report(say::undeclared_exception(
                raised.span,
                &raised.name,
                &function.display,
                raised.callee.as_deref(),
                (create.head_span, create.raises_span),
            ));
        }
    }

    pub(crate) fn covers(&self, raised: &str, listed: &str) -> bool {
        match self.catalog.ty(&ast::fold(raised)) {
            Some(Type::Exception(ty)) => grizzly_bytecode::fault::exception_is(&ty, listed),
            _ => raised.eq_ignore_ascii_case(listed) || Builtin::named(raised).is_some(),
        }
    }

    /// Which locals may be NULL, from all assignments.
    fn infer(&self, function: &mut Function) {
        let start: Vec<bool> = function.parameters.iter().map(|p| p.nullable).collect();
        let calls = |key: &FunctionKey| {
            let callee = self.catalog.function(key);
            callee.and_then(|f| f.result.clone()).is_none_or(|result| result.nullable)
        };
        let env = Env { locals: &|_| true, columns: &|_| true, calls: &calls };
        let inferred = infer_locals(&function.body, &function.locals, &start, &env);
        for (local, nullable) in function.locals.iter_mut().zip(inferred) {
            local.nullable = nullable;
        }
    }
}

/// Whether an expression statement would be a value without its `;`.
fn gives_value(expr: &ast::Expr) -> bool {
    use ast::ExprKind as K;
    !matches!(
        expr.kind,
        K::Raise(_) | K::Return(_) | K::If(_) | K::Match(_) | K::Try(_) | K::Block(_)
    )
}

/// An expression as the block of a body.
fn as_block(expr: Expr) -> Block {
    let leaves = diverges(&expr);
    match expr.kind {
        ExprKind::Block(block) if leaves == block_diverges(&block) => *block,
        kind => Block { statements: Vec::new(), value: Some(Expr { kind, ..expr }) },
    }
}
