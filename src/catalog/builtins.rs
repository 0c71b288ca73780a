//! The built-in functions, from the prelude's declarations.
//!
//! An index of names is made once from the declarations' first lines; a declaration is parsed when
//! its name is first used, so that a short script does not pay for all of them.

use grizzly_compiler::catalog::Native;
use grizzly_compiler::prelude;
use grizzly_grammar::ast::fold;
use hashbrown::HashMap;
use parking_lot::RwLock;
use smol_str::SmolStr;
use std::sync::Arc;

/// The declarations of the standard library, or of any other prelude.
pub struct Builtins {
    /// The declarations of each folded name, as text.
    index: HashMap<SmolStr, Vec<&'static str>>,
    parsed: RwLock<HashMap<SmolStr, Vec<Arc<Native>>>>,
}

const HEAD: &str = "CREATE FUNCTION ";

impl Builtins {
    /// The built-ins of a prelude: names and texts of its sources.
    pub fn new(prelude: &[(&'static str, &'static str)]) -> Builtins {
        let mut index: HashMap<SmolStr, Vec<&'static str>> = HashMap::new();
        for (_, text) in prelude {
            // Declarations are parted by an empty line, which none contains.
            for declaration in text.split("\n\n") {
                let head = declaration.lines().find_map(|line| line.strip_prefix(HEAD));
                if let Some(name) = head.and_then(|head| head.split('(').next()) {
                    index.entry(fold(name.trim().trim_matches('`'))).or_default().push(declaration);
                }
            }
        }
        Builtins { index, parsed: RwLock::default() }
    }

    /// The names of all functions.
    pub fn names(&self) -> Vec<SmolStr> {
        self.index.keys().cloned().collect()
    }

    /// The forms of a function; empty where there is none of that name.
    pub fn forms(&self, name: &str) -> Vec<Arc<Native>> {
        let name = fold(name);
        if let Some(known) = self.parsed.read().get(&name) {
            return known.clone();
        }
        let declarations = self.index.get(&name).map_or(&[][..], Vec::as_slice);
        let declared = declarations.iter().filter_map(|text| declared(text).ok()).flatten();
        let forms: Vec<Arc<Native>> = declared.map(Arc::new).collect();
        if !declarations.is_empty() {
            self.parsed.write().insert(name, forms.clone());
        }
        forms
    }

    /// What is wrong with the declarations; a test holds it to nothing.
    pub fn problems(&self) -> Vec<String> {
        let all = self.index.values().flatten();
        all.filter_map(|text| declared(text).err().map(|what| format!("{what}: {text}"))).collect()
    }
}

/// The built-ins that a text declares, or what is wrong with it.
fn declared(text: &str) -> Result<Vec<Native>, String> {
    prelude::natives(text).map_err(|diagnostics| {
        let messages: Vec<String> = diagnostics.into_iter().map(|d| d.message).collect();
        messages.join("; ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use grizzly_bytecode::Value;
    use grizzly_compiler::hir::Effect;

    #[test]
    fn every_declaration_of_the_prelude_is_understood() {
        let builtins = Builtins::new(grizzly_stdlib::PRELUDE);
        assert_eq!(builtins.problems(), Vec::<String>::new());
        assert!(builtins.names().len() > 100);
    }

    #[test]
    fn forms_carry_their_tags_and_defaults() {
        let builtins = Builtins::new(grizzly_stdlib::PRELUDE);
        let trim = builtins.forms("TRIM");
        let [trim] = trim.as_slice() else { panic!("trim has one form") };
        assert_eq!(trim.parameters[1].default, Some(Value::text(" ")));
        assert!(trim.strict && trim.effect == Effect::Pure);
        let concat = builtins.forms("concat");
        assert!(concat[0].variadic && !concat[0].strict);
        assert_eq!(builtins.forms("now")[0].effect, Effect::Reads);
        assert_eq!(builtins.forms("btrim")[0].name, "trim");
        assert!(builtins.forms("no_such").is_empty());
    }
}
