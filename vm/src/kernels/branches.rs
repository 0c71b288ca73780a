//! The selections that nested branches make: a stack whose entries keep their memory.

use super::drive::Span;
use super::logic::part;
use crate::batch::Rows;
use crate::vector::Vector;

/// The branches that are open.
#[derive(Debug, Default)]
pub struct Branches {
    stack: Vec<Branch>,
    depth: usize,
}

#[derive(Debug, Default)]
struct Branch {
    yes: Vec<u16>,
    no: Vec<u16>,
    in_else: bool,
}

impl Branches {
    /// Closes all branches.
    pub fn clear(&mut self) {
        self.depth = 0;
    }

    /// Whether no branch is open.
    pub fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// The rows of the innermost branch, `base` outside of all.
    pub fn rows<'a>(&'a self, base: Rows<'a>) -> Rows<'a> {
        match self.stack[..self.depth].last() {
            None => base,
            Some(branch) if branch.in_else => Rows::Some(&branch.no),
            Some(branch) => Rows::Some(&branch.yes),
        }
    }

    /// Opens a branch for the rows where the condition is TRUE; says whether there are any.
    pub fn open(&mut self, condition: &Vector, base: Rows<'_>, len: usize) -> bool {
        if self.stack.len() == self.depth {
            self.stack.push(Branch::default());
        }
        let (outer, inner) = self.stack.split_at_mut(self.depth);
        let branch = &mut inner[0];
        let rows = match outer.last() {
            None => base,
            Some(outer) if outer.in_else => Rows::Some(&outer.no),
            Some(outer) => Rows::Some(&outer.yes),
        };
        part(condition, Span { rows, len }, &mut branch.yes, &mut branch.no);
        branch.in_else = false;
        self.depth += 1;
        !branch.yes.is_empty()
    }

    /// Turns to the rows that the innermost branch left out; says whether there are any.
    pub fn turn(&mut self) -> bool {
        match self.stack[..self.depth].last_mut() {
            Some(branch) => {
                branch.in_else = true;
                !branch.no.is_empty()
            }
            None => true,
        }
    }

    /// Closes the innermost branch.
    pub fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}
