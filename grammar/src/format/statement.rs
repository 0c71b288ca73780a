//! The layout of statements other than definitions, and of lists of statements.

use super::layout::{Layout, Spot};
use super::{LIST_LIMIT, STATEMENT_LIMIT};
use crate::ast::{
    Argument, Assert, Catch, Copy, CopySubject, Delete, Describe, Expr, ExprKind, For, Ident,
    Insert, InsertSource, Merge, MergeAction, NamePart, OptionItem, Statement, StatementKind,
    Target, TargetStep, Update,
};
use crate::span::Span;
use crate::token::Kind;

impl Layout<'_> {
    /// The statements between two pieces, and the value that ends a block. Each begins a line if
    /// `hard`, else the one that there is may.
    pub fn statements(
        &mut self,
        list: &[Statement],
        value: Option<&Expr>,
        (open, close): (usize, usize),
        hard: bool,
    ) {
        let top = !self.is(open, Kind::LeftBrace);
        let mut next = if top { open } else { open + 1 };
        let count = list.len();
        for (nth, statement) in list.iter().enumerate() {
            let (first, last) = self.range(statement.span);
            self.drop_semicolons(next, first);
            self.spot(first, Spot { hard, keeps_blank: true, ..Spot::default() });
            self.statement(statement);
            let at_end = !top && nth + 1 == count && value.is_none();
            self.finish(statement, last, at_end);
            next = last + 1;
            if self.is(next, Kind::Semicolon) {
                next += 1;
            }
        }
        if let Some(value) = value {
            let (first, last) = self.range(value.span);
            self.drop_semicolons(next, first);
            self.spot(first, Spot { hard, keeps_blank: true, ..Spot::default() });
            self.expr(value);
            next = last + 1;
        }
        self.drop_semicolons(next, close);
    }

    fn drop_semicolons(&mut self, from: usize, until: usize) {
        for at in from..until {
            if self.is(at, Kind::Semicolon) {
                self.dropped(at);
            }
        }
    }

    /// The `;` behind a statement: none behind a brace that ends it.
    fn finish(&mut self, statement: &Statement, last: usize, at_end: bool) {
        let braced = ends_at_brace(&statement.kind) && self.is(last, Kind::RightBrace);
        // Without its `;` the last expression of a block would be its value.
        let value = at_end && matches!(statement.kind, StatementKind::Expression(_));
        let present = self.is(last + 1, Kind::Semicolon);
        if present && braced && !value {
            self.dropped(last + 1);
        } else if !present && !braced {
            self.mark(last, |mark| mark.suffix.push(';'));
        }
    }

    pub fn statement(&mut self, statement: &Statement) {
        let pieces = self.range(statement.span);
        match &statement.kind {
            StatementKind::Query(query) => self.query(query),
            StatementKind::Expression(value) => self.expression(value, pieces),
            StatementKind::Let(binding) => {
                self.ident(&binding.name);
                if let Some(declared) = &binding.declared_type {
                    self.type_expr(declared);
                }
                self.value(&binding.value, pieces);
            }
            StatementKind::Set(set) | StatementKind::SetGlobal(set) => {
                self.target(&set.target);
                self.value(&set.value, pieces);
            }
            StatementKind::While(repeat) => {
                self.group(pieces, 1, usize::MAX);
                self.expr(&repeat.condition);
                self.block(&repeat.body, true);
            }
            StatementKind::For(repeat) => self.for_loop(repeat, pieces),
            StatementKind::Print(value) => self.expr(value),
            StatementKind::Assert(assert) => self.assert(assert, pieces),
            StatementKind::Insert(insert) => self.insert(insert, pieces),
            StatementKind::Update(update) => self.update(update, pieces),
            StatementKind::Delete(delete) => self.delete(delete, pieces),
            StatementKind::Merge(merge) => self.merge(merge, pieces),
            StatementKind::Truncate(names) => self.names(names),
            StatementKind::Copy(copy) => self.copy(copy, pieces),
            StatementKind::Describe(describe) => match describe.as_ref() {
                Describe::Object { name, .. } => self.name(name),
                Describe::Query(query) => {
                    self.group(pieces, 0, STATEMENT_LIMIT);
                    self.trailing_query(query);
                }
            },
            StatementKind::Explain { statement, .. } => self.inner(statement, pieces),
            StatementKind::Prepare { name, statement } => {
                self.ident(name);
                self.inner(statement, pieces);
            }
            StatementKind::Grant(grant) => self.grant(grant),
            other if self.small(other, pieces) => {}
            other => self.definition(other, pieces),
        }
    }

    /// Statements of a line; whether it is one.
    fn small(&mut self, kind: &StatementKind, pieces: (usize, usize)) -> bool {
        match kind {
            StatementKind::ExportDatabase { path, options } => {
                self.file(path);
                self.options(options, pieces.1);
            }
            StatementKind::ImportDatabase { path } | StatementKind::Backup { path, .. } => {
                self.file(path);
            }
            StatementKind::Attach { path, alias, options } => {
                self.file(path);
                self.idents(alias.as_slice());
                self.options(options, pieces.1);
            }
            StatementKind::Import { alias, .. } => self.idents(alias.as_slice()),
            StatementKind::Rollback { to } => self.idents(to.as_slice()),
            StatementKind::Savepoint(name)
            | StatementKind::Release(name)
            | StatementKind::Deallocate(name)
            | StatementKind::Detach(name)
            | StatementKind::Install { name, .. }
            | StatementKind::Load(name) => self.ident(name),
            StatementKind::Execute { name, arguments } => self.execute(name, arguments),
            StatementKind::RunJob(name) => self.name(name),
            _ => return false,
        }
        true
    }

    fn execute(&mut self, name: &Ident, arguments: &[Argument]) {
        self.ident(name);
        let open = self.range(name.span).1 + 1;
        self.arguments(open, arguments, None);
    }

    /// The statement within EXPLAIN or PREPARE, which may begin a line.
    fn inner(&mut self, statement: &Statement, pieces: (usize, usize)) {
        self.group(pieces, 0, STATEMENT_LIMIT);
        self.soft(self.range(statement.span).0);
        self.statement(statement);
    }

    fn expression(&mut self, value: &Expr, pieces: (usize, usize)) {
        // RETURN of a bare query.
        if let ExprKind::Return(Some(returned)) = &value.kind
            && let ExprKind::Query(query) = &returned.kind
        {
            self.group(pieces, 1, STATEMENT_LIMIT);
            self.trailing_query(query);
        } else {
            self.expr(value);
        }
    }

    /// The value of LET and SET; a bare query has lines of its own if it does not fit.
    fn value(&mut self, value: &Expr, pieces: (usize, usize)) {
        if let ExprKind::Query(query) = &value.kind {
            self.group(pieces, 1, STATEMENT_LIMIT);
            self.trailing_query(query);
        } else {
            self.expr(value);
        }
    }

    fn target(&mut self, target: &Target) {
        self.ident(&target.root);
        for step in &target.path {
            match step {
                TargetStep::Field(part) => self.part(part),
                TargetStep::Index(index) => {
                    let (first, _) = self.range(index.span);
                    self.tight(first - 1);
                    self.expr(index);
                }
            }
        }
    }

    fn for_loop(&mut self, repeat: &For, pieces: (usize, usize)) {
        self.ident(&repeat.variable);
        self.group(pieces, 1, usize::MAX);
        if let ExprKind::Query(query) = &repeat.source.kind {
            let (body, _) = self.range(repeat.body.span);
            self.group((pieces.0, body), 0, usize::MAX);
            let (_, end) = self.range(query.span);
            self.soft(body);
            self.group((pieces.0, end), 1, usize::MAX);
            self.trailing_query(query);
        } else {
            self.expr(&repeat.source);
        }
        self.block(&repeat.body, true);
    }

    fn assert(&mut self, assert: &Assert, pieces: (usize, usize)) {
        self.group(pieces, 1, usize::MAX);
        match assert {
            Assert::Condition { condition, message } => {
                self.expr(condition);
                if let Some(message) = message {
                    self.soft(self.range(message.span).0);
                    self.expr(message);
                }
            }
            Assert::Raises { exception, body } => {
                self.name(exception);
                self.block(body, false);
            }
        }
    }

    // --- Changing data ------------------------------------------------------------------------

    fn insert(&mut self, insert: &Insert, pieces: (usize, usize)) {
        self.group(pieces, 0, STATEMENT_LIMIT);
        if let Some(with) = &insert.with {
            self.with(with);
        }
        self.name(&insert.table);
        if let Some(alias) = &insert.alias {
            self.ident(alias);
        }
        self.column_parts(insert.columns.as_deref());
        match &insert.source {
            InsertSource::Values(values) => {
                let (first, last) = self.range(values.span);
                self.soft(first);
                self.items(first, first + 1, last);
                values.rows.iter().for_each(|row| self.values_row(row));
            }
            InsertSource::Query(query) => self.trailing_query(query),
            InsertSource::Default => {}
            InsertSource::Struct(literal, span) => {
                let pieces = self.range(*span);
                self.struct_literal(literal, pieces);
            }
            InsertSource::Expr(value) => self.expr(value),
        }
        if let Some(conflict) = &insert.on_conflict {
            let (first, last) = self.range(conflict.span);
            self.soft(first);
            if !conflict.columns.is_empty() {
                self.list(first + 2, usize::MAX);
                self.idents(&conflict.columns);
            }
            if let Some(update) = &conflict.update {
                self.group((first, last), 1, usize::MAX);
                if let Some(assignment) = update.assignments.first() {
                    let set = self.range(assignment.span).0 - 1;
                    self.soft(set);
                    self.assignments(set, &update.assignments);
                }
                if let Some(filter) = &update.filter {
                    self.soft(self.range(filter.span).0 - 1);
                    self.expr(filter);
                }
            }
        }
        self.returning(insert.returning.as_deref());
    }

    /// `(a, b)` behind a table.
    fn column_parts(&mut self, columns: Option<&[NamePart]>) {
        let Some(columns) = columns else { return };
        if let Some(first) = columns.first() {
            self.list(self.range(first.span()).0 - 1, usize::MAX);
        }
        self.parts(columns);
    }

    fn update(&mut self, update: &Update, pieces: (usize, usize)) {
        self.group(pieces, 0, STATEMENT_LIMIT);
        if let Some(with) = &update.with {
            self.with(with);
        }
        self.name(&update.table);
        if let Some(alias) = &update.alias {
            self.alias(alias);
        }
        if let Some(first) = update.assignments.first() {
            let set = self.range(first.span).0 - 1;
            self.soft(set);
            self.assignments(set, &update.assignments);
        }
        self.trees(&update.from);
        self.filter(update.filter.as_ref());
        self.returning(update.returning.as_deref());
    }

    /// FROM or USING of a change.
    fn trees(&mut self, trees: &[crate::ast::FromTree]) {
        let (Some(first), Some(last)) = (trees.first(), trees.last()) else { return };
        let (first, _) = self.range(first.span);
        let (_, last) = self.range(last.span);
        self.soft(first - 1);
        if trees.len() > 1 {
            self.items(first - 1, first, last);
        }
        trees.iter().for_each(|tree| self.tree(tree));
    }

    fn filter(&mut self, filter: Option<&Expr>) {
        if let Some(filter) = filter {
            self.soft(self.range(filter.span).0 - 1);
            self.expr(filter);
        }
    }

    fn delete(&mut self, delete: &Delete, pieces: (usize, usize)) {
        self.group(pieces, 0, STATEMENT_LIMIT);
        if let Some(with) = &delete.with {
            self.with(with);
        }
        self.name(&delete.table);
        if let Some(alias) = &delete.alias {
            self.alias(alias);
        }
        self.trees(&delete.using);
        self.filter(delete.filter.as_ref());
        self.returning(delete.returning.as_deref());
    }

    fn merge(&mut self, merge: &Merge, pieces: (usize, usize)) {
        self.group(pieces, 0, STATEMENT_LIMIT);
        if let Some(with) = &merge.with {
            self.with(with);
        }
        self.name(&merge.table);
        if let Some(alias) = &merge.alias {
            self.alias(alias);
        }
        self.soft(self.range(merge.source.span).0 - 1);
        self.source_item(&merge.source);
        self.soft(self.range(merge.condition.span).0 - 1);
        self.expr(&merge.condition);
        for clause in &merge.clauses {
            let (first, last) = self.range(clause.span);
            self.soft(first);
            self.group((first, last), 1, usize::MAX);
            if let Some(condition) = &clause.condition {
                self.expr(condition);
            }
            if let Some(then) = self.find(first, last, &[Kind::Then]) {
                self.soft(then);
                self.merge_action(&clause.action, then);
            }
        }
        self.returning(merge.returning.as_deref());
    }

    fn merge_action(&mut self, action: &MergeAction, then: usize) {
        match action {
            MergeAction::Update(assignments) => self.assignments(then + 1, assignments),
            MergeAction::Insert { columns, values } => {
                self.column_parts(columns.as_deref());
                if let Some(row) = values {
                    self.values_row(row);
                }
            }
            MergeAction::Delete | MergeAction::Nothing => {}
        }
    }

    fn copy(&mut self, copy: &Copy, pieces: (usize, usize)) {
        self.group(pieces, 1, usize::MAX);
        match &copy.subject {
            CopySubject::Table { name, columns } => {
                self.name(name);
                self.column_parts(columns.as_deref());
            }
            CopySubject::Query(query) => self.nested_query(query),
        }
        self.file(&copy.file);
        if !copy.options.is_empty() {
            let (_, last) = self.range(copy.file.span);
            let open = (last + 1..=pieces.1).find(|at| self.is(*at, Kind::LeftParen));
            let close = open.map(|open| self.mate(open));
            if let Some(close) = close {
                self.options(&copy.options, close);
            }
        }
        self.secrets(&copy.secrets, true);
    }

    /// A path: a text, a parameter or a variable.
    fn file(&mut self, path: &Expr) {
        self.expr(path);
    }

    /// Options in the parentheses that end at `close`.
    pub fn options(&mut self, options: &[OptionItem], close: usize) {
        if options.is_empty() {
            return;
        }
        self.list(self.mate(close), LIST_LIMIT);
        for option in options {
            // The names of options and their bare words are the language's own.
            self.option_word(option.name.span);
            match &option.value {
                Some(Expr { kind: ExprKind::Name(word), .. }) => self.ident(word),
                Some(value) => self.expr(value),
                None => {}
            }
        }
    }

    fn option_word(&mut self, span: Span) {
        let (at, _) = self.range(span);
        self.mark(at, |mark| mark.name = false);
    }
}

/// Whether the closing brace of a statement ends it.
fn ends_at_brace(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Expression(value) => match &value.kind {
            ExprKind::If(_) | ExprKind::Match(_) | ExprKind::Block(_) => true,
            ExprKind::Try(tried) => {
                let fallback = |value: &Expr| matches!(value.kind, ExprKind::Block(_));
                match &tried.catch {
                    Catch::Handlers(_) => true,
                    Catch::Fallback(value) => fallback(value),
                    Catch::Missing => false,
                }
            }
            _ => false,
        },
        StatementKind::While(_)
        | StatementKind::For(_)
        | StatementKind::CreateFunction(_)
        | StatementKind::CreateAggregate(_)
        | StatementKind::CreateTest(_) => true,
        StatementKind::Assert(assert) => matches!(assert.as_ref(), Assert::Raises { .. }),
        _ => false,
    }
}
