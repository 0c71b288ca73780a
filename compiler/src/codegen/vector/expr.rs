//! The forms of expressions as vector instructions.

use super::VectorEmitter;
use crate::catalog::FunctionKey;
use crate::codegen::builder::{BodyKind, Result, bug, index_u16};
use crate::codegen::scalar::row_function;
use crate::codegen::subquery::{self, Question};
use crate::hir::{
    ArithOp, Block, ConvertMode, Effect, Expr, ExprKind, LocalId, Query, Step, SubqueryKind,
};
use grizzly_bytecode::{
    Cmp, FunctionId, Imm, Layout, ParamId, Repr, Target, Type, VReg, Value, VectorInstr,
    VectorKind, VectorWindow,
};

impl VectorEmitter<'_, '_> {
    /// Writes an expression into a register, for the selected rows.
    pub fn emit_to(&mut self, e: &Expr, d: VReg) -> Result<()> {
        use ExprKind as K;
        if self.merging.contains(&d) && computes(e) {
            // A kernel may write rows that are not selected; a copy writes exactly the selected
            // ones.
            let a = self.emit(e)?;
            self.push(VectorInstr::Copy { d, a });
            return Ok(());
        }
        match &e.kind {
            K::Constant(value) => self.constant(value, &e.ty, d),
            K::Local(_) | K::Column(_) => {
                let a = self.emit(e)?;
                self.push(VectorInstr::Copy { d, a });
                Ok(())
            }
            K::Parameter(index) => {
                self.push(VectorInstr::Param { d, p: ParamId(*index) });
                Ok(())
            }
            K::Arith { op, left, right } => self.arith(e, *op, left, right, d),
            K::Concat(l, r) => {
                let (a, b) = (self.emit(l)?, self.emit(r)?);
                self.push_at(e.place, VectorInstr::Concat { d, a, b })
            }
            K::Negate(x) => self.negate(e, x, d),
            K::Not(x) => {
                let a = self.emit(x)?;
                self.push(VectorInstr::Not { d, a });
                Ok(())
            }
            K::And(l, r) => self.and_or(l, r, false, d),
            K::Or(l, r) => self.and_or(l, r, true, d),
            K::Compare { op, left, right } => self.compare(*op, left, right, d),
            K::IsNull(x) => {
                let a = self.emit(x)?;
                self.push(VectorInstr::IsNull { d, a });
                Ok(())
            }
            K::Same(l, r) => self.same(l, r, d),
            K::Convert { operand, mode } => self.convert(e, operand, *mode, d),
            K::If { condition, then, otherwise } => self.if_else(condition, then, otherwise, d),
            K::Block(block) if loops(block) => self.by_rows(e, d),
            K::Block(block) => self.block(block, d),
            K::Inlined { function, body } => {
                let outer = std::mem::replace(&mut self.function, function.clone());
                let call = self.builder.place(e.place, &outer, self.inlined_at);
                let outer_chain = self.inlined_at.replace(call);
                self.block(body, d)?;
                self.function = outer;
                self.inlined_at = outer_chain;
                Ok(())
            }
            K::Native { function, arguments } => {
                let layout = |a: &Expr| Layout { ty: a.ty.clone(), nullable: !function.strict };
                let layouts: Vec<Layout> = arguments.iter().map(layout).collect();
                let n = self.builder.native(function, &layouts, &e.ty)?;
                let b = self.window(arguments)?;
                self.push_at(e.place, VectorInstr::Native { n, d, b })
            }
            K::Call { function, arguments } => self.call(e, function, arguments, d),
            K::Field { operand, index } => {
                let a = self.emit(operand)?;
                self.push_at(e.place, VectorInstr::GetField { d, a, i: Imm(*index as i16) })
            }
            K::Subquery { kind, query } => self.ask(e, kind, query, d),
            _ => self.by_rows(e, d),
        }
    }

    /// An expression that has no vector form: scalar code, row by row, over what it names.
    fn by_rows(&mut self, e: &Expr, d: VReg) -> Result<()> {
        let (f, leaves) = row_function(self.builder, e, &self.function, self.inlined_at)?;
        let b = self.window(&leaves)?;
        // Its instructions have places of their own in the inline chain: the call has none.
        self.push(VectorInstr::CallRows { f, d, b });
        Ok(())
    }

