//! The formats by example, and what stands between results.

use super::{FormatKind, Output, Printer};
use grizzly_bytecode::{Fault, Field, Type, Value};
use grizzly_vm::batch::Batch;
use grizzly_vm::ports::Output as _;
use std::io::{self, Write};

fn columns(columns: &[(&str, Type)]) -> Vec<Field> {
    let field = |(name, ty): &(&str, Type)| Field { name: (*name).into(), ty: ty.clone() };
    columns.iter().map(field).collect()
}

/// A batch of the rows, with a first row that is not selected.
fn batch(columns: &[Field], rows: &[Vec<Value>]) -> Batch {
    let mut batch = Batch::default();
    batch.reset(columns.len(), rows.len() + 1);
    for (index, vector) in batch.columns.iter_mut().enumerate() {
        let own = vector.owned_object();
        own.push(Value::text("not selected"));
        own.extend(rows.iter().map(|row| row[index].clone()));
        for (row, values) in rows.iter().enumerate() {
            let valid = !values[index].is_null();
            vector.validity_mut().set(row + 1, valid, rows.len() + 1);
        }
    }
    let selected = 1..=rows.len() as u16;
    batch.selection.select().extend(selected);
    batch
}

fn printed(format: FormatKind, fields: &[Field], rows: &[Vec<Value>]) -> String {
    let mut printer = Printer::new(Vec::new(), format);
    if !rows.is_empty() {
        printer.batch(fields, &batch(fields, rows)).expect("written");
    }
    printer.finish(fields).expect("written");
    String::from_utf8(printer.into_inner().expect("written")).expect("text")
}

fn people() -> (Vec<Field>, Vec<Vec<Value>>) {
    let fields = columns(&[("id", Type::Int64), ("name", Type::Text), ("x", Type::Double)]);
    let rows = vec![
        vec![Value::Int(1), Value::text("Ann, \"A\""), Value::Float(1.0)],
        vec![Value::Int(20), Value::text(""), Value::Null],
    ];
    (fields, rows)
}

#[test]
fn csv_quotes_what_needs_it() {
    let (fields, rows) = people();
    let text = printed(FormatKind::Csv, &fields, &rows);
    assert_eq!(text, "id,name,x\n1,\"Ann, \"\"A\"\"\",1.0\n20,\"\",\n");
}

#[test]
fn a_single_null_field_is_spelled_out() {
    let fields = columns(&[("a", Type::Int64)]);
    assert_eq!(printed(FormatKind::Csv, &fields, &[vec![Value::Null]]), "a\nNULL\n");
}

#[test]
fn a_result_without_rows_has_its_header() {
    let (fields, _) = people();
    assert_eq!(printed(FormatKind::Csv, &fields, &[]), "id,name,x\n");
    assert_eq!(printed(FormatKind::Json, &fields, &[]), "[]\n");
    assert_eq!(printed(FormatKind::None, &fields, &[]), "");
}

#[test]
fn the_other_formats_write_the_same_rows() {
    let (fields, rows) = people();
    let json = "[\n{\"id\":1,\"name\":\"Ann, \\\"A\\\"\",\"x\":1.0},\n\
                {\"id\":20,\"name\":\"\",\"x\":null}\n]\n";
    assert_eq!(printed(FormatKind::Json, &fields, &rows), json);
    let tsv = "id\tname\tx\n1\tAnn, \"A\"\t1.0\n20\t\t\\N\n";
    assert_eq!(printed(FormatKind::Tsv, &fields, &rows), tsv);
    let markdown = "| id | name     |    x |\n|---:|----------|-----:|\n\
                    |  1 | Ann, \"A\" |  1.0 |\n| 20 |          | NULL |\n";
    assert_eq!(printed(FormatKind::Markdown, &fields, &rows), markdown);
    let line = "  id = 1\nname = Ann, \"A\"\n   x = 1.0\n\n  id = 20\nname = \n   x = NULL\n";
    assert_eq!(printed(FormatKind::Line, &fields, &rows), line);
}

#[test]
fn a_long_box_is_cut_in_the_middle() {
    let fields = columns(&[("n", Type::Int64)]);
    let rows: Vec<Vec<Value>> = (0..100).map(|n| vec![Value::Int(n)]).collect();
    let text = printed(FormatKind::Box, &fields, &rows);
    assert!(text.starts_with("┌───────┐\n│     n │\n├───────┤\n│     0 │\n"), "{text}");
    let end = "│    99 │\n├───────┤\n│ INT64 │\n└───────┘\n100 rows, 40 shown\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn a_box_fits_its_room() {
    let fields = columns(&[("id", Type::Int64), ("name", Type::Text), ("note", Type::Text)]);
    let long = "x".repeat(100);
    let rows: Vec<Vec<Value>> =
        (0..5).map(|n| vec![Value::Int(n), Value::text(&long), Value::text("ok")]).collect();
    let layout = super::Layout { width: Some(40), max_rows: 2 };
    let mut printer = Printer::with_layout(Vec::new(), FormatKind::Box, layout);
    printer.batch(&fields, &batch(&fields, &rows)).expect("written");
    printer.finish(&fields).expect("written");
    let text = String::from_utf8(printer.into_inner().expect("written")).expect("text");
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    assert!(text.contains("│     0 │ xxxx") && text.contains("│     4 │ xxxx"), "{text}");
    assert!(text.ends_with("5 rows, 2 shown\n"), "{text}");
}

#[test]
fn html_and_lists_write_the_same_rows() {
    let (fields, rows) = people();
    let list = "id|name|x\n1|Ann, \"A\"|1.0\n20||\n";
    assert_eq!(printed(FormatKind::List, &fields, &rows), list);
    let html = printed(FormatKind::Html, &fields, &rows);
    let first = "<tr><td class=\"number\">1</td><td>Ann, &quot;A&quot;</td>";
    assert!(html.contains(first), "{html}");
    assert!(html.contains("<td></td><td class=\"null\"></td></tr>\n</tbody>"), "{html}");
}

#[test]
fn empty_lines_stand_around_results_only() {
    let fields = columns(&[("a", Type::Int64)]);
    let rows = batch(&fields, &[vec![Value::Int(1)]]);
    let mut printer = Printer::new(Vec::new(), FormatKind::Csv);
    let print = |printer: &mut Printer<Vec<u8>>, text: &str| -> Result<(), Fault> {
        printer.print(&Value::text(text), &Type::Text)?;
        printer.finish(&[])
    };
    print(&mut printer, "one").expect("printed");
    print(&mut printer, "two").expect("printed");
    for _ in 0..2 {
        printer.batch(&fields, &rows).expect("written");
        printer.finish(&fields).expect("written");
    }
    printer.finish(&[]).expect("a statement without a result");
    print(&mut printer, "three").expect("printed");
    let text = String::from_utf8(printer.into_inner().expect("written")).expect("text");
    assert_eq!(text, "one\ntwo\n\na\n1\n\na\n1\n\nthree\n");
}

struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_left_is_noticed() {
    let mut printer = Printer::new(Closed, FormatKind::Csv);
    printer.print(&Value::Int(1), &Type::Int64).expect("buffered");
    let fault = printer.finish(&[]).expect_err("the pipe is broken");
    assert!(fault.is("IoError"));
    assert!(printer.is_broken());
}
