//! Statements that define, alter and remove objects, functions aside.

use super::{Expr, FieldDefinition, Ident, Name, Query, Text, TypeExpr};
use crate::span::Span;

/// CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// OR REPLACE was given; tables hold data, so the check refuses it.
    pub or_replace: Option<Span>,
    /// TEMP.
    pub temporary: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The table.
    pub name: Name,
    /// What its columns are.
    pub shape: TableShape,
}

/// The three forms of CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum TableShape {
    /// `(columns and constraints)`.
    Columns {
        /// The columns.
        columns: Vec<ColumnDefinition>,
        /// The constraints of the table.
        constraints: Vec<TableConstraint>,
    },
    /// `OF StructType (constraints)`.
    Of {
        /// The struct type.
        struct_type: Name,
        /// The constraints of the table.
        constraints: Vec<TableConstraint>,
    },
    /// `[(columns)] AS query`.
    As {
        /// New names for the columns.
        columns: Vec<Ident>,
        /// The rows.
        query: Box<Query>,
    },
}

/// A column of CREATE TABLE and ALTER TABLE … ADD.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Ident,
    /// Its type; may be left out only with GENERATED ALWAYS AS, which the check demands.
    pub column_type: Option<TypeExpr>,
    /// Its constraints in order.
    pub constraints: Vec<ColumnConstraint>,
    /// All of it.
    pub span: Span,
}

/// A constraint of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnConstraint {
    /// `CONSTRAINT name`.
    pub name: Option<Ident>,
    /// Which.
    pub kind: ColumnConstraintKind,
    /// All of it.
    pub span: Span,
}

/// The forms of a column's constraint.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnConstraintKind {
    /// NOT NULL
    NotNull,
    /// NULL: it may be NULL, as without it.
    Null,
    /// `DEFAULT e`
    Default(Expr),
    /// PRIMARY KEY
    PrimaryKey,
    /// UNIQUE
    Unique,
    /// `CHECK (e)`
    Check(Expr),
    /// `REFERENCES t(c) …`
    References(References),
    /// `GENERATED ALWAYS AS (e)`
    Generated(Expr),
    /// `GENERATED ALWAYS|BY DEFAULT AS IDENTITY`
    Identity {
        /// ALWAYS was given: a value cannot be inserted.
        always: bool,
    },
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableConstraint {
    /// `CONSTRAINT name`.
    pub name: Option<Ident>,
    /// Which.
    pub kind: TableConstraintKind,
    /// All of it.
    pub span: Span,
}

/// The forms of a table's constraint.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraintKind {
    /// `PRIMARY KEY (columns)`
    PrimaryKey(Vec<Ident>),
    /// `UNIQUE (columns)`
    Unique(Vec<Ident>),
    /// `CHECK (e)`
    Check(Expr),
    /// `FOREIGN KEY (columns) REFERENCES …`
    ForeignKey {
        /// The columns of this table.
        columns: Vec<Ident>,
        /// What they point at.
        references: References,
    },
}

/// `REFERENCES t(columns) ON DELETE … ON UPDATE …`.
#[derive(Clone, Debug, PartialEq)]
pub struct References {
    /// The parent table.
    pub table: Name,
    /// Its columns; its primary key when empty.
    pub columns: Vec<Ident>,
    /// ON DELETE.
    pub on_delete: Option<ReferentialAction>,
    /// ON UPDATE.
    pub on_update: Option<ReferentialAction>,
}

/// What happens to children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferentialAction {
    /// NO ACTION
    NoAction,
    /// RESTRICT
    Restrict,
    /// CASCADE
    Cascade,
    /// SET NULL
    SetNull,
    /// SET DEFAULT
    SetDefault,
}

/// CREATE TYPE.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The type.
    pub name: Name,
    /// What it is.
    pub definition: TypeDefinition,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeDefinition {
    /// `STRUCT(…)`, `STRUCT { … }`.
    Struct(Vec<FieldDefinition>),
    /// `ENUM ("a", "b")`.
    Enum(Vec<Text>),
    /// `EXCEPTION("message", field: T)`.
    Exception {
        /// The message when RAISE gives none.
        message: Option<Text>,
        /// Its own fields.
        fields: Vec<FieldDefinition>,
    },
    /// Another name for a type.
    Alias(TypeExpr),
}

