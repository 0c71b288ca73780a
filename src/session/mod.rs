//! A session: one user's connection, with its variables and its transaction.
//!
//! A statement is planned, compiled, verified and linked when it is reached, against the snapshot
//! and the catalog version of its transaction. Without BEGIN a statement is a transaction of its
//! own; within one it is atomic by a savepoint. An exception leaves the session usable: what the
//! statement did is undone, an open transaction stays open.

mod bind;
mod control;
mod definitions;
mod files;
mod indexes;
mod names;
mod prepared;
mod run;
mod settings;
mod transaction;
mod variables;
mod watchdog;

pub(crate) use definitions::with_ids;
pub(crate) use indexes::with_index_ids;
pub use prepared::Prepared;
pub use run::Stage;
pub use settings::{Setting, Settings};
pub use variables::{SessionVariable, Variables};

use crate::adapter::Damage;
use crate::catalog::{Objects, SessionCatalog};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::frontend::{self, Checked};
use crate::output::Output;
use crate::source::Source;
use grizzly_bytecode::{Builtin, Fault, Type, Value};
use grizzly_compiler::hir;
use grizzly_grammar::Diagnostic;
use grizzly_vm::budget::Budget;
use grizzly_vm::progress::Progress;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use transaction::Open;
use watchdog::Watchdog;

/// A connection to a database.
pub struct Session {
    database: Database,
    variables: Variables,
    /// The values of `$name`, from the command line or the embedding program.
    parameters: HashMap<SmolStr, Value>,
    /// The types and functions of the script that runs.
    script: Objects,
    /// The script that runs.
    running: Option<Arc<Source>>,
    /// Its locals.
    locals: control::ScriptLocals,
    /// The statements of PREPARE, by their names, with what they were compiled to.
    named: HashMap<SmolStr, prepared::Named>,
    transaction: Option<Open>,
    /// The memory of the statement that runs, within the session's.
    statement_budget: Budget,
    /// Whether the statement that runs met damaged bytes.
    damage: Damage,
    /// The parameters of prepared statements; kept, so that running one allocates none.
    values: Vec<Value>,
    /// How far the statement that runs has come.
    progress: Arc<Progress>,
    cancel: Arc<AtomicBool>,
    watchdog: Option<Watchdog>,
    settings: settings::Settings,
}

impl Session {
    pub(crate) fn new(database: Database) -> Session {
        let budget = database.shared.budget.child("session", u64::MAX);
        let statement_budget = budget.child("statement", u64::MAX);
        Session {
            database,
            variables: Variables::default(),
            parameters: HashMap::new(),
            script: Objects::default(),
            running: None,
            locals: control::ScriptLocals::default(),
            named: HashMap::new(),
            transaction: None,
            statement_budget,
            damage: Damage::default(),
            values: Vec::new(),
            progress: Arc::default(),
            cancel: Arc::new(AtomicBool::new(false)),
            watchdog: None,
            settings: settings::Settings::default(),
        }
    }

    /// Makes the script's arguments the variable ARGS.
    pub fn set_arguments(&mut self, arguments: &[String]) {
        let values = arguments.iter().map(Value::text).collect();
        let ty = Type::Array(Arc::new(Type::Text));
        self.variables.set("ARGS", ty, Value::Array(Arc::new(values)));
    }

    /// The flag that cancels the statement that runs; setting it is safe from any thread. It stays
    /// set, so that a whole script ends, until somebody clears it.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    /// Lets a flag that another session had cancel this one's statements; a time limit is set
    /// afterwards.
    pub fn use_cancel_flag(&mut self, flag: Arc<AtomicBool>) {
        self.cancel = flag;
        self.watchdog = None;
    }

    /// Gives a session variable a type and a value of it.
    pub fn set_variable(&mut self, name: &str, ty: Type, value: Value) {
        self.variables.set(name, ty, value);
    }

