//! What the grammar's actions do for definitions and changes of data.

use super::Context;
use crate::ast::*;
use crate::diagnostics;
use crate::span::Span;

/// A column or a constraint in the parentheses of CREATE TABLE.
pub(crate) enum TableElement {
    Column(ColumnDefinition),
    Constraint(TableConstraint),
}

pub(crate) fn table_columns(elements: Vec<TableElement>) -> TableShape {
    let mut columns = Vec::with_capacity(elements.len());
    let mut constraints = Vec::new();
    for element in elements {
        match element {
            TableElement::Column(column) => columns.push(column),
            TableElement::Constraint(constraint) => constraints.push(constraint),
        }
    }
    TableShape::Columns { columns, constraints }
}

/// `(a, b) AS query`: only names may stand in the parentheses.
pub(crate) fn table_as(
    cx: &Context<'_>,
    elements: Vec<TableElement>,
    query: Box<Query>,
) -> TableShape {
    let mut columns = Vec::with_capacity(elements.len());
    for element in elements {
        match element {
            TableElement::Column(column)
                if column.column_type.is_none() && column.constraints.is_empty() =>
            {
                columns.push(column.name);
            }
            TableElement::Column(column) => {
                cx.report(diagnostics::e0223::typed_column_of_query(column.span));
                columns.push(column.name);
            }
            TableElement::Constraint(constraint) => {
                cx.report(diagnostics::e0223::typed_column_of_query(constraint.span));
            }
        }
    }
    TableShape::As { columns, query }
}

pub(crate) fn references(
    cx: &Context<'_>,
    table: Name,
    columns: Option<Vec<Ident>>,
    actions: Vec<(Span, bool, ReferentialAction)>,
) -> References {
    let mut references = References {
        table,
        columns: columns.unwrap_or_default(),
        on_delete: None,
        on_update: None,
    };
    for (span, delete, action) in actions {
        let (slot, what) = if delete {
            (&mut references.on_delete, "ON DELETE")
        } else {
            (&mut references.on_update, "ON UPDATE")
        };
        if slot.replace(action).is_some() {
            cx.report(diagnostics::e0224::given_twice(span, what));
        }
    }
    references
}

/// STRUCT at the top of a type's definition is a struct type, anything else an alias.
pub(crate) fn type_definition(definition: TypeExpr) -> TypeDefinition {
    match definition.kind {
        TypeKind::Struct(fields) => TypeDefinition::Struct(fields),
        kind => TypeDefinition::Alias(TypeExpr { kind, span: definition.span }),
    }
}

pub(crate) fn raises(list: Option<(Vec<Name>, Span)>) -> (Vec<Name>, Option<Span>) {
    match list {
        Some((names, span)) => (names, Some(span)),
        None => (Vec::new(), None),
    }
}

/// `column = value`; DEFAULT as the value is none.
pub(crate) fn assignment(column: Name, value: Expr, span: Span) -> Assignment {
    let mut parts = column.parts.into_iter();
    let column = parts.next().unwrap_or(NamePart::Ident(Ident::new("", span)));
    let value = if is_default(&value) { None } else { Some(value) };
    Assignment { column, path: parts.collect(), value, span }
}

fn is_default(expr: &Expr) -> bool {
    expr.as_name().is_some_and(|ident| !ident.quoted && ident.eq_name("default"))
}

pub(crate) fn values_row(items: Vec<Expr>, span: Span) -> ValuesRow {
    let items = items
        .into_iter()
        .map(|item| {
            if is_default(&item) { ValuesItem::Default(item.span) } else { ValuesItem::Expr(item) }
        })
        .collect();
    ValuesRow { items, span }
}

/// VALUES alone keeps its DEFAULTs; any other query is one.
pub(crate) fn insert_query(query: Box<Query>) -> InsertSource {
    let plain = query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.secrets.is_empty()
        && query.steps.is_empty();
    match (*query, plain) {
        (Query { body: QueryBody::Values(values), .. }, true) => InsertSource::Values(values),
        (query, _) => InsertSource::Query(Box::new(query)),
    }
}

pub(crate) fn on_conflict(
    columns: Option<Vec<Ident>>,
    update: Option<ConflictUpdate>,
    span: Span,
) -> OnConflict {
    OnConflict { columns: columns.unwrap_or_default(), update, span }
}

