//! The stable text of a program: `EXPLAIN BYTECODE`, `grizzlyc disasm` and the snapshots show it,
//! and the assembler of the tests reads the part about functions.
//!
//! One line per thing; what follows `--` is a comment that repeats what an operand refers to.

use crate::ids::OperandKind;
use crate::opcodes::{Instr, OperandValue};
use crate::program::{Access, Constant, Function, Layout, Native, Program};
use crate::query::{
    Count, Pipeline, Query, Repeat, Residual, Sink, Source, Step, VectorCode, Write,
};
use crate::value::Value;
use std::fmt::{self, Display, Write as _};

/// Shows a program as text.
pub struct Disassembly<'p>(pub &'p Program);

impl Display for Disassembly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.0;
        writeln!(f, "entry {}", program.entry)?;
        for (index, parameter) in program.parameters.iter().enumerate() {
            writeln!(f, "parameter p{index} {} {:?}", parameter.ty, parameter.source)?;
        }
        for (index, constant) in program.constants.iter().enumerate() {
            writeln!(f, "const k{index} {}", ShowConstant(constant))?;
        }
        for (index, native) in program.natives.iter().enumerate() {
            writeln!(f, "native n{index} {}", ShowNative(native))?;
        }
        for (index, access) in program.accesses.iter().enumerate() {
            writeln!(f, "access t{index} {}", ShowAccess(access))?;
        }
        for field in &program.output {
            writeln!(f, "output {} {}", field.name, field.ty)?;
        }
        for (index, function) in program.functions.iter().enumerate() {
            writeln!(f)?;
            write_function(f, program, index, function)?;
        }
        for (index, query) in program.queries.iter().enumerate() {
            writeln!(f)?;
            write_query(f, index, query)?;
        }
        Ok(())
    }
}

struct ShowConstant<'p>(&'p Constant);

impl Display for ShowConstant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Constant::Value(value, ty) => write!(f, "{ty} {}", ShowValue(value)),
            Constant::Type(ty) => write!(f, "type {ty}"),
        }
    }
}

/// Shows a value as a constant is written. Secrets never are constants.
struct ShowValue<'p>(&'p Value);

impl Display for ShowValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(b) => f.write_str(if *b { "TRUE" } else { "FALSE" }),
            Value::Int(int) => write!(f, "{int}"),
            Value::Float(float) => write!(f, "{float:?}"),
            Value::Wide(wide) => write!(f, "{wide}w"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Bytes(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_char('\'')
            }
            Value::Array(values) => write_list(f, "[", values.iter().map(ShowValue), "]"),
            Value::Struct(value) => write_list(f, "{", value.fields.iter().map(ShowValue), "}"),
            Value::Map(pairs) => {
                f.write_str("MAP ")?;
                let shown =
                    pairs.iter().map(|(k, v)| format!("{}: {}", ShowValue(k), ShowValue(v)));
                write_list(f, "{", shown, "}")
            }
            Value::Exception(exception) => {
                write!(f, "{}({:?})", exception.ty.name, exception.message)
            }
            Value::Closure(closure) => write!(f, "{}", closure.function),
        }
    }
}

fn write_list<T: Display>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: impl Iterator<Item = T>,
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    f.write_str(close)
}

impl Display for Layout {
    /// The type, with `?` where NULL may come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.ty, if self.nullable { "?" } else { "" })
    }
}

struct ShowNative<'p>(&'p Native);

impl Display for ShowNative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &format!("{}(", self.0.name), self.0.parameters.iter(), ")")?;
        write!(f, " -> {}", self.0.result)?;
        f.write_str(if self.0.strict { " strict" } else { "" })
    }
}

struct ShowAccess<'p>(&'p Access);

impl Display for ShowAccess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.table, self.0.name)?;
        write_list(f, " key (", self.0.key.iter(), ")")?;
        let columns = self.0.columns.iter().map(|(column, ty)| format!("{column} {ty}"));
        write_list(f, " columns (", columns, ")")?;
        f.write_str(if self.0.row_key { " by row key" } else { "" })?;
        if !self.0.arbiters.rules.is_empty() {
            write_list(f, " unless (", self.0.arbiters.rules.iter(), ")")?;
        }
        f.write_str(if self.0.arbiters.once { " once" } else { "" })
    }
}

