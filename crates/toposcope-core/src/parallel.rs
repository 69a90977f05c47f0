//! Work in blocks over several threads, with a result that no thread count changes.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::{Control, Error};

/// How long the calling thread sleeps between polls while the others finish their last blocks.
const NAP: Duration = Duration::from_micros(200);

/// What a worker polls: the caller's control on the calling thread, a flag on the others.
#[derive(Clone, Copy)]
pub(crate) struct Pulse<'a> {
    control: Option<&'a Control<'a>>,
    stop: &'a AtomicBool,
    stage: &'static str,
}

impl Pulse<'_> {
    /// To be called once per unit of work of microseconds.
    pub(crate) fn beat(&self, done: usize, total: usize) -> Result<(), Error> {
        self.checked(|control| control.poll(self.stage, done, total))
    }

    /// To be called within a unit of work that may take long.
    pub(crate) fn tick(&self) -> Result<(), Error> {
        self.checked(|control| control.tick(1))
    }

    fn checked(&self, poll: impl Fn(&Control) -> Result<(), Error>) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        self.control.map_or(Ok(()), poll)
    }
}

/// The number of threads to use where the caller left it open. Asked of the system once: it reads files to find out, which
/// takes longer than the persistence of a small cloud.
pub(crate) fn thread_count(asked: Option<usize>) -> usize {
    static AVAILABLE: OnceLock<usize> = OnceLock::new();
    asked.unwrap_or_else(|| {
        *AVAILABLE.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
    })
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
) -> Result<Vec<T>, Error> {
    let (next, stop) = (AtomicUsize::new(blocks.start), AtomicBool::new(false));
    let run = |worker: &mut W, pulse: &Pulse| {
        let mut results = Vec::new();
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= blocks.end {
                return Ok(results);
            }
            let result = pulse.tick().and_then(|()| work(worker, block, pulse));
            match result {
                Ok(result) => results.push((block, result)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let Some((own_worker, others)) = workers.split_first_mut() else {
        return Ok(Vec::new());
    };
    let on_thread = |worker: &mut W| {
        let pulse = Pulse {
            control: None,
            stop: &stop,
            stage,
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
            outcome = outcome.and_then(|mut results| {
                results.extend(theirs?);
                Ok(results)
            });
        }
        outcome
    })?;
    results.sort_unstable_by_key(|&(block, _)| block);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observer;
    use std::ops::ControlFlow;

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
            assert_eq!(squares.unwrap(), (0..50).map(|b| b * b).collect::<Vec<_>>());
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
        assert_eq!(endless, Err(Error::Interrupted));
    }
}
