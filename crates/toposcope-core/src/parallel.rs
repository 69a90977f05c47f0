//! Work in blocks over several threads, with a result that no thread count changes.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::memory::{Budget, Held};
use crate::{Control, Error};

/// How long the calling thread sleeps between polls while the others finish their last blocks.
const NAP: Duration = Duration::from_micros(200);

/// What a worker polls: the caller's control on the calling thread, a flag on the others.
#[derive(Clone, Copy)]
pub(crate) struct Pulse<'a> {
    control: Option<&'a Control<'a>>,
    stop: &'a AtomicBool,
    stage: &'static str,
    budget: &'a Budget,
}

impl Pulse<'_> {
    /// What all threads together hold and may hold.
    pub(crate) fn budget(&self) -> &Budget {
        self.budget
    }

    /// To be called once per unit of work of microseconds.
    pub(crate) fn beat(&self, done: usize, total: usize) -> Result<(), Error> {
        self.checked(|control| control.poll(self.stage, done, total))
    }

    /// To be called within a unit of work that may take long.
    pub(crate) fn tick(&self) -> Result<(), Error> {
        self.checked(|control| control.tick(1))
    }

    /// To be called within a unit of work that takes about so many microseconds.
    pub(crate) fn tick_for(&self, work: u32) -> Result<(), Error> {
        self.checked(|control| control.tick(work))
    }

    fn checked(&self, poll: impl Fn(&Control) -> Result<(), Error>) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        self.control.map_or(Ok(()), poll)
    }
}

/// Nobody gets more threads than this, whoever asks: each has scratch of its own, and no result depends on how many they are.
const MOST_THREADS: usize = 1024;

/// The number of threads to use; that of the machine where the caller left it open. Asked of the system once: it reads files to
/// find out, which takes longer than the persistence of a small cloud.
pub(crate) fn thread_count(asked: Option<usize>) -> usize {
    static AVAILABLE: OnceLock<usize> = OnceLock::new();
    let available = || thread::available_parallelism().map_or(1, usize::from);
    let wanted = asked.unwrap_or_else(|| *AVAILABLE.get_or_init(available));
    wanted.min(MOST_THREADS)
}

/// Does `work` on `blocks` and returns what it gave, in the order of the blocks; one thread per worker.
///
/// Each worker is handed blocks in ascending order. As long as `work` gives the same for a block whatever its worker did
/// before, so does this function for any number of workers.
pub(crate) fn in_blocks<W: Send, T: Send>(
    workers: &mut [W],
    blocks: Range<usize>,
    control: &Control,
    stage: &'static str,
    work: impl Fn(&mut W, usize, &Pulse) -> Result<T, Error> + Sync,
) -> Result<Held<T>, Error> {
    let (next, stop) = (AtomicUsize::new(blocks.start), AtomicBool::new(false));
    let budget = control.budget();
    let run = |worker: &mut W, pulse: &Pulse| {
        let mut results = Held::new(pulse.budget());
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= blocks.end {
                return Ok(results);
            }
            let result = pulse.tick().and_then(|()| work(worker, block, pulse));
            let kept = result.and_then(|result| results.push((block, result)));
            if let Err(error) = kept {
                stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    };
    let Some((own_worker, others)) = workers.split_first_mut() else {
        return Ok(Held::new(budget));
    };
    let on_thread = |worker: &mut W| {
        let pulse = Pulse {
            control: None,
            stop: &stop,
            stage,
            budget,
        };
        run(worker, &pulse)
    };
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (others.iter_mut().take(blocks.len().saturating_sub(1)))
            // Where the system has no thread to give, the others do its blocks.
            .filter_map(|worker| {
                let thread = thread::Builder::new();
                thread.spawn_scoped(scope, || on_thread(worker)).ok()
            })
            .collect();
        let own = Pulse {
            control: Some(control),
            stop: &stop,
            stage,
            budget,
        };
        let mut outcome = run(own_worker, &own);
        while outcome.is_ok() && others.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(NAP);
            if let Err(error) = control.tick(u32::MAX) {
                stop.store(true, Ordering::Relaxed);
                outcome = Err(error);
            }
        }
        for thread in others {
            let theirs = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            outcome = both(outcome, theirs);
        }
        outcome
    })?;
    results.sort_unstable_by_key(|&(block, _)| block);
    let mut in_order = Held::new(budget);
    in_order.extend(results.into_iter().map(|(_, result)| result))?;
    Ok(in_order)
}

/// What two workers did. Whoever fails stops the other, which then calls itself interrupted: the cause is the other error.
fn both<T>(ours: Result<Held<T>, Error>, theirs: Result<Held<T>, Error>) -> Result<Held<T>, Error> {
    match (ours, theirs) {
        (Ok(mut ours), Ok(theirs)) => {
            ours.extend(theirs)?;
            Ok(ours)
        }
        (Ok(_) | Err(Error::Interrupted), Err(cause)) | (Err(cause), _) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observer;
    use std::ops::ControlFlow;

    #[test]
    fn nobody_gets_more_threads_than_there_may_be() {
        assert_eq!(thread_count(Some(usize::MAX)), MOST_THREADS);
        assert_eq!(thread_count(Some(3)), 3);
        assert!(thread_count(None) >= 1);
    }

    #[test]
    fn blocks_come_back_in_order() {
        let control = Control::none();
        for n_threads in [1, 2, 7] {
            let squares = in_blocks(
                &mut vec![(); n_threads],
                0..50,
                &control,
                "test",
                |(), block, _| Ok(block * block),
            );
            assert!(squares.unwrap().into_iter().eq((0..50).map(|b| b * b)));
        }
    }

    #[test]
    fn an_observer_stops_every_thread() {
        struct Stop;
        impl Observer for Stop {
            fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
                ControlFlow::Break(())
            }
        }
        let control = Control::new(&Stop);
        let endless = in_blocks(&mut [(); 3], 0..8, &control, "test", |(), _, pulse| {
            while pulse.beat(0, 1).is_ok() {
                thread::yield_now();
            }
            Err::<(), _>(Error::Interrupted)
        });
        assert_eq!(endless.unwrap_err(), Error::Interrupted);
    }

    #[test]
    fn the_error_of_any_thread_is_told() {
        let control = Control::none();
        let refused = || Error::invalid("test", "anything", "nothing");
        for failing in 0..6 {
            let outcome = in_blocks(&mut [(); 3], 0..6, &control, "test", |(), block, pulse| {
                if block == failing {
                    return Err(refused());
                }
                // The threads that have a block go on until they are stopped, so that all three are at work.
                loop {
                    pulse.tick()?;
                    thread::yield_now();
                    if block >= 3 || failing >= 3 {
                        return Ok(());
                    }
                }
            });
            assert_eq!(outcome.unwrap_err(), refused());
        }
    }
}
