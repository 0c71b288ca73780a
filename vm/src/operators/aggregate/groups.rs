//! Finds the group of each row. Keys of few values (dictionaries, BOOLEAN, small integers) are
//! combined into one code, and an array says which group a code stands for; a code that is new, and
//! every row of other keys, goes through the index of all keys.

use super::super::key_index::{KeyIndex, NO_ID};
use super::super::rows::{FrozenRows, RowSet};
use crate::Fault;
use crate::batch::Rows;
use crate::budget::Budget;
use crate::kernels::Frame;
use crate::vector::{BytesView, CodesView, Data, Dictionary, Operand, Vector};
use grizzly_bytecode::VReg;
use grizzly_bytecode::query::VectorCode;
use std::sync::Arc;

/// The most codes that the array is made for.
const CODES: usize = 1 << 16;

/// The groups so far.
pub(super) struct Groups<'q> {
    registers: &'q [VReg],
    index: KeyIndex,
    keys: RowSet,
    new_rows: Vec<u16>,
    coded: Coded,
}

/// The codes of keys of few values.
#[derive(Default)]
struct Coded {
    keys: Vec<CodedKey>,
    /// The group of each code, [`NO_ID`] where it is not known yet.
    groups: Vec<u32>,
    codes: Vec<u32>,
}

/// How the values of a key column become codes: below the bound; the last code is NULL.
#[derive(Default)]
struct CodedKey {
    dictionary: Option<Arc<Dictionary>>,
    bound: usize,
}

impl<'q> Groups<'q> {
    pub(super) fn new(code: &VectorCode, registers: &'q [VReg], budget: &Budget) -> Groups<'q> {
        let kinds = registers.iter().map(|key| code.registers[key.index()]).collect();
        Groups {
            registers,
            index: KeyIndex::new(kinds, budget),
            keys: RowSet::new(budget),
            new_rows: Vec::new(),
            coded: Coded::default(),
        }
    }

    /// The number of groups.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// The groups' keys.
    pub(super) fn into_keys(self) -> FrozenRows {
        self.keys.freeze()
    }

    /// Writes the group of every selected row into `ids[row]`.
    pub(super) fn assign(
        &mut self,
        frame: &Frame,
        rows: Rows<'_>,
        ids: &mut [u32],
    ) -> Result<(), Fault> {
        if !self.coded.prepare(frame, self.registers, rows) {
            return self.insert(frame, rows, ids);
        }
        self.coded.encode(frame, self.registers, rows);
        let mut position = 0;
        while position < rows.count() {
            position = self.coded.look_up(rows, position, ids);
            if position < rows.count() {
                let row = rows.at(position);
                self.insert(frame, Rows::Some(&[row as u16]), ids)?;
                self.coded.groups[self.coded.codes[row] as usize] = ids[row];
            }
        }
        Ok(())
    }

    fn insert(&mut self, frame: &Frame, rows: Rows<'_>, ids: &mut [u32]) -> Result<(), Fault> {
        self.new_rows.clear();
        self.index.insert((frame, self.registers), rows, ids, &mut self.new_rows)?;
        let keys = self.registers.iter().map(|register| frame.register(*register));
        self.keys.append(keys, Rows::Some(&self.new_rows))
    }
}

impl Coded {
    /// Whether the batch's keys have codes; forgets the groups where the codes mean something else
    /// now.
    fn prepare(&mut self, frame: &Frame, registers: &[VReg], rows: Rows<'_>) -> bool {
        self.keys.resize_with(registers.len(), CodedKey::default);
        let (mut codes, mut same) = (1_usize, true);
        for (key, register) in self.keys.iter_mut().zip(registers) {
            let Some(unchanged) = key.prepare(frame.register(*register), rows) else {
                // The keys before this one may have changed without the groups.
                self.groups.clear();
                return false;
            };
            same &= unchanged;
            codes = codes.saturating_mul(key.bound + 1);
            if codes > CODES {
                self.groups.clear();
                return false;
            }
        }
        if !same || self.groups.len() != codes {
            self.groups.clear();
            self.groups.resize(codes, NO_ID);
        }
        true
    }

