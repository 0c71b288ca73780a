//! A device that fails on purpose, from a seed, so that every failure replays.
//!
//! It keeps apart what was written and what was made durable. Each operation that changes
//! something is a step; at a chosen step the machine "crashes": that operation and all later ones
//! fail, and [`FaultDevice::after_crash`] builds the device a restart would find, where unsynced
//! writes are kept, lost or torn in 512-byte sectors, and unsynced names survive up to some point.
//! It also fails a chosen sync and limits its capacity.

use super::memory::{MemoryDevice, aligned, names_inside, read_from, write_to};
use super::{Device, File, Lock};
use crate::sync::{Arc, Mutex, MutexGuard};
use arrow_buffer::Buffer;
use std::collections::BTreeMap;
use std::io;

const SECTOR_BYTES: usize = 512;

/// What becomes of unsynced writes in a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// All of them are lost.
    Nothing,
    /// All of them are kept.
    Everything,
    /// Each sector is kept or lost by the seed.
    Torn(u64),
}

/// A device that fails on purpose. Clones share the state.
#[derive(Clone, Debug, Default)]
pub struct FaultDevice {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    steps: u64,
    syncs: u64,
    crash_at: Option<u64>,
    fail_sync_at: Option<u64>,
    capacity_bytes: Option<u64>,
    locked: bool,
}

#[derive(Debug, Default)]
struct Content {
    current: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(u64, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(String, usize),
    Remove(String),
    Rename(String, String),
}

#[derive(Debug)]
struct FaultFile {
    state: Arc<Mutex<State>>,
    index: usize,
}

struct Held(Arc<Mutex<State>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().locked = false;
    }
}

