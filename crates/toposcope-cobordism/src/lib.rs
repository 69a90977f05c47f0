//! Typed events of a stream's shape, defined by induced maps.
//!
//! # Definition
//! A push takes the landmarks from K to K'; W is the Rips complex on all of them, and the inclusions are the cospan
//! K → W ← K'. It is read at a scale s with a margin δ, through the groups of classes that are born at or below s − δ/2 and
//! alive beyond s + δ/2, with coefficients in Z/2. A zigzag of three groups is a sum of intervals of six kinds, and their numbers are
//! the numbers of events:
//!
//! | interval | number | components | loops | voids |
//! |---|---|---|---|---|
//! | K, W, K' | s = rank f + rank g − rank \[f g\] | `Continue` | `LoopContinue` | `VoidContinue` |
//! | K | dim P(K) − rank f | `Merge` | `LoopDeath(Filled)` | `VoidDeath(Filled)` |
//! | K, W | rank f − s | `ComponentDeath` | `LoopDeath(Broken)` | `VoidDeath(Broken)` |
//! | W, K' | rank g − s | `ComponentBirth` | `LoopBirth(Closed)` | `VoidBirth(Closed)` |
//! | K' | dim P(K') − rank g | `Split` | `LoopBirth(Opened)` | `VoidBirth(Opened)` |
//! | W | dim P(W) − rank \[f g\] | none | `TransientLoops` | `TransientVoids` |
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
//! # What is proven
//! Let X be the window and K its landmarks, within Hausdorff distance ε of each other, and δ ≥ 4ε. Then the group P(K) of the classes
//! counted is a quotient of a subgroup of H(X at s): however many are counted, there are as many in the full window, at the very
//! scale that was asked for.
//!
//! *Proof.* Send each landmark to a point of X within ε, and each point of X to a landmark within ε. That moves the ends of an edge by at
//! most ε each, so that these are simplicial maps K at s − 2ε → X at s → K at s + 2ε. The composite moves landmarks by at most 2ε: a
//! simplex of K at s − 2ε has, together with its image, a diameter of at most s + 2ε. So the composite is contiguous to the inclusion, and
//! the inclusion of K at s − δ/2 into K at s + δ/2 factors through H(X at s). ∎
//!
//! *Where s < δ/2* the interval is cut off at 0. A complex at 0 is a disjoint union of simplices, one for each place. It has no loops, so
//! none is counted: at such a scale none can be proven so. For components the theorem stays true: P(K) is then all of H₀(K at
//! s + δ/2), and each of its components holds a landmark that is joined, by an edge of at most 2ε, to the image of a point of X. So the
//! components of X at s map onto them.
//!
//! *Before and after.* Both sides are read on the same interval, with the larger of the two ε; so it is true of both windows. Once the margin
//! has grown for one of them it stays, which only asks for more than is needed.
//!
//! *With a smaller margin of one's own* a class that lives longer than 4ε, from b on, is not zero in X at b + 2ε, by the same maps: it exists in the
//! window, not necessarily at s. `certified` then says whether each class counted is known to live that long.
//!
//! # Rationale
//! - *Maps, not numbers.* A ring that jumps away leaves every Betti number as it was; here it is a death and a birth.
//! - *The margin is 4ε by default,* so that every class counted is proven to exist in the full window, and half of it on either side,
//!   so that it is proven at the scale. Above the scale alone, a margin of 4ε proves what is there at s + 2ε, and soon asks for more
//!   than a ring can give: it is filled at 1.73 of its radius.
//! - *It never shrinks:* ε goes up and down with every chunk, and an event because of that would tell of the measurement, not of the
//!   points. When it has to grow, what can no longer be told apart is told as such (`Resolution`). To shrink, it would need births and
//!   splits of resolution too, for what has come to light again may have been there all along; and these would have to be told apart
//!   from what the points did in the same push. A tracker that is `reset` starts from the present ε.
//! - *Numbers are canonical, names are a choice:* elder features keep theirs, as they would in a diagram.
//! - *Voids are read through cores.* Collapsing edges at either scale leaves the maps as they are and a small part of the triangles, so
//!   that a few representatives of a sparse complex are all that is asked of the engine. Where that is too much for every push,
//!   `void_every` reads voids once in so many: W is then the union of all the unions since, and an event says since when.
//!
//! # Limitations
//! - Rips complexes alone: reports of a stream of alpha diagrams are refused, as what they show as loops can be none here.
//! - One scale at a time, frozen once chosen; components, loops and voids.
//! - W holds the trail of the last chunk: something that passes quickly through another's old place can look joined to it for
//!   one step. Shorter chunks and `confirm_after` help.
//! - The persistence of a loop or a void is known from below: from the longest edge of its representative to the end of the interval.
//! - A void that is gone and back between two readings is not told of.
//! - `certified` speaks of the classes on each side, which exist in the full window; not of the change between them. What died of
//!   resolution was certain on the interval before it grew.

mod collapse;
mod components;
mod cycle;
mod draft;
mod event;
mod held;
mod holes;
mod identity;
mod linear;
mod loops;
mod scale;
mod slices;
mod snapshot;
mod tracker;
mod voids;
mod zigzag;

pub use event::{
    BirthCause, Change, Confidence, DeathCause, Event, Feature, Lineage, MergeCause, Status,
};
pub use tracker::{Tracker, TrackerParams};
