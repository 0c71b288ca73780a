//! What the grammar's actions do: small constructors of tree nodes, and the reading of tokens.
//!
//! Operator chains are put together in [`chain`], the clauses of a query in [`query`], and what
//! belongs to definitions in [`definition`].

pub(crate) mod chain;
pub(crate) mod definition;
pub(crate) mod query;

pub(crate) use definition::*;

use crate::ast::*;
use crate::diagnostic::Diagnostic;
use crate::diagnostics;
use crate::span::Span;
use crate::text;
use smol_str::SmolStr;
use std::cell::{Cell, RefCell};

/// What the actions of one statement's parse share.
pub(crate) struct Context<'s> {
    /// The whole source text.
    pub source: &'s str,
    /// Documentation comments by the offset of their statement.
    pub docs: &'s [(u32, DocComment)],
    /// What the actions found wrong.
    pub diagnostics: RefCell<Vec<Diagnostic>>,
    /// How many `?` there were.
    parameters: Cell<u32>,
}

/// The span between two offsets.
pub(crate) const fn span(start: u32, end: u32) -> Span {
    Span::new(start, end)
}

impl<'s> Context<'s> {
    pub(crate) fn new(source: &'s str, docs: &'s [(u32, DocComment)]) -> Self {
        Self { source, docs, diagnostics: RefCell::default(), parameters: Cell::new(0) }
    }

    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    pub(crate) fn slice(&self, span: Span) -> &'s str {
        self.source.get(span.range()).unwrap_or("")
    }

    /// A plain or quoted name.
    pub(crate) fn ident(&self, span: Span) -> Ident {
        let text = self.slice(span);
        match text.as_bytes().first() {
            Some(b'`') => Ident { name: text::quoted_name(text), span, quoted: true },
            _ if text.contains(char::is_whitespace) => {
                Ident::new(text::type_of_several_words(text), span)
            }
            _ => Ident::new(SmolStr::new(text), span),
        }
    }

    /// A name that may stand in `"`.
    pub(crate) fn any_ident(&self, span: Span) -> Ident {
        if self.slice(span).starts_with('"') {
            self.double_quoted_ident(span)
        } else {
            self.ident(span)
        }
    }

    /// A text where only a name may stand.
    pub(crate) fn double_quoted_ident(&self, span: Span) -> Ident {
        Ident { name: self.text(span).value, span, quoted: true }
    }

    /// A text literal, decoded.
    pub(crate) fn text(&self, span: Span) -> Text {
        let raw = self.slice(span);
        if raw.starts_with('"') {
            let (value, problems) = text::decode_double(raw);
            for (at, length) in problems {
                let start = span.start + at;
                self.report(diagnostics::e0106::bad_escape(Span::new(start, start + length)));
            }
            Text { value, span, quotes: Quotes::Double }
        } else {
            Text { value: text::decode_single(raw), span, quotes: Quotes::Single }
        }
    }

    pub(crate) fn number(&self, span: Span) -> ExprKind {
        ExprKind::Literal(Literal::Number(SmolStr::new(self.slice(span))))
    }

    pub(crate) fn type_argument(&self, span: Span) -> TypeArgument {
        TypeArgument { text: SmolStr::new(self.slice(span)), span }
    }

    pub(crate) fn typed_literal(&self, span: Span, text: Text) -> ExprKind {
        ExprKind::TypedLiteral(Box::new(TypedLiteral { type_name: self.ident(span), text }))
    }

    pub(crate) fn positional_parameter(&self) -> ParameterRef {
        self.parameters.set(self.parameters.get() + 1);
        ParameterRef::Positional(self.parameters.get())
    }

    pub(crate) fn numbered_parameter(&self, span: Span) -> ParameterRef {
        let digits = self.slice(span).trim_start_matches('$');
        match digits.parse() {
            Ok(number @ 1..) => ParameterRef::Numbered(number),
            _ => {
                self.report(diagnostics::e0105::bad_parameter(span));
                ParameterRef::Numbered(0)
            }
        }
    }

    pub(crate) fn named_parameter(&self, span: Span) -> ParameterRef {
        let name = Span::new(span.start + 1, span.end);
        ParameterRef::Named(Ident::new(SmolStr::new(self.slice(name)), span))
    }

    /// `"x"` alone in FROM is a name unless it looks like a file.
    pub(crate) fn table_or_file(&self, name: Name) -> FromKind {
        if let [NamePart::Ident(ident)] = name.parts.as_slice()
            && self.slice(ident.span).starts_with('"')
            && ident.name.contains(['/', '.', '*', ':'])
        {
            return FromKind::File(self.text(ident.span));
        }
        FromKind::Table(name)
    }

    pub(crate) fn statement(&self, kind: StatementKind, span: Span) -> Statement {
        let found = self.docs.binary_search_by_key(&span.start, |(start, _)| *start);
        let doc = found
            .ok()
            .and_then(|index| self.docs.get(index))
            .map(|(_, comment)| Box::new(comment.clone()));
        Statement { kind, span, doc }
    }
}

