//! The typed form as text, stable for tests and for `build --emit=hir`.
//!
//! One statement begins with its kind; clauses and steps stand one a line, indented by two spaces.
//! Column variables print as `name#3`, locals as `name%0`, parameters as `?0`; conversions and
//! natives show the type that they give, so the form can be read without the source.

mod write;

use crate::catalog::Table;
use crate::constant::show_decimal;
use crate::hir::{
    ArithOp, Block, Column, ColumnVar, Control, ConvertMode, Expr, ExprKind, From, Function, Local,
    LocalId, Query, SetOperator, Statement, StatementKind, Step, SubqueryKind,
};
use grizzly_bytecode::{Interval, Type, Value, temporal};
use smol_str::SmolStr;
use std::fmt::Write;

/// Statements as text, one paragraph each.
pub fn print_statements(statements: &[Statement]) -> String {
    let mut text = String::new();
    for statement in statements {
        text.push_str(&print_statement(statement));
    }
    text
}

/// One statement as text, with a line feed at its end.
pub fn print_statement(statement: &Statement) -> String {
    let mut printer = Printer::new(&statement.columns, &statement.locals);
    printer.statement(&statement.kind);
    printer.text
}

/// One expression as text; columns and locals by their numbers where their names are not given.
pub fn print_expr(expr: &Expr, columns: &[Column], locals: &[Local]) -> String {
    Printer::new(columns, locals).expr(expr)
}

/// A value of a type as it would be written.
pub fn print_value(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::Null, _) => "NULL".into(),
        (Value::Bool(b), _) => if *b { "TRUE" } else { "FALSE" }.into(),
        (Value::Int(days), Type::Date) => format!("DATE '{}'", temporal::format_date(*days)),
        (Value::Int(t), Type::Time) => format!("TIME '{}'", temporal::format_time(*t)),
        (Value::Int(t), Type::Timestamp) => {
            format!("TIMESTAMP '{}'", temporal::format_timestamp(*t))
        }
        (Value::Int(t), Type::TimestampTz) => {
            format!("TIMESTAMPTZ '{}'", temporal::format_timestamp_tz(*t))
        }
        (Value::Int(index), Type::Enum(e)) => {
            let value = usize::try_from(*index).ok().and_then(|i| e.values.get(i));
            value.map_or_else(|| format!("{}[{index}]", e.name), |v| format!("{}'{v}'", e.name))
        }
        (Value::Int(i), Type::Decimal { scale, .. }) => {
            format!("{}d", show_decimal(i128::from(*i), u32::from(*scale)))
        }
        (Value::Wide(i), Type::Decimal { scale, .. }) => {
            format!("{}d", show_decimal(*i, u32::from(*scale)))
        }
        (Value::Wide(bits), Type::Interval) => {
            format!("INTERVAL '{}'", temporal::format_interval(Interval::unpack(*bits)))
        }
        (Value::Wide(bits), _) => format!("{bits:#034x}"),
        (Value::Int(i), Type::Int64) => i.to_string(),
        (Value::Int(i), ty) => format!("{i}::{ty}"),
        (Value::Float(x), Type::Float32) => format!("{x:?}::FLOAT32"),
        (Value::Float(x), _) => format!("{x:?}"),
        (Value::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (other, _) => format!("{other:?}"),
    }
}

struct Printer<'s> {
    columns: &'s [Column],
    locals: &'s [Local],
    text: String,
    depth: usize,
}

impl<'s> Printer<'s> {
    fn new(columns: &'s [Column], locals: &'s [Local]) -> Self {
        Printer { columns, locals, text: String::new(), depth: 0 }
    }

    fn line(&mut self, line: impl AsRef<str>) {
        let indent = self.depth * 2;
        let _ = writeln!(self.text, "{:indent$}{}", "", line.as_ref());
    }

    fn deeper(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        print(self);
        self.depth -= 1;
    }

