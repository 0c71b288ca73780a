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
use grizzly_bytecode::{Builtin, Fault, Field, Parameter, Type, Value};
use grizzly_compiler::hir::{self, StatementKind};
use grizzly_grammar::Diagnostic;
use grizzly_vm::Executable;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::Arc;

/// A prepared statement.
pub struct Prepared {
    checked: Checked,
    compiled: Option<Compiled>,
}

/// The compiled form for a catalog version.
pub(super) struct Compiled {
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
            session.run_compiled(statement, compiled, parameters, output)
        })
    }

    /// Runs a statement that is one program; what it was compiled to before is used again.
    pub(super) fn run_compiled(
        &mut self,
        statement: &hir::Statement,
        compiled: &mut Option<Compiled>,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<u64> {
        self.in_statement(|session| {
            let compiled = session.compiled(statement, compiled)?;
            let (_, rows) = session.run_program(compiled, parameters, output)?;
            output.finish(&compiled.columns)?;
            Ok(rows)
        })
    }

    /// The value of a LET; its local gets it.
    pub(super) fn value_of(
        &mut self,
        statement: &hir::Statement,
        compiled: &mut Option<Compiled>,
        output: &mut dyn Output,
    ) -> Result<Value> {
        let mut result = Value::Null;
        self.in_statement(|session| {
            let compiled = session.compiled(statement, compiled)?;
            let (value, rows) = session.run_program(compiled, &[], output)?;
            result = value.unwrap_or(Value::Null);
            Ok(rows)
        })?;
        if let StatementKind::Let(key, value) = &statement.kind
            && !key.is_empty()
        {
            self.locals.insert(key.clone(), (value.ty.clone(), result.clone()));
        }
        Ok(result)
    }

    fn run_program(
        &mut self,
        compiled: &Compiled,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<(Option<Value>, u64)> {
        let expected = &compiled.executable.program().parameters;
        let mut values = std::mem::take(&mut self.values);
        let given = self.parameter_values(expected, parameters, &mut values);
        let outcome = match given {
            Ok(()) => self.run_executable(&compiled.executable, &values, output),
            Err(fault) => Err(fault.into()),
        };
        self.values = values;
        outcome
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

/// A statement of PREPARE, and what it was compiled to.
pub(super) struct Named {
    statement: Arc<hir::Statement>,
    compiled: Option<Compiled>,
}

impl Session {
    /// PREPARE; a statement of the same name is replaced.
    pub(super) fn remember(&mut self, name: &SmolStr, statement: &hir::Statement) {
        let named = Named { statement: Arc::new(statement.clone()), compiled: None };
        self.named.insert(name.clone(), named);
    }

    /// The parameters of all statements of PREPARE.
    pub(super) fn named_parameters(&self) -> HashMap<SmolStr, Vec<Parameter>> {
        let parameters =
            |(name, named): (&SmolStr, &Named)| (name.clone(), named.statement.parameters.clone());
        self.named.iter().map(parameters).collect()
    }

    /// EXECUTE.
    pub(super) fn execute_named(
        &mut self,
        name: &SmolStr,
        arguments: &[hir::Statement],
        output: &mut dyn Output,
    ) -> Result<u64> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value_of(argument, &mut None, output)?);
        }
        let Some(mut named) = self.named.remove(name) else {
            let message = format!("no statement is prepared as {name}");
            return Err(Fault::new(Builtin::CompileError, message).into());
        };
        let statement = named.statement.clone();
        let outcome = match is_data(&statement.kind) {
            true => self.run_compiled(&statement, &mut named.compiled, &values, output),
            false => self.dispatch(&statement, &values, output),
        };
        self.named.entry(name.clone()).or_insert(named);
        outcome
    }
}

/// Whether a statement is one program and no more.
pub(super) fn is_data(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Query(_)
            | StatementKind::Expression(..)
            | StatementKind::Print(_)
            | StatementKind::Insert(_)
            | StatementKind::Update(_)
            | StatementKind::Delete(_)
    )
}
