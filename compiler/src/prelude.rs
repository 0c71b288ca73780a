//! The standard library's declarations, as PL-Grizzly text: `CREATE FUNCTION lower(s: TEXT) RETURNS
//! TEXT;` without a body, one statement a form, several forms of a name allowed.
//!
//! The lines of a form's documentation comment are its documentation, but for those that begin with
//! a tag: `@body name` (the registered body, else the function's name), `@null handles` (it is
//! called with NULLs; strict otherwise), `@effect READS|VOLATILE|WRITES`, `@nullable` (it may give
//! NULL),
//! `@variadic` (the last parameter takes any number of arguments).
//!
//! A single capital letter is a type variable; `ANY` takes each argument as it is.

use crate::catalog::{Native, NativeParameter, NativeType};
use crate::check::built_in_type;
use crate::constant::Number;
use crate::diagnostics as say;
use crate::hir::Effect;
use grizzly_bytecode::{Type, Value};
use grizzly_grammar::{Diagnostic, ast, parse_script};
use smol_str::SmolStr;

/// The forms that a prelude's text declares.
///
/// # Errors
/// What is wrong with the text.
pub fn natives(text: &str) -> Result<Vec<Native>, Vec<Diagnostic>> {
    let parsed = parse_script(text);
    let mut diagnostics: Vec<Diagnostic> =
        parsed.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let mut natives = Vec::new();
    for statement in &parsed.tree.statements {
        let ast::StatementKind::CreateFunction(create) = &statement.kind else {
            if !matches!(statement.kind, ast::StatementKind::Error) {
                let what = "a statement that declares no function, in a prelude,";
                diagnostics.push(say::not_supported(statement.span, what));
            }
            continue;
        };
        match native(create, statement.doc.as_deref()) {
            Ok(native) => natives.push(native),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    if diagnostics.is_empty() { Ok(natives) } else { Err(diagnostics) }
}

fn native(
    create: &ast::CreateFunction,
    doc: Option<&ast::DocComment>,
) -> Result<Native, Box<Diagnostic>> {
    let Some(name) = create.name.as_ident() else {
        return Err(Box::new(say::not_supported(
            create.name.span,
            "a built-in with a dotted name",
        )));
    };
    let result = match &create.returns {
        Some(ast::Returns::Type { result, .. }) => native_type(result)?,
        Some(ast::Returns::Table { span, .. }) => {
            return Err(Box::new(say::not_supported(*span, "a built-in table function")));
        }
        None => NativeType::Is(Type::Unit),
    };
    let mut parameters = Vec::new();
    for parameter in &create.parameters {
        let Some(ty) = &parameter.parameter_type else {
            let message = format!("the parameter `{}` has no type", parameter.name.name);
            return Err(Box::new(say::wrong_arguments(parameter.span, message, &name.name)));
        };
        let ty = native_type(ty)?;
        let default = match &parameter.default {
            Some(default) => Some(default_value(default, &ty)?),
            None => None,
        };
        parameters.push(NativeParameter { name: parameter.name.name.clone(), ty, default });
    }
    let mut native = Native {
        name: name.folded(),
        function: name.folded(),
        parameters,
        variadic: false,
        result,
        strict: true,
        nullable: false,
        effect: Effect::Pure,
        doc: SmolStr::default(),
    };
    if let Some(doc) = doc {
        tags(&mut native, doc)?;
    }
    Ok(native)
}

/// Takes the tags out of a documentation comment.
fn tags(native: &mut Native, doc: &ast::DocComment) -> Result<(), Box<Diagnostic>> {
    let mut lines = Vec::new();
    for line in doc.text.lines() {
        let Some(tag) = line.trim().strip_prefix('@') else {
            lines.push(line);
            continue;
        };
        let (word, rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        match (word, rest.trim()) {
            ("body", name) if !name.is_empty() => native.name = SmolStr::new(name),
            ("null", "handles") => native.strict = false,
            ("null", "strict") => native.strict = true,
            ("effect", "PURE") => native.effect = Effect::Pure,
            ("effect", "READS") => native.effect = Effect::Reads,
            ("effect", "VOLATILE") => native.effect = Effect::Volatile,
            ("effect", "WRITES") => native.effect = Effect::Writes,
            ("nullable", "") => native.nullable = true,
            ("variadic", "") => native.variadic = true,
            _ => return Err(Box::new(say::not_supported(doc.span, &format!("the tag `@{tag}`")))),
        }
    }
    native.doc = SmolStr::from(lines.join("\n"));
    Ok(())
}

fn native_type(ty: &ast::TypeExpr) -> Result<NativeType, Box<Diagnostic>> {
    let unknown = || Box::new(say::unknown_type(ty.span, "…", None));
    match &ty.kind {
        ast::TypeKind::Array(element) => Ok(NativeType::Array(Box::new(native_type(element)?))),
        ast::TypeKind::Map(key, value) => {
            Ok(NativeType::Map(Box::new((native_type(key)?, native_type(value)?))))
        }
        ast::TypeKind::Struct(fields) => {
            let field = |field: &ast::FieldDefinition| {
                Ok((field.name.name.clone(), native_type(&field.field_type)?))
            };
            let fields: Result<_, Box<Diagnostic>> = fields.iter().map(field).collect();
            Ok(NativeType::Struct(fields?))
        }
        ast::TypeKind::Named { name, arguments } => {
            let ident = name.as_ident().ok_or_else(unknown)?;
            if let [letter] = ident.name.as_bytes()
                && letter.is_ascii_uppercase()
            {
                return Ok(NativeType::Variable(char::from(*letter)));
            }
            if ident.eq_name("any") {
                return Ok(NativeType::Any);
            }
            let number = |index: usize| {
                let text = arguments.get(index).map(|argument| argument.text.as_str());
                text.map_or(Some(0), |text| text.parse::<u8>().ok())
            };
            match (built_in_type(&ident.folded()), number(0), number(1)) {
                (Some(Type::Decimal { .. }), Some(precision @ 1..=38), Some(scale)) => {
                    Ok(NativeType::Is(Type::Decimal { precision, scale }))
                }
                (Some(ty), _, _) => Ok(NativeType::Is(ty)),
                _ => Err(Box::new(say::unknown_type(ident.span, &ident.name, None))),
            }
        }
        _ => Err(Box::new(say::not_supported(ty.span, "this type of a built-in"))),
    }
}

/// A default: a literal of the parameter's type.
fn default_value(default: &ast::Expr, ty: &NativeType) -> Result<Value, Box<Diagnostic>> {
    let bad =
        || Box::new(say::not_supported(default.span, "a default that is no literal of the type"));
    let own = match ty {
        NativeType::Is(ty) => ty.clone(),
        _ => Type::Null,
    };
    let (literal, negative) = match &default.kind {
        ast::ExprKind::Literal(literal) => (literal, false),
        ast::ExprKind::Unary { op: ast::UnaryOp::Minus, operand, .. } => match &operand.kind {
            ast::ExprKind::Literal(literal) => (literal, true),
            _ => return Err(bad()),
        },
        _ => return Err(bad()),
    };
    match literal {
        ast::Literal::Null => Ok(Value::Null),
        ast::Literal::Boolean(value) => Ok(Value::Bool(*value)),
        ast::Literal::Text { value, .. } => Ok(Value::Text(value.clone())),
        ast::Literal::Number(text) => {
            let number = Number::parse(text).ok_or_else(bad)?;
            let number = if negative { number.negated().ok_or_else(bad)? } else { number };
            number.value(&own, false).ok_or_else(bad)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_become_forms() {
        let text = "--- The text in lower case.\nCREATE FUNCTION lower(s: TEXT) RETURNS TEXT;\n\
            --- @body abs_f64\n--- The value without its sign.\n\
            CREATE FUNCTION abs(x: N) RETURNS N;\n\
            --- @null handles\n--- @variadic\n--- @effect VOLATILE\n--- @nullable\n\
            CREATE FUNCTION pick(xs: ARRAY<T>, i: INT64 = -1, more: ANY) RETURNS T;";
        let forms = natives(text).unwrap_or_default();
        let [lower, abs, pick] = forms.as_slice() else { panic!("{forms:#?}") };
        assert_eq!((lower.name.as_str(), lower.strict, lower.nullable), ("lower", true, false));
        assert_eq!(lower.doc, "The text in lower case.");
        assert_eq!((abs.name.as_str(), abs.function.as_str()), ("abs_f64", "abs"));
        assert_eq!(abs.result, NativeType::Variable('N'));
        assert_eq!((pick.strict, pick.variadic, pick.nullable), (false, true, true));
        assert_eq!(pick.effect, Effect::Volatile);
        assert_eq!(pick.parameters.get(1).and_then(|p| p.default.clone()), Some(Value::Int(-1)));
        assert!(natives("SELECT 1;").is_err());
        assert!(natives("CREATE FUNCTION f(x: NOPE) RETURNS TEXT;").is_err());
    }
}
