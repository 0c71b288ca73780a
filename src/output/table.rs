//! Tables for people: Markdown, and boxes of lines.
//!
//! The widths need all rows, so they are kept until the end; a box keeps the first and the last of
//! a long result, narrows wide columns and leaves middle ones out until it fits the terminal, and
//! says what was left out. The types stand below the rows.

use super::{Format, Layout, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::text_of;
use grizzly_vm::batch::Batch;
use std::collections::VecDeque;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest a cell of a box is kept, in terminal columns.
const KEPT_WIDTH: usize = 1000;

/// The widest a cell of a box is where its width is not limited by a terminal.
const CELL_WIDTH: usize = 60;

/// No column is made narrower than this to make room for others.
const LEAST_WIDTH: usize = 8;

/// Table output.
pub(super) struct Table {
    /// The room of a box; `None` for Markdown.
    room: Option<Layout>,
    first: Vec<Vec<String>>,
    last: VecDeque<Vec<String>>,
    rows: u64,
}

impl Table {
    /// Markdown.
    pub(super) fn markdown() -> Table {
        Table { room: None, first: Vec::new(), last: VecDeque::new(), rows: 0 }
    }

    /// A box of lines.
    pub(super) fn boxed(layout: Layout) -> Table {
        Table { room: Some(layout), ..Table::markdown() }
    }

    fn widths(&self, columns: &[Field], heads: &[Vec<String>]) -> Vec<usize> {
        let width = |index: usize| {
            let rows = heads.iter().chain(&self.first).chain(&self.last);
            rows.filter_map(|row| row.get(index)).map(|cell| cell.width()).max().unwrap_or(0)
        };
        (0..columns.len()).map(|index| width(index).max(1)).collect()
    }

    fn write_markdown(&self, out: &mut String, columns: &[Field]) {
        let head: Vec<String> = columns.iter().map(|f| cell(&f.name, false)).collect();
        let widths = self.widths(columns, std::slice::from_ref(&head));
        let shown: Vec<Shown> = shown(&widths);
        write_row(out, &head, columns, &shown, "|");
        for (field, width) in columns.iter().zip(&widths) {
            let dashes = "-".repeat(*width + 1);
            let _ =
                if is_right(field) { write!(out, "|{dashes}:") } else { write!(out, "|{dashes}-") };
        }
        out.push_str("|\n");
        for row in self.first.iter().chain(&self.last) {
            write_row(out, row, columns, &shown, "|");
        }
    }

    fn write_box(&self, out: &mut String, columns: &[Field], layout: Layout) {
        let names: Vec<String> = columns.iter().map(|f| cell(&f.name, true)).collect();
        let types: Vec<String> = columns.iter().map(|f| cell(&f.ty.to_string(), true)).collect();
        let heads = [names, types];
        let shown = fitted(&self.widths(columns, &heads), layout.width);
        write_rule(out, &shown, ["┌", "┬", "┐"]);
        write_row(out, &heads[0], columns, &shown, "│");
        write_rule(out, &shown, ["├", "┼", "┤"]);
        for row in &self.first {
            write_row(out, row, columns, &shown, "│");
        }
        let kept = (self.first.len() + self.last.len()) as u64;
        if kept < self.rows {
            let dots: Vec<String> = columns.iter().map(|_| "·".to_owned()).collect();
            write_row(out, &dots, columns, &shown, "│");
        }
        for row in &self.last {
            write_row(out, row, columns, &shown, "│");
        }
        write_rule(out, &shown, ["├", "┼", "┤"]);
        write_row(out, &heads[1], columns, &shown, "│");
        write_rule(out, &shown, ["└", "┴", "┘"]);
        let plural = if self.rows == 1 { "" } else { "s" };
        let _ = write!(out, "{} row{plural}", self.rows);
        if kept < self.rows {
            let _ = write!(out, ", {kept} shown");
        }
        let full = shown.iter().filter(|column| column.index.is_some()).count();
        if full < columns.len() {
            let _ = write!(out, "; {} columns, {full} shown", columns.len());
        }
        out.push('\n');
    }
}

/// A column as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    /// Its index; `None` for the one that stands for those that are left out.
    index: Option<usize>,
    width: usize,
}

fn shown(widths: &[usize]) -> Vec<Shown> {
    let column = |(index, width): (usize, &usize)| Shown { index: Some(index), width: *width };
    widths.iter().enumerate().map(column).collect()
}

/// The width of a box of columns, with its lines and blanks.
fn total(columns: &[Shown]) -> usize {
    columns.iter().map(|column| column.width + 3).sum::<usize>() + 1
}

