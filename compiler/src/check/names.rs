//! Names: columns, locals, variables, parameters and fields, in the order of language.md §3 and §5.

use super::operand::{Operand, Untyped};
use super::scope::{AliasMode, ScopeColumn, ScopeTable};
use super::{Binding, Checker, Meaning};
use crate::catalog::ObjectKind;
use crate::diagnostics as say;
use crate::hir::{Expr, ExprKind, LocalId};
use crate::suggest::similar;
use grizzly_bytecode::{Parameter, ParameterSource, Type, Value};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// Functions of the standard library that SQL writes without parentheses.
const BARE_CALLS: &[&str] =
    &["current_date", "current_timestamp", "current_time", "localtimestamp", "localtime"];

impl<'a> Checker<'a> {
    /// A bare name.
    pub(crate) fn name(&mut self, ident: &'a ast::Ident) -> Operand {
        let span = ident.span;
        let name = ident.folded();
        if self.scope.alias_mode == AliasMode::BeforeColumns
            && let Some(column) = self.alias_variable(&name)
        {
            return Operand::Typed(self.column(column, self.place(span)));
        }
        if let Some(found) = self.own_name(ident, &name) {
            return found;
        }
        if self.scope.alias_mode == AliasMode::AfterColumns
            && let Some(alias) = self.scope.aliases.iter().find(|a| a.name == name).cloned()
        {
            // The alias's own text is checked again, without aliases, so it cannot mean itself.
            let aliases = std::mem::take(&mut self.scope.aliases);
            let operand = self.operand(alias.value, None);
            self.scope.aliases = aliases;
            return operand;
        }
        if let Some(found) = self.outer_name(ident, &name) {
            return found;
        }
        self.other_name(ident, &name)
    }

    /// A name that the innermost query knows: a binding inside it, a column of its row.
    fn own_name(&mut self, ident: &ast::Ident, name: &str) -> Option<Operand> {
        let first = self.scope.first_binding;
        if let Some(inner) = self.binding(name, first) {
            return Some(Operand::Typed(self.use_binding(inner, ident.span)));
        }
        let columns = self.scope.columns_named(name);
        self.one_column(ident, columns, first)
    }

    /// A name that the queries around know, from the inside outwards, or a local around them all.
    fn outer_name(&mut self, ident: &ast::Ident, name: &str) -> Option<Operand> {
        let mut until = self.scope.first_binding;
        for depth in 1.. {
            let Some(level) = self.levels().nth(depth) else { break };
            let (first, columns) = (level.first_binding, level.columns_named(name));
            if let Some(inner) = self.binding_within(name, first, until) {
                return Some(Operand::Typed(self.use_binding(inner, ident.span)));
            }
            if let Some(found) = self.one_column(ident, columns, first) {
                return Some(found);
            }
            until = first;
        }
        let outer = self.binding_within(name, 0, until)?;
        Some(Operand::Typed(self.use_binding(outer, ident.span)))
    }

    /// The column of a name, where there is one; a local outside its query (before the binding
    /// `first`) makes the name ambiguous.
    fn one_column(
        &mut self,
        ident: &ast::Ident,
        columns: Vec<(SmolStr, ScopeColumn)>,
        first: usize,
    ) -> Option<Operand> {
        let span = ident.span;
        Some(Operand::Typed(match columns.as_slice() {
            [] => return None,
            [(table, column)] => match self.binding_within(&ident.folded(), 0, first) {
                None => self.column_value(column, span),
                Some(local) => {
                    let what = self.names.get_mut(local).map_or("local", |binding| {
                        binding.used = true;
                        binding.what
                    });
                    self.report(say::column_or_local(span, &ident.name, table, what));
                    self.error(span)
                }
            },
            several => {
                let owners: Vec<SmolStr> = several.iter().map(|(t, _)| t.clone()).collect();
                self.report(say::ambiguous_column(span, &ident.name, &owners));
                self.error(span)
            }
        }))
    }

