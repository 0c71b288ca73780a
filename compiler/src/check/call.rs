//! Calls: `f(x)`, `x.f()`, `x |> f()`, resolved as a receiver function, a free function, an
//! aggregate or special form, a built-in, in this order.

use super::collected::collected_named;
use super::operand::{Mode, Operand};
use super::scope::Aggregating;
use super::{Checker, Raised};
use crate::catalog::{FunctionKey, ObjectKind};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, Function};
use crate::suggest::similar;
use grizzly_bytecode::{Builtin, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A call before it is known what is called.
pub(super) struct Site<'a> {
    pub(super) name: &'a ast::Ident,
    /// What stands before `.` or `|>`.
    pub(super) first: Option<Operand>,
    pub(super) arguments: &'a [ast::Argument],
    modifiers: Option<&'a ast::CallModifiers>,
    pub(super) span: Span,
    /// Whether it was written with a point.
    method: bool,
}

impl<'a> Site<'a> {
    /// A call without a value before it and without modifiers.
    pub(super) fn plain(
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Site<'a> {
        Site { name, first: None, arguments, modifiers: None, span, method: false }
    }
}

/// A function as a person reads it.
pub(crate) fn signature(function: &Function) -> String {
    let mut parameters = Vec::new();
    for parameter in &function.parameters {
        let not_null = if parameter.nullable { "" } else { " NOT NULL" };
        let default = if parameter.default.is_some() { " = …" } else { "" };
        parameters.push(format!("{}: {}{not_null}{default}", parameter.name, parameter.ty));
    }
    let result = function.result.as_ref().map(|r| format!(" -> {}", r.ty)).unwrap_or_default();
    format!("{}({}){result}", function.display, parameters.join(", "))
}

impl<'a> Checker<'a> {
    /// `f(arguments)`, or `left |> f(arguments)` with `first` given.
    pub(crate) fn call_expr(
        &mut self,
        call: &'a ast::Call,
        first: Option<Operand>,
        want: Option<&Type>,
    ) -> Operand {
        let span = match &first {
            Some(first) => self.span_of(first).to(call.span),
            None => call.span,
        };
        let ast::ExprKind::Name(name) = &call.function.kind else {
            let what = match &call.function.kind {
                ast::ExprKind::Error => return Operand::Typed(self.error(span)),
                ast::ExprKind::Field { .. } => "a call of a function of a schema or a module",
                ast::ExprKind::Lambda(lambda) => {
                    let at = call.function.span;
                    let called = self.call_of_lambda((lambda, at), first, &call.arguments, want);
                    return called.unwrap_or_else(|| Operand::Typed(self.error(span)));
                }
                _ => {
                    let callee = self.expr(&call.function);
                    let arguments = &call.arguments;
                    return Operand::Typed(self.call_of_value(callee, first, arguments, span));
                }
            };
            return Operand::Typed(self.later(span, what));
        };
        if let Some(callee) = self.function_local(name) {
            return Operand::Typed(self.call_of_value(callee, first, &call.arguments, span));
        }
        let modifiers = call.modifiers.as_deref();
        let arguments = &call.arguments;
        self.call(Site { name, first, arguments, modifiers, span, method: false }, want)
    }

    /// `receiver.method(arguments)`.
    pub(crate) fn method_call(
        &mut self,
        call: &'a ast::MethodCall,
        span: Span,
        want: Option<&Type>,
    ) -> Operand {
        let ast::NamePart::Ident(name) = &call.method else {
            return Operand::Typed(self.later(call.method.span(), "a method with a variable name"));
        };
        let first = self.operand(&call.receiver, None);
        if let Operand::Typed(base) = &first
            && let Some(callee) = self.function_field(base, name, span)
        {
            let arguments = &call.arguments;
            return Operand::Typed(self.call_of_value(callee, None, arguments, span));
        }
        let first = Some(first);
        let modifiers = call.modifiers.as_deref();
        let arguments = &call.arguments;
        self.call(Site { name, first, arguments, modifiers, span, method: true }, want)
    }

