//! One statement, from the typed form to its rows: bind, plan and compile, verify, link, execute.

use super::transaction::Open;
use super::{Session, bind, definitions};
use crate::adapter::errors;
use crate::adapter::{Access, StorageTables};
use crate::catalog::SessionCatalog;
use crate::catalog::virtual_tables::Sources;
use crate::database::{Shared, not_supported};
use crate::error::{Error, Result};
use crate::output::Output;
use grizzly_bytecode::disasm::Disassembly;
use grizzly_bytecode::{
    Builtin, Fault, Field, Parameter, ParameterSource, Program, Type, Value, verify,
};
use grizzly_compiler::catalog::Evaluate;
use grizzly_compiler::hir::{self, ExplainMode, StatementKind};
use grizzly_grammar::Diagnostic;
use grizzly_stdlib::{convert::convert, natives};
use grizzly_storage as storage;
use grizzly_storage::Isolation;
use grizzly_vm::batch::Batch;
use grizzly_vm::budget::Budget;
use grizzly_vm::ports::{NoOutput, NoTables};
use grizzly_vm::{Context, Executable};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The bytes that the folding of one constant may reserve.
const FOLDING_BYTES: u64 = 64 << 20;

/// Folds constants with the machine itself.
struct Folding<'a> {
    shared: &'a Shared,
    cancel: &'a AtomicBool,
}

impl Evaluate for Folding<'_> {
    fn evaluate(&self, program: Program) -> std::result::Result<Value, Fault> {
        let executable = link(program, self.shared)?;
        let budget = self.shared.budget.child("constant", FOLDING_BYTES);
        let (mut tables, mut output) = (NoTables, NoOutput);
        let world = &self.shared.world;
        let mut context = Context {
            tables: &mut tables,
            output: &mut output,
            clock: &*world.clock,
            entropy: &*world.entropy,
            files: &*world.files,
            secrets: &*world.secrets,
            tasks: &*world.tasks,
            natives: natives(),
            budget,
            parameters: &[],
            cancel: self.cancel,
            transaction_micros: 0,
            progress: &Arc::default(),
            rows_written: 0,
            nesting: 0,
        };
        Ok(executable.execute(&mut context)?.unwrap_or(Value::Null))
    }
}

/// Verifies a program and links it with the native bodies.
pub(super) fn link(program: Program, shared: &Shared) -> std::result::Result<Executable, Fault> {
    let verified = verify(program).map_err(|error| {
        let message = format!("internal error: the compiled statement was refused: {error}");
        Fault::new(Builtin::CompileError, message)
    })?;
    let executable = Executable::link(verified, natives())?;
    Ok(match &shared.compiler {
        Some(compiler) => executable.with_compiler(compiler.clone()),
        None => executable,
    })
}

/// The error of an exception that comes from the storage: damage is a class of its own.
pub(super) fn classified(fault: Fault, error: &storage::Error) -> Error {
    match error.class() {
        storage::Class::Corrupt => Error::Damaged(Box::new(fault)),
        _ => Error::Raised(Box::new(fault)),
    }
}

fn compile_error(diagnostic: Diagnostic, statement: &hir::Statement) -> Error {
    Error::Compile { source: statement.place.source, diagnostics: vec![diagnostic] }
}

