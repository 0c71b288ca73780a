//! WITH: named queries, which later ones and the rest of the query can read, and recursive ones.

use super::Checker;
use super::scope::ScopeColumn;
use super::set::{Combination, body_span};
use crate::diagnostics as say;
use crate::hir::{self, CommonTableId, From, Query, RecursiveStep};
use grizzly_bytecode::Type;
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// A query of WITH that is in scope.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// Folded.
    name: SmolStr,
    shown: SmolStr,
    id: CommonTableId,
    /// Name, type and whether it may be NULL.
    columns: Vec<(SmolStr, Type, bool)>,
    state: State,
}

/// What a reference to a query of WITH means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its rows.
    Ready,
    /// The rows of the round before: it stands in the step of the recursive query; whether
    /// something refers to it.
    Step(bool),
    /// A mistake: it stands in the query itself, which has RECURSIVE or not.
    Itself(bool),
    /// Nothing: it was reported.
    Broken,
}

impl<'a> Checker<'a> {
    /// The queries of WITH; they stay in scope until the caller takes them out of it.
    pub(crate) fn with_tables(&mut self, with: &'a ast::With) -> Option<Vec<hir::CommonTable>> {
        let mut tables = Vec::new();
        let mut failed = false;
        for (index, common) in with.tables.iter().enumerate() {
            let before = with.tables.get(..index).unwrap_or(&[]);
            if let Some(first) = before.iter().find(|c| c.name.eq_name(&common.name.name)) {
                let (at, first) = (common.name.span, first.name.span);
                self.report(say::duplicate_name(at, first, "query of WITH", &common.name.name));
            }
            let id = CommonTableId(self.next_common);
            self.next_common += 1;
            self.commons.push(Common {
                name: common.name.folded(),
                shown: common.name.name.clone(),
                id,
                columns: Vec::new(),
                state: State::Itself(with.recursive),
            });
            match self.common_table(common, with.recursive, id) {
                Some(table) => {
                    let mut columns = self.columns_of(&table.query);
                    if let Some(step) = &table.step {
                        let step = self.columns_of(&step.query);
                        columns.iter_mut().zip(step).for_each(|(c, s)| c.2 |= s.2);
                    }
                    self.own_common(columns, State::Ready);
                    tables.push(table);
                }
                None => {
                    self.own_common(Vec::new(), State::Broken);
                    failed = true;
                }
            }
        }
        (!failed).then_some(tables)
    }

    /// Sets what is known of the query of WITH that is being checked: the innermost one.
    fn own_common(&mut self, columns: Vec<(SmolStr, Type, bool)>, state: State) {
        if let Some(own) = self.commons.last_mut() {
            own.columns = columns;
            own.state = state;
        }
    }

    fn columns_of(&self, query: &Query) -> Vec<(SmolStr, Type, bool)> {
        let column = |output: &hir::OutputColumn| {
            let nullable = self.may_be_null(output.variable);
            (output.name.clone(), output.value.ty.clone(), nullable)
        };
        query.outputs.iter().map(column).collect()
    }

    fn common_table(
        &mut self,
        common: &'a ast::CommonTable,
        recursive: bool,
        id: CommonTableId,
    ) -> Option<hir::CommonTable> {
        let name = common.name.name.clone();
        if recursive
            && common.query.with.is_none()
            && let ast::QueryBody::Set(set) = &common.query.body
            && set.op == ast::SetOperator::Union
        {
            return self.recursive_table(common, set, id);
        }
        let query = self.query(&common.query, None)?;
        let query = self.named_outputs(query, common)?;
        Some(hir::CommonTable { id, name, query: Box::new(query), step: None })
    }

    /// The outputs under the names that WITH gives them.
    fn named_outputs(&mut self, mut query: Query, common: &'a ast::CommonTable) -> Option<Query> {
        let (names, found) = (&common.columns, query.outputs.len());
        if names.len() > found {
            let what = format!("`{}`", common.name.name);
            self.report(say::wrong_width(common.name.span, found, names.len(), &what));
            return None;
        }
        for (output, name) in query.outputs.iter_mut().zip(names) {
            output.name = name.name.clone();
        }
        Some(query)
    }

