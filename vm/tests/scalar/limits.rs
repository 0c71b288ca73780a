//! Recursion, cancellation, and what a run leaves behind.

use super::support::{World, allocations, link, name, run};
use grizzly_bytecode::{FunctionId, Value};
use grizzly_vm::budget::Budget;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// `f1(n)` calls itself n times.
fn count_down(from: i64) -> String {
    format!(
        "const k0 INT64 {from}
        function f0 main() -> INT64 slots 2 objects 0
            load_slot r0, k0
            call f1, [r0..], [o0..]
            return
        function f1 down(INT64) -> INT64 slots 2 objects 0
            jump_eq_imm r0, 0, @4
            add_imm_i64 r1, r0, -1
            call f1, [r1..], [o0..]
            return_slot r1
            return"
    )
}

#[test]
fn recursion_is_deep_and_ends_in_an_exception() {
    assert_eq!(run(&count_down(50_000)).unwrap(), Some(Value::Int(0)));
    let fault = run(&count_down(i64::MAX)).unwrap_err();
    assert!(fault.is("ResourceExhausted"));
    assert_eq!(fault.trace.len(), 131, "a trace keeps its ends");
    assert_eq!(fault.trace[100].function, "…");
    assert_eq!(fault.trace[130].function, "main");
    assert_eq!(fault.trace[129].function, "down");
}

#[test]
fn large_frames_end_in_an_exception_too() {
    let slots = "function f0 main() slots 60000 objects 0
        call f0, [r59999..], [o0..]
        return";
    assert_eq!(name(run(slots)), "ResourceExhausted");
    let objects = "function f0 main() slots 0 objects 60000
        call f0, [r0..], [o59999..]
        return";
    assert_eq!(name(run(objects)), "ResourceExhausted");
}

#[test]
fn the_stack_grows_within_the_budget_and_gives_back() {
    let executable = link(&count_down(60_000));
    let mut world = World::default();
    world.with(|context| {
        executable.execute(context).unwrap();
        assert!(context.budget.peak_bytes() > 60_000 * 16);
        assert_eq!(context.budget.used_bytes(), 0);
        context.budget = Budget::new("statement", 500_000);
        let fault = executable.execute(context).unwrap_err();
        assert!(fault.is("ResourceExhausted"));
        assert!(fault.exception.message.starts_with("the statement needs"));
        assert_eq!(context.budget.used_bytes(), 0);
    });
}

#[test]
fn deep_recursion_can_be_caught_and_the_instance_goes_on() {
    let source = format!(
        "{}
        function f2 catch() -> INT64 slots 2 objects 1
            load_slot r0, k0
            call f1, [r0..], [o0..]
            return
            load_int r0, -1
            return
            handler @0 @2 @3 o0",
        count_down(i64::MAX)
    );
    let executable = link(&source);
    let mut world = World::default();
    for _ in 0..2 {
        let mut instance = executable.instance();
        let caught = world.with(|context| instance.call(&executable, context, FunctionId(2), &[]));
        assert_eq!(caught.unwrap(), Value::Int(-1));
    }
}

#[test]
fn another_thread_cancels_a_loop() {
    let executable = link("function f0 main() slots 0 objects 0\njump_back @0");
    let mut world = World::default();
    let cancel = world.cancel.clone();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        cancel.store(true, Ordering::Relaxed);
    });
    let result = world.execute(&executable);
    other.join().unwrap();
    assert_eq!(name(result), "Cancelled");
}

#[test]
fn functions_are_called_for_rows_without_allocating() {
    let source = "
        const k0 TEXT \"gold\"
        function f0 main() slots 0 objects 0
            return
        function f1 price(INT64, TEXT?) -> INT64 slots 3 objects 3
            jump_null o0, @4
            jump_ne_text o0, k0, @4
            call f2, [r0..], [o1..]
            return
            load_int r0, 0
            return
        function f2 half(INT64) -> INT64 slots 2 objects 1
            load_int r1, 2
            div_i64 r0, r0, r1
            return";
    let executable = link(source);
    let price = &executable.program().functions[1];
    let mut instance = executable.instance();
    let mut world = World::default();
    let mut sum = 0;
    let gold = Value::text("gold");
    world.with(|context| {
        instance.prepare(price);
        let mut row = |n: i64| {
            let (slots, objects) = instance.registers();
            slots[0] = n as u64;
            objects[0] = gold.clone();
            instance.run(&executable, context, FunctionId(1)).unwrap();
            sum += instance.registers().0[0] as i64;
        };
        row(2);
        assert_eq!(allocations(|| (0..1000).for_each(&mut row)), 0);
    });
    assert_eq!(sum, 1 + (0..1000).map(|n| n / 2).sum::<i64>());
}

#[test]
fn arguments_are_checked_against_the_signature() {
    let executable = link(
        "function f0 main() slots 0 objects 0
            return
        function f1 same(INT64, DECIMAL(38,0)?) -> DECIMAL(38,0)? slots 4 objects 0
            return_nullable_wide w1, r3",
    );
    let mut world = World::default();
    let mut call = |arguments: &[Value]| {
        world.with(|context| {
            let mut instance = executable.instance();
            let result = instance.call(&executable, context, FunctionId(1), arguments);
            name(result.map(Some))
        })
    };
    assert_eq!(call(&[Value::Int(1), Value::Wide(-5)]), "Some(Wide(-5))");
    assert_eq!(call(&[Value::Int(1), Value::Null]), "Some(Null)");
    assert_eq!(call(&[Value::Null, Value::Null]), "NotNullViolation");
    assert_eq!(call(&[Value::text("1"), Value::Null]), "TypeError");
    assert_eq!(call(&[Value::Int(1)]), "TypeError");
}
