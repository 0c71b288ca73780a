//! CREATE TABLE, CREATE TYPE and DROP.

use super::Checker;
use super::file::is_of_query;
use super::index::made_name;
use super::operand::Mode;
use crate::catalog::{FunctionKey, ObjectKind, Table, TableColumn};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, StatementKind};
use crate::suggest::similar;
use grizzly_bytecode::{ColumnId, EnumType, ExceptionType, StructType, TableId, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A CHECK or UNIQUE before all columns are known.
struct Rule<'a> {
    name: Option<&'a ast::Ident>,
    /// The condition of a CHECK; `None` for UNIQUE.
    check: Option<&'a ast::Expr>,
    columns: Vec<(usize, Span)>,
}

impl<'a> Checker<'a> {
    /// CREATE TABLE.
    pub(crate) fn create_table(&mut self, create: &'a ast::CreateTable) -> Option<StatementKind> {
        if let (Some(replace), false) = (create.or_replace, is_of_query(create)) {
            self.later(replace, "OR REPLACE of a table, which holds data,");
            return None;
        }
        if create.temporary {
            self.later(create.name.span, "a TEMP table");
        }
        let name = self.object_name(&create.name)?;
        let (table, query) = match &create.shape {
            ast::TableShape::As { columns, query } => {
                let (table, query) = self.shape_of_query(create, &name, columns, query)?;
                (table, Some(query))
            }
            _ => (self.table_shape(create, &name)?, None),
        };
        let known = self.catalog.table(&ast::fold(&name));
        if let Some(known) = known.filter(|_| create.or_replace.is_none()) {
            if create.if_not_exists {
                return Some(StatementKind::Nothing);
            }
            let first = known.place.filter(|place| place.source == self.source);
            let first = first.map(|place| Span::new(place.start, place.end));
            let help = "write `CREATE TABLE IF NOT EXISTS`, or DROP the old one first";
            self.report(say::already_exists(create.name.span, "table", &name, first, help));
            return None;
        }
        if self.catalog.view(&ast::fold(&name)).is_some() {
            let help = "choose another name: tables and views share theirs";
            self.report(say::already_exists(create.name.span, "view", &name, None, help));
            return None;
        }
        if built_in_name(&name) {
            let help = "it is the name of a built-in type, and every table's name is one too";
            self.report(say::already_exists(create.name.span, "type", &name, None, help));
            return None;
        }
        let table = Arc::new(table);
        Some(match query {
            None => StatementKind::CreateTable(table),
            Some(query) => {
                let replace = create.or_replace.is_some();
                StatementKind::CreateTableAs { table, query, replace }
            }
        })
    }

    /// The columns and the key of a CREATE TABLE.
    pub(crate) fn table_shape(
        &mut self,
        create: &'a ast::CreateTable,
        name: &SmolStr,
    ) -> Option<Table> {
        let mut key: Vec<(usize, Span)> = Vec::new();
        let mut rules: Vec<Rule<'a>> = Vec::new();
        let mut checked: Vec<TableColumn> = Vec::new();
        let (columns, constraints) = match &create.shape {
            ast::TableShape::Columns { columns, constraints } => (columns.as_slice(), constraints),
            ast::TableShape::Of { struct_type, constraints } => {
                checked = self.struct_columns(struct_type)?;
                (&[][..], constraints)
            }
            ast::TableShape::As { columns, query } => {
                return self.shape_of_query(create, name, columns, query).map(|(table, _)| table);
            }
        };
        for (index, column) in columns.iter().enumerate() {
            let before = columns.get(..index).unwrap_or(&[]);
            if let Some(first) = before.iter().find(|c| c.name.eq_name(&column.name.name)) {
                let (at, first) = (column.name.span, first.name.span);
                self.report(say::duplicate_name(at, first, "column", &column.name.name));
            }
            checked.push(self.column_definition(column, index, &mut key, &mut rules));
        }
        let by_column = key.len();
        for constraint in constraints {
            self.table_constraint(constraint, &checked, by_column, (&mut key, &mut rules));
        }
        for (index, span) in &key {
            let Some(column) = checked.get_mut(*index) else { continue };
            column.nullable = false;
            let unfit =
                matches!(column.ty, Type::Json | Type::Array(_) | Type::Struct(_) | Type::Map(_));
            if unfit {
                let message = format!("a column of type {} cannot be part of a key", column.ty);
                self.report(say::bad_key(*span, &message, None));
            }
        }
        let mut table = Table {
            id: TableId(0),
            name: name.clone(),
            columns: checked,
            key: key.into_iter().map(|(index, _)| index).collect(),
            checks: Vec::new(),
            indexes: Vec::new(),
            place: Some(self.place(create.name.span)),
            file: None,
        };
        self.table_rules(&mut table, rules);
        Some(table)
    }

