//! Statements: what stands between two `;`, at the top or in a block.

use super::{
    AlterJob, AlterTable, AlterType, Argument, Block, CommentOn, CreateAggregate, CreateFunction,
    CreateIndex, CreateJob, CreateSchema, CreateSecret, CreateTable, CreateTest, CreateTrigger,
    CreateType, CreateUser, CreateView, Drop, Expr, FromItem, FromTree, Grant, Ident, Name,
    NamePart, Query, SelectItem, StructLiteral, Target, Text, TypeExpr, Values,
};
use crate::span::Span;
use smol_str::SmolStr;

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Which.
    pub kind: StatementKind,
    /// Exactly its text, without a closing `;` and without its documentation comment.
    pub span: Span,
    /// The `---` lines directly before a CREATE.
    pub doc: Option<Box<DocComment>>,
}

/// The text of `---` lines.
#[derive(Clone, Debug, PartialEq)]
pub struct DocComment {
    /// The lines without their dashes and one space, joined by line feeds.
    pub text: SmolStr,
    /// From the first dash to the end of the last line.
    pub span: Span,
}

/// The forms of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// A query.
    Query(Box<Query>),
    /// Any expression: a call for its effects, RAISE, RETURN, and IF, MATCH, TRY and blocks, which
    /// as statements need no value and no ELSE.
    Expression(Expr),
    /// `LET name [: T] = e`.
    Let(Box<Let>),
    /// `SET target = e`: a local, a session variable or a setting.
    Set(Box<Set>),
    /// `SET GLOBAL name = e`, reserved for later.
    SetGlobal(Box<Set>),
    /// `WHILE condition { … }`.
    While(Box<While>),
    /// `FOR x IN source { … }`.
    For(Box<For>),
    /// BREAK.
    Break,
    /// CONTINUE.
    Continue,
    /// `PRINT e`.
    Print(Box<Expr>),
    /// `ASSERT condition, message` and `ASSERT RAISES E { … }`.
    Assert(Box<Assert>),
    /// INSERT.
    Insert(Box<Insert>),
    /// UPDATE.
    Update(Box<Update>),
    /// DELETE.
    Delete(Box<Delete>),
    /// MERGE INTO.
    Merge(Box<Merge>),
    /// `TRUNCATE [TABLE] t, …`.
    Truncate(Vec<Name>),
    /// COPY.
    Copy(Box<Copy>),
    /// `EXPORT DATABASE 'dir'`.
    ExportDatabase {
        /// Where to.
        path: Expr,
        /// `(FORMAT …)`.
        options: Vec<OptionItem>,
    },
    /// `IMPORT DATABASE 'dir'`.
    ImportDatabase {
        /// Where from.
        path: Expr,
    },
    /// `BACKUP TO 'dir' [INCREMENTAL]`.
    Backup {
        /// Where to.
        path: Expr,
        /// INCREMENTAL was given.
        incremental: bool,
    },
    /// `BEGIN [TRANSACTION] [ISOLATION LEVEL …]`.
    Begin(Option<IsolationLevel>),
    /// `COMMIT [TRANSACTION]`, `END TRANSACTION` is not one.
    Commit,
    /// `ROLLBACK [TO [SAVEPOINT] s]`.
    Rollback {
        /// The savepoint.
        to: Option<Ident>,
    },
    /// `SAVEPOINT s`.
    Savepoint(Ident),
    /// `RELEASE [SAVEPOINT] s`.
    Release(Ident),
    /// CREATE TABLE.
    CreateTable(Box<CreateTable>),
    /// CREATE TYPE.
    CreateType(Box<CreateType>),
    /// CREATE FUNCTION.
    CreateFunction(Box<CreateFunction>),
    /// CREATE AGGREGATE.
    CreateAggregate(Box<CreateAggregate>),
    /// CREATE TEST.
    CreateTest(Box<CreateTest>),
    /// CREATE INDEX.
    CreateIndex(Box<CreateIndex>),
    /// CREATE VIEW.
    CreateView(Box<CreateView>),
    /// CREATE SCHEMA.
    CreateSchema(Box<CreateSchema>),
    /// CREATE TRIGGER.
    CreateTrigger(Box<CreateTrigger>),
    /// CREATE CRON JOB.
    CreateJob(Box<CreateJob>),
    /// CREATE SECRET.
    CreateSecret(Box<CreateSecret>),
    /// CREATE USER, CREATE ROLE.
    CreateUser(Box<CreateUser>),
    /// ALTER TABLE, ALTER VIEW and ALTER INDEX … RENAME.
    AlterTable(Box<AlterTable>),
    /// ALTER TYPE.
    AlterType(Box<AlterType>),
    /// ALTER CRON JOB.
    AlterJob(Box<AlterJob>),
    /// ALTER MASTER PASSWORD.
    AlterMasterPassword,
    /// DROP of any object.
    Drop(Box<Drop>),
    /// RUN CRON JOB.
    RunJob(Name),
    /// COMMENT ON.
    CommentOn(Box<CommentOn>),
    /// GRANT, and REVOKE.
    Grant(Box<Grant>),
    /// SHOW.
    Show(ShowKind),
    /// `DESCRIBE object`; DESCRIBE of a query too.
    Describe(Box<Describe>),
    /// EXPLAIN.
    Explain {
        /// What is shown.
        mode: ExplainMode,
        /// The statement; it cannot be another EXPLAIN.
        statement: Box<Statement>,
    },
    /// `PREPARE p AS statement`.
    Prepare {
        /// The name.
        name: Ident,
        /// The statement; it cannot be another PREPARE.
        statement: Box<Statement>,
    },
    /// `EXECUTE p(arguments)`.
    Execute {
        /// The name.
        name: Ident,
        /// Positional and named arguments.
        arguments: Vec<Argument>,
    },
    /// `DEALLOCATE p`.
    Deallocate(Ident),
    /// `ATTACH 'path' AS alias (options)`.
    Attach {
        /// The path.
        path: Expr,
        /// Its name from now on.
        alias: Option<Ident>,
        /// READ_ONLY, TYPE, …
        options: Vec<OptionItem>,
    },
    /// `DETACH alias`.
    Detach(Ident),
    /// `IMPORT 'lib.gz' AS m`.
    Import {
        /// The script.
        path: Text,
        /// The name of its module.
        alias: Option<Ident>,
    },
    /// `INSTALL name [FROM 'path']`.
    Install {
        /// The extension.
        name: Ident,
        /// Where from.
        from: Option<Text>,
    },
    /// `LOAD name`.
    Load(Ident),
    /// Something the language reserves for later, such as CREATE SEQUENCE; the parser has reported
    /// it as not supported yet.
    Later(&'static str),
    /// Nothing: a lone `;`. The parser drops these; it stands for "no statement" in
    /// single-statement parses of blank text.
    Empty,
    /// Not understood; reported.
    Error,
}

