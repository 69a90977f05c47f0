//! Typed events of a stream's shape, defined by induced maps.
//!
//! # Definition
//! A push takes the landmarks from K to K'; W is the Rips complex on all of them, and the inclusions are the cospan
//! K → W ← K'. It is read at a scale r with a margin δ, through the groups of classes that are born at or below r and alive
//! beyond r + δ, with coefficients in Z/2. A zigzag of three groups is a sum of intervals of six kinds, and their numbers are
//! the numbers of events:
//!
//! | interval | number | components | loops |
//! |---|---|---|---|
//! | K, W, K' | s = rank f + rank g − rank \[f g\] | `Continue` | `LoopContinue` |
//! | K | dim P(K) − rank f | `Merge` | `LoopDeath(Filled)` |
//! | K, W | rank f − s | `ComponentDeath` | `LoopDeath(Broken)` |
//! | W, K' | rank g − s | `ComponentBirth` | `LoopBirth(Closed)` |
//! | K' | dim P(K') − rank g | `Split` | `LoopBirth(Opened)` |
//! | W | dim P(W) − rank \[f g\] | none | `Transient` |
//!
//! Components are told by component of W: several parents and one child are one `Merge`, and several of both one
//! `Reorganise`, never an arbitrary merge and split.
//!
//! ```
//! use toposcope_cobordism::{Change, Tracker, TrackerParams};
//! use toposcope_core::stream::{Complex, Cospan, CospanLandmark};
//! use toposcope_core::{Control, DistanceMatrix};
//!
//! // Points at 0 and 5 on a line, then also at 2.5: they hang together.
//! let landmark = |id, before| CospanLandmark { id, before, after: Some(1.0) };
//! let mut tracker = Tracker::new(TrackerParams { scale: Some(2.5), ..TrackerParams::default() })?;
//! let mut cospan = Cospan {
//!     step: 1,
//!     time: None,
//!     landmarks: vec![landmark(0, None), landmark(1, None)],
//!     distances: DistanceMatrix::from_lower(vec![5.0], 2)?,
//!     epsilon_before: 0.0,
//!     epsilon_after: 0.0,
//!     complex: Complex::Rips,
//!     threshold: None,
//! };
//! assert_eq!(tracker.observe(&cospan, &Control::none())?.len(), 2);
//! cospan.step = 2;
//! cospan.landmarks = vec![landmark(0, Some(1.0)), landmark(1, Some(1.0)), landmark(2, None)];
//! cospan.distances = DistanceMatrix::from_lower(vec![5.0, 2.5, 2.5], 3)?;
//! let events = tracker.observe(&cospan, &Control::none())?;
//! assert!(matches!(events[0].change, Change::Merge(_)));
//! # Ok::<(), toposcope_core::Error>(())
//! ```
//!
//! # Rationale
//! - *Maps, not numbers.* A ring that jumps away leaves every Betti number as it was; here it is a death and a birth.
//! - *The margin is 4ε by default,* so that every class counted is proven to exist in the full window. It never shrinks:
//!   ε goes up and down with every chunk, and an event because of that would tell of the measurement, not of the
//!   points. When it has to grow, what can no longer be told apart is told as such (`Resolution`).
//! - *Numbers are canonical, names are a choice:* elder features keep theirs, as they would in a diagram.
//!
//! # Limitations
//! - Rips complexes alone: reports of a stream of alpha diagrams are refused, as what they show as loops can be none here.
//! - One scale at a time, frozen once chosen, components and loops only.
//! - W holds the trail of the last chunk: something that passes quickly through another's old place can look joined to it for
//!   one step. Shorter chunks and `confirm_after` help.
//! - A loop's persistence is known from below: from the longest edge of its representative to the end of the margin.
//! - `certified` speaks of the classes on each side, which exist in the full window; not of the change between them.

mod components;
mod cycle;
mod draft;
mod event;
mod identity;
mod linear;
mod loops;
mod scale;
mod slices;
mod snapshot;
mod tracker;
mod zigzag;

pub use event::{
    Change, Confidence, Event, Feature, Lineage, LoopBirthCause, LoopDeathCause, MergeCause, Status,
};
pub use tracker::{Tracker, TrackerParams};
