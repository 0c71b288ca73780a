//! Writing and opening block files.
//!
//! A block is written once: an Arrow IPC file with one record batch, the section of
//! [`super::summary`] and a trailer before the Arrow footer. It is opened lazily, column by column:
//! a column's chunks are checked against their CRCs and its offsets and UTF-8 are validated once
//! per process; after that its array is a view of the mapping.

use super::column::{ColumnReader, arrow};
use super::summary::{CHUNK_BYTES, Summary};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{Block as IpcBlock, MetadataVersion, convert::try_fb_to_schema};
use arrow_schema::{DataType, Schema, SchemaRef};
use std::ops::Range;

const TRAILER_BYTES: usize = 64;
const TRAILER_MAGIC: &[u8; 8] = b"GZBLOCK\x01";
const FOOTER_TAIL_BYTES: usize = 10;

/// Encodes a block file.
pub(crate) fn encode(batch: &RecordBatch, mut summary: Summary) -> Result<Vec<u8>> {
    let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5).map_err(arrow)?;
    let schema = batch.schema();
    let mut writer =
        FileWriter::try_new_with_options(Vec::new(), &schema, options).map_err(arrow)?;
    writer.write(batch).map_err(arrow)?;
    writer.finish().map_err(arrow)?;
    let mut bytes = writer.into_inner().map_err(arrow)?;
    let footer_start = footer_start(&bytes)
        .ok_or_else(|| Error::Bug("a block was written without an Arrow footer".into()))?;
    let footer = bytes.split_off(footer_start);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    summary.checksums = bytes.chunks(CHUNK_BYTES).map(crc32c::crc32c).collect();
    let section_start = bytes.len();
    let section = summary.encode();
    bytes.extend_from_slice(&section);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    let mut trailer = [0; TRAILER_BYTES];
    trailer[..8].copy_from_slice(TRAILER_MAGIC);
    trailer[8..16].copy_from_slice(&(section_start as u64).to_le_bytes());
    trailer[16..24].copy_from_slice(&(section.len() as u64).to_le_bytes());
    trailer[24..28].copy_from_slice(&crc32c::crc32c(&section).to_le_bytes());
    trailer[28..32].copy_from_slice(&crc32c::crc32c(&footer).to_le_bytes());
    let checksum = crc32c::crc32c(&trailer[..60]);
    trailer[60..].copy_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(&trailer);
    bytes.extend_from_slice(&footer);
    Ok(bytes)
}

fn footer_start(bytes: &[u8]) -> Option<usize> {
    let tail_start = bytes.len().checked_sub(FOOTER_TAIL_BYTES)?;
    let mut tail = [0; FOOTER_TAIL_BYTES];
    tail.copy_from_slice(&bytes[tail_start..]);
    let length = arrow_ipc::reader::read_footer_length(tail).ok()?;
    tail_start.checked_sub(length)
}

/// An opened block file.
#[derive(Debug)]
pub(crate) struct Opened {
    path: String,
    buffer: Buffer,
    decoder_schema: SchemaRef,
    decoder: FileDecoderBox,
    batch: IpcBlock,
    pub(crate) rows: usize,
    pub(crate) summary: Summary,
    /// Byte ranges of each column's buffers in the file.
    ranges: Vec<Vec<Range<usize>>>,
    /// One bit per chunk that was checked.
    checked: Vec<AtomicU64>,
    columns: Vec<OnceLock<ArrayRef>>,
}

/// The decoder of the file with its dictionaries loaded.
struct FileDecoderBox(Vec<(IpcBlock, Buffer)>);

impl std::fmt::Debug for FileDecoderBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} dictionaries", self.0.len())
    }
}

