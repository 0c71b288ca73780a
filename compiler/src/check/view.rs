//! Views. A view is kept as it was written, and its query is checked anew where it is used: it
//! then means what the objects that it names mean there.

use super::source::outputs_as_columns;
use super::{Checker, ScriptFacts};
use crate::catalog::{Catalog, FunctionKey, ObjectKind, Source, View};
use crate::diagnostics as say;
use crate::hir::{Effect, ExprKind, From, Function, Offsets, Query, StatementKind};
use crate::overlay::Overlay;
use grizzly_bytecode::Type;
use grizzly_grammar::{Diagnostic, Span, ast};
use hashbrown::HashSet;
use smol_str::SmolStr;
use std::sync::Arc;

/// What the check of a view gives, beside its query.
#[derive(Default)]
struct Checked {
    query: Option<Query>,
    diagnostics: Vec<Diagnostic>,
    late: Option<(Span, String)>,
    uses: HashSet<(ObjectKind, SmolStr)>,
}

impl<'a> Checker<'a> {
    /// CREATE VIEW.
    pub(crate) fn create_view(&mut self, create: &'a ast::CreateView) -> Option<StatementKind> {
        if create.temporary {
            self.later(create.name.span, "a TEMP view");
            return None;
        }
        let name = self.object_name(&create.name)?;
        let folded = ast::fold(&name);
        let view = Arc::new(View {
            name: name.clone(),
            definition: Arc::new(create.clone()),
            source: self.source,
            text: self.text.into(),
        });
        if self.facts.stored {
            // It was checked when it was made, and is again wherever it is used.
            return Some(StatementKind::CreateView(view, Box::default()));
        }
        let at = create.name.span;
        if self.catalog.table(&folded).is_some() {
            let help = "choose another name: tables and views share theirs";
            self.report(say::already_exists(at, "table", &name, None, help));
            return None;
        }
        let exists = self.catalog.view(&folded).is_some();
        if exists && create.if_not_exists {
            return Some(StatementKind::Nothing);
        }
        if exists && !create.or_replace {
            let help = "write `CREATE OR REPLACE VIEW` to replace it";
            self.report(say::already_exists(at, "view", &name, None, help));
            return None;
        }
        self.expanding.push(folded);
        let query = self.view_rows(create);
        self.expanding.pop();
        let query = query?;
        if exists {
            self.check_dependents(&view, at)?;
        }
        Some(StatementKind::CreateView(view, Box::new(query)))
    }

    /// The rows of a view under the names that it gives them.
    fn view_rows(&mut self, create: &'a ast::CreateView) -> Option<Query> {
        let before = std::mem::replace(&mut self.viewing, true);
        let query = self.query(&create.query, None);
        self.viewing = before;
        let mut query = query?;
        let (names, found) = (&create.columns, query.outputs.len());
        if names.len() > found {
            let what = "the query of the view";
            self.report(say::wrong_width(create.name.span, found, names.len(), what));
            return None;
        }
        for (output, name) in query.outputs.iter_mut().zip(names) {
            output.name = name.name.clone();
        }
        let mut seen: Vec<SmolStr> = Vec::new();
        for output in &query.outputs {
            let name = ast::fold(&output.name);
            if seen.contains(&name) {
                let at = Span::new(output.value.place.start, output.value.place.end);
                self.report(say::duplicate_column(at, &output.name));
                return None;
            }
            seen.push(name);
            self.forbid_writes(&output.value, "a view");
        }
        Some(query)
    }

