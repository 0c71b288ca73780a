//! The ports that need nothing but the operating system: clocks, randomness, threads.

use super::{Clock, Entropy, Tasks};
use parking_lot::Mutex;
use std::io;
use std::num::NonZeroUsize;
use std::time::{Instant, SystemTime};

/// The system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        let micros =
            |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => micros(since),
            // A clock before 1970 counts down.
            Err(before) => -micros(before.duration()),
        }
    }

    fn monotonic_nanos(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A generator that starts from the system's randomness, and from a number after `seed`. It is
/// meant for `random()` and identifiers, not for keys.
///
/// The generator is xoshiro256++ (Blackman and Vigna, 2019), its state filled by splitmix64.
#[derive(Debug)]
pub struct OsEntropy {
    state: Mutex<[u64; 4]>,
}

impl OsEntropy {
    /// A generator with a fresh state.
    ///
    /// # Errors
    /// What the system says where it has no randomness to give.
    pub fn new() -> io::Result<OsEntropy> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(io::Error::from)?;
        Ok(OsEntropy::seeded(u64::from_le_bytes(seed)))
    }

    /// A generator whose numbers are a function of `seed`.
    pub fn seeded(seed: u64) -> OsEntropy {
        OsEntropy { state: Mutex::new(spread(seed)) }
    }
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock();
        for chunk in bytes.chunks_mut(8) {
            let random = next(&mut state).to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }

    fn seed(&self, seed: u64) {
        *self.state.lock() = spread(seed);
    }
}

/// Splitmix64: four numbers that differ in about half their bits for any two seeds.
fn spread(mut seed: u64) -> [u64; 4] {
    [(); 4].map(|()| {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// A step of xoshiro256++.
fn next(s: &mut [u64; 4]) -> u64 {
    let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    result
}

/// Threads that live as long as the work.
#[derive(Clone, Copy, Debug)]
pub struct ThreadTasks {
    threads: NonZeroUsize,
}

impl ThreadTasks {
    /// Tasks on `threads` threads, at least one.
    pub fn new(threads: usize) -> ThreadTasks {
        ThreadTasks { threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN) }
    }
}

impl Default for ThreadTasks {
    /// As many threads as the machine runs at a time.
    fn default() -> Self {
        let threads = std::thread::available_parallelism();
        ThreadTasks { threads: threads.unwrap_or(NonZeroUsize::MIN) }
    }
}

impl Tasks for ThreadTasks {
    fn threads(&self) -> usize {
        self.threads.get()
    }

    fn run<'scope>(&self, jobs: Vec<Box<dyn FnOnce() + Send + 'scope>>) {
        let workers = self.threads.get().min(jobs.len());
        let queue = Mutex::new(jobs.into_iter());
        let work = || {
            loop {
                // The lock is free again before the job runs.
                let job = queue.lock().next();
                match job {
                    Some(job) => job(),
                    None => break,
                }
            }
        };
        if workers < 2 {
            return work();
        }
        std::thread::scope(|scope| {
            // The calling thread is one of the workers.
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
    fn a_seed_decides_what_follows() {
        let (a, b) = (OsEntropy::seeded(7), OsEntropy::new().unwrap());
        b.seed(7);
        let (mut x, mut y) = ([0; 19], [0; 19]);
        a.fill(&mut x);
        b.fill(&mut y);
        assert_eq!(x, y);
        b.fill(&mut y);
        assert_ne!(x, y);
    }

    /// The first outputs of the reference implementation for the state 1, 2, 3, 4.
    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        let mut state = [1, 2, 3, 4];
        let got = [(); 3].map(|()| next(&mut state));
        assert_eq!(got, [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn every_job_runs_once_before_run_returns() {
        for threads in [1, 3] {
            let ran = AtomicUsize::new(0);
            let job = || {
                let job = || _ = ran.fetch_add(1, Ordering::Relaxed);
                Box::new(job) as Box<dyn FnOnce() + Send>
            };
            ThreadTasks::new(threads).run((0..100).map(|_| job()).collect());
            assert_eq!(ran.load(Ordering::Relaxed), 100);
        }
    }
}
