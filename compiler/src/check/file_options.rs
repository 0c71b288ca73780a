//! The options of files, by DuckDB's names: of read_csv and its like, and of COPY.

use super::Checker;
use super::resolve::built_in_type;
use crate::diagnostics as say;
use crate::suggest::similar;
use grizzly_bytecode::{Field, FileFormat, FileOptions, Type};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;

/// An option as it is written.
#[derive(Clone, Copy)]
pub(crate) struct OptionSite<'a> {
    /// Its name.
    pub name: &'a ast::Ident,
    /// Its value; none means TRUE.
    pub value: Option<&'a ast::Expr>,
    /// All of it.
    pub span: Span,
}

/// The options for reading separated values.
const CSV_READ: &[&str] = &[
    "header",
    "delimiter",
    "delim",
    "sep",
    "quote",
    "escape",
    "null",
    "nullstr",
    "nulls",
    "skip",
    "sample_size",
    "all_varchar",
    "all_text",
    "columns",
    "types",
    "dtypes",
    "column_types",
    "names",
    "column_names",
    "auto_detect",
];
/// The options for writing them.
const CSV_WRITE: &[&str] =
    &["header", "delimiter", "delim", "sep", "quote", "escape", "null", "nullstr"];
const JSON_READ: &[&str] =
    &["columns", "types", "sample_size", "all_varchar", "all_text", "lines", "format", "records"];
const JSON_WRITE: &[&str] = &["array", "lines"];