pub(crate) fn plain_name(ident: Ident) -> Name {
    Name { span: ident.span, parts: vec![NamePart::Ident(ident)] }
}

pub(crate) fn extend_name(mut name: Name, part: NamePart) -> Name {
    name.span = name.span.to(part.span());
    name.parts.push(part);
    name
}

pub(crate) fn function_type(
    parameters: Vec<TypeExpr>,
    result: TypeExpr,
    raises: Option<Vec<Name>>,
) -> TypeKind {
    let raises = raises.unwrap_or_default();
    TypeKind::Function(Box::new(FunctionType { parameters, result, raises }))
}

pub(crate) fn text_literal(text: Text) -> ExprKind {
    ExprKind::Literal(Literal::Text { value: text.value, quotes: text.quotes })
}

pub(crate) fn plain_parameter(name: Ident) -> Parameter {
    Parameter { span: name.span, name, parameter_type: None, not_null: None, default: None }
}

pub(crate) fn lambda(parameters: Vec<Parameter>, body: Expr) -> ExprKind {
    ExprKind::Lambda(Box::new(Lambda { parameters, body }))
}

pub(crate) fn row(first: Expr, rest: Vec<Expr>) -> ExprKind {
    let mut values = Vec::with_capacity(rest.len() + 1);
    values.push(first);
    values.extend(rest);
    ExprKind::Row(values)
}

/// A query where no parentheses are needed.
pub(crate) fn bare_query(query: Box<Query>) -> Expr {
    let span = query.span;
    Expr::new(ExprKind::Query(query), span)
}

/// A braced operand: `{x}` is the variable x, `{}` an empty struct literal, else a block.
pub(crate) fn block_operand(block: Block) -> ExprKind {
    if block.statements.is_empty() {
        match block.value.as_deref() {
            None => {
                let literal = StructLiteral { type_name: None, fields: Vec::new() };
                return ExprKind::Struct(Box::new(literal));
            }
            Some(Expr { kind: ExprKind::Name(variable), .. }) => {
                return ExprKind::Interpolation(Box::new(Interpolation {
                    variable: variable.clone(),
                    span: block.span,
                }));
            }
            Some(_) => {}
        }
    }
    ExprKind::Block(Box::new(block))
}

/// An expression where a block is required: `{x}` and `{}` are blocks there.
pub(crate) fn body(expr: Expr) -> Expr {
    let span = expr.span;
    let kind = match expr.kind {
        ExprKind::Interpolation(interpolation) => {
            let Interpolation { variable, span } = *interpolation;
            let value = Expr::new(ExprKind::Name(variable.clone()), variable.span);
            ExprKind::Block(Box::new(Block {
                statements: Vec::new(),
                value: Some(Box::new(value)),
                span,
            }))
        }
        ExprKind::Struct(literal) if literal.fields.is_empty() && literal.type_name.is_none() => {
            ExprKind::Block(Box::new(Block { statements: Vec::new(), value: None, span }))
        }
        other => other,
    };
    Expr::new(kind, span)
}

/// A block whose last statement, when no `;` follows it, is its value.
pub(crate) fn block(mut statements: Vec<Statement>, last: Option<Statement>, span: Span) -> Block {
    let value = last.and_then(|statement| match statement.kind {
        StatementKind::Expression(expr) => Some(Box::new(expr)),
        StatementKind::Query(query) => Some(Box::new(bare_query(query))),
        _ => {
            statements.push(statement);
            None
        }
    });
    Block { statements, value, span }
}

