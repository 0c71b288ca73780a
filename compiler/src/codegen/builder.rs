//! The program under construction: what all functions and queries of a statement share.

use crate::catalog::{Catalog, Evaluate, FunctionKey, Native as NativeDecl};
use crate::hir::{self, CommonTableId};
use crate::plan::capture::Scope;
use grizzly_bytecode as bc;
use grizzly_bytecode::{
    ConstId, Constant, FunctionId, Layout, NativeId, Place, PlaceId, Type, Value,
};
use grizzly_grammar::diagnostic::Diagnostic;
use hashbrown::HashMap;
use smol_str::SmolStr;
use std::sync::Arc;

/// The result of code generation steps. An error is a limit of the machine or an internal bug.
pub type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Which body of a function is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// All parameters may be NULL unless declared otherwise.
    General,
    /// No argument is NULL.
    NoNull,
}

/// A program under construction.
pub struct Builder<'a> {
    /// Finds users' functions.
    pub catalog: &'a dyn Catalog,
    /// Folds constants when queries are planned; `None` where there are none to plan.
    pub evaluate: Option<&'a dyn Evaluate>,
    /// The columns and locals of the scalar code that is being written.
    pub scope: Scope,
    /// The recursive queries whose steps are being written.
    pub rounds: Vec<CommonTableId>,
    /// The program so far.
    pub program: bc::Program,
    functions: HashMap<(FunctionKey, BodyKind), FunctionId>,
    /// Function bodies that are called but not generated yet.
    pub pending: Vec<(Arc<hir::Function>, BodyKind, FunctionId)>,
    /// Whether the no-null body of a function may give NULL.
    pub no_null_results: HashMap<FunctionKey, bool>,
    natives: HashMap<NativeKey, NativeId>,
    places: HashMap<(Place, SmolStr, Option<PlaceId>), PlaceId>,
}

type NativeKey = (SmolStr, Vec<Layout>, Layout);

impl<'a> Builder<'a> {
    /// An empty program.
    pub fn new(catalog: &'a dyn Catalog) -> Builder<'a> {
        Builder {
            catalog,
            evaluate: None,
            scope: Scope::default(),
            rounds: Vec::new(),
            program: bc::Program::default(),
            functions: HashMap::new(),
            pending: Vec::new(),
            no_null_results: HashMap::new(),
            natives: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// The id of a constant value of a type.
    pub fn constant(&mut self, value: Value, ty: Type) -> Result<ConstId> {
        self.intern(Constant::Value(value, ty))
    }

    /// The id of a type among the constants.
    pub fn type_constant(&mut self, ty: Type) -> Result<ConstId> {
        self.intern(Constant::Type(ty))
    }

    fn intern(&mut self, constant: Constant) -> Result<ConstId> {
        let same = |c: &Constant| same_constant(c, &constant);
        // Recent constants are the likely ones; a bound keeps large VALUES lists linear.
        let recent = self.program.constants.len().saturating_sub(256);
        let found = self.program.constants.iter().skip(recent).position(same);
        if let Some(index) = found {
            return index_u16(recent + index, "constants").map(ConstId);
        }
        self.program.constants.push(constant);
        index_u16(self.program.constants.len() - 1, "constants").map(ConstId)
    }

    /// The id of a place.
    pub fn place(&mut self, place: Place, function: &SmolStr, inlined: Option<PlaceId>) -> PlaceId {
        let program = &mut self.program;
        *self.places.entry((place, function.clone(), inlined)).or_insert_with(|| {
            let id = PlaceId(program.places.len() as u32);
            program.places.push(bc::PlaceEntry {
                place,
                function: function.clone(),
                inlined_at: inlined,
            });
            id
        })
    }

    /// The id of one body of a user's function, generated later if it is not yet.
    pub fn function(
        &mut self,
        function: &Arc<hir::Function>,
        body: BodyKind,
    ) -> Result<FunctionId> {
        let key = (function.key.clone(), body);
        if let Some(id) = self.functions.get(&key) {
            return Ok(*id);
        }
        let id = self.reserve()?;
        self.functions.insert(key, id);
        self.pending.push((function.clone(), body, id));
        Ok(id)
    }

    /// The id of a function whose code comes with [`Builder::define`].
    pub fn reserve(&mut self) -> Result<FunctionId> {
        let id = FunctionId(index_u16(self.program.functions.len(), "functions")?);
        self.program.functions.push(bc::Function::default());
        Ok(id)
    }

    /// The code of a reserved function.
    pub fn define(&mut self, id: FunctionId, function: bc::Function) {
        if let Some(place) = self.program.functions.get_mut(id.index()) {
            *place = function;
        }
    }

    /// Looks a user's function up; checking has seen it, so its absence is a bug.
    pub fn find(&self, key: &FunctionKey, place: Place) -> Result<Arc<hir::Function>> {
        self.catalog
            .function(key)
            .ok_or_else(|| bug(place, format!("the function {} is gone", key.name)))
    }

    /// The id of a native function for these argument and result types.
    pub fn native(
        &mut self,
        declared: &NativeDecl,
        arguments: &[Layout],
        result: &Type,
    ) -> Result<NativeId> {
        let parameters: Vec<Layout> = arguments
            .iter()
            .map(|a| Layout { ty: a.ty.clone(), nullable: !declared.strict })
            .collect();
        let layout = Layout { ty: result.clone(), nullable: declared.nullable || !declared.strict };
        self.native_named(&declared.name, parameters, layout, declared.strict)
    }

    /// The id of a native function by the name of its body.
    pub fn native_named(
        &mut self,
        name: &SmolStr,
        parameters: Vec<Layout>,
        result: Layout,
        strict: bool,
    ) -> Result<NativeId> {
        let key = (name.clone(), parameters, result);
        if let Some(id) = self.natives.get(&key) {
            return Ok(*id);
        }
        let id = NativeId(index_u16(self.program.natives.len(), "native functions")?);
        self.program.natives.push(bc::Native {
            name: name.clone(),
            parameters: key.1.clone(),
            result: key.2.clone(),
            strict,
        });
        self.natives.insert(key, id);
        Ok(id)
    }
}

/// Whether two constants are the same to the bit (−0.0 and 0.0 differ, NaNs are compared by bits).
fn same_constant(a: &Constant, b: &Constant) -> bool {
    match (a, b) {
        (Constant::Type(x), Constant::Type(y)) => x == y,
        (Constant::Value(Value::Float(x), t), Constant::Value(Value::Float(y), u)) => {
            x.to_bits() == y.to_bits() && t == u
        }
        (Constant::Value(x, t), Constant::Value(y, u)) => t == u && x == y,
        _ => false,
    }
}

/// An index as 16 bits, or an error that names the limit.
pub fn index_u16(index: usize, what: &str) -> Result<u16> {
    u16::try_from(index).map_err(|_| {
        Box::new(crate::diagnostics_plan::too_large(&format!("more than 65,536 {what}")))
    })
}

/// An internal bug: checking let something through that lowering relies on.
pub fn bug(place: Place, what: impl AsRef<str>) -> Box<Diagnostic> {
    Box::new(crate::diagnostics_plan::internal(place, what.as_ref()))
}

/// Something that the language has and this version has not.
pub fn unsupported(place: Place, what: impl AsRef<str>) -> Box<Diagnostic> {
    Box::new(crate::diagnostics_plan::unsupported(place, what.as_ref()))
}
