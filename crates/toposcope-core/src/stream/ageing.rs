//! By what points age.

use crate::stream::params::{StreamParams, Window};

/// When a point came: its place in the order of all, and its time if it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) index: u64,
    pub(crate) time: Option<f64>,
}

/// In a window counted in points they age with each that comes after them; in one of time, by their times, in whatever order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ageing {
    by_time: bool,
}

impl Ageing {
    pub(crate) fn new(params: &StreamParams) -> Self {
        Self {
            by_time: matches!(params.window, Window::Seconds(_)),
        }
    }

    /// Whether points age by their times.
    pub(crate) fn by_time(self) -> bool {
        self.by_time
    }

    /// Whether what is of the moment `a` stays longer than what is of `b`. Of equal times, that which came later does.
    pub(crate) fn outlasts(self, a: Moment, b: Moment) -> bool {
        let by_index = a.index > b.index;
        match (a.time, b.time) {
            (Some(x), Some(y)) if self.by_time && x != y => x > y,
            _ => by_index,
        }
    }
}
