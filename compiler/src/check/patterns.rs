//! Exhaustiveness: which values no arm of a MATCH takes, and which arms take none.
//!
//! The algorithm is that of L. Maranget, "Warnings for pattern matching" (JFP 17, 2007), over the
//! constructors of BOOLEAN, ENUM and structs, NULL among them. Types with more values than one can
//! list are complete only by `_` or a name. Patterns that take an unknown part of a type (ranges,
//! LIKE) count as taking nothing when completeness is asked.

use grizzly_bytecode::{Type, Value};

/// A pattern as the algorithm sees it.
#[derive(Clone, Debug)]
pub(crate) enum Pat {
    /// Every value, NULL too.
    Any,
    /// NULL.
    Null,
    /// A value of BOOLEAN or ENUM by its index, or a struct (index 0) with its fields.
    Case(usize, Vec<Pat>),
    /// A constant of a type that cannot be listed.
    Constant(Value),
    /// Some values, nobody knows which.
    Some,
    /// One of several.
    Or(Vec<Pat>),
}

/// A column of the matrix: a type, and whether NULL may occur.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
}

/// A constructor of a type.
#[derive(Clone, Debug, PartialEq)]
enum Head {
    Null,
    Case(usize),
    Constant(Value),
}

/// The most missing values that a message lists.
const MOST_WITNESSES: usize = 4;

/// How many values a type has besides NULL, if they can be listed; a struct counts as one.
fn cases(ty: &Type) -> Option<usize> {
    match ty {
        Type::Bool => Some(2),
        Type::Enum(e) => Some(e.values.len()),
        Type::Struct(_) => Some(1),
        _ => None,
    }
}

fn inner_slots(ty: &Type) -> Vec<Slot> {
    match ty {
        Type::Struct(shape) => {
            shape.fields.iter().map(|f| Slot { ty: f.ty.clone(), nullable: true }).collect()
        }
        _ => Vec::new(),
    }
}

/// The row's patterns after its first has met a constructor with `arity` parts; `None` where it
/// does not fit.
fn specialise(row: &[Pat], head: &Head, arity: usize) -> Vec<Vec<Pat>> {
    let Some((first, rest)) = row.split_first() else { return Vec::new() };
    let with = |parts: Vec<Pat>| {
        let mut row = parts;
        row.extend(rest.iter().cloned());
        vec![row]
    };
    match (first, head) {
        (Pat::Or(choices), _) => choices
            .iter()
            .flat_map(|choice| {
                let mut row = vec![choice.clone()];
                row.extend(rest.iter().cloned());
                specialise(&row, head, arity)
            })
            .collect(),
        (Pat::Any, _) => with(vec![Pat::Any; arity]),
        (Pat::Null, Head::Null) => with(Vec::new()),
        (Pat::Case(a, parts), Head::Case(b)) if a == b => with(parts.clone()),
        (Pat::Constant(a), Head::Constant(b)) if a == b => with(Vec::new()),
        _ => Vec::new(),
    }
}

/// The rows whose first pattern takes every value, without it.
fn defaults(rows: &[Vec<Pat>]) -> Vec<Vec<Pat>> {
    let mut kept = Vec::new();
    for row in rows {
        let Some((first, rest)) = row.split_first() else { continue };
        match first {
            Pat::Any => kept.push(rest.to_vec()),
            Pat::Or(choices) if choices.iter().any(|p| matches!(p, Pat::Any)) => {
                kept.push(rest.to_vec());
            }
            _ => {}
        }
    }
    kept
}

fn all_specialised(rows: &[Vec<Pat>], head: &Head, arity: usize) -> Vec<Vec<Pat>> {
    rows.iter().flat_map(|row| specialise(row, head, arity)).collect()
}

/// The constructors of a slot that must be looked at one by one.
fn heads(slot: &Slot) -> Vec<Head> {
    let mut heads: Vec<Head> = (0..cases(&slot.ty).unwrap_or(0)).map(Head::Case).collect();
    if slot.nullable {
        heads.push(Head::Null);
    }
    heads
}

