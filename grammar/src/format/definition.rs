//! The layout of definitions.

use super::layout::{Layout, Spot};
use super::{BLOCK_LIMIT, LIST_LIMIT, STATEMENT_LIMIT};
use crate::ast::{
    AlterAction, AlterActionKind, ColumnConstraint, ColumnConstraintKind, ColumnDefinition,
    CreateAggregate, CreateFunction, CreateIndex, CreateTable, CreateType, Grant, GrantWhat,
    References, StatementKind, TableConstraint, TableConstraintKind, TableShape, TypeDefinition,
};
use crate::token::Kind;

impl Layout<'_> {
    pub fn definition(&mut self, kind: &StatementKind, pieces: (usize, usize)) {
        match kind {
            StatementKind::CreateTable(table) => self.create_table(table, pieces),
            StatementKind::CreateType(definition) => self.create_type(definition, pieces),
            StatementKind::CreateFunction(function) => self.create_function(function, pieces),
            StatementKind::CreateAggregate(aggregate) => self.create_aggregate(aggregate, pieces),
            StatementKind::CreateTest(test) => {
                self.group(pieces, 1, BLOCK_LIMIT);
                self.block(&test.body, true);
            }
            StatementKind::CreateIndex(index) => self.create_index(index, pieces),
            StatementKind::CreateView(view) => {
                self.temporary(pieces);
                self.name(&view.name);
                self.group(pieces, 0, STATEMENT_LIMIT);
                if let Some(first) = view.columns.first() {
                    self.list(self.range(first.span).0 - 1, usize::MAX);
                    self.idents(&view.columns);
                }
                self.trailing_query(&view.query);
            }
            StatementKind::CreateSchema(schema) => self.name(&schema.name),
            StatementKind::CreateTrigger(trigger) => {
                self.name(&trigger.name);
                self.name(&trigger.table);
                self.name(&trigger.function);
                self.clauses(pieces, &["BEFORE", "AFTER", "FOR", "WHEN", "EXECUTE"]);
                if let Some(condition) = &trigger.condition {
                    self.enclosed(self.range(condition.span).0 - 1);
                    self.expr(condition);
                }
                self.call_parentheses(pieces.1);
            }
            StatementKind::CreateJob(job) => {
                self.name(&job.name);
                self.name(&job.function);
                self.clauses(pieces, &["SCHEDULE", "TIMEZONE", "RETRY", "ON", "EXECUTE"]);
                if let Some(retry) = &job.retry {
                    self.expr(retry);
                }
                self.call_parentheses(pieces.1);
            }
            StatementKind::CreateSecret(secret) => {
                self.name(&secret.name);
                if let Some(secret_type) = &secret.secret_type {
                    self.ident(secret_type);
                }
                self.clauses(pieces, &["TYPE", "SCOPE", "VALUE", "FROM"]);
            }
            StatementKind::CreateUser(user) => self.ident(&user.name),
            other => self.change(other, pieces),
        }
    }

    /// ALTER, DROP, COMMENT and the statements that hold no name at all.
    fn change(&mut self, kind: &StatementKind, pieces: (usize, usize)) {
        match kind {
            StatementKind::AlterTable(alter) => {
                self.name(&alter.name);
                let (_, name) = self.range(alter.name.span);
                if alter.actions.len() > 1 {
                    self.items(pieces.0, name + 1, pieces.1);
                }
                alter.actions.iter().for_each(|action| self.alter_action(action));
            }
            StatementKind::AlterType(alter) => self.name(&alter.name),
            StatementKind::AlterJob(alter) => self.name(&alter.name),
            StatementKind::Drop(drop) => {
                if let Some(receiver) = &drop.receiver {
                    self.type_expr(receiver);
                }
                self.names(&drop.names);
                if let Some(secret_type) = &drop.secret_type {
                    self.ident(secret_type);
                }
            }
            StatementKind::CommentOn(comment) => self.name(&comment.name),
            _ => {}
        }
    }

    /// Breaks before the words that begin the parts of a definition; names do not count.
    fn clauses(&mut self, pieces: (usize, usize), words: &[&str]) {
        self.group(pieces, 1, STATEMENT_LIMIT);
        let starts: Vec<usize> = self
            .outside(pieces.0 + 2, pieces.1)
            .filter(|at| !self.marks.get(*at).is_some_and(|mark| mark.name))
            .filter(|at| words.iter().any(|word| self.is_word(*at, word)))
            .collect();
        let mut previous: Option<usize> = None;
        for start in starts {
            // ON of a trigger's table, and TYPE of a name TYPE, do not begin a part.
            if previous != Some(start - 1) {
                self.soft(start);
            }
            previous = Some(start);
        }
    }

    /// `f()` of EXECUTE FUNCTION.
    fn call_parentheses(&mut self, last: usize) {
        if self.is(last, Kind::RightParen) && self.mate(last) + 1 == last {
            self.tight(last - 1);
        }
    }

    fn temporary(&mut self, (first, last): (usize, usize)) {
        let found = (first..=last.min(first + 3)).find(|at| self.is(*at, Kind::Temporary));
        if let Some(at) = found
            && !self.marks.get(at).is_some_and(|mark| mark.name)
        {
            self.rewrite(at, "TEMP");
        }
    }

    // --- Tables -------------------------------------------------------------------------------

    fn create_table(&mut self, table: &CreateTable, pieces: (usize, usize)) {
        self.temporary(pieces);
        self.name(&table.name);
        let open = self.range(table.name.span).1 + 1;
        match &table.shape {
            TableShape::Columns { columns, constraints } => {
                self.list(open, BLOCK_LIMIT);
                columns.iter().for_each(|column| self.column(column));
                constraints.iter().for_each(|constraint| self.table_constraint(constraint));
            }
            TableShape::Of { struct_type, constraints } => {
                self.name(struct_type);
                if !constraints.is_empty() {
                    self.list(self.range(struct_type.span).1 + 1, BLOCK_LIMIT);
                }
                constraints.iter().for_each(|constraint| self.table_constraint(constraint));
            }
            TableShape::As { columns, query } => {
                self.group(pieces, 0, STATEMENT_LIMIT);
                if !columns.is_empty() {
                    self.list(open, usize::MAX);
                    self.idents(columns);
                }
                self.trailing_query(query);
            }
        }
    }

    fn column(&mut self, column: &ColumnDefinition) {
        self.ident(&column.name);
        self.colon(column.name.span, false);
        if let Some(column_type) = &column.column_type {
            self.type_expr(column_type);
        }
        let (first, last) = self.range(column.span);
        if last > first {
            self.group((first, last), 1, usize::MAX);
        }
        for constraint in &column.constraints {
            self.column_constraint(constraint);
        }
    }

    fn column_constraint(&mut self, constraint: &ColumnConstraint) {
        let (first, last) = self.range(constraint.span);
        self.soft(first);
        if let Some(name) = &constraint.name {
            self.ident(name);
        }
        match &constraint.kind {
            ColumnConstraintKind::Default(value) => self.expr(value),
            ColumnConstraintKind::Check(condition) | ColumnConstraintKind::Generated(condition) => {
                self.enclosed(self.mate(last));
                self.expr(condition);
            }
            ColumnConstraintKind::References(references) => self.references(references),
            ColumnConstraintKind::NotNull
            | ColumnConstraintKind::Null
            | ColumnConstraintKind::PrimaryKey
            | ColumnConstraintKind::Unique
            | ColumnConstraintKind::Identity { .. } => {}
        }
    }

    fn table_constraint(&mut self, constraint: &TableConstraint) {
        let (first, last) = self.range(constraint.span);
        self.group((first, last), 1, usize::MAX);
        if let Some(name) = &constraint.name {
            self.ident(name);
        }
        match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns) | TableConstraintKind::Unique(columns) => {
                self.list(self.mate(last), usize::MAX);
                self.idents(columns);
            }
            TableConstraintKind::Check(condition) => {
                self.enclosed(self.mate(last));
                self.expr(condition);
            }
            TableConstraintKind::ForeignKey { columns, references } => {
                if let Some(first) = columns.first() {
                    self.list(self.range(first.span).0 - 1, usize::MAX);
                }
                self.idents(columns);
                self.soft(self.range(references.table.span).0 - 1);
                self.references(references);
            }
        }
    }

    fn references(&mut self, references: &References) {
        self.name(&references.table);
        let open = self.range(references.table.span).1 + 1;
        if !references.columns.is_empty() && self.is(open, Kind::LeftParen) {
            self.tight(open);
            self.list(open, usize::MAX);
            self.idents(&references.columns);
        }
    }

    fn alter_action(&mut self, action: &AlterAction) {
        match &action.kind {
            AlterActionKind::AddColumn { column, .. } => self.column(column),
            AlterActionKind::DropColumn { column, .. }
            | AlterActionKind::ColumnNotNull { column, .. } => self.ident(column),
            AlterActionKind::RenameColumn { from, to } => {
                self.ident(from);
                self.ident(to);
            }
            AlterActionKind::Rename(name) | AlterActionKind::DropConstraint { name, .. } => {
                self.ident(name);
            }
            AlterActionKind::ColumnType { column, column_type, using } => {
                self.ident(column);
                self.type_expr(column_type);
                if let Some(using) = using {
                    self.expr(using);
                }
            }
            AlterActionKind::ColumnDefault { column, default } => {
                self.ident(column);
                if let Some(default) = default {
                    self.expr(default);
                }
            }
            AlterActionKind::AddConstraint(constraint) => self.table_constraint(constraint),
        }
    }

    fn create_index(&mut self, index: &CreateIndex, pieces: (usize, usize)) {
        self.group(pieces, 1, STATEMENT_LIMIT);
        if let Some(name) = &index.name {
            self.ident(name);
        }
        self.name(&index.table);
        let (on, open) = self.range(index.table.span);
        self.soft(on - 1);
        self.list(open + 1, usize::MAX);
        self.order_items(&index.keys);
        if let Some(filter) = &index.filter {
            self.soft(self.range(filter.span).0 - 1);
            self.expr(filter);
        }
    }

    // --- Types and functions ------------------------------------------------------------------

    fn create_type(&mut self, definition: &CreateType, (_, last): (usize, usize)) {
        self.name(&definition.name);
        match &definition.definition {
            TypeDefinition::Struct(fields) => {
                let open = self.mate(last);
                self.tight(open);
                if self.is(open, Kind::LeftBrace) {
                    self.respell(open, Kind::LeftParen, "(");
                    self.respell(last, Kind::RightParen, ")");
                }
                self.list(open, BLOCK_LIMIT);
                self.fields(fields, true);
            }
            TypeDefinition::Enum(_) => self.list(self.mate(last), LIST_LIMIT),
            TypeDefinition::Exception { fields, .. } => {
                if self.is(last, Kind::RightParen) {
                    self.tight(self.mate(last));
                    self.list(self.mate(last), LIST_LIMIT);
                }
                self.fields(fields, true);
            }
            TypeDefinition::Alias(aliased) => self.type_expr(aliased),
        }
    }

    fn create_function(&mut self, function: &CreateFunction, pieces: (usize, usize)) {
        if let Some(receiver) = &function.receiver {
            self.type_expr(receiver);
        }
        self.name(&function.name);
        self.names(&function.raises);
        let open = self.range(function.name.span).1 + 1;
        self.tight(open);
        if let Some(body) = &function.body {
            self.group(pieces, 1, BLOCK_LIMIT);
            self.block(body, false);
        }
        if !function.parameters.is_empty() {
            self.list(open, usize::MAX);
            self.parameters(&function.parameters);
        }
        if let Some(returns) = &function.returns {
            self.returns(returns);
        }
        if let Some(span) = function.raises_span {
            let (first, _) = self.range(span);
            self.raises(first, first + 1);
        }
    }

    fn create_aggregate(&mut self, aggregate: &CreateAggregate, (first, last): (usize, usize)) {
        self.name(&aggregate.name);
        let open = self.range(aggregate.name.span).1 + 1;
        self.tight(open);
        self.group((first, last), 1, BLOCK_LIMIT);
        if !aggregate.parameters.is_empty() {
            self.list(open, usize::MAX);
            self.parameters(&aggregate.parameters);
        }
        if let Some(returns) = &aggregate.returns {
            self.returns(returns);
        }
        for part in &aggregate.parts {
            self.soft(self.range(part.span).0);
            self.expr(&part.value);
        }
        self.spot(last, Spot { offset: -1, ..Spot::default() });
    }

    // --- Rights -------------------------------------------------------------------------------

    pub fn grant(&mut self, grant: &Grant) {
        match &grant.what {
            GrantWhat::Privileges { privileges, objects, .. } => {
                // Privileges are words of the language; their columns are names.
                for privilege in privileges {
                    self.idents(&privilege.columns);
                }
                self.names(objects);
            }
            GrantWhat::Roles(roles) => self.idents(roles),
        }
        self.idents(&grant.grantees);
    }
}
