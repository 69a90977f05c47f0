//! A change as it is read off the cospan, before it is numbered and told.

use crate::event::{Change, Feature};

/// What an [`Event`](crate::Event) will tell, less what the tracker alone knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) change: Change,
    pub(crate) before: Vec<Feature>,
    pub(crate) after: Vec<Feature>,
    /// Of the least persistent class that it counts.
    pub(crate) persistence: f64,
}
