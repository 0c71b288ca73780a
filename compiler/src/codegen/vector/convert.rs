//! Conversions in vector code: the same steps as in scalar code.

use super::VectorEmitter;
use crate::codegen::builder::{Result, bug};
use crate::codegen::numbers::{Conversion, conversion};
use crate::hir::{ConvertMode, Expr};
use grizzly_bytecode::{
    Imm, Layout, Place, Type, VReg, Value, VectorInstr, VectorKind, VectorWindow,
};
use smol_str::SmolStr;

impl VectorEmitter<'_, '_> {
    /// The operand as the type of `e`, in a given register.
    pub fn convert(&mut self, e: &Expr, operand: &Expr, mode: ConvertMode, d: VReg) -> Result<()> {
        let a = self.converted(e, operand, mode)?;
        self.push(VectorInstr::Copy { d, a });
        Ok(())
    }

    /// The register that holds the operand as the type of `e`: the operand's own where nothing
    /// changes.
    pub fn converted(&mut self, e: &Expr, operand: &Expr, mode: ConvertMode) -> Result<VReg> {
        if operand.ty == Type::Null {
            let d = self.register(e.ty.vector_kind())?;
            self.push(VectorInstr::Null { d });
            return Ok(d);
        }
        let Some(steps) = conversion(&operand.ty, &e.ty, mode) else {
            let d = self.register(e.ty.vector_kind())?;
            self.convert_natively(e, operand, mode, d)?;
            return Ok(d);
        };
        let mut a = self.emit(operand)?;
        for step in &steps {
            a = self.conversion_step(*step, a, e.place)?;
        }
        Ok(a)
    }

    fn conversion_step(&mut self, step: Conversion, a: VReg, place: Place) -> Result<VReg> {
        use Conversion as C;
        let kind = self.code.registers.get(a.index()).copied();
        let kind = kind.ok_or_else(|| bug(place, "a register without a kind"))?;
        let wide = kind == VectorKind::I128;
        let (to, instruction): (VectorKind, fn(VReg, VReg) -> VectorInstr) = match step {
            C::CheckInt(bits) => {
                self.push_at(place, VectorInstr::CheckInt { a, i: Imm(bits) })?;
                return Ok(a);
            }
            C::CheckDecimal(digits) => {
                self.push_at(place, VectorInstr::CheckDecimal { a, i: Imm(digits) })?;
                return Ok(a);
            }
            C::Multiply(_) | C::DivideRound(_) | C::DivideDouble(_) | C::MultiplyInt(_) => {
                return self.scaling_step(step, a, kind, place);
            }
            C::Widen => (VectorKind::I128, |d, a| VectorInstr::WidenI64 { d, a }),
            C::Narrow if !wide => return Ok(a),
            C::Narrow => (VectorKind::I64, |d, a| VectorInstr::NarrowWide { d, a }),
            C::IntToDouble => (VectorKind::F64, |d, a| VectorInstr::I64ToF64 { d, a }),
            C::WideToDouble => (VectorKind::F64, |d, a| VectorInstr::WideToF64 { d, a }),
            C::DoubleToInt => (VectorKind::I64, |d, a| VectorInstr::F64ToI64 { d, a }),
            C::RoundToFloat32 => (VectorKind::F64, |d, a| VectorInstr::RoundF32 { d, a }),
        };
        let d = self.register(to)?;
        self.push_at(place, instruction(d, a))?;
        Ok(d)
    }

    /// A multiplication or division by a constant.
    fn scaling_step(
        &mut self,
        step: Conversion,
        a: VReg,
        kind: VectorKind,
        place: Place,
    ) -> Result<VReg> {
        use Conversion as C;
        let wide = kind == VectorKind::I128;
        let b = match step {
            C::DivideDouble(digits) => self.power(digits, VectorKind::F64)?,
            C::MultiplyInt(factor) => self.value(Value::Int(factor), Type::Int64)?,
            C::Multiply(digits) | C::DivideRound(digits) => self.power(digits, kind)?,
            _ => return Err(bug(place, "a conversion that does not scale")),
        };
        let d = self.register(kind)?;
        let instruction = match step {
            C::DivideDouble(_) => VectorInstr::DivF64 { d, a, b },
            C::DivideRound(_) if wide => VectorInstr::DivRoundWide { d, a, b },
            C::DivideRound(_) => VectorInstr::DivRoundI64 { d, a, b },
            _ if wide => VectorInstr::MulWide { d, a, b },
            _ => VectorInstr::MulI64 { d, a, b },
        };
        self.push_at(place, instruction)?;
        Ok(d)
    }

    fn power(&mut self, digits: u8, kind: VectorKind) -> Result<VReg> {
        let digits = u32::from(digits);
        match kind {
            VectorKind::F64 => self.value(Value::Float(10f64.powi(digits as i32)), Type::Double),
            VectorKind::I128 => {
                let ty = Type::Decimal { precision: 38, scale: 0 };
                self.value(Value::Wide(10i128.pow(digits.min(38))), ty)
            }
            _ => self.value(Value::Int(10i64.pow(digits.min(18))), Type::Int64),
        }
    }

    fn value(&mut self, value: Value, ty: Type) -> Result<VReg> {
        let d = self.register(ty.vector_kind())?;
        let k = self.builder.constant(value, ty)?;
        self.push(VectorInstr::Const { d, k });
        Ok(d)
    }

    fn convert_natively(
        &mut self,
        e: &Expr,
        operand: &Expr,
        mode: ConvertMode,
        d: VReg,
    ) -> Result<()> {
        let trying = mode == ConvertMode::Try;
        let name = SmolStr::new_static(if trying { "try_cast" } else { "cast" });
        let argument = Layout { ty: operand.ty.clone(), nullable: false };
        let result = Layout { ty: e.ty.clone(), nullable: trying };
        let n = self.builder.native_named(&name, vec![argument], result, true)?;
        let a = self.emit(operand)?;
        self.push_at(e.place, VectorInstr::Native { n, d, b: VectorWindow(a.0) })
    }
}
