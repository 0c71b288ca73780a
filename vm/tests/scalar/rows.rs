//! Rows by key, printed values, emitted rows.

use super::support::{World, allocations, link, name};
use grizzly_bytecode::{Type, Value};

const ACCESS: &str = "
access t0 t key (INT64) columns (INT64, INT64)
access t1 t key (INT64) columns (INT64, INT64)
parameter p0 INT64
parameter p1 INT64
output key INT64
output value INT64
";

fn with(body: &str) -> grizzly_vm::Executable {
    let source = format!("{ACCESS}function f0 main() -> BOOLEAN slots 2 objects 4\n{body}");
    link(&source)
}

#[test]
fn rows_are_inserted_read_updated_and_deleted_by_key() {
    let keys = "load_param o0, p0\nload_param o1, p1\n";
    let insert = with(&format!("{keys}insert_row t0, [o0..]\nreturn_slot r0"));
    let get = with(
        "load_param o0, p0
        get_row t0, [o0..], @4
        emit_row [o0..]
        load_int r0, 1
        return",
    );
    let update = with(
        "load_param o0, p0\nload_param o1, p0\nload_param o2, p1
        update_row t1, [o0..]\nreturn_slot r0",
    );
    let delete = with("load_param o0, p0\ndelete_row t0, [o0..]\nreturn_slot r0");
    let mut world = World { parameters: vec![Value::Int(1), Value::Int(10)], ..World::default() };
    world.execute(&insert).unwrap();
    assert_eq!(world.rows_written, 1);
    assert_eq!(name(world.execute(&insert)), "UniqueViolation");
    world.execute(&get).unwrap();
    world.parameters = vec![Value::Int(1), Value::Int(11)];
    world.execute(&update).unwrap();
    world.execute(&get).unwrap();
    world.parameters = vec![Value::Int(2), Value::Int(0)];
    world.execute(&get).unwrap();
    let row = |value| vec![Value::Int(1), Value::Int(value)];
    assert_eq!(world.output.rows, [row(10), row(11)]);
    world.parameters = vec![Value::Int(1), Value::Int(0)];
    world.execute(&delete).unwrap();
    assert!(world.table.rows.is_empty());
}

#[test]
fn a_prepared_read_by_key_allocates_nothing() {
    let get = with(
        "load_param o0, p0
        get_row t0, [o0..], @4
        emit_row [o0..]
        load_int r0, 1
        return",
    );
    let mut world = World { parameters: vec![Value::Int(1), Value::Null], ..World::default() };
    world.table.rows = vec![vec![Value::Int(1), Value::Int(5)]];
    world.output.counts_only = true;
    world.with(|context| {
        for _ in 0..2 {
            get.execute(context).unwrap();
        }
        let count = allocations(|| {
            for _ in 0..100 {
                get.execute(context).unwrap();
            }
        });
        assert_eq!(count, 0);
    });
    assert_eq!(world.output.batches, 102);
}

#[test]
fn emitted_rows_come_in_batches_with_nulls_where_they_are() {
    let source = "
        output n INT64
        output text TEXT
        output flag BOOLEAN
        output wide DECIMAL(38,0)
        output double DOUBLE
        output list ARRAY<INT64>
        const k0 TEXT \"a text that does not fit a value itself\"
        function f0 main() slots 4 objects 6
            load_int r0, 0
            box_int o0, r0
            load_object o1, k0
            box_bool o2, r0
            widen_i64 w2, r0
            box_wide o3, w2
            i64_to_f64 r1, r0
            box_float o4, r1
            make_array o5, [o0..], 0
            load_int r1, 3
            rem_i64 r1, r0, r1
            jump_ne_imm r1, 0, @15
            load_null o0
            load_null o1
            load_null o3
            emit_row [o0..]
            add_imm_i64 r0, r0, 1
            load_int r1, 10000
            cmp_i64 <, r1, r0, r1
            jump_if_not r1, @21
            jump_back @1
            return";
    let mut world = World::default();
    world.execute(&link(source)).unwrap();
    assert_eq!(world.output.batches, 3);
    assert_eq!(world.output.rows.len(), 10_000);
    for (n, row) in world.output.rows.iter().enumerate() {
        assert_eq!(row[0].is_null(), n % 3 == 0);
        assert_eq!(row[1].is_null(), n % 3 == 0);
        assert_eq!(row[2], Value::Bool(n != 0));
        assert_eq!(row[4], Value::Float(n as f64));
        assert_eq!(row[5], Value::Array(Vec::new().into()));
        if n % 3 != 0 {
            assert_eq!(row[0], Value::Int(n as i64));
            assert_eq!(row[1], Value::text("a text that does not fit a value itself"));
            assert_eq!(row[3], Value::Wide(n as i128));
        }
    }
}

#[test]
fn print_hands_value_and_type_to_the_output() {
    let source = "const k0 type DATE\nfunction f0 main() slots 1 objects 1
        load_int r0, 3
        box_int o0, r0
        print o0, k0
        return";
    let mut world = World::default();
    world.execute(&link(source)).unwrap();
    assert_eq!(world.output.lines, [(Value::Int(3), Type::Date)]);
}
