//! Conversions. Those between numbers and between dates are instructions; the others are the native
//! functions `cast` and `try_cast`, which go by the static types.

use super::{Emitter, Operand, bug};
use crate::codegen::builder::{Result, index_u16};
use crate::codegen::numbers::{Conversion, conversion};
use crate::hir::{ConvertMode, Expr};
use grizzly_bytecode::{Imm, Instr, Layout, ObjectWindow, Place, SlotWindow, Type, Value, Wide};
use smol_str::SmolStr;

impl Emitter<'_, '_> {
    /// The operand as the type of `e`.
    pub fn convert(
        &mut self,
        e: &Expr,
        operand: &Expr,
        mode: ConvertMode,
        dest: Operand,
    ) -> Result<()> {
        if operand.ty == Type::Null {
            return self.emit_to(&Expr { ty: e.ty.clone(), ..operand.clone() }, dest);
        }
        let Some(steps) = conversion(&operand.ty, &e.ty, mode) else {
            return self.convert_natively(e, operand, mode, dest);
        };
        if steps.is_empty() {
            return self.emit_to(operand, dest);
        }
        let from = self.emit(operand)?;
        self.where_valid(dest, &[from], |this| {
            let mut value = from;
            for (index, step) in steps.iter().enumerate() {
                let last = index + 1 == steps.len();
                value = this.conversion_step(*step, value, last.then_some(dest), e.place)?;
            }
            this.store_value(dest, value)
        })
    }

    /// Copies a value that is not NULL; the validity of `dest` is set already.
    fn store_value(&mut self, dest: Operand, value: Operand) -> Result<()> {
        match (dest, value) {
            (Operand::Slot { reg: d, .. }, Operand::Slot { reg: a, .. }) if d != a => {
                self.push(Instr::Move { d, a });
            }
            (Operand::Wide { reg: d, .. }, Operand::Wide { reg: a, .. }) if d != a => {
                self.push(Instr::MoveWide { d, a });
            }
            (Operand::Slot { .. }, Operand::Slot { .. })
            | (Operand::Wide { .. }, Operand::Wide { .. }) => {}
            _ => return Err(bug(Place::default(), "a conversion between register classes")),
        }
        Ok(())
    }

    /// Writes one step into `dest`, or into a register of its own.
    fn conversion_step(
        &mut self,
        step: Conversion,
        value: Operand,
        dest: Option<Operand>,
        place: Place,
    ) -> Result<Operand> {
        use Conversion as C;
        if let C::CheckInt(bits) = step {
            if let Operand::Slot { reg: a, .. } = value {
                self.push_at(place, Instr::CheckInt { a, i: Imm(bits) });
            }
            return Ok(value);
        }
        if let C::CheckDecimal(digits) = step {
            match value {
                Operand::Wide { reg: a, .. } => {
                    self.push_at(place, Instr::CheckDecimalWide { a, i: Imm(digits) });
                }
                Operand::Slot { reg: a, .. } => {
                    self.push_at(place, Instr::CheckDecimal { a, i: Imm(digits) });
                }
                _ => return Err(bug(place, "a number outside slots")),
            }
            return Ok(value);
        }
        match value {
            Operand::Slot { reg: a, .. } => {
                if step == C::Widen {
                    let d = self.wide_target(dest)?;
                    self.push(Instr::WidenI64 { d, a });
                    return Ok(Operand::Wide { reg: d, valid: None });
                }
                let d = match dest {
                    Some(Operand::Slot { reg, .. }) => reg,
                    _ => self.slot()?,
                };
                let instruction = match step {
                    C::IntToDouble => Instr::I64ToF64 { d, a },
                    C::DoubleToInt => Instr::F64ToI64 { d, a },
                    C::RoundToFloat32 => Instr::RoundF32 { d, a },
                    C::Multiply(digits) => {
                        let b = self.power_slot(digits, &Type::Int64)?;
                        Instr::MulI64 { d, a, b }
                    }
                    C::DivideRound(digits) => {
                        let b = self.power_slot(digits, &Type::Int64)?;
                        Instr::DivRoundI64 { d, a, b }
                    }
                    C::DivideDouble(digits) => {
                        let b = self.power_slot(digits, &Type::Double)?;
                        Instr::DivF64 { d, a, b }
                    }
                    C::MultiplyInt(factor) => {
                        let b = self.slot_of(Value::Int(factor), &Type::Int64)?;
                        Instr::MulI64 { d, a, b }
                    }
                    _ => return Err(bug(place, "a conversion of 64 bits")),
                };
                self.push_at(place, instruction);
                Ok(Operand::Slot { reg: d, valid: None })
            }
            Operand::Wide { reg: a, .. } => self.wide_step(step, a, dest, place),
            _ => Err(bug(place, "a conversion outside slots")),
        }
    }