    /// CHECK and UNIQUE, once all columns are known.
    fn table_rules(&mut self, table: &mut Table, rules: Vec<Rule<'a>>) {
        let mut names: Vec<(SmolStr, Span)> = Vec::new();
        for rule in rules {
            let given = rule.name.map(|ident| (ident.name.clone(), ident.span));
            if let Some((name, span)) = &given {
                let same = names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                if let Some((_, first)) = same {
                    self.report(say::duplicate_name(*span, *first, "constraint", name));
                }
                names.push((name.clone(), *span));
            }
            let indices: Vec<usize> = rule.columns.iter().map(|(index, _)| *index).collect();
            let made = |suffix| made_name(&table.name, &indices, &table.columns, suffix);
            match rule.check {
                Some(condition) => {
                    let name = match given {
                        Some((name, _)) => name,
                        None => {
                            let made = made("check");
                            let taken = |name: &str| table.checks.iter().any(|c| c.name == name);
                            let numbered = (1..).map(|n| SmolStr::from(format!("{made}{n}")));
                            let mut names = std::iter::once(made.clone()).chain(numbered);
                            names.find(|name| !taken(name)).unwrap_or(made)
                        }
                    };
                    let check = self.table_check(name, condition, &table.columns);
                    table.checks.push(check);
                }
                None => {
                    let name = match given {
                        Some((name, span)) => {
                            let own = table.index(&name).is_some();
                            if own || self.catalog.index(&ast::fold(&name)).is_some() {
                                let help = "choose another name for the constraint";
                                self.report(say::already_exists(span, "index", &name, None, help));
                            }
                            name
                        }
                        None => self.free_index_name(made("key"), &table.indexes),
                    };
                    let unique = self.unique_constraint(name, &rule.columns, &table.columns);
                    table.indexes.extend(unique);
                }
            }
        }
    }

    fn column_definition(
        &mut self,
        column: &'a ast::ColumnDefinition,
        index: usize,
        key: &mut Vec<(usize, Span)>,
        rules: &mut Vec<Rule<'a>>,
    ) -> TableColumn {
        let ty = match &column.column_type {
            Some(ty) => self.resolve_type(ty),
            None => self.later(column.span, "a column without a type").ty,
        };
        let storable = !matches!(ty, Type::Exception(_) | Type::Function(_) | Type::Task(_));
        if !storable {
            let span = column.column_type.as_ref().map_or(column.span, |ty| ty.span);
            self.later(span, &format!("a column of type {ty}"));
        }
        let mut nullable = true;
        let mut default = None;
        for constraint in &column.constraints {
            use ast::ColumnConstraintKind as K;
            let what = match &constraint.kind {
                K::NotNull => {
                    nullable = false;
                    continue;
                }
                K::Null => continue,
                K::Default(value) => {
                    let why = format!("the default of `{}`", column.name.name);
                    let value = self.without_row("DEFAULT", |this| {
                        this.expr_as(value, &ty, Mode::Assign, &why)
                    });
                    self.forbid_writes(&value, "DEFAULT");
                    default = Some(self.self_contained(value));
                    continue;
                }
                K::PrimaryKey => {
                    if let Some((_, first)) = key.first() {
                        let first = Some(*first);
                        let message = "a table has one primary key";
                        self.report(say::bad_key(constraint.span, message, first));
                    }
                    key.push((index, constraint.span));
                    continue;
                }
                K::Unique | K::Check(_) => {
                    let check = match &constraint.kind {
                        K::Check(condition) => Some(condition),
                        _ => None,
                    };
                    let columns = vec![(index, column.name.span)];
                    rules.push(Rule { name: constraint.name.as_ref(), check, columns });
                    continue;
                }
                K::References(_) => "REFERENCES",
                K::Generated(_) => "a generated column",
                K::Identity { .. } => "an identity column",
            };
            self.later(constraint.span, what);
        }
        let id = ColumnId(index as u32);
        TableColumn { id, name: column.name.name.clone(), ty, nullable, default }
    }

