//! HTML tables. NULL is an empty cell of the class `null`; numbers have the class `number`.

use super::{Format, values};
use grizzly_bytecode::Field;
use grizzly_stdlib::display::text_of;
use grizzly_vm::batch::Batch;

/// HTML output.
pub(super) struct Html;

impl Format for Html {
    fn begin(&mut self, out: &mut String, columns: &[Field]) {
        out.push_str("<table>\n<thead><tr>");
        for field in columns {
            out.push_str("<th>");
            escape(out, &field.name);
            out.push_str("</th>");
        }
        out.push_str("</tr></thead>\n<tbody>\n");
    }

    fn row(&mut self, out: &mut String, columns: &[Field], batch: &Batch, row: usize) {
        out.push_str("<tr>");
        for (value, field) in values(columns, batch, row) {
            if value.is_null() {
                out.push_str("<td class=\"null\"></td>");
                continue;
            }
            let number = field.ty.is_number();
            out.push_str(if number { "<td class=\"number\">" } else { "<td>" });
            escape(out, &text_of(&value, &field.ty));
            out.push_str("</td>");
        }
        out.push_str("</tr>\n");
    }

    fn end(&mut self, out: &mut String, _: &[Field]) {
        out.push_str("</tbody>\n</table>\n");
    }
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}