    pub(super) fn call(&mut self, mut site: Site<'a>, want: Option<&Type>) -> Operand {
        if site.first.as_ref().is_some_and(Operand::is_error) {
            return Operand::Typed(self.error(site.span));
        }
        let name = site.name.folded();
        if let Some(function) = self.user_function(&mut site, &name) {
            return Operand::Typed(self.user_call(&function, site));
        }
        if let Some(result) = self.collection_call(&mut site, &name) {
            return result;
        }
        if let Some(result) = self.aggregate_call(&site, &name) {
            return Operand::Typed(result);
        }
        if let Some(result) = self.special_form(&mut site, &name, want) {
            return result;
        }
        if site.modifiers.is_some_and(|modifiers| modifiers.over.is_some()) {
            return Operand::Typed(self.later(site.span, "a window function"));
        }
        let forms = self.catalog.natives(&name);
        if let Some(modifiers) = site.modifiers
            && !forms.is_empty()
            && *modifiers != ast::CallModifiers::default()
        {
            let shown = forms.first().map(|form| super::native::signature(form));
            let message = format!("`{}` is not an aggregate", site.name.name);
            let shown = shown.unwrap_or_default();
            self.report(say::wrong_arguments(site.name.span, message, &shown));
            return Operand::Typed(self.error(site.span));
        }
        if forms.is_empty() {
            self.unknown_function(&site, &name);
            return Operand::Typed(self.error(site.span));
        }
        let Some(arguments) = self.native_arguments(&mut site, &forms) else {
            return Operand::Typed(self.error(site.span));
        };
        let at = (site.name.span, site.span);
        Operand::Typed(self.native_form(&site.name.name, &forms, arguments, at))
    }

    /// A receiver function of the first argument's type, else a free function.
    fn user_function(&mut self, site: &mut Site<'a>, name: &SmolStr) -> Option<Arc<Function>> {
        let free = FunctionKey { receiver: None, name: name.clone() };
        if site.first.is_none()
            && let Some(argument) = site.arguments.first()
            && argument.name.is_none()
            && self.has_receivers(name)
        {
            // Checked once, whatever it is an argument of: nested calls would double the work.
            site.first = Some(self.operand(&argument.value, None));
            site.arguments = site.arguments.get(1..).unwrap_or(&[]);
        }
        if let Some(first) = &site.first {
            let key = self.receiver_key(first, name);
            if let Some(found) = self.catalog.function(&key) {
                return Some(found);
            }
        }
        self.catalog.function(&free)
    }

    fn has_receivers(&self, name: &SmolStr) -> bool {
        let functions = self.catalog.names(ObjectKind::Function);
        functions.iter().any(|f| f.rsplit_once('.').is_some_and(|(_, n)| n == name.as_str()))
    }

    fn receiver_key(&self, operand: &Operand, name: &SmolStr) -> FunctionKey {
        let receiver = ast::fold(&operand.ty().to_string());
        FunctionKey { receiver: Some(receiver), name: name.clone() }
    }

    /// What the function may raise, the call may raise.
    fn charge(&mut self, function: &Function, span: Span) {
        let used = match &function.key.receiver {
            Some(receiver) => SmolStr::from(format!("{receiver}.{}", function.key.name)),
            None => function.key.name.clone(),
        };
        self.uses.insert((ObjectKind::Function, used));
        if self.function.is_none()
            && let Some(why) = self.lost_table(function, &mut Vec::new())
        {
            self.report(say::broken_object(span, "function", &function.display, &why));
        }
        for name in &function.raises {
            if Builtin::named(name).is_none() {
                let callee = Some(function.display.clone());
                self.raised.push(Raised { name: name.clone(), span, callee });
            }
        }
    }

    /// The local, parameter or binding of a name that holds a function.
    fn function_local(&mut self, name: &'a ast::Ident) -> Option<Expr> {
        let folded = name.folded();
        let bound = self.names.iter().any(|binding| binding.name == folded);
        if !bound {
            return None;
        }
        let before = self.names.clone();
        match self.name(name) {
            // A local whose value was reported stays quiet.
            Operand::Typed(value) if matches!(value.ty, Type::Function(_) | Type::Error) => {
                Some(value)
            }
            _ => {
                // It holds no function, so the call does not use it.
                self.names = before;
                None
            }
        }
    }

