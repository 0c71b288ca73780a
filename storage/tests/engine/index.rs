//! Indexes: what they find is what the rows say, through transactions, flushes, openings and
//! crashes.

use crate::support::*;
use grizzly_storage::device::Survival;
use grizzly_storage::{
    Arbiters, ColumnId, Datum, Engine, Error, FaultDevice, IndexColumn, IndexSpec, Inserted,
    Isolation, OwnedDatum, Predicate, PredicateOp, RowKey, ScanRequest, TableId, Transaction,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn spec(name: &str, columns: &[(ColumnId, bool)], unique: bool) -> IndexSpec {
    let column = |(column, descending): &(ColumnId, bool)| IndexColumn {
        column: *column,
        descending: *descending,
    };
    let columns = columns.iter().map(column).collect();
    IndexSpec { name: name.into(), table: ACCOUNTS, columns, unique }
}

/// Owners, unique; balances from above.
fn create_indexes(txn: &mut Transaction) -> Result<(), Error> {
    txn.create_index(spec("owners", &[(OWNER, false)], true))?;
    txn.create_index(spec("balances", &[(BALANCE, true), (OWNER, false)], false))?;
    Ok(())
}

fn index(txn: &Transaction, name: &str) -> TableId {
    let found = txn.indexes(ACCOUNTS).into_iter().find(|(_, spec)| spec.name == name);
    found.map(|(id, _)| id).unwrap()
}

fn condition(column: ColumnId, op: PredicateOp, values: &[OwnedDatum]) -> Predicate {
    Predicate { column, op, values: values.to_vec() }
}

/// What an index finds for conditions that its ranges hold exactly.
fn found(txn: &Transaction, name: &str, predicates: Vec<Predicate>) -> Vec<String> {
    let id = index(txn, name);
    let mut request = ScanRequest::all(ACCOUNTS, vec![ID, OWNER, BALANCE]);
    request.index = Some(id);
    request.key_ranges = txn.key_ranges(id, &predicates).unwrap().unwrap_or_default();
    request.predicates = predicates;
    rows(txn, request)
}

fn text(value: &str) -> OwnedDatum {
    OwnedDatum::Bytes(value.as_bytes().to_vec())
}

type Model = BTreeMap<i64, (Option<String>, i64)>;

fn lines<'m>(rows: impl Iterator<Item = (&'m i64, &'m (Option<String>, i64))>) -> Vec<String> {
    let owner = |owner: &Option<String>| owner.clone().unwrap_or_else(|| "NULL".into());
    rows.map(|(id, (name, balance))| format!("{id} {} {balance}", owner(name))).collect()
}

/// Both indexes against the rows of the model, by every kind of range.
fn check(txn: &Transaction, model: &Model) {
    assert_eq!(all(txn), lines(model.iter()));
    for name in ["owners", "balances"] {
        assert_eq!(found(txn, name, Vec::new()), lines(model.iter()), "{name}");
    }
    for wanted in ["a", "bb", "nobody"] {
        let one = vec![condition(OWNER, PredicateOp::Equal, &[text(wanted)])];
        let expected = model.iter().filter(|(_, row)| row.0.as_deref() == Some(wanted));
        assert_eq!(found(txn, "owners", one), lines(expected), "{wanted}");
    }
    let none = vec![condition(OWNER, PredicateOp::IsNull, &[])];
    assert_eq!(found(txn, "owners", none), lines(model.iter().filter(|(_, row)| row.0.is_none())));
    let above = vec![condition(OWNER, PredicateOp::Greater, &[text("b")])];
    let expected = model.iter().filter(|(_, row)| row.0.as_deref() > Some("b"));
    assert_eq!(found(txn, "owners", above), lines(expected));
    let between = vec![
        condition(BALANCE, PredicateOp::Greater, &[OwnedDatum::Int(-5)]),
        condition(BALANCE, PredicateOp::LessOrEqual, &[OwnedDatum::Int(7)]),
    ];
    let expected = model.iter().filter(|(_, row)| row.1 > -5 && row.1 <= 7);
    assert_eq!(found(txn, "balances", between), lines(expected));
    let some = [3, 9, -1, 3].map(OwnedDatum::Int);
    let pairs = vec![
        condition(BALANCE, PredicateOp::In, &some),
        condition(OWNER, PredicateOp::Less, &[text("b")]),
    ];
    let expected = model.iter().filter(|(_, row)| {
        [3, 9, -1].contains(&row.1) && row.0.as_deref().is_some_and(|owner| owner < "b")
    });
    assert_eq!(found(txn, "balances", pairs), lines(expected));
    let never = vec![condition(BALANCE, PredicateOp::Equal, &[OwnedDatum::Null])];
    assert_eq!(found(txn, "balances", never), Vec::<String>::new());
}

