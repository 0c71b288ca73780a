//! Files and databases on disk: what a failed COPY leaves, and what other tools make of Feather.

use crate::process::Folder;
use std::process::Command;

const TABLE: &str = "CREATE TABLE t (id INT64 PRIMARY KEY, name TEXT NOT NULL);";

fn count(folder: &Folder) -> String {
    folder.script("SELECT count(*) FROM t").stdout
}

#[test]
fn a_copy_that_raises_loads_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.script(TABLE).code, 0);
    let rows: String = (0..50_000).map(|id| format!("{id},name {id}\n")).collect();
    folder.write("bad.csv", format!("id,name\n{rows}50000,\n"));
    let done = folder.script("COPY t FROM 'bad.csv'");
    let place = "bad.csv, line 50002, column `name`: the value is missing";
    assert!(done.code == 1 && done.stderr.contains(place), "{done:?}");
    folder.write("twice.csv", format!("id,name\n{rows}7,again\n"));
    let done = folder.script("COPY t FROM 'twice.csv'");
    assert!(done.code == 1 && done.stderr.contains("UniqueViolation"), "{done:?}");
    assert_eq!(count(&folder), "count(*)\n0\n");
    folder.write("good.csv", format!("id,name\n{rows}"));
    assert_eq!(folder.script("COPY t FROM 'good.csv'").code, 0);
    assert_eq!(count(&folder), "count(*)\n50000\n");
    let again = folder.script("COPY t FROM 'good.csv'");
    assert!(again.code == 1 && again.stderr.contains("(id) = (0)"), "{again:?}");
    assert_eq!(count(&folder), "count(*)\n50000\n");
}

#[test]
fn a_copy_that_raises_leaves_the_old_file() {
    let folder = Folder::new();
    assert_eq!(folder.script(TABLE).code, 0);
    folder.write("out.csv", "old\n");
    let done =
        folder.script("COPY (SELECT 1 / id AS x FROM (VALUES (1), (0)) AS v(id)) TO 'out.csv'");
    assert!(done.code == 1 && done.stderr.contains("DivisionByZero"), "{done:?}");
    let left = std::fs::read_to_string(folder.path("out.csv")).expect("the old file");
    assert_eq!(left, "old\n");
    let names = std::fs::read_dir(folder.path(".")).expect("the folder").count();
    assert_eq!(names, 2, "nothing but the database and the old file");
}

#[test]
fn a_file_that_changed_is_looked_at_again() {
    let folder = Folder::new();
    folder.write("x.csv", "a\n1\n");
    let script = "COPY (SELECT 'p' AS b, 2 AS c) TO 'x.csv'; FROM 'x.csv';";
    let done = folder.script(script);
    assert_eq!((done.code, done.stdout.as_str()), (0, "b,c\np,2\n"), "{done:?}");
    let done = folder.script("COPY (SELECT 1 AS other) TO 'x.csv'; SELECT c FROM 'x.csv';");
    assert!(done.code == 2 && done.stderr.contains("there is no column `c`"), "{done:?}");
}

#[test]
fn feather_goes_to_pyarrow_and_back() {
    let python = std::env::var("GRIZZLY_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import pyarrow.feather"]).output();
    if !there.is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: {python} with pyarrow is not there (set GRIZZLY_PYTHON)");
        return;
    }
    let folder = Folder::new();
    let make = "CREATE TABLE t (id INT64 PRIMARY KEY, n TEXT, d DATE, at TIMESTAMPTZ,
            x DOUBLE, b BOOLEAN);
        INSERT INTO t VALUES (1, 'é', '2024-02-29', '2024-01-01 10:00:00.5+00', 0.1, TRUE);
        INSERT INTO t (id) VALUES (2);
        COPY t TO 't.feather';";
    assert_eq!(folder.script(make).code, 0);
    let rewrite = "
import datetime, decimal, pyarrow as pa, pyarrow.feather as feather
t = feather.read_table('t.feather')
assert t.column('n').to_pylist() == ['é', None], t
assert t.column('d').to_pylist()[0] == datetime.date(2024, 2, 29), t
seconds = [1, None]
t = t.append_column('s', pa.array(seconds, pa.timestamp('s')))
t = t.append_column('small', pa.array([200, None], pa.uint8()))
t = t.append_column('word', pa.array(['p', None]).dictionary_encode())
t = t.append_column('money', pa.array([decimal.Decimal('1.50'), None], pa.decimal128(10, 2)))
feather.write_feather(t, 'u.feather', compression='uncompressed')
feather.write_feather(t, 'lz4.feather', compression='lz4')
feather.write_feather(t, 'zstd.feather', compression='zstd')
";
    let done = Command::new(&python).args(["-c", rewrite]).current_dir(folder.path(".")).output();
    let done = done.expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done = folder.script("FROM 'u.feather'");
    let expected = "id,n,d,at,x,b,s,small,word,money\n\
        1,é,2024-02-29,2024-01-01 10:00:00.5+00,0.1,true,1970-01-01 00:00:01,200,p,1.50\n\
        2,,,,,,,,,\n";
    assert_eq!(done.stdout, expected, "{done:?}");
    assert_eq!(folder.script("FROM 'lz4.feather'").stdout, expected);
    let done = folder.script("FROM 'zstd.feather'");
    assert!(done.stderr.contains("compressed with zstd, which is not supported yet"), "{done:?}");
}
