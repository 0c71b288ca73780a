//! The tables of the schema `system`: what the database and the session hold, as rows.
//!
//! Their ids lie above all that the storage gives out. Rows are made when a scan begins, from the
//! catalog version of the transaction; nothing of them is stored, and nothing can be written.

use super::system::{self, StoredKind, StoredObject};
use super::{Builtins, Objects};
use crate::session::{Setting, Settings, Variables};
use grizzly_bytecode::{ColumnId, Field, TableId, Type, Value};
use grizzly_compiler::catalog::{Native, NativeParameter, Table, TableColumn};
use grizzly_compiler::hir::Function;
use grizzly_storage as storage;
use grizzly_storage::Transaction;
use smol_str::SmolStr;
use std::sync::{Arc, LazyLock};

/// The id of the first table; the others follow.
const FIRST: u32 = 0xFFFF_FF00;

/// A column's name, its type, and whether it may be NULL.
type Shape = (&'static str, Type, bool);

/// A table's name and columns.
type Definition = (&'static str, &'static [Shape]);

const TABLES: &[Definition] = &[
    (
        "system.tables",
        &[
            ("name", Type::Text, false),
            ("kind", Type::Text, false),
            ("columns", Type::Int64, true),
            ("rows", Type::Int64, true),
            ("sql", Type::Text, true),
        ],
    ),
    (
        "system.columns",
        &[
            ("table_name", Type::Text, false),
            ("position", Type::Int64, false),
            ("name", Type::Text, false),
            ("type", Type::Text, false),
            ("is_nullable", Type::Bool, false),
            ("is_key", Type::Bool, false),
        ],
    ),
    (
        "system.types",
        &[
            ("name", Type::Text, false),
            ("kind", Type::Text, false),
            ("definition", Type::Text, false),
            ("sql", Type::Text, true),
        ],
    ),
    (
        "system.functions",
        &[
            ("name", Type::Text, false),
            ("receiver", Type::Text, true),
            ("kind", Type::Text, false),
            ("signature", Type::Text, false),
            ("description", Type::Text, true),
            ("sql", Type::Text, true),
        ],
    ),
    (
        "system.indexes",
        &[
            ("name", Type::Text, false),
            ("table_name", Type::Text, false),
            ("columns", Type::Text, false),
            ("is_unique", Type::Bool, false),
            ("is_primary", Type::Bool, false),
        ],
    ),
    (
        "system.variables",
        &[("name", Type::Text, false), ("type", Type::Text, false), ("value", Type::Text, true)],
    ),
    (
        "system.settings",
        &[
            ("name", Type::Text, false),
            ("value", Type::Text, true),
            ("type", Type::Text, false),
            ("description", Type::Text, false),
        ],
    ),
];

static DEFINED: LazyLock<Vec<Arc<Table>>> = LazyLock::new(|| {
    let ids = FIRST..;
    ids.zip(TABLES).map(|(id, (name, columns))| Arc::new(defined(id, name, columns))).collect()
});

fn defined(id: u32, name: &str, columns: &[Shape]) -> Table {
    let column = |(index, (name, ty, nullable)): (u32, &Shape)| TableColumn {
        id: ColumnId(index),
        name: SmolStr::new(name),
        ty: ty.clone(),
        nullable: *nullable,
        default: None,
    };
    Table {
        id: TableId(id),
        name: SmolStr::new(name),
        columns: (0..).zip(columns).map(column).collect(),
        key: Vec::new(),
        place: None,
        file: None,
        checks: Vec::new(),
        indexes: Vec::new(),
    }
}

/// All tables of `system`.
pub fn all() -> &'static [Arc<Table>] {
    &DEFINED
}

/// The table of a folded name with its schema.
pub fn table(name: &str) -> Option<Arc<Table>> {
    let found = name.starts_with("system.").then(|| all().iter().find(|t| t.name == name));
    found.flatten().cloned()
}

/// Whether an id is that of a table of `system`.
pub fn is_virtual(id: TableId) -> bool {
    id.0 >= FIRST
}

/// What the rows are made of.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The built-in functions.
    pub builtins: &'a Builtins,
    /// The objects of the transaction.
    pub objects: &'a Objects,
    /// The session's variables.
    pub variables: &'a Variables,
    /// The session's settings.
    pub settings: &'a Settings,
}

type Rows = Vec<Vec<Value>>;

