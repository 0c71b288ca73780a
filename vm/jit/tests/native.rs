//! Native code against the interpreter: the same results, exceptions and places, and it really ran.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod native {
    pub mod generate;
    pub mod support;
}

use grizzly_bytecode::FunctionId;
use grizzly_bytecode::Value;
use native::generate::{Statement, bodies, program};
use native::support::{Ran, World, executable, executable_of, outcome};
use proptest::prelude::*;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn generated_programs_do_the_same(bodies in bodies()) {
        compare_generated(&bodies);
    }
}

/// Three runs make the entry's callee hot; the last of them is native.
fn compare_generated(bodies: &[Vec<Statement>]) {
    let interpreted = executable_of(program(bodies), false);
    let compiled = executable_of(program(bodies), true);
    for _ in 0..3 {
        let expected = outcome(World::default().execute(&interpreted));
        let got = outcome(World::default().execute(&compiled));
        assert_eq!(got, expected);
    }
    assert_eq!(interpreted.native_calls(), 0);
    assert!(compiled.native_calls() > 0, "native code ran");
}

/// Runs a program in both ways, often enough to be compiled; whether native code ran.
fn same(source: &str) -> (Ran, bool) {
    let interpreted = executable(source, false);
    let compiled = executable(source, true);
    let mut last = None;
    for _ in 0..4 {
        let expected = outcome(World::default().execute(&interpreted));
        let got = outcome(World::default().execute(&compiled));
        assert_eq!(got, expected, "{source}");
        last = Some(expected);
    }
    (last.unwrap(), compiled.native_calls() > 0)
}

/// `f0` calls `f1` with two integers.
fn calling(a: &str, b: &str, result: &str, callee: &str) -> String {
    format!(
        "const k0 INT64 {a}
        const k1 INT64 {b}
        const k2 DECIMAL(38,0) 99999999999999999999999999999999999999w
        function f0 main() -> {result} slots 9 objects 0
            load_slot r0, k0
            load_slot r1, k1
            call f1, [r0..], [o0..]
            return
        {callee}"
    )
}

#[test]
fn recursion_is_native_and_shows_every_frame_of_a_fault() {
    let callee = "function f1 power(INT64, INT64) -> INT64 slots 4 objects 0
        jump_ne_imm r1, 0, @3
        load_int r0, 1
        return
        move r2, r0
        add_imm_i64 r3, r1, -1
        call f1, [r2..], [o0..]
        mul_i64 r0, r0, r2
        return";
    let (result, native) = same(&calling("3", "20", "INT64", callee));
    assert_eq!((result, native), (Ran::Value("Some(Int(3486784401))".into()), true));
    let (result, native) = same(&calling("3", "50", "INT64", callee));
    let Ran::Raised(exception, trace) = result else { panic!("3^50 overflows") };
    assert!(native);
    assert_eq!(exception, "ArithmeticOverflow: the result is out of range");
    assert_eq!(trace.len(), 12, "the product overflows ten frames above the innermost: {trace:?}");
}

#[test]
fn divisions_and_checks_raise_where_the_interpreter_does() {
    let bodies = [
        "div_i64 r0, r0, r1\nreturn",
        "rem_i64 r0, r0, r1\nreturn",
        "div_round_i64 r0, r0, r1\nreturn",
        "check_int r0, 8\nreturn",
        "check_decimal r0, 2\nreturn",
        "check_decimal r0, 18\nreturn",
        "neg_i64 r0, r0\nreturn",
        "i64_to_f64 r0, r0\ni64_to_f64 r1, r1\ndiv_f64 r0, r0, r1\nf64_to_i64 r0, r0\nreturn",
        "i64_to_f64 r0, r0\ni64_to_f64 r1, r1\nrem_f64 r0, r0, r1\nf64_to_i64 r0, r0\nreturn",
        "i64_to_f64 r0, r0\nround_f32 r0, r0\nneg_f64 r0, r0\nf64_to_i64 r0, r0\nreturn",
        "widen_i64 w2, r0\nwiden_i64 w4, r1\nmul_wide w2, w2, w4\nnarrow_wide r0, w2\nreturn",
        "widen_i64 w2, r0\nwiden_i64 w4, r1\ndiv_round_wide w2, w2, w4\nnarrow_wide r0, w2\nreturn",
        "widen_i64 w2, r0\nwiden_i64 w4, r1\nrem_wide w2, w2, w4\nnarrow_wide r0, w2\nreturn",
        "widen_i64 w2, r0\nload_wide w4, k2\nadd_wide w2, w2, w4\n\
         check_decimal_wide w2, 38\nreturn",
        "widen_i64 w2, r0\nwide_to_f64 r0, w2\nreturn",
    ];
    let least = i64::MIN.to_string();
    let most = i64::MAX.to_string();
    let numbers = ["0", "1", "-1", "2", "-7", "99", "100", "-128", "128", &least, &most];
    for body in bodies {
        let callee = format!("function f1 f(INT64, INT64) -> INT64 slots 8 objects 0\n{body}");
        for a in numbers {
            for b in ["0", "-1", "2", "-3"] {
                let (_, native) = same(&calling(a, b, "INT64", &callee));
                assert!(native, "{body}");
            }
        }
    }
}