fn write_function(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    index: usize,
    function: &Function,
) -> fmt::Result {
    write!(f, "function f{index} ")?;
    write_list(f, &format!("{}(", function.name), function.parameters.iter(), ")")?;
    if let Some(result) = &function.result {
        write!(f, " -> {result}")?;
    }
    writeln!(f, " slots {} objects {}", function.slots, function.objects)?;
    for (at, instr) in function.code.iter().enumerate() {
        let mut line = format!("    {at:>4}: {instr}");
        let mut comment = comment(program, instr);
        if let Some(entry) = function.place_at(at).and_then(|id| program.places.get(id.index())) {
            let (start, end) = (entry.place.start, entry.place.end);
            let space = if comment.is_empty() { "" } else { ", " };
            write!(comment, "{space}{} {start}..{end}", entry.place.source)?;
        }
        if !comment.is_empty() {
            write!(line, "    -- {comment}")?;
        }
        writeln!(f, "{line}")?;
    }
    for handler in &function.handlers {
        let undo = if handler.undo { " undo" } else { "" };
        let (start, end) = (handler.start, handler.end);
        writeln!(f, "    handler {start} {end} {} {}{undo}", handler.target, handler.exception)?;
    }
    Ok(())
}

/// What the operands of an instruction refer to.
fn comment(program: &Program, instr: &Instr) -> String {
    let mut notes: Vec<String> = Vec::new();
    instr.operands(|operand: OperandValue| {
        let index = usize::from(operand.bits);
        notes.extend(match operand.kind {
            OperandKind::Constant => program.constants.get(index).map(|c| match c {
                Constant::Value(value, _) => ShowValue(value).to_string(),
                Constant::Type(ty) => ty.to_string(),
            }),
            OperandKind::Function => program.functions.get(index).map(|f| f.name.to_string()),
            OperandKind::Native => program.natives.get(index).map(|n| n.name.to_string()),
            OperandKind::Access => program.accesses.get(index).map(|a| a.name.to_string()),
            _ => None,
        });
    });
    notes.join(", ")
}

fn write_query(f: &mut fmt::Formatter<'_>, index: usize, query: &Query) -> fmt::Result {
    write_list(f, &format!("query q{index} ("), query.parameters.iter(), ")")?;
    let output = query.output.iter().map(|field| format!("{} {}", field.name, field.ty));
    write_list(f, " -> (", output, ")\n")?;
    for (number, pipeline) in query.pipelines.iter().enumerate() {
        writeln!(f, "  pipeline {number}")?;
        write_pipeline(f, pipeline)?;
    }
    for Repeat { first, end, state } in &query.repeats {
        writeln!(f, "  repeat {first}..{end} until {state} has no new rows")?;
    }
    Ok(())
}

fn write_pipeline(f: &mut fmt::Formatter<'_>, pipeline: &Pipeline) -> fmt::Result {
    write_source(f, &pipeline.source)?;
    pipeline.steps.iter().try_for_each(|step| write_step(f, step))?;
    write_sink(f, &pipeline.sink)
}