    /// Calls a BOOLEAN function for every row.
    pub fn call_rows(&mut self, f: FunctionId, given: &[Expr]) -> Result<VReg> {
        let d = self.register(VectorKind::Bool)?;
        let b = self.window(given)?;
        self.push(VectorInstr::CallRows { f, d, b });
        Ok(d)
    }

    fn constant(&mut self, value: &Value, ty: &Type, d: VReg) -> Result<()> {
        if value.is_null() {
            self.push(VectorInstr::Null { d });
            return Ok(());
        }
        let value = match (value, ty.repr()) {
            (Value::Int(i), Repr::Wide) => Value::Wide(i128::from(*i)),
            _ => value.clone(),
        };
        let k = self.builder.constant(value, ty.clone())?;
        self.push(VectorInstr::Const { d, k });
        Ok(())
    }

    fn arith(&mut self, e: &Expr, op: ArithOp, left: &Expr, right: &Expr, d: VReg) -> Result<()> {
        let (a, b) = (self.emit(left)?, self.emit(right)?);
        use ArithOp::{Add, Divide, Multiply, Remainder, Subtract};
        let instruction = match (e.ty.vector_kind(), op) {
            (VectorKind::F64, Add) => VectorInstr::AddF64 { d, a, b },
            (VectorKind::F64, Subtract) => VectorInstr::SubF64 { d, a, b },
            (VectorKind::F64, Multiply) => VectorInstr::MulF64 { d, a, b },
            (VectorKind::F64, Divide) => VectorInstr::DivF64 { d, a, b },
            (VectorKind::F64, Remainder) => VectorInstr::RemF64 { d, a, b },
            (VectorKind::I64, Add) => VectorInstr::AddI64 { d, a, b },
            (VectorKind::I64, Subtract) => VectorInstr::SubI64 { d, a, b },
            (VectorKind::I64, Multiply) => VectorInstr::MulI64 { d, a, b },
            (VectorKind::I64, Divide) => VectorInstr::DivI64 { d, a, b },
            (VectorKind::I64, Remainder) => VectorInstr::RemI64 { d, a, b },
            (VectorKind::I128, Add) => VectorInstr::AddWide { d, a, b },
            (VectorKind::I128, Subtract) => VectorInstr::SubWide { d, a, b },
            (VectorKind::I128, Multiply) => VectorInstr::MulWide { d, a, b },
            (VectorKind::I128, Remainder) => {
                let (a, b) = (self.wide(a)?, self.wide(b)?);
                VectorInstr::RemWide { d, a, b }
            }
            _ => return Err(bug(e.place, "arithmetic outside numbers")),
        };
        self.push_at(e.place, instruction)?;
        self.check_range(e, d)
    }

    /// The register as 128 bits.
    pub fn wide(&mut self, a: VReg) -> Result<VReg> {
        if self.code.registers.get(a.index()) == Some(&VectorKind::I128) {
            return Ok(a);
        }
        let d = self.register(VectorKind::I128)?;
        self.push(VectorInstr::WidenI64 { d, a });
        Ok(d)
    }

    fn check_range(&mut self, e: &Expr, d: VReg) -> Result<()> {
        let instruction = match &e.ty {
            Type::Int8 => VectorInstr::CheckInt { a: d, i: Imm(8) },
            Type::Int16 => VectorInstr::CheckInt { a: d, i: Imm(16) },
            Type::Int32 | Type::Date => VectorInstr::CheckInt { a: d, i: Imm(32) },
            Type::Float32 => VectorInstr::RoundF32 { d, a: d },
            Type::Decimal { precision: 38, .. } => VectorInstr::CheckDecimal { a: d, i: Imm(38) },
            _ => return Ok(()),
        };
        self.push_at(e.place, instruction)
    }