impl Opened {
    /// Maps a block file of `bytes` bytes and reads everything but its columns.
    pub(crate) fn open(device: &dyn Device, path: &str, bytes: u64) -> Result<Opened> {
        let buffer = device.map(path).map_err(|error| Error::io(path, "map", &error))?;
        if buffer.len() as u64 != bytes {
            let what = format!("the file has {} bytes, {bytes} were written", buffer.len());
            return Err(Error::corrupt(path, buffer.len() as u64, what));
        }
        let (summary, section_start, footer_start) = read_section(path, &buffer)?;
        let at_footer = |what: String| Error::corrupt(path, footer_start as u64, what);
        let footer_bytes = &buffer[footer_start..buffer.len() - FOOTER_TAIL_BYTES];
        let footer = arrow_ipc::root_as_footer(footer_bytes)
            .map_err(|error| at_footer(format!("the Arrow footer is damaged: {error}")))?;
        let schema = footer.schema().ok_or_else(|| at_footer("there is no schema".into()))?;
        let schema = try_fb_to_schema(schema)
            .map_err(|error| at_footer(format!("the Arrow schema is damaged: {error}")))?;
        let schema = Arc::new(schema);
        let batches = footer.recordBatches().unwrap_or_default();
        if batches.len() != 1 {
            return Err(at_footer(format!("{} record batches, not one", batches.len())));
        }
        let batch = *batches.get(0);
        let mut opened = Opened {
            path: path.to_owned(),
            checked: (0..summary.checksums.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            buffer: buffer.slice_with_length(0, section_start),
            decoder: FileDecoderBox(Vec::new()),
            batch,
            rows: 0,
            summary,
            ranges: Vec::new(),
            columns: schema.fields().iter().map(|_| OnceLock::new()).collect(),
            decoder_schema: schema,
        };
        for dictionary in footer.dictionaries().unwrap_or_default() {
            let bytes = opened.ipc_block(dictionary)?;
            opened.decoder.0.push((*dictionary, bytes));
        }
        opened.read_layout()?;
        Ok(opened)
    }

    /// The bytes of an IPC message with its body, their checksums verified.
    fn ipc_block(&self, block: &IpcBlock) -> Result<Buffer> {
        let range = self.block_range(block)?;
        self.check(range.clone())?;
        Ok(self.buffer.slice_with_length(range.start, range.len()))
    }

    fn block_range(&self, block: &IpcBlock) -> Result<Range<usize>> {
        let start = usize::try_from(block.offset()).ok();
        let length = usize::try_from(block.bodyLength())
            .ok()
            .zip(usize::try_from(block.metaDataLength()).ok())
            .and_then(|(body, meta)| body.checked_add(meta));
        start
            .zip(length)
            .and_then(|(start, length)| Some(start..start.checked_add(length)?))
            .filter(|range| range.end <= self.buffer.len())
            .ok_or_else(|| Error::corrupt(&self.path, 0, "an Arrow message lies outside the data"))
    }

    /// Finds out how many rows there are and where each column's buffers lie.
    fn read_layout(&mut self) -> Result<()> {
        let range = self.block_range(&self.batch)?;
        let body = range.start + self.batch.metaDataLength() as usize;
        self.check(range.start..body)?;
        let damaged = || Error::corrupt(&self.path, range.start as u64, "bad record batch message");
        // The message is preceded by a continuation marker and its length.
        let message = self.buffer.get(range.start + 8..body).ok_or_else(damaged)?;
        let message = arrow_ipc::root_as_message(message).map_err(|_| damaged())?;
        let batch = message.header_as_record_batch().ok_or_else(damaged)?;
        self.rows = usize::try_from(batch.length()).map_err(|_| damaged())?;
        let mut buffers = batch.buffers().ok_or_else(damaged)?.iter();
        let mut ranges = Vec::new();
        for field in self.decoder_schema.fields() {
            let count = buffer_count(field.data_type());
            let mut column = Vec::new();
            for _ in 0..count {
                let buffer = buffers.next().ok_or_else(damaged)?;
                let start = body + usize::try_from(buffer.offset()).map_err(|_| damaged())?;
                let end = start + usize::try_from(buffer.length()).map_err(|_| damaged())?;
                if end > self.buffer.len() {
                    return Err(damaged());
                }
                column.push(start..end);
            }
            ranges.push(column);
        }
        self.ranges = ranges;
        Ok(())
    }

    /// Checks the chunks that hold a byte range, each once.
    fn check(&self, range: Range<usize>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        for chunk in range.start / CHUNK_BYTES..=(range.end - 1) / CHUNK_BYTES {
            let bit = 1 << (chunk % 64);
            if self.checked[chunk / 64].load(Ordering::Acquire) & bit != 0 {
                continue;
            }
            let start = chunk * CHUNK_BYTES;
            let bytes = &self.buffer[start..self.buffer.len().min(start + CHUNK_BYTES)];
            if crc32c::crc32c(bytes) != self.summary.checksums[chunk] {
                let what =
                    format!("the checksum of bytes {start} to {} differs", start + bytes.len());
                return Err(Error::corrupt(&self.path, start as u64, what));
            }
            self.checked[chunk / 64].fetch_or(bit, Ordering::Release);
        }
        Ok(())
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.decoder_schema
    }

    /// A column, a view of the mapping.
    pub(crate) fn column(&self, index: usize) -> Result<&ArrayRef> {
        if let Some(column) = self.columns[index].get() {
            return Ok(column);
        }
        self.ranges[index].iter().try_for_each(|range| self.check(range.clone()))?;
        let array = self.decode(index)?;
        Ok(self.columns[index].get_or_init(|| array))
    }

    fn decode(&self, index: usize) -> Result<ArrayRef> {
        let invalid = |error: arrow_schema::ArrowError| {
            let offset = self.ranges[index].first().map_or(0, |range| range.start);
            let name = self.decoder_schema.field(index).name();
            Error::corrupt(&self.path, offset as u64, format!("column {name}: {error}"))
        };
        let mut decoder = FileDecoder::new(Arc::clone(&self.decoder_schema), MetadataVersion::V5)
            .with_require_alignment(true)
            .with_projection(vec![index]);
        if matches!(self.decoder_schema.field(index).data_type(), DataType::Dictionary(..)) {
            for (block, bytes) in &self.decoder.0 {
                decoder.read_dictionary(block, bytes).map_err(invalid)?;
            }
        }
        let range = self.block_range(&self.batch)?;
        let bytes = self.buffer.slice_with_length(range.start, range.len());
        let batch = decoder.read_record_batch(&self.batch, &bytes).map_err(invalid)?;
        let column = batch.as_ref().and_then(|batch| batch.columns().first());
        column.cloned().ok_or_else(|| Error::Bug("a projected column is missing".into()))
    }

    /// A reader for a column.
    pub(crate) fn reader(&self, index: usize, kind: crate::table::Kind) -> Result<ColumnReader> {
        let array = self.column(index)?;
        ColumnReader::new(kind, array)
            .map_err(|error| Error::corrupt(&self.path, 0, error.to_string()))
    }
}

/// How many buffers a record batch has for a column.
fn buffer_count(ty: &DataType) -> usize {
    match ty {
        DataType::Utf8 | DataType::Binary => 3,
        DataType::List(item) => 2 + buffer_count(item.data_type()),
        DataType::Struct(fields) => {
            1 + fields.iter().map(|field| buffer_count(field.data_type())).sum::<usize>()
        }
        _ => 2,
    }
}

/// Reads section and trailer; also where the section and the Arrow footer start.
fn read_section(path: &str, buffer: &Buffer) -> Result<(Summary, usize, usize)> {
    let damaged = |at: usize, what: &str| Error::corrupt(path, at as u64, what);
    let footer_start = footer_start(buffer)
        .ok_or_else(|| damaged(buffer.len(), "the end of the file is not that of an Arrow file"))?;
    let trailer_start = footer_start
        .checked_sub(TRAILER_BYTES)
        .ok_or_else(|| damaged(footer_start, "there is no room for a trailer"))?;
    let trailer = &buffer[trailer_start..footer_start];
    let u32_at = |at: usize| {
        let mut taken = [0; 4];
        taken.copy_from_slice(&trailer[at..at + 4]);
        u32::from_le_bytes(taken)
    };
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    if &trailer[..8] != TRAILER_MAGIC || crc32c::crc32c(&trailer[..60]) != u32_at(60) {
        return Err(damaged(trailer_start, "the trailer is damaged"));
    }
    if crc32c::crc32c(&buffer[footer_start..]) != u32_at(28) {
        return Err(damaged(footer_start, "the checksum of the Arrow footer differs"));
    }
    let start = u64_at(8) as usize;
    let section = buffer
        .get(start..start.saturating_add(u64_at(16) as usize))
        .ok_or_else(|| damaged(trailer_start, "the section lies outside the file"))?;
    if crc32c::crc32c(section) != u32_at(24) {
        return Err(damaged(start, "the checksum of the section differs"));
    }
    let summary =
        Summary::decode(section).ok_or_else(|| damaged(start, "the section cannot be read"))?;
    if summary.checksums.len() != start.div_ceil(CHUNK_BYTES) {
        return Err(damaged(start, "the section has too few checksums"));
    }
    Ok((summary, start, footer_start))
}
