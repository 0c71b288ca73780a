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
    /// The operand as the type of `e`.
    pub fn convert(&mut self, e: &Expr, operand: &Expr, mode: ConvertMode, d: VReg) -> Result<()> {
        if operand.ty == Type::Null {
            self.push(VectorInstr::Null { d });
            return Ok(());
        }
        let Some(steps) = conversion(&operand.ty, &e.ty, mode) else {
            return self.convert_natively(e, operand, mode, d);
        };
        let mut a = self.emit(operand)?;
        for step in &steps {
            a = self.conversion_step(*step, a, e.place)?;
        }
        self.push(VectorInstr::Copy { d, a });
        Ok(())
    }

    fn conversion_step(&mut self, step: Conversion, a: VReg, place: Place) -> Result<VReg> {
        use Conversion as C;
        let kind = self.code.registers.get(a.index()).copied();
        let kind = kind.ok_or_else(|| bug(place, "a register without a kind"))?;
        let check = match step {
            C::CheckInt(bits) => Some(VectorInstr::CheckInt { a, i: Imm(bits) }),
            C::CheckDecimal(digits) => Some(VectorInstr::CheckDecimal { a, i: Imm(digits) }),
            _ => None,
        };
        if let Some(check) = check {
            self.push_at(place, check)?;
            return Ok(a);
        }
        let to = match step {
            C::Widen => VectorKind::I128,
            C::Narrow | C::DoubleToInt => VectorKind::I64,
            C::IntToDouble | C::WideToDouble | C::RoundToFloat32 | C::DivideDouble(_) => {
                VectorKind::F64
            }
            _ => kind,
        };
        let wide = kind == VectorKind::I128;
        let instruction = match step {
            C::Multiply(digits) => {
                let b = self.power(digits, kind)?;
                let d = self.register(to)?;
                self.push_at(
                    place,
                    if wide {
                        VectorInstr::MulWide { d, a, b }
                    } else {
                        VectorInstr::MulI64 { d, a, b }
                    },
                )?;
                return Ok(d);
            }
            C::DivideRound(digits) => {
                let b = self.power(digits, kind)?;
                let d = self.register(to)?;
                let instruction = if wide {
                    VectorInstr::DivRoundWide { d, a, b }
                } else {
                    VectorInstr::DivRoundI64 { d, a, b }
                };
                self.push_at(place, instruction)?;
                return Ok(d);
            }
            C::DivideDouble(digits) => {
                let b = self.power(digits, VectorKind::F64)?;
                let d = self.register(to)?;
                self.push_at(place, VectorInstr::DivF64 { d, a, b })?;
                return Ok(d);
            }
            C::MultiplyInt(factor) => {
                let b = self.value(Value::Int(factor), Type::Int64)?;
                let d = self.register(to)?;
                self.push_at(place, VectorInstr::MulI64 { d, a, b })?;
                return Ok(d);
            }
            C::Widen => |d, a| VectorInstr::WidenI64 { d, a },
            C::Narrow => |d, a| VectorInstr::NarrowWide { d, a },
            C::IntToDouble => |d, a| VectorInstr::I64ToF64 { d, a },
            C::WideToDouble => |d, a| VectorInstr::WideToF64 { d, a },
            C::DoubleToInt => |d, a| VectorInstr::F64ToI64 { d, a },
            C::RoundToFloat32 => |d, a| VectorInstr::RoundF32 { d, a },
            C::CheckInt(_) | C::CheckDecimal(_) => return Ok(a),
        };
        let d = self.register(to)?;
        self.push_at(place, instruction(d, a))?;
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