    fn negate(&mut self, e: &Expr, x: &Expr, d: VReg) -> Result<()> {
        let a = self.emit(x)?;
        let instruction = match e.ty.vector_kind() {
            VectorKind::F64 => VectorInstr::NegF64 { d, a },
            VectorKind::I64 => VectorInstr::NegI64 { d, a },
            VectorKind::I128 => VectorInstr::NegWide { d, a },
            _ => return Err(bug(e.place, "a negation outside numbers")),
        };
        self.push_at(e.place, instruction)?;
        self.check_range(e, d)
    }

    fn compare(&mut self, c: Cmp, left: &Expr, right: &Expr, d: VReg) -> Result<()> {
        let (a, b) = (self.emit(left)?, self.emit(right)?);
        let kind = left.ty.vector_kind();
        let instruction = match kind {
            VectorKind::I64 if right.ty.vector_kind() == VectorKind::I128 => {
                let a = self.wide(a)?;
                VectorInstr::CmpWide { c, d, a, b }
            }
            VectorKind::I64 => VectorInstr::CmpI64 { c, d, a, b },
            VectorKind::F64 => VectorInstr::CmpF64 { c, d, a, b },
            VectorKind::I128 => {
                let b = self.wide(b)?;
                VectorInstr::CmpWide { c, d, a, b }
            }
            VectorKind::Bool => VectorInstr::CmpBool { c, d, a, b },
            VectorKind::Bytes => VectorInstr::CmpBytes { c, d, a, b },
            VectorKind::Object => VectorInstr::CmpObject { c, d, a, b },
        };
        self.push(instruction);
        Ok(())
    }

    /// AND and OR: both sides at once where the right one cannot raise, else the right side only
    /// for the rows that the left one does not decide.
    fn and_or(&mut self, l: &Expr, r: &Expr, deciding: bool, d: VReg) -> Result<()> {
        let a = self.emit(l)?;
        if !may_raise(r) {
            let b = self.emit(r)?;
            self.push(match deciding {
                false => VectorInstr::And { d, a, b },
                true => VectorInstr::Or { d, a, b },
            });
            return Ok(());
        }
        let decided = match deciding {
            true => a,
            false => {
                let not = self.register(VectorKind::Bool)?;
                self.push(VectorInstr::Not { d: not, a });
                not
            }
        };
        let k = self.builder.constant(Value::Bool(deciding), Type::Bool)?;
        let both = self.register(VectorKind::Bool)?;
        self.choose(
            decided,
            |this| {
                this.push(VectorInstr::Const { d, k });
                Ok(())
            },
            |this| {
                let b = this.emit(r)?;
                this.push(match deciding {
                    false => VectorInstr::And { d: both, a, b },
                    true => VectorInstr::Or { d: both, a, b },
                });
                this.push(VectorInstr::Copy { d, a: both });
                Ok(())
            },
        )
    }

    fn same(&mut self, l: &Expr, r: &Expr, d: VReg) -> Result<()> {
        let (a, b) = (self.emit(l)?, self.emit(r)?);
        let either = self.register(VectorKind::Bool)?;
        let (na, nb) = (self.register(VectorKind::Bool)?, self.register(VectorKind::Bool)?);
        self.push(VectorInstr::IsNull { d: na, a });
        self.push(VectorInstr::IsNull { d: nb, a: b });
        self.push(VectorInstr::Or { d: either, a: na, b: nb });
        let (both, equal) = (self.register(VectorKind::Bool)?, self.register(VectorKind::Bool)?);
        self.push(VectorInstr::And { d: both, a: na, b: nb });
        self.compare(Cmp::Eq, l, r, equal)?;
        self.push(VectorInstr::Choose { d, c: either, a: both, b: equal });
        Ok(())
    }

    /// A choice: both branches for all rows where they are cheap and cannot raise, else each branch
    /// for the rows that take it.
    fn if_else(&mut self, condition: &Expr, then: &Expr, other: &Expr, d: VReg) -> Result<()> {
        let c = self.emit(condition)?;
        let fixed =
            matches!(then.ty.vector_kind(), VectorKind::Bool | VectorKind::I64 | VectorKind::F64);
        if fixed && is_cheap(then) && is_cheap(other) {
            let (a, b) = (self.emit(then)?, self.emit(other)?);
            self.push(VectorInstr::Choose { d, c, a, b });
            return Ok(());
        }
        self.merging.push(d);
        self.choose(c, |this| this.emit_to(then, d), |this| this.emit_to(other, d))?;
        self.merging.pop();
        Ok(())
    }

