//! The session's transaction: BEGIN, COMMIT, ROLLBACK and savepoints.

use super::Session;
use crate::catalog::{Change, Objects};
use crate::database::Shared;
use crate::error::Result;
use grizzly_bytecode::{Builtin, Fault};
use grizzly_grammar::ast::fold;
use grizzly_storage as storage;
use grizzly_storage::{Isolation, Mark};
use smol_str::SmolStr;
use std::sync::Arc;

/// A transaction that is open, by BEGIN or for one statement.
pub(super) struct Open {
    pub transaction: storage::Transaction,
    /// The catalog version that it sees, with its own definitions.
    pub objects: Arc<Objects>,
    /// Its own definitions, in order.
    pub changes: Vec<Change>,
    /// When it began, in microseconds since 1970-01-01 UTC.
    pub micros: i64,
    savepoints: Vec<Savepoint>,
}

/// A named point, or the beginning of a statement.
pub(super) struct Savepoint {
    name: SmolStr,
    mark: Mark,
    objects: Arc<Objects>,
    changes: usize,
}

impl Open {
    pub fn new(shared: &Shared, isolation: Isolation) -> Open {
        // The catalog version first: a definition that commits in between is then seen by neither
        // or found missing, never half there.
        let objects = shared.objects();
        Open {
            transaction: shared.engine.begin(isolation),
            objects,
            changes: Vec::new(),
            micros: shared.world.clock.now_micros(),
            savepoints: Vec::new(),
        }
    }

    /// Notes what a definition did.
    pub fn define(&mut self, change: Change) {
        Arc::make_mut(&mut self.objects).apply(&change);
        self.changes.push(change);
    }

    /// Marks the beginning of a statement.
    pub fn mark(&mut self) -> Savepoint {
        self.savepoint(SmolStr::default())
    }

    fn savepoint(&mut self, name: SmolStr) -> Savepoint {
        Savepoint {
            name,
            mark: self.transaction.savepoint(),
            objects: self.objects.clone(),
            changes: self.changes.len(),
        }
    }

    /// Undoes everything since a point.
    pub fn undo(&mut self, point: &Savepoint) -> std::result::Result<(), storage::Error> {
        self.objects = point.objects.clone();
        self.changes.truncate(point.changes);
        self.transaction.rollback_to(point.mark)
    }

    /// Forgets the mark of a statement that succeeded.
    pub fn release(&mut self, point: &Savepoint) {
        self.transaction.release(point.mark);
    }
}

fn refused(message: &str) -> Fault {
    Fault::new(Builtin::TypeError, message)
}

impl Session {
    pub(super) fn begin(&mut self, serializable: bool) -> Result<()> {
        if self.transaction.is_some() {
            return Err(
                refused("a transaction is open already; COMMIT or ROLLBACK it first").into()
            );
        }
        let isolation = if serializable { Isolation::Serializable } else { Isolation::Snapshot };
        self.transaction = Some(Open::new(&self.database.shared, isolation));
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        let open = self.transaction.take();
        let open = open.ok_or_else(|| refused("there is no transaction to COMMIT"))?;
        self.commit_open(open)
    }

    /// Commits a transaction; where it cannot be, it is gone.
    pub(super) fn commit_open(&self, open: Open) -> Result<()> {
        let shared = &self.database.shared;
        // A failed commit has no transaction left to ask for names, so they are kept at hand.
        let names = open.objects.clone();
        shared.commit(open.transaction, &open.changes).map_err(|error| {
            let fault = crate::adapter::errors::fault(&error, &|table| {
                names.tables().find(|known| known.id.0 == table.0).map(super::definitions::spec)
            });
            super::run::classified(fault, &error)
        })
    }

    pub(super) fn rollback(&mut self) -> Result<()> {
        match self.transaction.take() {
            Some(open) => {
                open.transaction.rollback();
                Ok(())
            }
            None => Err(refused("there is no transaction to ROLLBACK").into()),
        }
    }

    fn open_transaction(&mut self) -> std::result::Result<&mut Open, Fault> {
        self.transaction
            .as_mut()
            .ok_or_else(|| refused("savepoints need a transaction; BEGIN first"))
    }

    pub(super) fn savepoint(&mut self, name: &str) -> Result<()> {
        let open = self.open_transaction()?;
        let point = open.savepoint(fold(name));
        open.savepoints.push(point);
        Ok(())
    }

    pub(super) fn rollback_to(&mut self, name: &str) -> Result<()> {
        let folded = fold(name);
        let open = self.open_transaction()?;
        let at = open.savepoints.iter().rposition(|point| point.name == folded);
        let at = at.ok_or_else(|| refused(&format!("there is no savepoint {name}")))?;
        // The savepoint itself stays usable, later ones are gone.
        let later = open.savepoints.split_off(at + 1);
        drop(later);
        if let Some(point) = open.savepoints.pop() {
            let undone = open.undo(&point);
            open.savepoints.push(point);
            undone.map_err(|error| {
                let fault = crate::adapter::errors::fault(&error, &|_| None);
                super::run::classified(fault, &error)
            })?;
        }
        Ok(())
    }

    pub(super) fn release(&mut self, name: &str) -> Result<()> {
        let folded = fold(name);
        let open = self.open_transaction()?;
        let at = open.savepoints.iter().rposition(|point| point.name == folded);
        let at = at.ok_or_else(|| refused(&format!("there is no savepoint {name}")))?;
        let mark = open.savepoints[at].mark;
        open.savepoints.truncate(at);
        open.transaction.release(mark);
        Ok(())
    }
}