    /// A field of a struct that holds a function.
    fn function_field(&mut self, base: &Expr, name: &ast::Ident, span: Span) -> Option<Expr> {
        let Type::Struct(shape) = &base.ty else { return None };
        let field = shape.fields.iter().find(|field| name.eq_name(&field.name))?;
        matches!(field.ty, Type::Function(_))
            .then(|| self.field_of(base.clone(), &name.name, name.span, span))
    }

    /// A call by name with typed arguments: of the first one's receiver function, a free function
    /// or a built-in.
    pub(crate) fn call_named(
        &mut self,
        name: &'a ast::Ident,
        arguments: Vec<Expr>,
        span: Span,
    ) -> Expr {
        let folded = name.folded();
        let own = arguments.first().and_then(|first| {
            let key = self.receiver_key(&Operand::Typed(first.clone()), &folded);
            self.catalog.function(&key)
        });
        let free = FunctionKey { receiver: None, name: folded };
        let Some(function) = own.or_else(|| self.catalog.function(&free)) else {
            let arguments = arguments.into_iter().map(Operand::Typed).collect();
            return self.native_call(name, arguments, span);
        };
        self.charge(&function, span);
        let (given, count) = (arguments.len(), function.parameters.len());
        if given > count {
            let message = format!("`{}` takes {count} arguments, not {given}", function.display);
            self.wrong(&function, span, message);
            return self.error(span);
        }
        let mut slots: Vec<Option<Expr>> = vec![None; count];
        for (index, (slot, argument)) in slots.iter_mut().zip(arguments).enumerate() {
            *slot = Some(self.argument(&function, index, Operand::Typed(argument)));
        }
        let Some(arguments) = self.fill_defaults(&function, slots, span, false) else {
            return self.error(span);
        };
        let ty = function.result.as_ref().map_or(Type::Unit, |result| result.ty.clone());
        let kind = ExprKind::Call { function: function.key.clone(), arguments };
        Expr { kind, ty, place: self.place(span) }
    }

    fn user_call(&mut self, function: &Arc<Function>, site: Site<'a>) -> Expr {
        let span = site.span;
        if let Some(modifiers) = site.modifiers
            && (modifiers.distinct || modifiers.filter.is_some() || modifiers.over.is_some())
        {
            let shown = signature(function);
            let message = format!("`{}` is not an aggregate", function.display);
            self.report(say::wrong_arguments(site.name.span, message, &shown));
            return self.error(span);
        }
        self.charge(function, span);
        let Some(arguments) = self.user_arguments(function, site) else {
            return self.error(span);
        };
        let ty = function.result.as_ref().map_or(Type::Unit, |result| result.ty.clone());
        let kind = ExprKind::Call { function: function.key.clone(), arguments };
        Expr { kind, ty, place: self.place(span) }
    }

    /// One expression a parameter: given by position, by name or by default.
    fn user_arguments(&mut self, function: &Arc<Function>, site: Site<'a>) -> Option<Vec<Expr>> {
        let count = function.parameters.len();
        let mut slots: Vec<Option<Expr>> = vec![None; count];
        let mut failed = false;
        let mut position = 0;
        if let Some(first) = site.first {
            match function.parameters.first() {
                Some(_) => {
                    let value = self.argument(function, 0, first);
                    failed |= value.ty.is_error();
                    slots = std::iter::once(Some(value)).chain(slots.drain(1..)).collect();
                }
                None => {
                    let at = self.span_of(&first);
                    self.wrong(function, at, format!("`{}` takes no arguments", function.display));
                    failed = true;
                }
            }
            position = 1;
        }
        for argument in site.arguments {
            let at = argument.value.span;
            let index = match &argument.name {
                Some(name) => {
                    let found = function.parameters.iter().position(|p| name.eq_name(&p.name));
                    if found.is_none() {
                        let names: Vec<_> =
                            function.parameters.iter().map(|p| p.name.clone()).collect();
                        let near = similar(&name.name, names.iter());
                        let hint =
                            near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                        let message = format!(
                            "`{}` has no parameter `{}`{hint}",
                            function.display, name.name
                        );
                        self.wrong(function, name.span, message);
                    }
                    found
                }
                None => {
                    position += 1;
                    if position == count + 1 {
                        let plural = if count == 1 { "" } else { "s" };
                        let message =
                            format!("`{}` takes {count} argument{plural}", function.display);
                        self.wrong(function, at, message);
                    }
                    (position <= count).then(|| position - 1)
                }
            };
            let want = index.and_then(|i| function.parameters.get(i)).map(|p| p.ty.clone());
            let operand = self.passed_operand(&argument.value, want.as_ref());
            let Some(index) = index else {
                failed = true;
                continue;
            };
            let value = self.argument(function, index, operand);
            failed |= value.ty.is_error();
            let Some(slot) = slots.get_mut(index) else { continue };
            if slot.is_some() {
                let message = "this parameter has an argument already".to_owned();
                self.wrong(function, at, message);
                failed = true;
            } else {
                *slot = Some(value);
            }
        }
        self.fill_defaults(function, slots, site.span, failed)
    }

