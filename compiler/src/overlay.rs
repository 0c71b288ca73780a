//! A script's own objects over the database's: each DDL statement of the script is applied in turn,
//! so that later statements see what earlier ones will have made.
//!
//! Types and functions are laid in before any statement is checked, as they are visible in the
//! whole script. What the script drops hides the database's object of that name.

use crate::catalog::{
    Catalog, FunctionKey, Index, Native, ObjectKind, SourceDescription, Table, TableStatistics,
    Variable, View,
};
use crate::check::known_value;
use crate::hir::{Function, Statement, StatementKind};
use grizzly_bytecode::{FileRequest, Parameter, Type};
use grizzly_grammar::ast::fold;
use hashbrown::{HashMap, HashSet};
use smol_str::SmolStr;
use std::sync::Arc;

/// The objects of an overlay; `None` is an object that was dropped. Keys are folded.
#[derive(Clone, Debug, Default)]
pub struct OverlayObjects {
    /// Named types with the spelling of their names.
    pub types: HashMap<SmolStr, Option<(SmolStr, Type)>>,
    /// Functions.
    pub functions: HashMap<FunctionKey, Option<Arc<Function>>>,
    /// Tables.
    pub tables: HashMap<SmolStr, Option<Arc<Table>>>,
    /// Views.
    pub views: HashMap<SmolStr, Option<Arc<View>>>,
    /// The parameters of the statements of PREPARE.
    pub prepared: HashMap<SmolStr, Option<Vec<Parameter>>>,
    /// Session variables.
    pub variables: HashMap<SmolStr, Variable>,
    /// Variables whose only assignment is one top-level SET of a literal: their value is known.
    pub single: HashSet<SmolStr>,
    /// Whether a late statement may have made objects that nothing is known of.
    pub open: bool,
}

impl OverlayObjects {
    fn drop_object(&mut self, kind: ObjectKind, name: &SmolStr) {
        match kind {
            ObjectKind::Table => {
                self.tables.insert(fold(name), None);
            }
            ObjectKind::View => {
                self.views.insert(fold(name), None);
            }
            ObjectKind::Type => {
                self.types.insert(fold(name), None);
            }
            ObjectKind::Function => {
                self.functions.insert(function_key(name), None);
            }
            // Indexes are parts of their tables.
            ObjectKind::Index | ObjectKind::Native | ObjectKind::Variable => {}
        }
    }
}

/// A catalog with a script's own objects over it.
pub struct Overlay<'a> {
    base: &'a dyn Catalog,
    /// What the script has made and dropped so far.
    pub objects: OverlayObjects,
}

impl<'a> Overlay<'a> {
    /// An overlay without objects.
    pub fn new(base: &'a dyn Catalog) -> Self {
        Overlay { base, objects: OverlayObjects::default() }
    }

    /// Whether the overlay itself knows a variable.
    pub fn own_variable(&self, name: &str) -> Option<&Variable> {
        self.objects.variables.get(name)
    }

    /// Applies what a statement will do to the objects.
    pub fn apply(&mut self, statement: &Statement) {
        self.apply_indexes(&statement.kind);
        let objects = &mut self.objects;
        match &statement.kind {
            StatementKind::CreateTable(table) | StatementKind::CreateTableAs { table, .. } => {
                objects.tables.insert(fold(&table.name), Some(table.clone()));
            }
            StatementKind::CreateType(name, ty) => {
                objects.types.insert(fold(name), Some((name.clone(), ty.clone())));
            }
            StatementKind::CreateFunction(function) => {
                objects.functions.insert(function.key.clone(), Some(function.clone()));
            }
            StatementKind::CreateView(view, _) => {
                objects.views.insert(fold(&view.name), Some(view.clone()));
            }
            StatementKind::Drop(dropped) => {
                dropped.iter().for_each(|(kind, name)| objects.drop_object(*kind, name));
            }
            StatementKind::SetVariable(name, value) => {
                let key = fold(name);
                let value_known = objects.single.contains(&key);
                let known = if value_known { known_value(value) } else { None };
                let ty = objects.variables.get(&key).map_or(value.ty.clone(), |v| v.ty.clone());
                objects.variables.insert(key, Variable { ty, value: known });
            }
            StatementKind::Prepare(name, inner) => {
                objects.prepared.insert(name.clone(), Some(inner.parameters.clone()));
            }
            StatementKind::Deallocate(name) => {
                objects.prepared.insert(name.clone(), None);
            }
            StatementKind::Late => objects.open = true,
            _ => {}
        }
    }
}

