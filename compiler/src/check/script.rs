//! Whole scripts: types and functions first, as they are visible everywhere, then the statements in
//! order, each seeing what those before it will have made.

use super::effects::{block_effect, mark_undo};
use super::{Checker, ScriptFacts, statement_of};
use crate::catalog::{Catalog, FunctionKey, ObjectKind, Source, Variable, View};
use crate::diagnostics as say;
use crate::hir::{Effect, ExprKind, Function, Statement, StatementKind};
use crate::overlay::{Overlay, OverlayObjects};
use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Span, ast};
use hashbrown::{HashMap, HashSet};
use smol_str::SmolStr;
use std::sync::Arc;

/// What checking a script gives.
pub struct CheckedScript {
    /// One statement for each of the script's, in order.
    pub statements: Vec<Statement>,
    /// Everything that is to be said, ordered by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The script's own objects as they are after its last statement, its types and functions among
    /// them; late statements are checked over them.
    pub definitions: OverlayObjects,
}

/// Checks a whole script. Statements may be nested as deeply as [`grizzly_grammar::MAX_DEPTH`]
/// allows; the deepest take up to 32 MiB of the caller's stack in a build without optimisation.
pub fn check_script(script: &ast::Script, source: &Source, catalog: &dyn Catalog) -> CheckedScript {
    let statements: Vec<&ast::Statement> = script.statements.iter().collect();
    check_statements(&statements, source, catalog, ScriptFacts::default())
}

/// Checks the sources of a database's stored objects as one script, in which they may refer to each
/// other in any order.
pub fn check_stored(script: &ast::Script, source: &Source, catalog: &dyn Catalog) -> CheckedScript {
    let statements: Vec<&ast::Statement> = script.statements.iter().collect();
    let facts = ScriptFacts { stored: true, ..ScriptFacts::default() };
    check_statements(&statements, source, catalog, facts)
}

/// Checks one statement: a late one when it is reached, or an entry of the REPL.
pub fn check_statement(
    statement: &ast::Statement,
    source: &Source,
    catalog: &dyn Catalog,
) -> (Statement, Vec<Diagnostic>) {
    let facts = ScriptFacts { reached: true, ..ScriptFacts::default() };
    let mut checked = check_statements(&[statement], source, catalog, facts);
    let place = grizzly_bytecode::Place {
        source: source.id,
        start: statement.span.start,
        end: statement.span.end,
    };
    let empty = || Statement {
        kind: StatementKind::Error,
        place,
        parameters: Vec::new(),
        columns: Vec::new(),
        locals: Vec::new(),
    };
    (checked.statements.pop().unwrap_or_else(empty), checked.diagnostics)
}

fn check_statements(
    statements: &[&ast::Statement],
    source: &Source,
    catalog: &dyn Catalog,
    facts: ScriptFacts,
) -> CheckedScript {
    let mut run = ScriptRun::new(source, catalog);
    run.facts = facts;
    run.facts.gaps =
        statements.iter().any(|statement| matches!(statement.kind, ast::StatementKind::Error));
    run.overlay.objects.single = single_assignments(statements);
    run.note_drops(statements);
    run.define_types(statements);
    run.note_tables(statements);
    run.note_views(statements);
    run.define_functions(statements);
    let mut checked = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        checked.push(run.statement(index, statement));
    }
    run.end_scope(0);
    let mut diagnostics = run.diagnostics;
    diagnostics
        .sort_by_key(|diagnostic| (diagnostic.primary.span.start, diagnostic.primary.span.end));
    CheckedScript { statements: checked, diagnostics, definitions: run.overlay.objects }
}

/// The variables that one top-level SET gives a literal, and nothing else sets: a SET in a block
/// counts too.
fn single_assignments(statements: &[&ast::Statement]) -> HashSet<SmolStr> {
    let mut counts: HashMap<SmolStr, u32> = HashMap::new();
    for statement in statements {
        if let ast::StatementKind::Set(set) = &statement.kind {
            let literal = matches!(set.value.kind, ast::ExprKind::Literal(_));
            *counts.entry(set.target.root.folded()).or_default() += if literal { 1 } else { 2 };
        } else {
            super::control::inner_sets(statement, &mut |name| {
                *counts.entry(name.folded()).or_default() += 2;
            });
        }
    }
    counts.into_iter().filter(|(_, count)| *count == 1).map(|(name, _)| name).collect()
}

