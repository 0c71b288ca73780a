//! The checker: syntax trees to the typed form, with every mistake reported in one go.
//!
//! [`check_script`] lays a script's types and functions into an overlay of the catalog, checks the
//! functions' bodies, then the statements in order, applying each DDL statement to the overlay. A
//! [`Checker`] lives for one statement or one function body; its fields are that body's locals,
//! columns, parameters and diagnostics.
//!
//! Invariants: what was reported becomes `ExprKind::Error` of `Type::Error`, which everything
//! accepts silently; a statement with an error is `StatementKind::Error`, so lowering never sees
//! one. Deliberately absent: constant folding of typed expressions (the machine's, through
//! `Evaluate`) and any choice of plans.

mod array_patterns;
mod assert;
mod block;
mod call;
mod choice;
mod collected;
mod collection;
mod composite;
mod conflict;
mod constraint;
mod control;
mod define;
mod effects;
mod expr;
mod file;
mod file_options;
mod function;
mod group;
mod grouping;
mod index;
mod join;
mod lambda;
mod loops;
mod matching;
mod names;
mod native;
mod operand;
mod operators;
mod outputs;
mod patterns;
mod pipe;
mod pipe_rows;
mod query;
mod recover;
mod resolve;
mod returning;
mod scope;
mod script;
mod set;
mod show;
mod source;
mod statement;
mod structs;
mod subquery;
mod table_function;
mod table_of;
mod table_result;
mod types;
mod update;
mod view;
mod with;
mod write;

#[cfg(test)]
pub(crate) mod testing;
pub mod walk;

use crate::catalog::{Catalog, ObjectKind, Source, Table, Variable, View};
use crate::hir::{
    self, Block, Column, ColumnVar, Expr, ExprKind, FunctionResult, Local, LocalId, Step,
};
use crate::nullability::Facts;
use crate::overlay::Overlay;
use grizzly_bytecode::{Parameter, Place, SourceId, Type, Value};
use grizzly_grammar::{Diagnostic, Span, ast};
use hashbrown::{HashMap, HashSet};
use smol_str::SmolStr;
use std::cell::Cell;
use std::sync::Arc;

pub use collection::collection_names;
pub use control::{LiveLocal, check_inner};
pub(crate) use query::plain_query;
pub(crate) use resolve::built_in_type;
pub(crate) use script::known_value;
pub use script::{CheckedScript, check_script, check_statement, check_stored};

/// What is known of the whole script before its statements are checked.
#[derive(Default)]
pub(crate) struct ScriptFacts {
    /// Whether the statements run as soon as they are checked, so that nothing can be put off.
    pub(crate) reached: bool,
    /// Tables that some statement creates, with the places of their names.
    pub(crate) tables: HashMap<SmolStr, Span>,
    /// The row types of those tables, for functions that are checked before the tables exist.
    pub(crate) row_types: HashMap<SmolStr, Type>,
    /// Those tables themselves, without the storage's id.
    pub(crate) shapes: HashMap<SmolStr, Arc<Table>>,
    /// The views that the script makes, for functions.
    pub(crate) views: HashMap<SmolStr, Arc<View>>,
    /// Whether the script is a database's stored objects: each was checked when it was made.
    pub(crate) stored: bool,
    /// Types and functions (receiver functions as `type.name`) that the script makes and the
    /// database does not have, with the number of their statement: before it they are not there to
    /// be dropped.
    pub(crate) hoisted: HashMap<(ObjectKind, SmolStr), usize>,
    /// Types and functions that the script drops, with the number of the statement.
    pub(crate) dropped: HashMap<(ObjectKind, SmolStr), usize>,
    /// The numbers of the statements that make types and functions.
    pub(crate) made_at: HashMap<(ObjectKind, SmolStr), Vec<usize>>,
    /// The number of the statement that is being checked.
    pub(crate) current: usize,
    /// Tables and functions whose CREATE was reported: nothing more is said of them.
    pub(crate) broken: HashSet<SmolStr>,
    /// Whether the parser could not understand some statement, which may have made anything.
    pub(crate) gaps: bool,
}

impl ScriptFacts {
    /// Whether the script makes this object only after the statement that is being checked.
    pub(crate) fn unmade(&self, kind: ObjectKind, name: &SmolStr) -> bool {
        self.hoisted.get(&(kind, name.clone())).is_some_and(|made| *made > self.current)
    }

