//! Tokens: what the lexer cuts a text into, and what the filter makes of them for the parser.
//!
//! A token is a kind and a span; its text stays in the source. There are three classes of words:
//! - *reserved* ones are keywords everywhere, save after `.` and before `:`;
//! - *soft* ones are keywords to the grammar, which also accepts them as names;
//! - *contextual* ones are keywords only where the filter finds their context, else plain words.

use crate::span::Span;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which.
    pub kind: Kind,
    /// Its text's place.
    pub span: Span,
}

impl Token {
    /// A token of `kind` at `span`.
    #[must_use]
    pub const fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }
}

/// Whether a word may also be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordClass {
    /// A keyword everywhere.
    Reserved,
    /// A keyword that the grammar also takes as a name.
    Soft,
    /// A keyword only in its context.
    Contextual,
}

macro_rules! kinds {
    (
        punctuation { $($(#[$pm:meta])* $p:ident $ptext:literal)* }
        reserved { $($r:ident $rtext:literal)* }
        soft { $($s:ident $stext:literal)* }
        contextual { $($c:ident $ctext:literal)* }
    ) => {
        /// The kinds of tokens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Kind {
            $($(#[$pm])* $p,)*
            $(#[doc = $rtext] $r,)*
            $(#[doc = $stext] $s,)*
            $(#[doc = $ctext] $c,)*
        }

        impl Kind {
            /// How a person would write it, or a description in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$p => $ptext,)*
                    $(Self::$r => $rtext,)*
                    $(Self::$s => $stext,)*
                    $(Self::$c => $ctext,)*
                }
            }

            /// The class of a word that may be a keyword.
            #[must_use]
            pub const fn word_class(self) -> Option<WordClass> {
                match self {
                    $(Self::$r => Some(WordClass::Reserved),)*
                    $(Self::$s => Some(WordClass::Soft),)*
                    $(Self::$c => Some(WordClass::Contextual),)*
                    _ => None,
                }
            }
        }

        /// The keyword of a word in upper case.
        pub(crate) fn keyword(upper: &[u8]) -> Option<Kind> {
            // Matching on the length first keeps the comparison chains short.
            const KEYWORDS: &[(&str, Kind)] = &[
                $(($rtext, Kind::$r),)*
                $(($stext, Kind::$s),)*
                $(($ctext, Kind::$c),)*
            ];
            KEYWORD_TABLE.find(upper, KEYWORDS)
        }

        static KEYWORD_TABLE: KeywordTable = KeywordTable::build(&[
            $($rtext,)* $($stext,)* $($ctext,)*
        ]);

        /// All words that may be keywords, in upper case.
        #[must_use]
        pub fn keywords() -> &'static [&'static str] {
            &[$($rtext,)* $($stext,)* $($ctext,)*]
        }
    };
}

kinds! {
    punctuation {
        /// A name.
        Word "a name"
        /// A name in `` ` ``.
        QuotedWord "a quoted name"
        /// A text in `'`.
        SingleText "a text"
        /// A text in `"`.
        DoubleText "a text in \""
        /// A number.
        Number "a number"
        /// `?`
        Question "?"
        /// `$1`
        NumberedParameter "$1"
        /// `$name`
        NamedParameter "$name"
        /// A comment; the filter drops it.
        Comment "a comment"
        /// A `---` line; the filter keeps those before a CREATE apart.
        DocComment "a documentation comment"
        /// Text that is no token.
        Unknown "unknown text"
        /// A text without its closing quote.
        OpenText "an unterminated text"
        /// A quoted name without its closing quote.
        OpenQuotedWord "an unterminated quoted name"
        /// A comment without its end.
        OpenComment "an unterminated comment"
        /// A malformed number.
        BadNumber "a malformed number"
        /// `+`
        Plus "+"
        /// `-`
        Minus "-"
        /// `*` between operands
        Times "*"
        /// `/`
        Slash "/"
        /// `%`
        Percent "%"
        /// `||`
        Concat "||"
        /// `=`, `==`
        Equal "="
        /// `!=`, `<>`
        NotEqual "!="
        /// `<`
        Less "<"
        /// `<=`
        LessEqual "<="
        /// `>`
        Greater ">"
        /// `>=`
        GreaterEqual ">="
        /// `&&`
        AndAnd "&&"
        /// `!`
        Bang "!"
        /// `~`
        Tilde "~"
        /// `!~`
        NotTilde "!~"
        /// `|`
        Bar "|"
        /// `??`
        Coalesce "??"
        /// `::`
        DoubleColon "::"
        /// `:`
        Colon ":"
        /// `->`
        Arrow "->"
        /// `=>`
        FatArrow "=>"
        /// `|>` in an expression
        Pipe "|>"
        /// `.`
        Dot "."
        /// `..`
        DotDot ".."
        /// `...`
        Ellipsis "..."
        /// `,`, also one that the filter adds after an arm
        Comma ","
        /// `;`, also one that the filter adds after a block
        Semicolon ";"
        /// `(`
        LeftParen "("
        /// `)`
        RightParen ")"
        /// `[`
        LeftBracket "["
        /// `]`
        RightBracket "]"
        /// `[]`
        EmptyBrackets "[]"
        /// `{` of a block or an interpolation
        LeftBrace "{"
        /// `}`
        RightBrace "}"
        // What only the filter makes.
        /// `{` of a struct literal or pattern
        StructBrace "{ "
        /// `{` of handlers after CATCH
        HandlerBrace "{  "
        /// `(` of a lambda's parameters or a function type
        LambdaParen "( "
        /// `*` that stands for all columns
        Star "* "
        /// `<` after ARRAY, MAP or TASK
        TypeLess "< "
        /// `>` that closes such a `<`
        TypeGreater "> "
        /// `|>` before a clause keyword
        StepPipe "|>  "
        /// `|>` of a collection function on a query
        QueryPipe "|> "
        /// The name of a type before a text
        LiteralType "a type name"
        /// ON before CONFLICT
        OnConflict "ON CONFLICT"
        /// USING before SECRET
        UsingSecret "USING SECRET"
        /// WITH GRANT OPTION
        WithGrantOption "WITH GRANT OPTION"
        /// WITH ORDINALITY
        WithOrdinality "WITH ORDINALITY"
        /// TABLE after RETURNS
        ReturnsTable "TABLE ("
        /// RETURN before a query
        ReturnQuery "RETURN "
        /// RETURN before the end of a statement or arm
        ReturnNothing "RETURN  "
        /// ALL after a comparison operator
        AllOf "ALL "
        /// The unit of an interval
        IntervalUnit "a unit of time"
        /// NOT NULL after a type or a default
        NotNullConstraint "NOT NULL"
        /// RAISES of a function type
        TypeRaises "RAISES "
        /// ELSE of an IF
        IfElse "ELSE "
        /// AT TIME ZONE
        AtTimeZone "AT TIME ZONE"
        /// A statement that could not be understood and has been reported
        ErrorStatement "a statement"
        /// The start of a statement that inserts
        VerbInsert "INSERT "
        /// The start of a statement that updates
        VerbUpdate "UPDATE "
        /// The start of a statement that deletes
        VerbDelete "DELETE "
        /// The start of ALTER
        VerbAlter "ALTER "
        /// The start of DROP
        VerbDrop "DROP "
        /// The start of EXECUTE
        VerbExecute "EXECUTE "
    }
    reserved {
        All "ALL" And "AND" As "AS" Case "CASE" Catch "CATCH" Create "CREATE" Cross "CROSS"
        Distinct "DISTINCT" Else "ELSE" End "END" Except "EXCEPT" False "FALSE" For "FOR"
        From "FROM" Full "FULL" Group "GROUP" Having "HAVING" If "IF" In "IN" Inner "INNER"
        Intersect "INTERSECT" Is "IS" Join "JOIN" Left "LEFT" Let "LET" Like "LIKE"
        Limit "LIMIT" Match "MATCH" Natural "NATURAL" Not "NOT" Null "NULL" Offset "OFFSET"
        On "ON" Or "OR" Order "ORDER" Qualify "QUALIFY" Raise "RAISE" Return "RETURN"
        Right "RIGHT" Select "SELECT" Set "SET" Then "THEN" True "TRUE" Try "TRY"
        Union "UNION" Using "USING" Values "VALUES" When "WHEN" Where "WHERE" While "WHILE"
        Window "WINDOW" With "WITH"
    }
    soft {
        Add "ADD" After "AFTER" Aggregate "AGGREGATE" Alter "ALTER" Always "ALWAYS" Asc "ASC"
        Before "BEFORE" Call "CALL" Cascade "CASCADE" Cron "CRON" Data "DATA"
        Database "DATABASE" Delete "DELETE" Desc "DESC" Disable "DISABLE"
        Do "DO" Drop "DROP" Each "EACH" Enable "ENABLE" Env "ENV" Execute "EXECUTE"
        Extend "EXTEND" File "FILE" Final "FINAL" First "FIRST"
        Following "FOLLOWING" Function "FUNCTION" Identity "IDENTITY" Incremental "INCREMENTAL"
        Index "INDEX" Init "INIT" Insert "INSERT" Job "JOB" Key "KEY" Last "LAST"
        Level "LEVEL" Matched "MATCHED" Merge "MERGE" Missed "MISSED" No "NO"
        Nothing "NOTHING" Once "ONCE" Password "PASSWORD" Preceding "PRECEDING"
        Rename "RENAME" Restrict "RESTRICT" Retry "RETRY"
        Returning "RETURNING" Role "ROLE" Row "ROW" Run "RUN" Schedule "SCHEDULE"
        Schema "SCHEMA" Scope "SCOPE" Secret "SECRET" Skip "SKIP" Source "SOURCE"
        Statement "STATEMENT" Step "STEP" Table "TABLE" Target "TARGET" Test "TEST"
        Timezone "TIMEZONE" Trigger "TRIGGER" Type "TYPE" Update "UPDATE"
        User "USER" Value "VALUE" View "VIEW"
    }
    contextual {  Analyze "ANALYZE" Anti "ANTI" Any "ANY" Array "ARRAY" Assert "ASSERT"
        Async "ASYNC" Attach "ATTACH" Await "AWAIT" Backup "BACKUP" Begin "BEGIN"
        Between "BETWEEN" Break "BREAK" By "BY" Bytecode "BYTECODE" Cast "CAST" Column "COLUMN"
        Comment_ "COMMENT" Commit "COMMIT" Constraint "CONSTRAINT" Contains "CONTAINS"
        Continue "CONTINUE" Copy "COPY" Cube "CUBE" Current "CURRENT" Deallocate "DEALLOCATE"
        Describe "DESCRIBE" Detach "DETACH" Enum "ENUM" Escape "ESCAPE"
        Exists "EXISTS" Exception "EXCEPTION"
        Exclude "EXCLUDE" Explain "EXPLAIN" Export "EXPORT"  Filter "FILTER"
        Foreign "FOREIGN" Generated "GENERATED" Grant "GRANT" Grouping "GROUPING"
        Groups "GROUPS" Ignore "IGNORE" Ilike "ILIKE" Import "IMPORT" Install "INSTALL"
        Interval "INTERVAL" Check "CHECK" Default "DEFAULT"
        References "REFERENCES" Unique "UNIQUE" Into "INTO"
        Isolation "ISOLATION" Lateral "LATERAL" Load "LOAD"
        Map "MAP" Master "MASTER" Nulls "NULLS" Of "OF" Others "OTHERS" Outer "OUTER"
        Over "OVER" Partition "PARTITION"  Prepare "PREPARE"
        Primary "PRIMARY" Print "PRINT" Raises "RAISES" Range "RANGE" Recursive "RECURSIVE"
        Release "RELEASE" Replace "REPLACE" Respect "RESPECT" Returns "RETURNS"
        Revoke "REVOKE" Rollback "ROLLBACK" Rollup "ROLLUP" Rows "ROWS" Savepoint "SAVEPOINT"
        Semi "SEMI" Sets "SETS" Show "SHOW" Some "SOME" Struct "STRUCT"
        Sync "SYNC" Task "TASK" Temp "TEMP" Temporary "TEMPORARY" Ties "TIES" To "TO"
        Transaction "TRANSACTION"  Truncate "TRUNCATE" TryCast "TRY_CAST"
        Unbounded "UNBOUNDED" Within "WITHIN"
    }
}

/// The number of buckets of the keyword table; a power of two.
const BUCKETS: usize = 1024;

/// A hash table of the keywords that is built at compile time; collisions go to the next bucket.
struct KeywordTable {
    slots: [u16; BUCKETS],
}

#[allow(clippy::indexing_slicing, reason = "a const fn; the index is below the length")]
const fn keyword_hash(upper: &[u8]) -> usize {
    let mut hash: u32 = upper.len() as u32;
    let mut at = 0;
    while at < upper.len() {
        hash = hash.wrapping_mul(31).wrapping_add(upper[at] as u32);
        at += 1;
    }
    (hash ^ (hash >> 10) ^ (hash >> 20)) as usize & (BUCKETS - 1)
}

impl KeywordTable {
    const EMPTY: u16 = u16::MAX;

    #[allow(clippy::indexing_slicing, reason = "runs at compile time; buckets are masked")]
    const fn build(words: &[&str]) -> Self {
        let mut slots = [Self::EMPTY; BUCKETS];
        let mut at = 0;
        while at < words.len() {
            let mut bucket = keyword_hash(words[at].as_bytes());
            while slots[bucket] != Self::EMPTY {
                bucket = (bucket + 1) & (BUCKETS - 1);
            }
            slots[bucket] = at as u16;
            at += 1;
        }
        Self { slots }
    }

    fn find(&self, upper: &[u8], keywords: &[(&str, Kind)]) -> Option<Kind> {
        let mut bucket = keyword_hash(upper);
        loop {
            let slot = *self.slots.get(bucket)?;
            // An empty slot is out of range, which ends the search.
            let (text, kind) = keywords.get(slot as usize)?;
            if text.as_bytes() == upper {
                return Some(*kind);
            }
            bucket = (bucket + 1) & (BUCKETS - 1);
        }
    }
}

/// The longest keyword in bytes.
const LONGEST_KEYWORD: usize = 12;

/// The keyword that a word is, without regard to case.
pub(crate) fn keyword_of(word: &str) -> Option<Kind> {
    let bytes = word.as_bytes();
    let mut upper = [0_u8; LONGEST_KEYWORD];
    let slot = upper.get_mut(..bytes.len())?;
    slot.copy_from_slice(bytes);
    slot.make_ascii_uppercase();
    keyword(slot)
}

impl Kind {
    /// Whether it is a plain, quoted or soft name, or a keyword of any kind.
    #[must_use]
    pub const fn is_word(self) -> bool {
        matches!(self, Self::Word | Self::QuotedWord) || self.word_class().is_some()
    }

    /// Whether it is a text.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::SingleText | Self::DoubleText)
    }

    /// Whether a query can begin with it, parentheses aside.
    #[must_use]
    pub const fn starts_query(self) -> bool {
        matches!(self, Self::Select | Self::From | Self::With | Self::Values)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, LONGEST_KEYWORD, keyword_of, keywords};

    #[test]
    fn every_keyword_is_found_in_any_case() {
        for word in keywords() {
            assert!(word.len() <= LONGEST_KEYWORD, "{word}");
            let found = keyword_of(&word.to_lowercase()).expect(word);
            assert_eq!(found.text(), *word);
        }
        assert_eq!(keyword_of("customer"), None);
        assert_eq!(keyword_of("a_name_that_is_longer_than_any_keyword"), None);
        assert_eq!(keyword_of("Select"), Some(Kind::Select));
    }
}