    /// A name that is neither column nor local: an alias, a row, a call without parentheses.
    fn other_name(&mut self, ident: &'a ast::Ident, name: &SmolStr) -> Operand {
        let span = ident.span;
        let level = self.levels().find(|level| level.aliases.iter().any(|a| a.name == *name));
        if let Some(level) = level
            && let Some(alias) = level.aliases.iter().find(|a| a.name == *name)
        {
            let itself = alias.value.span.start <= span.start && span.end <= alias.value.span.end;
            if level.tables.is_some() && !itself {
                let (clause, at) = (level.clause, alias.span);
                self.report(say::alias_not_visible(span, &ident.name, clause, at));
                return Operand::Typed(self.error(span));
            }
        }
        if let Some(table) = self.levels().find_map(|level| level.table(name)).cloned() {
            return Operand::Typed(self.row_of(&table, span));
        }
        if BARE_CALLS.contains(&name.as_str()) && !self.catalog.natives(name).is_empty() {
            return Operand::Typed(self.native_call(ident, Vec::new(), span));
        }
        if name == "args" && self.function.is_none() && self.catalog.variable(name).is_some() {
            return Operand::Typed(self.interpolation(ident, span));
        }
        if self.names_function(ident) {
            return Operand::Typed(self.function_value(ident, None));
        }
        self.unknown_name(ident, name);
        Operand::Typed(self.error(span))
    }

    /// Whether a folded name is a local, a column or an alias.
    fn is_known(&self, name: &str) -> bool {
        self.binding(name, 0).is_some()
            || self.levels().any(|level| {
                let alias = level.aliases.iter().any(|alias| alias.name == name);
                alias || !level.columns_named(name).is_empty()
            })
    }

    fn unknown_name(&mut self, ident: &ast::Ident, name: &SmolStr) {
        let span = ident.span;
        if self.scope.tables.is_none()
            && matches!(self.scope.clause, "LIMIT" | "OFFSET" | "DEFAULT")
        {
            self.report(say::not_constant(span, &ident.name, self.scope.clause));
            return;
        }
        let columns = self.column_names();
        let mut names: Vec<SmolStr> = self.names.iter().map(|b| b.name.clone()).collect();
        let variable = self.function.is_none() && self.catalog.variable(name).is_some();
        if !columns.is_empty() && !variable {
            names.extend(columns.iter().cloned());
            let near = similar(name, names.iter());
            self.report(say::unknown_column(span, &ident.name, None, near.as_deref(), &columns));
            return;
        }
        let near = similar(name, names.iter());
        self.report(say::unknown_name(span, &ident.name, near.as_deref(), variable));
    }

    fn alias_variable(&self, name: &str) -> Option<crate::hir::ColumnVar> {
        let found = self.scope.aliases.iter().find(|alias| alias.name == name)?;
        found.variable
    }

    /// The innermost binding of a folded name at or after `from`.
    fn binding(&self, name: &str, from: usize) -> Option<usize> {
        let found = self.names.iter().rposition(|binding| binding.name == name)?;
        (found >= from).then_some(found)
    }

    /// The innermost binding of a folded name from `from` on and before `until`.
    fn binding_within(&self, name: &str, from: usize, until: usize) -> Option<usize> {
        let before = self.names.get(..until)?;
        let found = before.iter().rposition(|binding| binding.name == name)?;
        (found >= from).then_some(found)
    }

    fn use_binding(&mut self, index: usize, span: Span) -> Expr {
        let Some(binding) = self.names.get_mut(index) else { return self.error(span) };
        binding.used = true;
        match binding.meaning.clone() {
            Meaning::Local(local) => self.local(local, self.place(span)),
            Meaning::Script(local) => self.script_value(local, span),
            Meaning::Value(mut value) => {
                value.place = self.place(span);
                value
            }
        }
    }

    /// The local that SET may assign to.
    pub(crate) fn target_local(&mut self, ident: &ast::Ident) -> Option<Result<LocalId, ()>> {
        let index = self.binding(&ident.folded(), 0)?;
        let binding = self.names.get(index)?;
        Some(match binding.meaning {
            Meaning::Local(local) => Ok(local),
            Meaning::Value(_) | Meaning::Script(_) => Err(()),
        })
    }

