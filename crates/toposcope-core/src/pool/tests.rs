//! The edges of a pool: its ids, its shares, its memory.

use super::*;
use crate::memory::SLACK;

fn edge(a: u64, b: u64) -> CriticalSimplex {
    CriticalSimplex::new(Role::Joins, &[a, b], (a + b) as f64).unwrap()
}

fn vertex(a: u64) -> CriticalSimplex {
    CriticalSimplex::new(Role::Founds, &[a], 0.0).unwrap()
}

fn triangle(a: u64) -> CriticalSimplex {
    CriticalSimplex::new(Role::Kills, &[a, a + 1, a + 2], 1.0).unwrap()
}

fn edges(pool: &mut SimplexPool, count: u64) -> Vec<SimplexId> {
    (1..=count)
        .map(|b| pool.insert(edge(0, b)).unwrap())
        .collect()
}

fn content(pool: &SimplexPool) -> Vec<(SimplexId, CriticalSimplex)> {
    pool.iter().collect()
}

/// Never closes holes by itself while anything is in.
fn reluctant() -> PoolParams {
    PoolParams {
        soft_share: 1.0,
        hard_share: 1.0,
    }
}

#[test]
fn an_empty_pool_holds_nothing() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    assert!(pool.is_empty() && !pool.maintain());
    pool.defragment();
    pool.clear();
    let unknown = SimplexId {
        index: 0,
        generation: 0,
    };
    assert_eq!((pool.get(unknown), pool.retire(unknown)), (None, None));
    assert_eq!((pool.stats(), budget.live()), (PoolStats::default(), 0));
}

#[test]
fn shares_are_checked() {
    let params = PoolParams {
        soft_share: 0.6,
        hard_share: 0.5,
    };
    let refused = SimplexPool::with_params(&Budget::unlimited(), params);
    let expected = Error::invalid(
        "hard_share",
        "a share from soft_share, which is 0.6, to 1",
        0.5,
    );
    assert_eq!(refused.unwrap_err(), expected);
}

#[test]
fn a_stale_id_never_names_who_came_after() {
    let mut pool = SimplexPool::with_params(&Budget::unlimited(), reluctant()).unwrap();
    let mut id = pool.insert(edge(0, 1)).unwrap();
    let _other = pool.insert(edge(0, 2)).unwrap();
    for b in 3..100 {
        assert_eq!(pool.retire(id), Some(edge(0, b - 2 + u64::from(b > 3))));
        let next = pool.insert(edge(0, b)).unwrap();
        assert_eq!((next.index, next.generation), (id.index, id.generation + 1));
        assert_eq!((pool.get(id), pool.retire(id)), (None, None));
        assert_eq!(pool.get(next), Some(edge(0, b)));
        id = next;
    }
    assert_eq!((pool.len(), pool.stats().slots), (2, 2));
}

#[test]
fn a_pool_goes_on_when_its_indices_are_spent() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    pool.directory = Directory::from_generation(&budget, u32::MAX);
    let ids = edges(&mut pool, 10);
    for id in &ids[..9] {
        assert_eq!(id.generation, u32::MAX);
        assert!(pool.retire(*id).is_some());
        assert!(pool.retire(*id).is_none());
    }
    pool.defragment();
    // Slots are free, indices are not.
    let next = edges(&mut pool, 10);
    assert!(next.iter().zip(10..).all(|(id, index)| id.index == index));
    assert!(ids[..9].iter().all(|id| pool.get(*id).is_none()));
    assert_eq!(pool.get(ids[9]), Some(edge(0, 10)));
    assert_eq!((pool.len(), pool.stats().slots), (11, 11));
    pool.clear();
    let after = pool.insert(edge(0, 1)).unwrap();
    assert_eq!((after.index, pool.len()), (20, 1));
    assert!(ids.iter().chain(&next).all(|id| pool.get(*id).is_none()));
}