pub(crate) fn try_fallback(tried: Expr, fallback: Expr) -> ExprKind {
    let catch = Catch::Fallback(Box::new(body(fallback)));
    ExprKind::Try(Box::new(Try { body: body(tried), catch }))
}

pub(crate) fn try_handlers(tried: Expr, handlers: Vec<Handler>) -> ExprKind {
    ExprKind::Try(Box::new(Try { body: body(tried), catch: Catch::Handlers(handlers) }))
}

pub(crate) fn exception_name(name: Name) -> Option<Name> {
    let is_wildcard = name.as_ident().is_some_and(|ident| ident.name == "_" && !ident.quoted);
    if is_wildcard { None } else { Some(name) }
}

/// The arguments of a call with what stands among them.
#[derive(Default)]
pub(crate) struct Arguments {
    pub distinct: bool,
    pub values: Vec<Argument>,
    pub order_by: Vec<OrderItem>,
    /// `value FROM from FOR length`.
    pub sql_form: Option<Box<SqlForm>>,
}

/// The arguments of `extract(a FROM b)`, `substring(a FROM b FOR c)`, `trim(a FROM b)`.
pub(crate) struct SqlForm {
    value: Expr,
    from: Expr,
    length: Option<Expr>,
}

pub(crate) fn from_arguments(value: Expr, from: Expr, length: Option<Expr>) -> Arguments {
    Arguments { sql_form: Some(Box::new(SqlForm { value, from, length })), ..Arguments::default() }
}

/// What may follow a call.
pub(crate) enum Modifier {
    Filter(Expr),
    WithinGroup(Vec<OrderItem>),
    Nulls(bool),
    Over(Over),
}

fn positional(value: Expr) -> Argument {
    Argument { name: None, value }
}

fn is_named(expr: &Expr, name: &str) -> bool {
    expr.as_name().is_some_and(|ident| !ident.quoted && ident.eq_name(name))
}

fn check_order(cx: &Context<'_>, arguments: &[Argument]) {
    let mut named = None;
    for argument in arguments {
        match (&argument.name, &named) {
            (Some(name), _) => named = Some(name.span),
            (None, Some(name)) => {
                cx.report(diagnostics::e0219::positional_after_named(argument.value.span, *name));
                return;
            }
            (None, None) => {}
        }
    }
}

/// `function(arguments)`; a call of a field is a method call.
pub(crate) fn call(cx: &Context<'_>, function: Expr, arguments: Arguments, list: Span) -> ExprKind {
    let whole = function.span.to(list);
    let Arguments { distinct, mut values, order_by, sql_form } = arguments;
    check_order(cx, &values);
    let mut function = function;
    if let Some(form) = sql_form {
        values = sql_form_arguments(cx, &mut function, *form, whole);
    } else if is_named(&function, "position")
        && let [Argument { name: None, value }] = values.as_mut_slice()
        && let ExprKind::In { operand, set: InSet::Value(text), negated: false } = &mut value.kind
    {
        // position(part IN text) is strpos(text, part).
        let (part, text) = (take(operand), take(text));
        values = vec![positional(text), positional(part)];
        rename(&mut function, "strpos");
    }
    let modifiers = (distinct || !order_by.is_empty())
        .then(|| Box::new(CallModifiers { distinct, order_by, ..CallModifiers::default() }));
    match function.kind {
        ExprKind::Field { base, field } => ExprKind::MethodCall(Box::new(MethodCall {
            receiver: *base,
            method: field,
            arguments: values,
            modifiers,
        })),
        _ => ExprKind::Call(Box::new(Call { function, arguments: values, modifiers, span: whole })),
    }
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::new(ExprKind::Error, expr.span))
}

fn rename(function: &mut Expr, name: &str) {
    function.kind = ExprKind::Name(Ident::new(name, function.span));
}

