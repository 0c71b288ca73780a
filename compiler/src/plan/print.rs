//! Plans as indented trees, for EXPLAIN, `--emit` and snapshot tests.

use super::PlanContext;
use super::access::ScanTest;
use super::logical::LogicalPlan;
use super::logical::{Count, JoinKind};
use super::physical::{PhysicalCommon, PhysicalJoin, PhysicalPlan};
use crate::catalog::Table;
use crate::hir::{
    AggregateCall, ArithOp, ColumnVar, ConvertMode, Expr, ExprKind, OrderKey, SubqueryKind,
};
use grizzly_bytecode::query::AggregateFunction;
use grizzly_bytecode::{Interval, Type, Value, temporal};
use std::fmt::Write;

/// Prints plans with the names of a statement's variables.
pub struct Printer<'a, 'b> {
    context: &'a PlanContext<'b>,
    out: String,
}

/// The logical plan as text.
pub fn logical(plan: &LogicalPlan, context: &PlanContext<'_>) -> String {
    let mut printer = Printer { context, out: String::new() };
    printer.logical(plan, 0);
    printer.out
}

/// The physical plan as text.
pub fn physical(plan: &PhysicalPlan, context: &PlanContext<'_>) -> String {
    let mut printer = Printer { context, out: String::new() };
    printer.physical(plan, 0);
    printer.out
}

/// A statement that evaluates an expression, as text.
pub fn evaluation(e: &Expr, context: &PlanContext<'_>) -> String {
    format!("Evaluate {}\n", Printer { context, out: String::new() }.expr(e))
}

