//! The statements of blocks.

use super::{Emitter, Loop, Operand, bug};
use crate::codegen::builder::{Result, index_u16};
use crate::hir::{Block, Expr, ExprKind, LocalId, Query, Step};
use grizzly_bytecode::{Imm, Instr, Object, ObjectWindow, Target};
use hashbrown::HashSet;

impl Emitter<'_, '_> {
    /// Writes statements in order; what follows a RETURN or a RAISE is not written.
    pub fn steps(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            if self.is_dead() {
                return Ok(());
            }
            self.step(step)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Let(local, value) => {
                let nullable = self.flow.locals.get(local.0 as usize).copied().unwrap_or(true);
                let home = self.allocate(&value.ty, nullable)?;
                self.emit_to(value, home)?;
                self.homes.insert(*local, home);
                Ok(())
            }
            Step::Assign(local, value) => self.assign(*local, value),
            Step::AssignField(local, path, value) => self.assign_field(*local, path, value),
            Step::Push(local, value) => {
                let Some(Operand::Object { reg: d, .. }) = self.homes.get(local).copied() else {
                    return Err(bug(value.place, "a push to no array"));
                };
                let mark = self.mark();
                let a = self.object()?;
                self.emit_boxed_to(value, a)?;
                self.push_at(value.place, Instr::PushElement { d, a });
                self.release(mark);
                Ok(())
            }
            Step::Expr(e) => self.emit_to_nowhere(e),
            Step::While(condition, body) => self.repeat(condition, body),
            Step::ForRows(row, query, body) => self.each_row(*row, query, body),
            Step::Change(change, place) => self.change(change, *place),
            Step::Break => {
                let innermost = self.loops.last().copied();
                let innermost = innermost.ok_or_else(|| bug(Default::default(), "no loop"))?;
                self.jump(innermost.end, Instr::Jump { t: super::LATER });
                Ok(())
            }
            Step::Continue => {
                let innermost = self.loops.last().copied();
                let innermost = innermost.ok_or_else(|| bug(Default::default(), "no loop"))?;
                self.jump_back(innermost.start)
            }
            Step::Print(e) => {
                let mark = self.mark();
                let a = self.object()?;
                self.emit_boxed_to(e, a)?;
                let k = self.builder.type_constant(e.ty.clone())?;
                self.push_at(e.place, Instr::Print { a, k });
                self.release(mark);
                Ok(())
            }
        }
    }

    fn assign(&mut self, local: LocalId, value: &Expr) -> Result<()> {
        let home = self.homes.get(&local).copied();
        let home = home.ok_or_else(|| bug(value.place, "an assignment before LET"))?;
        if self.nullable(value) {
            self.flow.known.retain(|known| *known != local);
        }
        let reads_itself = value.any(&|e| e.kind == ExprKind::Local(local));
        let at_once = matches!(value.kind, ExprKind::Arith { .. } | ExprKind::Constant(_));
        if !reads_itself || at_once {
            return self.emit_to(value, home);
        }
        let mark = self.mark();
        let temporary = self.emit_new(value)?;
        self.store(home, temporary)?;
        self.release(mark);
        Ok(())
    }

    /// Takes the struct apart along the path, and puts it together again from the inside.
    fn assign_field(&mut self, local: LocalId, path: &[u16], value: &Expr) -> Result<()> {
        let Some(Operand::Object { reg: root, .. }) = self.homes.get(&local).copied() else {
            return Err(bug(value.place, "an assignment to a part of no struct"));
        };
        let mark = self.mark();
        let new = self.object()?;
        self.emit_boxed_to(value, new)?;
        let mut levels: Vec<(Object, u16)> = Vec::new();
        let mut at = root;
        for (depth, index) in path.iter().enumerate() {
            levels.push((at, *index));
            if depth + 1 < path.len() {
                let d = self.object()?;
                let i = Imm(*index as i16);
                self.push_at(value.place, Instr::GetField { d, a: at, i });
                at = d;
            }
        }
        let mut part = new;
        for (whole, index) in levels.into_iter().rev() {
            let i = Imm(index as i16);
            self.push_at(value.place, Instr::SetField { d: whole, i, a: part });
            part = whole;
        }
        self.release(mark);
        Ok(())
    }

    fn repeat(&mut self, condition: &Expr, body: &Block) -> Result<()> {
        self.forget_assigned(body);
        let mark = self.mark();
        let end = self.label();
        let start = usize::from(self.here()?.0);
        self.branch(condition, false, end)?;
        self.loops.push(Loop { start, end });
        self.narrowed_to(condition, true, |this| {
            this.steps(&body.statements)?;
            match &body.value {
                Some(value) if !this.is_dead() => this.emit_to_nowhere(value),
                _ => Ok(()),
            }
        })?;
        self.loops.pop();
        if !self.is_dead() {
            self.jump_back(start)?;
        }
        self.bind(end);
        self.release(mark);
        Ok(())
    }

    /// The rows of a query one after the other: the query keeps them, the loop takes them.
    fn each_row(&mut self, row: LocalId, query: &Query, body: &Block) -> Result<()> {
        self.forget_assigned(body);
        let place = query.outputs.first().map_or_else(Default::default, |o| o.value.place);
        let mark = self.mark();
        let (q, parameters) = self.rows_of(query, place)?;
        let first = self.emit_boxed(&parameters)?;
        self.push_at(place, Instr::OpenQuery { q, o: ObjectWindow(first) });
        self.release(mark);
        let ty = self.builder.scope.locals.get(row.0 as usize).map(|local| local.ty.clone());
        let ty = ty.ok_or_else(|| bug(place, "a row without a local"))?;
        let k = self.builder.type_constant(ty)?;
        let d = self.object()?;
        self.homes.insert(row, Operand::Object { reg: d, nullable: false });
        let columns = self.take_objects(index_u16(query.outputs.len(), "columns")?)?;
        let end = self.label();
        let start = usize::from(self.here()?.0);
        let o = ObjectWindow(columns);
        self.jump(end, Instr::NextRow { q, o, t: super::LATER });
        self.push_at(place, Instr::MakeStruct { d, k, o });
        self.loops.push(Loop { start, end });
        self.steps(&body.statements)?;
        if let Some(value) = body.value.as_ref().filter(|_| !self.is_dead()) {
            self.emit_to_nowhere(value)?;
        }
        self.loops.pop();
        if !self.is_dead() {
            self.jump_back(start)?;
        }
        self.bind(end);
        self.push(Instr::CloseQuery { q });
        self.release(mark);
        Ok(())
    }

    /// What a loop assigns may be NULL when its next round begins.
    fn forget_assigned(&mut self, body: &Block) {
        let mut assigned = HashSet::new();
        body.walk_steps(&mut |step| {
            if let Step::Assign(local, _) = step {
                assigned.insert(*local);
            }
        });
        self.flow.known.retain(|known| !assigned.contains(known));
    }

    fn jump_back(&mut self, start: usize) -> Result<()> {
        let t = Target(crate::codegen::builder::index_u16(start, "instructions")?);
        self.push(Instr::JumpBack { t });
        Ok(())
    }
}
