//! Moving messages down the tree.
//!
//! A node takes the messages pushed to it together with those of its own buffers. Children with
//! many of them get theirs: a leaf is rewritten, an inner node takes them in turn. The rest stays
//! as the node's one new buffer. New nodes and leaves are written and synced before the flush
//! returns; nothing of the old tree changes.

use super::file;
use super::rebuild::{Keyed, Writer};
use super::{Child, Node, Slice, Tree};
use crate::error::Result;
use crate::layer::Layer;
use crate::merge::{Merged, cut, merge};
use crate::store::Store;
use crate::sync::Arc;
use crate::table::Table;
use std::ops::Bound;

/// A leaf is rewritten when messages for at least one in this many of its rows wait.
const LEAF_SHARE: usize = 8;
/// A flush of one table.
pub(crate) struct Flush<'a> {
    pub(crate) store: &'a Arc<Store>,
    pub(crate) table: &'a Arc<Table>,
    /// Whether no message may stay in a buffer.
    pub(crate) force: bool,
}

/// The bounds of a child's keys.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    low: Bound<&'a [u8]>,
    high: Bound<&'a [u8]>,
}

impl Flush<'_> {
    /// Pushes the messages of `layers`, newest first, into a tree.
    pub(crate) fn run(&self, tree: &Tree, layers: &[Layer]) -> Result<Tree> {
        let all = Bounds { low: Bound::Unbounded, high: Bound::Unbounded };
        let tops = match &tree.root {
            None => {
                let mut leaves = Vec::new();
                self.grow(layers, all, &mut leaves)?;
                self.nodes(leaves, &[])?
            }
            Some(root) => self.push(root, layers, all)?,
        };
        let tree = self.top(tops)?;
        self.store.sync_folders(self.table.id)?;
        Ok(tree)
    }

    fn writer(&self) -> Writer<'_> {
        Writer { store: self.store, table: self.table }
    }

    /// Writes leaves where there are none.
    fn grow(&self, layers: &[Layer], bounds: Bounds<'_>, leaves: &mut Vec<Keyed>) -> Result<()> {
        let low = bounds.low.map(<[u8]>::to_vec);
        let high = bounds.high.map(<[u8]>::to_vec);
        for unit in cut(layers, low, high, self.store.limits.leaf_rows) {
            let low = unit.low.as_ref().map(Vec::as_slice);
            let high = unit.high.as_ref().map(Vec::as_slice);
            let merged = merge(layers, low, high);
            leaves.extend(self.writer().rewrite(None, layers, &merged)?);
        }
        Ok(())
    }

    /// Pushes messages into a node; the nodes that take its place.
    fn push(&self, node: &Node, incoming: &[Layer], bounds: Bounds<'_>) -> Result<Vec<Keyed>> {
        let mut layers = incoming.to_vec();
        for slice in node.buffers.iter().rev() {
            layers.push(Layer::of_slice(slice)?);
        }
        let counts: Vec<usize> = (0..node.children.len())
            .map(|index| {
                let child = child_bounds(node, index, bounds);
                layers.iter().map(|layer| layer.range(child.low, child.high).len()).sum()
            })
            .collect();
        let pushed = self.choose(node, &layers, &counts);
        let mut children: Vec<Keyed> = Vec::new();
        let mut kept: Vec<Merged> = Vec::new();
        for (index, child) in node.children.iter().enumerate() {
            let inner = child_bounds(node, index, bounds);
            let first_key =
                index.checked_sub(1).map_or_else(Vec::new, |at| node.pivots[at].clone());
            if !pushed[index] {
                kept.push(merge(&layers, inner.low, inner.high));
                children.push((first_key, child.clone()));
                continue;
            }
            let mut replacement = match child {
                Child::Leaf(leaf) => {
                    let merged = merge(&layers, inner.low, inner.high);
                    self.writer().rewrite(Some(leaf), &layers, &merged)?
                }
                Child::Node(node) => self.push(node, &layers, inner)?,
            };
            if let Some(first) = replacement.first_mut() {
                first.0 = first_key;
            }
            children.extend(replacement);
        }
        let children = self.join_small(children)?;
        let buffer = self.writer().write_messages(&layers, &kept)?;
        self.nodes(children, buffer.as_slice())
    }

    /// Which children get their messages now.
    fn choose(&self, node: &Node, layers: &[Layer], counts: &[usize]) -> Vec<bool> {
        let limits = &self.store.limits;
        let mut pushed: Vec<bool> = counts
            .iter()
            .zip(&node.children)
            .map(|(&count, child)| match child {
                _ if self.force => count > 0 || !self.is_clean(child),
                Child::Leaf(leaf) => count > (leaf.rows / LEAF_SHARE).max(limits.push_messages),
                Child::Node(_) => count > limits.push_messages,
            })
            .collect();
        let message_bytes = layers.iter().map(Layer::message_bytes).max().unwrap_or(0).max(1);
        let limit = limits.node_messages.min(limits.node_bytes / message_bytes).max(1);
        let mut rest: usize =
            counts.iter().zip(&pushed).filter(|(_, pushed)| !**pushed).map(|(n, _)| n).sum();
        // Over the limit, the children with most messages go first, until there is room again.
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(counts[index]));
        if rest > limit {
            for index in order {
                if rest <= limit / 2 {
                    break;
                }
                if !pushed[index] {
                    pushed[index] = true;
                    rest -= counts[index];
                }
            }
        }
        pushed
    }

    /// Whether no message waits below a child.
    fn is_clean(&self, child: &Child) -> bool {
        match child {
            Child::Leaf(_) => true,
            Child::Node(node) => {
                node.buffers.is_empty() && node.children.iter().all(|child| self.is_clean(child))
            }
        }
    }

    /// Joins neighbouring leaves of which one has become small.
    fn join_small(&self, children: Vec<Keyed>) -> Result<Vec<Keyed>> {
        let limits = &self.store.limits;
        let mut joined: Vec<Keyed> = Vec::with_capacity(children.len());
        for (key, child) in children {
            if let (Some((_, Child::Leaf(left))), Child::Leaf(right)) = (joined.last(), &child) {
                let rows = left.rows + right.rows;
                let small = left.rows.min(right.rows) < limits.leaf_rows / 8
                    && rows <= limits.leaf_rows / 2;
                if small && (left.bytes + right.bytes) as usize <= limits.leaf_bytes / 2 {
                    let block = self.writer().join(left, right)?;
                    if let Some(last) = joined.last_mut() {
                        last.1 = Child::Leaf(block);
                    }
                    continue;
                }
            }
            joined.push((key, child));
        }
        Ok(joined)
    }

    /// Writes nodes over these children, with a buffer that is divided among them.
    fn nodes(&self, children: Vec<Keyed>, buffers: &[Slice]) -> Result<Vec<Keyed>> {
        let count = children.len().div_ceil(self.store.limits.fanout);
        let mut nodes = Vec::new();
        let total = children.len();
        let mut children = children.into_iter().peekable();
        for part in 0..count {
            let size = total * (part + 1) / count - total * part / count;
            let mine: Vec<Keyed> = children.by_ref().take(size).collect();
            let next = children.peek().map(|(key, _)| key.clone());
            let key = mine.first().map(|(key, _)| key.clone()).unwrap_or_default();
            let low = if part == 0 { Bound::Unbounded } else { Bound::Included(key.as_slice()) };
            let high = next.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut slices = Vec::new();
            for slice in buffers {
                let range = Layer::of_slice(slice)?.range(low, high);
                if !range.is_empty() {
                    let block = Arc::clone(&slice.block);
                    slices.push(Slice { block, start: range.start, end: range.end });
                }
            }
            let pivots = mine.iter().skip(1).map(|(key, _)| key.clone()).collect();
            let nodes_children = mine.into_iter().map(|(_, child)| child).collect();
            let node = file::write(self.store, self.table, pivots, nodes_children, slices)?;
            nodes.push((key, Child::Node(node)));
        }
        Ok(nodes)
    }

    /// Puts a root over nodes.
    fn top(&self, mut nodes: Vec<Keyed>) -> Result<Tree> {
        while nodes.len() > 1 {
            nodes = self.nodes(nodes, &[])?;
        }
        let root = nodes.pop().and_then(|(_, child)| match child {
            Child::Node(node) => Some(node),
            Child::Leaf(_) => None,
        });
        Ok(Tree { root })
    }
}

fn child_bounds<'a>(node: &'a Node, index: usize, bounds: Bounds<'a>) -> Bounds<'a> {
    let low = index.checked_sub(1).map(|at| Bound::Included(node.pivots[at].as_slice()));
    let high = node.pivots.get(index).map(|pivot| Bound::Excluded(pivot.as_slice()));
    Bounds { low: low.unwrap_or(bounds.low), high: high.unwrap_or(bounds.high) }
}

/// A tree over leaves that were written in key order.
pub(crate) fn bulk_tree(
    store: &Arc<Store>,
    table: &Arc<Table>,
    leaves: Vec<Keyed>,
) -> Result<Tree> {
    let flush = Flush { store, table, force: false };
    let nodes = flush.nodes(leaves, &[])?;
    let tree = flush.top(nodes)?;
    store.sync_folders(table.id)?;
    Ok(tree)
}
