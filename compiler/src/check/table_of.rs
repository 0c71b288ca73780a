//! CREATE TABLE … OF: the columns are the fields of a struct type.

use super::Checker;
use crate::catalog::TableColumn;
use crate::diagnostics as say;
use grizzly_bytecode::{ColumnId, Type};
use grizzly_grammar::ast;

impl<'a> Checker<'a> {
    /// The columns that a struct type gives; reported where the name means none.
    pub(crate) fn struct_columns(&mut self, name: &'a ast::Name) -> Option<Vec<TableColumn>> {
        let Some(ident) = name.as_ident() else {
            self.later(name.span, "a type of a schema or a module");
            return None;
        };
        let shape = match self.type_named(ident, &[], name.span) {
            Type::Error => return None,
            Type::Struct(shape) => shape,
            other => {
                self.report(say::no_field(name.span, "…", &other, None, &[]));
                return None;
            }
        };
        let column = |(index, field): (usize, &grizzly_bytecode::Field)| TableColumn {
            id: ColumnId(index as u32),
            name: field.name.clone(),
            ty: field.ty.clone(),
            nullable: true,
            default: None,
        };
        Some(shape.fields.iter().enumerate().map(column).collect())
    }
}
