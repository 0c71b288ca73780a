//! Queries inside expressions that run by themselves: what they take from around them becomes their
//! parameters.

use super::builder::{Builder, Result, bug, index_u16, unsupported};
use super::pipeline::PipelineWriter;
use super::statement::fields;
use crate::hir::{
    AggregateCall, Aggregation, ColumnVar, CommonTable, CommonTableId, Expr, ExprKind, From,
    OutputColumn, Query, SubqueryKind,
};
use crate::plan::PlanContext;
use crate::plan::capture::capture;
use crate::plan::logical::{free_commons, is_volatile};
use crate::plan::physical;
use grizzly_bytecode::query::{AggregateFunction, Sink};
use grizzly_bytecode::{Cmp, Place, QueryId, Type, Value};
use hashbrown::HashMap;
use smol_str::SmolStr;

/// What a query is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Its one value.
    Scalar,
    /// Whether it has a row.
    Exists,
    /// All values.
    Array,
}

/// A query that code asks.
pub struct Asked {
    /// Which.
    pub query: QueryId,
    /// The expressions whose values are its parameters.
    pub parameters: Vec<Expr>,
    /// What for.
    pub question: Question,
}

/// Compiles a query inside an expression.
///
/// # Errors
/// A part of the query that this version cannot run.
pub fn compile(
    builder: &mut Builder<'_>,
    around: &PlanContext<'_>,
    e: &Expr,
    kind: &SubqueryKind,
    query: &Query,
) -> Result<Asked> {
    let evaluate = builder.evaluate.ok_or_else(|| bug(e.place, "a query in a constant"))?;
    let scope = (around.columns.clone(), around.locals.clone());
    let mut context = PlanContext::new(scope, builder.catalog, evaluate);
    let mut query = query.clone();
    let question = match kind {
        SubqueryKind::Scalar => Question::Scalar,
        SubqueryKind::Array => Question::Array,
        SubqueryKind::Exists => {
            only_existence(&mut query);
            Question::Exists
        }
        SubqueryKind::Quantified { op, all, operand } => {
            query = quantified(*op, *all, operand, query, &mut context);
            Question::Scalar
        }
    };
    let around_it = around_query(&query, &around.definitions);
    if around_it.iter().any(|common| builder.rounds.contains(&common.id)) {
        let what = "a query inside an expression that reads the recursive query around it";
        return Err(unsupported(e.place, what));
    }
    query.with.splice(0..0, around_it);
    let parameters = capture(&mut query, Vec::new());
    let query = compile_query(builder, &mut context, &query, &parameters)?;
    Ok(Asked { query, parameters, question })
}

/// Compiles a query whose rows a loop takes; gives the expressions of its parameters too.
///
/// # Errors
/// As for [`compile`].
pub fn compile_rows(
    builder: &mut Builder<'_>,
    around: &PlanContext<'_>,
    query: &Query,
    place: Place,
) -> Result<(QueryId, Vec<Expr>)> {
    let evaluate = builder.evaluate.ok_or_else(|| bug(place, "a query in a constant"))?;
    let scope = (around.columns.clone(), around.locals.clone());
    let mut context = PlanContext::new(scope, builder.catalog, evaluate);
    let mut query = query.clone();
    let parameters = capture(&mut query, Vec::new());
    let id = compile_query(builder, &mut context, &query, &parameters)?;
    Ok((id, parameters))
}

/// Compiles a query whose parameters are known.
fn compile_query(
    builder: &mut Builder<'_>,
    context: &mut PlanContext<'_>,
    query: &Query,
    parameters: &[Expr],
) -> Result<QueryId> {
    let logical = context.logical(query)?;
    let plan = physical::choose(&logical, context)?;
    let rounds = std::mem::take(&mut builder.rounds);
    let mut writer = PipelineWriter::new(builder, context);
    let open = writer.open(&plan)?;
    writer.close(open, Sink::Output);
    let mut made = writer.finish();
    builder.rounds = rounds;
    made.parameters = parameters.iter().map(|p| p.ty.clone()).collect();
    made.output = fields(query);
    made.stable = !is_volatile(query, builder.catalog);
    let id = index_u16(builder.program.queries.len(), "queries")?;
    builder.program.queries.push(made);
    Ok(QueryId(id))
}

