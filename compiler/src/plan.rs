//! Plans: from a query to relational operators, by rules to better ones, then to algorithms.
//!
//! [`logical::build`] writes the plan that the query's clauses say, [`rules::RULES`] rewrite it in
//! a fixed order, [`physical::choose`] picks algorithms. Every stage prints as an indented tree
//! ([`print`]).

pub mod access;
pub mod estimate;
pub mod logical;
pub mod physical;
pub mod print;
pub mod rules;

use crate::catalog::{Catalog, Evaluate};
use crate::codegen::builder::Result;
use crate::hir::{self, Column, ColumnVar, Local, LocalId, Query};
use grizzly_bytecode::Type;
use smol_str::SmolStr;

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
}

impl<'a> PlanContext<'a> {
    /// The context of a statement.
    pub fn new(
        statement: &hir::Statement,
        catalog: &'a dyn Catalog,
        evaluate: &'a dyn Evaluate,
    ) -> PlanContext<'a> {
        PlanContext {
            catalog,
            evaluate,
            columns: statement.columns.clone(),
            locals: statement.locals.clone(),
        }
    }

    /// A new column variable.
    pub fn fresh_column(&mut self, name: &str, ty: Type, nullable: bool) -> ColumnVar {
        self.columns.push(Column { name: SmolStr::new(name), ty, nullable });
        ColumnVar(self.columns.len() as u32 - 1)
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
