//! The collection functions on arrays. Those that take a function are loops with its body in them;
//! the others are built-ins of the standard library, named `array_…` there.

use super::Checker;
use super::call::Site;
use super::lambda::Callee;
use super::operand::{Mode, Operand, Untyped};
use super::types::{self, is_comparable};
use crate::diagnostics as say;
use crate::hir::{Block, Expr, ExprKind, LocalId, Step};
use grizzly_bytecode::{Cmp, Field, StructType, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A collection function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    Filter,
    Map,
    Sort,
    Take,
    Skip,
    Distinct,
    Count,
    Sum,
    Avg,
    Min,
    Max,
    Any,
    All,
    First,
    Reduce,
    FlatMap,
    Zip,
    GroupBy,
}

/// The names, aliases included.
const NAMES: &[(&str, Collection)] = &[
    ("filter", Collection::Filter),
    ("list_filter", Collection::Filter),
    ("array_filter", Collection::Filter),
    ("map", Collection::Map),
    ("list_transform", Collection::Map),
    ("array_transform", Collection::Map),
    ("apply", Collection::Map),
    ("sort", Collection::Sort),
    ("take", Collection::Take),
    ("skip", Collection::Skip),
    ("distinct", Collection::Distinct),
    ("count", Collection::Count),
    ("sum", Collection::Sum),
    ("list_sum", Collection::Sum),
    ("avg", Collection::Avg),
    ("list_avg", Collection::Avg),
    ("min", Collection::Min),
    ("list_min", Collection::Min),
    ("array_min", Collection::Min),
    ("max", Collection::Max),
    ("list_max", Collection::Max),
    ("array_max", Collection::Max),
    ("any", Collection::Any),
    ("all", Collection::All),
    ("first", Collection::First),
    ("list_first", Collection::First),
    ("reduce", Collection::Reduce),
    ("list_reduce", Collection::Reduce),
    ("array_reduce", Collection::Reduce),
    ("flat_map", Collection::FlatMap),
    ("zip", Collection::Zip),
    ("list_zip", Collection::Zip),
    ("group_by", Collection::GroupBy),
];

/// The collection function of a folded name.
pub(crate) fn collection_named(name: &str) -> Option<Collection> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, which)| *which)
}

/// The names of the collection functions, aliases included.
pub fn collection_names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

impl Collection {
    /// What it takes after the collection: names, and how many of them must be given.
    pub(crate) fn parameters(self) -> (&'static [&'static str], usize) {
        use Collection as C;
        match self {
            C::Filter | C::Map | C::FlatMap | C::GroupBy => (&["f"], 1),
            C::Sort => (&["key", "desc"], 0),
            C::Take | C::Skip => (&["n"], 1),
            C::Distinct | C::First => (&[], 0),
            C::Count | C::Sum | C::Avg | C::Min | C::Max | C::Any | C::All => (&["f"], 0),
            C::Reduce => (&["f", "init"], 1),
            C::Zip => (&["ys"], 1),
        }
    }
}

/// A call of a collection function on an array.
struct Loop<'a> {
    which: Collection,
    /// The array, a local that is not NULL where the code runs.
    array: Expr,
    element: Type,
    arguments: Vec<Option<&'a ast::Expr>>,
    span: Span,
}

impl<'a> Checker<'a> {
    /// A call of a collection function, where the first argument is an array.
    pub(super) fn collection_call(&mut self, site: &mut Site<'a>, name: &str) -> Option<Operand> {
        let which = collection_named(name)?;
        if site.first.is_none() {
            let aggregate = super::group::aggregate_named(name).is_some();
            if self.scope.tables.is_some() && aggregate {
                return None;
            }
            let argument = site.arguments.first().filter(|argument| argument.name.is_none())?;
            site.first = Some(self.operand(&argument.value, None));
            site.arguments = site.arguments.get(1..).unwrap_or(&[]);
        }
        let Some(Type::Array(element)) = site.first.as_ref().map(Operand::ty) else { return None };
        if which == Collection::Map && !self.is_function(site.arguments.first()) {
            // `map(keys, values)` makes a MAP.
            return None;
        }
        let first = site.first.take()?;
        let array = self.settle(first);
        let made = self.named_arguments(which, site.name, site.arguments);
        let Some(arguments) = made else { return Some(Operand::Typed(self.error(site.span))) };
        let element = (*element).clone();
        let made = self.on_array(which, array, element, arguments, site.span);
        Some(Operand::Typed(made.unwrap_or_else(|| self.error(site.span))))
    }