pub(crate) fn star(
    cx: &Context<'_>,
    qualifier: Option<Expr>,
    exclude: Vec<NamePart>,
    replace: Vec<Replacement>,
    span: Span,
) -> Star {
    let qualifier = qualifier.and_then(|expr| {
        let name = name_of(&expr);
        if name.is_none() {
            cx.report(diagnostics::e0225::star_of_value(expr.span));
        }
        name
    });
    Star { qualifier, exclude, replace, span }
}

/// The dotted name that an expression is, interpolated parts included.
fn name_of(expr: &Expr) -> Option<Name> {
    let mut parts = Vec::new();
    let mut current = expr;
    loop {
        match &current.kind {
            ExprKind::Name(ident) => parts.push(NamePart::Ident(ident.clone())),
            ExprKind::Interpolation(variable) => {
                parts.push(NamePart::Interpolation((**variable).clone()));
            }
            ExprKind::Field { base, field } => {
                parts.push(field.clone());
                current = base;
                continue;
            }
            _ => return None,
        }
        parts.reverse();
        return Some(Name { parts, span: expr.span });
    }
}

pub(crate) fn join(
    (kind, natural): (JoinKind, bool),
    right: FromItem,
    condition: JoinCondition,
    span: Span,
) -> Join {
    let condition = match condition {
        JoinCondition::None if natural => JoinCondition::Natural,
        other => other,
    };
    Join { kind, condition, right, span }
}

/// `(a, b)` in GROUP BY is a set of two keys.
pub(crate) fn group_item(expr: Expr) -> GroupKind {
    match expr.kind {
        ExprKind::Row(items) => GroupKind::Set(items),
        kind => GroupKind::Expr(Expr::new(kind, expr.span)),
    }
}

// --- Other definitions -----------------------------------------------------------------------

pub(crate) fn set_global(
    cx: &Context<'_>,
    global: Ident,
    target: Target,
    value: Expr,
) -> StatementKind {
    if !global.eq_name("global") || global.quoted {
        cx.report(diagnostics::e0201::unexpected(
            target.span,
            "name",
            &["`=`".to_owned(), "`.`".to_owned(), "`[`".to_owned()],
        ));
        return StatementKind::Error;
    }
    cx.report(diagnostics::e0213::later(global.span, "SET GLOBAL"));
    StatementKind::SetGlobal(Box::new(Set { target, value }))
}

pub(crate) fn begin(cx: &Context<'_>, level: Option<Ident>) -> StatementKind {
    let known = level.as_ref().map(|level| {
        if level.eq_name("snapshot") {
            Some(IsolationLevel::Snapshot)
        } else if level.eq_name("serializable") {
            Some(IsolationLevel::Serializable)
        } else {
            None
        }
    });
    if let (Some(None), Some(level)) = (known, &level) {
        let expected = ["`SNAPSHOT`".to_owned(), "`SERIALIZABLE`".to_owned()];
        let found = format!("isolation level `{}`", level.name);
        cx.report(diagnostics::e0201::unexpected(level.span, &found, &expected));
    }
    StatementKind::Begin(known.flatten())
}

/// What can be shown, as it is written.
const SHOWN: &[(&str, ShowKind)] = &[
    ("tables", ShowKind::Tables),
    ("types", ShowKind::Types),
    ("functions", ShowKind::Functions),
    ("secrets", ShowKind::Secrets),
    ("variables", ShowKind::Variables),
    ("settings", ShowKind::Settings),
    ("triggers", ShowKind::Triggers),
    ("cron jobs", ShowKind::CronJobs),
    ("extensions", ShowKind::Extensions),
    ("databases", ShowKind::Databases),
];

