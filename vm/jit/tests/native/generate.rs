//! Random numeric programs that end: bodies of statements with branches, counted loops and calls of
//! later functions, and their translation to bytecode.
//!
//! Variables are slots 0 to 7, arbitrary bits that integer, DOUBLE and 128-bit instructions share.
//! A NaN becomes 0 at once: which NaN an operation gives is left open.

use grizzly_bytecode::*;
use proptest::prelude::*;

const VARIABLES: u16 = 8;
/// Loops count in the slots from here on, one each; calls have their window behind them.
const COUNTERS: u16 = 8;
const WINDOW: u16 = 60;
const SLOTS: u16 = 64;

#[derive(Clone, Debug)]
pub enum Statement {
    /// An instruction that goes on behind itself.
    Plain(Instr),
    /// The same, with a DOUBLE result.
    Float(Instr, Slot),
    /// A jump over the first part to the second, where there is one.
    If(Jump, Vec<Statement>, Vec<Statement>),
    Loop(i16, Vec<Statement>),
    /// Calls the function this many places behind, with two variables; the result goes to the
    /// third.
    Call(usize, Slot, Slot, Slot),
    Return(Slot),
}

/// A conditional jump, its target yet unknown.
#[derive(Clone, Copy, Debug)]
pub enum Jump {
    If(Slot),
    IfNot(Slot),
    Ints(u8, Slot, Slot),
    Immediate(u8, Slot, Imm),
    Floats(u8, Slot, Slot),
}

fn slot() -> impl Strategy<Value = Slot> {
    (0..VARIABLES).prop_map(Slot)
}

fn wide() -> impl Strategy<Value = Wide> {
    (0..VARIABLES - 1).prop_map(Wide)
}

fn cmp() -> impl Strategy<Value = Cmp> {
    proptest::sample::select(&Cmp::ALL[..])
}

/// Small numbers mostly, as programs have them.
fn imm() -> impl Strategy<Value = Imm> {
    prop_oneof![3 => -4_i16..5, 1 => any::<i16>()].prop_map(Imm)
}

fn ints() -> impl Strategy<Value = Statement> {
    (slot(), slot(), slot(), imm(), cmp(), 0..16_u8).prop_map(|(d, a, b, i, c, op)| {
        Statement::Plain(match op {
            0 => Instr::AddI64 { d, a, b },
            1 => Instr::SubI64 { d, a, b },
            2 => Instr::MulI64 { d, a, b },
            3 => Instr::DivI64 { d, a, b },
            4 => Instr::RemI64 { d, a, b },
            5 => Instr::DivRoundI64 { d, a, b },
            6 => Instr::NegI64 { d, a },
            7 => Instr::AddImmI64 { d, a, i },
            8 => Instr::MulImmI64 { d, a, i },
            9 => Instr::CmpI64 { c, d, a, b },
            10 => Instr::And { d, a, b },
            11 => Instr::Or { d, a, b },
            12 => Instr::Not { d, a },
            13 => Instr::Move { d, a },
            14 => Instr::CheckInt { a, i: Imm(i.0.rem_euclid(64) + 1) },
            _ => Instr::CheckDecimal { a, i: Imm(i.0.rem_euclid(19)) },
        })
    })
}

fn loads() -> impl Strategy<Value = Statement> {
    (slot(), wide(), imm(), 0..4_u16).prop_map(|(d, w, i, k)| {
        Statement::Plain(match k {
            0 => Instr::LoadInt { d, i },
            1 => Instr::LoadSlot { d, k: ConstId(0) },
            2 => Instr::LoadSlot { d, k: ConstId(1) },
            _ => Instr::LoadWide { d: w, k: ConstId(2) },
        })
    })
}

fn floats() -> impl Strategy<Value = Statement> {
    (slot(), slot(), slot(), cmp(), 0..10_u8).prop_map(|(d, a, b, c, op)| {
        let float = |instr| Statement::Float(instr, d);
        match op {
            0 => float(Instr::AddF64 { d, a, b }),
            1 => float(Instr::SubF64 { d, a, b }),
            2 => float(Instr::MulF64 { d, a, b }),
            3 => float(Instr::DivF64 { d, a, b }),
            4 => float(Instr::RemF64 { d, a, b }),
            5 => float(Instr::NegF64 { d, a }),
            6 => float(Instr::RoundF32 { d, a }),
            7 => float(Instr::I64ToF64 { d, a }),
            8 => Statement::Plain(Instr::F64ToI64 { d, a }),
            _ => Statement::Plain(Instr::CmpF64 { c, d, a, b }),
        }
    })
}