/// CREATE INDEX.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// UNIQUE.
    pub unique: bool,
    /// The index; a name is chosen when none is given.
    pub name: Option<Ident>,
    /// The table.
    pub table: Name,
    /// Columns and expressions.
    pub keys: Vec<super::OrderItem>,
    /// WHERE: only these rows.
    pub filter: Option<Expr>,
}

/// CREATE VIEW.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// TEMP.
    pub temporary: bool,
    /// The view.
    pub name: Name,
    /// New names for its columns.
    pub columns: Vec<Ident>,
    /// The rows.
    pub query: Query,
}

/// CREATE SCHEMA.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The schema.
    pub name: Name,
}

/// CREATE TRIGGER.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The trigger.
    pub name: Name,
    /// BEFORE or AFTER.
    pub timing: TriggerTiming,
    /// For which changes; `INSERT OR UPDATE` has two.
    pub events: Vec<TriggerEvent>,
    /// The table.
    pub table: Name,
    /// FOR EACH ROW or STATEMENT; ROW when not given.
    pub level: Option<TriggerLevel>,
    /// WHEN.
    pub condition: Option<Expr>,
    /// The function.
    pub function: Name,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerTiming {
    /// BEFORE
    Before,
    /// AFTER
    After,
}

/// What a trigger fires for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerEvent {
    /// INSERT
    Insert,
    /// UPDATE
    Update,
    /// DELETE
    Delete,
}

/// How often a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerLevel {
    /// FOR EACH ROW
    Row,
    /// FOR EACH STATEMENT
    Statement,
}

/// CREATE CRON JOB.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateJob {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The job.
    pub name: Name,
    /// When it runs.
    pub schedule: Text,
    /// TIMEZONE; UTC when not given.
    pub timezone: Option<Text>,
    /// `RETRY n`.
    pub retry: Option<Expr>,
    /// `ON MISSED RUN SKIP|ONCE`.
    pub on_missed: Option<MissedRun>,
    /// The function.
    pub function: Name,
}

/// What happens to runs that were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissedRun {
    /// SKIP
    Skip,
    /// ONCE
    Once,
}

/// CREATE SECRET.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSecret {
    /// OR REPLACE was given.
    pub or_replace: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The secret.
    pub name: Name,
    /// bearer, password, key, certificate, custom.
    pub secret_type: Option<Ident>,
    /// SCOPE.
    pub scope: Option<Text>,
    /// Where its value comes from.
    pub source: SecretSource,
}

/// Where a secret's value comes from.
#[derive(Clone, PartialEq)]
pub enum SecretSource {
    /// `VALUE 'text'`; its Debug form hides the text.
    Value(Text),
    /// `FROM ENV 'V'`.
    Environment(Text),
    /// `FROM FILE 'p'`.
    File(Text),
    /// It is asked for.
    Prompt,
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(_) => formatter.write_str("Value('•••')"),
            Self::Environment(name) => formatter.debug_tuple("Environment").field(name).finish(),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Prompt => formatter.write_str("Prompt"),
        }
    }
}

/// CREATE USER, CREATE ROLE.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateUser {
    /// ROLE was written.
    pub role: bool,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// The user or role.
    pub name: Ident,
    /// PASSWORD and other options.
    pub password: Option<SecretSource>,
}

/// ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// Table; RENAME works on views and indexes too.
    pub class: ObjectClass,
    /// IF EXISTS was given.
    pub if_exists: bool,
    /// The object.
    pub name: Name,
    /// What changes, in order.
    pub actions: Vec<AlterAction>,
}

/// One change of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterAction {
    /// Which.
    pub kind: AlterActionKind,
    /// All of it.
    pub span: Span,
}