    /// Writes a choice: `then` for the selected rows where `a` is TRUE, `otherwise` for the others.
    fn choose(
        &mut self,
        a: VReg,
        then: impl FnOnce(&mut Self) -> Result<()>,
        otherwise: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let shared = self.shared.len();
        let select_if = self.code.code.len();
        self.push(VectorInstr::SelectIf { a, t: Target(0) });
        then(self)?;
        self.shared.truncate(shared);
        let select_else = self.here()?;
        self.push(VectorInstr::SelectElse { t: Target(0) });
        otherwise(self)?;
        self.shared.truncate(shared);
        let select_end = self.here()?;
        self.push(VectorInstr::SelectEnd {});
        if let Some(VectorInstr::SelectIf { t, .. }) = self.code.code.get_mut(select_if) {
            *t = select_else;
        }
        if let Some(VectorInstr::SelectElse { t }) = self.code.code.get_mut(select_else.index()) {
            *t = select_end;
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, d: VReg) -> Result<()> {
        self.vector_steps(block)?;
        match &block.value {
            Some(value) => self.emit_to(value, d),
            None => Ok(()),
        }
    }

    fn vector_steps(&mut self, block: &Block) -> Result<()> {
        for step in &block.statements {
            match step {
                Step::Let(local, value) => {
                    let register = if assigned(block, *local) {
                        let register = self.register(value.ty.vector_kind())?;
                        self.emit_to(value, register)?;
                        register
                    } else {
                        self.emit(value)?
                    };
                    self.locals.insert(*local, register);
                }
                Step::Assign(local, value) => {
                    let a = self.emit(value)?;
                    let d = self.locals.get(local).copied();
                    let d = d.ok_or_else(|| bug(value.place, "an assignment before LET"))?;
                    self.push(VectorInstr::Copy { d, a });
                    // What was computed from the old value does not hold any more.
                    self.shared.clear();
                }
                Step::Expr(e) => self.effect(e)?,
                _ => return Err(bug(Default::default(), "a statement in vector code")),
            }
        }
        Ok(())
    }

    /// An IF as a statement: its branches assign.
    fn effect(&mut self, e: &Expr) -> Result<()> {
        match &e.kind {
            ExprKind::If { condition, then, otherwise } => {
                let a = self.emit(condition)?;
                self.choose(a, |this| this.effect(then), |this| this.effect(otherwise))
            }
            ExprKind::Block(block) => {
                self.vector_steps(block)?;
                match &block.value {
                    Some(value) => self.effect(value),
                    None => Ok(()),
                }
            }
            _ if e.ty == Type::Unit => Ok(()),
            _ => self.emit(e).map(|_| ()),
        }
    }

    /// A call that is not inlined: scalar code, row by row.
    fn call(&mut self, e: &Expr, key: &FunctionKey, arguments: &[Expr], d: VReg) -> Result<()> {
        let function = self.builder.find(key, e.place)?;
        self.builder.settle_results(&function);
        let f = self.builder.function(&function, BodyKind::General)?;
        let b = self.window(arguments)?;
        self.push_at(e.place, VectorInstr::CallRows { f, d, b })
    }

    /// A query inside an expression that is no join: asked row by row.
    fn ask(&mut self, e: &Expr, kind: &SubqueryKind, query: &Query, d: VReg) -> Result<()> {
        let asked = subquery::compile(self.builder, self.context, e, kind, query)?;
        let (q, b) = (asked.query, self.window(&asked.parameters)?);
        self.push_at(
            e.place,
            match asked.question {
                Question::Scalar => VectorInstr::ScalarRows { q, d, b },
                Question::Exists => VectorInstr::ExistsRows { q, d, b },
                Question::Array => VectorInstr::ArrayRows { q, d, b },
            },
        )
    }

    /// Arguments in consecutive registers.
    pub fn window(&mut self, arguments: &[Expr]) -> Result<VectorWindow> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.emit(argument)?);
        }
        let consecutive =
            values.windows(2).all(|w| w.iter().map(|r| r.0).is_sorted_by(|a, b| a + 1 == *b));
        if let (true, Some(first)) = (consecutive, values.first()) {
            return Ok(VectorWindow(first.0));
        }
        let first = index_u16(self.code.registers.len(), "registers")?;
        let mut targets = Vec::with_capacity(arguments.len());
        for argument in arguments {
            targets.push(self.register(argument.ty.vector_kind())?);
        }
        for (d, a) in targets.into_iter().zip(values) {
            self.push(VectorInstr::Copy { d, a });
        }
        Ok(VectorWindow(first))
    }
}