/// `LET name: T = e`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The new local.
    pub name: Ident,
    /// Its type, if written.
    pub declared_type: Option<TypeExpr>,
    /// The place of a NOT NULL after the type.
    pub not_null: Option<Span>,
    /// Its value; a bare query is [`super::ExprKind::Query`].
    pub value: Expr,
}

/// `SET target = e`.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// What is assigned to.
    pub target: Target,
    /// The value; a bare query is [`super::ExprKind::Query`].
    pub value: Expr,
}

/// `WHILE condition { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct While {
    /// NULL counts as FALSE.
    pub condition: Expr,
    /// What is repeated.
    pub body: Block,
}

/// `FOR x IN source { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    /// The name of each element.
    pub variable: Ident,
    /// An array, [`super::ExprKind::Range`] or [`super::ExprKind::Query`].
    pub source: Expr,
    /// What is repeated.
    pub body: Block,
}

/// ASSERT.
#[derive(Clone, Debug, PartialEq)]
pub enum Assert {
    /// `ASSERT condition, message`.
    Condition {
        /// Fails unless TRUE.
        condition: Expr,
        /// What to say then.
        message: Option<Expr>,
    },
    /// `ASSERT RAISES E { … }`.
    Raises {
        /// The exception that must come.
        exception: Name,
        /// What must raise it.
        body: Block,
    },
}

/// `column = value` of UPDATE, MERGE, ON CONFLICT and `|> SET`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: NamePart,
    /// Fields of a struct column: `profile.name = …`.
    pub path: Vec<NamePart>,
    /// The value; `None` is DEFAULT.
    pub value: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// `INSERT INTO t …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// WITH before the INSERT.
    pub with: Option<super::With>,
    /// The table.
    pub table: Name,
    /// `AS alias`.
    pub alias: Option<Ident>,
    /// The columns, when listed.
    pub columns: Option<Vec<NamePart>>,
    /// The rows.
    pub source: InsertSource,
    /// ON CONFLICT.
    pub on_conflict: Option<OnConflict>,
    /// RETURNING.
    pub returning: Option<Vec<SelectItem>>,
}

/// The rows of an INSERT.
#[derive(Clone, Debug, PartialEq)]
pub enum InsertSource {
    /// VALUES, where DEFAULT may stand.
    Values(Values),
    /// Any other query.
    Query(Box<Query>),
    /// DEFAULT VALUES.
    Default,
    /// `{ name: "x" }`.
    Struct(Box<StructLiteral>, Span),
    /// `[{ … }, { … }]` or any other expression that gives structs, such as a parameter.
    Expr(Expr),
}

/// ON CONFLICT.
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// The columns of the key, when given.
    pub columns: Vec<Ident>,
    /// `None` is DO NOTHING.
    pub update: Option<ConflictUpdate>,
    /// From ON to the end.
    pub span: Span,
}

