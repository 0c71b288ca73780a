//! Native code for hot functions, by Cranelift.
//!
//! [`Jit`] implements the machine's port [`NativeCompiler`] for functions that compute with slots
//! and pairs only: no objects, no handlers, no natives, no tables. A function is compiled together
//! with all functions that it calls; calls among them are direct, arguments and results travel in
//! machine registers. Results, exceptions and places are the interpreter's: what is not one machine
//! operation calls [`grizzly_vm::arithmetic`] (in [`host`]).
//!
//! **Convention.** A compiled function takes the call's state ([`host::Calls`]), the number of
//! frames that may still be opened, and its parameters' slots; it returns its result's first slot
//! and a status, 0 where it returned. Further slots of a result lie in the state. At a status other
//! than 0 every frame notes its function and instruction on the way out, which is the trace.
//!
//! **Stack.** Native frames lie on the thread's stack. A call may use [`STACK_BYTES`] of it: with
//! the size of the largest frame that bounds the number of frames, and one more ends in
//! [`NativeExit::TooDeep`], after which the machine interprets the call.
//!
//! `unsafe` stands here in two places: calling the code, and freeing its memory.

mod host;
mod translate;

use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module};
use grizzly_bytecode::{FunctionId, Instr, VerifiedProgram};
use grizzly_vm::ports::{NativeCompiler, NativeExit, NativeFunction};
use host::Calls;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of the thread's stack that one call into native code may use.
pub const STACK_BYTES: u32 = 512 << 10;

/// Functions with more slots or parameters stay with the interpreter: their frames would be large.
const MOST_SLOTS: u16 = 256;
const MOST_PARAMETERS: usize = 32;

/// A compiler for the processor that it runs on.
#[derive(Debug, Default)]
pub struct Jit {
    compiled: AtomicU64,
}

impl Jit {
    /// The number of functions that were compiled.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }
}

impl NativeCompiler for Jit {
    fn compile(
        &self,
        program: &VerifiedProgram,
        function: FunctionId,
    ) -> Option<Arc<dyn NativeFunction>> {
        let functions = closure(program, function)?;
        let compiled = Compiled::new(program, function, &functions)?;
        self.compiled.fetch_add(functions.len() as u64, Ordering::Relaxed);
        Some(Arc::new(compiled))
    }
}

/// The function and all that it calls, `None` where one of them cannot be compiled.
fn closure(program: &VerifiedProgram, root: FunctionId) -> Option<Vec<FunctionId>> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(id) = found.get(next).copied() {
        next += 1;
        let function = program.functions.get(id.index())?;
        let parameters: usize = function.parameters.iter().map(|p| usize::from(p.slots())).sum();
        let fits = function.objects == 0
            && function.handlers.is_empty()
            && function.slots <= MOST_SLOTS
            && parameters <= MOST_PARAMETERS;
        if !fits || !function.code.iter().all(translate::is_supported) {
            return None;
        }
        for instr in &function.code {
            if let Instr::Call { f, .. } = instr
                && !found.contains(f)
            {
                found.push(*f);
            }
        }
    }
    Some(found)
}

/// A compiled function with its callees, in memory of its own.
struct Compiled {
    /// Taken by the drop, which frees the code.
    module: Mutex<Option<JITModule>>,
    entry: host::Entry,
    /// The most frames that the stack bears.
    most_frames: u32,
}

/// What the translation of a function needs of the module.
pub(crate) struct Names {
    pub(crate) functions: BTreeMap<FunctionId, FuncId>,
    pub(crate) note: FuncId,
    pub(crate) compute: FuncId,
}

impl Compiled {
    /// Compiles; `None` where Cranelift does not support the processor or the code.
    fn new(program: &VerifiedProgram, root: FunctionId, ids: &[FunctionId]) -> Option<Compiled> {
        let mut module = module()?;
        let names = declare(&mut module, program, ids)?;
        let mut context = module.make_context();
        let mut builder = cranelift_frontend::FunctionBuilderContext::new();
        let mut largest_frame = 0;
        for id in ids {
            let translated =
                translate::function(&mut module, &names, program, *id, &mut context, &mut builder);
            translated?;
            module.define_function(*names.functions.get(id)?, &mut context).ok()?;
            largest_frame = largest_frame.max(frame_bytes(&context)?);
            module.clear_context(&mut context);
        }
        let entry =
            translate::entry(&mut module, &names, program, root, &mut context, &mut builder)?;
        module.finalize_definitions().ok()?;
        let address = module.get_finalized_function(entry);
        // SAFETY: the address is that of a function which `translate::entry` built with the
        // signature of `host::Entry` and the host's default calling convention, and the code lives
        // as long as the module beside it.
        #[allow(unsafe_code)]
        let entry = unsafe { std::mem::transmute::<*const u8, host::Entry>(address) };
        Some(Compiled {
            module: Mutex::new(Some(module)),
            entry,
            most_frames: STACK_BYTES / largest_frame.max(16),
        })
    }
}

/// The bytes of stack that a call of the function takes, return address and arguments included.
fn frame_bytes(context: &cranelift_codegen::Context) -> Option<u32> {
    let layout = context.compiled_code()?.buffer.frame_layout()?;
    let arguments = u32::try_from(context.func.signature.params.len()).ok()? * 8;
    Some(layout.frame_to_fp_offset + 16 + arguments)
}

fn module() -> Option<JITModule> {
    let mut flags = settings::builder();
    flags.set("opt_level", "speed").ok()?;
    flags.set("is_pic", "false").ok()?;
    flags.set("use_colocated_libcalls", "false").ok()?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }).ok()?;
    let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
    let mut builder = JITBuilder::with_isa(isa, cranelift_module::default_libcall_names());
    builder.symbol("note", host::note as *const u8);
    builder.symbol("compute", host::compute as *const u8);
    Some(JITModule::new(builder))
}

fn declare(module: &mut JITModule, program: &VerifiedProgram, ids: &[FunctionId]) -> Option<Names> {
    let mut functions = BTreeMap::new();
    for id in ids {
        let signature = translate::signature(module, program.functions.get(id.index())?);
        let name = id.to_string();
        functions.insert(*id, module.declare_function(&name, Linkage::Local, &signature).ok()?);
    }
    let note = translate::note_signature(module);
    let compute = translate::compute_signature(module);
    Some(Names {
        functions,
        note: module.declare_function("note", Linkage::Import, &note).ok()?,
        compute: module.declare_function("compute", Linkage::Import, &compute).ok()?,
    })
}

impl NativeFunction for Compiled {
    fn call(&self, registers: &mut [u64], cancel: &AtomicBool, depth: u32) -> NativeExit {
        let Some(depth) = depth.min(self.most_frames).checked_sub(1) else {
            return NativeExit::TooDeep;
        };
        let mut calls = Calls::new(cancel);
        // SAFETY: the code lives as long as `self`. It was made from a verified function: it reads
        // the parameters' slots and writes the result's, which the caller provides
        // (NativeFunction::call), touches no other memory but `calls` and the flag behind it, which
        // outlive the call, and its own frames, of which `depth` bounds the number.
        #[allow(unsafe_code)]
        let status = unsafe { (self.entry)(&raw mut calls, registers.as_mut_ptr(), depth.into()) };
        calls.exit(status)
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(module) = module {
            // SAFETY: nothing calls the code any more: calls borrow `self`, which is being dropped.
            #[allow(unsafe_code)]
            unsafe {
                module.free_memory();
            }
        }
    }
}