fn wides() -> impl Strategy<Value = Statement> {
    (wide(), wide(), wide(), slot(), cmp(), 0..12_u8).prop_map(|(d, a, b, s, c, op)| match op {
        0 => Statement::Plain(Instr::AddWide { d, a, b }),
        1 => Statement::Plain(Instr::SubWide { d, a, b }),
        2 => Statement::Plain(Instr::MulWide { d, a, b }),
        3 => Statement::Plain(Instr::RemWide { d, a, b }),
        4 => Statement::Plain(Instr::DivRoundWide { d, a, b }),
        5 => Statement::Plain(Instr::NegWide { d, a }),
        6 => Statement::Plain(Instr::MoveWide { d, a }),
        7 => Statement::Plain(Instr::WidenI64 { d, a: s }),
        8 => Statement::Plain(Instr::NarrowWide { d: s, a }),
        9 => Statement::Float(Instr::WideToF64 { d: s, a }, s),
        10 => Statement::Plain(Instr::CmpWide { c, d: s, a, b }),
        _ => Statement::Plain(Instr::CheckDecimalWide { a, i: Imm(30) }),
    })
}

fn jump() -> impl Strategy<Value = Jump> {
    (slot(), slot(), imm(), 0..6_u8, 0..5_u8).prop_map(|(a, b, i, which, kind)| match kind {
        0 => Jump::If(a),
        1 => Jump::IfNot(a),
        2 => Jump::Ints(which % 4, a, b),
        3 => Jump::Immediate(which, a, i),
        _ => Jump::Floats(which, a, b),
    })
}

fn statement() -> impl Strategy<Value = Statement> {
    let call = (1..3_usize, slot(), slot(), slot());
    let leaf = prop_oneof![
        6 => ints(),
        3 => loads(),
        3 => floats(),
        2 => wides(),
        2 => call.prop_map(|(f, a, b, d)| Statement::Call(f, a, b, d)),
        1 => slot().prop_map(Statement::Return),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let part = || proptest::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            (jump(), part(), part()).prop_map(|(jump, a, b)| Statement::If(jump, a, b)),
            (1..4_i16, part()).prop_map(|(turns, body)| Statement::Loop(turns, body)),
        ]
    })
}

/// The bodies of three functions.
pub fn bodies() -> impl Strategy<Value = Vec<Vec<Statement>>> {
    proptest::collection::vec(proptest::collection::vec(statement(), 1..12), 3)
}

/// A program whose entry calls the first body's function.
pub fn program(bodies: &[Vec<Statement>]) -> Program {
    let int = Layout { ty: Type::Int64, nullable: false };
    let mut program = Program {
        constants: vec![
            Constant::Value(Value::Int(i64::MAX - 3), Type::Int64),
            Constant::Value(Value::Float(-1.5e9), Type::Double),
            Constant::Value(Value::Wide(-(1 << 100)), Type::Decimal { precision: 38, scale: 0 }),
        ],
        ..Program::default()
    };
    let entry = vec![
        Instr::LoadInt { d: Slot(0), i: Imm(6) },
        Instr::LoadInt { d: Slot(1), i: Imm(-7) },
        Instr::Call { f: FunctionId(1), s: SlotWindow(0), o: ObjectWindow(0) },
        Instr::Return {},
    ];
    add(&mut program, "main", Vec::new(), &int, entry);
    for (index, body) in bodies.iter().enumerate() {
        let mut code = Code { code: Vec::new(), counters: COUNTERS, index, last: bodies.len() };
        for slot in 2..VARIABLES {
            code.code.push(Instr::LoadInt { d: Slot(slot), i: Imm(slot as i16) });
        }
        code.statements(body);
        code.code.push(Instr::ReturnSlot { a: Slot(0) });
        let parameters = vec![int.clone(), int.clone()];
        add(&mut program, &format!("f{index}"), parameters, &int, code.code);
    }
    program
}

