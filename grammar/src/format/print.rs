//! From a stream of texts, breaks and groups to lines: the printing half of Oppen, "Pretty
//! printing" (1980), with the groups of Wadler, "A prettier printer" (2003).
//!
//! A group is written on one line if it fits there together with what follows it up to the next
//! place to break, and if it is not wider than its own limit; otherwise each of its own breaks is
//! a new line. A new line is indented relative to the line on which its group begins, not to the
//! group around it, so a list that hangs at the end of a line is indented once.
//!
//! All widths are known in advance, from sums over the stream, so the work is linear.

/// The widest line, in characters.
pub(super) const WIDTH: usize = 100;

/// The width of one step of indentation.
const STEP: usize = 4;

/// The offset of a new line where none was planned: one step into the group.
pub(super) const CONTINUED: i8 = i8::MAX;

/// A place where a line may end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Break {
    /// A new line in any case.
    pub hard: bool,
    /// A new line only where what follows, up to the next break, does not fit any more.
    pub fill: bool,
    /// A space is written if it is no new line.
    pub spaced: bool,
    /// An empty line comes before the new line.
    pub blank: bool,
    /// A comma is written before the new line: it ends a list.
    pub comma: bool,
    /// Steps of indentation more than the group has.
    pub offset: i8,
}

/// What stays together if it can.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Steps of indentation of its lines.
    pub indent: i8,
    /// It is broken if it is wider.
    pub limit: usize,
    /// It is indented only if it begins within a line.
    pub hangs: bool,
    /// A comma ends it when it is broken.
    pub comma: bool,
}

