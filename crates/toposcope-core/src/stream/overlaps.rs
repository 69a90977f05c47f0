//! Points of merged windows that are as old as others.

/// In a window counted in points every position of the order has one point. After a merge some have more: runs of positions,
/// normally none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overlaps {
    /// In ascending order, no two with the same ends.
    runs: Vec<Run>,
}

/// Positions `from..to` have so many points each beside the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) n: u64,
}

impl Overlaps {
    /// Those runs, in any order.
    pub(crate) fn new(mut runs: Vec<Run>) -> Self {
        runs.retain(|run| run.from < run.to);
        runs.sort_unstable();
        runs.dedup_by(|later, run| {
            let same = (run.from, run.to) == (later.from, later.to);
            if same {
                run.n = run.n.saturating_add(later.n);
            }
            same
        });
        Self { runs }
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Those and theirs, each later by so many positions, and one more run.
    pub(crate) fn joined(&self, later: u64, theirs: &Self, theirs_later: u64, more: Run) -> Self {
        let moved = |run: &Run, by: u64| Run {
            from: run.from + by,
            to: run.to + by,
            n: run.n,
        };
        let ours = self.runs.iter().map(|run| moved(run, later));
        let theirs = theirs.runs.iter().map(|run| moved(run, theirs_later));
        Self::new(ours.chain(theirs).chain([more]).collect())
    }

    /// The window starts here now.
    pub(crate) fn forget_before(&mut self, start: u64) {
        if self.runs.iter().any(|run| run.from < start) {
            let mut runs = std::mem::take(&mut self.runs);
            for run in &mut runs {
                run.from = run.from.max(start);
            }
            *self = Self::new(runs);
        }
    }

    /// Points of all runs.
    pub(crate) fn count(&self) -> u64 {
        let of_each = self.runs.iter().map(|run| (run.to - run.from) * run.n);
        of_each.sum()
    }

    /// How many points each position has from `at` on, and up to where.
    pub(crate) fn level(&self, at: u64, end: u64) -> (u64, u64) {
        let here = |run: &&Run| (run.from..run.to).contains(&at);
        let n_more: u64 = self.runs.iter().filter(here).map(|run| run.n).sum();
        let ends = self.runs.iter().flat_map(|run| [run.from, run.to]);
        let next = ends.filter(|&to| to > at).min();
        (1 + n_more, next.map_or(end, |next| next.min(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn run(from: u64, to: u64, n: u64) -> Run {
        Run { from, to, n }
    }

    #[test]
    fn runs_are_counted_wherever_the_window_starts() {
        let ours = Overlaps::new(vec![run(2, 5, 1), run(3, 3, 9)]);
        let theirs = Overlaps::new(vec![run(0, 3, 1), run(1, 3, 4)]);
        let mut joined = ours.joined(10, &theirs, 12, run(14, 15, 1));
        assert_eq!(
            joined.runs(),
            [run(12, 15, 2), run(13, 15, 4), run(14, 15, 1)]
        );
        assert_eq!(joined.count(), 6 + 8 + 1);
        assert_eq!(joined.level(0, 20), (1, 12));
        assert_eq!(joined.level(13, 20), (7, 14));
        assert_eq!(joined.level(15, 20), (1, 20));
        joined.forget_before(14);
        assert_eq!(joined.runs(), [run(14, 15, 7)]);
        joined.forget_before(15);
        assert_eq!(joined, Overlaps::default());
    }
}
