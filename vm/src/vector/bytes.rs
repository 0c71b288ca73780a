//! TEXT and BLOB data of a vector: offsets into bytes, codes into a dictionary, 16-byte references
//! into a heap, or one constant. Scans and filters run on offsets and dictionaries as they lie in
//! blocks; references are what branches, joins, groups and sorts build.

use super::buffer::{AsSlice, Buffer, Shared};
use std::sync::Arc;

/// The longest bytes that a reference holds itself.
pub const INLINE_BYTES: usize = 12;

/// Text data in one of its forms. The buffers of the forms not in use are kept for reuse.
#[derive(Debug, Default)]
pub struct BytesData {
    form: BytesForm,
    /// Offsets of the values of the form `Offsets`: one more than rows.
    offsets: Buffer<i32>,
    /// The bytes of `Offsets`; the value of `Constant`.
    data: Buffer<u8>,
    references: Buffer<TextRef>,
    heap: Buffer<u8>,
    dictionary: Option<(Codes, Arc<Dictionary>)>,
}

/// The forms of text data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BytesForm {
    /// Offsets into bytes.
    #[default]
    Offsets,
    /// Codes into a dictionary.
    Dictionary,
    /// References, inline or into a heap.
    References,
    /// One value for all rows.
    Constant,
}

/// A dictionary's values: offsets (one more than values) into bytes.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// Where values begin, and behind them where the last ends.
    pub offsets: Buffer<i32>,
    /// The bytes.
    pub data: Buffer<u8>,
}

impl Dictionary {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.offsets.as_slice().len().saturating_sub(1)
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a code.
    pub fn get(&self, code: usize) -> &[u8] {
        slice_at(self.offsets.as_slice(), self.data.as_slice(), code)
    }
}

/// The codes of a dictionary vector.
#[derive(Debug)]
pub enum Codes {
    /// Up to 65,536 values.
    U16(Buffer<u16>),
    /// More.
    U32(Buffer<u32>),
}

/// The codes for reading.
#[derive(Clone, Copy, Debug)]
pub enum CodesView<'a> {
    /// 16-bit codes.
    U16(&'a [u16]),
    /// 32-bit codes.
    U32(&'a [u32]),
}

impl CodesView<'_> {
    /// The code of a row.
    #[inline]
    pub fn get(&self, row: usize) -> usize {
        match self {
            CodesView::U16(codes) => usize::from(codes[row]),
            CodesView::U32(codes) => codes[row] as usize,
        }
    }
}

/// Bytes of up to 12 inline, or their length, first four bytes and offset in a heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRef {
    len: u32,
    inline: [u8; INLINE_BYTES],
}

impl TextRef {
    /// A reference to bytes that are appended to the heap where they are long.
    pub fn store(bytes: &[u8], heap: &mut Vec<u8>) -> TextRef {
        let reference = TextRef::at(bytes, heap.len());
        if bytes.len() > INLINE_BYTES {
            heap.extend_from_slice(bytes);
        }
        reference
    }

    /// A reference to bytes that lie in the heap at an offset.
    pub fn at(bytes: &[u8], offset: usize) -> TextRef {
        let mut inline = [0; INLINE_BYTES];
        if bytes.len() <= INLINE_BYTES {
            inline[..bytes.len()].copy_from_slice(bytes);
        } else {
            inline[..4].copy_from_slice(&bytes[..4]);
            inline[4..].copy_from_slice(&(offset as u64).to_le_bytes());
        }
        // A value of 4 GiB does not come into being: blocks, literals and concatenation stay below.
        TextRef { len: bytes.len() as u32, inline }
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    #[inline]
    pub fn get<'a>(&'a self, heap: &'a [u8]) -> &'a [u8] {
        let len = self.len as usize;
        if len <= INLINE_BYTES {
            return &self.inline[..len];
        }
        let [_, _, _, _, o0, o1, o2, o3, o4, o5, o6, o7] = self.inline;
        let offset = u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]) as usize;
        &heap[offset..offset + len]
    }
}

/// Text data for reading.
#[derive(Clone, Copy, Debug)]
pub enum BytesView<'a> {
    /// Offsets into bytes.
    Offsets(&'a [i32], &'a [u8]),
    /// Codes into a dictionary.
    Dictionary(CodesView<'a>, &'a Arc<Dictionary>, &'a [i32], &'a [u8]),
    /// References, inline or into a heap.
    References(&'a [TextRef], &'a [u8]),
    /// One value for all rows.
    Constant(&'a [u8]),
}

