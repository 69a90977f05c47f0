//! How long computations stay in touch with whoever started them: progress out, cancellation in.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::Error;
use crate::memory::Budget;
use crate::progress::{Plan, Progress};

/// How often an observer is asked. Well below the 100 ms in which Ctrl-C has to act.
const PERIOD: Duration = Duration::from_millis(20);
/// Units of the whole that observers are told of.
const WHOLE: u64 = 10_000;
/// Reading the clock costs about as much as a small unit of work, so it is read once per this many ticks.
const TICKS_PER_CLOCK: u32 = 64;

/// Whoever watches a computation.
pub trait Observer {
    /// The computation is at `stage`, and `done` of `total` units of the whole are finished. `done` never goes back, and `total` is always the
    /// same. `Break` stops the computation with [`Error::Interrupted`].
    fn observe(&self, stage: &'static str, done: u64, total: u64) -> ControlFlow<()>;
}

/// Passed down every long computation; polled by its loops. Lives on the calling thread.
pub struct Control<'a> {
    observer: Option<&'a dyn Observer>,
    ticks: Cell<u32>,
    last: Cell<Instant>,
    period: Duration,
    /// Stage, done and total of the last poll: what a tick reports.
    polled: Cell<(&'static str, usize, usize)>,
    progress: Cell<Progress>,
    budget: Budget,
}

impl<'a> Control<'a> {
    /// Nobody watches: polling costs one branch.
    pub fn none() -> Self {
        Self {
            observer: None,
            ticks: Cell::new(0),
            last: Cell::new(Instant::now()),
            period: PERIOD,
            polled: Cell::new(("start", 0, 1)),
            progress: Cell::new(Progress::none()),
            budget: Budget::unlimited(),
        }
    }

    /// Ask `observer` about every 20 ms.
    pub fn new(observer: &'a dyn Observer) -> Self {
        Self {
            observer: Some(observer),
            ..Self::none()
        }
    }

    /// Ask the observer every `period` instead: for tests of computations that are over before 20 ms are.
    #[must_use]
    pub fn with_period(self, period: Duration) -> Self {
        Self { period, ..self }
    }

    /// With everything that the computation holds counted in `budget`.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// For a part of the computation whose memory is counted in a budget of its own. Whoever watches sees no difference.
    pub(crate) fn within(&self, budget: &Budget) -> Self {
        Self {
            observer: self.observer,
            ticks: self.ticks.clone(),
            last: self.last.clone(),
            period: self.period,
            polled: self.polled.clone(),
            progress: self.progress.clone(),
            budget: budget.clone(),
        }
    }

    /// What the computation holds and may hold; see [`memory`](crate::memory) for how to use it.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// To be called once per unit of work of microseconds; cheap unless 20 ms have passed.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer wants to stop.
    #[inline]
    pub fn poll(&self, stage: &'static str, done: usize, total: usize) -> Result<(), Error> {
        if self.observer.is_some() {
            self.polled.set((stage, done, total));
        }
        self.tick(1)
    }

    /// To be called once per unit of work of milliseconds.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer wants to stop.
    #[inline]
    pub fn poll_coarse(&self, stage: &'static str, done: usize, total: usize) -> Result<(), Error> {
        if self.observer.is_some() {
            self.polled.set((stage, done, total));
        }
        self.tick(TICKS_PER_CLOCK)
    }

    /// To be called within a unit of work that may take long, with about how many microseconds have passed: as far as
    /// progress goes, nothing happened.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer wants to stop.
    #[inline]
    pub fn tick(&self, work: u32) -> Result<(), Error> {
        let Some(observer) = self.observer else {
            return Ok(());
        };
        let ticks = self.ticks.get().saturating_add(work);
        if ticks < TICKS_PER_CLOCK {
            self.ticks.set(ticks);
            return Ok(());
        }
        self.look_at_clock(observer)
    }

    /// To be called when it is known which stages all that is left consists of.
    pub(crate) fn plan(&self, plan: Plan) {
        self.progress.set(self.progress.get().by(plan));
    }

    /// To be called when all is done: the observer is told so.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer wants to stop.
    pub fn finish(&self) -> Result<(), Error> {
        self.polled.set(("done", 1, 1));
        self.plan(&[]);
        self.poll_last()
    }

    /// To be called just before work takes effect, whatever the time: who asked to stop until now gets nothing, and who asks
    /// later has it all. Without this a request within the last period would be heard when it is too late to undo anything.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer asks to stop.
    pub fn poll_last(&self) -> Result<(), Error> {
        self.observer.map_or(Ok(()), |observer| self.ask(observer))
    }

    /// Off the path of those who poll: it is taken once in many ticks.
    #[inline(never)]
    fn look_at_clock(&self, observer: &dyn Observer) -> Result<(), Error> {
        self.ticks.set(0);
        if self.last.get().elapsed() < self.period {
            return Ok(());
        }
        self.ask(observer)
    }

    fn ask(&self, observer: &dyn Observer) -> Result<(), Error> {
        let (stage, done, total) = self.polled.get();
        let progress = self.progress.get().at(stage, done, total);
        self.progress.set(progress);
        let units = (progress.share() * WHOLE as f64) as u64;
        let verdict = observer.observe(stage, units, WHOLE);
        self.last.set(Instant::now());
        match verdict {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct StopAtOnce;
    impl Observer for StopAtOnce {
        fn observe(&self, _: &'static str, _: u64, _: u64) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    #[test]
    fn an_observer_stops_a_loop_within_its_period() {
        let control = Control::new(&StopAtOnce);
        let start = Instant::now();
        let stopped = (0..u64::MAX).find(|_| control.poll("test", 0, 0).is_err());
        assert!(stopped.is_some());
        assert!(start.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_tick_repeats_the_progress() {
        struct Note(Cell<(&'static str, u64, u64)>);
        impl Observer for Note {
            fn observe(&self, stage: &'static str, done: u64, total: u64) -> ControlFlow<()> {
                self.0.set((stage, done, total));
                ControlFlow::Continue(())
            }
        }
        let note = Note(Cell::new(("", 0, 0)));
        let control = Control::new(&note);
        control.poll("test", 3, 4).unwrap();
        while note.0.get().0.is_empty() {
            control.tick(5).unwrap();
        }
        assert_eq!(note.0.get(), ("test", 7500, WHOLE));
        control.finish().unwrap();
        assert_eq!(note.0.get(), ("done", WHOLE, WHOLE));
    }

    #[test]
    fn the_last_look_does_not_wait_for_its_time() {
        assert_eq!(
            Control::new(&StopAtOnce).poll_last(),
            Err(Error::Interrupted)
        );
        assert_eq!(Control::none().poll_last(), Ok(()));
    }

    #[test]
    fn nobody_watching_never_stops() {
        let control = Control::none();
        assert!((0..1000).all(|_| control.poll("test", 0, 0).is_ok()));
    }
}
