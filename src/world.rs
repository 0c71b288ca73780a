//! The world as the machine's ports see it: clocks, randomness, files, secrets and threads of the
//! process.

use grizzly_vm::ports::{Clock, Entropy, Files, Secrets, Tasks};
use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The ports of a process that do not depend on a session.
#[derive(Clone)]
pub struct World {
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Threads.
    pub tasks: Arc<dyn Tasks>,
}

impl World {
    /// The ports of the operating system, with up to `threads` threads for one statement.
    pub fn system(threads: usize) -> World {
        World {
            clock: Arc::new(SystemClock { start: Instant::now() }),
            entropy: Arc::new(SystemEntropy::default()),
            files: Arc::new(SystemFiles),
            secrets: Arc::new(NoSecrets),
            tasks: Arc::new(ScopedTasks { threads: threads.max(1) }),
        }
    }
}

/// The clocks of the operating system.
struct SystemClock {
    start: Instant,
}

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        // A clock before 1970 counts backwards; one beyond 292,000 years stands still.
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)
            }
        }
    }

    fn monotonic_nanos(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Bytes of the operating system, drawn in blocks; after `setseed` a sequence that the seed fixes.
#[derive(Default)]
struct SystemEntropy {
    state: Mutex<EntropyState>,
}

/// The bytes drawn at a time, so that a random number per row costs no system call.
const ENTROPY_BLOCK_BYTES: usize = 4096;

#[derive(Default)]
struct EntropyState {
    seeded: Option<Xoshiro>,
    block: Vec<u8>,
}

impl EntropyState {
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Some(generator) = &mut self.seeded {
            generator.fill(bytes);
            return;
        }
        for chunk in bytes.chunks_mut(ENTROPY_BLOCK_BYTES) {
            if self.block.len() < chunk.len() {
                self.block.resize(ENTROPY_BLOCK_BYTES, 0);
                if getrandom::fill(&mut self.block).is_err() {
                    // Without a system source a seed from the clocks is what is left.
                    let seed = SystemClock { start: Instant::now() }.now_micros() as u64;
                    Xoshiro::new(seed).fill(&mut self.block);
                }
            }
            let rest = self.block.len() - chunk.len();
            chunk.copy_from_slice(&self.block[rest..]);
            self.block.truncate(rest);
        }
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.state.lock().fill(bytes);
    }

    fn seed(&self, seed: u64) {
        self.state.lock().seeded = Some(Xoshiro::new(seed));
    }
}

/// xoshiro256++ (D. Blackman, S. Vigna), seeded by SplitMix64 as its authors advise.
struct Xoshiro {
    words: [u64; 4],
}

impl Xoshiro {
    fn new(seed: u64) -> Xoshiro {
        let mut state = seed;
        let words = std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Xoshiro { words }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.words;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.words = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// Files of the operating system, buffered.
struct SystemFiles;

impl Files for SystemFiles {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(BufReader::new(File::open(path)?)))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn Write + Send>> {
        Ok(Box::new(BufWriter::new(File::create(path)?)))
    }
}

/// No secrets: the vault is not part of this version, and no statement that would use it compiles.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn with_secret(&self, _: &str, _: &mut dyn FnMut(&[u8])) -> Option<()> {
        None
    }
}

/// Threads that live as long as the jobs of one call.
struct ScopedTasks {
    threads: usize,
}

impl Tasks for ScopedTasks {
    fn threads(&self) -> usize {
        self.threads
    }

    fn run<'scope>(&self, jobs: Vec<Box<dyn FnOnce() + Send + 'scope>>) {
        let workers = self.threads.min(jobs.len());
        if workers <= 1 {
            jobs.into_iter().for_each(|job| job());
            return;
        }
        let queue = Mutex::new(jobs.into_iter());
        let work = || {
            loop {
                // The lock must not be held while the job runs.
                let job = queue.lock().next();
                match job {
                    Some(job) => job(),
                    None => return,
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(work);
            }
            work();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_seed_fixes_what_follows() {
        let entropy = SystemEntropy::default();
        let draw = || {
            let mut bytes = [0; 16];
            entropy.fill(&mut bytes);
            bytes
        };
        assert_ne!(draw(), draw());
        entropy.seed(7);
        let first = (draw(), draw());
        entropy.seed(7);
        assert_eq!((draw(), draw()), first);
        assert_ne!(first.0, first.1);
    }

    #[test]
    fn all_jobs_run_on_several_threads() {
        let tasks = ScopedTasks { threads: 3 };
        let count = AtomicUsize::new(0);
        let job = || -> Box<dyn FnOnce() + Send + '_> {
            Box::new(|| _ = count.fetch_add(1, Ordering::Relaxed))
        };
        tasks.run((0..20).map(|_| job()).collect());
        assert_eq!(count.load(Ordering::Relaxed), 20);
    }
}