fn write_source(f: &mut fmt::Formatter<'_>, source: &Source) -> fmt::Result {
    match source {
        Source::Unit => writeln!(f, "    source unit"),
        Source::Values { types, rows, .. } => {
            write_list(f, &format!("    source values {rows} ("), types.iter(), ")\n")
        }
        Source::State { state, types } => {
            write_list(f, &format!("    source {state} ("), types.iter(), ")\n")
        }
        Source::Round { state, types } => {
            write_list(f, &format!("    source round of {state} ("), types.iter(), ")\n")
        }
        Source::Built { state, matched, types } => {
            let which = if *matched { "matched" } else { "unmatched" };
            write_list(f, &format!("    source {which} of {state} ("), types.iter(), ")\n")
        }
        Source::Concat(inputs) => {
            writeln!(f, "    source concat of {}", inputs.len())?;
            for input in inputs {
                writeln!(f, "    input")?;
                write_source(f, &input.source)?;
                input.steps.iter().try_for_each(|step| write_step(f, step))?;
            }
            writeln!(f, "    end of concat")
        }
        Source::Scan(scan) => {
            let columns = scan.columns.iter().map(|(column, ty)| format!("{column} {ty}"));
            write_list(f, &format!("    scan {} {} (", scan.table, scan.name), columns, ")")?;
            for predicate in &scan.predicates {
                write!(f, " where {} {:?}", predicate.column, predicate.test)?;
            }
            if let Some((index, name)) = &scan.index {
                write!(f, " by index {index} {name}")?;
            }
            f.write_str(if scan.needs_row_key { " with row key" } else { "" })?;
            f.write_str(if scan.ordered { " ordered" } else { "" })?;
            scan.limit_hint.iter().try_for_each(|limit| write!(f, " limit {limit}"))?;
            writeln!(f)
        }
        Source::File(scan) => {
            let columns =
                scan.read_columns().map(|column| format!("{} {}", column.name, column.ty));
            write_list(f, &format!("    file {} (", scan.source.request), columns, ")\n")
        }
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
    match step {
        Step::Filter { code, condition } => {
            writeln!(f, "    filter {condition}")?;
            write_code(f, code)
        }
        Step::Project { code, columns } => {
            write_list(f, "    project (", columns.iter(), ")\n")?;
            write_code(f, code)
        }
        Step::Probe { state, code, keys, kind, payload, residual, notes } => {
            write_list(f, &format!("    probe {state} {kind:?} ("), keys.iter(), ")")?;
            f.write_str(if *notes { " notes" } else { "" })?;
            write_list(f, " payload (", payload.iter(), ")\n")?;
            write_code(f, code)?;
            residual.iter().try_for_each(|Residual { code, condition }| {
                writeln!(f, "      where {condition}")?;
                write_code(f, code)
            })
        }
        Step::Limit { limit, offset } => {
            let limit = limit.as_ref().map_or("all".to_owned(), show_count);
            writeln!(f, "    limit {limit} offset {}", show_count(offset))
        }
        Step::LimitEach { code, keys, limit, offset } => {
            let limit = limit.as_ref().map_or("all".to_owned(), show_count);
            let head = format!("    limit {limit} offset {} each (", show_count(offset));
            write_list(f, &head, keys.iter(), ")\n")?;
            write_code(f, code)
        }
        Step::Expand { function, code, arguments, ty, outer } => {
            let shown = arguments.iter().map(|(register, _)| register);
            let outer = if *outer { " outer" } else { "" };
            write_list(f, &format!("    expand{outer} {function:?} ("), shown, ")")?;
            writeln!(f, " {ty}")?;
            write_code(f, code)
        }
    }
}

fn show_count(count: &Count) -> String {
    match count {
        Count::Constant(n) => n.to_string(),
        Count::Param(p) => p.to_string(),
    }
}

fn write_sink(f: &mut fmt::Formatter<'_>, sink: &Sink) -> fmt::Result {
    match sink {
        Sink::Output => writeln!(f, "    output"),
        Sink::Collect { state } => writeln!(f, "    collect {state}"),
        Sink::Round { state, distinct, first, .. } => {
            let first = if *first { "first " } else { "" };
            writeln!(f, "    {first}round of {state}{}", if *distinct { " distinct" } else { "" })
        }
        Sink::HashBuild { state, code, keys, null_keys, payload, keep_all } => {
            let shown = keys
                .iter()
                .zip(null_keys)
                .map(|(key, nulls)| if *nulls { format!("{key} nulls") } else { key.to_string() });
            write_list(f, &format!("    hash build {state} ("), shown, ")")?;
            f.write_str(if *keep_all { " all rows" } else { "" })?;
            write_list(f, " payload (", payload.iter(), ")\n")?;
            write_code(f, code)
        }
        Sink::Aggregate { state, code, keys, aggregates } => {
            write_list(f, &format!("    aggregate {state} ("), keys.iter(), ")")?;
            let shown = aggregates.iter().map(|a| {
                let distinct = if a.distinct { "distinct " } else { "" };
                let argument = a.argument.map_or("*".to_owned(), |r| r.to_string());
                let filter = a.filter.map_or(String::new(), |r| format!(" filter {r}"));
                format!("{:?}({distinct}{argument}){filter} {}", a.function, a.result)
            });
            write_list(f, " (", shown, ")\n")?;
            write_code(f, code)
        }
        Sink::Sort { state, code, keys, limit } => {
            let shown = keys.iter().map(|key| {
                let direction = if key.descending { " desc" } else { "" };
                let nulls = if key.nulls_first { " nulls first" } else { "" };
                format!("{}{direction}{nulls}", key.register)
            });
            write_list(f, &format!("    sort {state} ("), shown, ")")?;
            limit.iter().try_for_each(|limit| write!(f, " limit {limit}"))?;
            writeln!(f)?;
            write_code(f, code)
        }
        Sink::Write(Write { table, operation, columns, name }) => {
            let columns = columns.iter().map(|(column, ty)| format!("{column} {ty}"));
            write_list(f, &format!("    write {operation:?} {table} {name} ("), columns, ")\n")
        }
    }
}

fn write_code(f: &mut fmt::Formatter<'_>, code: &VectorCode) -> fmt::Result {
    if code.code.is_empty() {
        return Ok(());
    }
    let kinds = code.registers.iter().map(|kind| format!("{kind:?}"));
    write_list(f, &format!("      inputs {} registers (", code.inputs), kinds, ")\n")?;
    for (at, instr) in code.code.iter().enumerate() {
        writeln!(f, "      {at:>4}: {instr}")?;
    }
    Ok(())
}
