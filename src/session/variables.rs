//! Session variables: made by the first SET, which fixes their type; not undone by ROLLBACK.

use grizzly_bytecode::{Type, Value};
use grizzly_grammar::ast::fold;
use hashbrown::HashMap;
use smol_str::SmolStr;

/// A variable.
#[derive(Clone, Debug)]
pub struct SessionVariable {
    /// The spelling of its first SET.
    pub name: SmolStr,
    /// The type of its first SET.
    pub ty: Type,
    /// Its value.
    pub value: Value,
}

/// The variables of a session, by their folded names.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    variables: HashMap<SmolStr, SessionVariable>,
}

impl Variables {
    /// The variable of a name.
    pub fn get(&self, name: &str) -> Option<&SessionVariable> {
        self.variables.get(&fold(name))
    }

    /// Assigns a value of the variable's type; the first assignment makes the variable.
    pub fn set(&mut self, name: &str, ty: Type, value: Value) {
        let known = self.variables.entry(fold(name));
        let variable = known.or_insert_with(|| SessionVariable {
            name: SmolStr::new(name),
            ty: ty.clone(),
            value: Value::Null,
        });
        // The compiler has converted the value to the type of the first SET.
        variable.ty = ty;
        variable.value = value;
    }

    /// The names as they were written.
    pub fn names(&self) -> Vec<SmolStr> {
        self.variables.values().map(|variable| variable.name.clone()).collect()
    }
}
