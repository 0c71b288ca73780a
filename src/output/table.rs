//! Tables for people: Markdown, and boxes of lines.
//!
//! The widths need all rows, so they are kept until the end; a box keeps the first and the last of
//! a long result and says how many were left out.

use super::{Format, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::text_of;
use grizzly_vm::batch::Batch;
use std::collections::VecDeque;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The rows that a box shows from the beginning, and from the end.
const SHOWN_ROWS: usize = 20;

/// The widest a cell of a box may be, in terminal columns.
const CELL_WIDTH: usize = 60;

/// Table output.
pub(super) struct Table {
    boxed: bool,
    first: Vec<Vec<String>>,
    last: VecDeque<Vec<String>>,
    rows: u64,
}

impl Table {
    /// Markdown.
    pub(super) fn markdown() -> Table {
        Table { boxed: false, first: Vec::new(), last: VecDeque::new(), rows: 0 }
    }

    /// A box of lines.
    pub(super) fn boxed() -> Table {
        Table { boxed: true, ..Table::markdown() }
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
        write_row(out, &head, columns, &widths, "|");
        for (field, width) in columns.iter().zip(&widths) {
            let dashes = "-".repeat(*width + 1);
            let _ =
                if is_right(field) { write!(out, "|{dashes}:") } else { write!(out, "|{dashes}-") };
        }
        out.push_str("|\n");
        for row in self.first.iter().chain(&self.last) {
            write_row(out, row, columns, &widths, "|");
        }
    }

    fn write_box(&self, out: &mut String, columns: &[Field]) {
        let names: Vec<String> = columns.iter().map(|f| cell(&f.name, true)).collect();
        let types: Vec<String> = columns.iter().map(|f| cell(&f.ty.to_string(), true)).collect();
        let heads = [names, types];
        let widths = self.widths(columns, &heads);
        write_rule(out, &widths, ["┌", "┬", "┐"]);
        for head in &heads {
            write_row(out, head, columns, &widths, "│");
        }
        write_rule(out, &widths, ["├", "┼", "┤"]);
        for row in &self.first {
            write_row(out, row, columns, &widths, "│");
        }
        let left_out = self.rows - (self.first.len() + self.last.len()) as u64;
        if left_out > 0 {
            let dots: Vec<String> = columns.iter().map(|_| "·".to_owned()).collect();
            write_row(out, &dots, columns, &widths, "│");
        }
        for row in &self.last {
            write_row(out, row, columns, &widths, "│");
        }
        write_rule(out, &widths, ["└", "┴", "┘"]);
        let plural = if self.rows == 1 { "" } else { "s" };
        let _ = write!(out, "{} row{plural}", self.rows);
        if left_out > 0 {
            let _ = write!(out, ", {left_out} not shown");
        }
        out.push('\n');
    }
}

/// Whether a column is aligned at the right.
fn is_right(field: &Field) -> bool {
    field.ty.is_number()
}

/// The text of a cell on one line; cut where it is too wide for a box.
fn cell(text: &str, boxed: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '|' if !boxed => out.push_str("\\|"),
            other => out.push(other),
        }
        if boxed && out.width() > CELL_WIDTH {
            out.pop();
            out.push('…');
            break;
        }
    }
    out
}

fn write_row(out: &mut String, row: &[String], columns: &[Field], widths: &[usize], bar: &str) {
    for ((cell, field), width) in row.iter().zip(columns).zip(widths) {
        let blanks = " ".repeat(width.saturating_sub(cell.width()));
        let _ = if is_right(field) {
            write!(out, "{bar} {blanks}{cell} ")
        } else {
            write!(out, "{bar} {cell}{blanks} ")
        };
    }
    out.push_str(bar);
    out.push('\n');
}

fn write_rule(out: &mut String, widths: &[usize], corners: [&str; 3]) {
    for (index, width) in widths.iter().enumerate() {
        out.push_str(if index == 0 { corners[0] } else { corners[1] });
        out.push_str(&"─".repeat(width + 2));
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
        let text = |(value, field): (_, &Field)| cell(&text_of(&value, &field.ty), self.boxed);
        let cells: Vec<String> = values(columns, batch, row).map(text).collect();
        self.rows += 1;
        if !self.boxed || self.first.len() < SHOWN_ROWS {
            self.first.push(cells);
            return;
        }
        if self.last.len() == SHOWN_ROWS {
            self.last.pop_front();
        }
        self.last.push_back(cells);
    }

    fn end(&mut self, out: &mut String, columns: &[Field]) {
        if self.boxed {
            self.write_box(out, columns);
        } else {
            self.write_markdown(out, columns);
        }
    }
}
