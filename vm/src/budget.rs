//! Memory budgets: a tree (process, session, statement, operator) in which whatever grows reserves
//! first. A reservation counts against its node and all nodes above it, and is given back when
//! dropped.
//!
//! Only counters live here: nothing is allocated on anybody's behalf. Mapped pages do not count.

use crate::Fault;
use grizzly_bytecode::Builtin;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A node of the tree; clones are the same node.
#[derive(Clone)]
pub struct Budget {
    node: Arc<Node>,
}

struct Node {
    name: &'static str,
    limit_bytes: u64,
    used: AtomicU64,
    peak: AtomicU64,
    parent: Option<Budget>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget::unlimited()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("name", &self.node.name)
            .field("limit_bytes", &self.node.limit_bytes)
            .field("used_bytes", &self.used_bytes())
            .field("peak_bytes", &self.peak_bytes())
            .finish()
    }
}

impl Budget {
    /// A root without a limit.
    pub fn unlimited() -> Budget {
        Budget::new("process", u64::MAX)
    }

    /// A root; the name stands in messages.
    pub fn new(name: &'static str, limit_bytes: u64) -> Budget {
        Budget::node(name, limit_bytes, None)
    }

    /// A node below this one; `limit_bytes` may be `u64::MAX` to leave the limit to the nodes
    /// above.
    pub fn child(&self, name: &'static str, limit_bytes: u64) -> Budget {
        Budget::node(name, limit_bytes, Some(self.clone()))
    }

    fn node(name: &'static str, limit_bytes: u64, parent: Option<Budget>) -> Budget {
        let (used, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        Budget { node: Arc::new(Node { name, limit_bytes, used, peak, parent }) }
    }

    /// The bytes reserved now, by this node and those below.
    pub fn used_bytes(&self) -> u64 {
        self.node.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were reserved at one time.
    pub fn peak_bytes(&self) -> u64 {
        self.node.peak.load(Ordering::Relaxed)
    }

    /// The limit of this node alone.
    pub fn limit_bytes(&self) -> u64 {
        self.node.limit_bytes
    }

    /// Reserves bytes until the reservation is dropped.
    ///
    /// # Errors
    /// ResourceExhausted where this node or one above it would pass its limit.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Fault> {
        let mut reservation = Reservation::none(self);
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    fn take(&self, bytes: u64) -> Result<(), Fault> {
        let mut at = Some(self);
        while let Some(budget) = at {
            if let Err(used) = budget.node.try_add(bytes) {
                self.give_back_below(budget, bytes);
                return Err(exhausted(&budget.node, used, bytes));
            }
            at = budget.node.parent.as_ref();
        }
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let mut at = Some(self);
        while let Some(budget) = at {
            budget.node.used.fetch_sub(bytes, Ordering::Relaxed);
            at = budget.node.parent.as_ref();
        }
    }

    /// Gives back along the way up, from this node to the one before `end`.
    fn give_back_below(&self, end: &Budget, bytes: u64) {
        let mut at = Some(self);
        while let Some(budget) = at {
            if Arc::ptr_eq(&budget.node, &end.node) {
                return;
            }
            budget.node.used.fetch_sub(bytes, Ordering::Relaxed);
            at = budget.node.parent.as_ref();
        }
    }
}

impl Node {
    /// Adds to what is used; the error is what was used where that passes the limit.
    fn try_add(&self, bytes: u64) -> Result<(), u64> {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes);
        let before = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)?;
        self.peak.fetch_max(before + bytes, Ordering::Relaxed);
        Ok(())
    }
}

fn exhausted(node: &Node, used: u64, bytes: u64) -> Fault {
    let message = format!(
        "the {} needs {bytes} more bytes of memory, but {used} of its {} are in use",
        node.name, node.limit_bytes
    );
    Fault::new(Builtin::ResourceExhausted, message)
}

/// Reserved bytes; dropping gives them back.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// A reservation of nothing, to grow.
    pub fn none(budget: &Budget) -> Reservation {
        Reservation { budget: budget.clone(), bytes: 0 }
    }

    /// The node that the bytes count against.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The bytes reserved.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves more.
    ///
    /// # Errors
    /// As for [`Budget::reserve`]; the reservation is then as it was.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Fault> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives bytes back.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.budget.give_back(bytes);
        self.bytes -= bytes;
    }

    /// Makes room in a vector for `more` elements, reserving before it grows. Growth is by half at
    /// least, so that appending stays linear.
    ///
    /// # Errors
    /// As for [`Budget::reserve`]; the vector is then as it was.
    pub fn make_room<T>(&mut self, vector: &mut Vec<T>, more: usize) -> Result<(), Fault> {
        let needed = vector.len() + more;
        if needed <= vector.capacity() {
            return Ok(());
        }
        let capacity = needed.max(vector.capacity() + vector.capacity() / 2);
        let added = (capacity - vector.capacity()) * size_of::<T>();
        self.grow(added as u64)?;
        vector.reserve_exact(capacity - vector.len());
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}