/// The changes of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterActionKind {
    /// `ADD [COLUMN] [IF NOT EXISTS] c T …`
    AddColumn {
        /// IF NOT EXISTS was given.
        if_not_exists: bool,
        /// The column.
        column: ColumnDefinition,
    },
    /// `DROP [COLUMN] [IF EXISTS] c [CASCADE]`
    DropColumn {
        /// IF EXISTS was given.
        if_exists: bool,
        /// The column.
        column: Ident,
        /// CASCADE was given.
        cascade: bool,
    },
    /// `RENAME [COLUMN] a TO b`
    RenameColumn {
        /// The old name.
        from: Ident,
        /// The new name.
        to: Ident,
    },
    /// `RENAME TO t`
    Rename(Ident),
    /// `ALTER [COLUMN] c [SET DATA] TYPE T [USING e]`
    ColumnType {
        /// The column.
        column: Ident,
        /// Its new type.
        column_type: TypeExpr,
        /// How the values are converted.
        using: Option<Expr>,
    },
    /// `ALTER [COLUMN] c SET DEFAULT e`; `None` is DROP DEFAULT.
    ColumnDefault {
        /// The column.
        column: Ident,
        /// Its new default.
        default: Option<Expr>,
    },
    /// `ALTER [COLUMN] c SET NOT NULL`, or DROP NOT NULL.
    ColumnNotNull {
        /// The column.
        column: Ident,
        /// SET was given.
        not_null: bool,
    },
    /// `ADD [CONSTRAINT name] …`
    AddConstraint(TableConstraint),
    /// `DROP CONSTRAINT [IF EXISTS] name [CASCADE]`
    DropConstraint {
        /// IF EXISTS was given.
        if_exists: bool,
        /// The constraint.
        name: Ident,
        /// CASCADE was given.
        cascade: bool,
    },
}

/// ALTER TYPE.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterType {
    /// The type.
    pub name: Name,
    /// `ADD VALUE [IF NOT EXISTS] 'x'`.
    pub value: Text,
    /// IF NOT EXISTS was given.
    pub if_not_exists: bool,
    /// BEFORE or AFTER another value.
    pub position: Option<(TriggerTiming, Text)>,
}

/// ALTER CRON JOB.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterJob {
    /// The job.
    pub name: Name,
    /// ENABLE, else DISABLE.
    pub enable: bool,
}

/// Classes of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectClass {
    /// TABLE
    Table,
    /// VIEW
    View,
    /// INDEX
    Index,
    /// SCHEMA
    Schema,
    /// TYPE
    Type,
    /// FUNCTION
    Function,
    /// AGGREGATE
    Aggregate,
    /// TRIGGER
    Trigger,
    /// CRON JOB
    CronJob,
    /// SECRET
    Secret,
    /// USER
    User,
    /// ROLE
    Role,
    /// COLUMN, only of COMMENT ON
    Column,
    /// TEST
    Test,
}

impl ObjectClass {
    /// As it is written.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::Index => "INDEX",
            Self::Schema => "SCHEMA",
            Self::Type => "TYPE",
            Self::Function => "FUNCTION",
            Self::Aggregate => "AGGREGATE",
            Self::Trigger => "TRIGGER",
            Self::CronJob => "CRON JOB",
            Self::Secret => "SECRET",
            Self::User => "USER",
            Self::Role => "ROLE",
            Self::Column => "COLUMN",
            Self::Test => "TEST",
        }
    }
}

/// DROP.
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// What kind of object.
    pub class: ObjectClass,
    /// IF EXISTS was given.
    pub if_exists: bool,
    /// The receiver type of a function: `DROP FUNCTION [T] f`.
    pub receiver: Option<TypeExpr>,
    /// The objects.
    pub names: Vec<Name>,
    /// `TYPE t` of a secret.
    pub secret_type: Option<Ident>,
    /// CASCADE was given.
    pub cascade: bool,
}

/// `COMMENT ON class name IS 'text'|NULL`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommentOn {
    /// What kind of object.
    pub class: ObjectClass,
    /// The object; of a column `table.column`.
    pub name: Name,
    /// The text; `None` removes it.
    pub text: Option<Text>,
}

/// GRANT and REVOKE.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// REVOKE was written.
    pub revoke: bool,
    /// What is granted.
    pub what: GrantWhat,
    /// To or from whom.
    pub grantees: Vec<Ident>,
    /// WITH GRANT OPTION was given.
    pub with_grant_option: bool,
}

/// What is granted.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantWhat {
    /// `SELECT, UPDATE (a, b) ON TABLE t, u`.
    Privileges {
        /// The privileges.
        privileges: Vec<Privilege>,
        /// What kind of object; a table when not written.
        class: Option<ObjectClass>,
        /// The objects.
        objects: Vec<Name>,
    },
    /// `GRANT role TO user`.
    Roles(Vec<Ident>),
}

/// One privilege.
#[derive(Clone, Debug, PartialEq)]
pub struct Privilege {
    /// SELECT, INSERT, EXECUTE, ALL, …
    pub name: Ident,
    /// The columns that it is limited to.
    pub columns: Vec<Ident>,
}