impl<'a> BytesView<'a> {
    /// The bytes of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &'a [u8] {
        match self {
            BytesView::Offsets(offsets, data) => slice_at(offsets, data, row),
            BytesView::Dictionary(codes, _, offsets, data) => {
                slice_at(offsets, data, codes.get(row))
            }
            BytesView::References(references, heap) => references[row].get(heap),
            BytesView::Constant(value) => value,
        }
    }
}

#[inline]
fn slice_at<'a>(offsets: &[i32], data: &'a [u8], index: usize) -> &'a [u8] {
    // Offsets ascend from 0: the one who built the buffers has checked that.
    &data[offsets[index] as usize..offsets[index + 1] as usize]
}

impl BytesData {
    /// The data for reading.
    pub fn view(&self) -> BytesView<'_> {
        match (self.form, &self.dictionary) {
            (BytesForm::Dictionary, Some((codes, dictionary))) => {
                let codes = match codes {
                    Codes::U16(codes) => CodesView::U16(codes.as_slice()),
                    Codes::U32(codes) => CodesView::U32(codes.as_slice()),
                };
                let (offsets, data) = (dictionary.offsets.as_slice(), dictionary.data.as_slice());
                BytesView::Dictionary(codes, dictionary, offsets, data)
            }
            (BytesForm::References, _) => {
                BytesView::References(self.references.as_slice(), self.heap.as_slice())
            }
            (BytesForm::Constant, _) => BytesView::Constant(self.data.as_slice()),
            _ => BytesView::Offsets(self.offsets.as_slice(), self.data.as_slice()),
        }
    }

    /// The form.
    pub fn form(&self) -> BytesForm {
        self.form
    }

    /// Whether all rows hold one value.
    pub fn is_constant(&self) -> bool {
        self.form == BytesForm::Constant
    }

    /// Makes all rows one value.
    pub fn set_constant(&mut self, value: &[u8]) {
        self.set_form(BytesForm::Constant);
        let own = self.data.owned();
        own.clear();
        own.extend_from_slice(value);
    }

    /// Borrows offsets (one more than rows) and bytes.
    pub fn set_offsets_shared(&mut self, offsets: Shared<i32>, data: Shared<u8>) {
        self.set_form(BytesForm::Offsets);
        self.offsets.share(offsets);
        self.data.share(data);
    }

    /// Becomes values of a dictionary.
    pub fn set_dictionary(&mut self, codes: Codes, dictionary: Arc<Dictionary>) {
        self.set_form(BytesForm::Dictionary);
        self.dictionary = Some((codes, dictionary));
    }

    /// Empties the data's own offsets and bytes to push values, a row each: offsets has one entry,
    /// 0. After each push to the second, its length goes to the first.
    pub fn owned_offsets(&mut self) -> (&mut Vec<i32>, &mut Vec<u8>) {
        self.set_form(BytesForm::Offsets);
        let (offsets, data) = (self.offsets.owned(), self.data.owned());
        offsets.clear();
        data.clear();
        offsets.push(0);
        (offsets, data)
    }

    /// Empties the data's own references and heap to push values, a row each.
    pub fn owned_references(&mut self) -> (&mut Vec<TextRef>, &mut Vec<u8>) {
        self.set_form(BytesForm::References);
        let (references, heap) = (self.references.owned(), self.heap.owned());
        references.clear();
        heap.clear();
        (references, heap)
    }

    /// The data's own references, emptied, beside a heap that is shared.
    pub fn references_into(&mut self, heap: Arc<dyn AsSlice<u8>>) -> &mut Vec<TextRef> {
        self.set_form(BytesForm::References);
        let len = heap.as_slice().len();
        self.heap.share(Shared::new(heap, 0, len));
        let references = self.references.owned();
        references.clear();
        references
    }

    /// Turns the data into references of at least `len` rows with its own heap, to overwrite rows.
    pub(super) fn make_references(&mut self, len: usize) {
        if self.form == BytesForm::References {
            self.heap.make_owned();
            let references = self.references.make_owned();
            if references.len() < len {
                references.resize(len, TextRef::default());
            }
            return;
        }
        let mut references = std::mem::take(&mut self.references);
        let mut heap = std::mem::take(&mut self.heap);
        let (own, own_heap) = (references.owned(), heap.owned());
        own.clear();
        own_heap.clear();
        match self.view() {
            BytesView::Constant(value) => {
                let reference = TextRef::store(value, own_heap);
                own.resize(len, reference);
            }
            BytesView::Offsets(offsets, data) => {
                let rows = len.min(offsets.len().saturating_sub(1));
                let stored = |row| TextRef::store(slice_at(offsets, data, row), own_heap);
                own.extend((0..rows).map(stored));
                own.resize(len, TextRef::default());
            }
            view => own.extend((0..len).map(|row| TextRef::store(view.get(row), own_heap))),
        }
        (self.references, self.heap) = (references, heap);
        self.set_form(BytesForm::References);
    }

    /// The references and the heap to overwrite rows in, after [`super::Vector::make_owned`].
    pub fn references_mut(&mut self) -> (&mut Vec<TextRef>, &mut Vec<u8>) {
        (self.references.owned(), self.heap.owned())
    }

    /// Becomes the first `len` rows of other data.
    pub fn clone_from_bytes(&mut self, other: &BytesData, len: usize) {
        match other.view() {
            BytesView::Constant(value) => self.set_constant(value),
            BytesView::Dictionary(codes, dictionary, ..) => {
                let dictionary = dictionary.clone();
                let codes = self.cloned_codes(other, codes, len);
                self.set_dictionary(codes, dictionary);
            }
            BytesView::Offsets(_, data) => {
                self.set_form(BytesForm::Offsets);
                self.offsets.clone_from_buffer(&other.offsets, len + 1);
                self.data.clone_from_buffer(&other.data, data.len());
            }
            BytesView::References(_, heap) => {
                self.set_form(BytesForm::References);
                self.references.clone_from_buffer(&other.references, len);
                self.heap.clone_from_buffer(&other.heap, heap.len());
            }
        }
    }

    /// Becomes chosen rows of other data, in the order of `rows`. A dictionary stays one.
    pub fn gather_from(&mut self, other: &BytesData, rows: &[u16]) {
        match other.view() {
            BytesView::Constant(value) => self.set_constant(value),
            BytesView::Dictionary(codes, dictionary, ..) => {
                let dictionary = dictionary.clone();
                let kept = self.dictionary.take().map(|(codes, _)| codes);
                self.set_dictionary(gathered_codes(kept, codes, rows), dictionary);
            }
            BytesView::Offsets(offsets, data) => {
                self.set_form(BytesForm::References);
                self.heap.clone_from_buffer(&other.data, data.len());
                let references = self.references.owned();
                references.clear();
                references.extend(rows.iter().map(|&row| {
                    let bytes = slice_at(offsets, data, usize::from(row));
                    TextRef::at(bytes, offsets[usize::from(row)] as usize)
                }));
            }
            BytesView::References(from, heap) => {
                self.set_form(BytesForm::References);
                self.heap.clone_from_buffer(&other.heap, heap.len());
                let references = self.references.owned();
                references.clear();
                references.extend(rows.iter().map(|&row| from[usize::from(row)]));
            }
        }
    }

    fn cloned_codes(&mut self, other: &BytesData, view: CodesView<'_>, len: usize) -> Codes {
        let kept = self.dictionary.take().map(|(codes, _)| codes);
        let from = other.dictionary.as_ref().map(|(codes, _)| codes);
        match (kept, from) {
            (Some(Codes::U16(mut to)), Some(Codes::U16(from))) => {
                to.clone_from_buffer(from, len);
                Codes::U16(to)
            }
            (Some(Codes::U32(mut to)), Some(Codes::U32(from))) => {
                to.clone_from_buffer(from, len);
                Codes::U32(to)
            }
            _ => match view {
                CodesView::U16(codes) => Codes::U16(codes[..len].to_vec().into()),
                CodesView::U32(codes) => Codes::U32(codes[..len].to_vec().into()),
            },
        }
    }

    fn set_form(&mut self, form: BytesForm) {
        // Give up what other forms borrowed; a dictionary's codes go too.
        self.dictionary = None;
        self.offsets.release();
        self.data.release();
        self.references.release();
        self.heap.release();
        self.form = form;
    }
}

/// The codes of chosen rows, in the memory of codes that are no longer needed.
fn gathered_codes(kept: Option<Codes>, view: CodesView<'_>, rows: &[u16]) -> Codes {
    match view {
        CodesView::U16(from) => {
            let mut to = match kept {
                Some(Codes::U16(buffer)) => buffer,
                _ => Buffer::default(),
            };
            gather(to.owned(), from, rows);
            Codes::U16(to)
        }
        CodesView::U32(from) => {
            let mut to = match kept {
                Some(Codes::U32(buffer)) => buffer,
                _ => Buffer::default(),
            };
            gather(to.owned(), from, rows);
            Codes::U32(to)
        }
    }
}

/// The values of chosen rows.
pub(super) fn gather<T: Clone>(to: &mut Vec<T>, from: &[T], rows: &[u16]) {
    to.clear();
    to.extend(rows.iter().map(|&row| from[usize::from(row)].clone()));
}
