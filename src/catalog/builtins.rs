//! The built-in functions, from the prelude's declarations.
//!
//! An index of names is made once from the declarations' first lines; a declaration is parsed when
//! its name is first used, so that a short script does not pay for all of them.

use crate::frontend;
use grizzly_bytecode::{Type, Value};
use grizzly_compiler::catalog::{Native, NativeParameter, NativeType};
use grizzly_compiler::hir::Effect;
use grizzly_grammar::ast::{self, ExprKind, Literal, StatementKind, TypeKind, fold};
use hashbrown::HashMap;
use parking_lot::RwLock;
use smol_str::SmolStr;
use std::sync::Arc;

/// The declarations of the standard library, or of any other prelude.
pub struct Builtins {
    /// The declarations of each folded name, as text.
    index: HashMap<SmolStr, Vec<&'static str>>,
    parsed: RwLock<HashMap<SmolStr, Vec<Arc<Native>>>>,
}

const HEAD: &str = "CREATE FUNCTION ";

impl Builtins {
    /// The built-ins of a prelude: names and texts of its sources.
    pub fn new(prelude: &[(&'static str, &'static str)]) -> Builtins {
        let mut index: HashMap<SmolStr, Vec<&'static str>> = HashMap::new();
        for (_, text) in prelude {
            // Declarations are parted by an empty line, which none contains.
            for declaration in text.split("\n\n") {
                let head = declaration.lines().find_map(|line| line.strip_prefix(HEAD));
                if let Some(name) = head.and_then(|head| head.split('(').next()) {
                    index.entry(fold(name.trim().trim_matches('`'))).or_default().push(declaration);
                }
            }
        }
        Builtins { index, parsed: RwLock::default() }
    }

    /// The names of all functions.
    pub fn names(&self) -> Vec<SmolStr> {
        self.index.keys().cloned().collect()
    }

    /// The forms of a function; empty where there is none of that name.
    pub fn forms(&self, name: &str) -> Vec<Arc<Native>> {
        let name = fold(name);
        if let Some(known) = self.parsed.read().get(&name) {
            return known.clone();
        }
        let declarations = self.index.get(&name).map_or(&[][..], Vec::as_slice);
        let forms: Vec<Arc<Native>> =
            declarations.iter().filter_map(|text| declared(text).ok()).map(Arc::new).collect();
        if !declarations.is_empty() {
            self.parsed.write().insert(name, forms.clone());
        }
        forms
    }

    /// What is wrong with the declarations; a test holds it to nothing.
    pub fn problems(&self) -> Vec<String> {
        let all = self.index.values().flatten();
        all.filter_map(|text| declared(text).err().map(|what| format!("{what}: {text}"))).collect()
    }
}

/// The tags of a declaration's documentation.
#[derive(Default)]
struct Tags {
    body: Option<SmolStr>,
    handles_null: bool,
    nullable: bool,
    variadic: bool,
    effect: Option<Effect>,
    doc: String,
}

fn tags_of(doc: &str) -> Result<Tags, String> {
    let mut tags = Tags::default();
    for line in doc.lines() {
        match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("@body", name) => tags.body = Some(SmolStr::new(name.trim())),
            ("@null", "handles") => tags.handles_null = true,
            ("@nullable", "") => tags.nullable = true,
            ("@variadic", "") => tags.variadic = true,
            ("@effect", "READS") => tags.effect = Some(Effect::Reads),
            ("@effect", "VOLATILE") => tags.effect = Some(Effect::Volatile),
            (tag, _) if tag.starts_with('@') => return Err(format!("unknown tag {line}")),
            _ => {
                tags.doc.push_str(line);
                tags.doc.push('\n');
            }
        }
    }
    Ok(tags)
}

/// The built-in that a declaration's text declares.
fn declared(text: &str) -> Result<Native, String> {
    let script = frontend::parse(text);
    if let Some(error) = script.diagnostics.iter().find(|d| d.is_error()) {
        return Err(error.message.clone());
    }
    let statement = script.tree.statements.first().ok_or("nothing is declared")?;
    let StatementKind::CreateFunction(function) = &statement.kind else {
        return Err("this is no function".to_owned());
    };
    let doc = statement.doc.as_ref().map_or("", |doc| doc.text.as_str());
    let tags = tags_of(doc)?;
    let name = function.name.as_ident().ok_or("the name is not plain")?.folded();
    let parameters: Result<Vec<NativeParameter>, String> =
        function.parameters.iter().map(parameter).collect();
    let result = match &function.returns {
        Some(ast::Returns::Type { result, .. }) => native_type(result)?,
        _ => return Err("the result has no type".to_owned()),
    };
    Ok(Native {
        name: tags.body.unwrap_or_else(|| name.clone()),
        function: name,
        parameters: parameters?,
        variadic: tags.variadic,
        result,
        strict: !tags.handles_null,
        nullable: tags.nullable,
        effect: tags.effect.unwrap_or(Effect::Pure),
        doc: SmolStr::new(tags.doc.trim_end()),
    })
}

fn parameter(parameter: &ast::Parameter) -> Result<NativeParameter, String> {
    let ty = parameter.parameter_type.as_ref().ok_or("a parameter has no type")?;
    let default = parameter.default.as_ref().map(constant).transpose()?;
    Ok(NativeParameter { name: parameter.name.name.clone(), ty: native_type(ty)?, default })
}

fn constant(default: &ast::Expr) -> Result<Value, String> {
    match &default.kind {
        ExprKind::Literal(Literal::Text { value, .. }) => Ok(Value::Text(value.clone())),
        ExprKind::Literal(Literal::Number(digits)) => {
            digits.parse().map(Value::Int).map_err(|error| format!("{digits}: {error}"))
        }
        _ => Err("a default is neither text nor a whole number".to_owned()),
    }
}

fn native_type(written: &ast::TypeExpr) -> Result<NativeType, String> {
    match &written.kind {
        TypeKind::Array(element) => Ok(NativeType::Array(Box::new(native_type(element)?))),
        TypeKind::Named { name, .. } => {
            let name = name.as_ident().ok_or("a type's name is not plain")?.as_str();
            let variable = |letter: char| Ok(NativeType::Variable(letter));
            match name {
                "ANY" => Ok(NativeType::Any),
                "T" | "U" | "K" | "V" | "N" | "I" | "D" => {
                    name.chars().next().map_or(Err("a type has no name".to_owned()), variable)
                }
                other => scalar(other)
                    .map(NativeType::Is)
                    .ok_or_else(|| format!("the type {other} is not one of the prelude's")),
            }
        }
        _ => Err("a type is of a form that the prelude does not use".to_owned()),
    }
}

fn scalar(name: &str) -> Option<Type> {
    Some(match name {
        "BOOLEAN" => Type::Bool,
        "INT64" => Type::Int64,
        "DOUBLE" => Type::Double,
        "TEXT" => Type::Text,
        "BLOB" => Type::Blob,
        "DATE" => Type::Date,
        "TIME" => Type::Time,
        "TIMESTAMP" => Type::Timestamp,
        "TIMESTAMPTZ" => Type::TimestampTz,
        "INTERVAL" => Type::Interval,
        "UUID" => Type::Uuid,
        "JSON" => Type::Json,
        _ => return None,
    })
}
