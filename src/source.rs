//! The source map: which text a [`SourceId`] names, and lines and columns in it.
//!
//! Sources are scripts, `-c` texts, the prelude, and the stored objects of a database. Ids are
//! given in order and never reused, so that a place that was kept with an object still finds its
//! text.

use grizzly_bytecode::{Place, SourceId};
use parking_lot::RwLock;
use std::sync::Arc;

/// A source text.
#[derive(Debug)]
pub struct Source {
    /// The id in places.
    pub id: SourceId,
    /// What people know it by: a path, `-c`, `<stored objects>`.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// The byte offset of each line's beginning.
    lines: Vec<u32>,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Source {
    fn new(id: SourceId, name: String, text: Arc<str>) -> Source {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        // The lexer refuses text of 4 GiB and more, so offsets fit.
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at as u32 + 1)).collect();
        Source { id, name, text, lines }
    }

    /// The line and column of a byte offset; the end for an offset beyond the text.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let end = self.text.floor_char_boundary(offset as usize).max(start);
        let column = self.text.get(start..end).map_or(0, |part| part.chars().count()) + 1;
        LineColumn { line, column }
    }
}

/// All sources of a process.
#[derive(Debug, Default)]
pub struct SourceMap {
    sources: RwLock<Vec<Arc<Source>>>,
}

impl SourceMap {
    /// Adds a source and gives it an id.
    pub fn add(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<Source> {
        let mut sources = self.sources.write();
        let id = SourceId(sources.len() as u32);
        let source = Arc::new(Source::new(id, name.into(), text.into()));
        sources.push(source.clone());
        source
    }

    /// The source of an id.
    pub fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        self.sources.read().get(id.index()).cloned()
    }

    /// A place as `name:line:column`.
    pub fn describe(&self, place: Place) -> String {
        match self.get(place.source) {
            Some(source) => {
                let at = source.line_column(place.start);
                format!("{}:{}:{}", source.name, at.line, at.column)
            }
            None => "<unknown>".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let map = SourceMap::default();
        let source = map.add("x.gz", "añb\n🐻c");
        assert_eq!(source.line_column(3), LineColumn { line: 1, column: 3 });
        assert_eq!(source.line_column(5), LineColumn { line: 2, column: 1 });
        assert_eq!(source.line_column(9), LineColumn { line: 2, column: 2 });
        assert_eq!(source.line_column(99), LineColumn { line: 2, column: 3 });
        let place = Place { source: source.id, start: 9, end: 10 };
        assert_eq!(map.describe(place), "x.gz:2:2");
    }
}
