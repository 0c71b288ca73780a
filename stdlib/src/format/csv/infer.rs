//! What a text of a sample may be, and what type a column of such texts has.
//!
//! A guess never changes what a text says: a number with leading zeros or more digits than its type
//! holds is TEXT.

use grizzly_bytecode::{Type, temporal};

/// The words that may stand for a missing value where nothing else says so.
const MARKERS: &[&str] = &["NA", "N/A", "NULL", "null", "\\N", "None", "#N/A"];

/// What a text may be, as bits.
mod class {
    pub(super) const BOOL: u16 = 1;
    pub(super) const INT: u16 = 2;
    pub(super) const DOUBLE: u16 = 4;
    pub(super) const DATE: u16 = 8;
    pub(super) const TIME: u16 = 16;
    pub(super) const TIMESTAMP: u16 = 32;
    pub(super) const TIMESTAMP_TZ: u16 = 64;
    pub(super) const TEXT: u16 = 128;
    /// `nan`, `inf`: DOUBLE beside numbers, else TEXT.
    pub(super) const SPECIAL: u16 = 256;
}

/// What the texts of a column have been so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    classes: u16,
    /// The markers that were seen, as bits.
    markers: u16,
    /// Whether there was a row.
    used: bool,
}

impl Guess {
    /// Of a column without rows.
    pub const EMPTY: Guess = Guess { classes: 0, markers: 0, used: false };

    /// Takes the next text. `given` says that markers are known, so that none is looked for.
    pub fn take(&mut self, text: &[u8], quoted: bool, given: bool) {
        self.used = true;
        if text.is_empty() {
            self.classes |= if quoted { class::TEXT } else { 0 };
            return;
        }
        if !given
            && !quoted
            && let Some(marker) = marker(text)
        {
            self.markers |= 1 << marker;
            return;
        }
        // TEXT stays TEXT.
        if self.classes & class::TEXT == 0 {
            self.classes |= classify(text);
        }
    }

    /// Takes a row that is NULL.
    pub fn note_row(&mut self) {
        self.used = true;
    }

    /// Whether there was a row.
    pub fn is_used(&self) -> bool {
        self.used
    }

    /// The type of the column; `None` where it had no value.
    pub fn ty(&self) -> Option<Type> {
        const NUMBERS: u16 = class::INT | class::DOUBLE | class::SPECIAL;
        Some(match self.classes {
            0 => return None,
            class::BOOL => Type::Bool,
            class::INT => Type::Int64,
            class::DATE => Type::Date,
            class::TIME => Type::Time,
            class::TIMESTAMP => Type::Timestamp,
            class::TIMESTAMP_TZ => Type::TimestampTz,
            classes if classes == class::DATE | class::TIMESTAMP => Type::Timestamp,
            class::SPECIAL => Type::Text,
            classes if classes & !NUMBERS == 0 => Type::Double,
            _ => Type::Text,
        })
    }

    /// The markers that the column proves: it holds them beside values that are no TEXT. `fixed` is
    /// the column's type where it is known.
    fn proven(&self, fixed: Option<&Type>) -> u16 {
        let typed = match fixed {
            Some(ty) => *ty != Type::Text,
            None => self.ty().is_some_and(|ty| ty != Type::Text),
        };
        if typed { self.markers } else { 0 }
    }

    /// Whether a text may stand among the column's values.
    pub fn fits(&self, text: &[u8]) -> bool {
        let mut more = self.clone();
        more.take(text, false, false);
        more.ty() == self.ty()
    }

    /// Adds what the same column of another file has been.
    pub fn merge(&mut self, other: &Guess) {
        self.classes |= other.classes;
        self.markers |= other.markers;
        self.used |= other.used;
    }
}

/// The texts that mean NULL in a file with these columns.
pub(crate) fn null_texts<'g>(
    columns: impl Iterator<Item = (&'g Guess, Option<Type>)>,
) -> Vec<&'static str> {
    let proven = columns.fold(0, |all, (guess, fixed)| all | guess.proven(fixed.as_ref()));
    let marked = MARKERS.iter().enumerate().filter(|(at, _)| proven & (1 << at) != 0);
    std::iter::once("").chain(marked.map(|(_, text)| *text)).collect()
}

fn marker(text: &[u8]) -> Option<usize> {
    // Longer than any marker.
    if text.len() > 4 {
        return None;
    }
    MARKERS.iter().position(|marker| marker.as_bytes() == text)
}

