//! The only door out of Python: run Rust work detached, stay interruptible, keep panics inside.

use std::any::Any;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use toposcope_core::memory::Budget;
use toposcope_core::{Control, Error, Observer};

use crate::errors::{IntoPyResult, exception};

/// Attaches every 20 ms to let Ctrl-C act and to report progress. `check_signals` acts on the main thread only, which is
/// why the work runs on the calling thread and not on one of ours.
struct Attendant<'a> {
    progress: Option<&'a Py<PyAny>>,
    raised: RefCell<Option<PyErr>>,
}

impl Observer for Attendant<'_> {
    fn observe(&self, stage: &'static str, done: u64, total: u64) -> ControlFlow<()> {
        let outcome = Python::attach(|py| {
            py.check_signals()?;
            match self.progress {
                Some(progress) => progress.call1(py, (stage, done, total)).map(drop),
                None => Ok(()),
            }
        });
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised.replace(Some(error));
                ControlFlow::Break(())
            }
        }
    }
}

/// What sees to signals in loops that hold the interpreter.
pub(crate) struct Attended<'py> {
    py: Python<'py>,
    raised: RefCell<Option<PyErr>>,
}

impl<'py> Attended<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self {
            py,
            raised: RefCell::new(None),
        }
    }

    /// To be called every few milliseconds at most.
    pub(crate) fn tick(&self) -> Result<(), Error> {
        self.py.check_signals().map_err(|error| {
            self.raised.replace(Some(error));
            Error::Interrupted
        })
    }

    /// What became of the work: what a signal handler raised comes first.
    pub(crate) fn outcome<T>(self, result: Result<T, Error>) -> PyResult<T> {
        match self.raised.into_inner() {
            Some(error) => Err(error),
            None => result.into_py(),
        }
    }
}

/// Run `work` without holding the interpreter. `progress(stage, done, total)` is called about every 20 ms, and when all is done; an exception
/// raised by it, or by a signal handler, stops the work and is raised here.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    detached_within(py, Budget::unlimited(), progress, work)
}

/// [`detached`], with all that the work holds counted in `budget`.
pub(crate) fn detached_within<T: Send>(
    py: Python<'_>,
    budget: Budget,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Control<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (result, raised) = py.detach(|| {
        let attendant = Attendant {
            progress,
            raised: RefCell::new(None),
        };
        let control = Control::new(&attendant).with_budget(budget);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let result = work(&control)?;
            // Who watches is told when all is done; signals have been seen to.
            if progress.is_some() {
                control.finish()?;
            }
            Ok(result)
        }));
        (result, attendant.raised.into_inner())
    });
    match (result, raised) {
        (_, Some(error)) => Err(error),
        (Ok(result), None) => result.into_py(),
        (Err(panic), None) => Err(internal_error(panic.as_ref())),
    }
}

/// A panic is a bug of ours; users get an exception that `except Exception` catches.
fn internal_error(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown cause");
    exception(
        "InternalError",
        &format!("internal error, please report it: {text}"),
    )
}
