//! Node files: an inner node's pivots, children and buffers.
//!
//! The bytes are given in FORMAT.md. A node is written once under a number of its own.

use super::{Child, Node, Slice};
use crate::block::{Block, BlockKind};
use crate::codec::{Reader, put_bytes, put_u32, put_u64};
use crate::device::read_all;
use crate::error::{Error, Result};
use crate::store::{FileHandle, Store, node_path};
use crate::sync::Arc;
use crate::table::Table;

const MAGIC: &[u8; 8] = b"GZNODE\0\x01";
const LEAF: u8 = 0;
const NODE: u8 = 1;
/// No tree is this high; a file that says so is damaged.
const MAX_HEIGHT: usize = 16;

/// Writes and syncs a node; the caller syncs the folder.
pub(crate) fn write(
    store: &Arc<Store>,
    table: &Arc<Table>,
    pivots: Vec<Vec<u8>>,
    children: Vec<Child>,
    buffers: Vec<Slice>,
) -> Result<Arc<Node>> {
    assert_eq!(pivots.len() + 1, children.len(), "a pivot lies between every two children");
    let mut bytes = MAGIC.to_vec();
    put_u32(&mut bytes, table.id.0);
    put_u32(&mut bytes, children.len() as u32);
    for child in &children {
        match child {
            Child::Leaf(block) => {
                bytes.push(LEAF);
                put_block(&mut bytes, block);
            }
            Child::Node(node) => {
                bytes.push(NODE);
                put_u64(&mut bytes, node.id);
            }
        }
    }
    pivots.iter().for_each(|pivot| put_bytes(&mut bytes, pivot));
    put_u32(&mut bytes, buffers.len() as u32);
    for slice in &buffers {
        put_block(&mut bytes, &slice.block);
        put_u32(&mut bytes, slice.start as u32);
        put_u32(&mut bytes, slice.end as u32);
    }
    let checksum = crc32c::crc32c(&bytes);
    put_u32(&mut bytes, checksum);
    let id = store.allocate();
    let path = node_path(table.id, id);
    let handle = FileHandle::new(store, path);
    store.write(&handle.path, &bytes)?;
    Ok(Arc::new(Node { id, handle, pivots, children, buffers }))
}

fn put_block(out: &mut Vec<u8>, block: &Block) {
    put_u64(out, block.id);
    put_u32(out, block.rows as u32);
    put_u64(out, block.bytes);
}

/// Reads a node and the nodes below it; blocks are opened at first use.
pub(crate) fn load(store: &Arc<Store>, table: &Arc<Table>, id: u64) -> Result<Arc<Node>> {
    load_at(store, table, id, 0)
}

fn load_at(store: &Arc<Store>, table: &Arc<Table>, id: u64, depth: usize) -> Result<Arc<Node>> {
    let path = node_path(table.id, id);
    let bytes =
        read_all(&*store.device, &path).map_err(|error| Error::io(&path, "read", &error))?;
    let damaged = |what: &str| Error::corrupt(&path, 0, what);
    let (body, checksum) =
        bytes.split_last_chunk::<4>().ok_or_else(|| damaged("the node is too short"))?;
    if crc32c::crc32c(body) != u32::from_le_bytes(*checksum) {
        return Err(damaged("the checksum of the node differs"));
    }
    if depth > MAX_HEIGHT {
        return Err(damaged("the tree is too high"));
    }
    store.reserve(id);
    let mut reader = Reader(body);
    if reader.take(MAGIC.len()) != Some(MAGIC) || reader.u32() != Some(table.id.0) {
        return Err(damaged("the file is not a node of this table"));
    }
    let short = || damaged("the node ends early");
    let mut children = Vec::new();
    for _ in 0..reader.u32().ok_or_else(short)? {
        children.push(match reader.u8().ok_or_else(short)? {
            LEAF => Child::Leaf(
                read_block(store, table, BlockKind::Leaf, &mut reader).ok_or_else(short)?,
            ),
            NODE => {
                let id = reader.u64().ok_or_else(short)?;
                Child::Node(load_at(store, table, id, depth + 1)?)
            }
            _ => return Err(damaged("a child is neither leaf nor node")),
        });
    }
    if children.is_empty() {
        return Err(damaged("the node has no children"));
    }
    let mut pivots = Vec::new();
    for _ in 1..children.len() {
        pivots.push(reader.bytes().ok_or_else(short)?.to_vec());
    }
    let mut buffers = Vec::new();
    for _ in 0..reader.u32().ok_or_else(short)? {
        let block = read_block(store, table, BlockKind::Messages, &mut reader).ok_or_else(short)?;
        let start = reader.u32().ok_or_else(short)? as usize;
        let end = reader.u32().ok_or_else(short)? as usize;
        if start > end || end > block.rows {
            return Err(damaged("a buffer's messages lie outside its block"));
        }
        buffers.push(Slice { block, start, end });
    }
    let handle = FileHandle::new(store, path);
    Ok(Arc::new(Node { id, handle, pivots, children, buffers }))
}

fn read_block(
    store: &Arc<Store>,
    table: &Arc<Table>,
    kind: BlockKind,
    reader: &mut Reader<'_>,
) -> Option<Arc<Block>> {
    let id = reader.u64()?;
    let rows = reader.u32()? as usize;
    let bytes = reader.u64()?;
    store.reserve(id);
    Some(Arc::new(Block::new(store, table, kind, (id, rows, bytes))))
}