/// The pseudo-random sequence of a seed (SplitMix64).
fn next_random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl State {
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.crash_at {
            Some(limit) if self.steps > limit => Err(io::Error::other("the machine crashed")),
            _ => Ok(()),
        }
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().map(|&index| self.files[index].current.len() as u64).sum()
    }

    fn find(&self, path: &str) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change_name(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.unsynced_names.push(change);
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &NameChange) {
    match change {
        NameChange::Set(path, index) => {
            names.insert(path.clone(), *index);
        }
        NameChange::Remove(path) => {
            names.remove(path);
        }
        NameChange::Rename(from, to) => {
            if let Some(index) = names.remove(from) {
                names.insert(to.clone(), index);
            }
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl NameChange {
    fn folder(&self) -> &str {
        match self {
            NameChange::Set(path, _) | NameChange::Remove(path) => folder_of(path),
            NameChange::Rename(_, to) => folder_of(to),
        }
    }
}

impl FaultDevice {
    /// A device without faults so far.
    pub fn new() -> FaultDevice {
        FaultDevice::default()
    }

    /// Crashes after this many more steps have succeeded.
    pub fn crash_after(&self, steps: u64) {
        let mut state = self.state.lock();
        state.crash_at = Some(state.steps + steps);
    }

    /// Steps done so far: writes, syncs and changes of names.
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// Fails the sync after this many more have succeeded, once.
    pub fn fail_sync_after(&self, syncs: u64) {
        let mut state = self.state.lock();
        state.fail_sync_at = Some(state.syncs + syncs);
    }

    /// Limits the sum of all files' lengths.
    pub fn limit_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity_bytes = bytes;
    }

    /// The sum of all files' lengths now.
    pub fn used_bytes(&self) -> u64 {
        self.state.lock().used_bytes()
    }

    /// Changes a stored byte, as a failing medium would: XORs it with `mask`.
    pub fn damage(&self, path: &str, offset: usize, mask: u8) -> io::Result<()> {
        let mut state = self.state.lock();
        let index = state.find(path)?;
        let content = &mut state.files[index];
        for bytes in [&mut content.current, &mut content.durable] {
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= mask;
            }
        }
        Ok(())
    }

    /// The device a restart finds.
    pub fn after_crash(&self, survival: Survival) -> FaultDevice {
        let state = self.state.lock();
        let mut names = state.durable_names.clone();
        let mut seed = match survival {
            Survival::Torn(seed) => seed,
            Survival::Nothing | Survival::Everything => 0,
        };
        let kept_names = match survival {
            Survival::Nothing => 0,
            Survival::Everything => state.unsynced_names.len(),
            Survival::Torn(_) => {
                (next_random(&mut seed) % (state.unsynced_names.len() as u64 + 1)) as usize
            }
        };
        for change in &state.unsynced_names[..kept_names] {
            apply(&mut names, change);
        }
        let mut restarted = State::default();
        for (path, index) in names {
            let bytes = surviving_bytes(&state.files[index], survival, &mut seed);
            let content = Content { current: bytes.clone(), durable: bytes, unsynced: Vec::new() };
            restarted.names.insert(path.clone(), restarted.files.len());
            restarted.durable_names.insert(path, restarted.files.len());
            restarted.files.push(content);
        }
        FaultDevice { state: Arc::new(Mutex::new(restarted)) }
    }

    /// The files as they are now, on a device without faults.
    pub fn to_memory(&self) -> MemoryDevice {
        let state = self.state.lock();
        let files = state
            .names
            .iter()
            .map(|(path, &index)| (path.clone(), state.files[index].current.clone()))
            .collect();
        MemoryDevice::from_files(files)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state.lock();
        state.step()?;
        Ok(state)
    }
}

fn surviving_bytes(content: &Content, survival: Survival, seed: &mut u64) -> Vec<u8> {
    match survival {
        Survival::Nothing => content.durable.clone(),
        Survival::Everything => content.current.clone(),
        Survival::Torn(_) => {
            let mut bytes = content.durable.clone();
            for (offset, written) in &content.unsynced {
                let mut done = 0;
                while done < written.len() {
                    let position = *offset as usize + done;
                    let to_boundary = SECTOR_BYTES - position % SECTOR_BYTES;
                    let length = to_boundary.min(written.len() - done);
                    if next_random(seed) & 1 == 1 {
                        let sector = &written[done..done + length];
                        // Cannot fail: the offset was a valid index when it was written.
                        let _ = write_to(&mut bytes, sector, position as u64);
                    }
                    done += length;
                }
            }
            bytes
        }
    }
}

impl Device for FaultDevice {
    fn name(&self) -> String {
        ":fault:".to_owned()
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn File>> {
        let mut state = self.alive()?;
        let index = state.files.len();
        state.files.push(Content::default());
        state.change_name(NameChange::Set(path.to_owned(), index));
        Ok(Arc::new(FaultFile { state: Arc::clone(&self.state), index }))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn File>> {
        let index = self.state.lock().find(path)?;
        Ok(Arc::new(FaultFile { state: Arc::clone(&self.state), index }))
    }

    fn map(&self, path: &str) -> io::Result<Buffer> {
        let state = self.state.lock();
        let index = state.find(path)?;
        Ok(aligned(&state.files[index].current))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.alive()?;
        state.find(from)?;
        state.change_name(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.alive()?;
        state.find(path)?;
        state.change_name(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn create_dir(&self, _path: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        Ok(names_inside(path, self.state.lock().names.keys()))
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let mut guard = self.alive()?;
        let state = &mut *guard;
        let changes = std::mem::take(&mut state.unsynced_names);
        for change in changes {
            if change.folder() == path {
                apply(&mut state.durable_names, &change);
            } else {
                state.unsynced_names.push(change);
            }
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<Lock> {
        let mut state = self.state.lock();
        if state.locked {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.locked = true;
        Ok(Box::new(Held(Arc::clone(&self.state))))
    }
}

impl File for FaultFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.state.lock();
        Ok(read_from(&state.files[self.index].current, buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let crash = state.step();
        let length = state.files[self.index].current.len() as u64;
        let growth = (offset + bytes.len() as u64).saturating_sub(length);
        if crash.is_ok() && growth > 0 {
            let limit = state.capacity_bytes.unwrap_or(u64::MAX);
            if state.used_bytes() + growth > limit {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        // The write a crash interrupts may still have reached some sectors; later ones did not.
        let interrupted = state.crash_at.is_some_and(|limit| state.steps == limit + 1);
        let content = &mut state.files[self.index];
        if crash.is_ok() || interrupted {
            content.unsynced.push((offset, bytes.to_vec()));
        }
        crash?;
        write_to(&mut content.current, bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().files[self.index].current.len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step()?;
        state.syncs += 1;
        if state.fail_sync_at.is_some_and(|limit| state.syncs > limit) {
            state.fail_sync_at = None;
            return Err(io::Error::other("the device could not sync"));
        }
        let content = &mut state.files[self.index];
        for (offset, written) in std::mem::take(&mut content.unsynced) {
            write_to(&mut content.durable, &written, offset)?;
        }
        Ok(())
    }
}