    /// Writes the code of every selected row into `codes[row]`.
    fn encode(&mut self, frame: &Frame, registers: &[VReg], rows: Rows<'_>) {
        self.codes.clear();
        self.codes.resize(crate::batch::CAPACITY, 0);
        for (key, register) in self.keys.iter().zip(registers) {
            key.encode(frame.register(*register), rows, &mut self.codes);
        }
    }

    /// Looks the groups of the rows from a position on up, and stops at the first that is not
    /// known.
    fn look_up(&self, rows: Rows<'_>, from: usize, ids: &mut [u32]) -> usize {
        for position in from..rows.count() {
            let row = rows.at(position);
            let group = self.groups[self.codes[row] as usize];
            if group == NO_ID {
                return position;
            }
            ids[row] = group;
        }
        rows.count()
    }
}

impl CodedKey {
    /// Whether the column's codes mean what they meant for the last batch; `None` where it has
    /// none.
    fn prepare(&mut self, vector: &Vector, rows: Rows<'_>) -> Option<bool> {
        match vector.data() {
            Data::Bytes(bytes) => {
                let BytesView::Dictionary(_, dictionary, ..) = bytes.view() else { return None };
                let known = self.dictionary.as_ref();
                let same = known.is_some_and(|known| Arc::ptr_eq(known, dictionary));
                if !same {
                    self.dictionary = Some(dictionary.clone());
                    self.bound = dictionary.len();
                }
                Some(same)
            }
            Data::Bool(_) => {
                let same = self.bound == 2;
                self.bound = 2;
                Some(same)
            }
            Data::I64(values) => {
                let values = values.operand();
                let mut bits = 0_u64;
                rows.each(|row| bits |= *values.get(row) as u64);
                // The bound is a power of two that all values are below; it only grows.
                let needed =
                    usize::try_from(bits).ok()?.checked_add(1)?.checked_next_power_of_two()?;
                let same = needed <= self.bound;
                self.bound = self.bound.max(needed);
                (self.bound < CODES).then_some(same)
            }
            Data::F64(_) | Data::I128(_) | Data::Object(_) => None,
        }
    }

    fn encode(&self, vector: &Vector, rows: Rows<'_>, codes: &mut [u32]) {
        match vector.data() {
            Data::Bytes(bytes) => match bytes.view() {
                BytesView::Dictionary(CodesView::U16(from), ..) => {
                    self.add(vector, Operand::Flat(from), rows, codes);
                }
                BytesView::Dictionary(CodesView::U32(from), ..) => {
                    self.add(vector, Operand::Flat(from), rows, codes);
                }
                // `prepare` has turned the other forms away.
                view => unreachable!("{view:?} has no codes"),
            },
            Data::Bool(values) => self.add(vector, values.operand(), rows, codes),
            Data::I64(values) => self.add(vector, values.operand(), rows, codes),
            // `prepare` has turned the other kinds away.
            data => unreachable!("{data:?} has no codes"),
        }
    }

    fn add<T: Code>(
        &self,
        vector: &Vector,
        from: Operand<'_, T>,
        rows: Rows<'_>,
        codes: &mut [u32],
    ) {
        // The product of all bounds fits: `prepare` has checked it.
        let (radix, null) = (self.bound as u32 + 1, self.bound as u32);
        match (vector.validity().is_all_valid(), from, rows) {
            (true, Operand::Flat(from), Rows::All(len)) => {
                for (code, from) in codes.iter_mut().zip(&from[..len]) {
                    *code = code.wrapping_mul(radix).wrapping_add(from.code());
                }
            }
            (true, from, rows) => {
                rows.each(|row| codes[row] = codes[row] * radix + from.get(row).code());
            }
            (false, from, rows) => {
                let validity = vector.validity();
                rows.each(|row| {
                    let code = if validity.get(row) { from.get(row).code() } else { null };
                    codes[row] = codes[row] * radix + code;
                });
            }
        }
    }
}

/// A value that is its own code.
trait Code: Copy {
    fn code(self) -> u32;
}

impl Code for u8 {
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Code for u16 {
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Code for u32 {
    fn code(self) -> u32 {
        self
    }
}

impl Code for i64 {
    fn code(self) -> u32 {
        self as u32
    }
}
