//! Persistence of a stream: landmarks that stand for a window of points, their diagram after every push, and a proof of
//! how far it can be from that of the window.
//!
//! # The certificate
//! Every point of the window was assigned to a landmark within that landmark's radius, which was alive then and is
//! now, or was taken over by one whose radius grew by the distance between them; and every landmark has been assigned a
//! point that is in the window still. Hence the Hausdorff distance of window and landmarks is at most ε, the largest
//! radius, at every moment, and
//! - the bottleneck distance of their diagrams is at most 2ε in every dimension ([`Report::error_bound`]);
//! - an interval of the landmarks longer than 4ε is proof of a class in the window ([`Report::certified_above`]).
//!
//! That is for Rips filtrations, whose values are diameters. With [`Complex::Alpha`] values are radii: the balls of radius r around the
//! window lie in those of radius r + ε around the landmarks, and the other way round. Alpha filtrations have the shape of these
//! unions, at every radius and compatibly with inclusions, so that the diagrams are within ε, and an interval longer than 2ε is proof.
//!
//! Points may come late ([`StreamParams::late`]): a landmark then stays as long as the one with the latest time of all its points, so that
//! those of them that are in the window find it alive. It is alive exactly if one of its points is in the window.
//!
//! With a smallest mass ([`StreamParams::min_mass`]) some landmarks are held, but are no part of the diagram: K, the others, is. Each point of
//! the window belongs to one landmark, that to which it was assigned or that which took this one over. All of the above is then true
//! of K and of `W_K`, the points of the window that belong to K, with ε the largest radius in K: a point of `W_K` is within the radius of its
//! landmark, which is in K, and a landmark of K has a point in the window, which is in `W_K`. Of points that belong to other landmarks, outliers
//! and the like, nothing is said, so that a class that is proven is one of `W_K`.
//!
//! Streams that look at the same things can be put together ([`Stream::merge`]): the landmarks of both, for the union of their
//! windows, with the larger ε. A stream can so be worked on in parts.
//!
//! ```
//! use toposcope_core::pool::PoolParams;
//! use toposcope_core::stream::{Complex, Late, OnLimit, Stream, StreamParams, Window};
//! use toposcope_core::{Control, Metric, Points};
//!
//! let mut stream = Stream::new(StreamParams {
//!     n_dims: 1,
//!     window: Window::Count(3),
//!     max_landmarks: 2,
//!     cover_radius: None,
//!     max_dim: 0,
//!     background_dim: None,
//!     metric: Metric::Euclidean,
//!     complex: Complex::Rips,
//!     threshold: None,
//!     memory_limit: None,
//!     on_limit: OnLimit::Coarsen,
//!     late: Late::Raise,
//!     half_life: None,
//!     min_mass: None,
//!     pool: PoolParams::default(),
//!     n_threads: None,
//! })?;
//! let chunk = Points::from_f64(vec![0.0, 10.0, 12.0], 1)?;
//! let report = stream.push(chunk, None, &Control::none())?;
//! assert_eq!(report.landmarks.len(), 2); // 10 stands for 12 too …
//! assert_eq!(report.error_bound(), 4.0); // … which is 2 away
//! # Ok::<(), toposcope_core::Error>(())
//! ```
//!
//! # Rationale
//! - *Landmarks never move.* Distances are measured once, against the bytes that came, so that they equal those of a
//!   batch run on the same points bit for bit, and a set of landmarks changes only by whole insertions and deletions.
//! - *Points are taken one after the other,* first the window slides, then the point is assigned: how a stream is cut
//!   into chunks changes the reports but not the state.
//! - *Who takes over whom is chosen by the radius that results.* Were it the closest pair, radii would add up along chains
//!   of takeovers: in an experiment with four kinds of clouds ε was 2.4 to 4 times as large, while this rule stays
//!   within a quarter of what farthest-point selection reaches with all points in hand.
//! - *A push works on a copy of the state,* which takes its place at the end. Nothing that can fail comes after, so a
//!   push that fails or is interrupted has not happened.
//!
//! - *The diagram is updated* while few landmarks change, by what is known of the lunes of their edges, and is that of the batch engine in
//!   any case (`incremental`). *Points are compared with all landmarks at once* by products in float32, and measured against the few that
//!   these leave (`search`).
//!
//! - *Dimensions that no push can wait for are computed beside the pushes* (`background`): of the landmarks as they were at some step, with the
//!   bound of that step. What a report has of them depends on how fast the machine is; nothing else does.
//!
//! # Limitations
//! - A push costs points × landmarks × dimensions. Near curves and surfaces the triangle inequality could spare most of that; where data fill
//!   many dimensions, nothing (`benchmarks/pruning.py`).
//! - The diagram is recomputed whenever a landmark came or went if `max_dim` is not 1 or the filtration is alpha, and when so many
//!   of them did that an update would take longer.
//! - The memory limit decides how many landmarks there are; with `max_dim` 2 and more, and for alpha filtrations in space, a diagram can need
//!   more than is left, and the push is refused.
//! - ε is exact but for the rounding of distances, a relative 10⁻¹⁵ or so, which is not added to it.
//! - The radius under which points are covered grows when landmarks merge and shrinks only by [`Stream::reset`].
//! - A merge leaves two landmarks where one would do, unless they are at the same place: what is near enough to be covered by another
//!   is not, as that would add to ε.
//! - A landmark's weight is that of all points ever assigned to it, not of those still in the window: that would need the window. With a
//!   half-life, what is old counts for little.

mod ageing;
mod background;
mod cospan;
mod counters;
mod critical;
mod engine;
mod landmarks;
mod merge;
mod overlaps;
mod params;
mod persistence;
mod report;
mod search;
mod snapshot;
mod state;
#[cfg(test)]
mod tests;

pub use background::BackgroundDiagram;
pub use cospan::{Cospan, CospanLandmark};
pub use counters::{Counters, Totals};
pub use engine::Stream;
pub use landmarks::Landmark;
pub use params::{Complex, Late, OnLimit, StreamParams, Window};
pub use report::{PushStats, Report};