#[derive(Clone, Debug)]
enum Step {
    Put(i64, Option<String>, i64),
    SetOwner(i64, Option<String>),
    SetBalance(i64, i64),
    Move(i64, i64),
    Delete(i64),
    PutMany(i64, u16),
    Recreate,
    Commit,
    Abandon,
    Savepoint,
    Undo,
    FlushAll,
    Work,
    Reopen,
    Check,
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0_i64..60;
    let owner = || proptest::option::weighted(0.8, "[a-c]{1,3}");
    let balance = || -10_i64..20;
    prop_oneof![
        8 => (id(), owner(), balance()).prop_map(|(id, owner, n)| Step::Put(id, owner, n)),
        4 => (id(), owner()).prop_map(|(id, owner)| Step::SetOwner(id, owner)),
        4 => (id(), balance()).prop_map(|(id, n)| Step::SetBalance(id, n)),
        2 => (id(), id()).prop_map(|(from, to)| Step::Move(from, to)),
        4 => id().prop_map(Step::Delete),
        1 => (100_i64..2_000, 1_u16..200).prop_map(|(id, n)| Step::PutMany(id, n)),
        1 => Just(Step::Recreate),
        5 => Just(Step::Commit),
        1 => Just(Step::Abandon),
        2 => Just(Step::Savepoint),
        1 => Just(Step::Undo),
        1 => Just(Step::FlushAll),
        2 => Just(Step::Work),
        1 => Just(Step::Reopen),
        3 => Just(Step::Check),
    ]
}

struct Run {
    device: grizzly_storage::MemoryDevice,
    engine: Option<Engine>,
    txn: Option<Transaction>,
    committed: Model,
    model: Model,
    mark: Option<(grizzly_storage::Mark, Model)>,
}

fn datum(owner: &Option<String>) -> Datum<'_> {
    owner.as_ref().map_or(Datum::Null, |owner| Datum::Bytes(owner.as_bytes()))
}

impl Run {
    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Whether another row than `id` has the owner.
    fn taken(&self, id: i64, owner: &Option<String>) -> bool {
        owner.is_some() && self.model.iter().any(|(other, row)| *other != id && row.0 == *owner)
    }

    fn set(&mut self, id: i64, column: ColumnId, value: Datum<'_>) -> Result<(), Error> {
        let txn = self.txn.as_mut().unwrap();
        let key = key(txn, id);
        txn.update(ACCOUNTS, RowKey(&key), &[column], &[value])
    }

    fn put(&mut self, id: i64, owner: &Option<String>, balance: i64) {
        let free = !self.model.contains_key(&id) && !self.taken(id, owner);
        let row = [Datum::Int(id), datum(owner), Datum::Int(balance)];
        let inserted = self.txn.as_mut().unwrap().insert(ACCOUNTS, &row);
        assert_eq!(inserted.is_ok(), free, "insert of {id} {owner:?}");
        if free {
            self.model.insert(id, (owner.clone(), balance));
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Put(id, owner, balance) => self.put(*id, owner, *balance),
            Step::PutMany(first, count) => {
                for id in *first..*first + i64::from(*count) {
                    self.put(id, &Some(format!("many{id}")), id % 20);
                }
            }
            Step::SetOwner(id, owner) if self.model.contains_key(id) => {
                let free = !self.taken(*id, owner);
                assert_eq!(self.set(*id, OWNER, datum(owner)).is_ok(), free);
                if let (true, Some(row)) = (free, self.model.get_mut(id)) {
                    row.0 = owner.clone();
                }
            }
            Step::SetBalance(id, balance) => {
                if let Some(row) = self.model.get_mut(id) {
                    row.1 = *balance;
                    self.set(*id, BALANCE, Datum::Int(*balance)).unwrap();
                }
            }
            Step::Move(from, to) if self.model.contains_key(from) => {
                let free = from == to || !self.model.contains_key(to);
                assert_eq!(self.set(*from, ID, Datum::Int(*to)).is_ok(), free);
                if free && let Some(row) = self.model.remove(from) {
                    self.model.insert(*to, row);
                }
            }
            Step::SetOwner(..) | Step::Move(..) => {}
            Step::Delete(id) => {
                self.model.remove(id);
                remove(self.txn.as_mut().unwrap(), *id);
            }
            Step::Check => check(self.txn.as_ref().unwrap(), &self.model),
            other => self.administer(other),
        }
    }

