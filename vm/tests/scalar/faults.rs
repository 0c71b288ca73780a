//! Exceptions: handlers, traces, undone changes.

use super::support::{World, link, name, run, trace};
use grizzly_bytecode::assemble::assemble;
use grizzly_bytecode::{PlaceEntry, PlaceId, Value, verify};
use grizzly_vm::Executable;
use std::sync::atomic::Ordering;

/// `f1(a, b)` divides; `f2` calls it, and handles what the test says.
const DIVIDE: &str = "
const k0 TEXT \"DivisionByZero\"
const k1 TEXT \"ArithmeticOverflow\"
function f0 main() -> INT64 slots 3 objects 2
    load_int r1, 8
    load_int r2, 0
    call f2, [r1..], [o0..]
    return_slot r1
function f1 divide(INT64, INT64) -> INT64 slots 2 objects 1
    div_i64 r0, r0, r1
    return
";

#[test]
fn a_fault_without_a_handler_carries_every_frame() {
    let source = format!(
        "{DIVIDE}function f2 outer(INT64, INT64) -> INT64 slots 2 objects 1
            call f1, [r0..], [o0..]
            return"
    );
    let fault = run(&source).unwrap_err();
    assert_eq!(fault.exception.message, "division by zero");
    let expected = [("divide".into(), 10), ("outer".into(), 13), ("main".into(), 7)];
    assert_eq!(trace(&fault), expected);
}

#[test]
fn inlined_functions_have_lines_of_their_own() {
    let mut program = assemble(
        "function f0 main() slots 1 objects 0
            load_int r0, 0
            div_i64 r0, r0, r0
            return",
    )
    .unwrap();
    program.places[1].inlined_at = Some(PlaceId(0));
    program.places[1].function = "inner".into();
    program.places[0] = PlaceEntry { inlined_at: None, ..program.places[0].clone() };
    let executable =
        Executable::link(verify(program).unwrap(), &super::support::TestNatives).unwrap();
    let fault = World::default().execute(&executable).unwrap_err();
    assert_eq!(trace(&fault), [("inner".into(), 3), ("main".into(), 2)]);
}

#[test]
fn a_handler_gets_what_its_range_raised_in_any_depth() {
    let source = format!(
        "{DIVIDE}function f2 outer(INT64, INT64) -> INT64 slots 3 objects 2
            call f1, [r0..], [o1..]
            return
            exception_is r2, o0, k0
            jump_if_not r2, @6
            load_int r0, -1
            return
            raise o0
            handler @0 @1 @2 o0"
    );
    assert_eq!(run(&source).unwrap(), Some(Value::Int(-1)));
}

#[test]
fn an_exception_that_is_raised_again_keeps_its_trace() {
    let source = format!(
        "{DIVIDE}function f2 outer(INT64, INT64) -> INT64 slots 3 objects 2
            call f1, [r0..], [o1..]
            return
            exception_is r2, o0, k1
            jump_if_not r2, @5
            return
            raise o0
            handler @0 @1 @2 o0"
    );
    let fault = run(&source).unwrap_err();
    let expected = [("divide".into(), 10), ("outer".into(), 13), ("main".into(), 7)];
    assert_eq!(trace(&fault), expected);
}

#[test]
fn inner_handlers_come_first_and_what_they_raise_goes_to_the_outer() {
    let source = "
        const k0 exception Inner(code INT64)
        const k1 exception Outer(code INT64)
        const k2 TEXT \"Outer\"
        function f0 main() -> INT64 slots 2 objects 5
            load_int r0, 7
            box_int o4, r0
            make_exception o0, k0, [o3..]
            raise o0
            get_field o4, o1, 0
            load_null o3
            make_exception o0, k1, [o3..]
            raise o0
            exception_is r1, o2, k2
            get_field o4, o2, 0
            unbox_slot r0, o4
            add_i64 r0, r0, r1
            return
            handler @2 @4 @4 o1
            handler @0 @8 @8 o2";
    assert_eq!(run(source).unwrap(), Some(Value::Int(8)));
}

#[test]
fn messages_come_from_the_raise_or_the_type() {
    let source = |message: &str| {
        format!(
            "const k0 exception Oops()
            const k1 TEXT \"because\"
            function f0 main() slots 1 objects 2
            {message}
            make_exception o0, k0, [o1..]
            raise o0"
        )
    };
    let fault = run(&source("load_null o1")).unwrap_err();
    assert_eq!(fault.exception.message, "it failed");
    let fault = run(&source("load_object o1, k1")).unwrap_err();
    assert_eq!(fault.exception.message, "because");
    assert!(fault.is("oops"));
}

#[test]
fn cancellation_passes_every_handler() {
    let source = "function f0 main() slots 1 objects 1
        jump_back @0
        return
        return
        handler @0 @1 @2 o0";
    let mut world = World::default();
    world.cancel.store(true, Ordering::Relaxed);
    assert_eq!(name(world.execute(&link(source))), "Cancelled");
}

/// Inserts 1, then inserts n rows from r1 on, the last of which exists already, in an undoing
/// range.
#[test]
fn a_handler_undoes_the_changes_of_its_range_and_only_those() {
    let source = "
        const k0 TEXT \"UniqueViolation\"
        access t0 t key (INT64) columns (INT64)
        function f0 main() -> INT64 slots 3 objects 3
            load_int r0, 3
            box_int o0, r0
            insert_row t0, [o0..]
            load_int r1, 0
            savepoint
            box_int o0, r1
            insert_row t0, [o0..]
            add_imm_i64 r1, r1, 1
            jump_back @5
            exception_is r0, o2, k0
            return
            handler @4 @9 @9 o2 undo";
    let mut world = World::default();
    assert_eq!(world.execute(&link(source)).unwrap(), Some(Value::Int(1)));
    assert_eq!(world.table.rows, [[Value::Int(3)]]);
    assert_eq!(world.rows_written, 1, "rows that are undone do not count");
}

/// Each turn of the loop enters the range anew: only the last turn's changes are undone.
#[test]
fn a_range_that_is_entered_again_marks_again() {
    let source = "
        access t0 t key (INT64) columns (INT64)
        function f0 main() -> INT64 slots 4 objects 3
            load_int r1, 0
            load_int r3, 0
            savepoint
            box_int o0, r1
            insert_row t0, [o0..]
            jump_lt_imm r1, 5, @7
            div_i64 r2, r1, r3
            add_imm_i64 r1, r1, 1
            jump_back @2
            return_slot r1
            handler @2 @8 @9 o2 undo";
    let mut world = World::default();
    assert_eq!(world.execute(&link(source)).unwrap(), Some(Value::Int(5)));
    let expected: Vec<_> = (0..5).map(|key| vec![Value::Int(key)]).collect();
    assert_eq!(world.table.rows, expected);
}

#[test]
fn the_frames_that_a_fault_leaves_drop_what_they_hold() {
    let source = "
        const k0 exception Oops()
        parameter p0 TEXT
        function f0 main() slots 1 objects 2
            call f1, [r0..], [o1..]
            return
            return
            handler @0 @1 @2 o0
        function f1 f() slots 1 objects 3
            load_param o0, p0
            load_param o2, p0
            make_exception o1, k0, [o1..]
            raise o1";
    let text: std::sync::Arc<str> = "long enough to be counted outside of the value".into();
    let executable = link(source);
    let parameters = vec![Value::Text(text.clone().into())];
    let mut world = World { parameters, ..World::default() };
    let held = std::sync::Arc::strong_count(&text);
    world.execute(&executable).unwrap();
    assert_eq!(std::sync::Arc::strong_count(&text), held);
}
