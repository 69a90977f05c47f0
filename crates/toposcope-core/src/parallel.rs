//! Work in blocks over several threads, with a result that no thread count changes.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use crate::memory::{Budget, Held};
use crate::{Control, Error};

/// How long the calling thread sleeps between polls while the others finish their last blocks.
const NAP: Duration = Duration::from_micros(200);
/// How many blocks per worker may wait to be taken in order.
const BLOCKS_AHEAD: usize = 8;

/// What a worker polls: the caller's control on the calling thread, a flag on the others.
#[derive(Clone, Copy)]
pub(crate) struct Pulse<'a> {
    control: Option<&'a Control<'a>>,
    stop: &'a AtomicBool,
    stage: &'static str,
    budget: &'a Budget,
}

impl<'a> Pulse<'a> {
    /// That of the calling thread, if it has the caller's control, or of another one; all of them stop when `stop` says so.
    fn new(
        control: Option<&'a Control<'a>>,
        stop: &'a AtomicBool,
        stage: &'static str,
        budget: &'a Budget,
    ) -> Self {
        Self {
            control,
            stop,
            stage,
            budget,
        }
    }

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
        let pulse = Pulse::new(None, &stop, stage, budget);
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
        let own = Pulse::new(Some(control), &stop, stage, budget);
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

/// Does `work` on `blocks`, one thread per worker, and hands what it gave to `take`: in the order of the blocks, on the calling thread, until
/// there is nothing left or `take` breaks. The calling thread works as well while it has nothing to take, so that a sequential step goes on
/// beside a parallel one. Nobody gets further ahead of it than some blocks per worker.
///
/// What is taken depends on the number of workers as little as what [`in_blocks`] returns.
pub(crate) fn in_order<W: Send, T: Send>(
    workers: &mut [W],
    blocks: Range<usize>,
    control: &Control,
    stage: &'static str,
    work: impl Fn(&mut W, usize, &Pulse) -> Result<T, Error> + Sync,
    mut take: impl FnMut(T) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let stop = AtomicBool::new(false);
    let budget = control.budget();
    let belt = Belt::new(blocks.clone(), BLOCKS_AHEAD * workers.len(), budget)?;
    let Some((own_worker, others)) = workers.split_first_mut() else {
        return Ok(());
    };
    let on_thread = |worker: &mut W| {
        let pulse = Pulse::new(None, &stop, stage, budget);
        let _alarm = Alarm(&belt, &stop);
        while let Some(block) = belt.wait_for_block() {
            match work(worker, block, &pulse) {
                Ok(result) => belt.put(block, result),
                Err(error) => return belt.end(Err(error), &stop),
            }
        }
    };
    thread::scope(|scope| {
        for worker in others.iter_mut().take(blocks.len().saturating_sub(1)) {
            // Where the system has no thread to give, the others do its blocks.
            let _ = thread::Builder::new().spawn_scoped(scope, || on_thread(worker));
        }
        let own = Pulse::new(Some(control), &stop, stage, budget);
        let _alarm = Alarm(&belt, &stop);
        let mut run = || {
            loop {
                match belt.next(NAP) {
                    Next::Take(result) => {
                        control.tick(1)?;
                        if take(result)?.is_break() {
                            return Ok(());
                        }
                    }
                    Next::Work(block) => belt.put(block, work(own_worker, block, &own)?),
                    Next::Wait => control.tick(u32::MAX)?,
                    Next::End => return Ok(()),
                }
            }
        };
        belt.end(run(), &stop);
    });
    belt.outcome()
}

/// Blocks on their way from those who work on them to the one who takes them in order.
struct Belt<T> {
    state: Mutex<BeltState<T>>,
    moved: Condvar,
}

struct BeltState<T> {
    /// The block to be taken next, the one to be worked on next, and the one after the last.
    first: usize,
    next: usize,
    end: usize,
    /// What has come of the blocks from `first` on, in a ring: no block goes further ahead than it is long.
    ready: Held<Option<T>>,
    outcome: Option<Result<(), Error>>,
}

/// What the calling thread does next.
enum Next<T> {
    Take(T),
    Work(usize),
    Wait,
    End,
}

impl<T> Belt<T> {
    fn new(blocks: Range<usize>, ahead: usize, budget: &Budget) -> Result<Self, Error> {
        let mut ready = Held::new(budget);
        ready.extend((0..ahead.min(blocks.len())).map(|_| None))?;
        let state = BeltState {
            first: blocks.start,
            next: blocks.start,
            end: blocks.end,
            ready,
            outcome: None,
        };
        Ok(Self {
            state: Mutex::new(state),
            moved: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BeltState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block to work on, as soon as there is place for what comes of it; none once all are given out or somebody has ended it.
    fn wait_for_block(&self) -> Option<usize> {
        let mut state = self.lock();
        while state.outcome.is_none() && state.next < state.end {
            if let Some(block) = state.block() {
                return Some(block);
            }
            let woken = self.moved.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// What has come of a block.
    fn put(&self, block: usize, result: T) {
        let mut state = self.lock();
        let place = block % state.ready.len();
        state.ready[place] = Some(result);
        drop(state);
        self.moved.notify_all();
    }

    /// What is to be done by the one who takes; waits for up to `nap` where there is nothing.
    fn next(&self, nap: Duration) -> Next<T> {
        let mut state = self.lock();
        if state.outcome.is_some() || state.first == state.end {
            return Next::End;
        }
        let place = state.first % state.ready.len();
        if let Some(result) = state.ready[place].take() {
            state.first += 1;
            drop(state);
            self.moved.notify_all();
            return Next::Take(result);
        }
        if let Some(block) = state.block() {
            return Next::Work(block);
        }
        drop(self.moved.wait_timeout(state, nap));
        Next::Wait
    }

    /// Ends it for everybody, unless somebody has done so before: whoever is then stopped would call itself interrupted.
    fn end(&self, outcome: Result<(), Error>, stop: &AtomicBool) {
        self.lock().outcome.get_or_insert(outcome);
        stop.store(true, Ordering::Relaxed);
        self.moved.notify_all();
    }

    fn outcome(self) -> Result<(), Error> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.outcome.unwrap_or(Ok(()))
    }
}

impl<T> BeltState<T> {
    /// The next block to be worked on, if there is place for what comes of it.
    fn block(&mut self) -> Option<usize> {
        let block = self.next;
        let has_place = block < self.end && block < self.first + self.ready.len();
        has_place.then(|| {
            self.next += 1;
            block
        })
    }
}

/// Ends it for everybody when a thread panics: nobody else would ever know that its block does not come.
struct Alarm<'a, T>(&'a Belt<T>, &'a AtomicBool);

impl<T> Drop for Alarm<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end(Err(Error::Interrupted), self.1);
        }
    }
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

    #[test]
    fn blocks_are_taken_in_order_until_it_is_enough() {
        let control = Control::none();
        for n_threads in [1, 2, 7] {
            for (n_blocks, enough) in [(0, 9), (1, 9), (3, 1), (200, 500), (200, 77)] {
                let mut taken = Vec::new();
                in_order(
                    &mut vec![(); n_threads],
                    10..10 + n_blocks,
                    &control,
                    "test",
                    |(), block, _| {
                        if block % 3 == 0 {
                            thread::yield_now();
                        }
                        Ok(block)
                    },
                    |block| {
                        taken.push(block);
                        Ok(if taken.len() == enough {
                            ControlFlow::Break(())
                        } else {
                            ControlFlow::Continue(())
                        })
                    },
                )
                .unwrap();
                assert!(taken.into_iter().eq(10..10 + n_blocks.min(enough)));
            }
        }
    }

    #[test]
    fn nobody_gets_far_ahead_of_the_one_who_takes() {
        let (control, begun) = (Control::none(), AtomicUsize::new(0));
        let mut taken = 0;
        in_order(
            &mut [(); 3],
            0..500,
            &control,
            "test",
            |(), _, _| Ok(begun.fetch_add(1, Ordering::SeqCst)),
            |_| {
                taken += 1;
                thread::yield_now();
                assert!(begun.load(Ordering::SeqCst) <= taken + 3 * BLOCKS_AHEAD);
                Ok(ControlFlow::Continue(()))
            },
        )
        .unwrap();
        assert_eq!(taken, 500);
    }

    #[test]
    fn whoever_fails_ends_it_for_all_who_work_in_order() {
        let control = Control::none();
        let refused = || Error::invalid("test", "anything", "nothing");
        for failing in 0..40 {
            let work = |(): &mut (), block: usize, pulse: &Pulse| {
                pulse.tick()?;
                (block != failing).then_some(block).ok_or_else(refused)
            };
            let outcome = in_order(&mut [(); 3], 0..40, &control, "test", work, |_| {
                Ok(ControlFlow::Continue(()))
            });
            assert_eq!(outcome, Err(refused()));
            let outcome = in_order(
                &mut [(); 3],
                0..40,
                &control,
                "test",
                |(), block, _| Ok(block),
                |block| {
                    if block == failing {
                        return Err(refused());
                    }
                    Ok(ControlFlow::Continue(()))
                },
            );
            assert_eq!(outcome, Err(refused()));
        }
    }

    #[test]
    fn a_panic_in_one_thread_reaches_the_caller() {
        let control = Control::none();
        for panicking in [0, 5, 39] {
            let run = || {
                in_order(
                    &mut [(); 3],
                    0..40,
                    &control,
                    "test",
                    |(), block, _| {
                        assert!(block != panicking, "on purpose");
                        Ok(block)
                    },
                    |_| Ok(ControlFlow::Continue(())),
                )
            };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        }
    }
}
