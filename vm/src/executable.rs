//! An executable: a verified program, linked. What runs often is looked up here once per program:
//! native bodies by name, frames' sizes, native code; and instances are pooled, so that running a
//! prepared statement allocates nothing.

use crate::context::Context;
use crate::instance::Instance;
use crate::native::{NativeBody, Natives};
use crate::ports::{NativeCompiler, NativeFunction};
use grizzly_bytecode::verify::VerifiedProgram;
use grizzly_bytecode::{
    Builtin, Fault, Function, FunctionId, Instr, Layout, NativeId, Repr, Type, Value,
};
use parking_lot::Mutex;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A linked program. Many threads may run it at a time, each in an instance of its own.
pub struct Executable {
    program: VerifiedProgram,
    functions: Vec<LinkedFunction>,
    natives: Vec<LinkedNative>,
    compiler: Option<Arc<dyn NativeCompiler>>,
    native_calls: AtomicU64,
    // Boxed, because an instance moves into and out of the pool at every statement.
    #[allow(clippy::vec_box, reason = "moving a pointer, not the instance")]
    pool: Mutex<Vec<Box<Instance>>>,
}

/// What the interpreter needs of a function, close together: one cache line.
#[repr(align(64))]
pub(crate) struct LinkedFunction {
    pub(crate) code: Box<[Instr]>,
    pub(crate) objects: u32,
    /// The object registers of the result, which a return keeps: 0 or 1.
    pub(crate) result_objects: u32,
    /// Whether native code may be asked for: the function has no object registers and no handlers.
    pub(crate) numeric: bool,
    /// Whether calls go to `native`.
    pub(crate) native_ready: AtomicBool,
    native: OnceLock<Option<Arc<dyn NativeFunction>>>,
}

/// A native function of a program with its body.
pub struct LinkedNative {
    /// The body.
    pub body: NativeBody,
    /// The static types of the arguments.
    pub argument_types: Vec<Type>,
    /// The parameters' layouts.
    pub parameters: Vec<Layout>,
    /// The result's layout.
    pub result: Layout,
    /// Whether a NULL argument gives NULL without a call.
    pub strict: bool,
    /// Whether every argument lies in an object register.
    pub(crate) all_objects: bool,
}

impl Executable {
    /// Links a program with the native functions that it names.
    ///
    /// # Errors
    /// A CompileError fault that names the native function that is missing.
    pub fn link(program: VerifiedProgram, natives: &dyn Natives) -> Result<Executable, Fault> {
        let link = |native: &grizzly_bytecode::Native| {
            let body = natives.find(&native.name).ok_or_else(|| {
                let message = format!("there is no native function {}", native.name);
                Fault::new(Builtin::CompileError, message)
            })?;
            Ok(LinkedNative {
                body,
                argument_types: native.parameters.iter().map(|p| p.ty.clone()).collect(),
                all_objects: native.parameters.iter().all(|p| p.ty.repr() == Repr::Object),
                parameters: native.parameters.clone(),
                result: native.result.clone(),
                strict: native.strict,
            })
        };
        Ok(Executable {
            natives: program.natives.iter().map(link).collect::<Result<_, Fault>>()?,
            functions: program.functions.iter().map(LinkedFunction::new).collect(),
            program,
            compiler: None,
            native_calls: AtomicU64::new(0),
            pool: Mutex::new(Vec::new()),
        })
    }

    /// The same, with a compiler for hot functions.
    #[must_use]
    pub fn with_compiler(mut self, compiler: Arc<dyn NativeCompiler>) -> Executable {
        self.compiler = Some(compiler);
        self
    }

    /// The program.
    pub fn program(&self) -> &VerifiedProgram {
        &self.program
    }

    /// A native function of the program.
    pub fn native(&self, native: NativeId) -> &LinkedNative {
        // The verifier proved that the program names only natives that it has.
        &self.natives[native.index()]
    }