/// The SQL forms become plain calls of the library's functions.
fn sql_form_arguments(
    cx: &Context<'_>,
    function: &mut Expr,
    form: SqlForm,
    whole: Span,
) -> Vec<Argument> {
    let SqlForm { value, from, length } = form;
    if is_named(function, "extract") && length.is_none() {
        rename(function, "date_part");
        let part = match &value.kind {
            ExprKind::Name(ident) => {
                let literal = Literal::Text { value: ident.name.clone(), quotes: Quotes::Single };
                Expr::new(ExprKind::Literal(literal), value.span)
            }
            _ => value,
        };
        return vec![positional(part), positional(from)];
    }
    if is_named(function, "substring") || is_named(function, "substr") {
        let mut arguments = vec![positional(value), positional(from)];
        arguments.extend(length.map(positional));
        return arguments;
    }
    if is_named(function, "trim") && length.is_none() {
        let (name, characters) = trim_parts(value);
        rename(function, name);
        let mut arguments = vec![positional(from)];
        arguments.extend(characters.map(positional));
        return arguments;
    }
    cx.report(diagnostics::e0218::no_sql_form(whole));
    let mut arguments = vec![positional(value), positional(from)];
    arguments.extend(length.map(positional));
    arguments
}

/// `BOTH 'x'`, which reads as a typed literal, `LEADING`, or the characters alone.
fn trim_parts(value: Expr) -> (&'static str, Option<Expr>) {
    let side = |name: &Ident| {
        [("both", "trim"), ("leading", "ltrim"), ("trailing", "rtrim")]
            .into_iter()
            .find(|(side, _)| name.eq_name(side))
            .map(|(_, function)| function)
    };
    match value.kind {
        ExprKind::TypedLiteral(literal) if side(&literal.type_name).is_some() => {
            let function = side(&literal.type_name).unwrap_or("trim");
            let span = literal.text.span;
            (function, Some(Expr::new(text_literal(literal.text), span)))
        }
        ExprKind::Name(name) if side(&name).is_some() => (side(&name).unwrap_or("trim"), None),
        kind => ("trim", Some(Expr::new(kind, value.span))),
    }
}

/// A call in a query pipe.
pub(crate) fn step_call(
    cx: &Context<'_>,
    function: Name,
    arguments: Arguments,
    span: Span,
) -> Call {
    let Arguments { distinct, values, order_by, .. } = arguments;
    check_order(cx, &values);
    let modifiers = (distinct || !order_by.is_empty())
        .then(|| Box::new(CallModifiers { distinct, order_by, ..CallModifiers::default() }));
    Call { function: path(function), arguments: values, modifiers, span }
}

/// A dotted name as an expression.
pub(crate) fn path(name: Name) -> Expr {
    let mut parts = name.parts.into_iter();
    let first = match parts.next() {
        Some(NamePart::Ident(ident)) => Expr::new(ExprKind::Name(ident.clone()), ident.span),
        Some(NamePart::Interpolation(interpolation)) => {
            let span = interpolation.span;
            Expr::new(ExprKind::Interpolation(Box::new(interpolation)), span)
        }
        None => Expr::new(ExprKind::Error, name.span),
    };
    parts.fold(first, |base, field| {
        let span = base.span.to(field.span());
        Expr::new(ExprKind::Field { base: Box::new(base), field }, span)
    })
}

/// `Type { field: value }`.
pub(crate) fn named_struct(
    cx: &Context<'_>,
    name: Expr,
    fields: Vec<StructField>,
    brace: u32,
) -> ExprKind {
    let type_name = name.as_path().map(|parts| Name {
        parts: parts.into_iter().cloned().map(NamePart::Ident).collect(),
        span: name.span,
    });
    if type_name.is_none() {
        cx.report(diagnostics::e0214::not_a_type(name.span, Span::new(brace, brace + 1)));
        return ExprKind::Error;
    }
    ExprKind::Struct(Box::new(StructLiteral { type_name, fields }))
}

/// FILTER, OVER and the like behind a call.
pub(crate) fn modify_call(
    cx: &Context<'_>,
    mut call: Expr,
    modifier: Modifier,
    span: Span,
) -> ExprKind {
    let whole = call.span.to(span);
    let slot = match &mut call.kind {
        ExprKind::Call(call) => {
            call.span = whole;
            &mut call.modifiers
        }
        ExprKind::MethodCall(call) => &mut call.modifiers,
        _ => {
            cx.report(diagnostics::e0215::not_a_call(span, call.span));
            return call.kind;
        }
    };
    let modifiers = slot.get_or_insert_default();
    match modifier {
        Modifier::Filter(condition) => modifiers.filter = Some(condition),
        Modifier::WithinGroup(items) => modifiers.within_group = items,
        Modifier::Nulls(ignore) => modifiers.ignore_nulls = Some(ignore),
        Modifier::Over(over) => modifiers.over = Some(over),
    }
    call.kind
}