/// DO UPDATE SET … WHERE ….
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictUpdate {
    /// What changes.
    pub assignments: Vec<Assignment>,
    /// WHERE.
    pub filter: Option<Expr>,
}

/// UPDATE.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// WITH before the UPDATE.
    pub with: Option<super::With>,
    /// The table.
    pub table: Name,
    /// Its alias.
    pub alias: Option<Ident>,
    /// What changes.
    pub assignments: Vec<Assignment>,
    /// FROM.
    pub from: Vec<FromTree>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Option<Vec<SelectItem>>,
}

/// DELETE.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// WITH before the DELETE.
    pub with: Option<super::With>,
    /// The table.
    pub table: Name,
    /// Its alias.
    pub alias: Option<Ident>,
    /// USING.
    pub using: Vec<FromTree>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Option<Vec<SelectItem>>,
}

/// `MERGE INTO t USING s ON c WHEN …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// WITH before the MERGE.
    pub with: Option<super::With>,
    /// The table that changes.
    pub table: Name,
    /// Its alias.
    pub alias: Option<Ident>,
    /// The rows to merge.
    pub source: FromItem,
    /// What pairs the rows.
    pub condition: Expr,
    /// The WHENs in order.
    pub clauses: Vec<MergeClause>,
    /// RETURNING.
    pub returning: Option<Vec<SelectItem>>,
}

/// `WHEN [NOT] MATCHED [BY SOURCE|TARGET] [AND c] THEN …`.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeClause {
    /// For which rows.
    pub matched: MergeMatch,
    /// AND condition.
    pub condition: Option<Expr>,
    /// What is done.
    pub action: MergeAction,
    /// All of it.
    pub span: Span,
}

/// The rows of a WHEN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MergeMatch {
    /// WHEN MATCHED
    Matched,
    /// WHEN NOT MATCHED [BY TARGET]
    NotMatched,
    /// WHEN NOT MATCHED BY SOURCE
    NotMatchedBySource,
}

/// What a WHEN does.
#[derive(Clone, Debug, PartialEq)]
pub enum MergeAction {
    /// UPDATE SET …
    Update(Vec<Assignment>),
    /// DELETE
    Delete,
    /// INSERT (columns) VALUES (…)
    Insert {
        /// The columns, when listed.
        columns: Option<Vec<NamePart>>,
        /// One row; DEFAULT VALUES is `None`.
        values: Option<super::ValuesRow>,
    },
    /// DO NOTHING
    Nothing,
}

/// `COPY t FROM 'file'`, `COPY t|(query) TO 'file'`.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// The table or query.
    pub subject: CopySubject,
    /// FROM or TO.
    pub direction: CopyDirection,
    /// The file.
    pub file: Expr,
    /// `(FORMAT csv, HEADER, …)`.
    pub options: Vec<OptionItem>,
    /// USING SECRET.
    pub secrets: Vec<super::SecretUse>,
}

/// What is copied.
#[derive(Clone, Debug, PartialEq)]
pub enum CopySubject {
    /// A table and, maybe, some of its columns.
    Table {
        /// The table.
        name: Name,
        /// The columns.
        columns: Option<Vec<NamePart>>,
    },
    /// `(query)`.
    Query(Box<Query>),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyDirection {
    /// From the file into the table.
    From,
    /// Into the file.
    To,
}

/// `NAME [value]` in an option list.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionItem {
    /// The option; options may be words that are reserved elsewhere, as NULL.
    pub name: Ident,
    /// Its value: a literal, or a bare word as [`super::ExprKind::Name`]. `None` means TRUE.
    pub value: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// ISOLATION LEVEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsolationLevel {
    /// SNAPSHOT, the default.
    Snapshot,
    /// SERIALIZABLE
    Serializable,
}

/// What SHOW lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShowKind {
    /// SHOW TABLES
    Tables,
    /// SHOW TYPES
    Types,
    /// SHOW FUNCTIONS
    Functions,
    /// SHOW SECRETS
    Secrets,
    /// SHOW VARIABLES
    Variables,
    /// SHOW SETTINGS
    Settings,
    /// SHOW TRIGGERS
    Triggers,
    /// SHOW CRON JOBS
    CronJobs,
    /// SHOW EXTENSIONS
    Extensions,
    /// SHOW DATABASES
    Databases,
}

/// DESCRIBE.
#[derive(Clone, Debug, PartialEq)]
pub enum Describe {
    /// An object: table, view, type, function, …; its class may be named.
    Object {
        /// TABLE, FUNCTION, … when written.
        class: Option<super::ObjectClass>,
        /// The object.
        name: Name,
    },
    /// The columns of a query.
    Query(Box<Query>),
}

/// What EXPLAIN shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainMode {
    /// EXPLAIN
    Plan,
    /// EXPLAIN ANALYZE
    Analyze,
    /// EXPLAIN BYTECODE
    Bytecode,
}