/// The queries of WITH from around a query that it needs, directly or through others.
fn around_query(
    query: &Query,
    definitions: &HashMap<CommonTableId, CommonTable>,
) -> Vec<CommonTable> {
    let mut found: Vec<CommonTable> = Vec::new();
    let mut open = free_commons(query);
    while let Some(id) = open.pop() {
        let Some(common) = definitions.get(&id) else { continue };
        // One that others need stands before them.
        if let Some(at) = found.iter().position(|known| known.id == id) {
            let known = found.remove(at);
            found.push(known);
        } else {
            found.push(common.clone());
        }
        let steps = common.step.iter().map(|step| &*step.query);
        let own = std::iter::once(&*common.query).chain(steps).flat_map(free_commons);
        open.extend(own.filter(|other| *other != id));
    }
    found.reverse();
    found
}

/// Whether there is a row does not depend on what is in it.
fn only_existence(query: &mut Query) {
    if query.limit.is_some() || query.offset.is_some() {
        return;
    }
    query.order.clear();
    query.distinct = false;
    if let Some(output) = query.outputs.first_mut() {
        output.value.kind = ExprKind::Constant(Value::Bool(true));
        output.value.ty = Type::Bool;
    }
    query.outputs.truncate(1);
}

/// `operand op ANY (query)` as a query of one value: TRUE where any row compares, else NULL where
/// the comparison with any row is NULL, else FALSE. ALL is that none compares otherwise.
pub fn quantified(
    op: Cmp,
    all: bool,
    operand: &Expr,
    query: Query,
    context: &mut PlanContext<'_>,
) -> Query {
    let place = operand.place;
    let boolean = |kind| Expr { kind, ty: Type::Bool, place };
    let constant = |value| boolean(ExprKind::Constant(value));
    let output = query.outputs.first().map_or(ColumnVar(0), |output| output.variable);
    let left = Box::new(operand.clone());
    let right = Expr { kind: ExprKind::Column(output), ty: operand.ty.clone(), place };
    let mut test = boolean(ExprKind::Compare { op, left, right: Box::new(right) });
    if all {
        test = boolean(ExprKind::Not(Box::new(test)));
    }
    let any = context.fresh_column("any", Type::Bool, true);
    let unknown = context.fresh_column("unknown", Type::Int64, false);
    let call = |variable, function, argument, filter, ty| AggregateCall {
        variable,
        function,
        argument,
        filter,
        distinct: false,
        ty,
    };
    let is_null = boolean(ExprKind::IsNull(Box::new(test.clone())));
    let aggregates = vec![
        call(any, AggregateFunction::BoolOr, Some(test), None, Type::Bool),
        call(unknown, AggregateFunction::Count, None, Some(is_null), Type::Int64),
    ];
    let integer = |kind| Expr { kind, ty: Type::Int64, place };
    let unknowns = boolean(ExprKind::Compare {
        op: Cmp::Gt,
        left: Box::new(integer(ExprKind::Column(unknown))),
        right: Box::new(integer(ExprKind::Constant(Value::Int(0)))),
    });
    let otherwise = boolean(ExprKind::If {
        condition: Box::new(unknowns),
        then: Box::new(constant(Value::Null)),
        otherwise: Box::new(constant(Value::Bool(all))),
    });
    let value = boolean(ExprKind::If {
        condition: Box::new(boolean(ExprKind::Column(any))),
        then: Box::new(constant(Value::Bool(!all))),
        otherwise: Box::new(otherwise),
    });
    let variable = context.fresh_column("quantified", Type::Bool, true);
    Query {
        with: Vec::new(),
        from: Some(From::Query(Box::new(query))),
        filter: None,
        aggregation: Some(Aggregation { keys: Vec::new(), aggregates }),
        having: None,
        outputs: vec![OutputColumn { variable, name: SmolStr::new_static("quantified"), value }],
        distinct: false,
        order: Vec::new(),
        limit: None,
        offset: None,
    }
}