    /// Checks a view over a catalog, apart from the statement that is being checked.
    fn check_view(&self, view: &View, catalog: &dyn Catalog) -> (Checked, Parts) {
        let source = Source { id: view.source, text: view.text.clone() };
        let mut inner = Checker::new(catalog, self.facts, &source, self.open);
        inner.expanding.clone_from(&self.expanding);
        inner.function.clone_from(&self.function);
        inner.expanding.push(ast::fold(&view.name));
        let query = inner.view_rows(&view.definition);
        let failed = inner.errored.get() || inner.diagnostics.iter().any(Diagnostic::is_error);
        let checked = Checked {
            query: query.filter(|_| !failed && inner.late.is_none()),
            diagnostics: std::mem::take(&mut inner.diagnostics),
            late: inner.late.take(),
            uses: std::mem::take(&mut inner.uses),
        };
        let parts = Parts {
            columns: std::mem::take(&mut inner.columns),
            locals: std::mem::take(&mut inner.locals),
            commons: inner.next_common,
        };
        (checked, parts)
    }

    /// The names and types of a view's columns, and whether they may be NULL, or a report.
    pub(crate) fn view_columns(
        &mut self,
        view: &View,
        at: Span,
    ) -> Option<Vec<(SmolStr, Type, bool)>> {
        let (checked, parts) = self.check_view(view, self.catalog);
        let Some(query) = checked.query else {
            let first = checked.diagnostics.iter().find(|d| d.is_error());
            let why = first.map_or("", |diagnostic| diagnostic.message.as_str());
            self.report(say::broken_object(at, "view", &view.name, why));
            return None;
        };
        let column = |output: crate::hir::OutputColumn| {
            let known = parts.columns.get(output.variable.0 as usize);
            (output.name, output.value.ty, known.is_none_or(|column| column.nullable))
        };
        Some(query.outputs.into_iter().map(column).collect())
    }

    /// A view in FROM: its query, with variables that are free here.
    pub(crate) fn view_source(
        &mut self,
        view: &View,
        name: &'a ast::Name,
        item: &'a ast::FromItem,
    ) -> Option<From> {
        self.uses.insert((ObjectKind::View, ast::fold(&view.name)));
        if self.expanding.contains(&ast::fold(&view.name)) {
            self.report(say::recursive_view(name.span, &view.name));
            self.error_table();
            return None;
        }
        let (checked, parts) = self.check_view(view, self.catalog);
        self.uses.extend(checked.uses);
        if let Some((_, why)) = checked.late {
            self.be_late(name.span, why);
            self.error_table();
            return None;
        }
        let Some(mut query) = checked.query else {
            let first = checked.diagnostics.iter().find(|d| d.is_error());
            let why = first.map_or("", |diagnostic| diagnostic.message.as_str());
            self.report(say::broken_object(name.span, "view", &view.name, why));
            self.error_table();
            return None;
        };
        query.renumber(Offsets {
            columns: self.columns.len() as u32,
            locals: self.locals.len() as u32,
            commons: self.next_common,
        });
        self.columns.extend(parts.columns);
        self.locals.extend(parts.locals);
        self.next_common += parts.commons;
        let alias = item.alias.as_ref();
        let shown = alias.map_or(view.name.clone(), |alias| alias.name.name.clone());
        let at = alias.map_or(name.span, |alias| alias.name.span);
        let columns = outputs_as_columns(&query);
        let row = Arc::new(self.row_shape(&columns));
        self.enter_table(shown, at, columns, row, alias)?;
        Some(From::Query(Box::new(query)))
    }

    /// The views that use an object, directly or through other views.
    pub(crate) fn dependents(&self, kind: ObjectKind, name: &SmolStr) -> Vec<SmolStr> {
        let key = (kind, name.clone());
        let mut found = Vec::new();
        for view in self.catalog.names(ObjectKind::View) {
            if let Some(view) = self.catalog.view(&ast::fold(&view))
                && self.check_view(&view, self.catalog).0.uses.contains(&key)
            {
                found.push(view.name.clone());
            }
        }
        found
    }