pub(crate) fn show(cx: &Context<'_>, first: Ident, second: Option<Ident>) -> StatementKind {
    let span = second.as_ref().map_or(first.span, |second| first.span.to(second.span));
    let mut written = first.name.to_ascii_lowercase();
    if let Some(second) = second {
        written.push(' ');
        written.push_str(&second.name.to_ascii_lowercase());
    }
    if let Some((_, kind)) = SHOWN.iter().find(|(name, _)| *name == written) {
        return StatementKind::Show(*kind);
    }
    let closest = SHOWN
        .iter()
        .map(|(name, _)| (crate::parser::distance(name, &written), *name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    match closest {
        Some((_, name)) => {
            cx.report(diagnostics::e0205::misspelt(span, &written, &name.to_ascii_uppercase()));
        }
        None => {
            let expected: Vec<String> =
                SHOWN.iter().map(|(name, _)| format!("`{}`", name.to_ascii_uppercase())).collect();
            let found = format!("`{written}`");
            cx.report(diagnostics::e0201::unexpected(span, &found, &expected));
        }
    }
    StatementKind::Error
}

/// What may follow the schedule of a job, in any order.
pub(crate) enum JobOption {
    Timezone(Text),
    Retry(Expr),
    Missed(MissedRun),
}

pub(crate) fn job(
    cx: &Context<'_>,
    (or_replace, if_not_exists): (bool, bool),
    name: Name,
    schedule: Text,
    options: Vec<(Span, JobOption)>,
    function: Name,
) -> CreateJob {
    let mut job = CreateJob {
        or_replace,
        if_not_exists,
        name,
        schedule,
        timezone: None,
        retry: None,
        on_missed: None,
        function,
    };
    for (span, option) in options {
        let (doubled, what) = match option {
            JobOption::Timezone(zone) => (job.timezone.replace(zone).is_some(), "TIMEZONE"),
            JobOption::Retry(count) => (job.retry.replace(count).is_some(), "RETRY"),
            JobOption::Missed(run) => (job.on_missed.replace(run).is_some(), "ON MISSED RUN"),
        };
        if doubled {
            cx.report(diagnostics::e0224::given_twice(span, what));
        }
    }
    job
}

/// What may follow the name of a secret, in any order.
pub(crate) enum SecretOption {
    Type(Ident),
    Scope(Text),
    Source(SecretSource),
}

pub(crate) fn secret(
    cx: &Context<'_>,
    or_replace: bool,
    if_not_exists: bool,
    name: Name,
    options: Vec<(Span, SecretOption)>,
) -> CreateSecret {
    let (mut secret_type, mut scope, mut source) = (None, None, None);
    for (span, option) in options {
        let (doubled, what) = match option {
            SecretOption::Type(name) => (secret_type.replace(name).is_some(), "TYPE"),
            SecretOption::Scope(text) => (scope.replace(text).is_some(), "SCOPE"),
            SecretOption::Source(from) => (source.replace(from).is_some(), "the value"),
        };
        if doubled {
            cx.report(diagnostics::e0224::given_twice(span, what));
        }
    }
    let source = source.unwrap_or(SecretSource::Prompt);
    CreateSecret { or_replace, if_not_exists, name, secret_type, scope, source }
}

pub(crate) fn alter(
    class: ObjectClass,
    if_exists: bool,
    name: Name,
    actions: Vec<AlterAction>,
) -> StatementKind {
    StatementKind::AlterTable(Box::new(AlterTable { class, if_exists, name, actions }))
}

/// What ALTER COLUMN changes.
pub(crate) enum ColumnChange {
    Type(TypeExpr, Option<Expr>),
    Default(Option<Expr>),
    NotNull(bool),
}

impl ColumnChange {
    pub(crate) fn of(self, column: Ident) -> AlterActionKind {
        match self {
            Self::Type(column_type, using) => {
                AlterActionKind::ColumnType { column, column_type, using }
            }
            Self::Default(default) => AlterActionKind::ColumnDefault { column, default },
            Self::NotNull(not_null) => AlterActionKind::ColumnNotNull { column, not_null },
        }
    }
}

pub(crate) fn grant(
    revoke: bool,
    privileges: Vec<Privilege>,
    (class, objects): (Option<ObjectClass>, Vec<Name>),
    grantees: Vec<Ident>,
    with_grant_option: bool,
) -> Grant {
    let what = GrantWhat::Privileges { privileges, class, objects };
    Grant { revoke, what, grantees, with_grant_option }
}

/// GRANT without ON: roles, which have no columns.
pub(crate) fn grant_roles(
    cx: &Context<'_>,
    revoke: bool,
    roles: Vec<Privilege>,
    grantees: Vec<Ident>,
    with_grant_option: bool,
) -> Grant {
    let roles = roles
        .into_iter()
        .map(|role| {
            if let Some(column) = role.columns.first() {
                let expected = ["`ON` and an object".to_owned()];
                let found = "list of columns";
                cx.report(diagnostics::e0201::unexpected(column.span, found, &expected));
            }
            role.name
        })
        .collect();
    Grant { revoke, what: GrantWhat::Roles(roles), grantees, with_grant_option }
}