    fn administer(&mut self, step: &Step) {
        match step {
            Step::Recreate => {
                let txn = self.txn.as_mut().unwrap();
                for name in ["owners", "balances"] {
                    let id = index(txn, name);
                    txn.drop_index(id).unwrap();
                }
                create_indexes(txn).unwrap();
            }
            Step::Commit => {
                self.txn.take().unwrap().commit().unwrap();
                self.committed = self.model.clone();
                self.begin();
            }
            Step::Abandon => self.begin(),
            Step::Savepoint => {
                self.mark = Some((self.txn.as_mut().unwrap().savepoint(), self.model.clone()));
            }
            Step::Undo => {
                if let Some((mark, model)) = self.mark.clone() {
                    self.txn.as_mut().unwrap().rollback_to(mark).unwrap();
                    self.model = model;
                }
            }
            Step::FlushAll => self.engine().flush_all().unwrap(),
            Step::Work => {
                while let Some(work) = self.engine().poll_work() {
                    self.engine().perform(work).unwrap();
                }
            }
            Step::Reopen => {
                self.txn = None;
                self.engine = None;
                self.engine = Some(open_small(&self.device).unwrap());
                self.begin();
            }
            _ => {}
        }
    }

    /// A new transaction on what is committed.
    fn begin(&mut self) {
        self.mark = None;
        self.model = self.committed.clone();
        self.txn = Some(begin(self.engine()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn indexes_find_what_the_rows_say(steps in proptest::collection::vec(step(), 1..120)) {
        let (device, engine) = memory();
        drop(engine);
        let engine = open_small(&device).unwrap();
        let mut txn = begin(&engine);
        create_indexes(&mut txn).unwrap();
        txn.commit().unwrap();
        let txn = Some(begin(&engine));
        let (committed, model) = (Model::new(), Model::new());
        let mut run = Run { device, engine: Some(engine), txn, committed, model, mark: None };
        for step in &steps {
            run.step(step);
        }
        use Step::{Check, Commit, FlushAll, Reopen};
        for step in [Check, Commit, Reopen, Check, FlushAll, Check] {
            run.step(&step);
        }
    }
}

fn put(txn: &mut Transaction, id: i64, owner: &str) -> Result<(), Error> {
    txn.insert(ACCOUNTS, &account(id, owner, id))
}

#[test]
fn a_unique_index_is_checked_when_it_is_made_and_leaves_nothing_behind() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    put(&mut txn, 1, "ann").unwrap();
    put(&mut txn, 2, "ann").unwrap();
    let error = create_indexes(&mut txn).unwrap_err();
    let Error::UniqueViolation { key, index, .. } = &error else { panic!("{error}") };
    assert_eq!((key.as_str(), index.as_deref()), ("ann", Some("owners")));
    assert!(txn.indexes(ACCOUNTS).is_empty());
    set_balance(&mut txn, 1, 5);
    txn.commit().unwrap();
}

#[test]
fn of_two_transactions_that_write_one_unique_value_the_first_commits() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    create_indexes(&mut txn).unwrap();
    txn.commit().unwrap();
    let (mut first, mut second) = (begin(&engine), begin(&engine));
    put(&mut first, 1, "ann").unwrap();
    put(&mut second, 2, "ann").unwrap();
    first.commit().unwrap();
    let error = second.commit().unwrap_err();
    assert!(matches!(error, Error::SerializationFailure { table } if table == ACCOUNTS), "{error}");
    let mut again = begin(&engine);
    assert!(matches!(put(&mut again, 2, "ann"), Err(Error::UniqueViolation { .. })));
}

#[test]
fn a_new_index_and_writes_it_does_not_know_exclude_each_other() {
    let (_, engine) = memory();
    let (mut writer, mut definer) = (begin(&engine), begin(&engine));
    put(&mut writer, 1, "ann").unwrap();
    create_indexes(&mut definer).unwrap();
    let late = begin(&engine);
    writer.commit().unwrap();
    assert!(matches!(definer.commit(), Err(Error::SerializationFailure { .. })));
    let mut definer = begin(&engine);
    create_indexes(&mut definer).unwrap();
    definer.commit().unwrap();
    let mut late = late;
    put(&mut late, 2, "bob").unwrap();
    assert!(matches!(late.commit(), Err(Error::SerializationFailure { .. })));
    let txn = begin(&engine);
    assert_eq!(found(&txn, "owners", Vec::new()), ["1 ann 1"]);
}

#[test]
fn a_row_in_the_way_is_named() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    create_indexes(&mut txn).unwrap();
    put(&mut txn, 1, "ann").unwrap();
    let owners = index(&txn, "owners");
    let mut at = Vec::new();
    let row = account(2, "ann", 0);
    let outcome = txn.insert_or_find(ACCOUNTS, &row, Arbiters::These(&[owners]), &mut at).unwrap();
    assert_eq!((outcome, &at), (Inserted::Conflict, &key(&txn, 1)));
    // A rule that was not named is an error all the same.
    let other = txn.insert_or_find(ACCOUNTS, &row, Arbiters::These(&[ACCOUNTS]), &mut at);
    assert!(matches!(other, Err(Error::UniqueViolation { .. })));
    let row = account(1, "bob", 0);
    assert_eq!(
        txn.insert_or_find(ACCOUNTS, &row, Arbiters::All, &mut at).unwrap(),
        Inserted::Conflict
    );
    let row = account(2, "bob", 0);
    assert_eq!(txn.insert_or_find(ACCOUNTS, &row, Arbiters::All, &mut at).unwrap(), Inserted::New);
    assert_eq!(at, key(&txn, 2));
}

