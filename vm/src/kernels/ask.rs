//! Queries that are asked row by row, with the row's values as parameters. A stable query is asked
//! once for equal parameters.

use super::run::{Environment, Frame, Stop};
use crate::batch::Rows;
use crate::operators::{Answers, Question, answer};
use grizzly_bytecode::{QueryId, VReg, Value};

impl Frame {
    /// Computes a register by asking a query for each selected row.
    pub(super) fn ask(
        &mut self,
        (query, d, first): (QueryId, VReg, usize),
        question: Question,
        environment: &mut Environment<'_, '_>,
        base: Rows<'_>,
        len: usize,
    ) -> Result<(), Stop> {
        let executable = environment.executable;
        // The verifier proved that the program names only queries that it has.
        let asked = &executable.program().queries[query.index()];
        let context = &mut *environment.context;
        let mut answers = std::mem::take(&mut self.answers);
        let known = answers.iter().position(|(of, _)| *of == query);
        let at = known.unwrap_or_else(|| {
            answers.push((query, Answers::new(&context.budget)));
            answers.len() - 1
        });
        let kept = &mut answers[at].1;
        let done = self.by_rows((d, first), asked.parameters.iter(), base, len, |parameters| {
            if !asked.stable {
                return answer(executable, context, asked, parameters, question);
            }
            if let Some(value) = kept.find(parameters) {
                return Ok(value.clone());
            }
            let value: Value = answer(executable, context, asked, parameters, question)?;
            kept.keep(&value)?;
            Ok(value)
        });
        self.answers = answers;
        done
    }
}