    /// Whether the script has dropped this object before statement number `index`, and not made it
    /// again since.
    pub(crate) fn dropped_before(&self, kind: ObjectKind, name: &SmolStr, index: usize) -> bool {
        let key = (kind, name.clone());
        let Some(dropped) = self.dropped.get(&key).filter(|dropped| **dropped < index) else {
            return false;
        };
        let made = self.made_at.get(&key).map_or(&[][..], Vec::as_slice);
        !made.iter().any(|made| made > dropped && *made < index)
    }
}

/// A name that stands for a local or for a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// Folded.
    name: SmolStr,
    /// Where it was declared.
    span: Span,
    /// What it stands for.
    meaning: Meaning,
    /// `local`, `parameter`, …, for messages.
    what: &'static str,
    /// Whether anything reads it.
    used: bool,
}

/// What a bound name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// A local that can be assigned to.
    Local(LocalId),
    /// An expression without effects: a pattern's binding.
    Value(Expr),
    /// A local of the script at the top level.
    Script(ScriptLocal),
}

/// A local at the top level of a script, which its statements are given when they run.
#[derive(Clone, Debug)]
pub struct ScriptLocal {
    /// The name that no other declaration has.
    pub key: SmolStr,
    /// Its type.
    pub ty: Type,
    /// Its value, where the statement is checked when it is reached.
    pub value: Option<Value>,
}

/// An exception that leaves what is being checked, unless a TRY around it catches it.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    name: SmolStr,
    span: Span,
    callee: Option<SmolStr>,
}

/// What is known of the function whose body is being checked.
#[derive(Clone, Debug)]
pub(crate) struct FunctionContext {
    display: SmolStr,
    result: Option<FunctionResult>,
    /// RETURNS TABLE: the value is the rows of a query.
    table: bool,
}