    /// How often native code ran to its end or raised, of all instances.
    pub fn native_calls(&self) -> u64 {
        self.native_calls.load(Ordering::Relaxed)
    }

    /// An instance, from the pool where one is free; it goes back when it is dropped.
    pub fn instance(&self) -> PooledInstance<'_> {
        let pooled = self.pool.lock().pop();
        let instance = pooled.unwrap_or_else(|| Box::new(Instance::new(&self.program)));
        PooledInstance { executable: self, instance: Some(instance) }
    }

    /// Runs the statement and returns its value, `None` where the entry has none.
    ///
    /// # Errors
    /// What the statement raises; the caller undoes its changes.
    pub fn execute(&self, context: &mut Context<'_>) -> Result<Option<Value>, Fault> {
        self.check_parameters(context.parameters)?;
        let mut instance = self.instance();
        instance.execute(self, context, self.program.entry)
    }

    /// The values given must be what the code was compiled for: a wrong one is the caller's
    /// mistake.
    fn check_parameters(&self, given: &[Value]) -> Result<(), Fault> {
        let expected = &self.program.parameters;
        if given.len() != expected.len() {
            let message =
                format!("the statement has {} parameters, not {}", expected.len(), given.len());
            return Err(Fault::new(Builtin::TypeError, message));
        }
        for (index, (value, parameter)) in given.iter().zip(expected).enumerate() {
            if !value.fits(&parameter.ty) {
                let message = format!("parameter {} must be {}", index + 1, parameter.ty);
                return Err(Fault::new(Builtin::TypeError, message));
            }
        }
        Ok(())
    }

    pub(crate) fn functions(&self) -> &[LinkedFunction] {
        &self.functions
    }

    /// Compiles a hot function, where that is possible and not done.
    pub(crate) fn compile(&self, function: FunctionId) {
        let (Some(linked), Some(compiler)) =
            (self.functions.get(function.index()), self.compiler.as_ref())
        else {
            return;
        };
        let native = linked.native.get_or_init(|| {
            if linked.numeric { compiler.compile(&self.program, function) } else { None }
        });
        linked.native_ready.store(native.is_some(), Ordering::Relaxed);
    }

    /// The native code of a function, once it is compiled.
    pub(crate) fn native_code(&self, function: FunctionId) -> Option<&dyn NativeFunction> {
        self.functions.get(function.index())?.native.get()?.as_deref()
    }

    /// Leaves a function to the interpreter until it is found hot again.
    pub(crate) fn rest_native(&self, function: FunctionId) {
        if let Some(linked) = self.functions.get(function.index()) {
            linked.native_ready.store(false, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_native_call(&self) {
        self.native_calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl LinkedFunction {
    fn new(function: &Function) -> LinkedFunction {
        LinkedFunction {
            code: function.code.clone().into_boxed_slice(),
            objects: u32::from(function.objects),
            result_objects: function.result.as_ref().map_or(0, |r| u32::from(r.objects())),
            numeric: function.objects == 0 && function.handlers.is_empty(),
            native_ready: AtomicBool::new(false),
            native: OnceLock::new(),
        }
    }
}

/// An instance on loan from an executable's pool.
pub struct PooledInstance<'e> {
    executable: &'e Executable,
    // Present until the drop takes it back.
    instance: Option<Box<Instance>>,
}

impl Deref for PooledInstance<'_> {
    type Target = Instance;
    fn deref(&self) -> &Instance {
        match &self.instance {
            Some(instance) => instance,
            None => unreachable!("only the drop takes the instance"),
        }
    }
}

impl DerefMut for PooledInstance<'_> {
    fn deref_mut(&mut self) -> &mut Instance {
        match &mut self.instance {
            Some(instance) => instance,
            None => unreachable!("only the drop takes the instance"),
        }
    }
}

impl Drop for PooledInstance<'_> {
    fn drop(&mut self) {
        if let Some(mut instance) = self.instance.take() {
            instance.rest();
            self.executable.pool.lock().push(instance);
        }
    }
}
