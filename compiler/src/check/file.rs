//! Files: in FROM, by COPY, and the tables that CREATE TABLE … AS makes of queries.
//!
//! A file in FROM is a table whose rows are read from it: its columns are asked of the catalog. The
//! file of a COPY … FROM has the columns of the table that it fills; nothing is asked.

use super::Checker;
use super::file_options::OptionSite;
use super::query::plain_query;
use crate::catalog::{SourceDescription, Table, TableColumn};
use crate::diagnostics as say;
use crate::hir::{From, Query, StatementKind};
use grizzly_bytecode::{
    ColumnId, FileColumn, FileFormat, FileOptions, FileOrigin, FileRequest, FileSource, TableId,
    Type, Value,
};
use grizzly_grammar::{Span, ast};
use smol_str::SmolStr;
use std::sync::Arc;

/// The format that a function of FROM reads.
pub(crate) fn reader(function: &ast::Name) -> Option<FileFormat> {
    let name = function.as_ident()?.folded();
    Some(match name.as_str() {
        "read_csv" | "read_csv_auto" => FileFormat::Csv,
        "read_json" | "read_json_auto" | "read_ndjson" => FileFormat::Json,
        "read_feather" | "read_arrow" => FileFormat::Feather,
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// `FROM 'file.csv'`.
    pub(crate) fn file_source(
        &mut self,
        path: &'a ast::Text,
        item: &'a ast::FromItem,
    ) -> Option<From> {
        let Some(format) = self.format_of(&path.value, path.span) else {
            self.error_table();
            return None;
        };
        let options = FileOptions::default();
        let request = FileRequest { path: path.value.clone(), format, options };
        self.described_source(&request, path.span, item)
    }

    /// `FROM read_csv('file', option: value)`.
    pub(crate) fn read_call(
        &mut self,
        format: FileFormat,
        function: &'a ast::Name,
        arguments: &'a [ast::Argument],
        item: &'a ast::FromItem,
    ) -> Option<From> {
        let source = self.read_request(format, function, arguments);
        let Some((request, span)) = source else {
            self.error_table();
            return None;
        };
        self.described_source(&request, span, item)
    }

    fn read_request(
        &mut self,
        format: FileFormat,
        function: &'a ast::Name,
        arguments: &'a [ast::Argument],
    ) -> Option<(FileRequest, Span)> {
        let (path, rest) = match arguments.split_first() {
            Some((path, rest)) if path.name.is_none() => (path, rest),
            _ => {
                let message = "the first argument is the path of the file";
                self.report(say::file_option(function.span, message, None));
                return None;
            }
        };
        let text = self.path_of(&path.value)?;
        let mut sites = Vec::new();
        for argument in rest {
            let Some(name) = &argument.name else {
                let message = "an option is written `name: value`";
                self.report(say::file_option(argument.value.span, message, None));
                return None;
            };
            let span = Span::new(name.span.start, argument.value.span.end);
            sites.push(OptionSite { name, value: Some(&argument.value), span });
        }
        let options = self.read_options(&sites, format)?;
        Some((FileRequest { path: text, format, options }, path.value.span))
    }

    /// The path of a file: a text, or a variable that holds one.
    fn path_of(&mut self, path: &'a ast::Expr) -> Option<SmolStr> {
        match &path.kind {
            ast::ExprKind::Literal(ast::Literal::Text { value, .. }) => Some(value.clone()),
            ast::ExprKind::Interpolation(interpolation) => {
                let variable = &interpolation.variable;
                let known = self.catalog.variable(&variable.folded());
                match known {
                    Some(known) => match known.value {
                        Some(Value::Text(text)) => return Some(text),
                        _ if known.ty != Type::Text => {
                            let at = interpolation.span;
                            self.report(say::not_a_name(at, &variable.name, &known.ty));
                        }
                        _ => {
                            let why = format!("the value of `{{{}}}`", variable.name);
                            self.be_late(path.span, why);
                        }
                    },
                    None => self.unknown_variable(variable, path.span),
                }
                None
            }
            ast::ExprKind::Parameter(_) => {
                self.later(path.span, "a parameter as the path of a file");
                None
            }
            _ => {
                let message = "the path of a file is a text or `{variable}`";
                self.report(say::file_option(path.span, message, None));
                None
            }
        }
    }

    /// The format of a path by its extension, or a report.
    fn format_of(&mut self, path: &str, span: Span) -> Option<FileFormat> {
        if let Some(format) = FileFormat::of_path(path) {
            if path.contains("://") {
                self.later(span, "reading a URL");
                return None;
            }
            return Some(format);
        }
        let folded = path.to_ascii_lowercase();
        if path.contains("://") {
            self.later(span, "reading a URL");
        } else if folded.ends_with(".parquet") {
            self.later(span, "reading a Parquet file");
        } else if [".gz", ".zst", ".bz2", ".xz"].iter().any(|end| folded.ends_with(end)) {
            self.later(span, "reading a compressed file");
        } else {
            let message = format!("the name `{path}` does not say of which format the file is");
            let help = format!(
                "name the format: `read_csv('{path}')`, `read_json('{path}')` or \
                 `read_feather('{path}')`"
            );
            self.report(say::file_unusable(span, &message, Some(&help)));
        }
        None
    }

    /// A file as a table whose columns the catalog knows.
    fn described_source(
        &mut self,
        request: &FileRequest,
        span: Span,
        item: &'a ast::FromItem,
    ) -> Option<From> {
        match self.catalog.describe_source(request) {
            SourceDescription::Columns(source) => {
                let table = Arc::new(file_table(source));
                let alias = item.alias.as_ref();
                let shown = alias.map_or(table.name.clone(), |alias| alias.name.name.clone());
                let at = alias.map_or(span, |alias| alias.name.span);
                let (columns, variables) = self.table_columns(&table);
                let row = Arc::new(table.row_type());
                self.enter_table(shown, at, columns, row, alias)?;
                return Some(From::Table { table, columns: variables });
            }
            SourceDescription::NotNow(why) if self.facts.reached => {
                self.report(say::file_unusable(span, &why, None));
            }
            SourceDescription::NotNow(why) => self.be_late(span, format!("a file: {why}")),
            SourceDescription::Wrong(why) => self.report(say::file_unusable(span, &why, None)),
        }
        self.error_table();
        None
    }

    /// `COPY …`.
    pub(crate) fn copy(&mut self, copy: &'a ast::Copy, span: Span) -> Option<StatementKind> {
        if let Some(secret) = copy.secrets.first() {
            self.later(secret.span, "USING SECRET");
        }
        let path = self.path_of(&copy.file)?;
        if path.contains("://") {
            self.later(copy.file.span, "a URL in COPY");
            return None;
        }
        let sites: Vec<OptionSite<'a>> = copy
            .options
            .iter()
            .map(|o| OptionSite { name: &o.name, value: o.value.as_ref(), span: o.span })
            .collect();
        let (format, lines) = self.copy_format(&sites, &path, copy.file.span)?;
        let rest: Vec<OptionSite<'a>> =
            sites.into_iter().filter(|site| !site.name.eq_name("format")).collect();
        match (&copy.subject, copy.direction) {
            (ast::CopySubject::Table { name, columns }, ast::CopyDirection::From) => {
                let options = self.read_options(&rest, format)?;
                let request = FileRequest { path, format, options };
                self.copy_from(name, columns.as_deref(), request, span)
            }
            (subject, _) => {
                let mut options = self.write_options(&rest, format)?;
                options.lines = options.lines.or(lines);
                let query = match subject {
                    ast::CopySubject::Query(query) => self.query(query, None)?,
                    ast::CopySubject::Table { name, columns } => {
                        self.whole_table(name, columns.as_deref())?
                    }
                };
                self.has_columns(&query, span)?;
                let request = Arc::new(FileRequest { path, format, options });
                Some(StatementKind::CopyTo(query, request))
            }
        }
    }

    fn has_columns(&mut self, query: &Query, span: Span) -> Option<()> {
        let unit = query.outputs.iter().find(|output| output.value.ty == Type::Unit);
        if let Some(output) = unit {
            let at = Span::new(output.value.place.start, output.value.place.end);
            self.report(say::no_value(at, "this", None));
            return None;
        }
        if query.outputs.is_empty() {
            self.report(say::no_value(span, "the query", None));
            return None;
        }
        Some(())
    }

    /// The format of a COPY, by its option or by the path; CSV where neither says. JSON also says
    /// whether there is one object a line.
    fn copy_format(
        &mut self,
        sites: &[OptionSite<'a>],
        path: &str,
        span: Span,
    ) -> Option<(FileFormat, Option<bool>)> {
        let Some(site) = sites.iter().find(|site| site.name.eq_name("format")) else {
            let folded = path.to_ascii_lowercase();
            if folded.ends_with(".parquet") || folded.ends_with(".gz") {
                self.later(span, "this format of a file");
                return None;
            }
            return Some((FileFormat::of_path(path).unwrap_or(FileFormat::Csv), None));
        };
        let word = self.option_word(site)?;
        match word.as_str() {
            "csv" => Some((FileFormat::Csv, None)),
            "json" => Some((FileFormat::Json, None)),
            "jsonl" | "ndjson" => Some((FileFormat::Json, Some(true))),
            "feather" | "arrow" => Some((FileFormat::Feather, None)),
            "parquet" => {
                self.later(site.span, "Parquet");
                None
            }
            other => {
                let message = format!("there is no file format `{other}`");
                let help = "there are csv, json, jsonl and feather";
                self.report(say::file_option(site.span, &message, Some(help)));
                None
            }
        }
    }

    /// COPY t FROM: an INSERT of the rows of a file that has the table's columns.
    fn copy_from(
        &mut self,
        name: &'a ast::Name,
        columns: Option<&'a [ast::NamePart]>,
        request: FileRequest,
        span: Span,
    ) -> Option<StatementKind> {
        let table = self.target_table(name)?;
        let targets = match columns {
            Some(columns) => self.target_columns(&table, columns)?,
            None => (0..table.columns.len()).collect(),
        };
        let column = |column: &TableColumn| FileColumn {
            name: column.name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            guessed: false,
        };
        let wanted = targets.iter().filter_map(|index| table.columns.get(*index));
        let columns = wanted.map(column).collect();
        let source = FileSource { request, columns, origin: FileOrigin::Target };
        let file = Arc::new(file_table(Arc::new(source)));
        let (_, variables) = self.table_columns(&file);
        let outputs = variables
            .iter()
            .zip(&file.columns)
            .map(|(variable, column)| {
                let value = self.column(*variable, self.place(span));
                self.output(column.name.clone(), value)
            })
            .collect();
        let rows = plain_query(Some(From::Table { table: file, columns: variables }), outputs);
        let query = self.insert_query(&table, &targets, rows, span)?;
        Some(self.insert_of(table, query, name.span))
    }

    /// All rows of a table, or some of its columns.
    fn whole_table(
        &mut self,
        name: &'a ast::Name,
        columns: Option<&'a [ast::NamePart]>,
    ) -> Option<Query> {
        let table = self.target_table(name)?;
        let targets = match columns {
            Some(columns) => self.target_columns(&table, columns)?,
            None => (0..table.columns.len()).collect(),
        };
        let (_, variables) = self.table_columns(&table);
        let mut outputs = Vec::new();
        for index in targets {
            let found = (variables.get(index), table.columns.get(index));
            let (Some(variable), Some(column)) = found else { continue };
            let value = self.column(*variable, self.place(name.span));
            outputs.push(self.output(column.name.clone(), value));
        }
        Some(plain_query(Some(From::Table { table, columns: variables }), outputs))
    }

    /// The table that CREATE TABLE … AS makes, and its rows.
    pub(crate) fn shape_of_query(
        &mut self,
        create: &'a ast::CreateTable,
        name: &SmolStr,
        renamed: &'a [ast::Ident],
        query: &'a ast::Query,
    ) -> Option<(Table, Query)> {
        let mut rows = self.query(query, None)?;
        self.has_columns(&rows, query.span)?;
        if renamed.len() > rows.outputs.len() {
            let (found, what) = (renamed.len(), format!("`{name}`"));
            let at = create.name.span;
            self.report(say::wrong_width(at, rows.outputs.len(), found, &what));
            return None;
        }
        let mut columns: Vec<TableColumn> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for (index, output) in rows.outputs.iter_mut().enumerate() {
            let given = renamed.get(index).map(|ident| ident.name.clone());
            let name = given.unwrap_or_else(|| output.name.clone());
            let place = output.value.place;
            let at = renamed.get(index).map_or(Span::new(place.start, place.end), |r| r.span);
            let first = columns.iter().position(|known| known.name.eq_ignore_ascii_case(&name));
            if let Some(first) = first.and_then(|first| places.get(first)) {
                self.report(say::duplicate_name(at, *first, "column", &name));
                return None;
            }
            places.push(at);
            if output.value.ty == Type::Null {
                output.value.ty = Type::Text;
            }
            let ty = output.value.ty.clone();
            if matches!(ty, Type::Exception(_) | Type::Function(_) | Type::Task(_)) {
                self.later(at, &format!("a column of type {ty}"));
                return None;
            }
            let nullable = self.expr_nullable(&output.value);
            let id = ColumnId(0);
            columns.push(TableColumn { id, name, ty, nullable, default: None });
        }
        let place = Some(self.place(create.name.span));
        let (id, key) = (TableId(0), Vec::new());
        let (checks, indexes) = (Vec::new(), Vec::new());
        let name = name.clone();
        let table = Table { id, name, columns, key, checks, indexes, place, file: None };
        Some((table, rows))
    }
}

/// Whether a CREATE TABLE takes its rows from a query.
pub(crate) fn is_of_query(create: &ast::CreateTable) -> bool {
    matches!(create.shape, ast::TableShape::As { .. })
}

/// A table that stands for a file. It is called after the file, without folders and extension.
fn file_table(source: Arc<FileSource>) -> Table {
    let path = source.request.path.as_str();
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.split('.').next().unwrap_or(name);
    let column = |(index, column): (usize, &FileColumn)| TableColumn {
        // A file has far fewer columns than an id has values.
        id: ColumnId(index as u32 + 1),
        name: column.name.clone(),
        ty: column.ty.clone(),
        nullable: column.nullable,
        default: None,
    };
    let columns = source.columns.iter().enumerate().map(column).collect();
    Table {
        id: TableId(0),
        name: SmolStr::new(name),
        columns,
        key: Vec::new(),
        checks: Vec::new(),
        indexes: Vec::new(),
        place: None,
        file: Some(source),
    }
}