    /// Makes a name mean something from here on.
    pub(crate) fn bind(&mut self, ident: &ast::Ident, meaning: Meaning, what: &'static str) {
        let name = ident.folded();
        let hidden = self.names.iter().rev().find(|binding| binding.name == name);
        if let Some(hidden) = hidden
            && !name.starts_with('_')
        {
            let first = hidden.span;
            self.report(say::shadows(ident.span, &ident.name, Some(first)));
        }
        self.names.push(Binding { name, span: ident.span, meaning, what, used: false });
    }

    /// Ends the scope of the bindings after the first `keep`, and reports those that nothing read.
    pub(crate) fn unbind(&mut self, keep: usize) {
        let ended: Vec<Binding> = self.names.drain(keep.min(self.names.len())..).collect();
        for binding in ended {
            // What was not understood may have read it.
            let mut errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
            let doubt = errors.any(|error| error.primary.span.start > binding.span.start);
            let quiet = doubt || binding.name.starts_with('_') || binding.name == "self";
            if !binding.used && !quiet {
                self.report(say::unused(binding.span, binding.what, &binding.name));
            }
        }
    }

    /// `{name}`: the value of a local or of a session variable.
    pub(crate) fn interpolation(&mut self, variable: &'a ast::Ident, span: Span) -> Expr {
        let name = variable.folded();
        if let Some(local) = self.binding(&name, 0) {
            return self.use_binding(local, span);
        }
        if self.function.is_some() {
            self.report(say::variable_in_function(span, &variable.name));
            return self.error(span);
        }
        if self.viewing {
            self.report(say::variable_in_view(span, &variable.name));
            return self.error(span);
        }
        match self.catalog.variable(&name) {
            Some(known) => {
                let source = ParameterSource::Variable(name);
                let index = self.parameter(source, known.ty.clone(), true);
                let kind = ExprKind::Parameter(index);
                Expr { kind, ty: known.ty, place: self.place(span) }
            }
            None => {
                self.unknown_variable(variable, span);
                self.error(span)
            }
        }
    }

    pub(crate) fn unknown_variable(&mut self, variable: &ast::Ident, span: Span) {
        if self.open {
            self.be_late(span, "a variable that may be set when it is reached".into());
            return;
        }
        let names = self.catalog.names(ObjectKind::Variable);
        let near = similar(&variable.folded(), names.iter());
        self.report(say::unknown_variable(span, &variable.name, near.as_deref()));
    }

    /// Notes that the statement can only be checked when it is reached.
    pub(crate) fn be_late(&mut self, span: Span, why: String) {
        if self.late.is_none() {
            self.late = Some((span, why));
        }
    }

    /// `?`, `$1`, `$name`.
    pub(crate) fn parameter_ref(
        &mut self,
        parameter: &'a ast::ParameterRef,
        span: Span,
    ) -> Operand {
        if self.function.is_some() {
            return Operand::Typed(self.later(span, "a statement parameter in a function"));
        }
        if self.viewing {
            return Operand::Typed(self.later(span, "a statement parameter in a view"));
        }
        let position = |n: u32| ParameterSource::Positional(n.saturating_sub(1) as u16);
        let source = match parameter {
            ast::ParameterRef::Positional(n) | ast::ParameterRef::Numbered(n) => position(*n),
            ast::ParameterRef::Named(name) => ParameterSource::Named(name.folded()),
        };
        let index = self.parameter(source, Type::Text, false);
        if self.parameter_typed.get(usize::from(index)) == Some(&true) {
            let ty = self.parameters.get(usize::from(index)).map_or(Type::Error, |p| p.ty.clone());
            let kind = ExprKind::Parameter(index);
            return Operand::Typed(Expr { kind, ty, place: self.place(span) });
        }
        Operand::Untyped(Untyped::Parameter(index), span)
    }

