//! Opcode table, program format, verifier and disassembler.
//!
//! The crate is data and its checks: it runs nothing. The compiler writes a [`Program`], `verify`
//! turns it into a `VerifiedProgram`, the machine runs that.

#[cfg(feature = "assembler")]
pub mod assemble;
pub mod disasm;
pub mod fault;
pub mod file;
pub mod ids;
pub mod opcodes;
pub mod program;
pub mod query;
pub mod temporal;
pub mod types;
pub mod value;
pub mod verify;

pub use disasm::Disassembly;
pub use fault::{Builtin, Fault, Place, PlaceEntry, TraceLine};
pub use file::{
    FileColumn, FileFormat, FileOptions, FileOrigin, FileRequest, FileScan, FileSource,
};
pub use ids::*;
pub use opcodes::{Instr, VectorInstr};
pub use program::{
    Access, Arbiters, ClosureShape, Constant, Function, Handler, Layout, Native, Parameter,
    ParameterSource, Program, closure_layouts,
};
pub use types::{EnumType, ExceptionType, Field, FunctionType, Repr, StructType, Type, VectorKind};
pub use value::{Closure, ExceptionValue, Interval, StructValue, Value};
pub use verify::{VerifiedProgram, VerifyError, verify};