impl Session {
    /// Runs a statement by its kind; the number of rows it changed.
    pub(super) fn dispatch(
        &mut self,
        statement: &hir::Statement,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<u64> {
        match &statement.kind {
            StatementKind::Nothing => Ok(0),
            StatementKind::Error => {
                let message = "internal error: a statement with errors was reached";
                Err(Fault::new(Builtin::CompileError, message).into())
            }
            StatementKind::Late => Err(not_supported("a statement that is checked late").into()),
            StatementKind::SetSetting(name, value) => self.set_setting(name, value).map(|()| 0),
            StatementKind::Prepare(name, inner) => {
                self.remember(name, inner);
                Ok(0)
            }
            StatementKind::Execute(name, arguments) => self.execute_named(name, arguments, output),
            StatementKind::Deallocate(name) => {
                self.named.remove(name);
                Ok(0)
            }
            StatementKind::Control(control) => self.control(control, output),
            StatementKind::Let(..) => self.value_of(statement, &mut None, output).map(|_| 0),
            StatementKind::Begin(serializable) => self.begin(*serializable).map(|()| 0),
            StatementKind::Commit => self.commit().map(|()| 0),
            StatementKind::Rollback => self.rollback().map(|()| 0),
            StatementKind::Savepoint(name) => self.savepoint(name).map(|()| 0),
            StatementKind::RollbackTo(name) => self.rollback_to(name).map(|()| 0),
            StatementKind::Release(name) => self.release(name).map(|()| 0),
            _ => self.in_statement(|session| session.perform(statement, parameters, output)),
        }
    }

    /// Runs `body` atomically: in a transaction of its own, or between savepoints of the open one.
    pub(super) fn in_statement(
        &mut self,
        body: impl FnOnce(&mut Session) -> Result<u64>,
    ) -> Result<u64> {
        if let Some(open) = &mut self.transaction {
            let mark = open.mark();
            let outcome = body(self);
            if let Some(open) = &mut self.transaction {
                match &outcome {
                    Ok(_) => open.release(&mark),
                    Err(_) => {
                        let undone = open.undo(&mark);
                        open.release(&mark);
                        if let Err(error) = undone {
                            let fault = errors::fault(&error, &|_| None);
                            return Err(classified(fault, &error));
                        }
                    }
                }
            }
            return outcome;
        }
        self.transaction = Some(Open::new(&self.database.shared, Isolation::Snapshot));
        let outcome = body(self);
        let open = self.transaction.take();
        let rows = outcome?;
        open.map_or(Ok(()), |open| self.commit_open(open))?;
        Ok(rows)
    }

    /// Runs a statement within the open transaction.
    fn perform(
        &mut self,
        statement: &hir::Statement,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<u64> {
        let shared = self.database.shared.clone();
        let Some(open) = &mut self.transaction else {
            return Err(Fault::new(Builtin::TypeError, "internal error: no transaction").into());
        };
        if definitions::define(open, &shared, statement)? {
            return Ok(0);
        }
        let bound = bind::bind(statement, &open.objects, &shared.files)?;
        if let StatementKind::Explain(mode, inner) = &bound.kind {
            let text = self.explain(*mode, inner)?;
            return show_text(output, &text).map(|()| 0).map_err(Error::from);
        }
        match &bound.kind {
            StatementKind::CreateTableAs { .. } => return self.create_table_as(&bound, parameters),
            StatementKind::CopyTo(..) => return self.copy_to(&bound, parameters),
            _ => {}
        }
        let (value, columns, rows) = self.run_bound(&bound, parameters, output)?;
        if let StatementKind::SetVariable(name, expression) = &bound.kind {
            let value = value.unwrap_or(Value::Null);
            let ty = variable_type(&expression.ty);
            self.variables.set(name, ty, value);
        }
        output.finish(&columns)?;
        Ok(rows)
    }

    /// Compiles and runs a bound statement: its value, its result's columns and the number of rows
    /// that it changed.
    pub(super) fn run_bound(
        &mut self,
        bound: &hir::Statement,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<(Option<Value>, Vec<Field>, u64)> {
        let program = self.compile(bound)?;
        let mut values = Vec::new();
        self.parameter_values(&program.parameters, parameters, &mut values)?;
        let executable = link(program, &self.database.shared)?;
        let columns = executable.program().output.clone();
        let (value, rows) = self.run_executable(&executable, &values, output)?;
        Ok((value, columns, rows))
    }

    /// Plans and compiles a bound statement.
    pub(super) fn compile(&self, statement: &hir::Statement) -> Result<Program> {
        self.with_compiler(|catalog, folding| {
            grizzly_compiler::compile(statement, catalog, folding)
                .map_err(|diagnostic| compile_error(*diagnostic, statement))
        })
    }

    fn with_compiler<T>(
        &self,
        body: impl FnOnce(&SessionCatalog<'_>, &Folding<'_>) -> Result<T>,
    ) -> Result<T> {
        let objects = self.objects();
        let folding = Folding { shared: &self.database.shared, cancel: &self.cancel };
        body(&self.catalog(&objects), &folding)
    }

    /// What EXPLAIN shows of a bound statement.
    fn explain(&self, mode: ExplainMode, statement: &hir::Statement) -> Result<String> {
        if mode == ExplainMode::Bytecode {
            return Ok(Disassembly(&self.compile(statement)?).to_string());
        }
        self.with_compiler(|catalog, folding| {
            grizzly_compiler::explain(statement, catalog, folding)
                .map_err(|diagnostic| compile_error(*diagnostic, statement))
        })
    }

    /// The text form of a stage of a statement, for `build --emit`.
    ///
    /// # Errors
    /// [`Error::Compile`] where the statement cannot be compiled.
    pub fn emit(&mut self, stage: Stage, statement: &hir::Statement) -> Result<String> {
        let objects = self.objects();
        let bound = bind::bind(statement, &objects, &self.database.shared.files)?;
        if !has_program(&bound.kind) {
            return Ok(String::new());
        }
        self.with_compiler(|catalog, folding| {
            let text = match stage {
                Stage::Plan => grizzly_compiler::explain_logical(&bound, catalog, folding),
                Stage::Physical => grizzly_compiler::explain(&bound, catalog, folding),
                Stage::Bytecode => grizzly_compiler::compile(&bound, catalog, folding)
                    .map(|program| Disassembly(&program).to_string()),
            };
            text.map_err(|diagnostic| compile_error(*diagnostic, &bound))
        })
    }

    /// The values of a program's parameters, each of the type that the code expects, into `out`.
    pub(super) fn parameter_values(
        &self,
        parameters: &[Parameter],
        given: &[Value],
        out: &mut Vec<Value>,
    ) -> std::result::Result<(), Fault> {
        out.clear();
        let missing = |what: String| Fault::new(Builtin::CompileError, what);
        let value = |parameter: &Parameter| match &parameter.source {
            ParameterSource::Variable(name) => {
                let variable = self.variables.get(name);
                let variable = variable
                    .ok_or_else(|| missing(format!("the variable {{{name}}} was never SET")))?;
                convert(&variable.value, &variable.ty, &parameter.ty)
            }
            ParameterSource::Local(key) => {
                let local = self.locals.get(key);
                let (ty, value) = local.ok_or_else(|| {
                    let name = key.split('@').next().unwrap_or(key);
                    missing(format!("the local {name} has no value yet"))
                })?;
                match parameter.ty {
                    // A caught exception stands for what it is.
                    Type::Exception(_) => Ok(value.clone()),
                    _ => convert(value, ty, &parameter.ty),
                }
            }
            ParameterSource::Positional(index) => {
                let given = given.get(usize::from(*index));
                given.cloned().ok_or_else(|| missing(format!("no value for ${}", index + 1)))
            }
            ParameterSource::Named(name) => {
                let given = self.parameters.get(&grizzly_grammar::ast::fold(name));
                let given = given.ok_or_else(|| {
                    missing(format!("no value for ${name}; give one with --param {name}=…"))
                })?;
                convert(given, &Type::Text, &parameter.ty)
            }
        };
        for parameter in parameters {
            out.push(value(parameter)?);
        }
        Ok(())
    }

    /// Runs a linked program in the open transaction: its value, and the rows it changed.
    pub(super) fn run_executable(
        &mut self,
        executable: &Executable,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<(Option<Value>, u64)> {
        let shared = &self.database.shared;
        let budget: Budget = self.statement_budget.clone();
        let Some(open) = &mut self.transaction else {
            return Err(Fault::new(Builtin::TypeError, "internal error: no transaction").into());
        };
        let micros = open.micros;
        self.damage.clear();
        self.progress.reset();
        let system = Sources {
            builtins: &shared.builtins,
            objects: &open.objects,
            variables: &self.variables,
            settings: &self.settings,
        };
        let access = Access { system, read_only: shared.read_only };
        let mut tables = StorageTables::new(&mut open.transaction, self.damage.clone(), access);
        let world = &shared.world;
        let mut context = Context {
            tables: &mut tables,
            output,
            clock: &*world.clock,
            entropy: &*world.entropy,
            files: &*world.files,
            secrets: &*world.secrets,
            tasks: &**self.settings.tasks().unwrap_or(&world.tasks),
            natives: natives(),
            budget,
            parameters,
            cancel: &self.cancel,
            transaction_micros: micros,
            progress: &self.progress,
            rows_written: 0,
            nesting: 0,
        };
        let outcome = executable.execute(&mut context);
        let rows = context.rows_written;
        match outcome {
            Ok(value) => Ok((value, rows)),
            Err(fault) if self.damage.was_seen() => Err(Error::Damaged(Box::new(fault))),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// The stages that [`Session::emit`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The logical plan.
    Plan,
    /// The physical plan.
    Physical,
    /// The bytecode.
    Bytecode,
}

/// Whether a statement compiles to a program of its own.
fn has_program(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Query(_)
            | StatementKind::Expression(..)
            | StatementKind::Print(_)
            | StatementKind::SetVariable(..)
            | StatementKind::Insert(_)
            | StatementKind::Update(_)
            | StatementKind::Delete(_)
    )
}

/// A variable whose first SET gives NULL is a TEXT, as an untyped NULL is elsewhere.
fn variable_type(ty: &Type) -> Type {
    if *ty == Type::Null { Type::Text } else { ty.clone() }
}

/// Writes lines of text as a result of one column.
fn show_text(output: &mut dyn Output, text: &str) -> std::result::Result<(), Fault> {
    let columns = [Field { name: "plan".into(), ty: Type::Text }];
    let lines: Vec<&str> = text.lines().collect();
    for chunk in lines.chunks(grizzly_vm::batch::CAPACITY) {
        let mut batch = Batch::default();
        batch.reset(1, chunk.len());
        let (offsets, data) = batch.columns[0].bytes_mut().owned_offsets();
        for line in chunk {
            data.extend_from_slice(line.as_bytes());
            // A plan is far below 2 GiB.
            offsets.push(data.len() as i32);
        }
        output.batch(&columns, &batch)?;
    }
    output.finish(&columns)
}