/// An element of the stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// Text that is written as it is; it may hold line ends.
    Text(&'a str),
    /// One space.
    Space,
    /// A comment up to the end of its line; a hard break follows, at most `,` and `;` between.
    LineComment(&'a str),
    /// A place to break.
    Break(Break),
    /// A group begins.
    Begin(Group),
    /// The innermost group ends.
    End,
}

/// The width of a text up to its first line end.
fn width(text: &str) -> usize {
    let line = text.split('\n').next().unwrap_or("");
    if line.is_ascii() { line.len() } else { line.chars().count() }
}

/// The sums over a stream that tell what fits.
struct Measures {
    /// The width on one line of all items before each.
    flat: Vec<usize>,
    /// The number of hard breaks before each.
    hard: Vec<usize>,
    /// The width from each item to the next break.
    tail: Vec<usize>,
    /// For each beginning of a group the item after its end.
    end: Vec<usize>,
}

impl Measures {
    fn of(items: &[Item<'_>]) -> Self {
        let mut flat = Vec::with_capacity(items.len() + 1);
        let mut hard = Vec::with_capacity(items.len() + 1);
        let mut end = vec![items.len(); items.len()];
        let (mut sum, mut count, mut open) = (0, 0, Vec::new());
        for (at, item) in items.iter().enumerate() {
            flat.push(sum);
            hard.push(count);
            sum += flat_width(item);
            match item {
                Item::Break(spot) if spot.hard => count += 1,
                Item::Begin(_) => open.push(at),
                Item::End => {
                    if let Some(slot) = open.pop().and_then(|begin: usize| end.get_mut(begin)) {
                        *slot = at + 1;
                    }
                }
                _ => {}
            }
        }
        flat.push(sum);
        hard.push(count);
        let mut tail = vec![0; items.len() + 1];
        let mut next = 0;
        for (item, slot) in items.iter().zip(tail.iter_mut()).rev() {
            next = match item {
                Item::Break(_) => 0,
                other => next + flat_width(other),
            };
            *slot = next;
        }
        Self { flat, hard, tail, end }
    }

    fn get(list: &[usize], at: usize) -> usize {
        list.get(at).copied().unwrap_or(0)
    }

    /// The width of the group that begins at `at`, unless it holds a hard break.
    fn group(&self, at: usize) -> Option<usize> {
        let end = Self::get(&self.end, at);
        let hard = Self::get(&self.hard, end) - Self::get(&self.hard, at);
        (hard == 0).then(|| Self::get(&self.flat, end) - Self::get(&self.flat, at))
    }

    /// The width from the end of the group that begins at `at` to the next break.
    fn behind(&self, at: usize) -> usize {
        Self::get(&self.tail, Self::get(&self.end, at))
    }

    /// The width from `at` to the next break.
    fn ahead(&self, at: usize) -> usize {
        Self::get(&self.tail, at)
    }
}

fn flat_width(item: &Item<'_>) -> usize {
    match item {
        Item::Text(text) => width(text),
        Item::Space => 1,
        Item::Break(spot) => usize::from(spot.spaced),
        Item::LineComment(_) | Item::Begin(_) | Item::End => 0,
    }
}

/// A group that has begun.
struct Open {
    /// The indentation of the line on which it began.
    base: usize,
    indent: i8,
    broken: bool,
    comma: bool,
}

impl Open {
    fn column(&self, offset: i8) -> usize {
        let steps = match offset {
            CONTINUED => self.indent.max(1),
            offset => self.indent + offset,
        };
        self.base + STEP * usize::try_from(steps).unwrap_or(0)
    }
}

struct Printer<'a> {
    text: String,
    /// The column at which the next text is written.
    column: usize,
    /// The indentation of the line.
    indent: usize,
    /// Nothing has been written on the line.
    fresh: bool,
    /// Comments that end the line.
    comments: Vec<&'a str>,
}

/// Writes a stream.
pub(super) fn print(items: &[Item<'_>], capacity: usize) -> String {
    let measures = Measures::of(items);
    let mut printer = Printer {
        text: String::with_capacity(capacity),
        column: 0,
        indent: 0,
        fresh: true,
        comments: Vec::new(),
    };
    let mut open = vec![Open { base: 0, indent: 0, broken: true, comma: false }];
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Text(text) => printer.write(text),
            Item::Space => printer.write(" "),
            Item::LineComment(text) => printer.comments.push(text),
            Item::Begin(group) => {
                let flat_outside = open.last().is_some_and(|outer| !outer.broken);
                let fits = |flat: usize| {
                    flat <= group.limit && printer.column + flat + measures.behind(at) <= WIDTH
                };
                let broken = !flat_outside && !measures.group(at).is_some_and(fits);
                let indent = if group.hangs && printer.fresh { 0 } else { group.indent };
                open.push(Open { base: printer.indent, indent, broken, comma: group.comma });
            }
            Item::End => {
                if open.pop().is_some_and(|group| group.broken && group.comma) {
                    printer.write(",");
                }
            }
            Item::Break(spot) => {
                let Some(group) = open.last() else { continue };
                let room = || printer.column + 1 + measures.ahead(at + 1) <= WIDTH;
                if spot.hard || group.broken && !(spot.fill && room()) {
                    if spot.comma && group.broken {
                        printer.write(",");
                    }
                    let comments = group.column(spot.offset.max(0));
                    printer.line(group.column(spot.offset), comments, spot.blank);
                } else if spot.spaced {
                    printer.write(" ");
                }
            }
        }
    }
    printer.line(0, 0, false);
    printer.text
}

impl Printer<'_> {
    fn write(&mut self, text: &str) {
        if self.fresh {
            self.text.extend(std::iter::repeat_n(' ', self.indent));
            self.fresh = false;
        }
        self.text.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = width(last),
            None => self.column += width(text),
        }
    }

    /// Ends the line, if one has begun, and begins one with `indent`; of several comments that
    /// end the line all but the first have lines of their own, indented by `comments`.
    fn line(&mut self, indent: usize, comments: usize, blank: bool) {
        for (nth, comment) in std::mem::take(&mut self.comments).into_iter().enumerate() {
            if nth > 0 {
                self.end_line();
                self.indent = comments;
            } else if !self.fresh {
                self.write(" ");
            }
            self.write(comment);
        }
        if !self.fresh {
            self.end_line();
        }
        if blank && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.indent = indent;
        self.column = indent;
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        self.fresh = true;
    }
}