pub(crate) fn expression_statement(expr: Expr) -> StatementKind {
    match expr.kind {
        ExprKind::Subquery(query) => StatementKind::Query(query),
        kind => StatementKind::Expression(Expr::new(kind, expr.span)),
    }
}

pub(crate) fn return_query(query: Box<Query>) -> StatementKind {
    let span = query.span;
    let value = Box::new(bare_query(query));
    StatementKind::Expression(Expr::new(ExprKind::Return(Some(value)), span))
}

pub(crate) fn let_statement(
    name: Ident,
    declared: Option<(TypeExpr, Option<Span>)>,
    value: Expr,
) -> StatementKind {
    let (declared_type, not_null) = match declared {
        Some((declared_type, not_null)) => (Some(declared_type), not_null),
        None => (None, None),
    };
    StatementKind::Let(Box::new(Let { name, declared_type, not_null, value }))
}

pub(crate) fn target(root: Ident) -> Target {
    Target { span: root.span, root, path: Vec::new() }
}

pub(crate) fn target_field(mut target: Target, field: NamePart) -> Target {
    target.span = target.span.to(field.span());
    target.path.push(TargetStep::Field(field));
    target
}

pub(crate) fn target_index(mut target: Target, index: Expr, end: u32) -> Target {
    target.span.end = end;
    target.path.push(TargetStep::Index(index));
    target
}

// --- Patterns --------------------------------------------------------------------------------

pub(crate) fn alternatives(mut list: Vec<Pattern>, span: Span) -> Pattern {
    match (list.len(), list.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            list.extend(last);
            Pattern { kind: PatternKind::Alternatives(list), span }
        }
    }
}

/// A bare name binds, `_` fits anything; a dotted name means nothing.
pub(crate) fn name_pattern(cx: &Context<'_>, name: Name) -> PatternKind {
    match name.as_ident() {
        Some(ident) if ident.name == "_" && !ident.quoted => PatternKind::Wildcard,
        Some(ident) => PatternKind::Bind(ident.clone()),
        None => {
            cx.report(diagnostics::e0220::dotted_pattern(name.span));
            PatternKind::Error
        }
    }
}

pub(crate) fn negative(op_span: Span, number: Expr) -> ExprKind {
    ExprKind::Unary { op: UnaryOp::Minus, op_span, operand: Box::new(number) }
}

/// What stands in the braces of a struct pattern.
pub(crate) enum FieldOrRest {
    Field(FieldPattern),
    Rest(Span),
}

pub(crate) fn struct_pattern(name: Option<Name>, entries: Vec<FieldOrRest>) -> PatternKind {
    let mut fields = Vec::with_capacity(entries.len());
    let mut rest = None;
    for entry in entries {
        match entry {
            FieldOrRest::Field(field) => fields.push(field),
            FieldOrRest::Rest(span) => rest = Some(span),
        }
    }
    PatternKind::Struct { name, fields, rest }
}

/// What stands in the brackets of an array pattern.
pub(crate) enum ElementOrRest {
    Element(Pattern),
    Rest(Option<Ident>, Span),
}

pub(crate) fn array_pattern(cx: &Context<'_>, entries: Vec<ElementOrRest>) -> PatternKind {
    let mut elements = Vec::with_capacity(entries.len());
    let mut rest: Option<RestPattern> = None;
    for entry in entries {
        match entry {
            ElementOrRest::Element(pattern) => elements.push(pattern),
            ElementOrRest::Rest(name, span) => {
                if let Some(first) = &rest {
                    cx.report(diagnostics::e0221::second_rest(span, first.span));
                } else {
                    rest = Some(RestPattern { position: elements.len(), name, span });
                }
            }
        }
    }
    PatternKind::Array { elements, rest }
}
