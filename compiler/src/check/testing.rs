//! A catalog in memory with a small prelude, for tests.

use super::{CheckedScript, check_script};
use crate::catalog::{
    Catalog, FunctionKey, Index, Native, ObjectKind, Source, Table, TableStatistics, Variable, View,
};
use crate::hir::Function;
use grizzly_bytecode::{SourceId, Type};
use grizzly_grammar::{Diagnostic, parse_script};
use smol_str::SmolStr;
use std::sync::Arc;

const PRELUDE: &str = include_str!("../../tests/data/check/prelude.gz");

/// A database without objects.
pub(crate) struct Empty {
    natives: Vec<Arc<Native>>,
}

impl Empty {
    pub(crate) fn new() -> Empty {
        let forms = match crate::prelude::natives(PRELUDE) {
            Ok(forms) => forms,
            Err(problems) => panic!("the tests' prelude: {problems:#?}"),
        };
        Empty { natives: forms.into_iter().map(Arc::new).collect() }
    }
}

impl Catalog for Empty {
    fn table(&self, _: &str) -> Option<Arc<Table>> {
        None
    }

    fn view(&self, _: &str) -> Option<Arc<View>> {
        None
    }
    fn ty(&self, _: &str) -> Option<Type> {
        None
    }

    fn function(&self, _: &FunctionKey) -> Option<Arc<Function>> {
        None
    }

    fn natives(&self, name: &str) -> Vec<Arc<Native>> {
        self.natives.iter().filter(|native| native.function == name).cloned().collect()
    }

    fn index(&self, _: &str) -> Option<(Arc<Table>, Arc<Index>)> {
        None
    }

    fn variable(&self, _: &str) -> Option<Variable> {
        None
    }

    fn names(&self, kind: ObjectKind) -> Vec<SmolStr> {
        match kind {
            ObjectKind::Native => self.natives.iter().map(|n| n.function.clone()).collect(),
            _ => Vec::new(),
        }
    }

    fn statistics(&self, _: &Table) -> TableStatistics {
        TableStatistics::default()
    }
}

/// Checks a script against a database without objects; syntax errors come first.
pub(crate) fn check(text: &str) -> (Vec<Diagnostic>, CheckedScript) {
    let parsed = parse_script(text);
    let source = Source { id: SourceId(1), text: Arc::from(text) };
    let checked = check_script(&parsed.tree, &source, &Empty::new());
    (parsed.diagnostics, checked)
}

/// All that is to be said of a script.
pub(crate) fn diagnostics_of(text: &str) -> Vec<Diagnostic> {
    let (mut diagnostics, checked) = check(text);
    diagnostics.extend(checked.diagnostics);
    diagnostics
}
