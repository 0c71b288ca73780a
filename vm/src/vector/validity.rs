//! Which rows of a vector are NULL: nothing said, everything NULL, or a bitmap as Arrow has it
//! (least significant bit first, 1 for a valid row, with an offset in bits), borrowed or owned.

use super::buffer::{Buffer, Shared};

/// The validity of a vector's rows.
#[derive(Debug, Default)]
pub struct Validity {
    state: State,
    bits: Buffer<u8>,
    offset: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    AllValid,
    AllNull,
    Bits,
}

/// A bitmap for reading.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// A validity for reading.
#[derive(Clone, Copy, Debug)]
pub enum ValidityView<'a> {
    /// No row is NULL.
    AllValid,
    /// Every row is NULL.
    AllNull,
    /// A row is NULL where its bit is 0.
    Bits(Bits<'a>),
}

impl<'a> Bits<'a> {
    /// The bits of `bytes` from bit `offset` on.
    pub fn new(bytes: &'a [u8], offset: usize) -> Bits<'a> {
        Bits { bytes, offset }
    }

    /// The bit of a row.
    #[inline]
    pub fn get(&self, row: usize) -> bool {
        let at = self.offset + row;
        self.bytes[at / 8] >> (at % 8) & 1 != 0
    }

    /// The bits of eight rows from `8 * index` on; those behind the end are 0.
    #[inline]
    pub fn byte(&self, index: usize) -> u8 {
        let at = self.offset + index * 8;
        let byte = |i: usize| self.bytes.get(i).copied().unwrap_or(0);
        match at % 8 {
            0 => byte(at / 8),
            shift => byte(at / 8) >> shift | byte(at / 8 + 1) << (8 - shift),
        }
    }
}

impl<'a> ValidityView<'a> {
    /// Whether a row is valid.
    #[inline]
    pub fn get(&self, row: usize) -> bool {
        match self {
            ValidityView::AllValid => true,
            ValidityView::AllNull => false,
            ValidityView::Bits(bits) => bits.get(row),
        }
    }

    /// The validity of eight rows from `8 * index` on, as a byte.
    #[inline]
    pub fn byte(&self, index: usize) -> u8 {
        match self {
            ValidityView::AllValid => 0xff,
            ValidityView::AllNull => 0,
            ValidityView::Bits(bits) => bits.byte(index),
        }
    }

    /// Whether it is known that no row is NULL.
    #[inline]
    pub fn is_all_valid(&self) -> bool {
        matches!(self, ValidityView::AllValid)
    }
}

impl Validity {
    /// The validity for reading.
    pub fn view(&self) -> ValidityView<'_> {
        match self.state {
            State::AllValid => ValidityView::AllValid,
            State::AllNull => ValidityView::AllNull,
            State::Bits => ValidityView::Bits(Bits::new(self.bits.as_slice(), self.offset)),
        }
    }

    /// No row is NULL.
    pub fn set_all_valid(&mut self) {
        self.bits.release();
        self.state = State::AllValid;
    }

    /// Every row is NULL.
    pub fn set_all_null(&mut self) {
        self.bits.release();
        self.state = State::AllNull;
    }

    /// Borrows a bitmap; `offset` is in bits.
    pub fn set_shared(&mut self, bits: Shared<u8>, offset: usize) {
        self.bits.share(bits);
        self.offset = offset;
        self.state = State::Bits;
    }

    /// An owned bitmap for `len` rows to fill, all NULL at first.
    pub fn owned_bits(&mut self, len: usize) -> &mut [u8] {
        self.offset = 0;
        self.state = State::Bits;
        let owned = self.bits.owned();
        owned.clear();
        owned.resize(len.div_ceil(8), 0);
        owned
    }

    /// An owned bitmap for `len` rows, keeping what the validity says.
    pub fn make_owned_bits(&mut self, len: usize) -> &mut [u8] {
        let bytes = len.div_ceil(8);
        match self.state {
            State::AllValid | State::AllNull => {
                let filler = if self.state == State::AllValid { 0xff } else { 0 };
                let owned = self.owned_bits(len);
                owned.fill(filler);
                owned
            }
            State::Bits => {
                let owned = self.bits.make_owned();
                if self.offset != 0 {
                    for index in 0..bytes {
                        owned[index] = Bits::new(owned, self.offset).byte(index);
                    }
                    self.offset = 0;
                }
                if owned.len() < bytes {
                    owned.resize(bytes, 0xff);
                }
                owned
            }
        }
    }

    /// Says whether one row of `len` is valid.
    pub fn set(&mut self, row: usize, valid: bool, len: usize) {
        if valid && self.state == State::AllValid {
            return;
        }
        set_bit(self.make_owned_bits(len), row, valid);
    }

    /// Becomes what another validity says of `len` rows.
    pub fn clone_from_view(&mut self, view: ValidityView<'_>, len: usize) {
        match view {
            ValidityView::AllValid => self.set_all_valid(),
            ValidityView::AllNull => self.set_all_null(),
            ValidityView::Bits(bits) => {
                let own = self.owned_bits(len);
                for (index, byte) in own.iter_mut().enumerate() {
                    *byte = bits.byte(index);
                }
            }
        }
    }

    /// Valid where both of two are valid, for `len` rows.
    pub fn set_both(&mut self, a: ValidityView<'_>, b: ValidityView<'_>, len: usize) {
        match (a, b) {
            (ValidityView::AllNull, _) | (_, ValidityView::AllNull) => self.set_all_null(),
            (ValidityView::AllValid, other) | (other, ValidityView::AllValid) => {
                self.clone_from_view(other, len);
            }
            (ValidityView::Bits(a), ValidityView::Bits(b)) => {
                let own = self.owned_bits(len);
                for (index, byte) in own.iter_mut().enumerate() {
                    *byte = a.byte(index) & b.byte(index);
                }
            }
        }
    }
}

/// Sets a bit of a bitmap without an offset.
#[inline]
pub fn set_bit(bits: &mut [u8], row: usize, valid: bool) {
    let mask = 1 << (row % 8);
    if valid {
        bits[row / 8] |= mask;
    } else {
        bits[row / 8] &= !mask;
    }
}