#[test]
fn holes_are_filled_by_their_own_dimension() {
    let mut pool = SimplexPool::with_params(&Budget::unlimited(), reluctant()).unwrap();
    let ids = edges(&mut pool, 3);
    pool.retire(ids[0]);
    pool.retire(ids[1]);
    pool.insert(vertex(7)).unwrap();
    pool.insert(triangle(7)).unwrap();
    assert_eq!((pool.stats().slots, pool.len()), (5, 3));
    assert_eq!(pool.fragmentation(), 0.4);
    // The youngest hole first.
    pool.insert(edge(5, 6)).unwrap();
    let content: Vec<CriticalSimplex> = pool.iter().map(|(_, simplex)| simplex).collect();
    assert_eq!(content, [vertex(7), edge(5, 6), edge(0, 3), triangle(7)]);
}

#[test]
fn defragmenting_changes_no_id_no_content_and_no_order() {
    let mut pool = SimplexPool::with_params(&Budget::unlimited(), reluctant()).unwrap();
    let ids = edges(&mut pool, 1000);
    let triangles: Vec<SimplexId> = (0..10).map(|a| pool.insert(triangle(a)).unwrap()).collect();
    for id in ids.iter().filter(|id| id.index % 3 != 1) {
        pool.retire(*id);
    }
    pool.retire(triangles[0]);
    let (before, filled) = (content(&pool), pool.stats());
    pool.defragment();
    let after = pool.stats();
    assert_eq!(content(&pool), before);
    assert_eq!((after.slots, after.live), (filled.live, filled.live));
    assert_eq!((after.fragmentation, after.n_defragmented), (0.0, 1));
    assert_eq!(after.live_bytes, filled.live_bytes);
    assert!(after.bytes < filled.bytes);
    assert_eq!(pool.get(ids[4]), Some(edge(0, 5)));
    assert_eq!(pool.get(triangles[9]), Some(triangle(9)));
    // There is nothing left to do.
    pool.defragment();
    assert_eq!(pool.stats(), after);
}

#[test]
fn an_edge_takes_41_bytes() {
    let mut pool = SimplexPool::new(&Budget::unlimited());
    pool.insert(edge(0, 1)).unwrap();
    assert_eq!(pool.stats().live_bytes, 29 + 12);
}

#[test]
fn the_soft_share_waits_to_be_asked() {
    let mut pool = SimplexPool::new(&Budget::unlimited());
    let ids = edges(&mut pool, 10);
    for id in &ids[..4] {
        pool.retire(*id);
    }
    assert!(!pool.maintain());
    pool.retire(ids[4]);
    assert_eq!((pool.fragmentation(), pool.stats().slots), (0.5, 10));
    assert!(pool.maintain());
    assert_eq!((pool.fragmentation(), pool.stats().slots), (0.0, 5));
    assert_eq!((pool.maintain(), pool.stats().n_defragmented), (false, 1));
}

#[test]
fn the_hard_share_does_not_wait() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    let ids = edges(&mut pool, 1000);
    let full = budget.live();
    for id in &ids[..949] {
        pool.retire(*id);
    }
    assert_eq!(pool.stats().n_defragmented, 0);
    assert_eq!((pool.stats().slots, budget.live()), (1000, full));
    pool.retire(ids[949]);
    assert_eq!((pool.stats().slots, pool.stats().n_defragmented), (50, 1));
    assert!(budget.live() < full);
    let kept = ids[950..].iter().zip(951..);
    kept.for_each(|(id, b)| assert_eq!(pool.get(*id), Some(edge(0, b))));
}

#[test]
fn the_last_one_to_leave_closes_its_hole() {
    let mut pool = SimplexPool::with_params(&Budget::unlimited(), reluctant()).unwrap();
    let ids = edges(&mut pool, 2);
    pool.retire(ids[1]);
    assert_eq!(pool.stats().slots, 2);
    pool.retire(ids[0]);
    assert_eq!((pool.stats().slots, pool.fragmentation()), (0, 0.0));
}