/// The state of checking one script.
pub(super) struct ScriptRun<'s> {
    source: &'s Source,
    pub(super) overlay: Overlay<'s>,
    facts: ScriptFacts,
    /// What the CREATE TYPE and CREATE FUNCTION statements have become, by index.
    made: HashMap<usize, StatementKind>,
    pub(super) variables: HashMap<SmolStr, Variable>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The locals of the script in scope.
    pub(super) names: Vec<super::Binding>,
    /// The number of loops and of blocks around the statement that is being checked.
    pub(super) loops: u32,
    pub(super) depth: u32,
}

impl<'s> ScriptRun<'s> {
    pub(super) fn new(source: &'s Source, catalog: &'s dyn Catalog) -> Self {
        ScriptRun {
            source,
            overlay: Overlay::new(catalog),
            facts: ScriptFacts::default(),
            made: HashMap::new(),
            variables: HashMap::new(),
            diagnostics: Vec::new(),
            names: Vec::new(),
            loops: 0,
            depth: 0,
        }
    }

    pub(super) fn checker(&self) -> Checker<'_> {
        let open = self.overlay.objects.open;
        let mut checker = Checker::new(&self.overlay, &self.facts, self.source, open);
        checker.script_variables = self.variables.clone();
        checker
    }

    /// The types and functions that the script drops, so that it may make them again.
    fn note_drops(&mut self, statements: &[&ast::Statement]) {
        for (index, statement) in statements.iter().enumerate() {
            let ast::StatementKind::Drop(drop) = &statement.kind else { continue };
            let kind = match drop.class {
                ast::ObjectClass::Type => ObjectKind::Type,
                ast::ObjectClass::Function if drop.receiver.is_none() => ObjectKind::Function,
                _ => continue,
            };
            for ident in drop.names.iter().filter_map(ast::Name::as_ident) {
                self.facts.dropped.entry((kind, ident.folded())).or_insert(index);
            }
        }
    }

    /// Notes that a type or a function is there only from statement number `index` on.
    fn note_hoisted(&mut self, kind: ObjectKind, name: SmolStr, index: usize) {
        self.facts.hoisted.entry((kind, name)).or_insert(index);
    }

    /// CREATE TYPE: each once the types that it mentions are there.
    fn define_types(&mut self, statements: &[&ast::Statement]) {
        let mut waiting: Vec<(usize, &ast::CreateType)> = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            if let ast::StatementKind::CreateType(create) = &statement.kind {
                waiting.push((index, create));
            }
        }
        self.note_table_names(statements);
        while !waiting.is_empty() {
            let names: HashSet<SmolStr> =
                waiting.iter().filter_map(|(_, create)| type_name(create)).collect();
            let ready = waiting.iter().position(|(_, create)| {
                let own = type_name(create);
                let mut mentioned = Vec::new();
                mentions(create, &mut mentioned);
                // A second definition of a name waits for nothing of its own.
                mentioned.iter().all(|(name, _)| !names.contains(name) || own.is_none())
            });
            match ready {
                Some(at) => {
                    let (index, create) = waiting.remove(at);
                    self.define_type(index, create);
                }
                None => {
                    self.recursive_types(&waiting);
                    return;
                }
            }
        }
    }

    fn recursive_types(&mut self, waiting: &[(usize, &ast::CreateType)]) {
        let names: HashSet<SmolStr> =
            waiting.iter().filter_map(|(_, create)| type_name(create)).collect();
        for (index, create) in waiting {
            let mut mentioned = Vec::new();
            mentions(create, &mut mentioned);
            let found = mentioned.iter().find(|(name, _)| names.contains(name));
            if let (Some(name), Some((_, span))) = (type_name(create), found) {
                let direct = !through_array(create, *span);
                self.diagnostics.push(if direct {
                    say::recursive_type(*span, &name)
                } else {
                    say::not_supported(*span, "a type that contains itself through an ARRAY")
                });
                self.overlay.objects.types.insert(name.clone(), Some((name, Type::Error)));
            }
            self.made.insert(*index, StatementKind::Error);
        }
    }

    fn define_type(&mut self, index: usize, create: &ast::CreateType) {
        let mut checker = self.checker();
        let defined = checker.type_definition(create);
        let late = checker.late.take();
        let mut diagnostics = std::mem::take(&mut checker.diagnostics);
        let errored = checker.errored.get();
        drop(checker);
        let failed = errored || diagnostics.iter().any(Diagnostic::is_error) || late.is_some();
        let kind = match defined {
            Some((name, ty)) => {
                let key = ast::fold(&name);
                let known = self
                    .overlay
                    .ty(&key)
                    .filter(|_| !self.facts.dropped_before(ObjectKind::Type, &key, index));
                if known.is_none() && self.overlay.ty(&key).is_none() {
                    self.note_hoisted(ObjectKind::Type, key.clone(), index);
                }
                let made = self.facts.made_at.entry((ObjectKind::Type, key.clone()));
                made.or_default().push(index);
                let kind = match known {
                    Some(known) if known == ty => StatementKind::Nothing,
                    Some(_) if create.if_not_exists => StatementKind::Nothing,
                    Some(_) if !create.or_replace => {
                        let at = create.name.span;
                        let help = "write `CREATE OR REPLACE TYPE` to replace it";
                        diagnostics.push(say::already_exists(at, "type", &name, None, help));
                        StatementKind::Error
                    }
                    _ => {
                        let entry = Some((name.clone(), ty.clone()));
                        self.overlay.objects.types.insert(key, entry);
                        StatementKind::CreateType(name, ty)
                    }
                };
                if failed { StatementKind::Error } else { kind }
            }
            None => StatementKind::Error,
        };
        self.diagnostics.extend(diagnostics);
        self.made.insert(index, kind);
    }

    fn note_table_names(&mut self, statements: &[&ast::Statement]) {
        for statement in statements {
            if let ast::StatementKind::CreateTable(create) = &statement.kind
                && let Some(ident) = create.name.as_ident()
            {
                self.facts.tables.entry(ident.folded()).or_insert(ident.span);
            }
        }
    }

    /// The row types of the tables that the script creates; what is wrong with them is said when
    /// their statement's turn comes.
    fn note_tables(&mut self, statements: &[&ast::Statement]) {
        for statement in statements {
            let ast::StatementKind::CreateTable(create) = &statement.kind else { continue };
            let Some(ident) = create.name.as_ident() else { continue };
            let table = self.checker().table_shape(create, &ident.name);
            if let Some(table) = table {
                let row = Type::Struct(Arc::new(table.row_type()));
                self.facts.row_types.insert(ident.folded(), row);
                self.facts.shapes.insert(ident.folded(), Arc::new(table));
            }
        }
    }

    /// The views that the script makes; they are checked when their statement's turn comes.
    fn note_views(&mut self, statements: &[&ast::Statement]) {
        for statement in statements {
            let ast::StatementKind::CreateView(create) = &statement.kind else { continue };
            let Some(ident) = create.name.as_ident() else { continue };
            let view = View {
                name: ident.name.clone(),
                definition: Arc::new((**create).clone()),
                source: self.source.id,
                text: self.source.text.clone(),
            };
            self.facts.views.insert(ident.folded(), Arc::new(view));
        }
    }

    /// CREATE FUNCTION: all signatures, then all bodies, then effects through the calls.
    fn define_functions(&mut self, statements: &[&ast::Statement]) {
        let mut pending: Vec<(usize, &ast::CreateFunction, Function, bool)> = Vec::new();
        let mut firsts: HashMap<FunctionKey, Span> = HashMap::new();
        for (index, statement) in statements.iter().enumerate() {
            let ast::StatementKind::CreateFunction(create) = &statement.kind else { continue };
            let mut checker = self.checker();
            let function = checker.signature(create, statement);
            let errored = checker.errored.get();
            let diagnostics = std::mem::take(&mut checker.diagnostics);
            drop(checker);
            self.diagnostics.extend(diagnostics);
            let Some(function) = function else {
                self.facts.broken.extend(create.name.as_ident().map(ast::Ident::folded));
                self.made.insert(index, StatementKind::Error);
                continue;
            };
            if let Some(kind) = self.existing_function(create, &function, &mut firsts, index) {
                self.made.insert(index, kind);
                continue;
            }
            let key = function.key.clone();
            self.overlay.objects.functions.insert(key, Some(Arc::new(function.clone())));
            pending.push((index, create, function, errored));
        }
        let mut bodies: Vec<(usize, Function, bool)> = Vec::new();
        for (index, create, function, bad_head) in pending {
            let mut checker = self.checker();
            let function = checker.body(create, function);
            let diagnostics = std::mem::take(&mut checker.diagnostics);
            let errored = checker.errored.get();
            drop(checker);
            let failed = bad_head || errored || diagnostics.iter().any(Diagnostic::is_error);
            self.diagnostics.extend(diagnostics);
            bodies.push((index, function, failed));
        }
        self.infer_effects(&mut bodies);
        let known: HashMap<FunctionKey, Effect> =
            bodies.iter().map(|(_, f, _)| (f.key.clone(), f.effect)).collect();
        for (_, function, _) in &mut bodies {
            mark_undo(&mut function.body, &|key| match known.get(key) {
                Some(effect) => *effect,
                None => self.overlay.function(key).map_or(Effect::Pure, |f| f.effect),
            });
        }
        for (index, function, failed) in bodies {
            let function = Arc::new(function);
            let key = function.key.clone();
            self.overlay.objects.functions.insert(key, Some(function.clone()));
            let kind = match failed {
                true => StatementKind::Error,
                false => StatementKind::CreateFunction(function),
            };
            self.made.insert(index, kind);
        }
    }

    /// What becomes of a CREATE of a function that exists; `None` where it makes a new one.
    fn existing_function(
        &mut self,
        create: &ast::CreateFunction,
        function: &Function,
        firsts: &mut HashMap<FunctionKey, Span>,
        index: usize,
    ) -> Option<StatementKind> {
        let at = create.name.span;
        let first = firsts.get(&function.key).copied();
        let there = self.overlay.function(&function.key).is_some();
        let shown = match &function.key.receiver {
            Some(receiver) => SmolStr::from(format!("{receiver}.{}", function.key.name)),
            None => function.key.name.clone(),
        };
        let exists = there && !self.facts.dropped_before(ObjectKind::Function, &shown, index);
        let made = self.facts.made_at.entry((ObjectKind::Function, shown.clone()));
        made.or_default().push(index);
        if !there {
            self.note_hoisted(ObjectKind::Function, shown, index);
        }
        firsts.entry(function.key.clone()).or_insert(at);
        if exists && create.if_not_exists {
            return Some(StatementKind::Nothing);
        }
        if exists && !create.or_replace {
            let help = "write `CREATE OR REPLACE FUNCTION` to replace it";
            let name = &function.display;
            self.diagnostics.push(say::already_exists(at, "function", name, first, help));
            return Some(StatementKind::Error);
        }
        let name = &function.key.name;
        if function.key.receiver.is_none() && !self.overlay.natives(name).is_empty() {
            self.diagnostics.push(say::hides_builtin(at, name));
        }
        None
    }

    /// The effects of functions that call each other: the least solution, from below.
    fn infer_effects(&self, bodies: &mut [(usize, Function, bool)]) {
        loop {
            let known: HashMap<FunctionKey, Effect> =
                bodies.iter().map(|(_, f, _)| (f.key.clone(), f.effect)).collect();
            let of = |key: &FunctionKey| match known.get(key) {
                Some(effect) => *effect,
                None => self.overlay.function(key).map_or(Effect::Pure, |f| f.effect),
            };
            let mut changed = false;
            for (_, function, _) in bodies.iter_mut() {
                let effect = block_effect(&function.body, &of);
                changed |= effect != function.effect;
                function.effect = effect;
            }
            if !changed {
                return;
            }
        }
    }

    fn statement(&mut self, index: usize, statement: &ast::Statement) -> Statement {
        let made = self.made.remove(&index);
        self.facts.current = index;
        let checked = match made {
            Some(kind) => {
                let checked = statement_of(&mut self.checker(), kind, statement.span);
                self.overlay.apply(&checked);
                checked
            }
            None => self.one(statement),
        };
        if let ast::StatementKind::CreateTable(create) = &statement.kind
            && checked.kind == StatementKind::Error
        {
            self.broken_table(create);
        }
        if let ast::StatementKind::CreateView(create) = &statement.kind
            && checked.kind == StatementKind::Error
        {
            self.facts.broken.extend(create.name.as_ident().map(ast::Ident::folded));
        }
        checked
    }

    /// A table whose CREATE was reported is there for the statements after it, as far as its
    /// columns are known; else nothing is said of it.
    fn broken_table(&mut self, create: &ast::CreateTable) {
        let Some(ident) = create.name.as_ident() else { return };
        let name = ident.folded();
        if self.overlay.table(&name).is_some() || self.overlay.view(&name).is_some() {
            return;
        }
        let shape = self.checker().table_shape(create, &ident.name);
        match shape {
            Some(table) => {
                self.overlay.objects.tables.insert(ident.folded(), Some(Arc::new(table)));
            }
            None => {
                self.facts.broken.insert(ident.folded());
            }
        }
    }
}