    fn fill_defaults(
        &mut self,
        function: &Arc<Function>,
        slots: Vec<Option<Expr>>,
        span: Span,
        mut failed: bool,
    ) -> Option<Vec<Expr>> {
        let mut missing = Vec::new();
        let mut values = Vec::new();
        for (slot, parameter) in slots.into_iter().zip(&function.parameters) {
            match (slot, &parameter.default) {
                (Some(value), _) => values.push(value),
                (None, Some(default)) => values.push(default.clone()),
                (None, None) => missing.push(format!("`{}`", parameter.name)),
            }
        }
        if !missing.is_empty() && !failed {
            let message = format!("`{}` needs {}", function.display, missing.join(", "));
            self.wrong(function, span, message);
        }
        failed |= !missing.is_empty();
        (!failed).then_some(values)
    }

    fn argument(&mut self, function: &Function, index: usize, operand: Operand) -> Expr {
        let Some(parameter) = function.parameters.get(index) else {
            return self.settle(operand);
        };
        if operand.is_null() && !parameter.nullable {
            let at = self.span_of(&operand);
            self.report(say::null_argument(at, &parameter.name, &function.display));
        }
        let why = format!("`{}`", parameter.name);
        self.coerce(operand, &parameter.ty, Mode::Implicit, &why)
    }

    fn wrong(&mut self, function: &Function, span: Span, message: String) {
        self.report(say::wrong_arguments(span, message, &signature(function)));
    }

    /// Forms whose typing is their own: coalesce, nullif, least, greatest, typeof.
    fn special_form(
        &mut self,
        site: &mut Site<'a>,
        name: &SmolStr,
        want: Option<&Type>,
    ) -> Option<Operand> {
        let least = match name.as_str() {
            "coalesce" | "ifnull" | "least" | "greatest" | "typeof" => 1,
            "nullif" => 2,
            _ => return None,
        };
        let span = site.span;
        let mut items: Vec<Operand> = site.first.take().into_iter().collect();
        let want = if matches!(name.as_str(), "coalesce" | "ifnull") { want } else { None };
        for argument in site.arguments {
            items.push(self.operand(&argument.value, want));
        }
        let exact = matches!(name.as_str(), "nullif" | "typeof");
        if items.len() < least || (exact && items.len() > least) {
            let message = format!("`{name}` does not take {} arguments", items.len());
            let shown = match name.as_str() {
                "nullif" => "nullif(a: T, b: T) -> T".to_owned(),
                "typeof" => "typeof(e: ANY) -> TEXT".to_owned(),
                _ => format!("{name}(a: T, b: T, …) -> T"),
            };
            self.report(say::wrong_arguments(site.name.span, message, &shown));
            return Some(Operand::Typed(self.error(span)));
        }
        let result = match name.as_str() {
            "least" | "greatest" => self.extreme(name == "greatest", items, span),
            "nullif" => {
                let second = items.pop()?;
                let first = items.pop()?;
                self.nullif(first, second, span)
            }
            "typeof" => {
                let ty = items.pop()?.ty();
                if ty.is_error() {
                    self.error(span)
                } else {
                    self.constant(Value::text(ty.to_string()), Type::Text, span)
                }
            }
            _ => self.coalesce(items, span, want),
        };
        Some(Operand::Typed(result))
    }

