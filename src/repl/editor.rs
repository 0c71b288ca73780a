//! The shell on a terminal: line editing, colours, completion, hints and history, by reedline.

use super::complete::{Names, complete};
use super::highlight::{Class, classes};
use super::{Next, Shell, secrecy};
use nu_ansi_term::{Color, Style};
use parking_lot::Mutex;
use reedline::{
    ColumnarMenu, Completer, DefaultHinter, Emacs, FileBackedHistory, Highlighter, History,
    HistoryItem, HistoryItemId, HistorySessionId, KeyCode, KeyModifiers, MenuBuilder, Prompt,
    PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, SearchQuery,
    Signal, Span, StyledText, Suggestion, ValidationResult, Validator, default_emacs_keybindings,
};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// The entries that the history file keeps.
const HISTORY_ENTRIES: usize = 10_000;

/// Reads entries from the terminal until the shell is left; what went wrong with the terminal, if
/// something did.
///
/// # Errors
/// The terminal cannot be read or written.
pub fn run(shell: &mut Shell, history: Option<&Path>, color: bool) -> std::io::Result<()> {
    let names = Arc::new(Mutex::new(Names::default()));
    let mut editor = editor(history, color, names.clone());
    loop {
        *names.lock() = shell.session().completion_names();
        let prompt = ShellPrompt { left: shell.prompt() };
        match editor.read_line(&prompt)? {
            Signal::Success(entry) => {
                if shell.enter(&entry) == Next::Leave || shell.is_broken() {
                    break;
                }
            }
            Signal::CtrlC => {}
            Signal::CtrlD => break,
        }
    }
    editor.sync_history()
}

fn editor(history: Option<&Path>, color: bool, names: Arc<Mutex<Names>>) -> Reedline {
    let menu = ColumnarMenu::default().with_name("completion").with_columns(4);
    let mut keys = default_emacs_keybindings();
    let open = ReedlineEvent::Menu("completion".into());
    let tab = ReedlineEvent::UntilFound(vec![open, ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, tab);
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    let style = Style::new().fg(Color::DarkGray);
    Reedline::create()
        .with_history(Box::new(SafeHistory { inner: opened(history) }))
        .with_highlighter(Box::new(Colours { on: color }))
        .with_completer(Box::new(NameCompleter { names }))
        .with_hinter(Box::new(DefaultHinter::default().with_style(style)))
        .with_validator(Box::new(Completeness))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_ansi_colors(color)
        .use_bracketed_paste(true)
}

/// The history of a file, or one of this session alone where the file cannot be used.
fn opened(path: Option<&Path>) -> FileBackedHistory {
    let of_file = path.and_then(|path| {
        let _ = std::fs::create_dir_all(path.parent()?);
        FileBackedHistory::with_file(HISTORY_ENTRIES, path.to_owned()).ok()
    });
    of_file.unwrap_or_default()
}

struct ShellPrompt {
    left: &'static str,
}

impl Prompt for ShellPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.left.into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "      -> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }
}

struct Completeness;

impl Validator for Completeness {
    fn validate(&self, entry: &str) -> ValidationResult {
        if Shell::is_incomplete(entry) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Complete
        }
    }
}

struct NameCompleter {
    names: Arc<Mutex<Names>>,
}

impl Completer for NameCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> Vec<Suggestion> {
        let found = complete(line, pos, &self.names.lock());
        let suggestion = |completion: super::complete::Completion| Suggestion {
            value: completion.text,
            description: Some(completion.about),
            span: Span { start: completion.start, end: pos },
            ..Suggestion::default()
        };
        found.into_iter().map(suggestion).collect()
    }
}

struct Colours {
    on: bool,
}

impl Highlighter for Colours {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        let mut at = 0;
        let parts = if self.on { classes(line) } else { Vec::new() };
        for (range, class) in parts {
            let plain = line.get(at..range.start).unwrap_or("");
            styled.push((Style::new(), plain.to_owned()));
            let part = line.get(range.clone()).unwrap_or("");
            styled.push((style(class), part.to_owned()));
            at = range.end;
        }
        styled.push((Style::new(), line.get(at..).unwrap_or("").to_owned()));
        styled
    }
}

fn style(class: Class) -> Style {
    match class {
        Class::Keyword => Style::new().bold().fg(Color::Blue),
        Class::Function => Style::new().fg(Color::Yellow),
        Class::Text => Style::new().fg(Color::Green),
        Class::Constant => Style::new().fg(Color::Magenta),
        Class::Comment => Style::new().fg(Color::DarkGray),
        Class::Name => Style::new().fg(Color::Cyan),
        Class::Unknown => Style::new().fg(Color::Red),
        Class::Command => Style::new().bold().fg(Color::Cyan),
    }
}

/// A history that never keeps an entry that may hold a secret.
struct SafeHistory {
    inner: FileBackedHistory,
}

impl History for SafeHistory {
    fn save(&mut self, item: HistoryItem) -> reedline::Result<HistoryItem> {
        if secrecy::may_hold_secret(&item.command_line) {
            return Ok(item);
        }
        let saved = self.inner.save(item)?;
        // Another session may end in any way; what was entered is there by then.
        let _ = self.inner.sync();
        Ok(saved)
    }

    fn load(&self, id: HistoryItemId) -> reedline::Result<HistoryItem> {
        self.inner.load(id)
    }

    fn count(&self, query: SearchQuery) -> reedline::Result<i64> {
        self.inner.count(query)
    }

    fn search(&self, query: SearchQuery) -> reedline::Result<Vec<HistoryItem>> {
        self.inner.search(query)
    }

    fn update(
        &mut self,
        id: HistoryItemId,
        updater: &dyn Fn(HistoryItem) -> HistoryItem,
    ) -> reedline::Result<()> {
        self.inner.update(id, updater)
    }

    fn clear(&mut self) -> reedline::Result<()> {
        self.inner.clear()
    }

    fn delete(&mut self, id: HistoryItemId) -> reedline::Result<()> {
        self.inner.delete(id)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.inner.sync()
    }

    fn session(&self) -> Option<HistorySessionId> {
        self.inner.session()
    }
}
