//! Prepared statements: checked and compiled once, run many times.
//!
//! The compiled form belongs to a catalog version; where another one is in force the statement is
//! bound and compiled again. Running it otherwise costs a transaction and the execution.

use super::run::link;
use super::{Session, bind};
use crate::catalog::Objects;
use crate::error::{Error, Result};
use crate::frontend::Checked;
use crate::output::Output;
use crate::source::Source;
use grizzly_bytecode::{Builtin, Fault, Field, Type, Value};
use grizzly_compiler::hir::{self, StatementKind};
use grizzly_grammar::Diagnostic;
use grizzly_vm::Executable;
use std::sync::Arc;

/// A prepared statement.
pub struct Prepared {
    checked: Checked,
    compiled: Option<Compiled>,
}

/// The compiled form for a catalog version.
struct Compiled {
    objects: Arc<Objects>,
    executable: Executable,
    columns: Vec<Field>,
}

impl Prepared {
    /// The types of the parameters that the statement asks for, in the order of their first use.
    pub fn parameter_types(&self) -> Vec<Type> {
        let statement = self.checked.statements.first();
        let parameters = statement.map_or(&[][..], |statement| &statement.parameters);
        parameters.iter().map(|parameter| parameter.ty.clone()).collect()
    }
}

impl Session {
    /// Checks a single statement for running it many times.
    ///
    /// # Errors
    /// [`Error::Compile`] where it has errors; a CompileError fault where there is not exactly one
    /// statement.
    pub fn prepare(&self, source: &Arc<Source>) -> Result<Prepared> {
        let mut checked = self.check(source);
        if checked.diagnostics.iter().any(Diagnostic::is_error) {
            let diagnostics = std::mem::take(&mut checked.diagnostics);
            return Err(Error::Compile { source: source.id, diagnostics });
        }
        if checked.statements.len() != 1 {
            let message = format!("one statement is prepared, not {}", checked.statements.len());
            return Err(Fault::new(Builtin::CompileError, message).into());
        }
        Ok(Prepared { checked, compiled: None })
    }

    /// Runs a prepared statement; the number of rows it changed.
    ///
    /// # Errors
    /// As for [`Session::execute`].
    pub fn execute_prepared(
        &mut self,
        prepared: &mut Prepared,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<u64> {
        let Prepared { checked, compiled } = prepared;
        // `prepare` has seen that there is exactly one.
        let Some(statement) = checked.statements.first() else { return Ok(0) };
        if !is_data(&statement.kind) {
            return self.execute(statement, parameters, output);
        }
        self.guarded(output, |session, output| {
            session.in_statement(|session| {
                let compiled = session.compiled(statement, compiled)?;
                let expected = &compiled.executable.program().parameters;
                let mut values = std::mem::take(&mut session.values);
                session.parameter_values(expected, parameters, &mut values)?;
                let outcome = session.run_executable(&compiled.executable, &values, output);
                session.values = values;
                let (_, rows) = outcome?;
                output.finish(&compiled.columns)?;
                Ok(rows)
            })
        })
    }

    /// The compiled form for the catalog version in force.
    fn compiled<'c>(
        &self,
        statement: &hir::Statement,
        known: &'c mut Option<Compiled>,
    ) -> Result<&'c Compiled> {
        let objects = self.objects();
        let same = known.as_ref().is_some_and(|known| Arc::ptr_eq(&known.objects, &objects));
        let valid = same && !bind::reads_files(statement);
        if !valid {
            let program =
                self.compile(&bind::bind(statement, &objects, &self.database.shared.files)?)?;
            let executable = link(program, &self.database.shared)?;
            let columns = executable.program().output.clone();
            *known = Some(Compiled { objects, executable, columns });
        }
        known.as_ref().ok_or_else(|| {
            Fault::new(Builtin::CompileError, "internal error: nothing was compiled").into()
        })
    }
}

/// Whether a statement is one program and no more.
fn is_data(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Query(_)
            | StatementKind::Expression(..)
            | StatementKind::Print(_)
            | StatementKind::Insert(..)
            | StatementKind::Update { .. }
            | StatementKind::Delete { .. }
    )
}