    /// Positional arguments for a built-in; named ones are put in the place that a form gives them.
    fn native_arguments(
        &mut self,
        site: &mut Site<'a>,
        forms: &[Arc<crate::catalog::Native>],
    ) -> Option<Vec<Operand>> {
        let mut arguments: Vec<Operand> = site.first.take().into_iter().collect();
        for argument in site.arguments {
            let Some(name) = &argument.name else {
                arguments.push(self.operand(&argument.value, None));
                continue;
            };
            let at = arguments.len();
            let form = forms
                .iter()
                .find(|form| form.parameters.get(at).is_some_and(|p| name.eq_name(&p.name)));
            if form.is_none() {
                let shown = forms.first().map(|f| super::native::signature(f)).unwrap_or_default();
                let message = format!(
                    "`{}` has no parameter `{}` after {at} arguments",
                    site.name.name, name.name
                );
                self.report(say::wrong_arguments(name.span, message, &shown));
                return None;
            }
            arguments.push(self.operand(&argument.value, None));
        }
        Some(arguments)
    }

    fn unknown_function(&mut self, site: &Site<'a>, name: &SmolStr) {
        if self.open {
            self.be_late(site.name.span, "a function that may exist when it is reached".into());
            return;
        }
        if let Some(first) = &site.first
            && super::collection::collection_named(name).is_some()
        {
            let found = first.ty();
            self.report(say::not_a_collection(site.name.span, &site.name.name, &found));
            return;
        }
        let mut names = self.catalog.names(ObjectKind::Native);
        let own = self.catalog.names(ObjectKind::Function);
        names.extend(own.iter().map(|f| f.rsplit_once('.').map_or(f.clone(), |(_, n)| n.into())));
        names.extend(super::group::AGGREGATES.iter().map(|(name, _)| SmolStr::new(name)));
        let near = similar(name, names.iter());
        if self.is_excused(name, near.as_ref()) {
            return;
        }
        let receiver = site.first.as_ref().filter(|_| site.method).map(Operand::ty);
        let shown = &site.name.name;
        let diagnostic =
            say::unknown_function(site.name.span, shown, receiver.as_ref(), near.as_deref());
        self.report(diagnostic);
    }

    /// An aggregate, where the name is one and a query is around.
    fn aggregate_call(&mut self, site: &Site<'a>, name: &SmolStr) -> Option<Expr> {
        let known = super::group::aggregate_named(name)?;
        let in_query = self.scope.tables.is_some();
        let has_native = !self.catalog.natives(name).is_empty();
        if !in_query && (has_native || site.first.is_some()) {
            return None;
        }
        if !in_query || self.scope.aggregating != Aggregating::Collect {
            let clause = match self.scope.aggregating {
                Aggregating::Inside => "another aggregate",
                _ if in_query || !self.scope.clause.is_empty() => self.scope.clause,
                _ => "an expression outside a query",
            };
            self.report(say::misplaced_aggregate(site.name.span, &site.name.name, clause));
            return Some(self.error(site.span));
        }
        if name == "grouping" {
            return Some(self.grouping_call(site.arguments, site.span));
        }
        if site.first.is_some() {
            return Some(self.later(site.span, "an aggregate after a point or a pipe"));
        }
        let windowed = site.modifiers.is_some_and(|modifiers| modifiers.over.is_some());
        let ordered = site.modifiers.is_some_and(|modifiers| !modifiers.order_by.is_empty());
        if let Some(what) = collected_named(name)
            && (known.is_none() || ordered)
            && !windowed
        {
            let (name, arguments) = (site.name, site.arguments);
            let made = self.collected_aggregate(&what, name, arguments, site.modifiers, site.span);
            return Some(made);
        }
        let Some(known) = known else {
            return Some(self.later(site.name.span, &format!("the aggregate `{name}`")));
        };
        Some(self.aggregate(known, site.name, site.arguments, site.modifiers, site.span))
    }
}