    /// How far the statement that runs has come with reading files: counters that any thread may
    /// look at while it runs. They begin anew with each statement.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Gives `$name` a text value; a statement that uses it converts it to the type it asks for.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        self.parameters.insert(grizzly_grammar::ast::fold(name), Value::text(value));
    }

    /// Adds a text to the source map under a name.
    pub fn source(&self, name: &str, text: &str) -> Arc<Source> {
        self.database.sources().add(name, text)
    }

    /// Checks a whole script against the database and the session; nothing runs.
    pub fn check(&self, source: &Arc<Source>) -> Checked {
        let objects = self.objects();
        let catalog = self.catalog(&objects);
        frontend::check(source, &catalog)
    }

    /// Checks a script and runs it. `notice` gets warnings and notes before anything runs.
    ///
    /// # Errors
    /// [`Error::Compile`] where the script has errors (nothing ran then), or what a statement
    /// raised; the statements before it keep their effects.
    pub fn run(
        &mut self,
        source: &Arc<Source>,
        output: &mut dyn Output,
        notice: &mut dyn FnMut(&[Diagnostic]),
    ) -> Result<()> {
        let checked = self.check(source);
        if checked.diagnostics.iter().any(Diagnostic::is_error) {
            let diagnostics = checked.diagnostics;
            return Err(Error::Compile { source: source.id, diagnostics });
        }
        notice(&checked.diagnostics);
        self.run_checked(&checked, output, &mut |_, _| {})
    }

    /// Runs a script that [`Session::check`] found free of errors; `done` hears of each statement
    /// and of the number of rows that it changed.
    ///
    /// # Errors
    /// What a statement raises.
    pub fn run_checked(
        &mut self,
        checked: &Checked,
        output: &mut dyn Output,
        done: &mut dyn FnMut(&hir::Statement, u64),
    ) -> Result<()> {
        self.script = checked.definitions.clone();
        self.running = Some(checked.source.clone());
        let mut statements = checked.statements.iter().enumerate();
        let outcome = statements.try_for_each(|(index, statement)| {
            let stale = matches!(statement.kind, hir::StatementKind::Late)
                || bind::files_changed(statement, &self.database.shared.files);
            let late = match stale {
                true => Some(self.check_late(checked, index)?),
                false => None,
            };
            let statement = late.as_ref().unwrap_or(statement);
            let rows = self.execute(statement, &[], output)?;
            done(statement, rows);
            Ok(())
        });
        self.script = Objects::default();
        self.running = None;
        self.locals.clear();
        outcome
    }

    fn check_late(&self, checked: &Checked, index: usize) -> Result<hir::Statement> {
        let objects = self.objects();
        frontend::check_late(checked, index, &self.catalog(&objects))
    }

    /// Runs one checked statement with positional parameters; the number of rows it changed.
    ///
    /// # Errors
    /// What it raises; its changes are undone.
    pub fn execute(
        &mut self,
        statement: &hir::Statement,
        parameters: &[Value],
        output: &mut dyn Output,
    ) -> Result<u64> {
        self.guarded(output, |session, output| session.dispatch(statement, parameters, output))
    }

    /// Runs a statement under the time limit; what it had begun to write ends where it raised.
    fn guarded(
        &mut self,
        output: &mut dyn Output,
        body: impl FnOnce(&mut Session, &mut dyn Output) -> Result<u64>,
    ) -> Result<u64> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Fault::new(Builtin::Cancelled, Builtin::Cancelled.message()).into());
        }
        if let Some(watchdog) = &self.watchdog {
            watchdog.start();
        }
        let outcome = body(self, output);
        let passed = self.watchdog.as_ref().and_then(Watchdog::stop);
        if outcome.is_err() {
            output.abort();
        }
        match (outcome, passed) {
            (Err(Error::Raised(fault)), Some(limit)) if fault.is("Cancelled") => {
                self.cancel.store(false, Ordering::Relaxed);
                let message = format!("the statement ran longer than {} s", limit.as_secs_f64());
                let late = Fault { trace: fault.trace, ..Fault::new(Builtin::Cancelled, message) };
                Err(late.into())
            }
            (outcome, _) => outcome,
        }
    }

    /// Rolls an open transaction back, as the end of a script that failed does.
    pub fn roll_back(&mut self) {
        self.transaction = None;
    }

    /// Whether BEGIN opened a transaction that has not ended.
    pub fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The objects that a statement sees now.
    fn objects(&self) -> Arc<Objects> {
        match &self.transaction {
            Some(open) => open.objects.clone(),
            None => self.database.shared.objects(),
        }
    }

    fn catalog<'a>(&'a self, objects: &'a Objects) -> SessionCatalog<'a> {
        SessionCatalog {
            builtins: &self.database.shared.builtins,
            script: &self.script,
            objects,
            variables: &self.variables,
            prepared: self.named_parameters(),
            sources: &self.database.shared.files,
            transaction: self.transaction.as_ref().map(|open| &open.transaction),
        }
    }
}