fn parts_of(slot: &Slot, head: &Head) -> Vec<Slot> {
    match head {
        Head::Case(_) => inner_slots(&slot.ty),
        _ => Vec::new(),
    }
}

/// Values that no row takes, as patterns in the language's own words; a few of them.
pub(crate) fn missing(rows: &[Vec<Pat>], slots: &[Slot]) -> Vec<Vec<String>> {
    let Some((slot, rest)) = slots.split_first() else {
        return if rows.is_empty() { vec![Vec::new()] } else { Vec::new() };
    };
    let mut found = Vec::new();
    for head in heads(slot) {
        let parts = parts_of(slot, &head);
        let arity = parts.len();
        let mut inner: Vec<Slot> = parts;
        inner.extend(rest.iter().cloned());
        for witness in missing(&all_specialised(rows, &head, arity), &inner) {
            let (own, others) = witness.split_at(arity.min(witness.len()));
            let mut row = vec![shown(slot, &head, own)];
            row.extend(others.iter().cloned());
            found.push(row);
            if found.len() >= MOST_WITNESSES {
                return found;
            }
        }
    }
    if cases(&slot.ty).is_none() {
        for others in missing(&defaults(rows), rest) {
            let mut row = vec!["_".to_owned()];
            row.extend(others);
            found.insert(0, row);
        }
        // `_` takes NULL too, so it alone mends both.
        if found.first().is_some_and(|row| row.first().is_some_and(|p| p == "_")) {
            found.retain(|row| row.first().is_some_and(|p| p != "NULL"));
        }
    }
    found.truncate(MOST_WITNESSES);
    found
}

fn shown(slot: &Slot, head: &Head, parts: &[String]) -> String {
    match (head, &slot.ty) {
        (Head::Null, _) => "NULL".into(),
        (Head::Case(index), Type::Bool) => if *index == 1 { "TRUE" } else { "FALSE" }.into(),
        (Head::Case(index), Type::Enum(e)) => {
            e.values.get(*index).map_or_else(|| "_".into(), |value| format!("'{value}'"))
        }
        (Head::Case(_), Type::Struct(shape)) => {
            let fields = shape.fields.iter().zip(parts).filter(|(_, part)| *part != "_");
            let fields: Vec<String> =
                fields.map(|(field, part)| format!("{}: {part}", field.name)).collect();
            let name = shape.name.as_deref().unwrap_or("");
            if fields.is_empty() {
                "_".into()
            } else {
                format!("{name} {{ {} }}", fields.join(", "))
            }
        }
        _ => "_".into(),
    }
}

/// Whether a row takes a value that none of `rows` takes.
pub(crate) fn useful(rows: &[Vec<Pat>], row: &[Pat], slots: &[Slot]) -> bool {
    let (Some((first, after)), Some((slot, rest))) = (row.split_first(), slots.split_first())
    else {
        return rows.is_empty();
    };
    let with = |head: &Head| {
        let parts = parts_of(slot, head);
        let arity = parts.len();
        let mut inner = parts;
        inner.extend(rest.iter().cloned());
        let rows = all_specialised(rows, head, arity);
        specialise(row, head, arity).iter().any(|row| useful(&rows, row, &inner))
    };
    match first {
        Pat::Or(choices) => choices.iter().any(|choice| {
            let mut single = vec![choice.clone()];
            single.extend(after.iter().cloned());
            useful(rows, &single, slots)
        }),
        Pat::Null => slot.nullable && with(&Head::Null),
        Pat::Case(index, _) => with(&Head::Case(*index)),
        Pat::Constant(value) => with(&Head::Constant(value.clone())),
        Pat::Some => useful(&defaults(rows), after, rest),
        Pat::Any => {
            let listed = heads(slot).iter().any(with);
            listed || (cases(&slot.ty).is_none() && useful(&defaults(rows), after, rest))
        }
    }
}
