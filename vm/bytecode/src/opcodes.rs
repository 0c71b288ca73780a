//! The opcode table. Everything else derives from it: the instruction enums (whose exhaustive
//! matches make an opcode without a body a compile error), the encoding, the disassembly, the facts
//! that the verifier checks, and the reference page OPCODES.md.
//!
//! Two codes share the table's form. **Scalar code** runs one frame: slots `r`, pairs of slots `w`
//! and objects `o`. **Vector code** runs a batch: registers `v` are whole vectors, every
//! instruction works on the rows of the current selection, NULL travels in the vectors, and
//! branches narrow the selection.
//!
//! Meanings are in Lua's notation: `R[d] := R[a] + R[b]`. "checked" raises ArithmeticOverflow.
//! The validity of a nullable slot or pair is a slot of its own (1 valid, 0 NULL), known to the
//! compiler.

use crate::ids::*;

/// How an instruction uses an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Writes the register.
    Out,
    /// Reads the register, or names something.
    In,
    /// Reads and writes the register.
    InOut,
}

/// What the table says of one operand.
#[derive(Clone, Copy, Debug)]
pub struct OperandFact {
    /// The operand's name in the meaning.
    pub name: &'static str,
    /// How it is used.
    pub role: Role,
    /// What it refers to.
    pub kind: OperandKind,
}

/// What the table says of one opcode.
#[derive(Clone, Copy, Debug)]
pub struct OpcodeFact {
    /// The mnemonic.
    pub name: &'static str,
    /// The operands, in order.
    pub operands: &'static [OperandFact],
    /// One line of meaning.
    pub meaning: &'static str,
}

/// An operand of one instruction, as the verifier and the disassembler see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperandValue {
    /// How it is used.
    pub role: Role,
    /// What it refers to.
    pub kind: OperandKind,
    /// The encoded bits.
    pub bits: u16,
}