#[test]
fn results_of_several_slots_come_back() {
    let cases = [
        ("INT64?", "return_nullable r0, r1"),
        ("DECIMAL(38,0)", "return_wide w0"),
        ("DECIMAL(38,0)?", "load_int r2, 1\nreturn_nullable_wide w0, r2"),
        ("DECIMAL(38,0)?", "load_int r2, 0\nreturn_nullable_wide w0, r2"),
    ];
    for (result, body) in cases {
        let callee = format!(
            "function f1 outer(INT64, INT64) -> {result} slots 8 objects 0
                move r4, r0
                move r5, r1
                call f2, [r4..], [o0..]
                move r0, r4
                move r1, r5
                move r2, r6
                return
            function f2 inner(INT64, INT64) -> {result} slots 3 objects 0
                {body}"
        );
        let (_, native) = same(&calling("5", "1", result, &callee));
        assert!(native);
    }
}

#[test]
fn deep_recursion_ends_as_it_does_in_the_interpreter() {
    let callee = "function f1 down(INT64, INT64) -> INT64 slots 4 objects 0
        jump_eq_imm r0, 0, @5
        add_imm_i64 r2, r0, -1
        move r3, r1
        call f1, [r2..], [o0..]
        return_slot r2
        return_slot r1";
    let (result, native) = same(&calling("1000", "7", "INT64", callee));
    assert_eq!((result, native), (Ran::Value("Some(Int(7))".into()), true));
    // Deeper than the thread's stack bears: the interpreter takes over.
    let (result, _) = same(&calling("60000", "7", "INT64", callee));
    assert_eq!(result, Ran::Value("Some(Int(7))".into()));
    let (result, _) = same(&calling("-1", "7", "INT64", callee));
    let Ran::Raised(exception, trace) = result else { panic!("it never ends") };
    assert!(exception.starts_with("ResourceExhausted"));
    assert_eq!(trace.len(), 131);
}

#[test]
fn native_loops_are_cancelled() {
    let source = calling(
        "0",
        "0",
        "INT64",
        "function f1 spin(INT64, INT64) -> INT64 slots 2 objects 0
            add_imm_i64 r0, r0, 1
            jump_eq_i64 r0, r1, @3
            jump_back @0
            return",
    );
    let compiled = executable(&source, true);
    // Two cancelled runs make it hot.
    for _ in 0..2 {
        let world = World::default();
        world.cancel.store(true, Ordering::Relaxed);
        let _ = outcome(world.run_cancelled(&compiled));
    }
    let world = World::default();
    let cancel = world.cancel.clone();
    let start = Instant::now();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        cancel.store(true, Ordering::Relaxed);
    });
    let Ran::Raised(exception, _) = outcome(world.run_cancelled(&compiled)) else {
        panic!("it never ends by itself")
    };
    other.join().unwrap();
    assert!(exception.starts_with("Cancelled"), "{exception}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_has_objects_or_handlers_stays_with_the_interpreter() {
    let callee = "function f1 f(INT64, INT64) -> INT64 slots 2 objects 1
        div_i64 r0, r0, r1
        return
        load_int r0, -1
        return
        handler @0 @1 @2 o0";
    let (result, native) = same(&calling("1", "0", "INT64", callee));
    assert_eq!((result, native), (Ran::Value("Some(Int(-1))".into()), false));
    let caller = "function f1 f(INT64, INT64) -> INT64 slots 5 objects 1
        load_int r2, 5000
        move r3, r0
        move r4, r1
        call f2, [r3..], [o0..]
        add_imm_i64 r2, r2, -1
        jump_le_imm r2, 0, @7
        jump_back @1
        return_slot r3
        function f2 g(INT64, INT64) -> INT64 slots 2 objects 0
        add_i64 r0, r0, r1
        return";
    let (_, native) = same(&calling("1", "2", "INT64", caller));
    assert!(native, "a numeric function that an interpreted one calls is compiled by itself");
}

#[test]
fn a_hot_function_that_is_called_for_rows_runs_natively() {
    let source = calling(
        "0",
        "0",
        "INT64",
        "function f1 twice(INT64, INT64) -> INT64 slots 3 objects 0
            load_int r2, 3
            add_imm_i64 r2, r2, -1
            jump_le_imm r2, 0, @4
            jump_back @1
            add_i64 r0, r0, r1
            return",
    );
    let compiled = executable(&source, true);
    let mut instance = compiled.instance();
    let mut world = World::default();
    for n in 0..10 {
        let arguments = [Value::Int(n), Value::Int(n)];
        let result =
            world.with(|context| instance.call(&compiled, context, FunctionId(1), &arguments));
        assert_eq!(result.unwrap(), Value::Int(2 * n));
    }
    assert_eq!(compiled.native_calls(), 8, "all calls but those that made it hot");
}
