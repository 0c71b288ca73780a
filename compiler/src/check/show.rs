//! SHOW and DESCRIBE: queries of the schema `system`, and rows that the checker knows itself.

use super::Checker;
use super::query::plain_query;
use crate::catalog::{FunctionKey, NativeType, ObjectKind, Table};
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, From, Function, OrderKey, OutputColumn, Query, StatementKind};
use crate::settings::{SETTINGS, Setting};
use crate::suggest::similar;
use grizzly_bytecode::{Field, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A row of DESCRIBE: name, type, whether it may be NULL, whether it belongs to the primary key.
type Described = (SmolStr, String, bool, bool);

impl<'a> Checker<'a> {
    /// SHOW.
    pub(crate) fn show(&mut self, kind: ast::ShowKind, span: Span) -> Option<StatementKind> {
        let (table, columns): (&str, &[&str]) = match kind {
            ast::ShowKind::Tables => ("system.tables", &["name", "kind", "columns", "rows"]),
            ast::ShowKind::Types => ("system.types", &["name", "kind", "definition"]),
            ast::ShowKind::Functions => {
                ("system.functions", &["name", "kind", "signature", "description"])
            }
            ast::ShowKind::Variables => ("system.variables", &["name", "type", "value"]),
            ast::ShowKind::Settings => {
                ("system.settings", &["name", "value", "type", "description"])
            }
            ast::ShowKind::Secrets
            | ast::ShowKind::Triggers
            | ast::ShowKind::CronJobs
            | ast::ShowKind::Extensions
            | ast::ShowKind::Databases => {
                self.later(span, "SHOW of these objects");
                return None;
            }
        };
        let Some(table) = self.catalog.table(table) else {
            self.later(span, "SHOW");
            return None;
        };
        Some(StatementKind::Query(self.listing(table, columns, span)))
    }

    /// Some columns of a table, ordered by the first two.
    fn listing(&mut self, table: Arc<Table>, shown: &[&str], span: Span) -> Query {
        let (scope, variables) = self.table_columns(&table);
        let place = self.place(span);
        let mut outputs: Vec<OutputColumn> = Vec::new();
        for name in shown {
            let position = table.columns.iter().position(|column| column.name == *name);
            let found = position.and_then(|at| Some((table.columns.get(at)?, scope.get(at)?)));
            if let Some((column, source)) = found {
                let kind = ExprKind::Column(source.variable);
                let value = Expr { kind, ty: column.ty.clone(), place };
                outputs.push(self.output(column.name.clone(), value));
            }
        }
        let key = |output: &OutputColumn| OrderKey {
            value: output.value.clone(),
            descending: false,
            nulls_first: false,
        };
        let order = outputs.iter().take(2).map(key).collect();
        let from = Some(From::Table { table, columns: variables });
        Query { order, ..plain_query(from, outputs) }
    }

    /// DESCRIBE.
    pub(crate) fn describe(
        &mut self,
        describe: &'a ast::Describe,
        span: Span,
    ) -> Option<StatementKind> {
        let rows = match describe {
            ast::Describe::Query(query) => {
                let query = self.query(query, None)?;
                self.outputs_described(&query)
            }
            ast::Describe::Object { class, name } => self.object_described(*class, name)?,
        };
        Some(StatementKind::Query(self.described(rows, span)))
    }

    fn outputs_described(&self, query: &Query) -> Vec<Described> {
        let described = |output: &OutputColumn| {
            let column = self.columns.get(output.variable.0 as usize);
            let nullable = column.is_none_or(|column| column.nullable);
            (output.name.clone(), output.value.ty.to_string(), nullable, false)
        };
        query.outputs.iter().map(described).collect()
    }

    fn object_described(
        &mut self,
        class: Option<ast::ObjectClass>,
        name: &'a ast::Name,
    ) -> Option<Vec<Described>> {
        use ast::ObjectClass as C;
        if !matches!(class, None | Some(C::Table | C::View | C::Type | C::Function)) {
            self.later(name.span, "DESCRIBE of this kind of object");
            return None;
        }
        let wants = |kind: C| class.is_none() || class == Some(kind);
        let text = self.object_name(name)?;
        let folded = ast::fold(&text);
        if wants(C::Table)
            && let Some(table) = self.catalog.table(&folded)
        {
            return Some(table_described(&table));
        }
        if wants(C::View)
            && let Some(view) = self.catalog.view(&folded)
        {
            let columns = self.view_columns(&view, name.span)?;
            let row = |(name, ty, nullable): (SmolStr, Type, bool)| {
                (name, ty.to_string(), nullable, false)
            };
            return Some(columns.into_iter().map(row).collect());
        }
        if wants(C::Type)
            && let Some(ty) = self.catalog.ty(&folded)
        {
            return Some(type_described(&ty));
        }
        if wants(C::Function)
            && let Some(rows) = self.function_described(&folded)
        {
            return Some(rows);
        }
        let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::Type, ObjectKind::Function];
        let mut names: Vec<SmolStr> =
            kinds.into_iter().flat_map(|kind| self.catalog.names(kind)).collect();
        names.extend(self.catalog.names(ObjectKind::Native));
        let near = similar(&text, names.iter());
        self.report(say::unknown_object(name.span, &text, near.as_deref()));
        None
    }

    fn function_described(&self, name: &SmolStr) -> Option<Vec<Described>> {
        let key = FunctionKey { receiver: None, name: name.clone() };
        if let Some(function) = self.catalog.function(&key) {
            return Some(parameters_described(&function));
        }
        let form = self.catalog.natives(name).into_iter().next()?;
        let shown = |ty: &NativeType| ty.to_string();
        let mut rows: Vec<Described> = form
            .parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), shown(&parameter.ty), true, false))
            .collect();
        rows.push(("RETURNS".into(), shown(&form.result), form.nullable || form.strict, false));
        Some(rows)
    }

    /// The rows of DESCRIBE as a query.
    fn described(&mut self, rows: Vec<Described>, span: Span) -> Query {
        let place = self.place(span);
        let shape = [
            ("name", Type::Text),
            ("type", Type::Text),
            ("is_nullable", Type::Bool),
            ("is_key", Type::Bool),
        ];
        let mut columns = Vec::new();
        let mut outputs = Vec::new();
        for (name, ty) in shape.clone() {
            let variable = self.new_column(name, ty.clone(), false);
            columns.push(variable);
            let value = Expr { kind: ExprKind::Column(variable), ty, place };
            outputs.push(self.output(name.into(), value));
        }
        let row = |(name, ty, nullable, key): Described| {
            let values =
                [Value::text(name), Value::text(ty), Value::Bool(nullable), Value::Bool(key)];
            let constant = |(value, (_, ty)): (Value, &(&str, Type))| Expr {
                kind: ExprKind::Constant(value),
                ty: ty.clone(),
                place,
            };
            values.into_iter().zip(&shape).map(constant).collect()
        };
        let rows: Vec<Vec<Expr>> = rows.into_iter().map(row).collect();
        plain_query(Some(From::Values { rows, columns }), outputs)
    }

    /// `SET system.name = e`: a constant of the setting's type.
    pub(crate) fn set_setting(&mut self, set: &'a ast::Set) -> Option<StatementKind> {
        let target = &set.target;
        let [ast::TargetStep::Field(part)] = target.path.as_slice() else {
            self.report(say::unknown_setting(target.span, "this", None));
            return None;
        };
        let name = ast::fold(&self.part_name(part)?);
        let Some(setting) = crate::settings::setting(&name) else {
            let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            let near = similar(&name, names.iter());
            self.report(say::unknown_setting(part.span(), &name, near.as_deref()));
            return None;
        };
        let value = self.setting_value(setting, &set.value)?;
        Some(StatementKind::SetSetting(setting.name.into(), value))
    }

    fn setting_value(&mut self, setting: &Setting, value: &'a ast::Expr) -> Option<Value> {
        let operand = self.operand(value, Some(&setting.ty));
        let mode = super::operand::Mode::Assign;
        let expr = self.coerce(operand, &setting.ty, mode, "the value of the setting");
        if expr.ty.is_error() || super::walk::has_error(&expr) {
            return None;
        }
        let known = super::known_value(&expr);
        if known.is_none() {
            self.later(value.span, "a setting's value that is no constant");
        }
        known
    }
}