    /// `first UNION [ALL] step`, where the step may read the rows of the round before.
    fn recursive_table(
        &mut self,
        common: &'a ast::CommonTable,
        set: &'a ast::SetOperation,
        id: CommonTableId,
    ) -> Option<hir::CommonTable> {
        let name = common.name.name.clone();
        let first = self.core(&set.left, None);
        let first = self.named_outputs(first?, common)?;
        let how = Combination { op: set.op, all: set.all, op_span: set.op_span };
        let (step, refers) = self.next_round(&first, set)?;
        let spans = (body_span(&set.left), body_span(&set.right));
        if !refers {
            let both = self.combined(how, (first, spans.0), (step, spans.1))?;
            let query = self.finished(both, &common.query)?;
            return Some(hir::CommonTable { id, name, query: Box::new(query), step: None });
        }
        let query = &common.query;
        if query.order_by.is_some() || query.limit.is_some() || !query.steps.is_empty() {
            self.later(query.span, "ORDER BY, LIMIT or a pipe on a recursive query");
            return None;
        }
        // The first rows take the type that both sides have, and the step is checked with it.
        let types = self.common_types((&first, spans.0), (&step, spans.1), how)?;
        let before: Vec<Type> = first.outputs.iter().map(|o| o.value.ty.clone()).collect();
        let first = self.retyped(first, &types);
        let step = if types == before { step } else { self.next_round(&first, set)?.0 };
        let mut same = true;
        for (output, (ty, first)) in step.outputs.iter().zip(types.iter().zip(&first.outputs)) {
            let found = self.output_operand(output);
            if self.common_type(&[&found], Some(ty)) != *ty {
                let at = Span::new(output.value.place.start, output.value.place.end);
                let types = (ty, &output.value.ty);
                self.report(say::recursive_type_differs(at, &name, &first.name, types));
                same = false;
            }
        }
        if !same {
            return None;
        }
        let step = self.retyped(step, &types);
        let step = Some(RecursiveStep { query: Box::new(step), all: set.all });
        Some(hir::CommonTable { id, name, query: Box::new(first), step })
    }

    /// The step of a recursive query over the columns of its first rows; whether it refers to it.
    fn next_round(&mut self, first: &Query, set: &'a ast::SetOperation) -> Option<(Query, bool)> {
        let mut columns = self.columns_of(first);
        // The step may make NULLs, which its next round reads.
        columns.iter_mut().for_each(|column| column.2 = true);
        self.own_common(columns, State::Step(false));
        let step = self.core(&set.right, None);
        let refers = self.commons.last().is_some_and(|own| own.state == State::Step(true));
        Some((step?, refers))
    }

    /// A name of FROM that means a query of WITH; `Some(None)` where it was reported.
    pub(crate) fn common_source(
        &mut self,
        ident: &'a ast::Ident,
        item: &'a ast::FromItem,
    ) -> Option<Option<From>> {
        let name = ident.folded();
        let common = self.commons.iter_mut().rev().find(|common| common.name == name)?;
        match common.state {
            State::Itself(false) if self.catalog.table(&name).is_some() => return None,
            State::Itself(recursive) => {
                let shown = common.shown.clone();
                self.report(say::misplaced_recursion(ident.span, &shown, recursive));
                self.error_table();
                return Some(None);
            }
            State::Broken => {
                self.error_table();
                return Some(None);
            }
            State::Step(_) => common.state = State::Step(true),
            State::Ready => {}
        }
        let common = common.clone();
        let mut columns = Vec::new();
        for (name, ty, nullable) in common.columns {
            let variable = self.new_column(name.clone(), ty, nullable);
            columns.push(ScopeColumn::new(name, variable));
        }
        let variables = columns.iter().map(|column| column.variable).collect();
        let alias = item.alias.as_ref();
        let shown = alias.map_or(common.shown, |alias| alias.name.name.clone());
        let at = alias.map_or(ident.span, |alias| alias.name.span);
        let row = Arc::new(self.row_shape(&columns));
        let entered = self.enter_table(shown, at, columns, row, alias);
        Some(entered.map(|()| From::Common { id: common.id, columns: variables }))
    }
}
