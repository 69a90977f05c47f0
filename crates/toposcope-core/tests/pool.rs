//! The simplex pool against a hash map: random sequences of everything that can be done to it, checked after every step.

use std::collections::HashMap;

use proptest::prelude::*;
use toposcope_core::Error;
use toposcope_core::memory::{Budget, SLACK};
use toposcope_core::pool::{CriticalSimplex, PoolParams, PoolStats, Role, SimplexId, SimplexPool};

const ROLES: [Role; 4] = [Role::Founds, Role::Joins, Role::Births, Role::Kills];

/// Numbers choose among what is there when the step is taken.
#[derive(Debug, Clone)]
enum Step {
    Insert(CriticalSimplex),
    Retire(usize),
    /// Several in a row, so that the pool shrinks.
    RetireMany(usize),
    RetireStale(usize),
    /// An id that may or may not exist.
    Guess(SimplexId),
    Defragment,
    Maintain,
    Clear,
}

fn simplices() -> impl Strategy<Value = CriticalSimplex> {
    let parts = (0..4usize, 1..=4u64, 0..6u64, 0..3u8);
    parts.prop_map(|(role, count, first, value)| {
        let vertices: Vec<u64> = (0..count).map(|i| (first + 3 * i) % 13).collect();
        CriticalSimplex::new(ROLES[role], &vertices, f64::from(value))
            .expect("1 to 4 vertices, all different")
    })
}

/// Mostly inserting and retiring by turns, so that slots and indices are used many times.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let guess = (0..20u32, 0..4u32).prop_map(|(index, generation)| SimplexId { index, generation });
    let step = prop_oneof![
        12 => simplices().prop_map(Step::Insert),
        9 => any::<usize>().prop_map(Step::Retire),
        1 => (0..20usize).prop_map(Step::RetireMany),
        3 => any::<usize>().prop_map(Step::RetireStale),
        3 => guess.prop_map(Step::Guess),
        1 => Just(Step::Defragment),
        2 => Just(Step::Maintain),
        1 => prop::option::weighted(0.2, Just(Step::Clear)).prop_map(|c| c.unwrap_or(Step::Maintain)),
    ];
    prop::collection::vec(step, 0..200)
}

fn shares() -> impl Strategy<Value = PoolParams> {
    const CHOICES: [(f64, f64); 5] = [
        (0.5, 0.95),
        (1.0, 1.0),
        (0.25, 0.5),
        (0.01, 0.01),
        (0.3, 1.0),
    ];
    prop::sample::select(&CHOICES[..]).prop_map(|(soft_share, hard_share)| PoolParams {
        soft_share,
        hard_share,
    })
}

/// Without a limit, with one that is reached at times, and with one that is reached at once.
fn limits() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        3 => Just(None),
        1 => (500..3000u64).prop_map(Some),
        1 => (0..500u64).prop_map(Some),
    ]
}

/// What the pool has to agree with.
struct Model {
    params: PoolParams,
    simplices: HashMap<SimplexId, CriticalSimplex>,
    /// Ids by age; the map's order is nobody's business.
    live: Vec<SimplexId>,
    stale: Vec<SimplexId>,
    /// By dimension.
    holes: [usize; 4],
    n_defragmented: u64,
    n_inserted: u64,
}

impl Model {
    fn new(params: PoolParams) -> Self {
        Self {
            params,
            simplices: HashMap::new(),
            live: Vec::new(),
            stale: Vec::new(),
            holes: [0; 4],
            n_defragmented: 0,
            n_inserted: 0,
        }
    }

    fn n_holes(&self) -> usize {
        self.holes.iter().sum()
    }

    fn n_slots(&self) -> usize {
        self.live.len() + self.n_holes()
    }

    fn fragmentation(&self) -> f64 {
        match self.n_slots() {
            0 => 0.0,
            slots => self.n_holes() as f64 / slots as f64,
        }
    }

    fn insert(&mut self, id: SimplexId, simplex: CriticalSimplex) {
        assert_eq!(self.simplices.insert(id, simplex), None);
        self.live.push(id);
        let holes = &mut self.holes[simplex.dim()];
        *holes = holes.saturating_sub(1);
        self.n_inserted += 1;
    }

    fn retire(&mut self, id: SimplexId) -> Option<CriticalSimplex> {
        let simplex = self.simplices.remove(&id)?;
        self.live.retain(|&other| other != id);
        self.stale.push(id);
        self.holes[simplex.dim()] += 1;
        if self.fragmentation() >= self.params.hard_share {
            self.defragment();
        }
        Some(simplex)
    }

    fn defragment(&mut self) {
        self.n_defragmented += u64::from(self.n_holes() > 0);
        self.holes = [0; 4];
    }

    fn maintain(&mut self) -> bool {
        let due = self.fragmentation() >= self.params.soft_share;
        if due {
            self.defragment();
        }
        due
    }

    fn clear(&mut self) {
        self.stale.append(&mut self.live);
        self.simplices.clear();
        self.holes = [0; 4];
    }

    /// An edge: two vertices, a value, a role, a link back, and twelve bytes for the id.
    fn live_bytes(&self) -> u64 {
        let bytes = self.simplices.values().map(|s| s.vertices().len() * 8);
        bytes
            .map(|vertices| (vertices + 8 + 1 + 4 + 12) as u64)
            .sum()
    }