/// Checks one statement or one function body.
pub(crate) struct Checker<'a> {
    catalog: &'a dyn Catalog,
    facts: &'a ScriptFacts,
    source: SourceId,
    /// The source's text, for the names of outputs.
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
    locals: Vec<Local>,
    columns: Vec<Column>,
    parameters: Vec<Parameter>,
    parameter_typed: Vec<bool>,
    names: Vec<Binding>,
    function: Option<FunctionContext>,
    lambda: Option<lambda::LambdaContext>,
    loops: u32,
    raised: Vec<Raised>,
    /// Per caught exception: what it may be, for RAISE of it.
    caught: HashMap<LocalId, Vec<SmolStr>>,
    scope: scope::QueryScope<'a>,
    /// The queries of WITH that are in scope, the innermost last.
    commons: Vec<with::Common>,
    next_common: u32,
    /// The folded names of the views whose queries are being checked, the innermost last.
    expanding: Vec<SmolStr>,
    /// Whether this is the query of a view.
    viewing: bool,
    /// The objects that were used, for those that views need: folded names, receiver functions as
    /// `type.name`.
    uses: HashSet<(ObjectKind, SmolStr)>,
    /// The outputs that are constants without a type of their own, for what converts them.
    untyped: HashMap<ColumnVar, operand::Untyped>,
    /// Columns that an outer join may make NULL.
    nulled: HashSet<ColumnVar>,
    /// What conditions around tell: the leaves that are not NULL here.
    known: Facts,
    /// Whether FROM has a table that was reported, so that nothing is known of the columns.
    broken_from: bool,
    /// Why the statement can only be checked when it is reached.
    late: Option<(Span, String)>,
    /// Places of text lengths that are not checked yet.
    lengths: Vec<Span>,
    /// The session variables that the script has set so far; theirs is the type that later SETs
    /// keep.
    script_variables: HashMap<SmolStr, Variable>,
    /// Whether an error expression was made, reported or excused: the statement cannot be lowered.
    errored: Cell<bool>,
    /// Whether the catalog may lack objects that a late statement makes.
    open: bool,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(
        catalog: &'a dyn Catalog,
        facts: &'a ScriptFacts,
        source: &'a Source,
        open: bool,
    ) -> Self {
        Checker {
            catalog,
            facts,
            source: source.id,
            text: &source.text,
            diagnostics: Vec::new(),
            locals: Vec::new(),
            columns: Vec::new(),
            parameters: Vec::new(),
            parameter_typed: Vec::new(),
            names: Vec::new(),
            function: None,
            lambda: None,
            loops: 0,
            raised: Vec::new(),
            caught: HashMap::new(),
            scope: scope::QueryScope::default(),
            commons: Vec::new(),
            next_common: 0,
            expanding: Vec::new(),
            viewing: false,
            uses: HashSet::new(),
            untyped: HashMap::new(),
            nulled: HashSet::new(),
            known: Facts::default(),
            broken_from: false,
            late: None,
            lengths: Vec::new(),
            script_variables: HashMap::new(),
            errored: Cell::new(false),
            open,
        }
    }

    /// The place of a span of this source.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place { source: self.source, start: span.start, end: span.end }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        // The same text checked twice (an alias in GROUP BY) is reported once.
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether it is better to say nothing of a name that is not known: its definition was
    /// reported, or may stand in a statement that was not understood.
    pub(crate) fn is_excused(&self, name: &str, similar: Option<&SmolStr>) -> bool {
        let excused =
            self.facts.broken.contains(&ast::fold(name)) || (self.facts.gaps && similar.is_none());
        self.errored.set(self.errored.get() || excused);
        excused
    }

    /// Reports that a part of the language is still to come.
    pub(crate) fn later(&mut self, span: Span, what: &str) -> Expr {
        self.report(crate::diagnostics::not_supported(span, what));
        self.error(span)
    }

    /// The expression of what was reported.
    pub(crate) fn error(&self, span: Span) -> Expr {
        self.errored.set(true);
        Expr { kind: ExprKind::Error, ty: Type::Error, place: self.place(span) }
    }

    pub(crate) fn constant(&self, value: Value, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Constant(value), ty, place: self.place(span) }
    }

    pub(crate) fn boolean(&self, kind: ExprKind, place: Place) -> Expr {
        Expr { kind, ty: Type::Bool, place }
    }

    pub(crate) fn is_null(&self, operand: Expr) -> Expr {
        let place = operand.place;
        self.boolean(ExprKind::IsNull(Box::new(operand)), place)
    }

    /// `IF condition { then } ELSE { otherwise }`, of the type of `then`.
    pub(crate) fn choice(&self, condition: Expr, then: Expr, otherwise: Expr) -> Expr {
        let (ty, place) = (then.ty.clone(), then.place);
        let kind = ExprKind::If {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        Expr { kind, ty, place }
    }

    /// A new local without a name in scope.
    pub(crate) fn new_local(&mut self, name: impl Into<SmolStr>, ty: Type) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local { name: name.into(), ty, nullable: true });
        id
    }

    pub(crate) fn local(&self, id: LocalId, place: Place) -> Expr {
        let ty = self.locals.get(id.0 as usize).map_or(Type::Error, |local| local.ty.clone());
        Expr { kind: ExprKind::Local(id), ty, place }
    }

    /// A new column variable.
    pub(crate) fn new_column(
        &mut self,
        name: impl Into<SmolStr>,
        ty: Type,
        nullable: bool,
    ) -> ColumnVar {
        let id = ColumnVar(self.columns.len() as u32);
        self.columns.push(Column { name: name.into(), ty, nullable });
        id
    }

    pub(crate) fn column(&self, id: ColumnVar, place: Place) -> Expr {
        let ty = self.columns.get(id.0 as usize).map_or(Type::Error, |column| column.ty.clone());
        Expr { kind: ExprKind::Column(id), ty, place }
    }

    /// Uses a value several times: what is more than a leaf is kept in a local.
    pub(crate) fn share(
        &mut self,
        value: Expr,
        make: impl FnOnce(&mut Self, Expr) -> Expr,
    ) -> Expr {
        let leaf = matches!(
            value.kind,
            ExprKind::Local(_)
                | ExprKind::Column(_)
                | ExprKind::Constant(_)
                | ExprKind::Parameter(_)
                | ExprKind::Error
        );
        if leaf {
            return make(self, value);
        }
        let local = self.new_local("", value.ty.clone());
        let shared = self.local(local, value.place);
        let made = make(self, shared);
        self.with_let(local, value, made)
    }

    /// `{ LET local = value; result }`.
    pub(crate) fn with_let(&self, local: LocalId, value: Expr, result: Expr) -> Expr {
        let (ty, place) = (result.ty.clone(), result.place);
        let block = Block { statements: vec![Step::Let(local, value)], value: Some(result) };
        Expr { kind: ExprKind::Block(Box::new(block)), ty, place }
    }

    /// An expression in a place that asks for a type.
    pub(crate) fn expr_as(
        &mut self,
        expr: &'a ast::Expr,
        to: &Type,
        mode: operand::Mode,
        why: &str,
    ) -> Expr {
        let operand = self.operand(expr, Some(to));
        self.coerce(operand, to, mode, why)
    }

    /// An expression of its own type.
    pub(crate) fn expr(&mut self, expr: &'a ast::Expr) -> Expr {
        let operand = self.operand(expr, None);
        self.settle(operand)
    }

    /// A condition: BOOLEAN; `what` names it for the message.
    pub(crate) fn condition(&mut self, expr: &'a ast::Expr, what: &str) -> Expr {
        let operand = self.operand(expr, Some(&Type::Bool));
        self.truth(operand, what)
    }

    /// An operand as BOOLEAN.
    pub(crate) fn truth(&mut self, operand: operand::Operand, what: &str) -> Expr {
        let ty = operand.ty();
        if matches!(ty, Type::Bool | Type::Null | Type::Error) {
            return self.coerce(operand, &Type::Bool, operand::Mode::Implicit, what);
        }
        if ty == Type::Json {
            let json = self.settle(operand);
            let span = Span::new(json.place.start, json.place.end);
            return self.built_in("json_condition", vec![json], span);
        }
        if let operand::Operand::Untyped(operand::Untyped::Parameter(_), _) = operand {
            return self.coerce(operand, &Type::Bool, operand::Mode::Implicit, what);
        }
        let span = self.span_of(&operand);
        let diagnostic = match ty {
            Type::Unit => crate::diagnostics::no_value(span, "this", None),
            ty => crate::diagnostics::not_a_condition(span, &ty, what),
        };
        self.report(diagnostic);
        self.error(span)
    }
}