impl<'a> Checker<'a> {
    /// The options for reading a file.
    pub(crate) fn read_options(
        &mut self,
        sites: &[OptionSite<'a>],
        format: FileFormat,
    ) -> Option<FileOptions> {
        let known = match format {
            FileFormat::Csv => CSV_READ,
            FileFormat::Json => JSON_READ,
            FileFormat::Feather => &[],
        };
        self.options(sites, known, format)
    }

    /// The options for writing a file.
    pub(crate) fn write_options(
        &mut self,
        sites: &[OptionSite<'a>],
        format: FileFormat,
    ) -> Option<FileOptions> {
        let known = match format {
            FileFormat::Csv => CSV_WRITE,
            FileFormat::Json => JSON_WRITE,
            FileFormat::Feather => &[],
        };
        self.options(sites, known, format)
    }

    fn options(
        &mut self,
        sites: &[OptionSite<'a>],
        known: &[&str],
        format: FileFormat,
    ) -> Option<FileOptions> {
        let mut options = FileOptions::default();
        for site in sites {
            let name = site.name.folded();
            if !known.contains(&name.as_str()) {
                let message = format!("files of format {} have no option `{name}`", format.name());
                let help = match (similar(&name, known.iter()), known.is_empty()) {
                    (Some(near), _) => format!("there is `{near}`"),
                    (None, true) => "they have no options".to_owned(),
                    (None, false) => format!("there are {}", known.join(", ")),
                };
                self.report(say::file_option(site.name.span, &message, Some(&help)));
                return None;
            }
            self.set_option(&mut options, site, &name)?;
        }
        Some(options)
    }

    fn set_option(
        &mut self,
        options: &mut FileOptions,
        site: &OptionSite<'a>,
        name: &str,
    ) -> Option<()> {
        match name {
            "header" => options.header = Some(self.option_bool(site)?),
            "delimiter" | "delim" | "sep" => {
                let byte = self.option_byte(site)?;
                match byte.filter(|byte| !matches!(byte, b'\n' | b'\r' | b'"')) {
                    Some(byte) => options.delimiter = Some(byte),
                    None => return self.wrong_value(site, "one character, such as ';'"),
                }
            }
            "quote" => options.quote = Some(self.option_byte(site)?),
            "escape" => match self.option_byte(site)? {
                Some(byte) => options.escape = Some(byte),
                None => return self.wrong_value(site, "one character, such as '\\'"),
            },
            "null" | "nullstr" | "nulls" => options.nulls = Some(self.option_texts(site)?),
            "names" | "column_names" => options.names = self.option_texts(site)?,
            "skip" => options.skip = self.option_count(site)?,
            "sample_size" => options.sample_rows = Some(self.option_count(site)?.max(1)),
            "all_varchar" | "all_text" => options.all_text = self.option_bool(site)?,
            "types" | "dtypes" | "column_types" => options.types = self.option_types(site)?,
            "columns" => options.columns = self.option_types(site)?,
            "lines" => options.lines = Some(self.option_bool(site)?),
            "array" => options.lines = Some(!self.option_bool(site)?),
            "auto_detect" if self.option_bool(site)? => {}
            "auto_detect" => {
                self.later(site.span, "auto_detect: FALSE");
                return None;
            }
            // Both layouts of JSON are recognised as they are read.
            "format" | "records" => _ = self.option_word(site)?,
            _ => {}
        }
        Some(())
    }

    fn wrong_value<T>(&mut self, site: &OptionSite<'a>, wanted: &str) -> Option<T> {
        let at = site.value.map_or(site.span, |value| value.span);
        let message = format!("the option `{}` takes {wanted}", site.name.name);
        self.report(say::file_option(at, &message, None));
        None
    }

    fn option_bool(&mut self, site: &OptionSite<'a>) -> Option<bool> {
        use ast::{ExprKind as K, Literal as L};
        let word = match site.value.map(|value| &value.kind) {
            None => return Some(true),
            Some(K::Literal(L::Boolean(value))) => return Some(*value),
            Some(K::Name(ident)) => ident.folded(),
            Some(K::Literal(L::Number(text) | L::Text { value: text, .. })) => ast::fold(text),
            Some(_) => return self.wrong_value(site, "TRUE or FALSE"),
        };
        match word.as_str() {
            "true" | "on" | "1" | "yes" => Some(true),
            "false" | "off" | "0" | "no" => Some(false),
            _ => self.wrong_value(site, "TRUE or FALSE"),
        }
    }

    /// A word or a text, folded.
    pub(crate) fn option_word(&mut self, site: &OptionSite<'a>) -> Option<SmolStr> {
        use ast::{ExprKind as K, Literal as L};
        match site.value.map(|value| &value.kind) {
            Some(K::Name(ident)) => Some(ident.folded()),
            Some(K::Literal(L::Text { value, .. })) => Some(ast::fold(value)),
            _ => self.wrong_value(site, "a word"),
        }
    }

    fn text_of(value: &ast::Expr) -> Option<SmolStr> {
        match &value.kind {
            ast::ExprKind::Literal(ast::Literal::Text { value, .. }) => Some(value.clone()),
            _ => None,
        }
    }

    /// One character, or none for the empty text. `\t` is a tab.
    fn option_byte(&mut self, site: &OptionSite<'a>) -> Option<Option<u8>> {
        let text = site.value.and_then(Self::text_of);
        match text.as_deref().map(str::as_bytes) {
            Some([]) => Some(None),
            Some(b"\\t") => Some(Some(b'\t')),
            Some([byte]) if *byte != 0 && byte.is_ascii() => Some(Some(*byte)),
            _ => self.wrong_value(site, "one ASCII character, such as ';'"),
        }
    }

    fn option_texts(&mut self, site: &OptionSite<'a>) -> Option<Vec<SmolStr>> {
        let texts = site.value.and_then(|value| match &value.kind {
            ast::ExprKind::Array(items) => items.iter().map(Self::text_of).collect(),
            _ => Self::text_of(value).map(|text| vec![text]),
        });
        match texts {
            Some(texts) => Some(texts),
            None => self.wrong_value(site, "a text or an array of texts"),
        }
    }

    /// A number of rows; -1 is all.
    fn option_count(&mut self, site: &OptionSite<'a>) -> Option<u64> {
        let number = |value: &ast::Expr| match &value.kind {
            ast::ExprKind::Literal(ast::Literal::Number(text)) => {
                text.replace('_', "").parse().ok()
            }
            ast::ExprKind::Unary { op: ast::UnaryOp::Minus, .. } => Some(u64::MAX),
            _ => None,
        };
        match site.value.and_then(number) {
            Some(number) => Some(number),
            None => self.wrong_value(site, "a number of rows, -1 for all"),
        }
    }

    /// Names with types, as `{ a: 'INT64', b: 'TEXT' }`.
    fn option_types(&mut self, site: &OptionSite<'a>) -> Option<Vec<Field>> {
        let Some(ast::ExprKind::Struct(literal)) = site.value.map(|value| &value.kind) else {
            return self.wrong_value(site, "names and types, as { id: 'INT64', name: 'TEXT' }");
        };
        let mut fields = Vec::new();
        for field in &literal.fields {
            let ast::StructField::Value { name, value } = field else {
                return self.wrong_value(site, "names and types, as { id: 'INT64', name: 'TEXT' }");
            };
            let text = match &value.kind {
                ast::ExprKind::Name(ident) => Some(ident.name.clone()),
                _ => Self::text_of(value),
            };
            let ty = text.as_deref().and_then(|text| self.type_of_text(text));
            let Some(ty) = ty else {
                let shown = text.unwrap_or_default();
                let message = format!("there is no type `{shown}`");
                let help = "a type is written as a text: 'INT64', 'DECIMAL(12,2)', 'DATE'";
                self.report(say::file_option(value.span, &message, Some(help)));
                return None;
            };
            fields.push(Field { name: name.name.clone(), ty });
        }
        Some(fields)
    }

    /// The type that a text names.
    fn type_of_text(&self, text: &str) -> Option<Type> {
        let folded = ast::fold(text.trim());
        let (name, arguments) = match folded.split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.strip_suffix(')')?)),
            None => (folded.as_str(), None),
        };
        let name = match name {
            "timestamp with time zone" => "timestamptz",
            "double precision" => "double",
            "character varying" => "varchar",
            name => name,
        };
        match (name, arguments) {
            ("decimal" | "numeric", Some(arguments)) => {
                let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
                let (precision, scale) =
                    (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
                let fits = (1..=38).contains(&precision) && scale <= precision;
                fits.then_some(Type::Decimal { precision, scale })
            }
            ("varchar" | "char", _) => Some(Type::Text),
            (_, Some(_)) => None,
            (name, None) => built_in_type(name).or_else(|| self.catalog.ty(name)),
        }
    }
}