    fn parameter(&mut self, source: ParameterSource, ty: Type, typed: bool) -> u16 {
        if let Some(known) = self.parameters.iter().position(|p| p.source == source) {
            return known as u16;
        }
        self.parameters.push(Parameter { source, ty });
        self.parameter_typed.push(typed);
        (self.parameters.len() - 1) as u16
    }

    /// The text of one part of a name: a plain name, or the known value of `{variable}`.
    pub(crate) fn part_name(&mut self, part: &'a ast::NamePart) -> Option<SmolStr> {
        match part {
            ast::NamePart::Ident(ident) => Some(ident.name.clone()),
            ast::NamePart::Interpolation(interpolation) => {
                let (variable, span) = (&interpolation.variable, interpolation.span);
                if let Some(local) = self.script_local(&variable.folded()) {
                    return self.local_as_name(&local, variable, span);
                }
                if self.function.is_some() {
                    self.report(say::variable_in_function(span, &variable.name));
                    return None;
                }
                if self.viewing {
                    self.report(say::variable_in_view(span, &variable.name));
                    return None;
                }
                let Some(known) = self.catalog.variable(&variable.folded()) else {
                    self.unknown_variable(variable, span);
                    return None;
                };
                match known.value {
                    Some(Value::Text(text)) => Some(text),
                    _ if known.ty != Type::Text => {
                        self.report(say::not_a_name(span, &variable.name, &known.ty));
                        None
                    }
                    _ => {
                        let why = format!("the value of `{{{}}}`", variable.name);
                        self.be_late(span, why);
                        None
                    }
                }
            }
        }
    }

    /// The value of a local of the script.
    pub(crate) fn script_value(&mut self, local: super::ScriptLocal, span: Span) -> Expr {
        let index = self.parameter(ParameterSource::Local(local.key), local.ty.clone(), true);
        Expr { kind: ExprKind::Parameter(index), ty: local.ty, place: self.place(span) }
    }

    /// The local of the script that a folded name means.
    pub(crate) fn script_local(&mut self, name: &str) -> Option<super::ScriptLocal> {
        let index = self.binding(name, 0)?;
        let binding = self.names.get_mut(index)?;
        binding.used = true;
        match &binding.meaning {
            Meaning::Script(local) => Some(local.clone()),
            _ => None,
        }
    }

    /// The name that a local of the script holds; it is known once the statement is reached.
    fn local_as_name(
        &mut self,
        local: &super::ScriptLocal,
        variable: &ast::Ident,
        span: Span,
    ) -> Option<SmolStr> {
        match &local.value {
            Some(Value::Text(text)) => Some(text.clone()),
            _ if local.ty != Type::Text || local.value.is_some() => {
                self.report(say::not_a_name(span, &variable.name, &local.ty));
                None
            }
            _ => {
                self.be_late(span, format!("the value of `{{{}}}`", variable.name));
                None
            }
        }
    }

    /// The name of an object without a schema.
    pub(crate) fn object_name(&mut self, name: &'a ast::Name) -> Option<SmolStr> {
        match name.parts.as_slice() {
            [part] => self.part_name(part),
            [ast::NamePart::Ident(schema), part] if schema.eq_name("system") => {
                Some(format!("system.{}", self.part_name(part)?).into())
            }
            _ => {
                self.later(name.span, "a name with a schema or a module");
                None
            }
        }
    }

    /// `base.field`.
    pub(crate) fn field(
        &mut self,
        base: &'a ast::Expr,
        field: &'a ast::NamePart,
        span: Span,
    ) -> Operand {
        let Some(name) = self.part_name(field) else { return Operand::Typed(self.error(span)) };
        if let ast::ExprKind::Name(table) = &base.kind {
            if let Some(found) = self.row_named(&table.folded()) {
                return Operand::Typed(self.row_column(&found, &name, field.span(), span));
            }
            let tables = self.levels().flat_map(|level| level.rows());
            let names: Vec<SmolStr> = tables.map(|table| table.name.clone()).collect();
            let beside = self.is_beside(&table.folded());
            if (beside || !names.is_empty()) && !self.is_known(&table.folded()) {
                self.unknown_row(table, &names);
                return Operand::Typed(self.error(span));
            }
        }
        let operand = self.expr(base);
        Operand::Typed(self.field_of(operand, &name, field.span(), span))
    }

