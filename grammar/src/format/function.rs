//! The layout of blocks, control flow, patterns and types.

use super::layout::{Layout, Spot};
use super::{BLOCK_LIMIT, LIST_LIMIT};
use crate::ast::{
    Block, Catch, ExprKind, FieldDefinition, FieldPattern, If, Lambda, Match, Parameter, Pattern,
    PatternKind, Returns, Try, TypeExpr, TypeKind,
};
use crate::span::Span;
use crate::token::Kind;

/// The built-in types of language.md §2 and their aliases, which are written like keywords.
const BUILT_IN: &[&str] = &[
    "BIGINT",
    "BLOB",
    "BOOL",
    "BOOLEAN",
    "BYTEA",
    "CHAR",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "FLOAT32",
    "FLOAT64",
    "INT",
    "INT16",
    "INT32",
    "INT64",
    "INT8",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "NUMERIC",
    "REAL",
    "SECRET",
    "SMALLINT",
    "STRING",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TINYINT",
    "UUID",
    "VARCHAR",
];

impl Layout<'_> {
    /// A block in braces, whose breaks belong to the group around it. It stays on one line only if
    /// it holds one thing, and `open` does not ask for lines.
    pub fn block(&mut self, block: &Block, open: bool) {
        let (first, last) = self.range(block.span);
        let count = block.statements.len() + usize::from(block.value.is_some());
        let hard = open && count > 0 || count > 1;
        self.statements(&block.statements, block.value.as_deref(), (first, last), hard);
        if count > 0 {
            self.spot(last, Spot { hard, offset: -1, keeps_blank: true, ..Spot::default() });
        }
    }

    pub fn conditional(&mut self, conditional: &If, pieces: (usize, usize)) {
        self.group(pieces, 1, BLOCK_LIMIT);
        for branch in &conditional.branches {
            self.expr(&branch.condition);
            self.block(&branch.body, false);
        }
        if let Some(otherwise) = &conditional.otherwise {
            self.block(otherwise, false);
        }
    }

    pub fn matched(&mut self, matched: &Match, (_, last): (usize, usize)) {
        self.expr(&matched.subject);
        let open = self.mate(last);
        self.list(open, BLOCK_LIMIT);
        for arm in &matched.arms {
            self.arm(arm.span, last);
            self.pattern(&arm.pattern);
            if let Some(guard) = &arm.guard {
                self.expr(guard);
            }
            self.expr(&arm.body);
        }
    }

    /// The comma behind an arm that may do without one, and the break behind it.
    fn arm(&mut self, span: Span, close: usize) {
        let (first, last) = self.range(span);
        self.soft(first);
        if last + 1 < close && !self.is(last + 1, Kind::Comma) {
            self.mark(last, |mark| mark.suffix.push(','));
        }
    }

    pub fn tried(&mut self, tried: &Try, pieces: (usize, usize)) {
        let (_, last) = pieces;
        self.group(pieces, 1, BLOCK_LIMIT);
        self.try_part(&tried.body);
        match &tried.catch {
            Catch::Fallback(fallback) => self.try_part(fallback),
            Catch::Handlers(handlers) => {
                self.list(self.mate(last), BLOCK_LIMIT);
                for handler in handlers {
                    self.arm(handler.span, last);
                    match &handler.exception {
                        Some(name) => self.name(name),
                        None => {
                            let (first, _) = self.range(handler.span);
                            self.mark(first, |mark| mark.name = true);
                        }
                    }
                    if let Some(binding) = &handler.binding {
                        self.ident(binding);
                    }
                    if let Some(guard) = &handler.guard {
                        self.expr(guard);
                    }
                    self.expr(&handler.body);
                }
            }
            Catch::Missing => {}
        }
    }

    /// A block of a TRY breaks with it.
    fn try_part(&mut self, part: &crate::ast::Expr) {
        match &part.kind {
            ExprKind::Block(block) => self.block(block, false),
            _ => self.expr(part),
        }
    }

    pub fn lambda(&mut self, lambda: &Lambda, (first, _): (usize, usize)) {
        if self.is(first, Kind::LeftParen) && self.mate(first) > first + 1 {
            self.list(first, usize::MAX);
        }
        self.parameters(&lambda.parameters);
        self.expr(&lambda.body);
    }

    pub fn parameters(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            self.ident(&parameter.name);
            if let Some(parameter_type) = &parameter.parameter_type {
                self.colon(parameter.name.span, true);
                self.type_expr(parameter_type);
            }
            if let Some(default) = &parameter.default {
                self.expr(default);
            }
        }
    }

    /// The colon between a name and its type, which the source may leave out.
    pub fn colon(&mut self, name: Span, wanted: bool) {
        let (_, last) = self.range(name);
        let present = self.is(last + 1, Kind::Colon);
        if wanted && !present {
            self.mark(last, |mark| mark.suffix.push(':'));
        } else if present && !wanted {
            self.dropped(last + 1);
        }
    }

    pub fn returns(&mut self, returns: &Returns) {
        match returns {
            Returns::Type { result, .. } => self.type_expr(result),
            Returns::Table { columns, span } => {
                let (_, last) = self.range(*span);
                self.tight(self.mate(last));
                self.list(self.mate(last), usize::MAX);
                self.fields(columns, false);
            }
        }
    }

    // --- Patterns -----------------------------------------------------------------------------

    fn pattern(&mut self, pattern: &Pattern) {
        let (first, last) = self.range(pattern.span);
        match &pattern.kind {
            PatternKind::Wildcard => self.mark(first, |mark| mark.name = true),
            PatternKind::Bind(name) => self.ident(name),
            PatternKind::Null | PatternKind::Like(_) | PatternKind::Regex(_) => {}
            PatternKind::Error => {}
            PatternKind::Constant(value) => self.expr(value),
            PatternKind::Range { from, to } => {
                for bound in [from, to].into_iter().flatten() {
                    self.expr(bound);
                }
            }
            PatternKind::Alternatives(list) => {
                self.group((first, last), 1, usize::MAX);
                for (nth, alternative) in list.iter().enumerate() {
                    if nth > 0 {
                        self.soft(self.range(alternative.span).0 - 1);
                    }
                    self.pattern(alternative);
                }
            }
            PatternKind::Struct { name, fields, .. } => {
                if let Some(name) = name {
                    self.name(name);
                }
                self.list(self.mate(last), LIST_LIMIT);
                fields.iter().for_each(|field| self.field_pattern(field));
            }
            PatternKind::Array { elements, rest } => {
                if self.is(first, Kind::LeftBracket) {
                    self.list(first, LIST_LIMIT);
                }
                elements.iter().for_each(|element| self.pattern(element));
                if let Some(name) = rest.as_ref().and_then(|rest| rest.name.as_ref()) {
                    self.ident(name);
                }
            }
        }
    }

    fn field_pattern(&mut self, field: &FieldPattern) {
        self.ident(&field.name);
        if let Some(pattern) = &field.pattern {
            self.pattern(pattern);
        }
    }

    // --- Types --------------------------------------------------------------------------------

    /// The words of a built-in type.
    pub fn type_words(&mut self, span: Span) {
        let (first, last) = self.range(span);
        let built_in = BUILT_IN.iter().any(|name| self.is_word(first, name));
        for at in first..=last {
            self.mark(at, |mark| mark.name = !built_in);
        }
    }

    pub fn type_expr(&mut self, written: &TypeExpr) {
        let (first, last) = self.range(written.span);
        match &written.kind {
            TypeKind::Named { name, arguments } => {
                self.name(name);
                if let Some(ident) = name.as_ident()
                    && !self.is(self.range(ident.span).0, Kind::QuotedWord)
                    && !self.is(self.range(ident.span).0, Kind::DoubleText)
                {
                    self.type_words(ident.span);
                }
                if !arguments.is_empty() || self.is(last, Kind::RightParen) {
                    self.tight(self.mate(last));
                }
            }
            TypeKind::Array(item) => {
                if self.is(last, Kind::EmptyBrackets) {
                    self.tight(last);
                } else {
                    self.angles(first, last);
                }
                self.type_expr(item);
            }
            TypeKind::Task(item) => {
                self.angles(first, last);
                self.type_expr(item);
            }
            TypeKind::Map(key, value) => {
                self.angles(first, last);
                self.type_expr(key);
                self.type_expr(value);
            }
            TypeKind::Struct(fields) => self.struct_fields(fields, last),
            TypeKind::Function(function) => {
                function.parameters.iter().for_each(|parameter| self.type_expr(parameter));
                self.type_expr(&function.result);
                self.names(&function.raises);
                if let Some(first) = function.raises.first() {
                    let from = self.range(function.result.span).1;
                    let (until, _) = self.range(first.span);
                    self.raises(from, until);
                }
            }
            TypeKind::Error => {}
        }
    }

    /// RAISES, for which RAISE is accepted.
    pub fn raises(&mut self, from: usize, until: usize) {
        for at in from..until {
            if self.is(at, Kind::Raise) {
                self.rewrite(at, "RAISES");
            }
        }
    }

    fn angles(&mut self, first: usize, last: usize) {
        self.tight(first + 1);
        self.tight(first + 2);
        self.tight(last);
        // The `=` of a default may stand directly behind the bracket, as one token.
        if self.is(last, Kind::GreaterEqual) {
            self.rewrite(last, "> =");
        }
    }

    /// The fields of a struct type, in parentheses even if the source has braces.
    fn struct_fields(&mut self, fields: &[FieldDefinition], close: usize) {
        let open = self.mate(close);
        self.tight(open);
        if self.is(open, Kind::LeftBrace) {
            self.rewrite(open, "(");
            self.rewrite(close, ")");
            self.tight(open + 1);
            self.tight(close);
        }
        self.list(open, usize::MAX);
        self.fields(fields, true);
    }

    pub fn fields(&mut self, fields: &[FieldDefinition], colon: bool) {
        for field in fields {
            self.ident(&field.name);
            self.colon(field.name.span, colon);
            self.type_expr(&field.field_type);
        }
    }
}
