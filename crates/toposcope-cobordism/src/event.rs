//! What the tracker says.

/// Why components merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeCause {
    /// New landmarks joined them.
    Inserted,
    /// The landmarks became coarser, and the components cannot be told apart with certainty any more.
    Resolution,
}

/// Why a loop or a void was born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthCause {
    /// New landmarks closed it.
    Closed,
    /// Landmarks that filled it left.
    Opened,
}

/// Why a loop or a void died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeathCause {
    /// New landmarks filled it.
    Filled,
    /// Landmarks that carried it left.
    Broken,
    /// The landmarks became coarser, and it is not certain any more.
    Resolution,
}

/// How sure it is which loop or void after a push continues one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lineage {
    /// They are the same class in the union.
    Matched,
    /// They are the same only up to others that broke: that one continues is certain, which is a choice. It gets a new id.
    Ambiguous,
}

/// What kind of change an event tells of, for one class of the six that a cospan can have, or one component of the union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A component is still there.
    Continue,
    /// Several components became one.
    Merge(MergeCause),
    /// One component became several.
    Split,
    /// A component appeared away from all others.
    ComponentBirth,
    /// A component disappeared.
    ComponentDeath,
    /// Several components became several others, joined by landmarks that were there in between only.
    Reorganise,
    /// A loop appeared.
    LoopBirth(BirthCause),
    /// A loop disappeared.
    LoopDeath(DeathCause),
    /// A loop is still there.
    LoopContinue(Lineage),
    /// A void appeared.
    VoidBirth(BirthCause),
    /// A void disappeared.
    VoidDeath(DeathCause),
    /// A void is still there.
    VoidContinue(Lineage),
    /// So many loops existed in the union alone.
    TransientLoops(usize),
    /// So many voids existed in the union alone.
    TransientVoids(usize),
}

impl Change {
    /// Whether it tells that nothing lasting happened. A loop or a void that goes on under a new id is news.
    pub fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Continue
                | Self::LoopContinue(Lineage::Matched)
                | Self::VoidContinue(Lineage::Matched)
                | Self::TransientLoops(_)
                | Self::TransientVoids(_)
        )
    }

    /// Whether it is about voids, which may be read less often than the rest.
    pub(crate) fn is_about_voids(self) -> bool {
        matches!(
            self,
            Self::VoidBirth(_)
                | Self::VoidDeath(_)
                | Self::VoidContinue(_)
                | Self::TransientVoids(_)
        )
    }
}

/// A component, a loop or a void on one side of an event, by the landmarks that show it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feature {
    /// Its identity, unique over the tracker's life.
    pub id: u64,
    /// The landmarks of a component or a void by ascending id; those of a loop in the order of its walks.
    pub landmarks: Vec<u64>,
    /// Closed walks through landmarks, each ending where it began, that together represent a loop; none for a component or a void.
    pub walks: Vec<Vec<u64>>,
    /// Triangles of landmarks, each by ascending id, that together enclose a void; none for a component or a loop.
    pub triangles: Vec<[u64; 3]>,
    /// Sum of the weights of its landmarks: how many points they stand for, if these came without weights.
    pub mass: f64,
}

/// Whether a change lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not known yet.
    Provisional,
    /// It was still true as many pushes later as asked for.
    Confirmed,
    /// It was undone before.
    Retracted,
}

/// The parts of an event's confidence. They measure different things, so they are never multiplied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// `min(1, persistence / 4ε)` of the least persistent class that the event counts, before and after; 1 if ε = 0.
    pub margin: f64,
    /// Length of the interval of scales that every class spans, as a share of its upper end.
    pub scale_support: f64,
    /// Pushes for which the change has been true so far.
    pub n_steps: u64,
}

/// One typed change.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the order of all that the tracker ever said, from 0.
    pub seq: u64,
    /// The `seq` under which this change was told first; a confirmation or retraction repeats the event with a new `seq`.
    pub origin: u64,
    /// The push at which the change happened, or the last of those between which a void changed.
    pub step: u64,
    /// The push after which it happened: the one before `step`, unless voids are read less often.
    pub since: u64,
    /// Latest time of a point up to that push, if points have times.
    pub time: Option<f64>,
    /// What happened.
    pub change: Change,
    /// The features before it: parents, or what continued or died.
    pub before: Vec<Feature>,
    /// The features after it: children, or what continued or was born.
    pub after: Vec<Feature>,
    /// Every class counted is born at or below the first scale and alive beyond the second; what died of resolution was so before
    /// the interval grew to this one.
    pub scale: (f64, f64),
    /// How much there is to it.
    pub confidence: Confidence,
    /// Whether every class counted is proven to exist in the full window, on its side.
    pub certified: bool,
    /// Whether it lasted.
    pub status: Status,
}
