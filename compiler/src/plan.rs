//! Plans: from a query to relational operators, by rules to better ones, then to algorithms.
//!
//! [`logical::build`] writes the plan that the query's clauses say, [`rules::RULES`] rewrite it in
//! a fixed order, [`physical::choose`] picks algorithms. Every stage prints as an indented tree
//! ([`print`]).

pub mod access;
pub mod capture;
pub mod estimate;
pub mod logical;
pub mod physical;
pub mod print;
pub mod rules;

use crate::catalog::{Catalog, Evaluate, Table, TableStatistics};
use crate::codegen::builder::Result;
use crate::hir::{
    Column, ColumnVar, CommonTable, CommonTableId, Expr, ExprKind, Local, LocalId, Query,
};
use grizzly_bytecode::{Place, TableId, Type};
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::cell::RefCell;
use std::rc::Rc;

/// What planning works with: the ports, and the variables of the statement, which it may add to.
pub struct PlanContext<'a> {
    /// Finds functions and statistics.
    pub catalog: &'a dyn Catalog,
    /// Folds constants.
    pub evaluate: &'a dyn Evaluate,
    /// The column variables.
    pub columns: Vec<Column>,
    /// The locals.
    pub locals: Vec<Local>,
    /// What the queries of WITH that are in scope stand for.
    pub commons: HashMap<CommonTableId, logical::CommonUse>,
    /// All queries of WITH that were met.
    pub definitions: HashMap<CommonTableId, CommonTable>,
    /// About how many rows the queries of WITH that have been estimated give.
    pub common_rows: RefCell<HashMap<CommonTableId, f64>>,
    statistics: RefCell<HashMap<TableId, Rc<TableStatistics>>>,
    /// A number above those of all queries of WITH.
    next_common: u32,
}

impl<'a> PlanContext<'a> {
    /// The context of a statement or of a function's body, with its columns and locals.
    pub fn new(
        (columns, locals): (Vec<Column>, Vec<Local>),
        catalog: &'a dyn Catalog,
        evaluate: &'a dyn Evaluate,
    ) -> PlanContext<'a> {
        PlanContext {
            catalog,
            evaluate,
            columns,
            locals,
            commons: HashMap::new(),
            definitions: HashMap::new(),
            common_rows: RefCell::default(),
            statistics: RefCell::default(),
            next_common: 1 << 16,
        }
    }

    /// A column of the current row as an expression.
    pub fn column(&self, var: ColumnVar) -> Expr {
        let kind = ExprKind::Column(var);
        Expr { kind, ty: self.column_type(var), place: Place::default() }
    }

    /// A new column variable.
    pub fn fresh_column(&mut self, name: &str, ty: Type, nullable: bool) -> ColumnVar {
        self.columns.push(Column { name: SmolStr::new(name), ty, nullable });
        ColumnVar(self.columns.len() as u32 - 1)
    }

    /// What is known of a table's data, asked for once.
    pub fn statistics(&self, table: &Table) -> Rc<TableStatistics> {
        let mut known = self.statistics.borrow_mut();
        let known = known.entry(table.id);
        known.or_insert_with(|| Rc::new(self.catalog.statistics(table))).clone()
    }

    /// A number that no query of WITH has.
    pub fn fresh_common(&mut self) -> CommonTableId {
        self.next_common += 1;
        CommonTableId(self.next_common - 1)
    }

    /// A new local like one of a function's.
    pub fn fresh_local(&mut self, like: Local) -> LocalId {
        self.locals.push(like);
        LocalId(self.locals.len() as u32 - 1)
    }

    /// The type of a column variable.
    pub fn column_type(&self, var: ColumnVar) -> Type {
        self.columns.get(var.0 as usize).map_or(Type::Error, |c| c.ty.clone())
    }

    /// The name of a column variable.
    pub fn column_name(&self, var: ColumnVar) -> SmolStr {
        self.columns.get(var.0 as usize).map_or_else(SmolStr::default, |c| c.name.clone())
    }

    /// The optimised plan of a query.
    ///
    /// # Errors
    /// A part of the query that this version cannot run.
    pub fn logical(&mut self, query: &Query) -> Result<logical::LogicalPlan> {
        let mut plan = logical::build(query, self)?;
        for rule in rules::RULES {
            plan = (rule.apply)(plan, self)?;
        }
        Ok(plan)
    }
}