macro_rules! opcode_table {
    (
        $(#[$doc:meta])* $enum:ident, $facts:ident;
        $($op:ident $mnemonic:literal { $($field:ident: $role:ident $ty:ident),* } $meaning:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table's meanings are the documentation")]
        pub enum $enum {
            $(#[doc = $meaning] $op { $($field: $ty),* },)*
        }

        /// The table's facts, in the order of the opcodes.
        pub const $facts: &[OpcodeFact] = &[$(OpcodeFact {
            name: $mnemonic,
            operands: &[$(OperandFact {
                name: stringify!($field),
                role: Role::$role,
                kind: <$ty as Operand>::KIND,
            }),*],
            meaning: $meaning,
        },)*];

        impl $enum {
            /// The opcode's facts.
            pub fn fact(&self) -> &'static OpcodeFact {
                // The enum and the facts come from one table: the index is always inside.
                &$facts[usize::from(self.opcode())]
            }

            /// The opcode's number.
            #[allow(unused_assignments, reason = "the counter's last step has no reader")]
            pub fn opcode(&self) -> u8 {
                #[repr(u8)]
                enum Number { $($op,)* }
                match self { $($enum::$op { .. } => Number::$op as u8,)* }
            }

            /// Calls `visit` with each operand, in order.
            pub fn operands(&self, mut visit: impl FnMut(OperandValue)) {
                match *self {
                    $($enum::$op { $($field),* } => {
                        $(visit(OperandValue {
                            role: Role::$role,
                            kind: <$ty as Operand>::KIND,
                            bits: $field.encode(),
                        });)*
                        let _ = &mut visit;
                    })*
                }
            }

            /// Writes the instruction as `mnemonic operand, operand`.
            pub fn show(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self {
                    $($enum::$op { $($field),* } => {
                        f.write_str($mnemonic)?;
                        #[allow(unused_mut, unused_variables)]
                        let mut separator = " ";
                        $(
                            write!(f, "{separator}{}", $field)?;
                            #[allow(unused_assignments)]
                            { separator = ", "; }
                        )*
                        Ok(())
                    })*
                }
            }

            /// The encoding: the opcode's number, then the operands' bits in order.
            pub fn encode(&self, out: &mut Vec<u8>) {
                out.push(self.opcode());
                self.operands(|o| out.extend_from_slice(&o.bits.to_le_bytes()));
            }

            /// Reads one instruction from the front of `bytes`; `None` where there is none.
            pub fn decode(bytes: &mut &[u8]) -> Option<$enum> {
                #[repr(u8)]
                #[allow(non_upper_case_globals)]
                enum Number { $($op,)* }
                let (&opcode, rest) = bytes.split_first()?;
                *bytes = rest;
                $(if opcode == Number::$op as u8 {
                    return Some($enum::$op { $($field: <$ty as Operand>::decode(take_u16(bytes)?)?),* });
                })*
                None
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.show(f)
            }
        }
    };
}

fn take_u16(bytes: &mut &[u8]) -> Option<u16> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    *bytes = rest;
    Some(u16::from_le_bytes(*head))
}

opcode_table! {
    /// An instruction of scalar code.
    Instr, SCALAR_OPCODES;

    // Moves and constants.
    Move "move" { d: Out Slot, a: In Slot } "R[d] := R[a]";
    MoveWide "move_wide" { d: Out Wide, a: In Wide } "W[d] := W[a]";
    MoveObject "move_object" { d: Out Object, a: In Object } "O[d] := O[a]";
    LoadInt "load_int" { d: Out Slot, i: In Imm } "R[d] := i";
    LoadSlot "load_slot" { d: Out Slot, k: In ConstId } "R[d] := K[k], a constant that fits a slot";
    LoadWide "load_wide" { d: Out Wide, k: In ConstId } "W[d] := K[k], a 128-bit constant";
    LoadObject "load_object" { d: Out Object, k: In ConstId } "O[d] := K[k]";
    LoadNull "load_null" { d: Out Object } "O[d] := NULL";
    LoadParam "load_param" { d: Out Object, p: In ParamId } "O[d] := P[p], a parameter of the program";

    // 64-bit integers (also dates, times, DECIMAL up to 18 digits).
    AddI64 "add_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] + R[b], checked";
    SubI64 "sub_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] - R[b], checked";
    MulI64 "mul_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] * R[b], checked";
    DivI64 "div_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] / R[b], truncated; raises DivisionByZero, checked";
    RemI64 "rem_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] % R[b], sign of R[a]; raises DivisionByZero";
    NegI64 "neg_i64" { d: Out Slot, a: In Slot } "R[d] := -R[a], checked";
    AddImmI64 "add_imm_i64" { d: Out Slot, a: In Slot, i: In Imm } "R[d] := R[a] + i, checked";
    MulImmI64 "mul_imm_i64" { d: Out Slot, a: In Slot, i: In Imm } "R[d] := R[a] * i, checked";
    DivRoundI64 "div_round_i64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] / R[b], rounded half away from zero; raises DivisionByZero";
    CheckInt "check_int" { a: In Slot, i: In Imm } "raises ArithmeticOverflow unless R[a] fits i bits, signed";
    CheckDecimal "check_decimal" { a: In Slot, i: In Imm } "raises ArithmeticOverflow unless |R[a]| < 10^i";

    // DOUBLE.
    AddF64 "add_f64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] + R[b]";
    SubF64 "sub_f64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] - R[b]";
    MulF64 "mul_f64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] * R[b]";
    DivF64 "div_f64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] / R[b]; raises DivisionByZero";
    RemF64 "rem_f64" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] % R[b]; raises DivisionByZero";
    NegF64 "neg_f64" { d: Out Slot, a: In Slot } "R[d] := -R[a]";
    RoundF32 "round_f32" { d: Out Slot, a: In Slot } "R[d] := R[a] rounded to FLOAT32; raises ArithmeticOverflow where finite becomes infinite";

    // 128-bit integers.
    AddWide "add_wide" { d: Out Wide, a: In Wide, b: In Wide } "W[d] := W[a] + W[b], checked";
    SubWide "sub_wide" { d: Out Wide, a: In Wide, b: In Wide } "W[d] := W[a] - W[b], checked";
    MulWide "mul_wide" { d: Out Wide, a: In Wide, b: In Wide } "W[d] := W[a] * W[b], checked";
    RemWide "rem_wide" { d: Out Wide, a: In Wide, b: In Wide } "W[d] := W[a] % W[b]; raises DivisionByZero";
    DivRoundWide "div_round_wide" { d: Out Wide, a: In Wide, b: In Wide } "W[d] := W[a] / W[b], rounded half away from zero; raises DivisionByZero";
    NegWide "neg_wide" { d: Out Wide, a: In Wide } "W[d] := -W[a], checked";
    CheckDecimalWide "check_decimal_wide" { a: In Wide, i: In Imm } "raises ArithmeticOverflow unless |W[a]| < 10^i";

    // Conversions between registers.
    I64ToF64 "i64_to_f64" { d: Out Slot, a: In Slot } "R[d] := R[a] as DOUBLE";
    F64ToI64 "f64_to_i64" { d: Out Slot, a: In Slot } "R[d] := R[a] rounded half to even, checked";
    WidenI64 "widen_i64" { d: Out Wide, a: In Slot } "W[d] := R[a]";
    NarrowWide "narrow_wide" { d: Out Slot, a: In Wide } "R[d] := W[a], checked";
    WideToF64 "wide_to_f64" { d: Out Slot, a: In Wide } "R[d] := W[a] as DOUBLE";

    // Comparisons and logic into a slot (0 or 1).
    CmpI64 "cmp_i64" { c: In Cmp, d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] c R[b]";
    CmpF64 "cmp_f64" { c: In Cmp, d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] c R[b], IEEE 754";
    CmpWide "cmp_wide" { c: In Cmp, d: Out Slot, a: In Wide, b: In Wide } "R[d] := W[a] c W[b]";
    CmpObject "cmp_object" { c: In Cmp, d: Out Slot, a: In Object, b: In Object } "R[d] := O[a] c O[b], both not NULL; text by bytes";
    And "and" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] and R[b], both 0 or 1";
    Or "or" { d: Out Slot, a: In Slot, b: In Slot } "R[d] := R[a] or R[b], both 0 or 1";
    Not "not" { d: Out Slot, a: In Slot } "R[d] := 1 - R[a], R[a] 0 or 1";
    IsNullObject "is_null_object" { d: Out Slot, a: In Object } "R[d] := O[a] is NULL";

    // Jumps. Every jump but jump_back goes forward; jump_back also polls for cancellation.
    Jump "jump" { t: In Target } "goto t";
    JumpBack "jump_back" { t: In Target } "poll; goto t, t at or before this instruction";
    JumpIf "jump_if" { a: In Slot, t: In Target } "if R[a] != 0 goto t";
    JumpIfNot "jump_if_not" { a: In Slot, t: In Target } "if R[a] = 0 goto t";
    JumpNull "jump_null" { a: In Object, t: In Target } "if O[a] is NULL goto t";
    JumpNotNull "jump_not_null" { a: In Object, t: In Target } "if O[a] is not NULL goto t";
    JumpEqI64 "jump_eq_i64" { a: In Slot, b: In Slot, t: In Target } "if R[a] = R[b] goto t";
    JumpNeI64 "jump_ne_i64" { a: In Slot, b: In Slot, t: In Target } "if R[a] != R[b] goto t";
    JumpLtI64 "jump_lt_i64" { a: In Slot, b: In Slot, t: In Target } "if R[a] < R[b] goto t";
    JumpLeI64 "jump_le_i64" { a: In Slot, b: In Slot, t: In Target } "if R[a] <= R[b] goto t";
    JumpEqImm "jump_eq_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] = i goto t";
    JumpNeImm "jump_ne_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] != i goto t";
    JumpLtImm "jump_lt_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] < i goto t";
    JumpLeImm "jump_le_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] <= i goto t";
    JumpGtImm "jump_gt_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] > i goto t";
    JumpGeImm "jump_ge_imm" { a: In Slot, i: In Imm, t: In Target } "if R[a] >= i goto t";
    JumpLtF64 "jump_lt_f64" { a: In Slot, b: In Slot, t: In Target } "if R[a] < R[b] goto t";
    JumpLeF64 "jump_le_f64" { a: In Slot, b: In Slot, t: In Target } "if R[a] <= R[b] goto t";
    JumpNotLtF64 "jump_not_lt_f64" { a: In Slot, b: In Slot, t: In Target } "if not R[a] < R[b] goto t";
    JumpNotLeF64 "jump_not_le_f64" { a: In Slot, b: In Slot, t: In Target } "if not R[a] <= R[b] goto t";
    JumpEqF64 "jump_eq_f64" { a: In Slot, b: In Slot, t: In Target } "if R[a] = R[b] goto t";
    JumpNeF64 "jump_ne_f64" { a: In Slot, b: In Slot, t: In Target } "if R[a] != R[b] goto t";
    JumpEqText "jump_eq_text" { a: In Object, k: In ConstId, t: In Target } "if O[a] = K[k] goto t, O[a] not NULL";
    JumpNeText "jump_ne_text" { a: In Object, k: In ConstId, t: In Target } "if O[a] != K[k] goto t, O[a] not NULL";

    // Calls. Arguments lie in the windows in the order of the callee's parameters
    // (crate::program::Layout); the result comes out at the first register of its class, its
    // validity in the next slot. Registers from the windows on are the callee's: beyond the result,
    // slots hold anything afterwards and objects NULL.
    Call "call" { f: In FunctionId, s: InOut SlotWindow, o: InOut ObjectWindow } "R[s..], O[o..] := F[f](R[s..], O[o..]); polls; deep recursion raises ResourceExhausted";
    CallClosure "call_closure" { k: In ConstId, s: InOut SlotWindow, o: InOut ObjectWindow } "R[s..], O[o..] := the function value behind the arguments of type T[k] in R[s..], O[o..], called with them; raises TypeError where it is NULL";
    CallNative "call_native" { n: In NativeId, s: InOut SlotWindow, o: InOut ObjectWindow } "R[s..], O[o..] := N[n](R[s..], O[o..])";
    Return "return" {} "return; the result lies in the first registers already";
    ReturnSlot "return_slot" { a: In Slot } "R[0] := R[a]; return";
    ReturnNullable "return_nullable" { a: In Slot, v: In Slot } "R[0], R[1] := R[a], R[v]; return";
    ReturnWide "return_wide" { a: In Wide } "W[0] := W[a]; return";
    ReturnNullableWide "return_nullable_wide" { a: In Wide, v: In Slot } "W[0], R[2] := W[a], R[v]; return";
    ReturnObject "return_object" { a: In Object } "O[0] := O[a]; return";

    // Between slots and values.
    BoxInt "box_int" { d: Out Object, a: In Slot } "O[d] := R[a] as an integer value";
    BoxFloat "box_float" { d: Out Object, a: In Slot } "O[d] := R[a] as a DOUBLE value";
    BoxBool "box_bool" { d: Out Object, a: In Slot } "O[d] := R[a] as a BOOLEAN value";
    BoxWide "box_wide" { d: Out Object, a: In Wide } "O[d] := W[a] as a 128-bit value";
    UnboxSlot "unbox_slot" { d: Out Slot, a: In Object } "R[d] := the slot of O[a], not NULL";
    UnboxWide "unbox_wide" { d: Out Wide, a: In Object } "W[d] := the 128-bit value of O[a], not NULL";

    // Text and composites.
    Concat "concat" { d: Out Object, a: In Object, b: In Object } "O[d] := text O[a] followed by text O[b], both not NULL";
    MakeStruct "make_struct" { d: Out Object, k: In ConstId, o: In ObjectWindow } "O[d] := a struct of type T[k] with fields O[o..]";
    GetField "get_field" { d: Out Object, a: In Object, i: In Imm } "O[d] := field i of the struct or exception O[a], not NULL";
    SetField "set_field" { d: InOut Object, i: In Imm, a: In Object } "field i of the struct O[d] := O[a], copied first if shared";
    GetMessage "get_message" { d: Out Object, a: In Object } "O[d] := the message of the exception O[a]";
    MakeArray "make_array" { d: Out Object, o: In ObjectWindow, i: In Imm } "O[d] := [O[o], …], i elements";
    GetElement "get_element" { d: Out Object, a: In Object, b: In Slot } "O[d] := O[a][R[b]], from the end where negative; raises IndexOutOfRange";
    PushElement "push_element" { d: InOut Object, a: In Object } "append O[a] to the array O[d], copied first if shared";
    MakeClosure "make_closure" { d: Out Object, f: In FunctionId, o: In ObjectWindow } "O[d] := the function value of F[f] with what it captures, O[o..]";
    GetCapture "get_capture" { d: Out Object, a: In Object, i: In Imm } "O[d] := what the function value O[a] captured at i";
    Length "length" { d: Out Slot, a: In Object } "R[d] := the number of elements of the array O[a]";

    // Exceptions. A function's handler table says where a fault continues.
    Savepoint "savepoint" {} "mark the tables' state for the undoing handlers whose range starts here";
    MakeException "make_exception" { d: Out Object, k: In ConstId, o: In ObjectWindow } "O[d] := an exception of type T[k], message O[o] (NULL: its default), fields O[o+1..]";
    Raise "raise" { a: In Object } "raise the exception O[a]";
    ExceptionIs "exception_is" { d: Out Slot, a: In Object, k: In ConstId } "R[d] := O[a] is of the exception type named K[k] or stands under it";
    Catchable "catchable" { d: Out Slot, a: In Object } "R[d] := a handler for everything catches O[a]";

    // The world: output, rows by key, queries.
    Print "print" { a: In Object, k: In ConstId } "print the text of O[a], a value of type T[k], and a line end";
    EmitRow "emit_row" { o: In ObjectWindow } "append the row O[o..] to the statement's result";
    GetRow "get_row" { x: In AccessId, o: InOut ObjectWindow, t: In Target } "O[o..] := the columns of the row of X[x] whose key is O[o..]; goto t where there is none";
    InsertRow "insert_row" { x: In AccessId, o: In ObjectWindow } "insert the row O[o..] into X[x]; raises ConstraintViolation";
    InsertOrFind "insert_or_find" { x: In AccessId, o: InOut ObjectWindow, t: In Target } "insert the row O[o..] into X[x]; where one of its arbiters is in the way, put that row's key behind the row and goto t";
    UpdateRow "update_row" { x: In AccessId, o: In ObjectWindow } "set columns of the row whose key is O[o..]; the new values follow the key";
    DeleteRow "delete_row" { x: In AccessId, o: In ObjectWindow } "delete the row whose key is O[o..]";
    RunQuery "run_query" { q: In QueryId, o: In ObjectWindow } "run Q[q] with parameters O[o..]; its rows go to the statement's result";
    ScalarQuery "scalar_query" { d: Out Object, q: In QueryId, o: In ObjectWindow } "O[d] := the one value of Q[q], NULL without a row; raises CardinalityViolation";
    ExistsQuery "exists_query" { d: Out Slot, q: In QueryId, o: In ObjectWindow } "R[d] := Q[q] with parameters O[o..] has a row";
    ArrayQuery "array_query" { d: Out Object, q: In QueryId, o: In ObjectWindow } "O[d] := an array of the values of Q[q], one column, in order";
    OpenQuery "open_query" { q: In QueryId, o: In ObjectWindow } "run Q[q] with parameters O[o..] and keep its rows for this frame; in place of those of an earlier open_query";
    NextRow "next_row" { q: In QueryId, o: InOut ObjectWindow, t: In Target } "O[o..] := the next row that open_query kept of Q[q]; goto t where there is none";
    CloseQuery "close_query" { q: In QueryId } "drop the rows that open_query kept of Q[q]";
}