    fn stats(&self, budget: &Budget) -> PoolStats {
        let slack = budget.limit().map_or(0, |_| SLACK);
        PoolStats {
            live: self.live.len(),
            slots: self.n_slots(),
            live_bytes: self.live_bytes(),
            bytes: budget.live() - slack,
            peak_bytes: budget.peak() - slack,
            fragmentation: self.fragmentation(),
            n_defragmented: self.n_defragmented,
            n_inserted: self.n_inserted,
            n_retired: self.stale.len() as u64,
        }
    }
}

fn take(step: &Step, pool: &mut SimplexPool, model: &mut Model) {
    let before: Vec<_> = pool.iter().collect();
    let mut in_order = true;
    match *step {
        Step::Insert(simplex) => match pool.insert(simplex) {
            Ok(id) => {
                assert!(!model.stale.contains(&id), "{id:?} was issued before");
                model.insert(id, simplex);
                in_order = false;
            }
            Err(error) => assert!(matches!(error, Error::MemoryLimit { .. })),
        },
        Step::Retire(which) => {
            in_order = false;
            if let Some(&id) = nth(&model.live, which) {
                assert_eq!(pool.retire(id), model.retire(id));
            }
        }
        Step::RetireMany(count) => {
            in_order = false;
            for _ in 0..count.min(model.live.len()) {
                let id = model.live[0];
                assert_eq!(pool.retire(id), model.retire(id));
            }
        }
        Step::RetireStale(which) => {
            if let Some(&id) = nth(&model.stale, which) {
                assert_eq!(pool.retire(id), None);
            }
        }
        Step::Guess(id) => {
            let expected = model.simplices.get(&id).copied();
            assert_eq!(pool.get(id), expected);
            if expected.is_none() {
                assert_eq!(pool.retire(id), None);
            }
        }
        Step::Defragment => {
            pool.defragment();
            model.defragment();
        }
        Step::Maintain => assert_eq!(pool.maintain(), model.maintain()),
        Step::Clear => {
            in_order = false;
            pool.clear();
            model.clear();
        }
    }
    if in_order {
        assert_eq!(pool.iter().collect::<Vec<_>>(), before);
    }
}

fn nth<T>(items: &[T], which: usize) -> Option<&T> {
    items.get(which.checked_rem(items.len())?)
}

fn check(pool: &SimplexPool, model: &Model, budget: &Budget) {
    for &id in &model.live {
        assert_eq!(pool.get(id), Some(model.simplices[&id]));
    }
    for &id in &model.stale {
        assert_eq!(pool.get(id), None);
    }
    let content: Vec<_> = pool.iter().collect();
    assert_eq!(content.len(), model.live.len());
    assert!(
        content
            .iter()
            .all(|(id, s)| model.simplices.get(id) == Some(s))
    );
    assert!(content.is_sorted_by_key(|(_, simplex)| simplex.dim()));
    let mut ids: Vec<_> = content.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), pool.len());
    assert_eq!(pool.is_empty(), model.live.is_empty());
    assert_eq!(pool.fragmentation(), model.fragmentation());
    assert_eq!(pool.stats(), model.stats(budget));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pool_is_a_map_whose_keys_are_never_used_twice(
        steps in steps(),
        params in shares(),
        limit in limits(),
    ) {
        let budget = limit.map_or_else(Budget::unlimited, |bytes| Budget::limited(SLACK + bytes));
        let mut pool = SimplexPool::with_params(&budget, params).unwrap();
        let mut model = Model::new(params);
        for step in &steps {
            take(step, &mut pool, &mut model);
            check(&pool, &model, &budget);
        }
        drop(pool);
        prop_assert_eq!(budget.live(), limit.map_or(0, |_| SLACK));
    }
}

fn edge(number: u64) -> CriticalSimplex {
    CriticalSimplex::new(Role::Joins, &[number, number + 1], 1.0).expect("two vertices")
}

#[test]
fn a_pool_that_keeps_its_size_asks_for_no_more_memory() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    let mut window: Vec<SimplexId> = (0..100).map(|i| pool.insert(edge(i)).unwrap()).collect();
    let peak = budget.peak();
    for i in 100..20_000u64 {
        let oldest = &mut window[(i % 100) as usize];
        assert_eq!(pool.retire(*oldest), Some(edge(i - 100)));
        *oldest = pool.insert(edge(i)).unwrap();
    }
    assert_eq!((pool.len(), pool.stats().slots), (100, 100));
    assert_eq!((budget.peak(), pool.stats().n_defragmented), (peak, 0));
}

#[test]
fn a_pool_that_shrinks_gives_memory_back() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    let mut kept: Vec<SimplexId> = (0..20_000).map(|i| pool.insert(edge(i)).unwrap()).collect();
    // As the ids that stay are the oldest, the directory can shrink too.
    while kept.len() > 100 {
        for id in kept.drain(kept.len() / 2..) {
            assert!(pool.retire(id).is_some());
        }
        assert!(pool.maintain());
        let stats = pool.stats();
        assert_eq!((stats.slots, stats.bytes), (kept.len(), budget.live()));
        assert_eq!(stats.peak_bytes, budget.peak());
        assert!(stats.bytes <= 2 * stats.live_bytes + (5 << 12), "{stats:?}");
    }
    let numbers = kept.iter().zip(0..);
    numbers.for_each(|(&id, number)| assert_eq!(pool.get(id), Some(edge(number))));
}
