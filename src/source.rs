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
    /// Where the text is put together of several: the offset of each part and what people know it
    /// by.
    parts: Vec<(u32, String)>,
}

/// A part of a source that people know by a name of its own, or all of it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The name.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// The byte offset of its beginning in the source.
    pub start: u32,
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
        Source { id, name, text, lines, parts: Vec::new() }
    }

    /// The part that holds a byte offset.
    pub fn part(&self, offset: u32) -> Part<'_> {
        let next = self.parts.partition_point(|(start, _)| *start <= offset);
        let Some((start, name)) = next.checked_sub(1).and_then(|at| self.parts.get(at)) else {
            return Part { name: &self.name, text: &self.text, start: 0 };
        };
        let end = self.parts.get(next).map_or(self.text.len(), |(end, _)| *end as usize);
        let text = self.text.get(*start as usize..end).unwrap_or("");
        Part { name, text, start: *start }
    }

    /// The line and column of a byte offset, counted from the beginning of its part; the end for an
    /// offset beyond the text.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let end = self.text.floor_char_boundary(offset as usize).max(start);
        let column = self.text.get(start..end).map_or(0, |part| part.chars().count()) + 1;
        // A part begins a line of its own.
        let before = self.lines.partition_point(|start| *start < self.part(offset).start);
        LineColumn { line: line - before.min(line - 1), column }
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
        self.add_parts(name, text, Vec::new())
    }

    /// Adds a source that is put together of parts, each of which begins a line: their offsets, in
    /// order, and their names.
    pub fn add_parts(
        &self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        parts: Vec<(u32, String)>,
    ) -> Arc<Source> {
        let mut sources = self.sources.write();
        let id = SourceId(sources.len() as u32);
        let source = Source { parts, ..Source::new(id, name.into(), text.into()) };
        let source = Arc::new(source);
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
                let name = source.part(place.start).name;
                format!("{name}:{}:{}", at.line, at.column)
            }
            None => "<unknown>".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_names_and_lines_of_their_own() {
        let map = SourceMap::default();
        let parts = vec![(0, "type A".to_owned()), (6, "function f".to_owned())];
        let source = map.add_parts("all", "a\naa;\nf\nff;\n", parts);
        let describe = |start| map.describe(Place { source: source.id, start, end: start });
        assert_eq!(describe(3), "type A:2:2");
        assert_eq!(describe(6), "function f:1:1");
        assert_eq!(describe(9), "function f:2:2");
        assert_eq!(source.part(8).text, "f\nff;\n");
    }

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