impl Printer<'_, '_> {
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{text}", "", indent = depth * 2);
    }

    fn logical(&mut self, plan: &LogicalPlan, depth: usize) {
        let text = match plan {
            LogicalPlan::Unit => "Unit".to_string(),
            LogicalPlan::Values { rows, .. } => format!("Values {} rows", rows.len()),
            LogicalPlan::Scan { table, columns, row_key, ordered } => {
                let vars = columns.iter().map(|(v, _)| *v).chain(*row_key);
                let order = if *ordered { " in key order" } else { "" };
                format!("Scan {}{order} [{}]", source_name(table), self.names(vars))
            }
            LogicalPlan::Filter { conditions, .. } => format!("Filter {}", self.all(conditions)),
            LogicalPlan::Project { columns, .. } => format!("Project {}", self.defined(columns)),
            LogicalPlan::Expand { function, arguments, outer, .. } => {
                self.expand(function.name(), arguments, *outer)
            }
            LogicalPlan::Join { kind, conditions, .. } => {
                format!("Join {} on {}", kind.name(), self.all(conditions))
            }
            LogicalPlan::Aggregate { keys, aggregates, .. } => self.aggregate(keys, aggregates),
            LogicalPlan::Sort { keys, limit, .. } => self.sort(keys, *limit),
            LogicalPlan::Limit { each, limit, offset, .. } => self.limit(each, *limit, *offset),
            LogicalPlan::Union { .. } => "Union all".to_string(),
            LogicalPlan::With { common, .. } => {
                with_text(&common.name, common.step.is_some(), common.distinct)
            }
            LogicalPlan::Common { name, columns, .. } => {
                format!("Common {name} [{}]", self.names(columns.iter().map(|(v, _)| *v)))
            }
        };
        self.line(depth, &text);
        for input in plan.inputs() {
            self.logical(input, depth + 1);
        }
    }

    fn physical(&mut self, plan: &PhysicalPlan, depth: usize) {
        let (text, inputs): (String, Vec<&PhysicalPlan>) = match plan {
            PhysicalPlan::Unit => ("Unit".to_string(), Vec::new()),
            PhysicalPlan::Values { rows, .. } => {
                (format!("Values {} rows", rows.len()), Vec::new())
            }
            PhysicalPlan::Scan { .. } => (self.scan(plan), Vec::new()),
            PhysicalPlan::Filter { input, conditions } => {
                (format!("Filter {}", self.all(conditions)), vec![input])
            }
            PhysicalPlan::Project { input, columns } => {
                (format!("Project {}", self.defined(columns)), vec![input])
            }
            PhysicalPlan::Expand { input, function, arguments, outer, .. } => {
                (self.expand(function.name(), arguments, *outer), vec![input])
            }
            PhysicalPlan::Join(join) => (self.join(join), vec![&join.left, &join.right]),
            PhysicalPlan::Aggregate { input, keys, aggregates } => {
                (format!("Hash{}", self.aggregate(keys, aggregates)), vec![input])
            }
            PhysicalPlan::Sort { input, keys, limit } => (self.sort(keys, *limit), vec![input]),
            PhysicalPlan::Limit { input, each, limit, offset } => {
                (self.limit(each, *limit, *offset), vec![input])
            }
            PhysicalPlan::Union { inputs, .. } => {
                ("Union all".to_string(), inputs.iter().map(|(plan, _)| plan).collect())
            }
            PhysicalPlan::With { common, body } => {
                let PhysicalCommon { name, input, step, distinct, .. } = common;
                let mut inputs: Vec<&PhysicalPlan> = vec![input];
                inputs.extend(step.iter().map(|(step, _)| &**step));
                inputs.push(body);
                (with_text(name, step.is_some(), *distinct), inputs)
            }
            PhysicalPlan::Common { name, columns, .. } => {
                let vars = columns.iter().map(|(v, _)| *v);
                (format!("CommonScan {name} [{}]", self.names(vars)), Vec::new())
            }
        };
        self.line(depth, &text);
        for input in inputs {
            self.physical(input, depth + 1);
        }
    }

    fn expand(&self, function: &str, arguments: &[Expr], outer: bool) -> String {
        let outer = if outer { "outer " } else { "" };
        format!("Expand {outer}{function}({})", self.list(arguments))
    }

    fn limit(&self, each: &[Expr], limit: Option<Count>, offset: Count) -> String {
        let text = limit_text(limit, offset);
        if each.is_empty() { text } else { format!("{text} of each ({})", self.list(each)) }
    }

    /// The built side is the second one, but for a join that says otherwise.
    fn join(&self, join: &PhysicalJoin) -> String {
        let name = if join.keys.is_empty() { "NestedLoopJoin" } else { "HashJoin" };
        let mut parts: Vec<String> = Vec::new();
        for key in &join.keys {
            let op = if key.nulls { "IS NOT DISTINCT FROM" } else { "=" };
            parts.push(format!("{} {op} {}", self.expr(&key.left), self.expr(&key.right)));
        }
        parts.extend(join.residual.iter().map(|c| self.expr(c)));
        let on = if parts.is_empty() { "all pairs".into() } else { parts.join(" AND ") };
        let built = if join.builds_left { ", the first side built" } else { "" };
        let mark = match join.kind {
            JoinKind::Mark(var) | JoinKind::MarkAny(var) => {
                format!(" {}", self.context.column_name(var))
            }
            _ => String::new(),
        };
        format!("{name} {}{mark} on {on}{built}", join.kind.name())
    }

    fn scan(&self, plan: &PhysicalPlan) -> String {
        let PhysicalPlan::Scan { table, columns, row_key, ordered, predicates, index, limit_hint } =
            plan
        else {
            return String::new();
        };
        let vars = columns.iter().map(|(v, _)| *v).chain(*row_key);
        let mut text = match index {
            Some(index) => format!("IndexScan {} of {}", index.name, table.name),
            None if table.file.is_some() => format!("FileScan {}", source_name(table)),
            None => format!("TableScan {}", source_name(table)),
        };
        let _ = write!(text, " [{}]", self.names(vars));
        if *ordered {
            text.push_str(" in key order");
        }
        let first_key = table.key.first().copied();
        let by_key = predicates.iter().any(|p| Some(p.index) == first_key && p.bounds());
        let how = match (index, by_key) {
            (Some(_), _) => " by",
            (None, true) => " by key",
            (None, false) => " skip by",
        };
        for (number, p) in predicates.iter().enumerate() {
            let word = if number == 0 { how } else { " AND" };
            let _ = match &p.test {
                ScanTest::Compare(op, value) => {
                    write!(text, "{word} {} {op} {}", p.name, self.expr(value))
                }
                ScanTest::In(values) => {
                    let values: Vec<String> = values.iter().map(|e| self.expr(e)).collect();
                    write!(text, "{word} {} IN ({})", p.name, values.join(", "))
                }
                ScanTest::IsNull => write!(text, "{word} {} IS NULL", p.name),
            };
        }
        if let Some(limit) = limit_hint {
            let _ = write!(text, " up to {limit} rows");
        }
        text
    }

    fn aggregate(&self, keys: &[(ColumnVar, Expr)], aggregates: &[AggregateCall]) -> String {
        let calls: Vec<String> = aggregates.iter().map(|a| self.call(a)).collect();
        let by =
            if keys.is_empty() { String::new() } else { format!(" by {}", self.defined(keys)) };
        format!("Aggregate [{}]{by}", calls.join(", "))
    }

    fn call(&self, call: &AggregateCall) -> String {
        let name = match call.function {
            AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::Avg { .. } => "avg",
            AggregateFunction::BoolAnd => "bool_and",
            AggregateFunction::BoolOr => "bool_or",
            AggregateFunction::First => "first",
            AggregateFunction::Collect => "collect",
        };
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let argument = call.argument.as_ref().map_or("*".into(), |a| self.expr(a));
        let filter =
            call.filter.as_ref().map(|f| format!(" FILTER ({})", self.expr(f))).unwrap_or_default();
        format!("{name}({distinct}{argument}){filter}")
    }

    fn sort(&self, keys: &[OrderKey], limit: Option<u64>) -> String {
        let key = |k: &OrderKey| {
            let direction = if k.descending { " DESC" } else { "" };
            let nulls = match (k.descending, k.nulls_first) {
                (false, true) => " NULLS FIRST",
                (true, false) => " NULLS LAST",
                _ => "",
            };
            format!("{}{direction}{nulls}", self.expr(&k.value))
        };
        let keys: Vec<String> = keys.iter().map(key).collect();
        match limit {
            Some(limit) => format!("TopN {limit} by {}", keys.join(", ")),
            None => format!("Sort by {}", keys.join(", ")),
        }
    }

    fn names(&self, vars: impl Iterator<Item = ColumnVar>) -> String {
        let names: Vec<_> = vars.map(|v| self.context.column_name(v).to_string()).collect();
        names.join(", ")
    }

    fn all(&self, conditions: &[Expr]) -> String {
        if conditions.is_empty() {
            return "TRUE".into();
        }
        let texts: Vec<String> = conditions.iter().map(|c| self.expr(c)).collect();
        texts.join(" AND ")
    }

    fn defined(&self, columns: &[(ColumnVar, Expr)]) -> String {
        let one = |(var, e): &(ColumnVar, Expr)| match &e.kind {
            ExprKind::Column(inner)
                if self.context.column_name(*inner) == self.context.column_name(*var) =>
            {
                self.expr(e)
            }
            _ => format!("{} := {}", self.context.column_name(*var), self.expr(e)),
        };
        let texts: Vec<String> = columns.iter().map(one).collect();
        format!("[{}]", texts.join(", "))
    }

    /// An expression as text, near to what a script would say.
    pub fn expr(&self, e: &Expr) -> String {
        use ExprKind as K;
        match &e.kind {
            K::Constant(value) => constant(value, &e.ty),
            K::Column(var) => self.context.column_name(*var).to_string(),
            K::Local(id) => {
                let local = self.context.locals.get(id.0 as usize);
                local.map_or_else(|| format!("local {}", id.0), |l| l.name.to_string())
            }
            K::Parameter(index) => format!("${}", index + 1),
            K::Arith { op, left, right } => {
                format!("({} {} {})", self.expr(left), arith_symbol(*op), self.expr(right))
            }
            K::Concat(l, r) => format!("({} || {})", self.expr(l), self.expr(r)),
            K::And(l, r) => format!("({} AND {})", self.expr(l), self.expr(r)),
            K::Or(l, r) => format!("({} OR {})", self.expr(l), self.expr(r)),
            K::Not(x) => format!("NOT {}", self.expr(x)),
            K::Negate(x) => format!("-{}", self.expr(x)),
            K::Compare { op, left, right } => {
                format!("{} {op} {}", self.expr(left), self.expr(right))
            }
            K::IsNull(x) => format!("{} IS NULL", self.expr(x)),
            K::Same(l, r) => {
                format!("{} IS NOT DISTINCT FROM {}", self.expr(l), self.expr(r))
            }
            K::Convert { operand, mode: ConvertMode::Implicit } => {
                format!("{}::{}", self.expr(operand), e.ty)
            }
            K::Convert { operand, .. } => format!("CAST({} AS {})", self.expr(operand), e.ty),
            K::If { condition, then, otherwise } => format!(
                "IF {} {{ {} }} ELSE {{ {} }}",
                self.expr(condition),
                self.expr(then),
                self.expr(otherwise)
            ),
            K::Call { function, arguments } => {
                format!("{}({})", function.name, self.list(arguments))
            }
            K::Native { function, arguments } => {
                format!("{}({})", function.function, self.list(arguments))
            }
            K::Field { operand, index } => self.field(operand, *index),
            K::Inlined { function, .. } => format!("<inlined {function}>"),
            K::Subquery { kind, .. } => self.subquery(kind),
            _ => "…".into(),
        }
    }

    fn subquery(&self, kind: &SubqueryKind) -> String {
        match kind {
            SubqueryKind::Scalar => "(query by row)".into(),
            SubqueryKind::Exists => "EXISTS (query by row)".into(),
            SubqueryKind::Array => "ARRAY(query by row)".into(),
            SubqueryKind::Quantified { op, all, operand } => {
                let word = if *all { "ALL" } else { "ANY" };
                format!("{} {op} {word} (query by row)", self.expr(operand))
            }
        }
    }

    fn field(&self, operand: &Expr, index: u16) -> String {
        let name = match &operand.ty {
            Type::Struct(shape) => shape.fields.get(usize::from(index)).map(|f| f.name.clone()),
            _ => None,
        };
        format!("{}.{}", self.expr(operand), name.unwrap_or_default())
    }

    fn list(&self, expressions: &[Expr]) -> String {
        let texts: Vec<String> = expressions.iter().map(|e| self.expr(e)).collect();
        texts.join(", ")
    }
}

