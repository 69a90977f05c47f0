//! How far a call has come, over all of its stages: one share that never goes back.
//!
//! Each form of an engine has a *plan*: its stages in the order in which they come, each with the share of the whole that it takes on
//! typical inputs of some size. Measured once and rounded: a share only has to be honest enough for a bar. Stages that come back, as those of a filtration that
//! is built bit by bit, leave the share where it is until they are further than before.

/// Stages and how much of the whole they are.
pub(crate) type Plan = &'static [(&'static str, f64)];

/// Degree 0 of points or of all distances.
pub(crate) const SPANNING_TREE: Plan = &[("index", 0.2), ("components", 0.75), ("diagram", 0.05)];
/// Degree 1 from points alone.
pub(crate) const SPATIAL_INDEX: Plan = &[
    ("index", 0.05),
    ("sweep", 0.65),
    ("components", 0.02),
    ("loops", 0.25),
    ("diagram", 0.03),
];
/// Degree 1 of all pairs.
pub(crate) const ALL_PAIRS: Plan = &[
    ("distances", 0.35),
    ("neighbours", 0.3),
    ("edges", 0.1),
    ("sort", 0.05),
    ("ranks", 0.03),
    ("sweep", 0.05),
    ("loops", 0.1),
    ("diagram", 0.02),
];
/// Degree 1, or 0 of sparse distances, over a list of edges.
pub(crate) const LOOPS: Plan = &[
    ("index", 0.02),
    ("distances", 0.15),
    ("enclosing radius", 0.03),
    ("sort", 0.15),
    ("ranks", 0.1),
    ("components", 0.02),
    ("sweep", 0.4),
    ("loops", 0.1),
    ("diagram", 0.03),
];
/// Higher degrees over a list of edges.
pub(crate) const HIGHER: Plan = &[
    ("index", 0.02),
    ("distances", 0.05),
    ("enclosing radius", 0.01),
    ("sort", 0.07),
    ("ranks", 0.04),
    ("components", 0.01),
    ("sweep", 0.5),
    ("reduction", 0.28),
    ("diagram", 0.02),
];
/// Implicit cohomology over a list of edges.
pub(crate) const COHOMOLOGY: Plan = &[
    ("index", 0.01),
    ("distances", 0.02),
    ("enclosing radius", 0.01),
    ("sort", 0.03),
    ("ranks", 0.02),
    ("components", 0.01),
    ("sweep", 0.1),
    ("apparent pairs", 0.1),
    ("cohomology", 0.69),
    ("diagram", 0.01),
];
/// The whole complex of critical cells, with what shows its intervals.
pub(crate) const REPRESENTATIVES: Plan = &[
    ("index", 0.01),
    ("distances", 0.02),
    ("enclosing radius", 0.01),
    ("sort", 0.03),
    ("ranks", 0.02),
    ("components", 0.01),
    ("sweep", 0.2),
    ("reduction", 0.3),
    ("cocycles", 0.2),
    ("cycles", 0.19),
    ("diagram", 0.01),
];
/// Alpha filtrations.
pub(crate) const ALPHA: Plan = &[
    ("ordering", 0.05),
    ("triangulation", 0.4),
    ("radii", 0.25),
    ("edges", 0.05),
    ("components", 0.05),
    ("voids", 0.05),
    ("loops", 0.13),
    ("diagram", 0.02),
];
/// Čech filtrations.
pub(crate) const CECH: Plan = &[
    ("complex", 0.5),
    ("components", 0.05),
    ("coboundaries", 0.1),
    ("reduction", 0.33),
    ("diagram", 0.02),
];

/// Where a call stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    plan: Plan,
    /// The share when the plan was taken up: another one may have been given up before.
    from: f64,
    reached: f64,
}

impl Progress {
    /// Nothing is done, and no plan is made.
    pub(crate) const fn none() -> Self {
        Self {
            plan: &[],
            from: 0.0,
            reached: 0.0,
        }
    }

    /// Goes on by a plan for all that is left.
    #[must_use]
    pub(crate) fn by(self, plan: Plan) -> Self {
        Self {
            plan,
            from: self.reached,
            ..self
        }
    }

    /// Goes on to where `done` of `total` units of a stage are finished. Without a plan every stage is all there is; a stage that the plan
    /// does not have leaves things as they are.
    #[must_use]
    pub(crate) fn at(self, stage: &str, done: usize, total: usize) -> Self {
        let within = (done as f64 / total.max(1) as f64).min(1.0);
        let share = match self.plan.iter().position(|&(name, _)| name == stage) {
            Some(at) => {
                let before: f64 = self.plan[..at].iter().map(|&(_, weight)| weight).sum();
                before + self.plan[at].1 * within
            }
            None if self.plan.is_empty() => within,
            None => 0.0,
        };
        let share = self.from + (1.0 - self.from) * share;
        Self {
            reached: self.reached.max(share),
            ..self
        }
    }

    /// The share of the whole that is done.
    pub(crate) fn share(self) -> f64 {
        self.reached.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_whole() {
        for plan in [
            SPANNING_TREE,
            SPATIAL_INDEX,
            ALL_PAIRS,
            LOOPS,
            HIGHER,
            COHOMOLOGY,
            REPRESENTATIVES,
            ALPHA,
            CECH,
        ] {
            let whole: f64 = plan.iter().map(|&(_, weight)| weight).sum();
            assert!((whole - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_share_never_goes_back() {
        let begun = Progress::none().by(ALL_PAIRS);
        let halfway = begun.at("neighbours", 1, 2);
        assert!((halfway.share() - 0.5).abs() < 1e-9);
        for earlier in [halfway.at("distances", 1, 2), halfway.at("nothing", 1, 1)] {
            assert_eq!(earlier.share(), halfway.share());
        }
        let otherwise = halfway.by(LOOPS).at("diagram", 1, 1);
        assert!((otherwise.share() - 1.0).abs() < 1e-9);
        assert_eq!(halfway.by(LOOPS).share(), halfway.share());
    }

    #[test]
    fn no_plan_is_one_stage() {
        assert_eq!(Progress::none().at("anything", 3, 4).share(), 0.75);
        assert_eq!(Progress::none().at("anything", 5, 0).share(), 1.0);
    }
}
