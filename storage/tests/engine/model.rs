//! The engine against a map: random transactions, flushes and restarts give the same rows.

use crate::support::*;
use grizzly_storage::{Datum, Engine, KeyOrder, KeyRange, MemoryDevice, ScanRequest};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Bound;

#[derive(Clone, Debug)]
enum Step {
    Put(i64, String, i64),
    SetBalance(i64, i64),
    Delete(i64),
    Move(i64, i64),
    PutMany(i64, u16),
    Commit,
    Abandon,
    Savepoint,
    Undo,
    Checkpoint,
    FlushAll,
    Work,
    Reopen,
    Check,
}

type Model = BTreeMap<i64, (String, i64)>;

fn step() -> impl Strategy<Value = Step> {
    let id = || 0_i64..300;
    prop_oneof![
        8 => (id(), "[a-c]{0,3}", any::<i64>()).prop_map(|(id, owner, n)| Step::Put(id, owner, n)),
        4 => (id(), any::<i64>()).prop_map(|(id, n)| Step::SetBalance(id, n)),
        4 => id().prop_map(Step::Delete),
        1 => (id(), id()).prop_map(|(from, to)| Step::Move(from, to)),
        1 => (0_i64..100_000, 1_u16..600).prop_map(|(id, n)| Step::PutMany(id, n)),
        1 => (0_i64..10, 4_100_u16..6_000).prop_map(|(id, n)| Step::PutMany(id, n)),
        6 => Just(Step::Commit),
        1 => Just(Step::Abandon),
        2 => Just(Step::Savepoint),
        1 => Just(Step::Undo),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::FlushAll),
        2 => Just(Step::Work),
        1 => Just(Step::Reopen),
        3 => Just(Step::Check),
    ]
}

fn expected(model: &Model) -> Vec<String> {
    model.iter().map(|(id, (owner, balance))| format!("{id} {owner} {balance}")).collect()
}

struct Run {
    device: MemoryDevice,
    engine: Option<Engine>,
    txn: Option<grizzly_storage::Transaction>,
    committed: Model,
    model: Model,
    mark: Option<(grizzly_storage::Mark, Model)>,
}

impl Run {
    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    fn end(&mut self, commit: bool) {
        let txn = self.txn.take().unwrap();
        self.mark = None;
        if commit {
            txn.commit().unwrap();
            self.committed = self.model.clone();
        } else {
            txn.rollback();
            self.model = self.committed.clone();
        }
        self.txn = Some(begin(self.engine()));
    }

    fn put(&mut self, id: i64, owner: &str, balance: i64) {
        let inserted = self.txn.as_mut().unwrap().insert(ACCOUNTS, &account(id, owner, balance));
        assert_eq!(inserted.is_ok(), !self.model.contains_key(&id), "insert of {id}");
        self.model.entry(id).or_insert((owner.into(), balance));
    }

    fn write(&mut self, step: &Step) {
        match step {
            Step::Put(id, owner, balance) => self.put(*id, owner, *balance),
            Step::PutMany(first, count) => {
                for id in *first..*first + i64::from(*count) {
                    self.put(id * 7 % 100_003, "many", id);
                }
            }
            Step::SetBalance(id, balance) => {
                if let Some(row) = self.model.get_mut(id) {
                    row.1 = *balance;
                    set_balance(self.txn.as_mut().unwrap(), *id, *balance);
                }
            }
            Step::Delete(id) => {
                self.model.remove(id);
                remove(self.txn.as_mut().unwrap(), *id);
            }
            Step::Move(from, to) => {
                let txn = self.txn.as_mut().unwrap();
                let old = key(txn, *from);
                let row = grizzly_storage::RowKey(&old);
                let moved = txn.update(ACCOUNTS, row, &[ID], &[Datum::Int(*to)]);
                let free = from == to || !self.model.contains_key(to);
                if !self.model.contains_key(from) {
                    return;
                }
                assert_eq!(moved.is_ok(), free);
                if free && let Some(row) = self.model.remove(from) {
                    self.model.insert(*to, row);
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Commit => self.end(true),
            Step::Abandon => self.end(false),
            Step::Savepoint => {
                self.mark = Some((self.txn.as_mut().unwrap().savepoint(), self.model.clone()));
            }
            Step::Undo => {
                if let Some((mark, model)) = self.mark.clone() {
                    self.txn.as_mut().unwrap().rollback_to(mark).unwrap();
                    self.model = model;
                }
            }
            Step::Checkpoint => self.engine().checkpoint().unwrap(),
            Step::FlushAll => self.engine().flush_all().unwrap(),
            Step::Work => {
                while let Some(work) = self.engine().poll_work() {
                    self.engine().perform(work).unwrap();
                }
            }
            Step::Reopen => {
                self.txn = None;
                self.mark = None;
                self.engine = None;
                self.engine = Some(open_small(&self.device).unwrap());
                self.model = self.committed.clone();
                self.txn = Some(begin(self.engine()));
            }
            Step::Check => self.check(),
            write => self.write(write),
        }
    }

    fn check(&self) {
        let txn = self.txn.as_ref().unwrap();
        let wanted = expected(&self.model);
        assert_eq!(all(txn), wanted);
        let mut unordered = rows(txn, ScanRequest::all(ACCOUNTS, vec![ID, OWNER, BALANCE]));
        unordered.sort_by_key(|row| row.split(' ').next().unwrap().parse::<i64>().unwrap());
        assert_eq!(unordered, wanted);
        let mut request = ScanRequest::all(ACCOUNTS, vec![ID]);
        request.order = Some(KeyOrder::Descending);
        request.limit_hint = Some(5);
        request.batch_rows = 100;
        let low = Bound::Excluded(key(txn, 20));
        let high = Bound::Included(key(txn, 250));
        request.key_ranges = vec![KeyRange { low, high }];
        let within: Vec<String> =
            self.model.range(21..=250).rev().map(|(id, _)| id.to_string()).collect();
        assert_eq!(rows(txn, request), within);
        for id in (0..300).step_by(17) {
            assert_eq!(balance(txn, id), self.model.get(&id).map(|row| row.1), "balance of {id}");
        }
        let old = begin(self.engine());
        let statistics = old.statistics(ACCOUNTS).unwrap();
        if let (Some((first, _)), Some((last, _))) =
            (self.committed.first_key_value(), self.committed.last_key_value())
        {
            let min = statistics.columns[0].min.clone().unwrap();
            let max = statistics.columns[0].max.clone().unwrap();
            assert!(min.borrow().compare(&Datum::Int(*first)).unwrap().is_le());
            assert!(max.borrow().compare(&Datum::Int(*last)).unwrap().is_ge());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_is_a_map(steps in proptest::collection::vec(step(), 1..120)) {
        let (device, engine) = memory();
        drop(engine);
        let engine = open_small(&device).unwrap();
        let txn = Some(begin(&engine));
        let (committed, model) = (Model::new(), Model::new());
        let mut run = Run { device, engine: Some(engine), txn, committed, model, mark: None };
        for step in &steps {
            run.step(step);
        }
        run.check();
        run.step(&Step::Commit);
        run.step(&Step::Reopen);
        run.check();
        run.step(&Step::FlushAll);
        run.check();
    }
}
