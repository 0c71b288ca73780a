//! Queries that scalar code asks.

use super::{Emitter, Operand, bug};
use crate::codegen::builder::Result;
use crate::codegen::subquery::{self, Question};
use crate::hir::{Expr, Query, SubqueryKind};
use crate::plan::PlanContext;
use grizzly_bytecode::{Imm, Instr, Object, ObjectWindow, Place, QueryId};

impl Emitter<'_, '_> {
    /// The query whose rows a loop takes, and the expressions of its parameters.
    pub fn rows_of(&mut self, query: &Query, place: Place) -> Result<(QueryId, Vec<Expr>)> {
        let evaluate = self.builder.evaluate;
        let evaluate = evaluate.ok_or_else(|| bug(place, "a query in a constant"))?;
        let scope = (self.builder.scope.columns.clone(), self.builder.scope.locals.clone());
        let around = PlanContext::new(scope, self.builder.catalog, evaluate);
        subquery::compile_rows(self.builder, &around, query, place)
    }

    /// Writes the answer of a query inside an expression.
    pub fn ask(
        &mut self,
        e: &Expr,
        kind: &SubqueryKind,
        query: &Query,
        dest: Operand,
    ) -> Result<()> {
        let evaluate = self.builder.evaluate;
        let evaluate = evaluate.ok_or_else(|| bug(e.place, "a query in a constant"))?;
        let scope = (self.builder.scope.columns.clone(), self.builder.scope.locals.clone());
        let around = PlanContext::new(scope, self.builder.catalog, evaluate);
        let asked = subquery::compile(self.builder, &around, e, kind, query)?;
        let q = asked.query;
        let answer = match (asked.question, dest) {
            (Question::Exists, _) => None,
            (_, Operand::Object { reg, .. }) => Some(reg),
            _ => Some(self.object()?),
        };
        let o = ObjectWindow(self.emit_boxed(&asked.parameters)?);
        match (asked.question, answer, dest) {
            (Question::Scalar, Some(d), _) => {
                self.push_at(e.place, Instr::ScalarQuery { d, q, o });
            }
            (Question::Array, Some(d), _) => {
                self.push_at(e.place, Instr::ArrayQuery { d, q, o });
            }
            (Question::Exists, _, Operand::Slot { reg, valid }) => {
                self.push_at(e.place, Instr::ExistsQuery { d: reg, q, o });
                if let Some(valid) = valid {
                    self.push(Instr::LoadInt { d: valid, i: Imm(1) });
                }
            }
            _ => return Err(bug(e.place, "an answer outside its registers")),
        }
        match (answer, dest) {
            (Some(answer), Operand::Slot { .. } | Operand::Wide { .. }) => {
                self.unbox(Object(answer.0), dest, e.place)
            }
            _ => Ok(()),
        }
    }
}