    /// Reports the views that do not fit the new form of the view that they use.
    fn check_dependents(&mut self, view: &Arc<View>, at: Span) -> Option<()> {
        let folded = ast::fold(&view.name);
        let mut changed = Overlay::new(self.catalog);
        changed.objects.views.insert(folded.clone(), Some(view.clone()));
        let mut broken: Vec<(SmolStr, String)> = Vec::new();
        for name in self.dependents(ObjectKind::View, &folded) {
            let Some(user) = self.catalog.view(&ast::fold(&name)) else { continue };
            let (checked, _) = self.check_view(&user, &changed);
            if checked.query.is_none() && checked.late.is_none() {
                let first = checked.diagnostics.into_iter().find(Diagnostic::is_error);
                broken.push((name, first.map(|d| d.message).unwrap_or_default()));
            }
        }
        let Some((first, why)) = broken.first() else { return Some(()) };
        let mut report = say::broken_object(at, "view", first, why)
            .with_note(format!("`{}` is used by it", view.name))
            .with_help("keep the columns that other views use, or DROP those views first");
        for (name, why) in broken.iter().skip(1) {
            report = report.with_note(format!("`{name}` does not either: {why}"));
        }
        self.report(report);
        None
    }

    /// Why a function, or one that it calls, cannot run: a table that its queries read is gone, or
    /// has other columns than when it was made.
    pub(crate) fn lost_table(
        &self,
        function: &Function,
        seen: &mut Vec<FunctionKey>,
    ) -> Option<String> {
        if function.effect < Effect::Reads || seen.contains(&function.key) {
            return None;
        }
        seen.push(function.key.clone());
        let mut lost: Option<String> = None;
        let mut called: Vec<FunctionKey> = Vec::new();
        function.body.for_each_expr(&mut |expr| {
            expr.for_each_table(&mut |table| {
                let now = self.catalog.table(&ast::fold(&table.name));
                let why = match now {
                    None => format!("there is no table `{}`", table.name),
                    Some(now) if now.has_shape_of(table) => return,
                    Some(_) => format!("the table `{}` has other columns now", table.name),
                };
                lost.get_or_insert(why);
            });
            expr.walk(&mut |e| {
                if let ExprKind::Call { function, .. } = &e.kind {
                    called.push(function.clone());
                }
            });
        });
        let called = called.into_iter().filter_map(|key| self.catalog.function(&key));
        lost.or_else(|| called.into_iter().find_map(|callee| self.lost_table(&callee, seen)))
    }

    /// The views that must be dropped with these objects; reports them where CASCADE is not given.
    pub(crate) fn dropped_views(
        &mut self,
        objects: &[(ObjectKind, SmolStr)],
        drop: &ast::Drop,
    ) -> Option<Vec<(ObjectKind, SmolStr)>> {
        let mut found: Vec<(ObjectKind, SmolStr)> = Vec::new();
        let mut refused = false;
        for (kind, name) in objects {
            let users: Vec<SmolStr> = self
                .dependents(*kind, name)
                .into_iter()
                .filter(|user| !objects.contains(&(ObjectKind::View, ast::fold(user))))
                .collect();
            if !users.is_empty() && !drop.cascade {
                let is_it = |n: &&ast::Name| n.as_ident().is_some_and(|i| i.eq_name(name));
                let at = drop.names.iter().find(is_it).or(drop.names.first());
                let at = at.map_or(Span::default(), |name| name.span);
                self.report(say::needed_by_views(at, kind_word(*kind), name, &users));
                refused = true;
            }
            for user in users {
                let user = (ObjectKind::View, ast::fold(&user));
                if !found.contains(&user) {
                    found.push(user);
                }
            }
        }
        (!refused).then_some(found)
    }
}

/// The variables that a view's query has.
struct Parts {
    columns: Vec<crate::hir::Column>,
    locals: Vec<crate::hir::Local>,
    commons: u32,
}

/// As messages say it.
pub(crate) const fn kind_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "table",
        ObjectKind::View => "view",
        ObjectKind::Type => "type",
        ObjectKind::Function | ObjectKind::Native => "function",
        ObjectKind::Variable => "variable",
        ObjectKind::Index => "index",
    }
}

impl ScriptFacts {
    /// The view that the script makes, for functions, which are checked before it is made.
    pub(crate) fn view(&self, name: &str) -> Option<&Arc<View>> {
        self.views.get(name)
    }
}
