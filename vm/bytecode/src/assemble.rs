//! An assembler for tests: programs as the disassembler shows their functions, constants and
//! natives.
//!
//! Line by line: `entry f0`, `parameter p0 T`, `const k0 T value`, `const k0 exception Name(field
//! T, …)`, `const k0 struct Name(field T, …)`, `const k0 type T`, `native n0 name(T, …) -> T
//! [strict]`, `output name T`, `access t0 table key (T, …) columns (T, …)`, `function f0 name(T, …)
//! -> T slots n objects n`, then its instructions, with or without their number, `handler @start
//! @end @target o0 [undo]`, and empty lines. `T?` may be NULL. After `--` comes a comment. Every
//! instruction's place is its line: `start` is the line's number, `end` the next one.

use crate::ids::*;
use crate::opcodes::{Instr, SCALAR_OPCODES};
use crate::program::*;
use crate::types::{ExceptionType, Field, StructType, Type};
use crate::value::Value;
use crate::{Place, PlaceEntry};
use smol_str::SmolStr;
use std::sync::Arc;

/// A line that the assembler does not understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssembleError {
    /// The line's number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

/// Reads a program.
///
/// # Errors
/// The first line that is not understood. The program is not verified.
pub fn assemble(source: &str) -> Result<Program, AssembleError> {
    let mut program = Program::default();
    for (index, full) in source.lines().enumerate() {
        let text = full.split("--").next().unwrap_or_default().trim();
        let understood = text.is_empty() || line(&mut program, text, index + 1).is_some();
        if !understood {
            return Err(AssembleError { line: index + 1, text: full.to_owned() });
        }
    }
    Ok(program)
}

fn line(program: &mut Program, text: &str, number: usize) -> Option<()> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match word {
        "entry" => program.entry = FunctionId(id(rest, "f")?),
        "parameter" => program.parameters.push(Parameter {
            source: ParameterSource::Positional(program.parameters.len() as u16),
            ty: ty(rest.split_once(' ')?.1)?,
        }),
        "const" => program.constants.push(constant(rest.split_once(' ')?.1)?),
        "native" => program.natives.push(native(rest.split_once(' ')?.1)?),
        "output" => program.output.push(field(rest)?),
        "access" => program.accesses.push(access(program.accesses.len(), rest)?),
        "function" => program.functions.push(function(rest.split_once(' ')?.1)?),
        "handler" => {
            let function = program.functions.last_mut()?;
            function.handlers.push(handler(rest)?);
        }
        _ => {
            let place = PlaceId(program.places.len() as u32);
            let function = program.functions.last_mut()?;
            function.places.push((function.code.len() as u16, place));
            function.code.push(instruction(text)?);
            program.places.push(PlaceEntry {
                place: Place { source: SourceId(0), start: number as u32, end: number as u32 + 1 },
                function: function.name.clone(),
                inlined_at: None,
            });
        }
    }
    Some(())
}

fn id(text: &str, prefix: &str) -> Option<u16> {
    text.trim().strip_prefix(prefix)?.parse().ok()
}

fn instruction(text: &str) -> Option<Instr> {
    let numbered = text.split_once(": ").filter(|(n, _)| n.parse::<u16>().is_ok());
    let text = numbered.map_or(text, |(_, rest)| rest).trim();
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
    let opcode = SCALAR_OPCODES.iter().position(|fact| fact.name == mnemonic)?;
    let operands: Vec<&str> =
        operands.split(',').map(str::trim).filter(|operand| !operand.is_empty()).collect();
    let fact = &SCALAR_OPCODES[opcode];
    if operands.len() != fact.operands.len() {
        return None;
    }
    let mut bytes = vec![opcode as u8];
    for (text, fact) in operands.iter().zip(fact.operands) {
        bytes.extend(operand(text, fact.kind)?.to_le_bytes());
    }
    Instr::decode(&mut &bytes[..])
}

fn operand(text: &str, kind: OperandKind) -> Option<u16> {
    let window = |prefix| id(text.strip_prefix('[')?.strip_suffix("..]")?, prefix);
    match kind {
        OperandKind::Slot => id(text, "r"),
        OperandKind::Wide => id(text, "w"),
        OperandKind::Object => id(text, "o"),
        OperandKind::Vector => id(text, "v"),
        OperandKind::SlotWindow => window("r"),
        OperandKind::ObjectWindow => window("o"),
        OperandKind::VectorWindow => window("v"),
        OperandKind::Immediate => text.parse::<i16>().ok().map(|i| i as u16),
        OperandKind::Constant => id(text, "k"),
        OperandKind::Target => id(text, "@"),
        OperandKind::Function => id(text, "f"),
        OperandKind::Native => id(text, "n"),
        OperandKind::Query => id(text, "q"),
        OperandKind::Access => id(text, "t"),
        OperandKind::Parameter => id(text, "p"),
        OperandKind::Comparison => {
            Cmp::ALL.iter().find(|c| c.to_string() == text).map(|c| c.encode())
        }
    }
}

