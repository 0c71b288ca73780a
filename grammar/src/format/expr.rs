//! The layout of expressions.

use super::layout::{Layout, Spot};
use super::print::Group;
use super::{BLOCK_LIMIT, LIST_LIMIT};
use crate::ast::{
    Argument, BinaryOp, Call, CallModifiers, Case, Expr, ExprKind, Frame, FrameBound, InSet, Like,
    Literal, MethodCall, Over, ParameterRef, StructField, StructLiteral, UnaryOp, WindowSpec,
};
use crate::token::Kind;

impl Layout<'_> {
    /// The parentheses around an expression that are not its own: their number, and its pieces
    /// within them.
    fn layers(&self, expr: &Expr) -> (usize, (usize, usize)) {
        let (mut first, mut last) = self.range(expr.span);
        let own = usize::from(matches!(expr.kind, ExprKind::Row(_) | ExprKind::Subquery(_)));
        let wrapped = |first: usize, last: usize| {
            first < last && self.is(first, Kind::LeftParen) && self.mate(first) == last
        };
        let mut count = 0;
        while wrapped(first, last) && (own == 0 || wrapped(first + 1, last - 1)) {
            (first, last, count) = (first + 1, last - 1, count + 1);
        }
        (count, (first, last))
    }

    pub fn exprs(&mut self, list: &[Expr]) {
        list.iter().for_each(|expr| self.expr(expr));
    }

    pub fn expr(&mut self, expr: &Expr) {
        let (layers, pieces) = self.layers(expr);
        for layer in (1..=layers).rev() {
            self.enclosed(pieces.0 - layer);
        }
        match &expr.kind {
            // The field of `extract(year FROM d)` is a text without quotes.
            ExprKind::Literal(Literal::Text { .. }) => {
                self.mark(pieces.0, |mark| mark.name = true);
            }
            ExprKind::Literal(_) | ExprKind::Star | ExprKind::Error => {}
            ExprKind::TypedLiteral(literal) => self.type_words(literal.type_name.span),
            ExprKind::Interval(literal) => self.expr(&literal.amount),
            ExprKind::Name(ident) => self.ident(ident),
            ExprKind::Interpolation(_) => {
                self.interpolation(pieces);
            }
            ExprKind::Parameter(parameter) => self.parameter(parameter),
            ExprKind::Unary { op, operand, .. } => self.unary(*op, pieces, operand),
            ExprKind::Binary { op, .. } => self.chain(expr, *op, pieces),
            ExprKind::Compare { left, right, .. }
            | ExprKind::Contains { left, right }
            | ExprKind::IsDistinct { left, right, .. } => self.both(left, right),
            ExprKind::Quantified(quantified) => {
                self.expr(&quantified.left);
                self.set(&quantified.set, pieces.1);
            }
            ExprKind::Is { operand, .. } => self.operand(operand),
            ExprKind::In { operand, set, .. } => {
                self.operand(operand);
                self.set(set, pieces.1);
            }
            ExprKind::Between { operand, low, high, .. } => {
                self.operand(operand);
                self.both(low, high);
            }
            ExprKind::Like(like) => self.like(like),
            ExprKind::Case(case) => self.case(case, pieces),
            ExprKind::Cast { operand, target, .. } => {
                self.operand(operand);
                if self.is(pieces.1, Kind::RightParen) && self.mate(pieces.0 + 1) == pieces.1 {
                    self.tight(pieces.0 + 1);
                }
                self.type_expr(target);
            }
            ExprKind::Field { base, field } => {
                self.operand(base);
                self.part(field);
            }
            ExprKind::MethodCall(call) => self.method(call),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Index { base, index } => {
                self.operand(base);
                self.tight(self.mate(pieces.1));
                self.expr(index);
            }
            ExprKind::Slice(slice) => self.slice(slice, pieces),
            ExprKind::Range { from, to } => self.both(from, to),
            ExprKind::Pipe { .. } => self.pipe(expr, pieces),
            other => self.form(other, pieces),
        }
    }

    /// The forms that begin with a word or a bracket.
    fn form(&mut self, kind: &ExprKind, pieces: (usize, usize)) {
        match kind {
            ExprKind::If(conditional) => self.conditional(conditional, pieces),
            ExprKind::Match(matched) => self.matched(matched, pieces),
            ExprKind::Block(block) => {
                self.group(pieces, 1, BLOCK_LIMIT);
                self.block(block, false);
            }
            ExprKind::Try(tried) => self.tried(tried, pieces),
            ExprKind::Raise(value) | ExprKind::Return(Some(value)) | ExprKind::Await(value) => {
                self.expr(value);
            }
            ExprKind::Lambda(lambda) => self.lambda(lambda, pieces),
            ExprKind::Struct(literal) => self.struct_literal(literal, pieces),
            ExprKind::Array(items) => {
                self.list(pieces.0, LIST_LIMIT);
                self.exprs(items);
            }
            ExprKind::Map(entries) => {
                self.list(self.mate(pieces.1), LIST_LIMIT);
                for entry in entries {
                    self.expr(&entry.key);
                    self.expr(&entry.value);
                }
            }
            ExprKind::Row(items) => {
                self.list(pieces.0, LIST_LIMIT);
                self.exprs(items);
            }
            ExprKind::Exists(query) | ExprKind::Subquery(query) => self.nested_query(query),
            ExprKind::ArrayQuery(query) => {
                self.tight(pieces.0 + 1);
                self.nested_query(query);
            }
            ExprKind::Query(query) => self.query(query),
            _ => {}
        }
    }

    pub fn interpolation(&mut self, (first, last): (usize, usize)) {
        self.mark(first + 1, |mark| mark.name = true);
        self.tight(first + 1);
        self.tight(last);
    }

    fn parameter(&mut self, parameter: &ParameterRef) {
        if let ParameterRef::Named(ident) = parameter {
            self.ident(ident);
        }
    }

    /// An operand of what binds tighter than NOT.
    fn operand(&mut self, expr: &Expr) {
        let (first, last) = self.range(expr.span);
        let not = matches!(expr.kind, ExprKind::Unary { op: UnaryOp::Not, .. });
        if not && self.is(first, Kind::Bang) {
            self.mark(first, |mark| mark.prefix = "(");
            self.mark(last, |mark| mark.suffix.insert(0, ')'));
        }
        self.expr(expr);
    }

    fn both(&mut self, left: &Expr, right: &Expr) {
        self.operand(left);
        self.operand(right);
    }

    fn unary(&mut self, op: UnaryOp, pieces: (usize, usize), operand: &Expr) {
        if op == UnaryOp::Not && !self.is(pieces.0, Kind::Bang) {
            self.expr(operand);
        } else {
            self.operand(operand);
        }
        // Two minus signs would begin a comment.
        if op != UnaryOp::Not && !self.is(pieces.0 + 1, Kind::Minus) {
            self.tight(pieces.0 + 1);
        }
    }

    /// Operators of one level: before each a place to break.
    fn chain(&mut self, expr: &Expr, op: BinaryOp, pieces: (usize, usize)) {
        let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
        let group = Group { indent: 1, limit: usize::MAX, hangs: logical, comma: false };
        self.groups.push((pieces.0, pieces.1, group));
        self.links(expr, level(op), logical);
    }

    fn links(&mut self, expr: &Expr, wanted: u8, logical: bool) {
        // The tree of AND, OR and `||` is balanced, that of the others leans to the left; a chain
        // is never deeper than MAX_DEPTH.
        let ExprKind::Binary { op_span, left, right, .. } = &expr.kind else { return };
        for side in [left, right] {
            let same = matches!(&side.kind, ExprKind::Binary { op, .. } if level(*op) == wanted);
            if same && self.layers(side).0 == 0 {
                self.links(side, wanted, logical);
            } else if logical {
                self.expr(side);
            } else {
                self.operand(side);
            }
        }
        self.soft(self.at(op_span.start));
    }

    /// The parentheses of IN, ANY and ALL, which end at `last`.
    fn set(&mut self, set: &InSet, last: usize) {
        match set {
            InSet::List(items) => {
                self.list(self.mate(last), LIST_LIMIT);
                self.exprs(items);
            }
            InSet::Query(query) => self.nested_query(query),
            InSet::Value(value) => self.operand(value),
        }
    }

    fn like(&mut self, like: &Like) {
        self.both(&like.operand, &like.pattern);
        if let Some(escape) = &like.escape {
            self.operand(escape);
        }
    }

    fn case(&mut self, case: &Case, (first, last): (usize, usize)) {
        self.group((first, last), 1, BLOCK_LIMIT);
        if let Some(operand) = &case.operand {
            self.expr(operand);
        }
        for branch in &case.branches {
            let when = self.whole(&branch.condition).0 - 1;
            self.soft(when);
            let value = self.whole(&branch.value);
            self.group((when, value.1), 1, usize::MAX);
            self.soft(value.0 - 1);
            self.expr(&branch.condition);
            self.expr(&branch.value);
        }
        if let Some(otherwise) = &case.otherwise {
            self.soft(self.whole(otherwise).0 - 1);
            self.expr(otherwise);
        }
        self.spot(last, Spot { offset: -1, ..Spot::default() });
    }

    fn whole(&self, expr: &Expr) -> (usize, usize) {
        self.range(expr.span)
    }

    // --- Calls --------------------------------------------------------------------------------

    pub fn call(&mut self, call: &Call) {
        self.operand(&call.function);
        let open = self.whole(&call.function).1 + 1;
        self.arguments(open, &call.arguments, call.modifiers.as_deref());
    }

    fn method(&mut self, call: &MethodCall) {
        self.operand(&call.receiver);
        self.part(&call.method);
        let open = self.range(call.method.span()).1 + 1;
        self.arguments(open, &call.arguments, call.modifiers.as_deref());
    }

    pub fn arguments(&mut self, open: usize, list: &[Argument], modifiers: Option<&CallModifiers>) {
        if self.is(open, Kind::LeftParen) {
            self.tight(open);
            let hugged = matches!(list, [only] if only.name.is_none() && hugs(&only.value));
            if !hugged || modifiers.is_some_and(|modifiers| !modifiers.order_by.is_empty()) {
                self.list(open, usize::MAX);
            }
        }
        for argument in list {
            if let Some(name) = &argument.name {
                self.ident(name);
            }
            self.expr(&argument.value);
        }
        if let Some(modifiers) = modifiers {
            self.modifiers(modifiers);
        }
    }

    fn modifiers(&mut self, modifiers: &CallModifiers) {
        if let Some(first) = modifiers.order_by.first() {
            // ORDER BY stands behind the last argument, without a comma.
            let order = self.whole(&first.value).0 - 2;
            self.soft(order);
        }
        self.order_items(&modifiers.order_by);
        if let Some(first) = modifiers.within_group.first() {
            let open = self.whole(&first.value).0 - 3;
            self.list(open, usize::MAX);
            self.order_items(&modifiers.within_group);
        }
        if let Some(filter) = &modifiers.filter {
            self.enclosed(self.whole(filter).0 - 2);
            self.expr(filter);
        }
        match &modifiers.over {
            Some(Over::Name(name)) => self.ident(name),
            Some(Over::Spec(spec)) => self.window(spec),
            None => {}
        }
    }

    /// `(PARTITION BY … ORDER BY … ROWS …)`: a part a line if they do not fit.
    pub fn window(&mut self, spec: &WindowSpec) {
        let (open, _) = self.range(spec.span);
        self.enclosed(open);
        let mut starts = Vec::new();
        if let Some(base) = &spec.base {
            self.ident(base);
            starts.push(self.range(base.span).0);
        }
        if let Some(first) = spec.partition_by.first() {
            starts.push(self.whole(first).0 - 2);
        }
        if let Some(first) = spec.order_by.first() {
            starts.push(self.whole(&first.value).0 - 2);
        }
        if let Some(frame) = &spec.frame {
            starts.push(self.range(frame.span).0);
        }
        for start in starts.iter().skip(1) {
            self.soft(*start);
        }
        self.exprs(&spec.partition_by);
        self.order_items(&spec.order_by);
        if let Some(frame) = &spec.frame {
            self.frame(frame);
        }
    }

    fn frame(&mut self, frame: &Frame) {
        for bound in [Some(&frame.start), frame.end.as_ref()].into_iter().flatten() {
            if let FrameBound::Preceding(value) | FrameBound::Following(value) = bound {
                self.expr(value);
            }
        }
    }

    fn slice(&mut self, slice: &crate::ast::Slice, (_, last): (usize, usize)) {
        self.operand(&slice.base);
        let open = self.mate(last);
        self.tight(open);
        for bound in [&slice.from, &slice.to].into_iter().flatten() {
            self.expr(bound);
        }
        let colon = match (&slice.from, &slice.to) {
            (Some(from), _) => self.whole(from).1 + 1,
            (None, _) => open + 1,
        };
        // `a: :b` and `a: .5` would be other tokens without the space.
        if self.is(colon, Kind::Colon) && !self.is(colon + 1, Kind::Colon) {
            self.tight(colon + 1);
        }
    }

    /// Pipes: a step a line if they do not fit.
    fn pipe(&mut self, expr: &Expr, pieces: (usize, usize)) {
        self.group(pieces, 1, super::PIPE_LIMIT);
        let mut current = expr;
        while let ExprKind::Pipe { left, call } = &current.kind {
            self.soft(self.whole(&call.function).0 - 1);
            self.call(call);
            current = left;
            if self.layers(current).0 > 0 {
                break;
            }
        }
        self.operand(current);
    }

    pub fn struct_literal(&mut self, literal: &StructLiteral, (_, last): (usize, usize)) {
        if let Some(name) = &literal.type_name {
            self.name(name);
        }
        self.list(self.mate(last), LIST_LIMIT);
        for field in &literal.fields {
            match field {
                StructField::Value { name, value } => {
                    // A key in quotes stays so: it may be a JSON key.
                    let (key, _) = self.range(name.span);
                    self.mark(key, |mark| mark.name = true);
                    self.expr(value);
                }
                StructField::Shorthand(name) => self.ident(name),
                StructField::Spread(value) => self.expr(value),
            }
        }
    }
}

/// Whether the brackets of an argument can stand directly in those of its call.
fn hugs(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Lambda(lambda) => matches!(
            lambda.body.kind,
            ExprKind::Struct(_) | ExprKind::Block(_) | ExprKind::Match(_) | ExprKind::Array(_)
        ),
        ExprKind::Struct(_) | ExprKind::Array(_) | ExprKind::Map(_) | ExprKind::Match(_) => true,
        _ => false,
    }
}

fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 2,
        BinaryOp::And => 3,
        BinaryOp::Coalesce => 7,
        BinaryOp::Concat => 8,
        BinaryOp::Add | BinaryOp::Subtract => 9,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 10,
    }
}