/// Whether a block has steps that stand only in scalar code.
fn loops(block: &Block) -> bool {
    let mut found = false;
    block.walk_steps(&mut |step| {
        found = found || !matches!(step, Step::Let(..) | Step::Assign(..) | Step::Expr(_));
    });
    found
}

/// Whether an expression is computed by a kernel, not copied, chosen or made of parts that are.
fn computes(e: &Expr) -> bool {
    use ExprKind as K;
    !matches!(
        e.kind,
        K::Constant(_)
            | K::Parameter(_)
            | K::Local(_)
            | K::Column(_)
            | K::Block(_)
            | K::Inlined { .. }
    ) && match &e.kind {
        K::If { then, otherwise, .. } => is_cheap(then) && is_cheap(otherwise),
        _ => true,
    }
}

/// Above this many nodes a branch is evaluated only for the rows that take it.
const CHEAP_NODES: usize = 12;

/// Whether a branch may be evaluated for every row.
fn is_cheap(e: &Expr) -> bool {
    let plain = !e.any(&|x| {
        matches!(x.kind, ExprKind::Native { .. } | ExprKind::Block(_) | ExprKind::Inlined { .. })
    });
    plain && e.size() <= CHEAP_NODES && !may_raise_if(e)
}

fn may_raise_if(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::If { condition, then, otherwise } => {
            may_raise_if(condition) || may_raise_if(then) || may_raise_if(otherwise)
        }
        _ => may_raise(e),
    }
}

fn assigned(block: &Block, local: LocalId) -> bool {
    let mut found = false;
    block.walk_steps(&mut |step| {
        found = found || matches!(step, Step::Assign(l, _) if *l == local);
    });
    found
}

/// Whether evaluating an expression may raise, or does something beside giving a value.
pub fn may_raise(e: &Expr) -> bool {
    use ExprKind as K;
    e.any(&|x| match &x.kind {
        K::Arith { .. } => !matches!(x.ty, Type::Double) || divides(x),
        K::Negate(_) => x.ty != Type::Double,
        K::Convert { operand, .. } => {
            let safe = operand.ty.is_integer() && matches!(x.ty, Type::Double | Type::Int64);
            !(safe || operand.ty == x.ty || operand.ty == Type::Null)
        }
        K::Native { function, .. } => function.effect != Effect::Pure || function.name != "like",
        K::Constant(_)
        | K::Local(_)
        | K::Column(_)
        | K::Parameter(_)
        | K::Not(_)
        | K::And(..)
        | K::Or(..)
        | K::Compare { .. }
        | K::IsNull(_)
        | K::Same(..)
        | K::Field { .. } => false,
        _ => true,
    })
}

/// Whether evaluating an expression may raise for other reasons than that a sum or a product leaves
/// its range.
pub fn fault_prone(e: &Expr) -> bool {
    use ExprKind as K;
    e.any(&|x| match &x.kind {
        K::Arith { .. } => divides(x),
        K::Negate(_) => false,
        K::Convert { mode, .. } => *mode == ConvertMode::Checked,
        K::Native { function, .. } => function.effect != Effect::Pure || function.name != "like",
        K::Subquery { .. }
        | K::Constant(_)
        | K::Local(_)
        | K::Column(_)
        | K::Parameter(_)
        | K::Concat(..)
        | K::Not(_)
        | K::And(..)
        | K::Or(..)
        | K::If { .. }
        | K::Compare { .. }
        | K::IsNull(_)
        | K::Same(..)
        | K::Field { .. } => false,
        _ => true,
    })
}

fn divides(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Arith { op: ArithOp::Divide | ArithOp::Remainder, .. })
}