fn table_described(table: &Table) -> Vec<Described> {
    let row = |(index, column): (usize, &crate::catalog::TableColumn)| {
        let key = table.key.contains(&index);
        (column.name.clone(), column.ty.to_string(), column.nullable, key)
    };
    table.columns.iter().enumerate().map(row).collect()
}

fn type_described(ty: &Type) -> Vec<Described> {
    let fields = |fields: &[Field]| {
        let row = |field: &Field| (field.name.clone(), field.ty.to_string(), true, false);
        fields.iter().map(row).collect()
    };
    match ty {
        Type::Struct(shape) => fields(&shape.fields),
        Type::Exception(exception) => fields(&exception.fields),
        Type::Enum(of) => {
            let row = |value: &SmolStr| (value.clone(), of.name.to_string(), false, false);
            of.values.iter().map(row).collect()
        }
        other => vec![("VALUE".into(), other.to_string(), true, false)],
    }
}

fn parameters_described(function: &Function) -> Vec<Described> {
    let mut rows: Vec<Described> = function
        .parameters
        .iter()
        .map(|parameter| {
            (parameter.name.clone(), parameter.ty.to_string(), parameter.nullable, false)
        })
        .collect();
    if let Some(result) = &function.result {
        rows.push(("RETURNS".into(), result.ty.to_string(), result.nullable, false));
    }
    rows
}
