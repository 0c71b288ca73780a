//! The top level of a script: LET, and blocks, IF, WHILE, FOR and TRY whose statements run one by
//! one, each as if it stood there alone.
//!
//! What the machine can do by itself (loops over locals, PRINT, calls) is compiled as one
//! statement; only where a statement of the session stands inside, or a local of the script is
//! assigned to, the construct becomes a [`Control`]. Its statements are checked in order, each over
//! the objects that those before it made.

use super::operand::Mode;
use super::script::ScriptRun;
use super::{Binding, Checker, Meaning, ScriptLocal, statement_of};
use crate::catalog::{Catalog, Source};
use crate::diagnostics as say;
use crate::hir::{Control, Expr, ExprKind, Statement, StatementKind};
use grizzly_bytecode::{ExceptionType, Place, Type, Value};
use grizzly_grammar::{Diagnostic, Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A local of the script in scope of a late statement: its name, the local.
pub type LiveLocal = (SmolStr, ScriptLocal);

/// Checks a statement inside a block now that it is reached.
pub fn check_inner(
    statement: &ast::Statement,
    source: &Source,
    catalog: &dyn Catalog,
    locals: Vec<LiveLocal>,
) -> (Statement, Vec<Diagnostic>) {
    let mut run = ScriptRun::new(source, catalog);
    for (name, local) in locals {
        let (span, meaning) = (statement.span, Meaning::Script(local));
        run.names.push(Binding { name, span, meaning, what: "local", used: true });
    }
    let checked = run.one(statement);
    (checked, run.diagnostics)
}

/// Whether a construct holds a statement that the session runs, or a SET of what it does not
/// declare: `is_outer` says of which names that is true. `leaves` says that BREAK and CONTINUE mean
/// a loop around the construct.
fn needs_session(
    statement: &ast::Statement,
    is_outer: &dyn Fn(&ast::Ident) -> bool,
    leaves: bool,
) -> bool {
    use ast::StatementKind as K;
    let looped = |block: &ast::Block| block_needs_session(block, is_outer, false);
    match &statement.kind {
        K::Expression(expr) => expr_needs_session(expr, is_outer, leaves),
        K::While(repeat) => looped(&repeat.body),
        K::For(each) => looped(&each.body),
        K::Break | K::Continue => leaves,
        K::Set(set) => is_outer(&set.target.root),
        K::Let(_) | K::Print(_) | K::Assert(_) | K::Empty => false,
        K::Error | K::Later(_) => false,
        _ => true,
    }
}

fn block_needs_session(
    block: &ast::Block,
    is_outer: &dyn Fn(&ast::Ident) -> bool,
    leaves: bool,
) -> bool {
    // A SET of what the block itself declares is the machine's; every other one is not.
    let own = |name: &ast::Ident| {
        let declares = |statement: &ast::Statement| match &statement.kind {
            ast::StatementKind::Let(binding) => binding.name.eq_name(&name.name),
            _ => false,
        };
        !block.statements.iter().any(declares) && is_outer(name)
    };
    // All are looked at, none is skipped: `inner_sets` hears of every SET.
    let inner = any_of(block.statements.iter(), |one| needs_session(one, &own, leaves));
    let value = block.value.as_ref().is_some_and(|value| {
        matches!(value.kind, ast::ExprKind::Query(_)) || expr_needs_session(value, &own, leaves)
    });
    inner | value
}

/// Whether the test holds for one; every one is tested.
fn any_of<T>(items: impl Iterator<Item = T>, test: impl Fn(T) -> bool) -> bool {
    items.fold(false, |found, item| test(item) | found)
}

fn expr_needs_session(
    expr: &ast::Expr,
    is_outer: &dyn Fn(&ast::Ident) -> bool,
    leaves: bool,
) -> bool {
    use ast::ExprKind as K;
    let block = |block: &ast::Block| block_needs_session(block, is_outer, leaves);
    let body = |body: &ast::Expr| expr_needs_session(body, is_outer, leaves);
    match &expr.kind {
        K::Block(inner) => block(inner),
        K::If(branches) => {
            any_of(branches.branches.iter(), |branch| block(&branch.body))
                | branches.otherwise.as_ref().is_some_and(block)
        }
        K::Match(matching) => any_of(matching.arms.iter(), |arm| body(&arm.body)),
        K::Try(attempt) => {
            let caught = match &attempt.catch {
                ast::Catch::Fallback(fallback) => body(fallback),
                ast::Catch::Handlers(handlers) => any_of(handlers.iter(), |one| body(&one.body)),
                ast::Catch::Missing => false,
            };
            body(&attempt.body) | caught
        }
        _ => false,
    }
}

/// Calls `found` with the names that a SET inside a construct assigns to.
pub(super) fn inner_sets(statement: &ast::Statement, found: &mut dyn FnMut(&ast::Ident)) {
    let seen = std::cell::RefCell::new(Vec::new());
    // Every SET is asked about: none is an outer one, so that the walk goes on.
    needs_session(
        statement,
        &|name| {
            seen.borrow_mut().push(name.clone());
            false
        },
        false,
    );
    seen.into_inner().iter().for_each(found);
}

impl ScriptRun<'_> {
    /// Checks a statement at the top level or inside a block of it, and applies what it does to
    /// the objects.
    pub(super) fn one(&mut self, statement: &ast::Statement) -> Statement {
        let checked = self.one_of(statement);
        self.overlay.apply(&checked);
        if let StatementKind::SetVariable(name, _) = &checked.kind
            && let Some(variable) = self.overlay.own_variable(name)
        {
            self.variables.insert(name.clone(), variable.clone());
        }
        checked
    }

    fn one_of(&mut self, statement: &ast::Statement) -> Statement {
        use ast::StatementKind as K;
        let span = statement.span;
        let local = |run: &Self, name: &ast::Ident| run.local_named(name).is_some();
        match &statement.kind {
            K::Let(binding) => return self.let_local(binding, span),
            K::Set(set) if set.target.path.is_empty() && local(self, &set.target.root) => {
                return self.set_local(set, span);
            }
            K::Break | K::Continue if self.loops > 0 => {
                let leave = matches!(statement.kind, K::Break);
                return self
                    .control_of(if leave { Control::Break } else { Control::Continue }, span);
            }
            _ => {}
        }
        let inside = self.depth > 0;
        // What a construct does not declare itself is a variable or a local of the script.
        if holds_statements(statement) && needs_session(statement, &|_| true, self.loops > 0) {
            let made = self.construct(statement);
            return made.unwrap_or_else(|| self.made_of(StatementKind::Error, span));
        }
        if inside && let Some(what) = forbidden(&statement.kind) {
            self.diagnostics.push(say::misplaced_statement(span, what, "a block"));
            return self.made_of(StatementKind::Error, span);
        }
        let names = self.names.clone();
        let live = self.live();
        let mut checker = self.checker();
        checker.names = names;
        let mut checked = checker.statement(statement);
        let diagnostics = std::mem::take(&mut checker.diagnostics);
        let names = std::mem::take(&mut checker.names);
        drop(checker);
        self.names = names;
        self.diagnostics.extend(diagnostics);
        if checked.kind == StatementKind::Late && (inside || !live.is_empty()) {
            let late = Control::Late(Arc::new(statement.clone()), live);
            checked.kind = StatementKind::Control(Box::new(late));
            self.overlay.objects.open = true;
        }
        checked
    }

    /// The locals in scope, for a statement that is checked when it is reached.
    fn live(&self) -> Vec<(SmolStr, SmolStr, Type)> {
        let local = |binding: &Binding| match &binding.meaning {
            Meaning::Script(local) => {
                Some((binding.name.clone(), local.key.clone(), local.ty.clone()))
            }
            _ => None,
        };
        self.names.iter().filter_map(local).collect()
    }

    fn local_named(&self, name: &ast::Ident) -> Option<ScriptLocal> {
        let folded = name.folded();
        let binding = self.names.iter().rev().find(|binding| binding.name == folded)?;
        match &binding.meaning {
            Meaning::Script(local) => Some(local.clone()),
            _ => None,
        }
    }

    fn made_of(&self, kind: StatementKind, span: Span) -> Statement {
        let mut checker = self.checker();
        statement_of(&mut checker, kind, span)
    }

    fn control_of(&self, control: Control, span: Span) -> Statement {
        self.made_of(StatementKind::Control(Box::new(control)), span)
    }

    /// Checks with the script's locals in scope, and makes a statement of the result.
    fn value<N>(
        &mut self,
        span: Span,
        name: &SmolStr,
        node: &N,
        check: impl for<'c> FnOnce(&mut Checker<'c>, &'c N) -> Expr,
    ) -> Option<Statement> {
        let names = self.names.clone();
        let mut checker = self.checker();
        checker.names = names;
        let value = check(&mut checker, node);
        let late = checker.late.take();
        let failed = value.ty.is_error() || checker.errored.get();
        let kind = StatementKind::Let(name.clone(), value);
        checker.infer_statement_locals(&kind);
        let kind = checker.with_undo(kind);
        let made = statement_of(&mut checker, kind, span);
        let mut diagnostics = std::mem::take(&mut checker.diagnostics);
        let names = std::mem::take(&mut checker.names);
        drop(checker);
        self.names = names;
        let failed = failed || diagnostics.iter().any(Diagnostic::is_error);
        if let Some((at, why)) = late {
            // It is a value that a block needs: nothing stands for it until then.
            diagnostics.clear();
            diagnostics.push(say::not_supported(at, &format!("a condition or a LET over {why}")));
        }
        self.diagnostics.extend(diagnostics);
        (!failed).then_some(made)
    }

    fn declare(&mut self, name: &ast::Ident, ty: Type) -> SmolStr {
        let key = SmolStr::from(format!("{}@{}", name.folded(), name.span.start));
        let local = ScriptLocal { key: key.clone(), ty, value: None };
        let (folded, span) = (name.folded(), name.span);
        let meaning = Meaning::Script(local);
        self.names.push(Binding { name: folded, span, meaning, what: "local", used: false });
        key
    }

    /// `LET name [: T] = e` of the script.
    fn let_local(&mut self, binding: &ast::Let, span: Span) -> Statement {
        let made = self.value(span, &SmolStr::default(), binding, |checker, binding| {
            let value = match &binding.declared_type {
                Some(declared) => {
                    let ty = checker.resolve_type(declared);
                    let why = format!("`{}`", binding.name.name);
                    checker.expr_as(&binding.value, &ty, Mode::Assign, &why)
                }
                None => checker.expr(&binding.value),
            };
            if value.ty == Type::Unit {
                checker.report(say::no_value(binding.value.span, "this", None));
            }
            if super::types::holds_function(&value.ty) {
                checker.report(say::kept_function(binding.value.span, "a local of the script"));
            }
            value
        });
        let Some(mut made) = made else {
            self.declare(&binding.name, Type::Error);
            self.names.last_mut().into_iter().for_each(|binding| binding.used = true);
            return self.made_of(StatementKind::Error, span);
        };
        if let StatementKind::Let(key, value) = &mut made.kind {
            let ty = if value.ty == Type::Null { Type::Text } else { value.ty.clone() };
            *key = self.declare(&binding.name, ty);
        }
        made
    }

    /// `SET name = e` of a local of the script.
    fn set_local(&mut self, set: &ast::Set, span: Span) -> Statement {
        let Some(local) = self.local_named(&set.target.root) else {
            return self.made_of(StatementKind::Error, span);
        };
        let why = format!("`{}`", set.target.root.name);
        let made = self.value(span, &local.key, &set.value, |checker, value| {
            checker.expr_as(value, &local.ty, Mode::Assign, &why)
        });
        made.unwrap_or_else(|| self.made_of(StatementKind::Error, span))
    }

    fn condition(&mut self, condition: &ast::Expr, what: &str) -> Option<Statement> {
        self.value(condition.span, &SmolStr::default(), condition, |checker, condition| {
            checker.condition(condition, what)
        })
    }

    /// The statements of a block, in a scope of their own.
    fn statements(&mut self, block: &ast::Block) -> Vec<Statement> {
        let keep = self.names.len();
        self.depth += 1;
        let mut made: Vec<Statement> =
            block.statements.iter().map(|statement| self.one(statement)).collect();
        if let Some(value) = &block.value {
            let kind = match &value.kind {
                ast::ExprKind::Query(query) => ast::StatementKind::Query(query.clone()),
                _ => ast::StatementKind::Expression((**value).clone()),
            };
            made.push(self.one(&ast::Statement { kind, span: value.span, doc: None }));
        }
        self.depth -= 1;
        self.end_scope(keep);
        made
    }

    /// Ends the scope of the locals after the first `keep`, and reports those that nothing read.
    pub(super) fn end_scope(&mut self, keep: usize) {
        let names = std::mem::take(&mut self.names);
        let mut checker = self.checker();
        checker.names = names;
        checker.unbind(keep);
        let diagnostics = std::mem::take(&mut checker.diagnostics);
        let names = std::mem::take(&mut checker.names);
        drop(checker);
        self.names = names;
        self.diagnostics.extend(diagnostics);
    }

    /// The body of an arm or a handler.
    fn body(&mut self, body: &ast::Expr) -> Vec<Statement> {
        match &body.kind {
            ast::ExprKind::Block(block) => self.statements(block),
            _ => {
                let kind = ast::StatementKind::Expression(body.clone());
                let statement = ast::Statement { kind, span: body.span, doc: None };
                self.depth += 1;
                let made = vec![self.one(&statement)];
                self.depth -= 1;
                made
            }
        }
    }

    fn construct(&mut self, statement: &ast::Statement) -> Option<Statement> {
        use ast::StatementKind as K;
        let span = statement.span;
        let control = match &statement.kind {
            K::While(repeat) => {
                let condition = self.condition(&repeat.condition, "the condition of WHILE")?;
                Control::While(condition, self.looped(&repeat.body))
            }
            K::For(each) => {
                let at = each.source.span;
                let elements = self.value(at, &SmolStr::default(), &**each, |checker, each| {
                    let made = checker.for_elements(each);
                    made.unwrap_or_else(|| checker.error(each.source.span))
                })?;
                let element = match &elements.kind {
                    StatementKind::Let(_, value) => match &value.ty {
                        Type::Array(element) => (**element).clone(),
                        _ => return None,
                    },
                    _ => return None,
                };
                let keep = self.names.len();
                let key = self.declare(&each.variable, element);
                let body = self.looped(&each.body);
                self.end_scope(keep);
                Control::For(key, elements, body)
            }
            K::Expression(expr) => match &expr.kind {
                ast::ExprKind::Block(block) => Control::Sequence(self.statements(block)),
                ast::ExprKind::If(branches) => self.choice(&branches.branches, branches)?,
                ast::ExprKind::Try(attempt) => self.attempt(attempt, span)?,
                _ => {
                    let what = "MATCH with statements of the session at the top level";
                    self.diagnostics.push(say::not_supported(span, what));
                    return None;
                }
            },
            _ => return None,
        };
        Some(self.control_of(control, span))
    }

    fn looped(&mut self, body: &ast::Block) -> Vec<Statement> {
        self.loops += 1;
        let made = self.statements(body);
        self.loops -= 1;
        made
    }

    fn choice(&mut self, branches: &[ast::IfBranch], whole: &ast::If) -> Option<Control> {
        let (first, rest) = branches.split_first()?;
        let condition = self.condition(&first.condition, "the condition of IF")?;
        let then = self.statements(&first.body);
        let otherwise = match (rest, &whole.otherwise) {
            ([], Some(block)) => self.statements(block),
            ([], None) => Vec::new(),
            _ => {
                let span = rest.first().map_or(first.span, |branch| branch.span);
                let next = self.choice(rest, whole)?;
                vec![self.control_of(next, span)]
            }
        };
        Some(Control::If(condition, then, otherwise))
    }

    fn attempt(&mut self, attempt: &ast::Try, span: Span) -> Option<Control> {
        let body = self.body(&attempt.body);
        let exception = SmolStr::from(format!("exception@{}", span.start));
        let unknown = ExceptionType {
            name: "Exception".into(),
            parent: None,
            message: SmolStr::default(),
            fields: Vec::new(),
        };
        let ty = Type::Exception(Arc::new(unknown));
        let held = ScriptLocal { key: exception.clone(), ty, value: None };
        let mut handlers = Vec::new();
        match &attempt.catch {
            ast::Catch::Fallback(fallback) => {
                let caught = self.caught(&held, None, None, fallback.span)?;
                handlers.push((caught, self.body(fallback)));
            }
            ast::Catch::Handlers(given) => {
                for handler in given {
                    let ty = match &handler.exception {
                        Some(name) => Some(self.exception(name)?),
                        None => None,
                    };
                    let keep = self.names.len();
                    if let Some(name) = &handler.binding {
                        let ty = ty.clone().map_or(held.ty.clone(), Type::Exception);
                        let local = ScriptLocal { ty, ..held.clone() };
                        let (folded, span) = (name.folded(), name.span);
                        let (meaning, what) = (Meaning::Script(local), "exception");
                        self.names.push(Binding { name: folded, span, meaning, what, used: false });
                    }
                    let guard = handler.guard.as_ref();
                    let condition = self.caught(&held, ty.as_deref(), guard, handler.span);
                    let body = self.body(&handler.body);
                    self.end_scope(keep);
                    handlers.push((condition?, body));
                }
            }
            ast::Catch::Missing => return None,
        }
        Some(Control::Try { body, exception, handlers })
    }

    fn exception(&mut self, name: &ast::Name) -> Option<Arc<ExceptionType>> {
        let mut checker = self.checker();
        let found = checker.exception_named(name);
        let diagnostics = std::mem::take(&mut checker.diagnostics);
        drop(checker);
        self.diagnostics.extend(diagnostics);
        found
    }

    /// When a handler is taken.
    fn caught(
        &mut self,
        held: &ScriptLocal,
        ty: Option<&ExceptionType>,
        guard: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Statement> {
        self.value(span, &SmolStr::default(), &guard, |checker, guard| {
            let place: Place = checker.place(span);
            let value = checker.script_value(held.clone(), span);
            let fits = match ty {
                Some(ty) => {
                    let (operand, name) = (Box::new(value), ty.name.clone());
                    checker.boolean(ExprKind::ExceptionIs { operand, name }, place)
                }
                None => checker.boolean(ExprKind::Catchable(Box::new(value)), place),
            };
            match guard {
                Some(guard) => {
                    let guard = checker.condition(guard, "the guard");
                    let no = checker.constant(Value::Bool(false), Type::Bool, span);
                    checker.choice(fits, guard, no)
                }
                None => fits,
            }
        })
    }
}

/// Whether a statement is a construct with statements in it.
fn holds_statements(statement: &ast::Statement) -> bool {
    use ast::ExprKind as E;
    match &statement.kind {
        ast::StatementKind::While(_) | ast::StatementKind::For(_) => true,
        ast::StatementKind::Expression(expr) => {
            matches!(expr.kind, E::Block(_) | E::If(_) | E::Match(_) | E::Try(_))
        }
        _ => false,
    }
}

/// What may not stand in a block, by its words.
fn forbidden(kind: &ast::StatementKind) -> Option<&'static str> {
    use ast::StatementKind as K;
    let misplaced = matches!(
        kind,
        K::Begin(_) | K::Commit | K::Rollback { .. } | K::CreateFunction(_) | K::CreateType(_)
    );
    misplaced.then(|| super::statement::kind_name(kind))
}