/// The columns of a box that fits a width: the widest are narrowed, then middle ones left out.
fn fitted(widths: &[usize], room: Option<usize>) -> Vec<Shown> {
    let widest = |limit: usize| -> Vec<Shown> {
        let narrowed: Vec<usize> = widths.iter().map(|width| (*width).min(limit)).collect();
        shown(&narrowed)
    };
    let Some(room) = room else { return widest(CELL_WIDTH) };
    let fits = |limit: &usize| total(&widest(*limit)) <= room;
    if let Some(limit) = (LEAST_WIDTH..=room.max(LEAST_WIDTH)).rev().find(fits) {
        return widest(limit);
    }
    let columns = widest(LEAST_WIDTH);
    let gap = Shown { index: None, width: 1 };
    let (mut left, mut right): (Vec<Shown>, Vec<Shown>) = (Vec::new(), Vec::new());
    let mut rest: VecDeque<Shown> = columns.into();
    loop {
        let at_left = left.len() <= right.len();
        let next = if at_left { rest.pop_front() } else { rest.pop_back() };
        let Some(next) = next else { break };
        let used = total(&left) + total(&right) + total(&[gap, next]) - 2;
        // The first column is there however narrow the terminal is.
        if used > room && !left.is_empty() {
            break;
        }
        if at_left { left.push(next) } else { right.push(next) }
    }
    left.push(gap);
    left.extend(right.into_iter().rev());
    left
}

/// Whether a column is aligned at the right.
fn is_right(field: &Field) -> bool {
    field.ty.is_number()
}

/// The text of a cell on one line.
fn cell(text: &str, boxed: bool) -> String {
    let mut out = String::with_capacity(text.len().min(KEPT_WIDTH));
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Others would move the cursor or change the terminal.
            other if boxed && other.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
            '|' if !boxed => out.push_str("\\|"),
            other => out.push(other),
        }
        if boxed && out.len() > KEPT_WIDTH {
            out.push('…');
            break;
        }
    }
    out
}

/// The beginning of a text that is at most so wide.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 1);
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(character);
    }
    out.push('…');
    out
}

fn write_row(out: &mut String, row: &[String], columns: &[Field], shown: &[Shown], bar: &str) {
    for column in shown {
        let found = column.index.and_then(|at| Some((row.get(at)?, columns.get(at)?)));
        let (text, right) = match found {
            Some((text, field)) => (cut(text, column.width), is_right(field)),
            None => ("…".to_owned(), false),
        };
        let blanks = " ".repeat(column.width.saturating_sub(text.width()));
        let _ = if right {
            write!(out, "{bar} {blanks}{text} ")
        } else {
            write!(out, "{bar} {text}{blanks} ")
        };
    }
    out.push_str(bar);
    out.push('\n');
}

fn write_rule(out: &mut String, shown: &[Shown], corners: [&str; 3]) {
    for (index, column) in shown.iter().enumerate() {
        out.push_str(if index == 0 { corners[0] } else { corners[1] });
        out.push_str(&"─".repeat(column.width + 2));
    }
    out.push_str(corners[2]);
    out.push('\n');
}

impl Format for Table {
    fn begin(&mut self, _: &mut String, _: &[Field]) {
        self.first.clear();
        self.last.clear();
        self.rows = 0;
    }

    fn row(&mut self, _: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        let boxed = self.room.is_some();
        let text = |(value, field): (_, &Field)| cell(&text_of(&value, &field.ty), boxed);
        let cells: Vec<String> = values(columns, batch, row).map(text).collect();
        self.rows += 1;
        let limit = self.room.map(|room| room.max_rows).filter(|rows| *rows > 0);
        let limit = limit.unwrap_or(usize::MAX);
        let from_end = limit / 2;
        if self.first.len() < limit - from_end {
            self.first.push(cells);
            return;
        }
        if self.last.len() == from_end {
            self.last.pop_front();
        }
        if from_end > 0 {
            self.last.push_back(cells);
        }
    }

    fn end(&mut self, out: &mut String, columns: &[Field]) {
        match self.room {
            Some(layout) => self.write_box(out, columns, layout),
            None => self.write_markdown(out, columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(shown: &[Shown]) -> Vec<(Option<usize>, usize)> {
        shown.iter().map(|column| (column.index, column.width)).collect()
    }

    #[test]
    fn wide_columns_are_narrowed_before_any_is_left_out() {
        let all = fitted(&[5, 100, 30], None);
        assert_eq!(widths(&all), [(Some(0), 5), (Some(1), 60), (Some(2), 30)]);
        let narrow = fitted(&[5, 100, 30], Some(60));
        assert_eq!(widths(&narrow), [(Some(0), 5), (Some(1), 22), (Some(2), 22)]);
        assert!(total(&narrow) <= 60);
        let few = fitted(&[20; 10], Some(50));
        assert_eq!(few.len(), 5);
        assert_eq!(few.iter().map(|c| c.index).collect::<Vec<_>>()[..3], [Some(0), Some(1), None]);
        assert!(total(&few) <= 50, "{few:?}");
        assert_eq!(widths(&fitted(&[20, 20], Some(3))), [(Some(0), 8), (None, 1)]);
    }

    #[test]
    fn cuts_count_columns_of_the_terminal() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("abc", 2), "a…");
        assert_eq!(cell("a\u{1b}[2J\nb", true), "a\\u{1b}[2J\\nb");
    }
}
