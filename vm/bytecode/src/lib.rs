//! Opcode table, program format, verifier and disassembler.