fn type_name(create: &ast::CreateType) -> Option<SmolStr> {
    create.name.as_ident().map(ast::Ident::folded)
}

/// The names of types that a definition mentions.
fn mentions(create: &ast::CreateType, found: &mut Vec<(SmolStr, Span)>) {
    match &create.definition {
        ast::TypeDefinition::Struct(fields) | ast::TypeDefinition::Exception { fields, .. } => {
            fields.iter().for_each(|field| type_mentions(&field.field_type, found));
        }
        ast::TypeDefinition::Alias(ty) => type_mentions(ty, found),
        ast::TypeDefinition::Enum(_) => {}
    }
}

fn type_mentions(ty: &ast::TypeExpr, found: &mut Vec<(SmolStr, Span)>) {
    match &ty.kind {
        ast::TypeKind::Named { name, .. } => {
            found.extend(name.as_ident().map(|ident| (ident.folded(), ident.span)));
        }
        ast::TypeKind::Array(inner) | ast::TypeKind::Task(inner) => type_mentions(inner, found),
        ast::TypeKind::Struct(fields) => {
            fields.iter().for_each(|field| type_mentions(&field.field_type, found));
        }
        ast::TypeKind::Map(key, value) => {
            type_mentions(key, found);
            type_mentions(value, found);
        }
        ast::TypeKind::Function(_) | ast::TypeKind::Error => {}
    }
}

