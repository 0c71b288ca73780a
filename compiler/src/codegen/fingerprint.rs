//! Fingerprints: texts that are equal exactly for expressions that are the same but for their
//! places.

use crate::hir::{Effect, Expr, ExprKind};
use std::fmt::Write;

/// Above this many nodes an expression is not worth sharing.
const LARGEST: usize = 64;

/// The fingerprint of an expression that may be evaluated once for several uses; `None` where it is
/// a constant, has effects, is large, or declares locals.
pub fn fingerprint(e: &Expr) -> Option<String> {
    if matches!(e.kind, ExprKind::Constant(_)) || e.size() > LARGEST {
        return None;
    }
    let mut text = String::new();
    write_to(e, &mut text).then_some(text)
}

fn write_to(e: &Expr, out: &mut String) -> bool {
    use ExprKind as K;
    let head = match &e.kind {
        K::Constant(value) => format!("k{value:?}"),
        K::Local(id) => format!("l{}", id.0),
        K::Column(var) => format!("c{}", var.0),
        K::Parameter(index) => format!("p{index}"),
        K::Arith { op, .. } => format!("{op:?}"),
        K::Concat(..) => "concat".into(),
        K::Negate(_) => "neg".into(),
        K::Not(_) => "not".into(),
        K::And(..) => "and".into(),
        K::Or(..) => "or".into(),
        K::Compare { op, .. } => format!("{op:?}"),
        K::IsNull(_) => "null".into(),
        K::Same(..) => "same".into(),
        K::Convert { mode, .. } => format!("to{mode:?}"),
        K::If { .. } => "if".into(),
        K::Native { function, .. } if function.effect == Effect::Pure => {
            format!("n{}", function.name)
        }
        K::Field { index, .. } => format!("f{index}"),
        _ => return false,
    };
    let _ = write!(out, "({head}:{}", e.ty);
    let mut fine = true;
    e.for_each_child(&mut |child| fine = fine && write_to(child, out));
    out.push(')');
    fine
}
