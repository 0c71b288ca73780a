//! The files' port: reading, writing and finding files by the paths that scripts write.

use std::io;
use std::sync::Arc;

/// A file that is read: from the start, or anywhere where the format asks for that.
pub trait ReadSeek: io::Read + io::Seek + Send {}

impl<T: io::Read + io::Seek + Send> ReadSeek for T {}

/// A file that is written. Nothing of it is to be seen under its path before it is finished.
pub trait NewFile: io::Write + Send {
    /// Puts the file in its place, in the place of one that was there.
    ///
    /// # Errors
    /// What the system says; the file is gone then, one that was there is unchanged.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since 1970-01-01 UTC.
    pub modified_nanos: i128,
}

/// Files, by path as the script wrote it.
pub trait Files: Send + Sync {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>>;
    /// Begins a file that will lie at a path.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, path: &str) -> io::Result<Box<dyn NewFile>>;
    /// The size of a file and the time of its last change.
    ///
    /// # Errors
    /// What the system says.
    fn stat(&self, path: &str) -> io::Result<FileStat>;
    /// The files that fit a pattern with `*`, `?`, `[…]` and `**`, in order; a path without any of
    /// these is itself.
    ///
    /// # Errors
    /// What the system says of a folder; NotFound where no file fits.
    fn find(&self, pattern: &str) -> io::Result<Vec<String>>;
    /// The same files for a reader that outlives the call.
    fn handle(&self) -> Arc<dyn Files>;
}

/// Whether a path is a pattern.
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether a name fits a pattern: `*` stands for any characters, `?` for one, `[a-z]` for one of
/// these and `[!a-z]` for one of the others.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stood and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => one(&pattern[p..], name[n]),
            None => None,
        };
        match (step, star) {
            (Some(length), _) => (p, n) = (p + length, n + 1),
            (None, Some((at, taken))) => {
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The length of the pattern's first element, if it fits the character.
fn one(pattern: &[char], character: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => match rest.iter().skip(1).position(|c| *c == ']') {
            Some(end) => in_set(&rest[..=end], character).then_some(end + 3),
            // A bracket that is not closed stands for itself.
            None => (character == '[').then_some(1),
        },
        [first, ..] => (*first == character).then_some(1),
        [] => None,
    }
}

fn in_set(set: &[char], character: char) -> bool {
    let (inverted, mut rest) = match set {
        ['!' | '^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let [first, after @ ..] = rest {
        rest = match after {
            ['-', last, after @ ..] => {
                found |= (*first..=*last).contains(&character);
                after
            }
            _ => {
                found |= *first == character;
                after
            }
        };
    }
    found != inverted
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name) in [
            ("*.csv", "a.csv"),
            ("*.csv", ".csv"),
            ("a*b*c", "aXXbYbc"),
            ("?[0-9]", "x7"),
            ("[!a]x", "bx"),
            ("[]", "[]"),
            ("part-[ab].j*", "part-b.jsonl"),
            ("*", ""),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.csv", "a.csvx"), ("?", ""), ("a*b", "acd"), ("[a-c]", "d"), ("[!a]", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