/// Splits `head(a, b) tail`, where the inner text may hold parentheses itself.
fn parenthesised(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (head, rest) = text.split_once('(')?;
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' | ',' if depth == 0 => {
                let part = rest[start..at].trim();
                parts.extend((!part.is_empty()).then_some(part));
                start = at + 1;
                if c == ')' {
                    return Some((head.trim(), parts, rest[start..].trim()));
                }
            }
            _ => {}
        }
    }
    None
}

fn ty(text: &str) -> Option<Type> {
    let text = text.trim();
    if let Some(("DECIMAL", parts, "")) = parenthesised(text) {
        let [precision, scale] = parts[..] else { return None };
        let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
        return Some(Type::Decimal { precision, scale });
    }
    let plain = [
        Type::Bool,
        Type::Int8,
        Type::Int16,
        Type::Int32,
        Type::Int64,
        Type::Float32,
        Type::Double,
        Type::Text,
        Type::Blob,
        Type::Date,
        Type::Time,
        Type::Timestamp,
        Type::TimestampTz,
        Type::Interval,
        Type::Uuid,
        Type::Json,
    ];
    if let Some(element) = text.strip_prefix("ARRAY<").and_then(|t| t.strip_suffix('>')) {
        return Some(Type::Array(Arc::new(ty(element)?)));
    }
    if text == "EXCEPTION" {
        return Some(exception_type("any", Vec::new()));
    }
    plain.into_iter().find(|ty| ty.to_string() == text)
}

fn exception_type(name: &str, fields: Vec<Field>) -> Type {
    let (name, message) = (SmolStr::new(name), SmolStr::new_static("it failed"));
    Type::Exception(Arc::new(ExceptionType { name, parent: None, message, fields }))
}

fn layout(text: &str) -> Option<Layout> {
    let (name, nullable) = text.strip_suffix('?').map_or((text, false), |name| (name, true));
    Some(Layout { ty: ty(name)?, nullable })
}

fn field(text: &str) -> Option<Field> {
    let (name, type_name) = text.split_once(' ')?;
    Some(Field { name: SmolStr::new(name), ty: ty(type_name)? })
}

fn constant(text: &str) -> Option<Constant> {
    let (word, rest) = text.split_once(' ')?;
    match word {
        "type" => ty(rest).map(Constant::Type),
        "exception" | "struct" => {
            let (name, parts, _) = parenthesised(rest)?;
            let fields = parts.into_iter().map(field).collect::<Option<Vec<_>>>()?;
            let shape = || StructType { name: Some(SmolStr::new(name)), fields: fields.clone() };
            Some(Constant::Type(match word {
                "struct" => Type::Struct(Arc::new(shape())),
                _ => exception_type(name, fields),
            }))
        }
        _ => Some(Constant::Value(value(rest)?, ty(word)?)),
    }
}

fn value(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Some(quoted) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return Some(Value::text(quoted));
    }
    match text {
        "NULL" => Some(Value::Null),
        "TRUE" => Some(Value::Bool(true)),
        "FALSE" => Some(Value::Bool(false)),
        _ => {
            let wide = text.strip_suffix('w').and_then(|t| t.parse().ok()).map(Value::Wide);
            let int = || text.parse().ok().map(Value::Int);
            wide.or_else(int).or_else(|| text.parse().ok().map(Value::Float))
        }
    }
}

fn native(text: &str) -> Option<Native> {
    let (name, parameters, rest) = parenthesised(text)?;
    let rest = rest.strip_prefix("->")?.trim();
    let strict = rest.strip_suffix("strict");
    Some(Native {
        name: SmolStr::new(name),
        parameters: parameters.into_iter().map(layout).collect::<Option<_>>()?,
        result: layout(strict.unwrap_or(rest).trim())?,
        strict: strict.is_some(),
    })
}

fn access(index: usize, text: &str) -> Option<Access> {
    let (head, key, rest) = parenthesised(text)?;
    let (_, columns, _) = parenthesised(rest)?;
    let name = head.split(' ').nth(1)?;
    let column = |(at, text)| Some((ColumnId(at as u32), ty(text)?));
    Some(Access {
        table: TableId(index as u32),
        key: key.into_iter().map(ty).collect::<Option<_>>()?,
        row_key: false,
        arbiters: crate::Arbiters::default(),
        columns: columns.into_iter().enumerate().map(column).collect::<Option<_>>()?,
        name: SmolStr::new(name),
    })
}

fn function(text: &str) -> Option<Function> {
    let (name, parameters, rest) = parenthesised(text)?;
    let (signature, sizes) = rest.split_once("slots ")?;
    let (slots, objects) = sizes.split_once(" objects ")?;
    let result = match signature.trim().strip_prefix("->") {
        Some(result) => Some(layout(result.trim())?),
        None => None,
    };
    Some(Function {
        name: SmolStr::new(name),
        parameters: parameters.into_iter().map(layout).collect::<Option<_>>()?,
        result,
        slots: slots.trim().parse().ok()?,
        objects: objects.trim().parse().ok()?,
        ..Function::default()
    })
}

fn handler(text: &str) -> Option<Handler> {
    let mut words = text.split_whitespace();
    let mut target = || Some(Target(id(words.next()?, "@")?));
    let (start, end, target) = (target()?, target()?, target()?);
    let exception = Object(id(words.next()?, "o")?);
    Some(Handler { start, end, target, exception, undo: words.next() == Some("undo") })
}
