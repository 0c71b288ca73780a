//! The pipelines of joins: one builds a hash table, one probes it. Where rows of the built side
//! come out by themselves, the probe notes which rows have had a match, and the others follow it.

use super::{Columns, Open, PipelineWriter};
use crate::codegen::builder::Result;
use crate::hir::{Expr, ExprKind};
use crate::plan::logical::JoinKind;
use crate::plan::physical::{JoinKey, PhysicalJoin};
use grizzly_bytecode::query::{self as bc, Input, Residual, Sink, Source, Step};
use grizzly_bytecode::{StateId, Type, Value};

impl PipelineWriter<'_, '_, '_> {
    pub(super) fn join(&mut self, join: &PhysicalJoin) -> Result<Open> {
        let (probe, build) = match join.builds_left {
            true => (&join.right, &join.left),
            false => (&join.left, &join.right),
        };
        let (kind, follow) = probe_kind(join);
        let state = self.state();
        let built = self.open(build)?;
        let wanted = kind.adds_payload() || follow.is_some() || !join.residual.is_empty();
        let payload = if wanted { built.columns.clone() } else { Vec::new() };
        self.build(built, state, join, &payload, follow.is_some())?;
        let mut open = self.open(probe)?;
        let probe_columns = open.columns.clone();
        let mut code = self.emitter(&open.columns)?;
        let mut keys = Vec::with_capacity(join.keys.len());
        for key in &join.keys {
            let (probe_key, _) = sides(key, join.builds_left);
            keys.push(code.emit(probe_key)?);
        }
        let code = code.finish();
        let pair_columns: Columns = open.columns.iter().chain(&payload).cloned().collect();
        let residual = self.residual(&join.residual, &pair_columns)?;
        let types: Vec<Type> = payload.iter().map(|(_, ty)| ty.clone()).collect();
        let notes = follow.is_some();
        let payload_types = types.clone();
        let step = Step::Probe { state, code, keys, kind, payload: payload_types, residual, notes };
        open.steps.push(step);
        if kind.adds_payload() {
            open.columns.extend(payload.iter().cloned());
        }
        open.columns.extend(join.kind.mark().map(|var| (var, Type::Bool)));
        let Some(matched) = follow else { return Ok(open) };
        let source = Source::Built { state, matched, types };
        let rest = Open { source, steps: Vec::new(), columns: payload.clone() };
        let columns = match kind {
            bc::JoinKind::Note => payload,
            _ => probe_columns.into_iter().chain(payload).collect(),
        };
        self.concat([open, rest], columns)
    }

    fn build(
        &mut self,
        built: Open,
        state: StateId,
        join: &PhysicalJoin,
        payload: &Columns,
        keep_all: bool,
    ) -> Result<()> {
        let mut code = self.emitter(&built.columns)?;
        let mut keys = Vec::with_capacity(join.keys.len());
        for key in &join.keys {
            let (_, build_key) = sides(key, join.builds_left);
            keys.push(code.emit(build_key)?);
        }
        let payload = payload.iter().filter_map(|(var, _)| code.column(*var)).collect();
        let null_keys = join.keys.iter().map(|key| key.nulls).collect();
        let code = code.finish();
        self.close(built, Sink::HashBuild { state, code, keys, null_keys, payload, keep_all });
        Ok(())
    }

    fn residual(&mut self, conditions: &[Expr], columns: &Columns) -> Result<Option<Residual>> {
        let all = conditions.iter().cloned().reduce(|l, r| {
            let place = l.place;
            Expr { kind: ExprKind::And(Box::new(l), Box::new(r)), ty: Type::Bool, place }
        });
        let Some(all) = all else { return Ok(None) };
        let mut code = self.emitter(columns)?;
        let condition = code.emit(&all)?;
        Ok(Some(Residual { code: code.finish(), condition }))
    }

    /// Pipelines one after the other; a column that one does not have is NULL in its rows.
    fn concat(&mut self, parts: [Open; 2], columns: Columns) -> Result<Open> {
        let mut inputs = Vec::new();
        for open in parts {
            let mut named = Vec::with_capacity(columns.len());
            for (var, ty) in &columns {
                let known = open.columns.iter().any(|(v, _)| v == var);
                let null = ExprKind::Constant(Value::Null);
                let value = match known {
                    true => self.column(&open, *var),
                    false => Expr { kind: null, ty: ty.clone(), place: Default::default() },
                };
                named.push((*var, value));
            }
            let open = self.project(open, &named)?;
            inputs.push(Input { source: open.source, steps: open.steps });
        }
        Ok(Open { source: Source::Concat(inputs), steps: Vec::new(), columns })
    }
}

/// The expressions of the probing and of the built side.
fn sides(key: &JoinKey, builds_left: bool) -> (&Expr, &Expr) {
    if builds_left { (&key.right, &key.left) } else { (&key.left, &key.right) }
}

/// What the probe does, and which rows of the built side follow it: those with a match (TRUE) or
/// those without.
fn probe_kind(join: &PhysicalJoin) -> (bc::JoinKind, Option<bool>) {
    match (join.kind, join.builds_left) {
        (JoinKind::Inner, _) => (bc::JoinKind::Inner, None),
        (JoinKind::Left, false) => (bc::JoinKind::Left, None),
        (JoinKind::Left, true) => (bc::JoinKind::Inner, Some(false)),
        (JoinKind::Full, _) => (bc::JoinKind::Left, Some(false)),
        (JoinKind::Single, _) => (bc::JoinKind::Single, None),
        (JoinKind::Semi, false) => (bc::JoinKind::Semi, None),
        (JoinKind::Semi, true) => (bc::JoinKind::Note, Some(true)),
        (JoinKind::Anti, false) => (bc::JoinKind::Anti, None),
        (JoinKind::Anti, true) => (bc::JoinKind::Note, Some(false)),
        (JoinKind::Mark(_), _) => (bc::JoinKind::Mark, None),
        (JoinKind::MarkAny(_), _) => (bc::JoinKind::MarkAny, None),
        (JoinKind::IntersectAll, _) => (bc::JoinKind::IntersectAll, None),
        (JoinKind::ExceptAll, _) => (bc::JoinKind::ExceptAll, None),
    }
}
