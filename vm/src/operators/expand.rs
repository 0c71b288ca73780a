//! Gives every row once a row of a table function of it: the numbers or moments of a series, the
//! elements of an array. The function's rows lie in a column beside the row's own.

use crate::Fault;
use crate::batch::{Batch, CAPACITY};
use crate::kernels::{Environment, Frame, make_fresh, store};
use crate::vector::Vector;
use grizzly_bytecode::query::{Step, TableFunction, VectorCode};
use grizzly_bytecode::{Builtin, Interval, Type, VReg, Value, temporal};
use std::sync::Arc;

/// An expansion at work.
pub(super) struct Expand<'q> {
    function: TableFunction,
    code: &'q VectorCode,
    arguments: &'q [(VReg, Type)],
    ty: &'q Type,
    outer: bool,
    frame: Frame,
    /// The next position of the batch's selection.
    position: usize,
    /// What is left of the row before that position.
    items: Items,
    /// Whether that row has given nothing yet.
    fresh: bool,
    rows: Vec<u16>,
    out: Batch,
}

/// What is left of a table function's rows.
enum Items {
    Nothing,
    /// The next number, the last one and the step.
    Numbers(i64, i64, i64),
    /// The first moment, how many steps have been taken, the last moment and the step.
    Moments(i64, i64, i64, Interval),
    Elements(Arc<Vec<Value>>, usize),
}

impl<'q> Expand<'q> {
    /// The expansion of a [`Step::Expand`].
    pub(super) fn new(step: &'q Step) -> Option<Expand<'q>> {
        let Step::Expand { function, code, arguments, ty, outer } = step else { return None };
        let registers: Vec<VReg> = arguments.iter().map(|(register, _)| *register).collect();
        Some(Expand {
            function: *function,
            code,
            arguments,
            ty,
            outer: *outer,
            frame: Frame::new(code, &registers),
            position: 0,
            items: Items::Nothing,
            fresh: false,
            rows: Vec::new(),
            out: Batch::default(),
        })
    }

    /// Computes the arguments of a batch's rows.
    pub(super) fn start(
        &mut self,
        batch: &mut Batch,
        environment: &mut Environment<'_, '_>,
    ) -> Result<(), Fault> {
        self.frame.exchange(&mut batch.columns);
        let ran =
            self.frame.run(self.code, environment, batch.selection.rows(batch.len), batch.len);
        self.frame.exchange(&mut batch.columns);
        self.position = 0;
        self.items = Items::Nothing;
        self.fresh = false;
        ran
    }

    /// The next batch of output for the batch that was started.
    pub(super) fn next_batch(&mut self, batch: &mut Batch) -> Result<Option<&mut Batch>, Fault> {
        let width = batch.columns.len();
        self.out.columns.resize_with(width + 1, Vector::default);
        let mut made = self.out.columns.pop().unwrap_or_default();
        make_fresh(&mut made, self.ty.vector_kind(), CAPACITY);
        self.rows.clear();
        let filled = self.fill(batch, &mut made);
        self.out.columns.push(made);
        filled?;
        if self.rows.is_empty() {
            return Ok(None);
        }
        self.out.len = self.rows.len();
        self.out.selection.select_all();
        for (out, from) in self.out.columns.iter_mut().zip(&batch.columns) {
            out.gather_from(from, &self.rows);
        }
        Ok(Some(&mut self.out))
    }

    fn fill(&mut self, batch: &mut Batch, made: &mut Vector) -> Result<(), Fault> {
        // Arguments may be the batch's own columns.
        self.frame.exchange(&mut batch.columns);
        let filled = self.fill_rows(batch, made);
        self.frame.exchange(&mut batch.columns);
        filled
    }

    fn fill_rows(&mut self, batch: &Batch, made: &mut Vector) -> Result<(), Fault> {
        let rows = batch.rows();
        while self.rows.len() < CAPACITY {
            if let Some(value) = self.next_item()? {
                self.fresh = false;
                store(made, self.rows.len(), &value, CAPACITY);
                self.rows.push(rows.at(self.position - 1) as u16);
                continue;
            }
            if std::mem::take(&mut self.fresh) && self.outer {
                store(made, self.rows.len(), &Value::Null, CAPACITY);
                self.rows.push(rows.at(self.position - 1) as u16);
                continue;
            }
            if self.position == rows.count() {
                return Ok(());
            }
            self.items = self.items_of(rows.at(self.position))?;
            self.fresh = true;
            self.position += 1;
        }
        Ok(())
    }

    fn items_of(&self, row: usize) -> Result<Items, Fault> {
        let argument = |index: usize| {
            self.arguments
                .get(index)
                .map_or(Value::Null, |(register, ty)| self.frame.register(*register).value(row, ty))
        };
        let no_step = || Fault::new(Builtin::CastError, "the step of a series must not be zero");
        Ok(match (self.function, argument(0), argument(1), argument(2)) {
            (TableFunction::Unnest, Value::Array(elements), ..) => Items::Elements(elements, 0),
            (TableFunction::Series, Value::Int(first), Value::Int(last), Value::Int(step)) => {
                if step == 0 {
                    return Err(no_step());
                }
                Items::Numbers(first, last, step)
            }
            (TableFunction::Series, Value::Int(first), Value::Int(last), Value::Wide(step)) => {
                let step = Interval::unpack(step);
                if step == Interval::default() {
                    return Err(no_step());
                }
                Items::Moments(first, 0, last, step)
            }
            // An argument is NULL.
            _ => Items::Nothing,
        })
    }

    fn next_item(&mut self) -> Result<Option<Value>, Fault> {
        match &mut self.items {
            Items::Nothing => Ok(None),
            Items::Elements(elements, next) => {
                *next += 1;
                Ok(elements.get(*next - 1).cloned())
            }
            Items::Numbers(next, last, step) => {
                let number = *next;
                if if *step > 0 { number > *last } else { number < *last } {
                    return Ok(None);
                }
                match number.checked_add(*step) {
                    Some(following) => *next = following,
                    None => self.items = Items::Nothing,
                }
                Ok(Some(Value::Int(number)))
            }
            Items::Moments(first, steps, last, step) => {
                let moment = moment(*first, *steps, *step)?;
                let forward = (step.months, step.days, step.micros) > (0, 0, 0);
                if if forward { moment > *last } else { moment < *last } {
                    return Ok(None);
                }
                *steps += 1;
                Ok(Some(Value::Int(moment)))
            }
        }
    }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A moment a number of steps after the first one; months count from the first, so that a series of
/// last days of months stays one.
fn moment(first: i64, steps: i64, step: Interval) -> Result<i64, Fault> {
    let reach = || {
        let days = first.div_euclid(MICROS_PER_DAY);
        let months = steps.checked_mul(step.months.into())?;
        let day = temporal::add_months(days, months)?;
        let day = day.checked_add(steps.checked_mul(step.days.into())?)?;
        let in_day =
            first.rem_euclid(MICROS_PER_DAY).checked_add(steps.checked_mul(step.micros)?)?;
        day.checked_mul(MICROS_PER_DAY)?.checked_add(in_day)
    };
    let overflow = Builtin::ArithmeticOverflow;
    reach().ok_or_else(|| Fault::new(overflow, overflow.message()))
}
