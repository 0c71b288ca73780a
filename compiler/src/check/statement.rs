//! Statements at the top level of a script.

use super::choice::Use;
use super::operand::{Mode, Operand};
use super::{Checker, statement_of, walk};
use crate::diagnostics as say;
use crate::hir::{ExplainMode, Expr, Statement, StatementKind};
use crate::nullability::{Env, infer_locals};
use grizzly_bytecode::{Parameter, ParameterSource, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

impl<'a> Checker<'a> {
    /// One statement; `Error` where it was reported.
    pub(crate) fn statement(&mut self, statement: &'a ast::Statement) -> Statement {
        let errors = self.errors();
        let kind = self.kind(statement);
        self.report_lengths();
        let late = self.late.take();
        let kind = match (kind, late) {
            (_, Some((span, why))) => {
                // What was found wrong may come right by the time it is reached.
                self.diagnostics.clear();
                let at = if span.is_empty() { statement.span } else { span };
                self.report(say::late(at, &why));
                StatementKind::Late
            }
            (Some(kind), None) if self.errors() == errors && !self.errored.get() => kind,
            _ => StatementKind::Error,
        };
        self.infer_statement_locals(&kind);
        let kind = self.with_undo(kind);
        statement_of(self, kind, statement.span)
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    fn report_lengths(&mut self) {
        let lengths = std::mem::take(&mut self.lengths);
        if let Some((first, others)) = lengths.split_first() {
            self.report(say::length_ignored(*first, others));
        }
    }

    /// Notes which TRYs of an expression at the top level undo changes.
    pub(crate) fn with_undo(&self, mut kind: StatementKind) -> StatementKind {
        let of = |key: &crate::catalog::FunctionKey| {
            self.catalog.function(key).map_or(crate::hir::Effect::Pure, |f| f.effect)
        };
        match &mut kind {
            StatementKind::Expression(expr, _)
            | StatementKind::Print(expr)
            | StatementKind::Let(_, expr)
            | StatementKind::SetVariable(_, expr) => super::effects::mark_undo_in(expr, &of),
            // A SELECT without FROM may write.
            StatementKind::Query(query) if query.from.is_none() => {
                query.for_each_expr_mut(&mut |e| super::effects::mark_undo_in(e, &of));
            }
            _ => {}
        }
        kind
    }

    /// Nullability of the locals of an expression at the top level.
    pub(crate) fn infer_statement_locals(&mut self, kind: &StatementKind) {
        let (StatementKind::Expression(expr, _)
        | StatementKind::Print(expr)
        | StatementKind::Let(_, expr)
        | StatementKind::SetVariable(_, expr)) = kind
        else {
            return;
        };
        let body = crate::hir::Block { statements: Vec::new(), value: Some(expr.clone()) };
        let calls = |key: &crate::catalog::FunctionKey| {
            let callee = self.catalog.function(key);
            callee.and_then(|f| f.result.clone()).is_none_or(|result| result.nullable)
        };
        let env = Env { locals: &|_| true, columns: &|_| true, calls: &calls };
        let inferred = infer_locals(&body, &self.locals, &[], &env);
        for (local, nullable) in self.locals.iter_mut().zip(inferred) {
            local.nullable = nullable;
        }
    }

    fn kind(&mut self, statement: &'a ast::Statement) -> Option<StatementKind> {
        use ast::StatementKind as K;
        let span = statement.span;
        Some(match &statement.kind {
            K::Query(query) => StatementKind::Query(self.query(query, None)?),
            K::Expression(expr) => return self.expression_statement(expr),
            K::Set(set) => return self.set_variable(set),
            K::Print(value) => {
                let value = self.expr(value);
                if value.ty == Type::Unit {
                    let at = Span::new(value.place.start, value.place.end);
                    self.report(say::no_value(at, "this", None));
                }
                StatementKind::Print(value)
            }
            K::While(_) | K::For(_) => return self.loop_statement(statement),
            K::Prepare { name, statement } => {
                let kind = self.kind(statement)?;
                self.infer_statement_locals(&kind);
                let inner = statement_of(self, kind, statement.span);
                StatementKind::Prepare(name.folded(), Box::new(inner))
            }
            K::Execute { name, arguments } => return self.execute(name, arguments, span),
            K::Deallocate(name) => {
                let folded = name.folded();
                if self.catalog.prepared(&folded).is_none() && !self.open {
                    self.report(say::unknown_prepared(name.span, &name.name));
                    return None;
                }
                StatementKind::Deallocate(folded)
            }
            K::Assert(assert) => {
                StatementKind::Expression(self.assertion(assert, span)?, SmolStr::default())
            }
            K::Insert(insert) => return self.insert(insert),
            K::Update(update) => return self.update(update, span),
            K::Delete(delete) => return self.delete(delete, span),
            K::CreateTable(create) => return self.create_table(create),
            K::CreateIndex(create) => return self.create_index(create),
            K::Truncate(names) => return self.truncate(names),
            K::Copy(copy) => return self.copy(copy, span),
            K::CreateView(create) => return self.create_view(create),
            K::Drop(drop) => return self.drop_objects(drop),
            K::Begin(level) => {
                StatementKind::Begin(*level == Some(ast::IsolationLevel::Serializable))
            }
            K::Commit => StatementKind::Commit,
            K::Rollback { to: None } => StatementKind::Rollback,
            K::Rollback { to: Some(name) } => StatementKind::RollbackTo(name.folded()),
            K::Savepoint(name) => StatementKind::Savepoint(name.folded()),
            K::Release(name) => StatementKind::Release(name.folded()),
            K::Show(kind) => return self.show(*kind, span),
            K::Describe(describe) => return self.describe(describe, span),
            K::Explain { mode, statement } => return self.explain(*mode, statement),
            K::Break | K::Continue => {
                self.report(say::outside_loop(span, kind_name(&statement.kind)));
                return None;
            }
            K::Empty => StatementKind::Nothing,
            K::Error | K::Later(_) => return None,
            other => {
                self.later(span, kind_name(other));
                return None;
            }
        })
    }

    fn expression_statement(&mut self, expr: &'a ast::Expr) -> Option<StatementKind> {
        let operand = match self.statement_like(expr, None, Use::Maybe) {
            Some(operand) => operand,
            None => self.operand(expr, None),
        };
        let value = self.settle(operand);
        if super::types::holds_function(&value.ty) {
            self.report(say::kept_function(expr.span, "a result"));
            return None;
        }
        if value.ty.is_error() || walk::has_error(&value) {
            return None;
        }
        let name =
            if value.ty == Type::Unit { SmolStr::default() } else { self.name_of(expr, &value) };
        Some(StatementKind::Expression(value, name))
    }

    /// WHILE and FOR at the top level: a block with the loop in it.
    fn loop_statement(&mut self, statement: &'a ast::Statement) -> Option<StatementKind> {
        let mut statements = Vec::new();
        match &statement.kind {
            ast::StatementKind::While(repeat) => statements.push(self.while_step(repeat)),
            ast::StatementKind::For(each) => self.for_steps(each, &mut statements),
            _ => return None,
        }
        let block = crate::hir::Block { statements, value: None };
        let kind = crate::hir::ExprKind::Block(Box::new(block));
        let value = Expr { kind, ty: Type::Unit, place: self.place(statement.span) };
        Some(StatementKind::Expression(value, SmolStr::default()))
    }

    /// `SET name = e`.
    fn set_variable(&mut self, set: &'a ast::Set) -> Option<StatementKind> {
        let target = &set.target;
        if target.root.eq_name("system") && !target.path.is_empty() {
            return self.set_setting(set);
        }
        if !target.path.is_empty() {
            self.later(target.span, "SET of a part of a session variable");
            return None;
        }
        let name = target.root.folded();
        let known = self.script_variables.get(&name).map(|variable| variable.ty.clone());
        let operand = self.operand(&set.value, known.as_ref());
        let value = match known {
            None => self.settle(operand),
            Some(ty) => self.variable_value(operand, &ty, &target.root.name),
        };
        if value.ty == Type::Unit {
            self.report(say::no_value(set.value.span, "this", None));
        }
        if super::types::holds_function(&value.ty) {
            self.report(say::kept_function(set.value.span, "a session variable"));
        }
        Some(StatementKind::SetVariable(name, value))
    }

    fn variable_value(&mut self, operand: Operand, ty: &Type, name: &str) -> Expr {
        let found = operand.ty();
        let span = self.span_of(&operand);
        let before = self.diagnostics.len();
        let value = self.coerce(operand, ty, Mode::Assign, "the value");
        if value.ty.is_error() && !found.is_error() {
            self.diagnostics.truncate(before);
            self.report(say::variable_type(span, name, ty, &found));
        }
        value
    }

    /// `EXECUTE p(arguments)`: one value for each positional parameter.
    fn execute(
        &mut self,
        name: &'a ast::Ident,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Option<StatementKind> {
        let Some(parameters) = self.catalog.prepared(&name.folded()) else {
            if self.open {
                self.be_late(name.span, "a statement that may be prepared by then".into());
            } else {
                self.report(say::unknown_prepared(name.span, &name.name));
            }
            return None;
        };
        if let Some(named) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            self.later(named.span, "a named argument of EXECUTE");
            return None;
        }
        let position = |parameter: &Parameter| match parameter.source {
            ParameterSource::Positional(index) => Some((index, parameter.ty.clone())),
            _ => None,
        };
        let mut wanted: Vec<(u16, Type)> = parameters.iter().filter_map(position).collect();
        wanted.sort_by_key(|(index, _)| *index);
        let count = wanted.last().map_or(0, |(index, _)| usize::from(*index) + 1);
        if arguments.len() != count {
            let plural = if count == 1 { "" } else { "s" };
            let message = format!("`{}` takes {count} argument{plural}", name.name);
            let types: Vec<String> = wanted.iter().map(|(_, ty)| ty.to_string()).collect();
            let shown = format!("{}({})", name.name, types.join(", "));
            self.report(say::wrong_arguments(span, message, &shown));
            return None;
        }
        let mut values = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let ty = wanted.iter().find(|(at, _)| usize::from(*at) == index);
            let value = match ty {
                Some((_, ty)) => self.expr_as(&argument.value, ty, Mode::Assign, "the argument"),
                None => self.expr(&argument.value),
            };
            let place = value.place;
            values.push(Statement {
                kind: StatementKind::Let(SmolStr::default(), value),
                place,
                parameters: self.parameters.clone(),
                columns: self.columns.clone(),
                locals: self.locals.clone(),
            });
        }
        Some(StatementKind::Execute(name.folded(), values))
    }

    fn explain(
        &mut self,
        mode: ast::ExplainMode,
        statement: &'a ast::Statement,
    ) -> Option<StatementKind> {
        let mode = match mode {
            ast::ExplainMode::Plan => ExplainMode::Plan,
            ast::ExplainMode::Bytecode => ExplainMode::Bytecode,
            ast::ExplainMode::Analyze => {
                self.later(statement.span, "EXPLAIN ANALYZE");
                return None;
            }
        };
        let kind = self.kind(statement)?;
        let inner = statement_of(self, kind, statement.span);
        Some(StatementKind::Explain(mode, Box::new(inner)))
    }
}

