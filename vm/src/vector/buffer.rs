//! Buffers of vectors: borrowed from something that stays pinned, or owned and reused.

use std::fmt;
use std::sync::Arc;

/// Something that keeps a slice in place for as long as it lives: a mapped block, a finished state.
pub trait AsSlice<T>: Send + Sync {
    /// The slice; the same at every call.
    fn as_slice(&self) -> &[T];
}

impl<T: Send + Sync> AsSlice<T> for Vec<T> {
    fn as_slice(&self) -> &[T] {
        self
    }
}

/// A part of a slice, with a share of whatever keeps it in place.
pub struct Shared<T: 'static> {
    owner: Arc<dyn AsSlice<T>>,
    offset: usize,
    len: usize,
}

impl<T> Shared<T> {
    /// `len` values of `owner` from `offset` on.
    ///
    /// # Panics
    /// Where the owner has fewer.
    pub fn new(owner: Arc<dyn AsSlice<T>>, offset: usize, len: usize) -> Shared<T> {
        assert!(
            offset.checked_add(len).is_some_and(|end| end <= owner.as_slice().len()),
            "a shared slice lies inside its owner"
        );
        Shared { owner, offset, len }
    }

    /// The values.
    pub fn as_slice(&self) -> &[T] {
        &self.owner.as_slice()[self.offset..self.offset + self.len]
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { owner: self.owner.clone(), offset: self.offset, len: self.len }
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({}..+{})", self.offset, self.len)
    }
}

/// Values that are borrowed or lie in the buffer's own memory, which it keeps while it borrows.
#[derive(Debug)]
pub struct Buffer<T: 'static> {
    own: Vec<T>,
    shared: Option<Shared<T>>,
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Buffer { own: Vec::new(), shared: None }
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(own: Vec<T>) -> Self {
        Buffer { own, shared: None }
    }
}

impl<T> From<Shared<T>> for Buffer<T> {
    fn from(shared: Shared<T>) -> Self {
        Buffer { own: Vec::new(), shared: Some(shared) }
    }
}

impl<T> Buffer<T> {
    /// The values.
    pub fn as_slice(&self) -> &[T] {
        match &self.shared {
            Some(shared) => shared.as_slice(),
            None => &self.own,
        }
    }

    /// Borrows.
    pub fn share(&mut self, shared: Shared<T>) {
        self.shared = Some(shared);
    }

    /// Gives up what it borrowed.
    pub fn release(&mut self) {
        self.shared = None;
    }

    /// The buffer's own memory, with what its last use left in it; nothing is borrowed afterwards.
    pub fn owned(&mut self) -> &mut Vec<T> {
        self.shared = None;
        &mut self.own
    }
}

impl<T: Clone> Buffer<T> {
    /// The buffer's own memory, holding what it owned or borrowed.
    pub fn make_owned(&mut self) -> &mut Vec<T> {
        if let Some(shared) = self.shared.take() {
            self.own.clear();
            self.own.extend_from_slice(shared.as_slice());
        }
        &mut self.own
    }

    /// Becomes the first `len` values of another buffer: borrowed where that one borrows, else
    /// copied.
    pub fn clone_from_buffer(&mut self, other: &Buffer<T>, len: usize) {
        match &other.shared {
            Some(shared) => self.shared = Some(shared.clone()),
            None => {
                self.shared = None;
                self.own.clear();
                self.own.extend_from_slice(&other.own[..len.min(other.own.len())]);
            }
        }
    }
}
