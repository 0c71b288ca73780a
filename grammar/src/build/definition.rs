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