    fn wide_step(
        &mut self,
        step: Conversion,
        a: Wide,
        dest: Option<Operand>,
        place: Place,
    ) -> Result<Operand> {
        use Conversion as C;
        if matches!(step, C::Narrow | C::WideToDouble) {
            let d = match dest {
                Some(Operand::Slot { reg, .. }) => reg,
                _ => self.slot()?,
            };
            let instruction = match step {
                C::Narrow => Instr::NarrowWide { d, a },
                _ => Instr::WideToF64 { d, a },
            };
            self.push_at(place, instruction);
            return Ok(Operand::Slot { reg: d, valid: None });
        }
        let d = self.wide_target(dest)?;
        let instruction = match step {
            C::Multiply(digits) => Instr::MulWide { d, a, b: self.power_wide(digits)? },
            C::DivideRound(digits) => Instr::DivRoundWide { d, a, b: self.power_wide(digits)? },
            _ => return Err(bug(place, "a conversion of 128 bits")),
        };
        self.push_at(place, instruction);
        Ok(Operand::Wide { reg: d, valid: None })
    }

    fn wide_target(&mut self, dest: Option<Operand>) -> Result<Wide> {
        match dest {
            Some(Operand::Wide { reg, .. }) => Ok(reg),
            _ => self.wide(),
        }
    }

    fn slot_of(&mut self, value: Value, ty: &Type) -> Result<grizzly_bytecode::Slot> {
        let d = self.slot()?;
        let k = self.builder.constant(value, ty.clone())?;
        self.push(Instr::LoadSlot { d, k });
        Ok(d)
    }

    fn power_slot(&mut self, digits: u8, ty: &Type) -> Result<grizzly_bytecode::Slot> {
        let value = if ty.is_float() {
            Value::Float(10f64.powi(i32::from(digits)))
        } else {
            Value::Int(10i64.pow(u32::from(digits.min(18))))
        };
        self.slot_of(value, ty)
    }

    fn power_wide(&mut self, digits: u8) -> Result<Wide> {
        let d = self.wide()?;
        let value = Value::Wide(10i128.pow(u32::from(digits.min(38))));
        let k = self.builder.constant(value, Type::Decimal { precision: 38, scale: 0 })?;
        self.push(Instr::LoadWide { d, k });
        Ok(d)
    }

    fn convert_natively(
        &mut self,
        e: &Expr,
        operand: &Expr,
        mode: ConvertMode,
        dest: Operand,
    ) -> Result<()> {
        let trying = mode == ConvertMode::Try;
        let name = SmolStr::new_static(if trying { "try_cast" } else { "cast" });
        let argument = Layout { ty: operand.ty.clone(), nullable: false };
        let result = Layout { ty: e.ty.clone(), nullable: trying };
        let n = self.builder.native_named(&name, vec![argument.clone()], result.clone(), true)?;
        let from = self.emit(operand)?;
        self.where_valid(dest, &[from], |this| {
            let (s, o) = this.windows()?;
            let window = this.allocate(&argument.ty, false)?;
            this.store_value_of_any_class(window, from)?;
            this.push_at(e.place, Instr::CallNative { n, s: SlotWindow(s), o: ObjectWindow(o) });
            this.take_result(s, o, &result, dest)
        })
    }

    fn store_value_of_any_class(&mut self, dest: Operand, value: Operand) -> Result<()> {
        match (dest, value) {
            (Operand::Object { reg: d, .. }, Operand::Object { reg: a, .. }) => {
                self.push(Instr::MoveObject { d, a });
                Ok(())
            }
            _ => self.store_value(dest, value),
        }
    }

    /// The first free registers, where a call's windows begin.
    pub fn windows(&mut self) -> Result<(u16, u16)> {
        let (slots, objects) = self.mark();
        Ok((index_u16(usize::from(slots), "registers")?, objects))
    }
}
