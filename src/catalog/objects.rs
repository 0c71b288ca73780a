//! The objects of one catalog version.

use grizzly_bytecode::Type;
use grizzly_compiler::catalog::{FunctionKey, Index, ObjectKind, Table, View};
use grizzly_compiler::hir::{Effect, Function};
use grizzly_grammar::ast::fold;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::Arc;

/// Tables, views, types and functions by their folded names. Clones share the objects themselves.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    tables: HashMap<SmolStr, Arc<Table>>,
    /// The tables of indexes.
    indexes: HashMap<SmolStr, SmolStr>,
    views: HashMap<SmolStr, Arc<View>>,
    types: HashMap<SmolStr, (SmolStr, Type)>,
    functions: HashMap<FunctionKey, Arc<Function>>,
}

/// What a statement did to the objects.
#[derive(Clone, Debug)]
pub enum Change {
    /// A table was made, or got or lost an index.
    Table(Arc<Table>),
    /// A view was made or replaced.
    View(Arc<View>),
    /// A type was made: its name as it was written.
    Type(SmolStr, Type),
    /// A function was made or replaced.
    Function(Arc<Function>),
    /// A table was dropped: its folded name.
    DropTable(SmolStr),
    /// A view was dropped: its folded name.
    DropView(SmolStr),
    /// A type was dropped: its folded name.
    DropType(SmolStr),
    /// A function was dropped.
    DropFunction(FunctionKey),
}

impl Objects {
    /// The table of a name, one of `system` too.
    pub fn table(&self, name: &str) -> Option<Arc<Table>> {
        let name = fold(name);
        self.tables.get(&name).cloned().or_else(|| super::virtual_tables::table(&name))
    }

    /// The view of a name.
    pub fn view(&self, name: &str) -> Option<Arc<View>> {
        self.views.get(&fold(name)).cloned()
    }

    /// The type of a name.
    pub fn ty(&self, name: &str) -> Option<Type> {
        self.types.get(&fold(name)).map(|(_, ty)| ty.clone())
    }

    /// The function of a key.
    pub fn function(&self, key: &FunctionKey) -> Option<Arc<Function>> {
        self.functions.get(key).cloned()
    }

    /// The index of a name, with its table.
    pub fn index(&self, name: &str) -> Option<(Arc<Table>, Arc<Index>)> {
        let table = self.tables.get(self.indexes.get(&fold(name))?)?;
        Some((table.clone(), table.index(name)?.clone()))
    }

    /// The function with the tables that the names in its queries mean here: it may have been
    /// checked before they were made. One that is gone stays as it was; the checker reports it at
    /// the call.
    pub fn bind_function(&self, function: Arc<Function>) -> Arc<Function> {
        if function.effect < Effect::Reads {
            return function;
        }
        let mut stale = false;
        function.body.for_each_table(&mut |table| {
            let now = self.table(&table.name);
            stale = stale || now.is_some_and(|now| !Arc::ptr_eq(&now, table));
        });
        if !stale {
            return function;
        }
        let mut current = Function::clone(&function);
        current.body.for_each_table_mut(&mut |table| {
            if let Some(now) = self.table(&table.name)
                && now.row_type() == table.row_type()
            {
                *table = now;
            }
        });
        Arc::new(current)
    }

    /// All types with the spelling of their names.
    pub fn types(&self) -> impl Iterator<Item = &(SmolStr, Type)> {
        self.types.values()
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.functions.values()
    }

    /// All tables, but for those of `system`.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// The functions of a folded name, receivers' ones included.
    pub fn functions_named(&self, name: &str) -> Vec<FunctionKey> {
        self.functions.keys().filter(|key| key.name == name).cloned().collect()
    }

    /// The spelling of the names of a kind of object; receiver functions as `type.name`.
    pub fn names(&self, kind: ObjectKind) -> Vec<SmolStr> {
        match kind {
            ObjectKind::Table => self.tables.values().map(|table| table.name.clone()).collect(),
            ObjectKind::View => self.views.values().map(|view| view.name.clone()).collect(),
            ObjectKind::Type => self.types.values().map(|(name, _)| name.clone()).collect(),
            ObjectKind::Function => self.functions.keys().map(function_name).collect(),
            ObjectKind::Index => {
                let indexes = self.tables.values().flat_map(|table| &table.indexes);
                indexes.map(|index| index.name.clone()).collect()
            }
            ObjectKind::Native | ObjectKind::Variable => Vec::new(),
        }
    }

    /// Makes the next version.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Table(table) => {
                let name = fold(&table.name);
                self.indexes.retain(|_, of| *of != name);
                let indexes = table.indexes.iter();
                self.indexes.extend(indexes.map(|index| (fold(&index.name), name.clone())));
                self.tables.insert(name, table.clone());
            }
            Change::View(view) => {
                self.views.insert(fold(&view.name), view.clone());
            }
            Change::Type(name, ty) => {
                self.types.insert(fold(name), (name.clone(), ty.clone()));
            }
            Change::Function(function) => {
                self.functions.insert(function.key.clone(), function.clone());
            }
            Change::DropTable(name) => {
                self.tables.remove(name);
                self.indexes.retain(|_, of| of != name);
            }
            Change::DropView(name) => {
                self.views.remove(name);
            }
            Change::DropType(name) => {
                self.types.remove(name);
            }
            Change::DropFunction(key) => {
                self.functions.remove(key);
            }
        }
    }
}

/// A function's folded name with its receiver: `type.name`.
pub fn function_name(key: &FunctionKey) -> SmolStr {
    match &key.receiver {
        Some(receiver) => SmolStr::new(format!("{receiver}.{}", key.name)),
        None => key.name.clone(),
    }
}