    /// A default stands in other statements later: it can neither use parameters and variables of
    /// this one nor keep values in locals.
    pub(crate) fn self_contained(&mut self, value: Expr) -> Expr {
        let mut found: Option<(Span, &str)> = None;
        value.walk(&mut |e| {
            let at = Span::new(e.place.start, e.place.end);
            match e.kind {
                ExprKind::Parameter(_) => found = found.or(Some((at, ""))),
                ExprKind::Local(_) => {
                    found = found.or(Some((at, "a DEFAULT that uses a value twice")))
                }
                ExprKind::Subquery { .. } => found = found.or(Some((at, "a query in a DEFAULT"))),
                _ => {}
            }
        });
        match found {
            None => value,
            Some((span, "")) => {
                let text = span.text(self.text).to_owned();
                self.report(say::not_constant(span, &text, "DEFAULT"));
                self.error(span)
            }
            Some((span, what)) => self.later(span, what),
        }
    }

    fn table_constraint(
        &mut self,
        constraint: &'a ast::TableConstraint,
        columns: &[TableColumn],
        by_column: usize,
        (key, rules): (&mut Vec<(usize, Span)>, &mut Vec<Rule<'a>>),
    ) {
        use ast::TableConstraintKind as K;
        let name = constraint.name.as_ref();
        let names = match &constraint.kind {
            K::PrimaryKey(names) => names,
            K::Unique(names) => {
                let columns = self.constraint_columns(names, columns);
                rules.push(Rule { name, check: None, columns });
                return;
            }
            K::Check(condition) => {
                rules.push(Rule { name, check: Some(condition), columns: Vec::new() });
                return;
            }
            K::ForeignKey { .. } => {
                self.later(constraint.span, "FOREIGN KEY");
                return;
            }
        };
        if let Some((_, first)) = key.first() {
            let first = Some(*first);
            self.report(say::bad_key(constraint.span, "a table has one primary key", first));
            if by_column > 0 {
                return;
            }
        }
        for (index, span) in self.constraint_columns(names, columns) {
            if key.iter().any(|(known, _)| *known == index) {
                let message = format!("`{}` stands twice in the key", span.text(self.text));
                self.report(say::bad_key(span, &message, None));
                continue;
            }
            key.push((index, span));
        }
    }

    /// What a CREATE TYPE defines.
    pub(crate) fn type_definition(
        &mut self,
        create: &'a ast::CreateType,
    ) -> Option<(SmolStr, Type)> {
        let Some(ident) = create.name.as_ident() else {
            self.later(create.name.span, "a type name with a schema or a variable");
            return None;
        };
        let name = ident.name.clone();
        if super::resolve::built_in_type(&ident.folded()).is_some()
            || grizzly_bytecode::Builtin::named(&name).is_some()
        {
            let help = "built-in types cannot be replaced; choose another name";
            self.report(say::already_exists(ident.span, "type", &name, None, help));
            return None;
        }
        let ty = match &create.definition {
            ast::TypeDefinition::Struct(fields) => {
                let fields = self.resolve_fields(fields);
                if fields.iter().any(|field| field.ty.is_error()) {
                    return Some((name, Type::Error));
                }
                Type::Struct(Arc::new(StructType { name: Some(name.clone()), fields }))
            }
            ast::TypeDefinition::Enum(values) => self.enum_type(&name, values),
            ast::TypeDefinition::Exception { message, fields } => {
                let fields = self.resolve_fields(fields);
                let message = message.as_ref().map_or(name.clone(), |text| text.value.clone());
                Type::Exception(Arc::new(ExceptionType {
                    name: name.clone(),
                    parent: None,
                    message,
                    fields,
                }))
            }
            ast::TypeDefinition::Alias(ty) => self.resolve_type(ty),
        };
        Some((name, ty))
    }

    fn enum_type(&mut self, name: &SmolStr, values: &[ast::Text]) -> Type {
        for (index, value) in values.iter().enumerate() {
            let before = values.get(..index).unwrap_or(&[]);
            if let Some(first) = before.iter().find(|other| other.value == value.value) {
                self.report(say::duplicate_name(value.span, first.span, "value", &value.value));
            }
        }
        let values = values.iter().map(|value| value.value.clone()).collect();
        Type::Enum(Arc::new(EnumType { name: name.clone(), values }))
    }

    /// DROP.
    pub(crate) fn drop_objects(&mut self, drop: &'a ast::Drop) -> Option<StatementKind> {
        let kind = match drop.class {
            ast::ObjectClass::Table => ObjectKind::Table,
            ast::ObjectClass::View => ObjectKind::View,
            ast::ObjectClass::Type => ObjectKind::Type,
            ast::ObjectClass::Function => ObjectKind::Function,
            ast::ObjectClass::Index => ObjectKind::Index,
            class => {
                let at = drop.names.first().map_or(Span::default(), |name| name.span);
                self.later(at, &format!("DROP {}", class.keyword()));
                return None;
            }
        };
        let receiver = drop.receiver.as_ref().map(|ty| self.resolve_type(ty));
        let mut names = Vec::new();
        let mut failed = false;
        for name in &drop.names {
            let text = self.object_name(name)?;
            let folded = ast::fold(&text);
            let receiver = receiver.as_ref().map(|ty| ast::fold(&ty.to_string()));
            let shown = match &receiver {
                Some(receiver) => SmolStr::from(format!("{receiver}.{folded}")),
                None => folded.clone(),
            };
            let unmade = self.facts.unmade(kind, &shown);
            let exists = !unmade
                && match kind {
                    ObjectKind::Table => self.catalog.table(&folded).is_some(),
                    ObjectKind::View => self.catalog.view(&folded).is_some(),
                    ObjectKind::Type => self.catalog.ty(&folded).is_some(),
                    ObjectKind::Index => self.catalog.index(&folded).is_some(),
                    _ => self.catalog.function(&FunctionKey { receiver, name: folded }).is_some(),
                };
            if exists {
                self.refuse_constraint(kind, &shown, name.span);
                names.push(shown);
            } else if !drop.if_exists && !self.open {
                failed = true;
                self.unknown_object(kind, name.span, &text);
            } else if self.open && !drop.if_exists {
                self.be_late(name.span, "an object that may exist when it is reached".into());
            }
        }
        if failed {
            return None;
        }
        let objects: Vec<(ObjectKind, SmolStr)> =
            names.into_iter().map(|name| (kind, name)).collect();
        let mut all = self.dropped_views(&objects, drop)?;
        all.extend(objects);
        Some(if all.is_empty() { StatementKind::Nothing } else { StatementKind::Drop(all) })
    }

    /// The index of a UNIQUE constraint goes only with its table.
    fn refuse_constraint(&mut self, kind: ObjectKind, name: &str, span: Span) {
        if kind != ObjectKind::Index {
            return;
        }
        if let Some((table, index)) = self.catalog.index(name)
            && index.constraint
        {
            self.report(say::index_of_constraint(span, &index.name, &table.name));
        }
    }

    fn unknown_object(&mut self, kind: ObjectKind, span: Span, text: &str) {
        let folded = ast::fold(text);
        match kind {
            ObjectKind::Table if self.catalog.view(&folded).is_some() => {
                self.report(say::wrong_drop(span, text, "view"));
                return;
            }
            ObjectKind::View if self.catalog.table(&folded).is_some() => {
                self.report(say::wrong_drop(span, text, "table"));
                return;
            }
            _ => {}
        }
        let names = self.catalog.names(kind);
        let near = similar(text, names.iter());
        let near = near.as_deref();
        self.report(match kind {
            ObjectKind::Table => say::unknown_table(span, text, near, None),
            ObjectKind::View => say::unknown_view(span, text, near),
            ObjectKind::Type => say::unknown_type(span, text, near),
            ObjectKind::Index => say::unknown_index(span, text, near),
            _ => say::unknown_function(span, text, None, near),
        });
    }
}

fn built_in_name(name: &str) -> bool {
    super::resolve::built_in_type(&ast::fold(name)).is_some()
}