#[test]
fn clearing_makes_all_ids_stale_and_defragmenting_gives_the_room_back() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    let ids = edges(&mut pool, 1000);
    let full = budget.live();
    pool.clear();
    assert!(pool.is_empty() && pool.iter().next().is_none());
    assert_eq!((pool.fragmentation(), budget.live()), (0.0, full));
    let again = edges(&mut pool, 1000);
    assert_eq!(budget.live(), full);
    assert!(ids.iter().all(|id| pool.get(*id).is_none()));
    assert!(again.iter().all(|id| pool.get(*id).is_some()));
    pool.clear();
    pool.defragment();
    // What is small is not worth it: the roles, a byte each.
    assert!(budget.live() < 4096, "{}", budget.live());
    let stats = pool.stats();
    assert_eq!((stats.n_inserted, stats.n_retired), (2000, 2000));
}

#[test]
fn a_refused_insert_leaves_the_pool_as_it_was() {
    let mut refusals = 0;
    for limit in 0..4000 {
        let budget = Budget::limited(SLACK + limit);
        let mut pool = SimplexPool::new(&budget);
        let simplices = (0..40).map(|a| match a % 3 {
            0 => vertex(a),
            1 => edge(a, a + 1),
            _ => triangle(a),
        });
        let mut expected = Vec::new();
        for simplex in simplices {
            let (before, stats) = (content(&pool), pool.stats());
            match pool.insert(simplex) {
                Ok(id) => expected.push((id, simplex)),
                Err(error) => {
                    refusals += 1;
                    assert!(matches!(error, Error::MemoryLimit { .. }));
                    assert_eq!(content(&pool), before);
                    let room = PoolStats {
                        bytes: stats.bytes,
                        peak_bytes: stats.peak_bytes,
                        ..pool.stats()
                    };
                    assert_eq!(room, stats);
                }
            }
            assert_eq!(pool.stats().bytes, budget.live() - SLACK);
            assert_eq!(pool.stats().peak_bytes, budget.peak() - SLACK);
        }
        assert!(expected.iter().all(|&(id, s)| pool.get(id) == Some(s)));
        // Where one has left there is room for another, however little there is.
        if let Some(&(id, simplex)) = expected.last() {
            pool.retire(id);
            let next = pool.insert(simplex).unwrap();
            assert_eq!((pool.get(next), pool.get(id)), (Some(simplex), None));
        }
    }
    assert!(refusals > 1000);
}

#[test]
fn where_shrinking_does_not_fit_holes_are_closed_all_the_same() {
    let budget = Budget::limited(SLACK + (1 << 20));
    let mut pool = SimplexPool::with_params(&budget, reluctant()).unwrap();
    let ids = edges(&mut pool, 1000);
    for id in &ids[1..] {
        pool.retire(*id);
    }
    let bytes = pool.stats().bytes;
    let rest = budget.limit().unwrap() - budget.live();
    let others = budget.reserve(rest as usize).unwrap();
    pool.defragment();
    assert_eq!((pool.stats().slots, pool.stats().bytes), (1, bytes));
    assert_eq!(content(&pool), [(ids[0], edge(0, 1))]);
    drop(others);
    pool.defragment();
    assert!(pool.stats().bytes < bytes / 4);
    assert_eq!(content(&pool), [(ids[0], edge(0, 1))]);
}

#[test]
fn a_pool_that_is_dropped_gives_everything_back() {
    let budget = Budget::unlimited();
    let mut pool = SimplexPool::new(&budget);
    edges(&mut pool, 100);
    assert_eq!(pool.stats().bytes, budget.live());
    drop(pool);
    assert_eq!(budget.live(), 0);
}

#[test]
fn thirty_two_bits_are_the_limit() {
    assert_eq!(thirty_two_bits(0), Ok(0));
    let most = u32::MAX as usize;
    assert_eq!(thirty_two_bits(most - 1), Ok(u32::MAX - 1));
    let refusal = thirty_two_bits(most).unwrap_err().to_string();
    assert!(refusal.starts_with("simplices: expected fewer than 2^32"));
}