impl Sources<'_> {
    /// The rows of a table, ordered by their first columns.
    ///
    /// # Errors
    /// What the storage says.
    pub fn rows(&self, table: TableId, transaction: &Transaction) -> Result<Rows, storage::Error> {
        let definition = TABLES.get(table.0.wrapping_sub(FIRST) as usize);
        let mut rows = match definition.map_or("", |(name, _)| *name) {
            "system.tables" => self.tables(transaction)?,
            "system.columns" => self.columns(),
            "system.types" => self.types(&system::read(transaction)?),
            "system.functions" => self.functions(&system::read(transaction)?),
            "system.indexes" => self.indexes(),
            "system.variables" => self.variables(),
            "system.settings" => self.settings(),
            _ => Vec::new(),
        };
        rows.sort_by_cached_key(|row| {
            let words: Vec<String> = row.iter().take(2).map(word).collect();
            words
        });
        Ok(rows)
    }

    fn tables(&self, transaction: &Transaction) -> Result<Rows, storage::Error> {
        let stored = system::read(transaction)?;
        let table = |table: &Arc<Table>| {
            let id = storage::TableId(table.id.0);
            let rows = transaction.statistics(id).ok().map(|known| known.rows as i64);
            vec![
                Value::text(&table.name),
                Value::text("table"),
                Value::Int(table.columns.len() as i64),
                rows.map_or(Value::Null, Value::Int),
                sql(&stored, StoredKind::Table, &table.name),
            ]
        };
        let view = |name: SmolStr| {
            let sql = sql(&stored, StoredKind::View, &name);
            vec![Value::text(&name), Value::text("view"), Value::Null, Value::Null, sql]
        };
        let views = self.objects.names(grizzly_compiler::catalog::ObjectKind::View);
        Ok(self.objects.tables().map(table).chain(views.into_iter().map(view)).collect())
    }

    fn columns(&self) -> Rows {
        let mut rows = Vec::new();
        for table in self.objects.tables() {
            for (index, column) in table.columns.iter().enumerate() {
                rows.push(vec![
                    Value::text(&table.name),
                    Value::Int(index as i64 + 1),
                    Value::text(&column.name),
                    Value::text(column.ty.to_string()),
                    Value::Bool(column.nullable),
                    Value::Bool(table.key.contains(&index)),
                ]);
            }
        }
        rows
    }

    fn types(&self, stored: &[StoredObject]) -> Rows {
        let row = |(name, ty): &(SmolStr, Type)| {
            let (kind, definition) = describe_type(ty);
            vec![
                Value::text(name),
                Value::text(kind),
                Value::text(definition),
                sql(stored, StoredKind::Type, name),
            ]
        };
        self.objects.types().map(row).collect()
    }

    fn functions(&self, stored: &[StoredObject]) -> Rows {
        let own = self.objects.functions().map(|function| {
            let stored_name = super::function_name(&function.key);
            let receiver = function.key.receiver.as_ref();
            vec![
                Value::text(&function.key.name),
                receiver.map_or(Value::Null, Value::text),
                Value::text("user"),
                Value::text(signature(function)),
                function.doc.as_ref().map_or(Value::Null, Value::text),
                sql(stored, StoredKind::Function, &stored_name),
            ]
        });
        let mut rows: Rows = own.collect();
        for name in self.builtins.names() {
            for form in self.builtins.forms(&name) {
                let doc = Some(form.doc.trim()).filter(|doc| !doc.is_empty());
                rows.push(vec![
                    Value::text(&name),
                    Value::Null,
                    Value::text("built-in"),
                    Value::text(native_signature(&name, &form)),
                    doc.map_or(Value::Null, Value::text),
                    Value::Null,
                ]);
            }
        }
        rows
    }

    /// The primary keys; they are the only indexes of this version.
    fn indexes(&self) -> Rows {
        let keyed = self.objects.tables().filter(|table| !table.key.is_empty());
        keyed
            .map(|table| {
                let columns = table.key.iter().filter_map(|index| table.columns.get(*index));
                let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
                vec![
                    Value::text(format!("{}_pkey", table.name)),
                    Value::text(&table.name),
                    Value::text(names.join(", ")),
                    Value::Bool(true),
                    Value::Bool(true),
                ]
            })
            .collect()
    }

    fn variables(&self) -> Rows {
        let row = |name: SmolStr| {
            let variable = self.variables.get(&name)?;
            let text = grizzly_stdlib::display::text_of(&variable.value, &variable.ty);
            let value = if variable.value.is_null() { Value::Null } else { Value::text(text) };
            Some(vec![Value::text(&name), Value::text(variable.ty.to_string()), value])
        };
        self.variables.names().into_iter().filter_map(row).collect()
    }

    fn settings(&self) -> Rows {
        let row = |setting: &Setting| {
            vec![
                Value::text(setting.name),
                setting.value.as_ref().map_or(Value::Null, Value::text),
                Value::text(setting.ty.to_string()),
                Value::text(setting.about),
            ]
        };
        self.settings.list().iter().map(row).collect()
    }
}

/// What a row is ordered by.
fn word(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_lowercase(),
        Value::Int(number) => format!("{number:020}"),
        _ => String::new(),
    }
}

/// The statement that made an object.
fn sql(stored: &[StoredObject], kind: StoredKind, name: &str) -> Value {
    let name = grizzly_grammar::ast::fold(name);
    let found = stored.iter().find(|object| object.kind == kind && object.name == name);
    found.map_or(Value::Null, |object| Value::text(&object.source))
}

/// The kind of a type that a script made, and what it is.
fn describe_type(ty: &Type) -> (&'static str, String) {
    let fields = |fields: &[Field]| {
        let shown: Vec<String> =
            fields.iter().map(|field| format!("{} {}", field.name, field.ty)).collect();
        format!("({})", shown.join(", "))
    };
    match ty {
        Type::Struct(shape) => ("struct", fields(&shape.fields)),
        Type::Enum(of) => {
            let values: Vec<String> = of.values.iter().map(|v| format!("'{v}'")).collect();
            ("enum", format!("({})", values.join(", ")))
        }
        Type::Exception(exception) => ("exception", fields(&exception.fields)),
        other => ("alias", other.to_string()),
    }
}

fn signature(function: &Function) -> String {
    let parameters: Vec<String> =
        function.parameters.iter().map(|p| format!("{} {}", p.name, p.ty)).collect();
    let result = function.result.as_ref().map(|result| format!(" RETURNS {}", result.ty));
    let name = &function.key.name;
    format!("{name}({}){}", parameters.join(", "), result.unwrap_or_default())
}

fn native_signature(name: &str, native: &Native) -> String {
    let parameter = |p: &NativeParameter| format!("{} {}", p.name, p.ty);
    let parameters: Vec<String> = native.parameters.iter().map(parameter).collect();
    let more = if native.variadic { ", …" } else { "" };
    format!("{name}({}{more}) RETURNS {}", parameters.join(", "), native.result)
}