fn classify(text: &[u8]) -> u16 {
    let Ok(text) = std::str::from_utf8(text) else { return class::TEXT };
    match text.as_bytes() {
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => classify_number(text),
        [b'n' | b'N' | b'i' | b'I', ..]
            if ["nan", "inf", "infinity"].iter().any(|s| s.eq_ignore_ascii_case(text)) =>
        {
            class::SPECIAL
        }
        [b't' | b'T' | b'f' | b'F', ..]
            if ["true", "false"].iter().any(|s| s.eq_ignore_ascii_case(text)) =>
        {
            class::BOOL
        }
        _ => class::TEXT,
    }
}

/// A text that begins as a number, a date or a time.
fn classify_number(text: &str) -> u16 {
    let bytes = text.as_bytes();
    if bytes.len() >= 8 && bytes[0].is_ascii_digit() {
        if bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') {
            return classify_date(text);
        }
        if bytes[2] == b':' && bytes.get(5) == Some(&b':') && temporal::parse_time(text).is_ok() {
            return class::TIME;
        }
    }
    if ["-inf", "-infinity", "+inf"].iter().any(|s| s.eq_ignore_ascii_case(text)) {
        return class::SPECIAL;
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let has_leading_zero = has_leading_zero(text.as_bytes());
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
        let fits = text.parse::<i64>().is_ok();
        return if fits && !has_leading_zero { class::INT } else { class::TEXT };
    }
    let shape = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+');
    let is_number = digits.bytes().all(shape) && text.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number && !has_leading_zero { class::DOUBLE } else { class::TEXT }
}

/// Whether a number has a zero in front that would get lost.
pub(crate) fn has_leading_zero(text: &[u8]) -> bool {
    matches!(text, [b'0', b'0'..=b'9', ..] | [b'-' | b'+', b'0', b'0'..=b'9', ..])
}

/// A text that begins `dddd-dd-`, more or less.
fn classify_date(text: &str) -> u16 {
    if text.len() == 10 {
        return if temporal::parse_date(text).is_ok() { class::DATE } else { class::TEXT };
    }
    let has_time = matches!(text.as_bytes().get(10), Some(b' ' | b'T'));
    let time = text.get(11..).unwrap_or("");
    if !has_time || !time.is_ascii() {
        return class::TEXT;
    }
    if time.contains(['Z', 'z', '+', '-']) {
        let fits = temporal::parse_timestamp_tz(text).is_ok();
        return if fits { class::TIMESTAMP_TZ } else { class::TEXT };
    }
    if temporal::parse_timestamp(text).is_ok() { class::TIMESTAMP } else { class::TEXT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(texts: &[&str]) -> Option<Type> {
        let mut guess = Guess::default();
        texts.iter().for_each(|text| guess.take(text.as_bytes(), false, false));
        guess.ty()
    }

    #[test]
    fn columns_have_the_narrowest_type_that_loses_nothing() {
        assert_eq!(ty(&["1", "-20", ""]), Some(Type::Int64));
        assert_eq!(ty(&["1", "2.5", "1e3", ".5", "NaN"]), Some(Type::Double));
        assert_eq!(ty(&["true", "FALSE"]), Some(Type::Bool));
        assert_eq!(ty(&["2024-01-31"]), Some(Type::Date));
        assert_eq!(ty(&["2024-01-31", "2024-01-31 10:00:00.5"]), Some(Type::Timestamp));
        assert_eq!(ty(&["2024-01-31T10:00:00Z"]), Some(Type::TimestampTz));
        assert_eq!(ty(&["10:00:00"]), Some(Type::Time));
        assert_eq!(ty(&["", "NA"]), None);
        for text in
            ["007", "2024-02-30", "2024-1-1", "1,5", "99999999999999999999", "1.2.3", "nan", "0x1"]
        {
            assert_eq!(ty(&[text]), Some(Type::Text), "{text}");
        }
        assert_eq!(ty(&["1", "true"]), Some(Type::Text));
    }

    #[test]
    fn a_marker_counts_where_a_column_of_numbers_has_it() {
        let guess = |texts: &[&str]| {
            let mut guess = Guess::default();
            texts.iter().for_each(|text| guess.take(text.as_bytes(), false, false));
            guess
        };
        let (numbers, words) = (guess(&["1", "NA"]), guess(&["x", "NULL"]));
        let columns = [&numbers, &words];
        assert_eq!(null_texts(columns.iter().map(|g| (*g, None))), ["", "NA"]);
        assert_eq!(null_texts([(&words, None)].into_iter()), [""]);
        assert_eq!(null_texts([(&words, Some(Type::Date))].into_iter()), ["", "NULL"]);
    }
}
