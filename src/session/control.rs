//! Statements under control at the top level: blocks, IF, WHILE, FOR and TRY whose statements run
//! one by one.
//!
//! Each inner statement is a transaction of its own unless one is open. A TRY without an open
//! transaction makes one of its body, so that an exception undoes all of it. What is run again in a
//! loop is compiled once for a catalog version.

use super::Session;
use super::prepared::Compiled;
use super::transaction::Open;
use crate::error::{Error, Result};
use crate::frontend;
use crate::output::Output;
use grizzly_bytecode::{Builtin, Fault, Type, Value};
use grizzly_compiler::check::{LiveLocal, ScriptLocal};
use grizzly_compiler::hir::{Control, Statement, StatementKind};
use grizzly_grammar::ast;
use grizzly_storage::Isolation;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::atomic::Ordering;

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// The locals of the script that runs, by the names that no other declaration has.
pub(super) type ScriptLocals = HashMap<SmolStr, (Type, Value)>;

/// One run of a construct: what its statements were compiled to, by their addresses, which do not
/// move while it runs.
struct Run<'o> {
    output: &'o mut dyn Output,
    compiled: HashMap<usize, Option<Compiled>>,
    rows: u64,
}

impl Session {
    /// Runs a construct; the number of rows that its statements changed.
    pub(super) fn control(&mut self, control: &Control, output: &mut dyn Output) -> Result<u64> {
        let mut run = Run { output, compiled: HashMap::new(), rows: 0 };
        self.flow(control, &mut run)?;
        Ok(run.rows)
    }

    fn flow(&mut self, control: &Control, run: &mut Run<'_>) -> Result<Flow> {
        match control {
            Control::Sequence(statements) => self.sequence(statements, run),
            Control::If(condition, then, otherwise) => {
                let taken = if self.holds(condition, run)? { then } else { otherwise };
                self.sequence(taken, run)
            }
            Control::While(condition, body) => {
                while self.holds(condition, run)? {
                    if self.sequence(body, run)? == Flow::Break {
                        break;
                    }
                }
                Ok(Flow::On)
            }
            Control::For(local, source, body) => self.each(local, source, body, run),
            Control::Break => Ok(Flow::Break),
            Control::Continue => Ok(Flow::Continue),
            Control::Try { body, exception, handlers } => {
                self.attempt(body, (exception, handlers), run)
            }
            Control::Late(statement, locals) => {
                self.late(statement, locals, run)?;
                Ok(Flow::On)
            }
        }
    }

    fn sequence(&mut self, statements: &[Statement], run: &mut Run<'_>) -> Result<Flow> {
        for statement in statements {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(Fault::new(Builtin::Cancelled, Builtin::Cancelled.message()).into());
            }
            let flow = match &statement.kind {
                StatementKind::Control(control) => self.flow(control, run)?,
                _ => {
                    self.step(statement, run)?;
                    Flow::On
                }
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// A statement without control.
    fn step(&mut self, statement: &Statement, run: &mut Run<'_>) -> Result<()> {
        if !super::prepared::is_data(&statement.kind) {
            run.rows += self.dispatch(statement, &[], run.output)?;
            return Ok(());
        }
        let Run { output, compiled, rows } = run;
        let compiled = compiled.entry(std::ptr::from_ref(statement) as usize).or_default();
        *rows += self.run_compiled(statement, compiled, &[], *output)?;
        Ok(())
    }

    /// The value of a condition, a source or a LET.
    fn value(&mut self, statement: &Statement, run: &mut Run<'_>) -> Result<Value> {
        let compiled = &mut run.compiled;
        let compiled = compiled.entry(std::ptr::from_ref(statement) as usize).or_default();
        self.value_of(statement, compiled, run.output)
    }

    fn holds(&mut self, condition: &Statement, run: &mut Run<'_>) -> Result<bool> {
        Ok(matches!(self.value(condition, run)?, Value::Bool(true)))
    }

    fn each(
        &mut self,
        local: &SmolStr,
        source: &Statement,
        body: &[Statement],
        run: &mut Run<'_>,
    ) -> Result<Flow> {
        let Value::Array(elements) = self.value(source, run)? else { return Ok(Flow::On) };
        let ty = match &source.kind {
            StatementKind::Let(_, value) => match &value.ty {
                Type::Array(element) => (**element).clone(),
                _ => Type::Null,
            },
            _ => Type::Null,
        };
        for element in elements.iter() {
            self.locals.insert(local.clone(), (ty.clone(), element.clone()));
            if self.sequence(body, run)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn attempt(
        &mut self,
        body: &[Statement],
        (exception, handlers): (&SmolStr, &[(Statement, Vec<Statement>)]),
        run: &mut Run<'_>,
    ) -> Result<Flow> {
        let tried = self.atomic(|session| session.sequence(body, run));
        let Err(Error::Raised(fault)) = tried else { return tried };
        run.output.abort();
        let ty = Type::Exception(fault.exception.ty.clone());
        self.locals.insert(exception.clone(), (ty, fault.value()));
        for (condition, handler) in handlers {
            if self.holds(condition, run)? {
                return self.sequence(handler, run);
            }
        }
        Err(Error::Raised(fault))
    }

    /// Runs `body` in a transaction of its own, or undoes what it did in the open one where it
    /// raises.
    fn atomic<T>(&mut self, body: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        if self.transaction.is_some() {
            let mut result = None;
            self.in_statement(|session| {
                result = Some(body(session)?);
                Ok(0)
            })?;
            return result.ok_or_else(|| {
                Fault::new(Builtin::TypeError, "internal error: a body without an end").into()
            });
        }
        self.transaction = Some(Open::new(&self.database.shared, Isolation::Snapshot));
        let outcome = body(self);
        let open = self.transaction.take();
        let value = outcome?;
        open.map_or(Ok(()), |open| self.commit_open(open))?;
        Ok(value)
    }

    /// A statement that is checked now that it is reached.
    fn late(
        &mut self,
        statement: &ast::Statement,
        locals: &[(SmolStr, SmolStr, Type)],
        run: &mut Run<'_>,
    ) -> Result<()> {
        let local = |(name, key, ty): &(SmolStr, SmolStr, Type)| -> LiveLocal {
            let value = self.locals.get(key).map(|(_, value)| value.clone());
            (name.clone(), ScriptLocal { key: key.clone(), ty: ty.clone(), value })
        };
        let locals = locals.iter().map(local).collect();
        let objects = self.objects();
        let source = self
            .running
            .clone()
            .ok_or_else(|| Fault::new(Builtin::CompileError, "internal error: no script runs"))?;
        let checked = frontend::check_inner(statement, &source, &self.catalog(&objects), locals)?;
        match &checked.kind {
            StatementKind::Control(control) => {
                run.rows += self.control(control, run.output)?;
            }
            _ => run.rows += self.dispatch(&checked, &[], run.output)?,
        }
        Ok(())
    }
}
