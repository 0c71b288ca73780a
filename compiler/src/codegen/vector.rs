//! Vector code: the expressions of one pipeline step.
//!
//! Registers are written once outside branches, so equal pure expressions of a step share one
//! ([`VectorEmitter::emit`] keeps them by fingerprint). Inside a branch a register may be written
//! for the selected rows only; what a branch computes is forgotten when it ends.

mod convert;
mod expr;

pub use expr::{fault_prone, may_raise};

use super::builder::{Builder, Result, bug, index_u16};
use super::fingerprint::fingerprint;
use crate::hir::{ColumnVar, Expr, ExprKind, LocalId};
use crate::plan::PlanContext;
use grizzly_bytecode::query::VectorCode;
use grizzly_bytecode::{Place, PlaceId, Target, Type, VReg, VectorInstr, VectorKind};
use hashbrown::HashMap;
use smol_str::SmolStr;

/// The columns that a step sees: variables in the order of the batch, with their types.
pub type Columns = Vec<(ColumnVar, Type)>;

/// Writes the vector code of one step.
pub struct VectorEmitter<'b, 'a> {
    /// What the code of the program shares.
    pub builder: &'b mut Builder<'a>,
    context: &'b PlanContext<'b>,
    code: VectorCode,
    columns: HashMap<ColumnVar, VReg>,
    locals: HashMap<LocalId, VReg>,
    shared: Vec<(String, VReg)>,
    /// The registers that branches under way write together.
    merging: Vec<VReg>,
    inlined_at: Option<PlaceId>,
    function: SmolStr,
}

impl<'b, 'a> VectorEmitter<'b, 'a> {
    /// An emitter whose first registers are the columns of the batch.
    pub fn new(
        builder: &'b mut Builder<'a>,
        context: &'b PlanContext<'b>,
        columns: &Columns,
    ) -> Result<Self> {
        let mut code = VectorCode::default();
        let mut map = HashMap::new();
        for (index, (var, ty)) in columns.iter().enumerate() {
            code.registers.push(ty.vector_kind());
            map.insert(*var, VReg(index_u16(index, "columns")?));
        }
        code.inputs = index_u16(columns.len(), "columns")?;
        Ok(VectorEmitter {
            builder,
            context,
            code,
            columns: map,
            locals: HashMap::new(),
            shared: Vec::new(),
            merging: Vec::new(),
            inlined_at: None,
            function: SmolStr::default(),
        })
    }

    /// The code.
    pub fn finish(self) -> VectorCode {
        self.code
    }

    /// The register of a column.
    pub fn column(&self, var: ColumnVar) -> Option<VReg> {
        self.columns.get(&var).copied()
    }

    fn register(&mut self, kind: VectorKind) -> Result<VReg> {
        let register = VReg(index_u16(self.code.registers.len(), "registers")?);
        self.code.registers.push(kind);
        Ok(register)
    }

    fn push(&mut self, instruction: VectorInstr) {
        self.code.code.push(instruction);
    }

    fn push_at(&mut self, place: Place, instruction: VectorInstr) -> Result<()> {
        let id = self.builder.place(place, &self.function, self.inlined_at);
        let at = index_u16(self.code.code.len(), "instructions")?;
        self.code.places.push((at, id));
        self.push(instruction);
        Ok(())
    }

    fn here(&self) -> Result<Target> {
        index_u16(self.code.code.len(), "instructions").map(Target)
    }

    /// Writes an expression and says which register holds it.
    pub fn emit(&mut self, e: &Expr) -> Result<VReg> {
        match &e.kind {
            ExprKind::Column(var) => {
                let found = self.columns.get(var).copied();
                return found.ok_or_else(|| bug(e.place, "a column that the step does not see"));
            }
            ExprKind::Local(id) => {
                let found = self.locals.get(id).copied();
                return found.ok_or_else(|| bug(e.place, "a local without a register"));
            }
            _ => {}
        }
        let key = fingerprint(e);
        if let Some(key) = &key
            && let Some((_, register)) = self.shared.iter().rev().find(|(k, _)| k == key)
        {
            return Ok(*register);
        }
        let register = match &e.kind {
            ExprKind::Convert { operand, mode } => self.converted(e, operand, *mode)?,
            _ => {
                let register = self.register(e.ty.vector_kind())?;
                self.emit_to(e, register)?;
                register
            }
        };
        if let Some(key) = key {
            self.shared.push((key, register));
        }
        Ok(register)
    }
}