/// Adds a function of which every instruction has a place.
fn add(program: &mut Program, name: &str, parameters: Vec<Layout>, int: &Layout, code: Vec<Instr>) {
    let mut places = Vec::new();
    for pc in 0..code.len() as u16 {
        places.push((pc, PlaceId(program.places.len() as u32)));
        program.places.push(PlaceEntry {
            place: Place { source: SourceId(0), start: pc.into(), end: u32::from(pc) + 1 },
            function: name.into(),
            inlined_at: None,
        });
    }
    program.functions.push(Function {
        name: name.into(),
        parameters,
        result: Some(int.clone()),
        slots: SLOTS,
        objects: 0,
        code,
        places,
        handlers: Vec::new(),
        closure: None,
    });
}

struct Code {
    code: Vec<Instr>,
    /// The next loop's counter.
    counters: u16,
    index: usize,
    /// The number of the last function.
    last: usize,
}

impl Code {
    fn here(&self) -> Target {
        Target(self.code.len() as u16)
    }

    fn statements(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Plain(instr) => self.code.push(*instr),
            Statement::Float(instr, d) => {
                self.code.push(*instr);
                let t = Target(self.here().0 + 2);
                self.code.push(Instr::JumpEqF64 { a: *d, b: *d, t });
                self.code.push(Instr::LoadInt { d: *d, i: Imm(0) });
            }
            Statement::If(jump, first, second) => {
                let branch = self.code.len();
                self.code.push(Instr::Return {});
                self.statements(first);
                let over = self.code.len();
                self.code.push(Instr::Return {});
                self.code[branch] = branching(*jump, self.here());
                self.statements(second);
                self.code[over] = Instr::Jump { t: self.here() };
            }
            Statement::Loop(turns, body) => {
                let counter = Slot(self.counters);
                if self.counters + 1 == WINDOW {
                    return;
                }
                self.counters += 1;
                self.code.push(Instr::LoadInt { d: counter, i: Imm(*turns) });
                let head = self.here();
                self.statements(body);
                self.code.push(Instr::AddImmI64 { d: counter, a: counter, i: Imm(-1) });
                let t = Target(self.here().0 + 2);
                self.code.push(Instr::JumpLeImm { a: counter, i: Imm(0), t });
                self.code.push(Instr::JumpBack { t: head });
            }
            Statement::Call(behind, a, b, d) => {
                let callee = self.index + behind;
                if callee < self.last {
                    let window = Slot(WINDOW);
                    self.code.push(Instr::Move { d: window, a: *a });
                    self.code.push(Instr::Move { d: Slot(WINDOW + 1), a: *b });
                    // The entry is function 0.
                    let f = FunctionId(callee as u16 + 1);
                    self.code.push(Instr::Call { f, s: SlotWindow(WINDOW), o: ObjectWindow(0) });
                    self.code.push(Instr::Move { d: *d, a: window });
                }
            }
            Statement::Return(a) => self.code.push(Instr::ReturnSlot { a: *a }),
        }
    }
}

fn branching(jump: Jump, t: Target) -> Instr {
    match jump {
        Jump::If(a) => Instr::JumpIf { a, t },
        Jump::IfNot(a) => Instr::JumpIfNot { a, t },
        Jump::Ints(0, a, b) => Instr::JumpEqI64 { a, b, t },
        Jump::Ints(1, a, b) => Instr::JumpNeI64 { a, b, t },
        Jump::Ints(2, a, b) => Instr::JumpLtI64 { a, b, t },
        Jump::Ints(_, a, b) => Instr::JumpLeI64 { a, b, t },
        Jump::Immediate(0, a, i) => Instr::JumpEqImm { a, i, t },
        Jump::Immediate(1, a, i) => Instr::JumpNeImm { a, i, t },
        Jump::Immediate(2, a, i) => Instr::JumpLtImm { a, i, t },
        Jump::Immediate(3, a, i) => Instr::JumpLeImm { a, i, t },
        Jump::Immediate(4, a, i) => Instr::JumpGtImm { a, i, t },
        Jump::Immediate(_, a, i) => Instr::JumpGeImm { a, i, t },
        Jump::Floats(0, a, b) => Instr::JumpLtF64 { a, b, t },
        Jump::Floats(1, a, b) => Instr::JumpLeF64 { a, b, t },
        Jump::Floats(2, a, b) => Instr::JumpNotLtF64 { a, b, t },
        Jump::Floats(3, a, b) => Instr::JumpNotLeF64 { a, b, t },
        Jump::Floats(4, a, b) => Instr::JumpEqF64 { a, b, t },
        Jump::Floats(_, a, b) => Instr::JumpNeF64 { a, b, t },
    }
}
