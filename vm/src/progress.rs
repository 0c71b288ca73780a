//! How far a statement has come, for another thread to watch: counters that scans of files move.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rows and bytes that the scans of a statement have read.
#[derive(Debug, Default)]
pub struct Progress {
    rows: AtomicU64,
    bytes: AtomicU64,
    total_bytes: AtomicU64,
}

/// The counters at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows read.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The bytes of all files that were opened or will be; 0 where nothing is known.
    pub total_bytes: u64,
}

impl Progress {
    /// Begins anew, for the next statement.
    pub fn reset(&self) {
        for counter in [&self.rows, &self.bytes, &self.total_bytes] {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Some more bytes will be read.
    pub fn expect(&self, bytes: u64) {
        self.total_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Some more were read.
    pub fn advance(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The counters now.
    pub fn counts(&self) -> Counts {
        Counts {
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            total_bytes: self.total_bytes.load(Ordering::Relaxed),
        }
    }
}