    fn is_function(&self, argument: Option<&ast::Argument>) -> bool {
        match argument.map(|argument| &argument.value.kind) {
            Some(ast::ExprKind::Lambda(_)) => true,
            Some(ast::ExprKind::Name(name)) => {
                let folded = name.folded();
                let known = self.names.iter().rev().find(|binding| binding.name == folded);
                match known.map(|binding| &binding.meaning) {
                    Some(super::Meaning::Local(local)) => {
                        let known = self.locals.get(local.0 as usize);
                        known.is_some_and(|local| matches!(local.ty, Type::Function(_)))
                    }
                    Some(super::Meaning::Value(value)) => matches!(value.ty, Type::Function(_)),
                    Some(super::Meaning::Script(_)) => false,
                    None => self.names_function(name),
                }
            }
            _ => false,
        }
    }

    /// The arguments after the collection, in the places of their parameters.
    pub(crate) fn named_arguments(
        &mut self,
        which: Collection,
        name: &ast::Ident,
        given: &'a [ast::Argument],
    ) -> Option<Vec<Option<&'a ast::Expr>>> {
        let (names, least) = which.parameters();
        let mut places: Vec<Option<&'a ast::Expr>> = vec![None; names.len()];
        let mut wrong = None;
        for (index, argument) in given.iter().enumerate() {
            let at = match &argument.name {
                Some(name) => names.iter().position(|known| name.eq_name(known)),
                None => Some(index).filter(|index| *index < names.len()),
            };
            match at.and_then(|at| places.get_mut(at)) {
                Some(place) if place.is_none() => *place = Some(&argument.value),
                _ => wrong = wrong.or(Some(argument.value.span)),
            }
        }
        if wrong.is_none() && places.iter().take(least).all(Option::is_some) {
            return Some(places);
        }
        let shown = format!("{}(collection, {})", name.name, names.join(", "));
        let shown = if names.is_empty() { format!("{}(collection)", name.name) } else { shown };
        let message = match wrong {
            Some(_) => format!("`{}` has no place for this argument", name.name),
            None => format!("`{}` needs `{}`", name.name, names.join("`, `")),
        };
        self.report(say::wrong_arguments(wrong.unwrap_or(name.span), message, &shown));
        None
    }

    fn on_array(
        &mut self,
        which: Collection,
        array: Expr,
        element: Type,
        arguments: Vec<Option<&'a ast::Expr>>,
        span: Span,
    ) -> Option<Expr> {
        let mut outer = Vec::new();
        let nullable = self.expr_nullable(&array);
        let array = self.hidden_local("array", array, &mut outer);
        let call = Loop { which, array: array.clone(), element, arguments, span };
        use Collection as C;
        let value = match which {
            C::Filter => self.filter_array(&call),
            C::Map => self.map_array(&call),
            C::FlatMap => self.flat_map_array(&call),
            C::Any | C::All => self.any_or_all(&call),
            C::Count => self.count_array(&call),
            C::Sum | C::Avg | C::Min | C::Max => self.aggregate_array(&call),
            C::First => self.first_element(&call),
            C::Take | C::Skip => self.part_of(&call),
            C::Distinct => self.distinct_of(&call),
            C::Sort => self.sorted(&call),
            C::GroupBy => self.grouped(&call),
            C::Zip => self.zipped(&call),
            C::Reduce => self.reduced(&call),
        }?;
        // NULL of a NULL array; the aggregates give NULL of it too.
        let value = if nullable {
            let null = self.null(&value.ty, span);
            self.choice(self.is_null(array), null, value)
        } else {
            value
        };
        Some(self.after(outer, value))
    }

    /// `{ steps; value }`.
    pub(crate) fn after(&self, steps: Vec<Step>, value: Expr) -> Expr {
        if steps.is_empty() {
            return value;
        }
        let (ty, place) = (value.ty.clone(), value.place);
        let block = Block { statements: steps, value: Some(value) };
        Expr { kind: ExprKind::Block(Box::new(block)), ty, place }
    }

    fn local_of(&self, local: &Expr) -> Option<LocalId> {
        match local.kind {
            ExprKind::Local(id) => Some(id),
            _ => None,
        }
    }

    /// The function at a parameter, with what must be computed before the loop.
    fn function_at(&mut self, call: &Loop<'a>, at: usize) -> Option<(Vec<Step>, Callee<'a>)> {
        let argument = call.arguments.get(at).copied().flatten()?;
        let mut steps = Vec::new();
        let callee = self.callee(argument, &mut steps)?;
        Some((steps, callee))
    }

    /// `f(element)` as BOOLEAN, with the steps before it.
    fn test(&mut self, callee: &Callee<'a>, element: Expr) -> Option<(Vec<Step>, Expr)> {
        let (steps, value) = self.apply(callee, vec![element], Some(&Type::Bool))?;
        let value = self.truth(value, "the result of the lambda");
        (!value.ty.is_error()).then_some((steps, value))
    }

    fn empty_array(&self, element: &Type, span: Span) -> Expr {
        let ty = Type::Array(Arc::new(element.clone()));
        Expr { kind: ExprKind::MakeArray(Vec::new()), ty, place: self.place(span) }
    }

    fn filter_array(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let (mut steps, callee) = self.function_at(call, 0)?;
        let empty = self.empty_array(&call.element, call.span);
        let kept = self.hidden_local("kept", empty, &mut steps);
        let out = self.local_of(&kept)?;
        let place = self.place(call.span);
        steps.extend(self.each_element(&call.array, call.span, |this, element| {
            let (mut body, fits) = this.test(&callee, element.clone())?;
            let keep = this.block_of(vec![Step::Push(out, element)], place);
            let none = this.block_of(Vec::new(), place);
            body.push(Step::Expr(this.choice(fits, keep, none)));
            Some(body)
        })?);
        Some(self.after(steps, kept))
    }

    fn map_array(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let (steps, callee) = self.function_at(call, 0)?;
        self.mapped(call, steps, &callee)
    }

    /// The array of `f` of every element.
    fn mapped(
        &mut self,
        call: &Loop<'a>,
        mut steps: Vec<Step>,
        callee: &Callee<'a>,
    ) -> Option<Expr> {
        let out = self.new_local("made", Type::Error);
        let mut result = Type::Error;
        let looped = self.each_element(&call.array, call.span, |this, element| {
            let (mut body, value) = this.apply(callee, vec![element], None)?;
            let value = this.settle(value);
            if value.ty == Type::Unit {
                let help = Some("end it with its value");
                this.report(say::no_value(call.span, "this lambda", help));
                return None;
            }
            result = value.ty.clone();
            body.push(Step::Push(out, value));
            Some(body)
        })?;
        if result.is_error() {
            return None;
        }
        let empty = self.empty_array(&result, call.span);
        if let Some(local) = self.locals.get_mut(out.0 as usize) {
            *local = crate::hir::Local { nullable: false, ty: empty.ty.clone(), ..local.clone() };
        }
        steps.push(Step::Let(out, empty));
        steps.extend(looped);
        let made = self.local(out, self.place(call.span));
        Some(self.after(steps, made))
    }

    fn flat_map_array(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let made = self.map_array(call)?;
        let Type::Array(inner) = &made.ty else { return None };
        if !matches!(**inner, Type::Array(_)) {
            let wanted = Type::Array(Arc::new((**inner).clone()));
            let why = "the result of the lambda";
            self.report(say::type_mismatch(call.span, &wanted, inner, why, false));
            return None;
        }
        let ty = (**inner).clone();
        self.library("array_join", vec![made], ty, call.span)
    }

    /// `any` stops at the first element that fits, `all` at the first that does not.
    fn any_or_all(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let any = call.which == Collection::Any;
        let mut steps = Vec::new();
        let callee = match call.arguments.first().copied().flatten() {
            Some(argument) => Some(self.callee(argument, &mut steps)?),
            None => None,
        };
        let start = self.constant(Value::Bool(!any), Type::Bool, call.span);
        let found = self.hidden_local("found", start, &mut steps);
        let out = self.local_of(&found)?;
        let place = self.place(call.span);
        steps.extend(self.each_element(&call.array, call.span, |this, element| {
            let (mut body, fits) = match &callee {
                Some(callee) => this.test(callee, element)?,
                None => (Vec::new(), this.truth(Operand::Typed(element), "an element")),
            };
            if fits.ty.is_error() {
                return None;
            }
            let decided = this.constant(Value::Bool(any), Type::Bool, call.span);
            let stop = this.block_of(vec![Step::Assign(out, decided), Step::Break], place);
            let on = this.block_of(Vec::new(), place);
            body.push(Step::Expr(match any {
                true => this.choice(fits, stop, on),
                // NULL counts as FALSE, so it stops too.
                false => this.choice(fits, on, stop),
            }));
            Some(body)
        })?);
        Some(self.after(steps, found))
    }

    fn count_array(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let place = self.place(call.span);
        if call.arguments.first().copied().flatten().is_none() {
            let kind = ExprKind::Length(Box::new(call.array.clone()));
            return Some(Expr { kind, ty: Type::Int64, place });
        }
        let (mut steps, callee) = self.function_at(call, 0)?;
        let zero = self.constant(Value::Int(0), Type::Int64, call.span);
        let count = self.hidden_local("count", zero, &mut steps);
        steps.extend(self.each_element(&call.array, call.span, |this, element| {
            let (mut body, fits) = this.test(&callee, element)?;
            let more = this.block_of(vec![this.increment(&count, call.span)], place);
            let none = this.block_of(Vec::new(), place);
            body.push(Step::Expr(this.choice(fits, more, none)));
            Some(body)
        })?);
        Some(self.after(steps, count))
    }

    fn aggregate_array(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let values = match call.arguments.first().copied().flatten() {
            Some(_) => self.map_array(call)?,
            None => call.array.clone(),
        };
        let Type::Array(element) = values.ty.clone() else { return None };
        let number = element.is_number();
        let (name, ty) = match call.which {
            Collection::Sum if number => ("array_sum", sum_type(&element)),
            Collection::Avg if number => ("array_avg", Type::Double),
            Collection::Min if is_comparable(&element) => ("array_least", (*element).clone()),
            Collection::Max if is_comparable(&element) => ("array_greatest", (*element).clone()),
            _ => {
                let why = "what this function takes";
                self.report(say::type_mismatch(call.span, &Type::Double, &element, why, false));
                return None;
            }
        };
        self.library(name, vec![values], ty, call.span)
    }

    fn first_element(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let place = self.place(call.span);
        let kind = ExprKind::Length(Box::new(call.array.clone()));
        let length = Expr { kind, ty: Type::Int64, place };
        let zero = self.constant(Value::Int(0), Type::Int64, call.span);
        let some = self.compare(Cmp::Gt, length, zero.clone());
        let (array, index) = (Box::new(call.array.clone()), Box::new(zero));
        let kind = ExprKind::Element { array, index };
        let first = Expr { kind, ty: call.element.clone(), place };
        let null = self.null(&call.element, call.span);
        Some(self.choice(some, first, null))
    }

    fn part_of(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let count = call.arguments.first().copied().flatten()?;
        let count = self.expr_as(count, &Type::Int64, Mode::Implicit, "`n`");
        let name = if call.which == Collection::Take { "array_take" } else { "array_skip" };
        let ty = call.array.ty.clone();
        self.library(name, vec![call.array.clone(), count], ty, call.span)
    }

    fn distinct_of(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let ty = call.array.ty.clone();
        self.comparable(&call.element, call.span)?;
        self.library("array_first_of_each", vec![call.array.clone()], ty, call.span)
    }

    fn comparable(&mut self, ty: &Type, span: Span) -> Option<()> {
        if is_comparable(ty) {
            return Some(());
        }
        self.report(say::type_mismatch(span, &Type::Text, ty, "what is compared", false));
        None
    }

    /// The keys of the elements: `f` of each, or the elements themselves.
    fn keys(&mut self, call: &Loop<'a>) -> Option<(Expr, Type)> {
        let keys = match call.arguments.first().copied().flatten() {
            Some(_) => self.map_array(call)?,
            None => call.array.clone(),
        };
        let Type::Array(key) = keys.ty.clone() else { return None };
        self.comparable(&key, call.span)?;
        Some((keys, (*key).clone()))
    }

    fn sorted(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let (keys, _) = self.keys(call)?;
        let descending = match call.arguments.get(1).copied().flatten() {
            Some(value) => self.expr_as(value, &Type::Bool, Mode::Implicit, "`desc`"),
            None => self.constant(Value::Bool(false), Type::Bool, call.span),
        };
        let ty = call.array.ty.clone();
        self.library("array_sort_by", vec![call.array.clone(), keys, descending], ty, call.span)
    }

    fn grouped(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let (keys, key) = self.keys(call)?;
        let ty = Type::Map(Arc::new((key, call.array.ty.clone())));
        self.library("array_group_by", vec![call.array.clone(), keys], ty, call.span)
    }

    fn zipped(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let other = call.arguments.first().copied().flatten()?;
        let other = self.expr(other);
        let Type::Array(second) = other.ty.clone() else {
            if !other.ty.is_error() {
                let wanted = Type::Array(Arc::new(Type::Text));
                let at = Span::new(other.place.start, other.place.end);
                self.report(say::type_mismatch(at, &wanted, &other.ty, "`ys`", false));
            }
            return None;
        };
        let field = |name: &'static str, ty: Type| Field { name: SmolStr::new_static(name), ty };
        let fields = vec![field("a", call.element.clone()), field("b", (*second).clone())];
        let pair = Type::Struct(Arc::new(StructType { name: None, fields }));
        let ty = Type::Array(Arc::new(pair));
        self.library("array_zip", vec![call.array.clone(), other], ty, call.span)
    }

    /// A call of a built-in whose result has a type that its declaration cannot say.
    fn library(&mut self, name: &str, arguments: Vec<Expr>, ty: Type, span: Span) -> Option<Expr> {
        if arguments.iter().any(|argument| argument.ty.is_error()) {
            return None;
        }
        let Some(function) = self.catalog.natives(name).first().cloned() else {
            self.later(span, &format!("`{name}`"));
            return None;
        };
        let kind = ExprKind::Native { function, arguments };
        Some(Expr { kind, ty, place: self.place(span) })
    }

    /// `reduce(xs, (acc, x) -> e, init)`. The accumulator has the type of `init`, or the wider one
    /// that `e` gives.
    fn reduced(&mut self, call: &Loop<'a>) -> Option<Expr> {
        let init = call.arguments.get(1).copied().flatten();
        let init = init.map(|init| self.operand(init, None));
        let first = match &init {
            None => call.element.clone(),
            Some(Operand::Untyped(Untyped::Number(number), _)) => {
                types::join_number(*number, &call.element).unwrap_or(number.own_type())
            }
            Some(Operand::Untyped(Untyped::Null, _)) => call.element.clone(),
            Some(init) => init.ty(),
        };
        let (reports, raised) = (self.diagnostics.len(), self.raised.len());
        let (made, found) = self.reduce_as(call, init.clone(), &first)?;
        if found == first {
            return made;
        }
        let wider = types::join(&first, &found).filter(|ty| *ty != first);
        match wider {
            Some(wider) => {
                self.diagnostics.truncate(reports);
                self.raised.truncate(raised);
                self.reduce_as(call, init, &wider)?.0
            }
            None => made,
        }
    }

    /// The reduction with an accumulator of a type, and the type that the function gave.
    fn reduce_as(
        &mut self,
        call: &Loop<'a>,
        init: Option<Operand>,
        ty: &Type,
    ) -> Option<(Option<Expr>, Type)> {
        let (mut steps, callee) = self.function_at(call, 0)?;
        let (place, seeded) = (self.place(call.span), init.is_some());
        let start = match init {
            Some(init) => self.coerce(init, ty, Mode::Implicit, "`init`"),
            None => self.null(ty, call.span),
        };
        let total = self.new_local("total", ty.clone());
        steps.push(Step::Let(total, start));
        let begun = self.constant(Value::Bool(seeded), Type::Bool, call.span);
        let begun = self.hidden_local("begun", begun, &mut steps);
        let mut found = ty.clone();
        let looped = self.each_element(&call.array, call.span, |this, element| {
            let accumulator = this.local(total, place);
            let applied = this.apply(&callee, vec![accumulator, element.clone()], Some(ty))?;
            let (mut body, value) = applied;
            found = value.ty();
            let value = this.coerce(value, ty, Mode::Implicit, "the result of the lambda");
            body.push(Step::Assign(total, value));
            if seeded {
                return Some(body);
            }
            let element = Operand::Typed(element);
            let element = this.coerce(element, ty, Mode::Implicit, "the first element");
            let flag = this.local_of(&begun)?;
            let yes = this.constant(Value::Bool(true), Type::Bool, call.span);
            let first = vec![Step::Assign(total, element), Step::Assign(flag, yes)];
            let (first, later) = (this.block_of(first, place), this.block_of(body, place));
            Some(vec![Step::Expr(this.choice(begun.clone(), later, first))])
        });
        let Some(looped) = looped else {
            return (found != *ty).then_some((None, found));
        };
        steps.extend(looped);
        let total = self.local(total, place);
        Some((Some(self.after(steps, total)), found))
    }
}

/// The type of the sum of an array.
fn sum_type(element: &Type) -> Type {
    match element {
        Type::Decimal { scale, .. } => Type::Decimal { precision: 38, scale: *scale },
        ty if ty.is_integer() => Type::Int64,
        _ => Type::Double,
    }
}
