//! The memory budget: what a computation may hold, and how it asks before it allocates.
//!
//! # How engines use it
//! - Every allocation that grows with the input is reserved *before* it is made and released when it is dropped. The budget comes with
//!   [`Control::budget`](crate::Control::budget), on worker threads with `Pulse::budget`; cloning it clones a handle.
//! - One large vector: a [`Held`]. It asks for its new capacity before it grows, while the old one is still counted, and a refusal of
//!   the system is an error instead of an abort. It grows by halves, so that a vector grown item by item asks for two and a half
//!   times its length at its worst: where the length is known or can be counted first, say so with [`Held::with_capacity`].
//!   [`Held::filled`] and [`Held::extend_in_chunks`] stay within reach of an interrupt; the others are for less than a millisecond of work.
//! - A hash map: a [`HeldMap`].
//! - Many small vectors (columns, lists per vertex): one [`Lease`] for all of them, and [`Lease::cover`] with the bytes of their *capacities* so far,
//!   before the next one is allocated. It touches the shared counters once per 16 KiB.
//! - What is handed to somebody else as a plain `Vec` goes with its lease: [`Held::into_parts`].
//! - Not reserved: what is bounded by a constant whatever the input is (a simplex, scratch of a few hundred bytes per thread, error texts). All
//!   of that lives in [`SLACK`], which a limited budget sets aside from the start.
//! - Nothing is reserved item by item in an inner loop: counters are shared by all threads.
//! - No limit is a budget too: it counts, and refuses only what the system does not have.

mod held;
mod map;
mod system;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::Error;
pub use held::{Held, HeldIntoIter};
pub use map::HeldMap;

/// What a limited budget sets aside for everything too small to be reserved: so much of a limit is never handed out.
pub const SLACK: u64 = 128 << 10;
/// Steps in which [`Lease::cover`] asks.
pub(crate) const STEP: u64 = 16 << 10;
/// So much is anywhere: below it the system is not asked.
const LITTLE: u64 = 256 << 20;
const ASK_FOR_LESS: &str = "ask for less: fewer points, a lower threshold or max_dim";
const RAISE_OR_ASK_FOR_LESS: &str =
    "raise memory_limit, or ask for less: fewer points, a lower threshold or max_dim";

/// Bytes that a computation holds and may hold, shared by all of its threads. A clone is the same budget.
#[derive(Debug, Clone)]
pub struct Budget {
    ledger: Arc<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    limit: Limit,
    live: AtomicU64,
    peak: AtomicU64,
}

/// How much may be live at once.
#[derive(Debug)]
enum Limit {
    None,
    Bytes(u64),
    /// What the system had left when first asked; it is not asked for little.
    System(OnceLock<u64>),
}

impl Budget {
    /// No limit: reservations are counted, and never refused.
    pub fn unlimited() -> Self {
        Self::starting(Limit::None, 0)
    }

    /// At most `bytes` in all, of which [`SLACK`] is set aside for what is not worth counting.
    pub fn limited(bytes: u64) -> Self {
        Self::starting(Limit::Bytes(bytes), SLACK)
    }

    /// What the system has left, so that nobody is killed for want of memory. Asked at the first reservation beyond 256 MiB: the answer comes
    /// from files, which take longer to read than a small cloud takes in all.
    pub fn of_system() -> Self {
        Self::starting(Limit::System(OnceLock::new()), 0)
    }

    fn starting(limit: Limit, live: u64) -> Self {
        let (live, peak) = (AtomicU64::new(live), AtomicU64::new(live));
        let ledger = Arc::new(Ledger { limit, live, peak });
        Self { ledger }
    }

    /// Bytes that may be live at once, if there is a limit.
    pub fn limit(&self) -> Option<u64> {
        match self.ledger.limit {
            Limit::Bytes(bytes) => Some(bytes),
            Limit::None | Limit::System(_) => None,
        }
    }