opcode_table! {
    /// An instruction of vector code.
    VectorInstr, VECTOR_OPCODES;

    Const "v.const" { d: Out VReg, k: In ConstId } "V[d] := K[k], on the selected rows";
    Null "v.null" { d: Out VReg } "V[d] := NULL, on the selected rows";
    Param "v.param" { d: Out VReg, p: In ParamId } "V[d] := parameter p of the query, on the selected rows";
    Copy "v.copy" { d: Out VReg, a: In VReg } "V[d] := V[a], on the selected rows; the others keep what they have";

    AddI64 "v.add_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] + V[b], checked";
    SubI64 "v.sub_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] - V[b], checked";
    MulI64 "v.mul_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] * V[b], checked";
    DivI64 "v.div_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] / V[b], truncated; raises DivisionByZero, checked";
    RemI64 "v.rem_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] % V[b]; raises DivisionByZero";
    DivRoundI64 "v.div_round_i64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] / V[b], rounded half away from zero";
    NegI64 "v.neg_i64" { d: Out VReg, a: In VReg } "V[d] := -V[a], checked";
    CheckInt "v.check_int" { a: In VReg, i: In Imm } "raises ArithmeticOverflow unless V[a] fits i bits, signed";
    CheckDecimal "v.check_decimal" { a: In VReg, i: In Imm } "raises ArithmeticOverflow unless |V[a]| < 10^i; 64 or 128 bits";

    AddF64 "v.add_f64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] + V[b]";
    SubF64 "v.sub_f64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] - V[b]";
    MulF64 "v.mul_f64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] * V[b]";
    DivF64 "v.div_f64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] / V[b]; raises DivisionByZero";
    RemF64 "v.rem_f64" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] % V[b]; raises DivisionByZero";
    NegF64 "v.neg_f64" { d: Out VReg, a: In VReg } "V[d] := -V[a]";
    RoundF32 "v.round_f32" { d: Out VReg, a: In VReg } "V[d] := V[a] rounded to FLOAT32";

    AddWide "v.add_wide" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] + V[b], 128-bit, checked; an operand may be 64-bit";
    SubWide "v.sub_wide" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] - V[b], 128-bit, checked; an operand may be 64-bit";
    MulWide "v.mul_wide" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] * V[b], 128-bit, checked; an operand may be 64-bit";
    RemWide "v.rem_wide" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] % V[b], 128-bit; raises DivisionByZero";
    DivRoundWide "v.div_round_wide" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] / V[b], 128-bit, rounded half away from zero";
    NegWide "v.neg_wide" { d: Out VReg, a: In VReg } "V[d] := -V[a], 128-bit, checked";

    I64ToF64 "v.i64_to_f64" { d: Out VReg, a: In VReg } "V[d] := V[a] as DOUBLE";
    F64ToI64 "v.f64_to_i64" { d: Out VReg, a: In VReg } "V[d] := V[a] rounded half to even, checked";
    WidenI64 "v.widen_i64" { d: Out VReg, a: In VReg } "V[d] := V[a] as 128 bits";
    NarrowWide "v.narrow_wide" { d: Out VReg, a: In VReg } "V[d] := V[a] as 64 bits, checked";
    WideToF64 "v.wide_to_f64" { d: Out VReg, a: In VReg } "V[d] := V[a] as DOUBLE";

    CmpI64 "v.cmp_i64" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b]";
    CmpF64 "v.cmp_f64" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b], IEEE 754";
    CmpWide "v.cmp_wide" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b], 128-bit";
    CmpBool "v.cmp_bool" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b], FALSE < TRUE";
    CmpBytes "v.cmp_bytes" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b], text or BLOB by bytes";
    CmpObject "v.cmp_object" { c: In Cmp, d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] c V[b], composites";
    And "v.and" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] AND V[b], three-valued";
    Or "v.or" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := V[a] OR V[b], three-valued";
    Not "v.not" { d: Out VReg, a: In VReg } "V[d] := NOT V[a], three-valued";
    IsNull "v.is_null" { d: Out VReg, a: In VReg } "V[d] := V[a] IS NULL";
    IsNotNull "v.is_not_null" { d: Out VReg, a: In VReg } "V[d] := V[a] IS NOT NULL";

    Choose "v.choose" { d: Out VReg, c: In VReg, a: In VReg, b: In VReg } "V[d] := V[a] where V[c] is TRUE, else V[b]; BOOLEAN, 64-bit integers, DOUBLE";

    // Branches nest; each select_if has one select_else and one select_end.
    SelectIf "v.select_if" { a: In VReg, t: In Target } "keep the selected rows where V[a] is TRUE; with none, goto t, the select_else";
    SelectElse "v.select_else" { t: In Target } "select the rows that select_if left out; with none, goto t, the select_end";
    SelectEnd "v.select_end" {} "select what was selected before select_if";

    Concat "v.concat" { d: Out VReg, a: In VReg, b: In VReg } "V[d] := text V[a] followed by text V[b]";
    GetField "v.get_field" { d: Out VReg, a: In VReg, i: In Imm } "V[d] := field i of the structs V[a]";
    Native "v.native" { n: In NativeId, d: Out VReg, b: In VectorWindow } "V[d] := N[n](V[b..])";
    CallRows "v.call_rows" { f: In FunctionId, d: Out VReg, b: In VectorWindow } "V[d] := F[f](V[b..]), row by row";
    ScalarRows "v.scalar_query" { q: In QueryId, d: Out VReg, b: In VectorWindow } "V[d] := the one value of Q[q](V[b..]), row by row, NULL without a row; raises CardinalityViolation";
    ExistsRows "v.exists_query" { q: In QueryId, d: Out VReg, b: In VectorWindow } "V[d] := Q[q](V[b..]) has a row, row by row";
    ArrayRows "v.array_query" { q: In QueryId, d: Out VReg, b: In VectorWindow } "V[d] := an array of the values of Q[q](V[b..]), row by row";
}
