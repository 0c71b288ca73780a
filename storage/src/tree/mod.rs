//! The Bε-tree of a table (Brodal and Fagerberg 2003; Bender et al. 2015): inner nodes with pivots
//! and buffers of messages, Feather blocks as leaves.
//!
//! Nodes are immutable; a flush writes new ones along its paths and a new root, and whoever holds
//! the old root keeps reading the old tree. Above the tree are the root's own buffers in row form
//! (see [`crate::version`]). Among the buffers of a path, those nearer to the root are newer; in
//! one node the last is the newest. A leaf holds one version of each row.

mod file;
mod flush;
mod rebuild;

pub(crate) use file::load;
pub(crate) use flush::{Flush, bulk_tree};
pub(crate) use rebuild::{LeafBuilder, Writer};

use crate::block::Block;
use crate::error::Result;
use crate::store::FileHandle;
use crate::sync::Arc;
use std::collections::BTreeMap;

/// A child of an inner node.
#[derive(Clone, Debug)]
pub(crate) enum Child {
    Leaf(Arc<Block>),
    Node(Arc<Node>),
}

/// Consecutive messages of a block.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    pub(crate) block: Arc<Block>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// An inner node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) handle: FileHandle,
    /// `pivots[i]` is not above any key of child `i + 1` and above every key of child `i`.
    pub(crate) pivots: Vec<Vec<u8>>,
    pub(crate) children: Vec<Child>,
    /// Oldest first.
    pub(crate) buffers: Vec<Slice>,
}

/// The tree of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) root: Option<Arc<Node>>,
}

impl Child {
    /// Rows in the leaves.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Child::Leaf(block) => block.rows as u64,
            Child::Node(node) => node.children.iter().map(Child::rows).sum(),
        }
    }
}

impl Node {
    /// The child a key belongs to.
    pub(crate) fn child_of(&self, key: &[u8]) -> usize {
        self.pivots.partition_point(|pivot| pivot.as_slice() <= key)
    }
}

impl Tree {
    /// Rows in the leaves.
    pub(crate) fn rows(&self) -> u64 {
        self.root.iter().flat_map(|root| &root.children).map(Child::rows).sum()
    }

    /// A key that no row of the tree is above; empty: there are no rows.
    pub(crate) fn upper_key(&self) -> Result<Vec<u8>> {
        let mut upper = Vec::new();
        let mut node = self.root.as_ref();
        while let Some(current) = node {
            for slice in &current.buffers {
                if slice.end > slice.start {
                    let mut key = Vec::new();
                    slice.block.keys()?.encode(slice.end - 1, &mut key);
                    upper = upper.max(key);
                }
            }
            node = match current.children.last() {
                Some(Child::Leaf(leaf)) => {
                    upper = upper.max(leaf.summary()?.last_key.clone());
                    None
                }
                Some(Child::Node(inner)) => Some(inner),
                None => None,
            };
        }
        Ok(upper)
    }

    /// Calls `visit` for the tree's files: those of nodes, buffers and leaves.
    pub(crate) fn for_each_file<'a>(&'a self, visit: &mut impl FnMut(u64, &'a FileHandle)) {
        fn walk<'a>(node: &'a Node, visit: &mut impl FnMut(u64, &'a FileHandle)) {
            visit(node.id, &node.handle);
            for slice in &node.buffers {
                visit(slice.block.id, &slice.block.handle);
            }
            for child in &node.children {
                match child {
                    Child::Leaf(block) => visit(block.id, &block.handle),
                    Child::Node(inner) => walk(inner, visit),
                }
            }
        }
        if let Some(root) = &self.root {
            walk(root, visit);
        }
    }

    /// The blocks of the leaves, in key order.
    pub(crate) fn leaves(&self) -> Vec<&Arc<Block>> {
        fn walk<'a>(node: &'a Node, leaves: &mut Vec<&'a Arc<Block>>) {
            for child in &node.children {
                match child {
                    Child::Leaf(block) => leaves.push(block),
                    Child::Node(inner) => walk(inner, leaves),
                }
            }
        }
        let mut leaves = Vec::new();
        self.root.iter().for_each(|root| walk(root, &mut leaves));
        leaves
    }

    /// Keeps the tree's files from being removed.
    pub(crate) fn keep_files(&self) {
        self.for_each_file(&mut |_, handle| handle.keep());
    }

    /// Whether any message waits in a node.
    pub(crate) fn has_buffers(&self) -> bool {
        fn walk(node: &Node) -> bool {
            !node.buffers.is_empty()
                || node.children.iter().any(|child| match child {
                    Child::Leaf(_) => false,
                    Child::Node(inner) => walk(inner),
                })
        }
        self.root.as_ref().is_some_and(|root| walk(root))
    }

    /// The file of the root.
    pub(crate) fn root_id(&self) -> Option<u64> {
        self.root.as_ref().map(|root| root.id)
    }

    /// Has the files this tree has and `next` has not removed once nothing reads them.
    pub(crate) fn retire_files_not_in(&self, next: &Tree) {
        let mut kept = BTreeMap::new();
        next.for_each_file(&mut |id, _| {
            kept.insert(id, ());
        });
        self.for_each_file(&mut |id, handle| {
            if !kept.contains_key(&id) {
                handle.retire();
            }
        });
    }
}