    /// Bytes reserved now.
    pub fn live(&self) -> u64 {
        self.ledger.live.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever reserved at once.
    pub fn peak(&self) -> u64 {
        self.ledger.peak.load(Ordering::Relaxed)
    }

    /// Sets `bytes` aside, until the lease is dropped. To be called before they are allocated.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`] if they do not fit.
    pub fn reserve(&self, bytes: usize) -> Result<Lease, Error> {
        self.take(bytes as u64)?;
        Ok(Lease {
            budget: self.clone(),
            bytes: bytes as u64,
        })
    }

    /// A lease of nothing, to grow.
    pub fn lease(&self) -> Lease {
        Lease {
            budget: self.clone(),
            bytes: 0,
        }
    }

    fn take(&self, bytes: u64) -> Result<(), Error> {
        let Ledger { live, peak, .. } = &*self.ledger;
        let fits = |live: u64| live.checked_add(bytes).filter(|&sum| sum <= self.most(sum));
        match live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(before) => {
                peak.fetch_max(before + bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(live) => Err(self.refusal(live.saturating_add(bytes))),
        }
    }

    /// The most that may be live, for someone who would have `sum`.
    fn most(&self, sum: u64) -> u64 {
        match &self.ledger.limit {
            Limit::None => u64::MAX,
            Limit::Bytes(bytes) => *bytes,
            Limit::System(_) if sum <= LITTLE => u64::MAX,
            Limit::System(bytes) => *bytes.get_or_init(|| {
                // What is live already is missing from what is left.
                let left = system::available().unwrap_or(u64::MAX);
                left.saturating_add(self.live())
            }),
        }
    }

    fn refusal(&self, requested: u64) -> Error {
        match self.ledger.limit {
            Limit::Bytes(limit) => Error::MemoryLimit {
                requested,
                limit,
                advice: RAISE_OR_ASK_FOR_LESS,
            },
            Limit::None | Limit::System(_) => Error::OutOfMemory {
                requested,
                advice: ASK_FOR_LESS,
            },
        }
    }

    fn give_back(&self, bytes: u64) {
        self.ledger.live.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The error where the system has not the memory to hold `bytes` at once.
pub(crate) fn refused_by_system(bytes: usize) -> Error {
    Error::OutOfMemory {
        requested: bytes as u64,
        advice: ASK_FOR_LESS,
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::unlimited()
    }
}

/// Bytes set aside in a [`Budget`]; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    bytes: u64,
}

impl Lease {
    /// Bytes set aside.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The budget they come from.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Sets `bytes` more aside.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`] if they do not fit; what was set aside before still is.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Error> {
        self.budget.take(bytes as u64)?;
        self.bytes += bytes as u64;
        Ok(())
    }

    /// Gives all but `bytes` back.
    pub fn shrink_to(&mut self, bytes: usize) {
        let rest = self.bytes.min(bytes as u64);
        self.budget.give_back(self.bytes - rest);
        self.bytes = rest;
    }

    /// Sees to it that at least `bytes` are set aside in all, and asks for a little more than that: cheap to call often.
    ///
    /// # Errors
    /// [`Error::MemoryLimit`] if they do not fit; what was set aside before still is.
    #[inline]
    pub fn cover(&mut self, bytes: usize) -> Result<(), Error> {
        match (bytes as u64).checked_sub(self.bytes) {
            None | Some(0) => Ok(()),
            Some(missing) => self.grow_in_steps(missing),
        }
    }

    #[inline(never)]
    fn grow_in_steps(&mut self, missing: u64) -> Result<(), Error> {
        self.grow(missing.next_multiple_of(STEP) as usize)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_given_back() {
        let budget = Budget::limited(SLACK + 100);
        let mut lease = budget.reserve(60).unwrap();
        assert_eq!(budget.live(), SLACK + 60);
        assert!(lease.grow(41).is_err());
        lease.grow(40).unwrap();
        lease.shrink_to(10);
        assert_eq!((budget.live(), budget.peak()), (SLACK + 10, SLACK + 100));
        drop(lease);
        assert_eq!(budget.live(), SLACK);
    }

    #[test]
    fn a_refusal_says_what_was_needed() {
        let budget = Budget::limited(SLACK + 100);
        let held = budget.reserve(90).unwrap();
        let refusal = budget.reserve(11).unwrap_err();
        let (needed, limit) = (SLACK + 101, SLACK + 100);
        let text = format!("needs {needed} bytes, over the memory limit of {limit} bytes; raise");
        assert!(refusal.to_string().starts_with(&text), "{refusal}");
        assert_eq!(held.bytes(), 90);
        assert!(Budget::limited(10).reserve(1).is_err());
        assert!(budget.reserve(usize::MAX).is_err());
    }

    #[test]
    fn covering_asks_in_steps() {
        let budget = Budget::unlimited();
        let mut lease = budget.lease();
        for bytes in 1..=STEP as usize + 1 {
            lease.cover(bytes).unwrap();
            assert!(lease.bytes() >= bytes as u64 && lease.bytes() < bytes as u64 + STEP);
        }
        assert_eq!(lease.bytes(), 2 * STEP);
    }

    #[test]
    fn the_system_is_a_limit() {
        let budget = Budget::of_system();
        let small = budget.reserve(1000).unwrap();
        let refusal = budget.reserve(usize::MAX / 2);
        assert!(matches!(refusal, Err(Error::OutOfMemory { .. })) || !cfg!(target_os = "linux"));
        assert_eq!((small.bytes(), budget.limit()), (1000, None));
        drop(refusal);
        assert_eq!(budget.live(), 1000);
    }
}