fn arith_symbol(op: ArithOp) -> &'static str {
    match op {
        ArithOp::Add => "+",
        ArithOp::Subtract => "-",
        ArithOp::Multiply => "*",
        ArithOp::Divide => "/",
        ArithOp::Remainder => "%",
    }
}

fn limit_text(limit: Option<Count>, offset: Count) -> String {
    let count = |count: Count| match count {
        Count::Constant(n) => n.to_string(),
        Count::Parameter(index) => format!("${}", index + 1),
    };
    let limit = limit.map_or("all".into(), count);
    match offset {
        Count::Constant(0) => format!("Limit {limit}"),
        offset => format!("Limit {limit} after {}", count(offset)),
    }
}

fn with_text(name: &str, recursive: bool, distinct: bool) -> String {
    match (recursive, distinct) {
        (false, _) => format!("With {name}"),
        (true, false) => format!("With recursive {name}"),
        (true, true) => format!("With recursive {name}, rows once"),
    }
}

/// A constant as a script would write it.
pub fn constant(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::Null, _) => "NULL".into(),
        (Value::Bool(b), _) => if *b { "TRUE" } else { "FALSE" }.into(),
        (Value::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (Value::Int(i), Type::Decimal { scale, .. }) => decimal(i128::from(*i), *scale),
        (Value::Wide(w), Type::Decimal { scale, .. }) => decimal(*w, *scale),
        (Value::Int(i), t) if t.is_integer() => i.to_string(),
        (Value::Float(x), _) => format!("{x:?}"),
        (Value::Int(i), Type::Enum(e)) => {
            let value = usize::try_from(*i).ok().and_then(|i| e.values.get(i));
            format!("'{}'", value.cloned().unwrap_or_default())
        }
        (Value::Int(i), Type::Date) => format!("DATE '{}'", temporal::format_date(*i)),
        (Value::Int(i), Type::Time) => format!("TIME '{}'", temporal::format_time(*i)),
        (Value::Int(i), Type::Timestamp) => {
            format!("TIMESTAMP '{}'", temporal::format_timestamp(*i))
        }
        (Value::Int(i), Type::TimestampTz) => {
            format!("TIMESTAMPTZ '{}'", temporal::format_timestamp_tz(*i))
        }
        (Value::Wide(w), Type::Interval) => {
            format!("INTERVAL '{}'", temporal::format_interval(Interval::unpack(*w)))
        }
        (other, t) => format!("{t} {other:?}"),
    }
}

fn decimal(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(scale));
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// What a scan reads: a table by its name, a file by its path.
fn source_name(table: &Table) -> String {
    match &table.file {
        Some(file) => file.request.to_string(),
        None => table.name.to_string(),
    }
}