    /// The table of FROM that a name before a point means, from the innermost query outwards; none
    /// where a binding or a column further inside has the name.
    fn row_named(&self, name: &str) -> Option<ScopeTable> {
        let mut until = self.names.len();
        for level in self.levels() {
            if self.binding_within(name, level.first_binding, until).is_some() {
                return None;
            }
            if let Some(table) = level.table(name) {
                return Some(table.clone());
            }
            if !level.columns_named(name).is_empty() {
                return None;
            }
            until = level.first_binding;
        }
        None
    }

    /// Whether a name is that of a table beside a query around, which LATERAL would show it.
    fn is_beside(&self, name: &str) -> bool {
        let mut tables = self.levels().flat_map(|level| &level.beside);
        tables.any(|table| table.name.eq_ignore_ascii_case(name))
    }

    fn unknown_row(&mut self, table: &ast::Ident, names: &[SmolStr]) {
        let near = similar(&table.name, names.iter());
        let beside = self.is_beside(&table.folded());
        let near = near.as_deref().filter(|_| !beside);
        let diagnostic = say::unknown_table(table.span, &table.name, near, None);
        self.report(if beside {
            diagnostic
                .with_note("a query in FROM does not see the tables beside it")
                .with_help("write LATERAL before the query")
        } else {
            diagnostic
        });
    }

    /// `table.column`.
    fn row_column(&mut self, table: &ScopeTable, name: &str, at: Span, span: Span) -> Expr {
        let columns = &table.columns;
        let mut found = columns.iter().filter(|c| c.name.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some(column), None) => self.column(column.variable, self.place(span)),
            (Some(_), Some(_)) => {
                self.report(say::ambiguous_column(at, name, &[]));
                self.error(span)
            }
            (None, _) => {
                let names: Vec<SmolStr> = columns.iter().map(|c| c.name.clone()).collect();
                let near = similar(name, names.iter());
                let table = Some(table.name.as_str());
                self.report(say::unknown_column(at, name, table, near.as_deref(), &names));
                self.error(span)
            }
        }
    }

    /// A field of a value.
    pub(crate) fn field_of(&mut self, base: Expr, name: &str, at: Span, span: Span) -> Expr {
        let place = self.place(span);
        let fields = match &base.ty {
            Type::Error => return self.error(span),
            Type::Struct(shape) => shape.fields.clone(),
            Type::Exception(_) if name.eq_ignore_ascii_case("message") => {
                let kind = ExprKind::Message(Box::new(base));
                return Expr { kind, ty: Type::Text, place };
            }
            Type::Exception(exception) => exception.fields.clone(),
            Type::Json => return self.json_field(base, name, span),
            _ => Vec::new(),
        };
        match fields.iter().position(|field| field.name.eq_ignore_ascii_case(name)) {
            Some(index) if is_row(&base) => match base.kind {
                // The field of a row is its column.
                ExprKind::MakeStruct(mut values) if index < values.len() => {
                    Expr { place, ..values.swap_remove(index) }
                }
                _ => self.error(span),
            },
            Some(index) => {
                let ty = fields.get(index).map_or(Type::Error, |field| field.ty.clone());
                let kind = ExprKind::Field { operand: Box::new(base), index: index as u16 };
                Expr { kind, ty, place }
            }
            None => {
                let names: Vec<SmolStr> = fields.iter().map(|f| f.name.clone()).collect();
                let near = similar(name, names.iter());
                self.report(say::no_field(at, name, &base.ty, near.as_deref(), &names));
                self.error(span)
            }
        }
    }
}

/// Whether an expression is a row: a struct of columns.
fn is_row(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::MakeStruct(values) => {
            values.iter().all(|value| matches!(value.kind, ExprKind::Column(_)))
        }
        _ => false,
    }
}