#[test]
fn a_dropped_table_takes_its_indexes_along() {
    let (device, engine) = memory();
    let mut txn = begin(&engine);
    create_indexes(&mut txn).unwrap();
    put(&mut txn, 1, "ann").unwrap();
    txn.commit().unwrap();
    engine.flush_all().unwrap();
    let mut txn = begin(&engine);
    txn.drop_table(ACCOUNTS).unwrap();
    txn.commit().unwrap();
    drop(engine);
    assert!(begin(&open(&device)).tables().is_empty());
}

#[test]
fn a_serializable_reader_by_an_index_fails_when_a_row_enters_its_range() {
    let (_, engine) = memory();
    let mut txn = begin(&engine);
    create_indexes(&mut txn).unwrap();
    txn.commit().unwrap();
    let read = |txn: &Transaction| {
        found(txn, "owners", vec![condition(OWNER, PredicateOp::Equal, &[text("ann")])])
    };
    for (owner, fails) in [("ann", true), ("bob", false)] {
        let mut reader = engine.begin(Isolation::Serializable);
        assert!(read(&reader).is_empty());
        put(&mut reader, 10 + i64::from(fails), &format!("reader {owner}")).unwrap();
        let mut writer = begin(&engine);
        put(&mut writer, 20 + i64::from(fails), owner).unwrap();
        writer.commit().unwrap();
        assert_eq!(reader.commit().is_err(), fails, "{owner}");
        let mut undo = begin(&engine);
        remove(&mut undo, 20 + i64::from(fails));
        undo.commit().unwrap();
    }
}

/// Transactions over a table whose indexes come and go.
fn workload(engine: &Engine, mut seed: u64, known: &mut [Model; 2]) -> Result<(), Error> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut txn = engine.begin(Isolation::Snapshot);
    if txn.tables().is_empty() {
        txn.create_table_with_id(ACCOUNTS, accounts())?;
        create_indexes(&mut txn)?;
        txn.commit()?;
    }
    for round in 0..10 {
        let mut model = known[0].clone();
        let mut txn = engine.begin(Isolation::Snapshot);
        for _ in 0..1 + next() % 12 {
            let (id, balance) = ((next() % 40) as i64, (next() % 30) as i64 - 10);
            let owner = format!("o{}", next() % 50);
            let taken = model.iter().any(|(at, row)| *at != id && row.0.as_ref() == Some(&owner));
            if model.contains_key(&id) && balance % 3 == 0 {
                remove(&mut txn, id);
                model.remove(&id);
            } else if let Some(row) = model.get_mut(&id) {
                set_balance(&mut txn, id, balance);
                row.1 = balance;
            } else if !taken {
                txn.insert(ACCOUNTS, &account(id, &owner, balance))?;
                model.insert(id, (Some(owner), balance));
            }
        }
        if round == 4 {
            let balances = index(&txn, "balances");
            txn.drop_index(balances)?;
            txn.create_index(spec("balances", &[(BALANCE, true), (OWNER, false)], false))?;
        }
        known[1] = model.clone();
        txn.commit()?;
        known[0] = model;
        match next() % 5 {
            0 => engine.checkpoint()?,
            1 => engine.flush_all()?,
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn indexes_and_rows_agree_after_every_crash() {
    let mut points = 0;
    for seed in 0..6 {
        let whole = FaultDevice::new();
        workload(&open_small(&whole).unwrap(), seed, &mut Default::default()).unwrap();
        let steps = whole.steps();
        let stride = (steps / 60).max(1) as usize;
        for step in (0..steps).step_by(stride) {
            for survival in [Survival::Nothing, Survival::Everything, Survival::Torn(step ^ seed)] {
                let device = FaultDevice::new();
                device.crash_after(step + seed % stride as u64);
                let mut known: [Model; 2] = Default::default();
                let _ = open_small(&device).and_then(|e| workload(&e, seed, &mut known));
                let engine = open_small(&device.after_crash(survival)).unwrap();
                let txn = begin(&engine);
                points += 1;
                if txn.tables().is_empty() {
                    assert!(known[0].is_empty());
                    continue;
                }
                let stored = all(&txn);
                let model = known.iter().find(|model| lines(model.iter()) == stored);
                check(&txn, model.expect("what was acknowledged, or what was in flight"));
            }
        }
    }
    assert!(points > 900, "only {points} crash points were tried");
}