/// A statement's words, for messages.
pub(crate) fn kind_name(kind: &ast::StatementKind) -> &'static str {
    use ast::StatementKind as K;
    match kind {
        K::Query(_) => "a query",
        K::Expression(_) => "an expression",
        K::Let(_) => "LET at the top level",
        K::Set(_) => "SET",
        K::SetGlobal(_) => "SET GLOBAL",
        K::While(_) => "WHILE",
        K::For(_) => "FOR",
        K::Break => "BREAK",
        K::Continue => "CONTINUE",
        K::Print(_) => "PRINT",
        K::Assert(_) => "ASSERT",
        K::Insert(_) => "INSERT",
        K::Update(_) => "UPDATE",
        K::Delete(_) => "DELETE",
        K::Merge(_) => "MERGE",
        K::Truncate(_) => "TRUNCATE",
        K::Copy(_) => "COPY",
        K::ExportDatabase { .. } => "EXPORT DATABASE",
        K::ImportDatabase { .. } => "IMPORT DATABASE",
        K::Backup { .. } => "BACKUP",
        K::Begin(_) => "BEGIN",
        K::Commit => "COMMIT",
        K::Rollback { .. } => "ROLLBACK",
        K::Savepoint(_) => "SAVEPOINT",
        K::Release(_) => "RELEASE",
        K::CreateTable(_) => "CREATE TABLE",
        K::CreateType(_) => "CREATE TYPE",
        K::CreateFunction(_) => "CREATE FUNCTION",
        K::CreateAggregate(_) => "CREATE AGGREGATE",
        K::CreateTest(_) => "CREATE TEST",
        K::CreateIndex(_) => "CREATE INDEX",
        K::CreateView(_) => "CREATE VIEW",
        K::CreateSchema(_) => "CREATE SCHEMA",
        K::CreateTrigger(_) => "CREATE TRIGGER",
        K::CreateJob(_) => "CREATE CRON JOB",
        K::CreateSecret(_) => "CREATE SECRET",
        K::CreateUser(_) => "CREATE USER",
        K::AlterTable(_) => "ALTER TABLE",
        K::AlterType(_) => "ALTER TYPE",
        K::AlterJob(_) => "ALTER CRON JOB",
        K::AlterMasterPassword => "ALTER MASTER PASSWORD",
        K::Drop(_) => "DROP",
        K::RunJob(_) => "RUN CRON JOB",
        K::CommentOn(_) => "COMMENT ON",
        K::Grant(_) => "GRANT and REVOKE",
        K::Show(_) => "SHOW",
        K::Describe(_) => "DESCRIBE",
        K::Explain { .. } => "EXPLAIN",
        K::Prepare { .. } => "PREPARE",
        K::Execute { .. } => "EXECUTE",
        K::Deallocate(_) => "DEALLOCATE",
        K::Attach { .. } => "ATTACH",
        K::Detach(_) => "DETACH",
        K::Import { .. } => "IMPORT",
        K::Install { .. } => "INSTALL",
        K::Load(_) => "LOAD",
        K::Later(what) => what,
        K::Empty | K::Error => "this statement",
    }
}