impl Overlay<'_> {
    fn apply_indexes(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::CreateIndex { table, index, .. } => {
                if let Some(known) = self.table(&fold(table)) {
                    let indexed = Arc::new(known.with_index(index.clone()));
                    self.objects.tables.insert(fold(table), Some(indexed));
                }
            }
            StatementKind::Drop(dropped) => {
                for (_, name) in dropped.iter().filter(|(kind, _)| *kind == ObjectKind::Index) {
                    if let Some((table, _)) = self.index(name) {
                        let without = Arc::new(table.without_index(name));
                        self.objects.tables.insert(fold(&table.name), Some(without));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The key of a function's name as DROP and the list of names have it: `type.name`.
fn function_key(name: &SmolStr) -> FunctionKey {
    match name.rsplit_once('.') {
        Some((receiver, name)) => FunctionKey { receiver: Some(fold(receiver)), name: fold(name) },
        None => FunctionKey { receiver: None, name: fold(name) },
    }
}

fn extend_names<'k>(
    names: &mut Vec<SmolStr>,
    own: impl Iterator<Item = (SmolStr, Option<&'k SmolStr>)>,
) {
    for (key, spelling) in own {
        names.retain(|name| fold(name) != key);
        names.extend(spelling.cloned());
    }
}

impl Catalog for Overlay<'_> {
    fn table(&self, name: &str) -> Option<Arc<Table>> {
        match self.objects.tables.get(name) {
            Some(own) => own.clone(),
            None => self.base.table(name),
        }
    }

    fn view(&self, name: &str) -> Option<Arc<View>> {
        match self.objects.views.get(name) {
            Some(own) => own.clone(),
            None => self.base.view(name),
        }
    }

    fn ty(&self, name: &str) -> Option<Type> {
        match self.objects.types.get(name) {
            Some(own) => own.as_ref().map(|(_, ty)| ty.clone()),
            None => self.base.ty(name),
        }
    }

    fn function(&self, key: &FunctionKey) -> Option<Arc<Function>> {
        match self.objects.functions.get(key) {
            Some(own) => own.clone(),
            None => self.base.function(key),
        }
    }

    fn natives(&self, name: &str) -> Vec<Arc<Native>> {
        self.base.natives(name)
    }

    fn index(&self, name: &str) -> Option<(Arc<Table>, Arc<Index>)> {
        let own = self.objects.tables.values().flatten();
        let found =
            own.filter_map(|table| Some((table.clone(), table.index(name)?.clone()))).next();
        found.or_else(|| {
            let (table, index) = self.base.index(name)?;
            (!self.objects.tables.contains_key(&fold(&table.name))).then_some((table, index))
        })
    }

    fn variable(&self, name: &str) -> Option<Variable> {
        self.objects.variables.get(name).cloned().or_else(|| self.base.variable(name))
    }

    fn prepared(&self, name: &str) -> Option<Vec<Parameter>> {
        match self.objects.prepared.get(name) {
            Some(own) => own.clone(),
            None => self.base.prepared(name),
        }
    }

    fn names(&self, kind: ObjectKind) -> Vec<SmolStr> {
        let mut names = self.base.names(kind);
        let objects = &self.objects;
        match kind {
            ObjectKind::Table => {
                let own = objects.tables.iter();
                extend_names(
                    &mut names,
                    own.map(|(key, table)| (key.clone(), table.as_ref().map(|t| &t.name))),
                );
            }
            ObjectKind::View => {
                let own = objects.views.iter();
                extend_names(
                    &mut names,
                    own.map(|(key, view)| (key.clone(), view.as_ref().map(|v| &v.name))),
                );
            }
            ObjectKind::Type => {
                let own = objects.types.iter();
                extend_names(
                    &mut names,
                    own.map(|(key, ty)| (key.clone(), ty.as_ref().map(|(name, _)| name))),
                );
            }
            ObjectKind::Function => {
                for (key, function) in &objects.functions {
                    let name = match &key.receiver {
                        Some(receiver) => SmolStr::from(format!("{receiver}.{}", key.name)),
                        None => key.name.clone(),
                    };
                    names.retain(|other| *other != name);
                    if function.is_some() {
                        names.push(name);
                    }
                }
            }
            ObjectKind::Variable => {
                for name in objects.variables.keys() {
                    names.retain(|other| other != name);
                    names.push(name.clone());
                }
            }
            ObjectKind::Index => {
                let known = |table: &Option<Arc<Table>>| table.clone().map(|t| t.indexes.clone());
                let own = objects.tables.values().filter_map(known).flatten();
                names.extend(own.map(|index| index.name.clone()));
            }
            ObjectKind::Native => {}
        }
        names.sort();
        names
    }

    fn statistics(&self, table: &Table) -> TableStatistics {
        match self.objects.tables.contains_key(&fold(&table.name)) {
            true => TableStatistics::default(),
            false => self.base.statistics(table),
        }
    }

    fn describe_source(&self, request: &FileRequest) -> SourceDescription {
        self.base.describe_source(request)
    }
}
