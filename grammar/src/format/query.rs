//! The layout of queries.

use super::QUERY_LIMIT;
use super::layout::{Layout, Spot};
use crate::ast::{
    Assignment, ClauseKind, Expr, FromItem, FromKind, FromTree, GroupBy, GroupItem, GroupKind,
    Ident, Join, JoinCondition, Limit, OrderBy, OrderItem, PipeStep, PipeStepKind, Query,
    QueryBody, SecretUse, Select, SelectItem, TableAlias, Values, ValuesItem, ValuesRow, With,
};
use crate::span::Span;
use crate::token::Kind;

impl Layout<'_> {
    /// A query: on one line, or a clause a line.
    pub fn query(&mut self, query: &Query) {
        let pieces = self.range(query.span);
        self.group(pieces, 0, QUERY_LIMIT);
        if let Some(with) = &query.with {
            self.with(with);
        }
        self.body(&query.body, pieces.0);
        if let Some(order_by) = &query.order_by {
            self.soft(self.range(order_by.span).0);
            self.order_by(order_by);
        }
        if let Some(limit) = &query.limit {
            self.limit(limit, true);
        }
        self.secrets(&query.secrets, true);
        for step in &query.steps {
            self.soft(self.range(step.span).0);
            self.step(step);
        }
    }

    /// A query in parentheses.
    pub fn nested_query(&mut self, query: &Query) {
        let (first, _) = self.range(query.span);
        // The span of some queries holds their parentheses.
        if first > 0 && self.is(first - 1, Kind::LeftParen) {
            self.enclosed(first - 1);
        }
        self.query(query);
    }

    /// WITH in front of a query or a change; what follows it begins a line.
    pub fn with(&mut self, with: &With) {
        let (_, last) = self.range(with.span);
        for (nth, table) in with.tables.iter().enumerate() {
            let (first, _) = self.range(table.span);
            if nth > 0 {
                self.soft(first);
            }
            self.ident(&table.name);
            self.columns(&table.name, &table.columns, false);
            self.nested_query(&table.query);
        }
        let comma = usize::from(self.is(last + 1, Kind::Comma));
        self.soft(last + 1 + comma);
    }

    /// The list of columns behind a name.
    pub fn columns(&mut self, name: &Ident, columns: &[Ident], spaced: bool) {
        let open = self.range(name.span).1 + 1;
        if self.is(open, Kind::LeftParen) && !columns.is_empty() {
            if !spaced {
                self.tight(open);
            }
            self.list(open, usize::MAX);
            self.idents(columns);
        }
    }

    fn body(&mut self, body: &QueryBody, first: usize) {
        match body {
            QueryBody::Select(select) => self.select(select, first),
            QueryBody::Values(values) => self.values(values),
            QueryBody::Set(operation) => {
                self.body(&operation.left, first);
                let (start, end) = self.range(operation.op_span);
                self.soft(start);
                if self.is(end, Kind::Distinct) {
                    self.dropped(end);
                }
                self.soft(end + 1);
                self.body(&operation.right, end + 1);
            }
            QueryBody::Nested(query) => self.nested_query(query),
            QueryBody::Error => {}
        }
    }

    fn select(&mut self, select: &Select, query_start: usize) {
        let mut previous = None;
        for clause in &select.clauses {
            let (first, last) = self.range(clause.span);
            let joined = clause.kind == ClauseKind::Offset && previous == Some(ClauseKind::Limit);
            previous = Some(clause.kind);
            if first != query_start && !joined {
                self.soft(first);
            }
            match clause.kind {
                ClauseKind::Select => {
                    let more = select.clauses.last().is_some_and(|end| end.span != clause.span);
                    self.select_items(first, last, select.items.as_deref(), more);
                }
                ClauseKind::From if select.from.len() > 1 => {
                    self.items(first, first + 1, last);
                }
                ClauseKind::Window => {
                    self.items(first, first + 1, last);
                }
                ClauseKind::GroupBy => {
                    self.items(first, first + 2, last);
                }
                _ => {}
            }
        }
        if let Some(distinct) = &select.distinct {
            self.distinct_on(&distinct.on, distinct.span);
        }
        select.from.iter().for_each(|tree| self.tree(tree));
        for condition in [&select.filter, &select.having, &select.qualify].into_iter().flatten() {
            self.expr(condition);
        }
        if let Some(group_by) = &select.group_by {
            self.group_by(group_by);
        }
        for window in &select.windows {
            self.ident(&window.name);
            self.window(&window.spec);
        }
    }

    fn distinct_on(&mut self, on: &[Expr], span: Span) {
        let (_, last) = self.range(span);
        if !on.is_empty() {
            self.list(self.mate(last), usize::MAX);
            self.exprs(on);
        }
    }

    /// SELECT and its items, which end with `last`; `more` says that another clause follows.
    fn select_items(
        &mut self,
        keyword: usize,
        last: usize,
        list: Option<&[SelectItem]>,
        more: bool,
    ) {
        let Some(items) = list else { return };
        let Some(first) = items.first() else { return };
        let (first, _) = self.range(first.span());
        let index = self.items(keyword, first, last);
        if items.len() > 1
            && more
            && let Some((_, _, group)) = self.groups.get_mut(index)
        {
            group.comma = true;
        }
        self.each_item(items);
    }

    /// RETURNING and the like.
    pub fn returning(&mut self, returning: Option<&[SelectItem]>) {
        let Some(items) = returning else { return };
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return };
        let (first, _) = self.range(first.span());
        let (_, last) = self.range(last.span());
        self.soft(first - 1);
        self.items(first - 1, first, last);
        self.each_item(items);
    }

    fn each_item(&mut self, items: &[SelectItem]) {
        for item in items {
            match item {
                SelectItem::Expr { value, alias } => {
                    self.expr(value);
                    if let Some(alias) = alias {
                        self.ident(alias);
                        let (at, _) = self.range(alias.span);
                        if !self.is(at - 1, Kind::As) {
                            self.mark(at, |mark| mark.prefix = "AS ");
                        }
                    }
                }
                SelectItem::Star(star) => self.star(star),
            }
        }
    }

    fn star(&mut self, star: &crate::ast::Star) {
        if let Some(qualifier) = &star.qualifier {
            self.name(qualifier);
        }
        let (first, last) = self.range(star.span);
        for at in first..=last {
            if self.is(at, Kind::LeftParen)
                && matches!(self.kind(at - 1), Kind::Exclude | Kind::Replace)
            {
                self.list(at, usize::MAX);
            }
        }
        self.parts(&star.exclude);
        for replacement in &star.replace {
            self.expr(&replacement.value);
            self.ident(&replacement.column);
        }
    }

    fn values(&mut self, values: &Values) {
        let (first, last) = self.range(values.span);
        self.items(first, first + 1, last);
        values.rows.iter().for_each(|row| self.values_row(row));
    }

    pub fn values_row(&mut self, row: &ValuesRow) {
        let (open, _) = self.range(row.span);
        self.list(open, usize::MAX);
        for item in &row.items {
            if let ValuesItem::Expr(value) = item {
                self.expr(value);
            }
        }
    }

    // --- FROM ---------------------------------------------------------------------------------

    pub fn tree(&mut self, tree: &FromTree) {
        self.source_item(&tree.first);
        tree.joins.iter().for_each(|join| self.join(join, true));
    }

    /// A join; `breaks` if it may begin a line.
    fn join(&mut self, join: &Join, breaks: bool) {
        let (first, last) = self.range(join.span);
        let mut start = None;
        let mut at = first;
        while at < last && !self.is(at, Kind::Join) {
            let outer = self.is_word(at, "OUTER") || self.is(at, Kind::Inner);
            let left = self.is(at, Kind::Left)
                && (self.is_word(at + 1, "SEMI") || self.is_word(at + 1, "ANTI"));
            if outer || left {
                self.dropped(at);
            } else {
                start.get_or_insert(at);
            }
            at += 1;
        }
        let start = start.unwrap_or(at);
        if breaks {
            self.soft(start);
        }
        self.group((start, last), 1, usize::MAX);
        self.source_item(&join.right);
        match &join.condition {
            JoinCondition::On(condition) => {
                self.soft(self.range(condition.span).0 - 1);
                self.expr(condition);
            }
            JoinCondition::Using(columns) => {
                self.soft(self.mate(last) - 1);
                self.list(self.mate(last), usize::MAX);
                self.idents(columns);
            }
            JoinCondition::None | JoinCondition::Natural => {}
        }
    }

    pub fn source_item(&mut self, item: &FromItem) {
        match &item.kind {
            FromKind::Table(name) => self.name(name),
            FromKind::File(_) | FromKind::Error => {}
            FromKind::Call { function, arguments, .. } => {
                self.name(function);
                let open = self.range(function.span).1 + 1;
                self.arguments(open, arguments, None);
            }
            FromKind::Subquery(query) => self.nested_query(query),
            FromKind::Nested(tree) => {
                let (first, _) = self.range(tree.span);
                self.enclosed(first - 1);
                self.tree(tree);
            }
        }
        if let Some(alias) = &item.alias {
            self.table_alias(alias);
        }
    }

    fn table_alias(&mut self, alias: &TableAlias) {
        self.alias(&alias.name);
        self.columns(&alias.name, &alias.columns, false);
    }

    /// The alias of a table: without AS, where it can do without.
    pub fn alias(&mut self, name: &Ident) {
        self.ident(name);
        let (at, _) = self.range(name.span);
        let plain = matches!(self.kind(at), Kind::Word | Kind::QuotedWord);
        if plain && at > 0 && self.is(at - 1, Kind::As) {
            self.dropped(at - 1);
        }
    }

    // --- The other clauses --------------------------------------------------------------------

    fn group_by(&mut self, group_by: &GroupBy) {
        if let GroupBy::Items(items) = group_by {
            items.iter().for_each(|item| self.group_item(item));
        }
    }

    fn group_item(&mut self, item: &GroupItem) {
        let (first, last) = self.range(item.span);
        match &item.kind {
            GroupKind::Expr(value) => self.expr(value),
            GroupKind::Set(values) => {
                self.list(first, usize::MAX);
                self.exprs(values);
            }
            GroupKind::Rollup(items) | GroupKind::Cube(items) | GroupKind::GroupingSets(items) => {
                let open = self.mate(last);
                if open == first + 1 {
                    self.tight(open);
                }
                self.list(open, usize::MAX);
                items.iter().for_each(|item| self.group_item(item));
            }
        }
    }

    fn order_by(&mut self, order_by: &OrderBy) {
        if order_by.all.is_none() {
            let (first, last) = self.range(order_by.span);
            self.items(first, first + 2, last);
        }
        self.order_items(&order_by.items);
    }

    pub fn order_items(&mut self, items: &[OrderItem]) {
        items.iter().for_each(|item| self.expr(&item.value));
    }

    /// LIMIT and OFFSET, which share a line.
    fn limit(&mut self, limit: &Limit, breaks: bool) {
        if let Some(count) = &limit.count {
            let keyword = self.range(count.span).0 - 1;
            if breaks {
                self.soft(keyword);
            }
            self.expr(count);
        }
        if let Some(offset) = &limit.offset {
            let keyword = self.range(offset.span).0 - 1;
            let follows =
                limit.count.as_ref().is_some_and(|count| self.range(count.span).1 + 1 == keyword);
            if breaks && !follows {
                self.soft(keyword);
            }
            self.expr(offset);
        }
    }

    pub fn secrets(&mut self, secrets: &[SecretUse], breaks: bool) {
        if let Some(first) = secrets.first() {
            let using = self.range(first.span).0 - 2;
            if breaks {
                self.soft(using);
            }
        }
        for secret in secrets {
            self.ident(&secret.name);
            if let Some(secret_type) = &secret.secret_type {
                self.ident(secret_type);
            }
        }
    }

    // --- Pipes --------------------------------------------------------------------------------

    fn step(&mut self, step: &PipeStep) {
        let (first, last) = self.range(step.span);
        match &step.kind {
            PipeStepKind::Where(condition) => self.expr(condition),
            PipeStepKind::Select { distinct, items } => {
                self.select_items(first, last, Some(items), false);
                if let Some(distinct) = distinct {
                    self.distinct_on(&distinct.on, distinct.span);
                }
            }
            PipeStepKind::Extend(items) => {
                self.select_items(first, last, Some(items), false);
            }
            PipeStepKind::Set(assignments) => self.assignments(first, assignments),
            PipeStepKind::Drop(columns) => {
                self.items(first, first + 2, last);
                self.parts(columns);
            }
            PipeStepKind::Aggregate { items, group_by } => {
                self.aggregate((first, last), items, group_by.as_ref());
            }
            PipeStepKind::Join(join) => self.join(join, false),
            PipeStepKind::OrderBy(order_by) => self.order_by(order_by),
            PipeStepKind::Limit(limit) => self.limit(limit, false),
            PipeStepKind::Distinct(distinct) => self.distinct_on(&distinct.on, distinct.span),
            PipeStepKind::SetOperation { right, .. } => {
                for at in first..last {
                    if self.is(at, Kind::LeftParen) {
                        break;
                    }
                    if self.is(at, Kind::Distinct) {
                        self.dropped(at);
                    }
                }
                self.nested_query(right);
            }
            PipeStepKind::Alias(name) => self.ident(name),
            PipeStepKind::Call { function, arguments, alias } => {
                self.name(function);
                let open = self.range(function.span).1 + 1;
                self.arguments(open, arguments, None);
                if let Some(alias) = alias {
                    self.table_alias(alias);
                }
            }
            PipeStepKind::Function(call) => self.call(call),
        }
    }

    /// `|> AGGREGATE items GROUP BY keys`: on one line, or the keys on a second one.
    fn aggregate(
        &mut self,
        (first, last): (usize, usize),
        items: &[SelectItem],
        group_by: Option<&GroupBy>,
    ) {
        self.group((first, last), 1, usize::MAX);
        if let (Some(start), Some(end)) = (items.first(), items.last()) {
            let (start, _) = self.range(start.span());
            let (_, end) = self.range(end.span());
            let index = self.items(start, start, end);
            // The first item begins a line as the others do.
            if let Some((_, _, group)) = self.groups.get_mut(index) {
                group.indent = 0;
            }
            self.each_item(items);
        }
        let Some(group_by) = group_by else { return };
        let keys = match group_by {
            GroupBy::All(span) => Some(*span),
            GroupBy::Items(items) => items.first().map(|item| item.span),
        };
        let Some(keys) = keys else { return };
        let keyword = self.range(keys).0 - 2;
        if !items.is_empty() {
            self.soft(keyword);
        }
        self.group_by(group_by);
    }

    /// `SET a = 1, b = 2`, whose keyword or pipe is at `keyword`.
    pub fn assignments(&mut self, keyword: usize, assignments: &[Assignment]) {
        let (Some(first), Some(last)) = (assignments.first(), assignments.last()) else { return };
        let (first, _) = self.range(first.span);
        let (_, last) = self.range(last.span);
        self.items(keyword, first, last);
        for assignment in assignments {
            self.part(&assignment.column);
            self.parts(&assignment.path);
            if let Some(value) = &assignment.value {
                self.expr(value);
            }
        }
    }

    /// A query that ends a statement begins a line if the statement does not fit.
    pub fn trailing_query(&mut self, query: &Query) {
        let (mut first, _) = self.range(query.span);
        if first > 0 && self.is(first - 1, Kind::LeftParen) {
            first -= 1;
            self.enclosed(first);
        }
        self.spot(first, Spot::default());
        self.query(query);
    }
}