    fn statement(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Nothing => self.line("nothing"),
            StatementKind::Error => self.line("error"),
            StatementKind::Late => self.line("late"),
            StatementKind::Query(query) => self.query("query", query),
            StatementKind::Expression(expr, name) => {
                let value = self.expr(expr);
                let name = if name.is_empty() { "-" } else { name };
                self.line(format!("expression {name}: {} = {value}", expr.ty));
            }
            StatementKind::Print(expr) => {
                let value = self.expr(expr);
                self.line(format!("print {value}"));
            }
            StatementKind::Let(name, expr) => {
                let value = self.expr(expr);
                self.line(format!("let {name}: {} = {value}", expr.ty));
            }
            StatementKind::Control(control) => self.control(control),
            StatementKind::SetVariable(name, expr) => {
                let value = self.expr(expr);
                self.line(format!("set {name}: {} = {value}", expr.ty));
            }
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Update(update) => self.update(update),
            StatementKind::Delete(delete) => self.delete(delete),
            StatementKind::CreateTable(table) => self.table(table),
            StatementKind::CreateIndex { table, index } => self.index(table, index),
            StatementKind::CreateTableAs { table, query, replace } => {
                self.table_of_query(table, query, *replace);
            }
            StatementKind::CopyTo(query, to) => self.query(&format!("copy to {to}"), query),
            StatementKind::CreateType(name, ty) => {
                self.line(format!("create type {name}: {}", shape(ty)));
            }
            StatementKind::CreateFunction(function) => self.function(function),
            StatementKind::CreateView(view, query) => {
                self.query(&format!("create view {}", view.name), query);
            }
            StatementKind::Drop(objects) => {
                for (kind, name) in objects {
                    self.line(format!("drop {kind:?} {name}"));
                }
            }
            StatementKind::SetSetting(n, value) => self.line(format!("set system.{n} = {value:?}")),
            StatementKind::Explain(mode, inner) => {
                self.line(format!("explain {mode:?}"));
                let inner = print_statement(inner);
                self.deeper(|this| inner.lines().for_each(|line| this.line(line)));
            }
            other => self.session_statement(other),
        }
    }

    /// Statements about the session: transactions and prepared statements.
    fn session_statement(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::Begin(serializable) => {
                self.line(if *serializable { "begin serializable" } else { "begin" });
            }
            StatementKind::Commit => self.line("commit"),
            StatementKind::Rollback => self.line("rollback"),
            StatementKind::Savepoint(name) => self.line(format!("savepoint {name}")),
            StatementKind::RollbackTo(name) => self.line(format!("rollback to {name}")),
            StatementKind::Release(name) => self.line(format!("release {name}")),
            StatementKind::Prepare(name, inner) => {
                self.under(&format!("prepare {name}"), std::slice::from_ref(&**inner));
            }
            StatementKind::Execute(name, arguments) => {
                self.under(&format!("execute {name}"), arguments);
            }
            StatementKind::Deallocate(name) => self.line(format!("deallocate {name}")),
            _ => self.line("?"),
        }
    }

    fn control(&mut self, control: &Control) {
        match control {
            Control::Sequence(statements) => self.under("block", statements),
            Control::If(condition, then, otherwise) => {
                self.under("if", std::slice::from_ref(condition));
                self.under("then", then);
                self.under("else", otherwise);
            }
            Control::While(condition, body) => {
                self.under("while", std::slice::from_ref(condition));
                self.under("do", body);
            }
            Control::For(local, source, body) => {
                self.under(&format!("for {local} in"), std::slice::from_ref(source));
                self.under("do", body);
            }
            Control::Break => self.line("break"),
            Control::Continue => self.line("continue"),
            Control::Try { body, exception, handlers } => {
                self.under("try", body);
                for (condition, handler) in handlers {
                    self.under(&format!("catch {exception}"), std::slice::from_ref(condition));
                    self.under("do", handler);
                }
            }
            Control::Late(..) => self.line("late"),
        }
    }

    fn under(&mut self, head: &str, statements: &[Statement]) {
        self.line(head);
        let inner = print_statements(statements);
        self.deeper(|this| inner.lines().for_each(|line| this.line(line)));
    }

    fn table(&mut self, table: &crate::catalog::Table) {
        self.line(format!("create table {}", table.name));
        self.deeper(|this| {
            for column in &table.columns {
                let null = if column.nullable { "" } else { " not null" };
                let default = column.default.as_ref().map(|e| this.expr(e));
                let default = default.map(|d| format!(" default {d}")).unwrap_or_default();
                this.line(format!("{} {}{null}{default}", column.name, column.ty));
            }
            if !table.key.is_empty() {
                let name = |i: &usize| table.columns.get(*i).map(|c| c.name.clone());
                let key: Vec<SmolStr> = table.key.iter().filter_map(name).collect();
                this.line(format!("key ({})", join(&key)));
            }
            this.rules(table);
        });
    }

    fn function(&mut self, function: &Function) {
        let mut parameters = Vec::new();
        for parameter in &function.parameters {
            let null = if parameter.nullable { "" } else { " not null" };
            let default = parameter.default.as_ref();
            let default = default.map(|d| format!(" = {}", self.expr(d))).unwrap_or_default();
            parameters.push(format!("{}: {}{null}{default}", parameter.name, parameter.ty));
        }
        let result = match &function.result {
            Some(result) if result.nullable => format!(" -> {}", result.ty),
            Some(result) => format!(" -> {} not null", result.ty),
            None => String::new(),
        };
        let raises = match function.raises.as_slice() {
            [] => String::new(),
            names => format!(" raises {}", join(names)),
        };
        let head = format!("{}({}){result}{raises}", function.display, parameters.join(", "));
        self.line(format!("create function {head} {:?}", function.effect));
        let mut inner = Printer::new(&function.columns, &function.locals);
        inner.depth = self.depth + 1;
        for (index, local) in function.locals.iter().enumerate() {
            let null = if local.nullable { "" } else { " not null" };
            inner.line(format!("%{index} {}: {}{null}", local.name, local.ty));
        }
        inner.block(&function.body);
        self.text.push_str(&inner.text);
    }

    fn clause(&mut self, name: &str, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            let value = self.expr(expr);
            self.line(format!("{name} {value}"));
        }
    }

    fn query(&mut self, head: &str, query: &Query) {
        let distinct = if query.distinct { " distinct" } else { "" };
        self.line(format!("{head}{distinct}"));
        self.deeper(|this| {
            for common in &query.with {
                this.query(&format!("with {} {}", common.id.0, common.name), &common.query);
                if let Some(step) = &common.step {
                    this.query(if step.all { "step all" } else { "step" }, &step.query);
                }
            }
            for output in &query.outputs {
                let value = this.expr(&output.value);
                let null = match this.columns.get(output.variable.0 as usize) {
                    Some(column) if !column.nullable => " not null",
                    _ => "",
                };
                let (name, number) = (&output.name, output.variable.0);
                this.line(format!("{name}#{number}: {}{null} = {value}", output.value.ty));
            }
            query.from.iter().for_each(|from| this.from(from));
            this.clause("where", query.filter.as_ref());
            this.aggregation(query);
            this.clause("having", query.having.as_ref());
            for key in &query.order {
                let value = this.expr(&key.value);
                let direction = if key.descending { " desc" } else { "" };
                let nulls = if key.nulls_first { " nulls first" } else { "" };
                this.line(format!("order {value}{direction}{nulls}"));
            }
            this.clause("limit", query.limit.as_ref());
            this.clause("offset", query.offset.as_ref());
        });
    }

    fn aggregation(&mut self, query: &Query) {
        let Some(aggregation) = &query.aggregation else { return };
        self.line("group");
        self.deeper(|this| {
            for (variable, key) in &aggregation.keys {
                let (name, value) = (this.column(*variable), this.expr(key));
                this.line(format!("key {name} = {value}"));
            }
            for call in &aggregation.aggregates {
                let name = this.column(call.variable);
                let argument = call.argument.as_ref().map_or("*".to_owned(), |a| this.expr(a));
                let distinct = if call.distinct { "distinct " } else { "" };
                let filter = call.filter.as_ref().map(|f| format!(" filter {}", this.expr(f)));
                let filter = filter.unwrap_or_default();
                let function = format!("{:?}", call.function);
                this.line(format!(
                    "{name}: {} = {function}({distinct}{argument}){filter}",
                    call.ty
                ));
            }
        });
    }

    fn table_of_query(&mut self, table: &Table, query: &Query, replace: bool) {
        self.table(table);
        self.query(if replace { "replaced by query" } else { "as query" }, query);
    }

    fn from(&mut self, from: &From) {
        match from {
            From::Table { table, columns } => {
                let columns: Vec<String> = columns.iter().map(|c| self.column(*c)).collect();
                let name = match &table.file {
                    Some(file) => file.request.to_string(),
                    None => table.name.to_string(),
                };
                self.line(format!("from {name} ({})", columns.join(", ")));
            }
            From::Values { rows, columns } => {
                let columns: Vec<String> = columns.iter().map(|c| self.column(*c)).collect();
                self.line(format!("values ({})", columns.join(", ")));
                self.deeper(|this| {
                    for row in rows {
                        let row: Vec<String> = row.iter().map(|e| this.expr(e)).collect();
                        this.line(format!("({})", row.join(", ")));
                    }
                });
            }
            From::Query(query) => self.query("from query", query),
            From::Common { id, columns } => {
                let columns: Vec<String> = columns.iter().map(|c| self.column(*c)).collect();
                self.line(format!("from common {} ({})", id.0, columns.join(", ")));
            }
            From::Set { op, all, left, right, columns } => {
                let op = match op {
                    SetOperator::Union => "union",
                    SetOperator::Intersect => "intersect",
                    SetOperator::Except => "except",
                };
                let all = if *all { " all" } else { "" };
                let columns: Vec<String> = columns.iter().map(|c| self.column(*c)).collect();
                self.line(format!("{op}{all} ({})", columns.join(", ")));
                self.deeper(|this| {
                    this.query("query", left);
                    this.query("query", right);
                });
            }
            From::Function { function, arguments, column } => {
                let (name, arguments) = (function.name(), self.list(arguments));
                self.line(format!("from {name}({arguments}) ({})", self.column(*column)));
            }
            From::Join { kind, left, right, condition } => {
                let on = condition.as_ref().map(|c| format!(" on {}", self.expr(c)));
                self.line(format!("join {}{}", kind.name(), on.unwrap_or_default()));
                self.deeper(|this| {
                    this.from(left);
                    this.from(right);
                });
            }
        }
    }

    fn block(&mut self, block: &Block) {
        for step in &block.statements {
            match step {
                Step::While(condition, body) => {
                    let condition = self.expr(condition);
                    self.line(format!("while {condition}"));
                    self.deeper(|this| this.block(body));
                }
                Step::ForRows(local, query, body) => {
                    let row = self.local(*local);
                    self.query(&format!("for {row} in"), query);
                    self.deeper(|this| this.block(body));
                }
                Step::Change(change, _) => self.statement(change),
                other => {
                    let step = self.step(other);
                    self.line(step);
                }
            }
        }
        if let Some(value) = &block.value {
            let value = self.expr(value);
            self.line(format!("=> {value}"));
        }
    }

    fn step(&mut self, step: &Step) -> String {
        match step {
            Step::Let(local, value) => format!("let {} = {}", self.local(*local), self.expr(value)),
            Step::Assign(local, value) => {
                format!("set {} = {}", self.local(*local), self.expr(value))
            }
            Step::AssignField(local, path, value) => {
                let path: Vec<String> = path.iter().map(u16::to_string).collect();
                let target = format!("{}.{}", self.local(*local), path.join("."));
                format!("set {target} = {}", self.expr(value))
            }
            Step::Push(local, value) => {
                format!("push {} {}", self.local(*local), self.expr(value))
            }
            Step::Expr(value) => self.expr(value),
            Step::While(condition, body) => {
                format!("while {} {}", self.expr(condition), self.inline_block(body))
            }
            Step::ForRows(local, query, body) => {
                let head = format!("for {}", self.local(*local));
                format!("{head} in {}{}", self.inner_query(query), self.inline_block(body))
            }
            Step::Change(change, _) => {
                let mut inner = Printer::new(self.columns, self.locals);
                inner.statement(change);
                inner.text.trim_end().to_owned()
            }
            Step::Break => "break".into(),
            Step::Continue => "continue".into(),
            Step::Print(value) => format!("print {}", self.expr(value)),
        }
    }

    /// A query on lines of its own.
    fn inner_query(&self, query: &Query) -> String {
        let mut inner = Printer::new(self.columns, self.locals);
        inner.depth = self.depth + 1;
        inner.query("query", query);
        format!("\n{}", inner.text)
    }

    fn inline_block(&mut self, block: &Block) -> String {
        let mut parts: Vec<String> = block.statements.iter().map(|s| self.step(s)).collect();
        parts.extend(block.value.as_ref().map(|value| format!("=> {}", self.expr(value))));
        format!("{{ {} }}", parts.join("; "))
    }

    fn column(&self, variable: ColumnVar) -> String {
        let name = self.columns.get(variable.0 as usize).map_or("", |c| c.name.as_str());
        format!("{name}#{}", variable.0)
    }

    fn local(&self, local: LocalId) -> String {
        let name = self.locals.get(local.0 as usize).map_or("", |l| l.name.as_str());
        format!("{name}%{}", local.0)
    }

    fn list(&mut self, exprs: &[Expr]) -> String {
        let shown: Vec<String> = exprs.iter().map(|e| self.expr(e)).collect();
        shown.join(", ")
    }

    fn expr(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Error => "<error>".into(),
            ExprKind::Constant(Value::Null) => format!("NULL::{}", expr.ty),
            ExprKind::Constant(value) => print_value(value, &expr.ty),
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Column(column) => self.column(*column),
            ExprKind::Parameter(index) => format!("?{index}"),
            ExprKind::Arith { op, left, right } => {
                let op = match op {
                    ArithOp::Add => "+",
                    ArithOp::Subtract => "-",
                    ArithOp::Multiply => "*",
                    ArithOp::Divide => "/",
                    ArithOp::Remainder => "%",
                };
                format!("({} {op} {}):{}", self.expr(left), self.expr(right), expr.ty)
            }
            ExprKind::Concat(a, b) => format!("({} || {})", self.expr(a), self.expr(b)),
            ExprKind::Negate(e) => format!("-{}", self.expr(e)),
            ExprKind::Not(e) => format!("not {}", self.expr(e)),
            ExprKind::And(a, b) => format!("({} and {})", self.expr(a), self.expr(b)),
            ExprKind::Or(a, b) => format!("({} or {})", self.expr(a), self.expr(b)),
            ExprKind::Compare { op, left, right } => {
                format!("({} {op} {})", self.expr(left), self.expr(right))
            }
            ExprKind::IsNull(e) => format!("({} is null)", self.expr(e)),
            ExprKind::Same(a, b) => format!("({} same {})", self.expr(a), self.expr(b)),
            ExprKind::If { condition, then, otherwise } => {
                let (condition, then) = (self.expr(condition), self.expr(then));
                format!("if {condition} then {then} else {}", self.expr(otherwise))
            }
            ExprKind::Block(block) => self.inline_block(block),
            ExprKind::Return(Some(e)) => format!("return {}", self.expr(e)),
            ExprKind::Return(None) => "return".into(),
            ExprKind::Raise(e) => format!("raise {}", self.expr(e)),
            _ => self.call_like(expr),
        }
    }

    fn call_like(&mut self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Convert { operand, mode } => {
                let how = match mode {
                    ConvertMode::Implicit => "as",
                    ConvertMode::Checked => "cast",
                    ConvertMode::Try => "try",
                };
                format!("{how}({}, {})", self.expr(operand), expr.ty)
            }
            ExprKind::Call { function, arguments } => {
                let name = match &function.receiver {
                    Some(receiver) => format!("{receiver}.{}", function.name),
                    None => function.name.to_string(),
                };
                format!("{name}({})", self.list(arguments))
            }
            ExprKind::Native { function, arguments } => {
                format!("@{}({}):{}", function.name, self.list(arguments), expr.ty)
            }
            ExprKind::Lambda(lambda) => {
                let parameters: Vec<String> =
                    lambda.parameters.iter().map(|p| self.local(*p)).collect();
                format!("({}) -> {}", parameters.join(", "), self.inline_block(&lambda.body))
            }
            ExprKind::CallValue { callee, arguments } => {
                format!("call {}({})", self.expr(callee), self.list(arguments))
            }
            ExprKind::MakeStruct(fields) => format!("{} {{{}}}", expr.ty, self.list(fields)),
            ExprKind::MakeArray(items) => format!("[{}]:{}", self.list(items), expr.ty),
            ExprKind::Field { operand, index } => format!("{}.{index}", self.expr(operand)),
            ExprKind::Element { array, index } => {
                format!("{}[{}]", self.expr(array), self.expr(index))
            }
            ExprKind::Length(e) => format!("length({})", self.expr(e)),
            ExprKind::MakeException { message, fields } => {
                let message = message.as_ref().map_or("-".to_owned(), |m| self.expr(m));
                let fields = self.list(fields);
                let comma = if fields.is_empty() { "" } else { ", " };
                format!("{}({message}{comma}{fields})", expr.ty)
            }
            ExprKind::Message(e) => format!("message({})", self.expr(e)),
            ExprKind::Subquery { kind, query } => {
                let head = match kind {
                    SubqueryKind::Scalar => "scalar".to_owned(),
                    SubqueryKind::Exists => "exists".to_owned(),
                    SubqueryKind::Array => "array".to_owned(),
                    SubqueryKind::Quantified { op, all, operand } => {
                        let operand = self.expr(operand);
                        let which = if *all { "all" } else { "any" };
                        format!("{operand} {} {which}", op)
                    }
                };
                format!("{head}({})", self.inner_query(query))
            }
            ExprKind::Try { body, exception, handler, undo } => {
                let undo = if *undo { " undo" } else { "" };
                let (body, name) = (self.expr(body), self.local(*exception));
                format!("try{undo} {body} catch {name} {}", self.expr(handler))
            }
            ExprKind::ExceptionIs { operand, name } => {
                format!("({} is {name})", self.expr(operand))
            }
            ExprKind::Catchable(e) => format!("catchable({})", self.expr(e)),
            _ => "?".into(),
        }
    }
}

/// A named type with what it consists of.
fn shape(ty: &Type) -> String {
    let fields = |fields: &[grizzly_bytecode::Field]| {
        let shown: Vec<String> = fields.iter().map(|f| format!("{}: {}", f.name, f.ty)).collect();
        shown.join(", ")
    };
    match ty {
        Type::Struct(shape) => format!("STRUCT({})", fields(&shape.fields)),
        Type::Enum(e) => format!("ENUM({})", join(&e.values)),
        Type::Exception(e) => format!("EXCEPTION('{}' {})", e.message, fields(&e.fields)),
        other => other.to_string(),
    }
}

fn join(names: &[SmolStr]) -> String {
    names.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
}