/// The catalog overlay that a checked script leaves, for the statements that are checked later.
pub type Definitions = crate::overlay::OverlayObjects;

/// Whether evaluating the expression never ends normally: it raises, returns or leaves a loop.
pub(crate) fn diverges(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Raise(_) | ExprKind::Return(_) => true,
        ExprKind::If { then, otherwise, .. } => diverges(then) && diverges(otherwise),
        ExprKind::Block(block) => block_diverges(block),
        ExprKind::Try { body, handler, .. } => diverges(body) && diverges(handler),
        _ => false,
    }
}

/// Whether the end of a block is never reached.
pub(crate) fn block_diverges(block: &Block) -> bool {
    let step = |step: &Step| match step {
        Step::Break | Step::Continue => true,
        Step::Expr(expr) | Step::Let(_, expr) | Step::Assign(_, expr) => diverges(expr),
        Step::While(condition, body) => {
            condition.kind == ExprKind::Constant(Value::Bool(true)) && !has_break(body)
        }
        _ => false,
    };
    block.statements.iter().any(step) || block.value.as_ref().is_some_and(diverges)
}

/// Whether a loop's body leaves that loop by BREAK.
fn has_break(block: &Block) -> bool {
    let in_expr = |expr: &Expr| {
        expr.any(&|e| match &e.kind {
            ExprKind::Block(inner) => inner.statements.iter().any(|s| matches!(s, Step::Break)),
            _ => false,
        })
    };
    let steps = block.statements.iter().any(|step| match step {
        Step::Break => true,
        Step::Expr(e) | Step::Let(_, e) | Step::Assign(_, e) => in_expr(e),
        _ => false,
    });
    steps || block.value.as_ref().is_some_and(in_expr)
}

/// Gives an expression that diverges the type that its context asks for.
pub(crate) fn retype(expr: &mut Expr, ty: &Type) {
    expr.ty = ty.clone();
    match &mut expr.kind {
        ExprKind::If { then, otherwise, .. } => {
            retype(then, ty);
            retype(otherwise, ty);
        }
        ExprKind::Block(block) => {
            if let Some(value) = &mut block.value {
                retype(value, ty);
            }
        }
        ExprKind::Try { body, handler, .. } => {
            retype(body, ty);
            retype(handler, ty);
        }
        _ => {}
    }
}

/// The overlay of a script over a catalog, laid again for a statement that is checked when reached.
pub fn overlay_of<'a>(catalog: &'a dyn Catalog, objects: Definitions) -> Overlay<'a> {
    let mut overlay = Overlay::new(catalog);
    overlay.objects = objects;
    overlay
}

/// The columns and locals that a checked body leaves behind.
pub(crate) fn statement_of(
    checker: &mut Checker<'_>,
    kind: hir::StatementKind,
    span: Span,
) -> hir::Statement {
    hir::Statement {
        kind,
        place: checker.place(span),
        parameters: std::mem::take(&mut checker.parameters),
        columns: std::mem::take(&mut checker.columns),
        locals: std::mem::take(&mut checker.locals),
    }
}