/// Whether the mention at `span` stands inside an ARRAY or a MAP.
fn through_array(create: &ast::CreateType, span: Span) -> bool {
    fn inside(ty: &ast::TypeExpr, span: Span, array: bool) -> bool {
        match &ty.kind {
            ast::TypeKind::Named { name, .. } => array && name.span == span,
            ast::TypeKind::Array(inner) => inside(inner, span, true),
            ast::TypeKind::Map(key, value) => inside(key, span, true) || inside(value, span, true),
            ast::TypeKind::Struct(fields) => {
                fields.iter().any(|field| inside(&field.field_type, span, array))
            }
            _ => false,
        }
    }
    match &create.definition {
        ast::TypeDefinition::Struct(fields) | ast::TypeDefinition::Exception { fields, .. } => {
            fields.iter().any(|field| inside(&field.field_type, span, false))
        }
        _ => false,
    }
}

/// The value that a checked SET is known to give.
pub(crate) fn known_value(value: &crate::hir::Expr) -> Option<grizzly_bytecode::Value> {
    match &value.kind {
        ExprKind::Constant(constant) => Some(constant.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    /// What `check_script` asks of its caller's stack, in a build without optimisation.
    const STACK_BYTES: usize = 32 << 20;

    fn deep_texts() -> Vec<String> {
        vec![
            format!("SELECT {}1{};", "(".repeat(490), ")".repeat(490)),
            format!("SELECT x{} FROM (VALUES (1)) AS t(x);", " + x".repeat(980)),
            format!("SELECT {}x FROM (VALUES (1)) AS t(x);", "- ".repeat(480)),
            format!("SELECT {}1{};", "coalesce(NULL, ".repeat(450), ")".repeat(450)),
            format!("SELECT {}1{};", "CASE WHEN TRUE THEN ".repeat(150), " END".repeat(150)),
            format!("{}1{};", "IF TRUE { ".repeat(160), " }".repeat(160)),
            format!("{}1{};", "MATCH 1 { _ => ".repeat(160), " }".repeat(160)),
            format!("{}SELECT 1 AS x{};", "SELECT x FROM (".repeat(200), ")".repeat(200)),
        ]
    }

    #[test]
    fn the_deepest_statements_are_checked_within_the_stated_stack() {
        for text in deep_texts() {
            let run = move || {
                let (syntax, checked) = crate::check::testing::check(&text);
                assert!(syntax.is_empty(), "{} {syntax:#?}", text.get(..20).unwrap_or(""));
                assert_eq!(checked.statements.len(), 1);
            };
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
            assert!(thread.unwrap().join().is_ok());
        }
    }
}
