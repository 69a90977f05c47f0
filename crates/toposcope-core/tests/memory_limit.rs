//! A memory limit is obeyed to the byte: an allocator that counts what lives never sees more than the limit, whether the call comes to an
//! end or is refused; and after it nothing is left.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{METHODS, Random, matrix, params, points, sparse, streams, trials};
use toposcope_core::memory::{Budget, SLACK};
use toposcope_core::representatives::{Detail, rips_with_representatives};
use toposcope_core::stream::{OnLimit, Report, Stream, StreamParams};
use toposcope_core::{
    AlphaParams, CechParams, Control, Error, Method, Metric, Points, RipsInput, RipsParams, alpha,
    cech, rips,
};

/// The system's allocator, counting the bytes that live and the most that ever did.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::SeqCst) + bytes;
    PEAK.fetch_max(live, Ordering::SeqCst);
}

#[expect(unsafe_code, reason = "an allocator is")]
// SAFETY: every call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the system's.
        unsafe { System.dealloc(block, layout) }
        LIVE.fetch_sub(layout.size(), Ordering::SeqCst);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new live side by side, as far as anyone can tell.
        add(size);
        // SAFETY: the caller's promise is the system's.
        let moved = unsafe { System.realloc(block, layout, size) };
        LIVE.fetch_sub(layout.size(), Ordering::SeqCst);
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that may live without having been reserved.
const UNRESERVED: u64 = 16 << 10;

/// How often a call came to its end, and how often it was refused.
#[derive(Default)]
struct Outcomes {
    ended: usize,
    refused: usize,
}

impl Outcomes {
    fn try_limit(&mut self, input: RipsInput, asked: &RipsParams, limit: u64) {
        self.hold(limit, &format!("{asked:?}"), |control| {
            rips(input, asked, control).map(drop)
        });
    }

    /// Runs `call` under `limit`.
    fn hold(&mut self, limit: u64, asked: &str, call: impl Fn(&Control) -> Result<(), Error>) {
        let before = LIVE.load(Ordering::SeqCst);
        PEAK.store(before, Ordering::SeqCst);
        let budget = Budget::limited(limit);
        let control = Control::none().with_budget(budget.clone());
        let outcome = call(&control);
        let peak = PEAK.load(Ordering::SeqCst) - before;
        assert!(peak as u64 <= limit, "{peak} bytes of {limit}: {asked}");
        // What is too small to be reserved is small whatever the input is.
        let unreserved = (peak as u64 + SLACK).saturating_sub(budget.peak());
        assert!(unreserved <= UNRESERVED, "{unreserved} bytes: {asked}");
        match outcome {
            Ok(()) => self.ended += 1,
            Err(Error::MemoryLimit { requested, .. }) => {
                self.refused += 1;
                assert!(requested > limit);
            }
            Err(other) => panic!("{other}"),
        }
        drop(control);
        assert_eq!(budget.live(), SLACK);
        drop(budget);
        // A little stays behind once: what the standard library keeps for threads.
        let left = LIVE.load(Ordering::SeqCst).saturating_sub(before);
        assert!(left < 4096, "{left} bytes are left");
    }
}

/// `x` cut off to multiples of `1 / grid`, if that is finite.
fn rounded(x: f64, grid: f64) -> f64 {
    if grid.is_finite() {
        (x * grid).floor() / grid
    } else {
        x
    }
}

/// All kinds of input in all dimensions, by every method.
fn try_few_points(outcomes: &mut Outcomes) {
    for trial in 0..trials(120) {
        let mut random = Random(trial as u64);
        let max_dim = random.below(4);
        let most = [1500, 1500, 400, 100][max_dim];
        let n = [40, 300, 900, 1500][random.below(4)].min(most);
        let n_dims = 1 + random.below(5);
        // Some on a grid, where nearly all distances are equal to others.
        let grid = [f64::INFINITY, 12.0][usize::from(random.below(3) == 0)];
        let mut row = || (0..n_dims).map(|_| rounded(random.unit(), grid)).collect();
        let points = points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>());
        let threshold = [None, Some(0.2), Some(0.05)][random.below(3)];
        let field = [2, 3][random.below(2)];
        // The second engine takes long where there are many columns.
        let few = max_dim == 0 || n <= 300;
        let method = if few {
            METHODS[random.below(3)]
        } else {
            Method::Auto
        };
        let asked = RipsParams {
            n_threads: Some(1 + random.below(4)),
            ..params(max_dim, threshold, field, method)
        };
        let distances = matrix(&points);
        let near = sparse(&distances, 0.1);
        for _ in 0..4 {
            // From next to nothing to more than enough.
            let limit = 1u64 << (16 + random.below(11));
            let limit = limit + random.next() % limit;
            outcomes.try_limit(RipsInput::Points(&points, Metric::Euclidean), &asked, limit);
            outcomes.try_limit(RipsInput::Dense(&distances), &asked, limit);
            outcomes.try_limit(RipsInput::Sparse(&near), &asked, limit);
        }
    }
}

/// So many points that there is no list of all pairs.
fn try_many_points(outcomes: &mut Outcomes) {
    for trial in 0..trials(6) {
        let mut random = Random(1000 + trial as u64);
        let n_dims = [2, 3, 9][random.below(3)];
        let n = [8000, 6000, 5000][random.below(3)];
        let mut row = || (0..n_dims).map(|_| random.unit()).collect();
        let points = points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>());
        let threshold = if n_dims == 9 { Some(0.3) } else { None };
        let asked = RipsParams {
            n_threads: Some(1 + random.below(4)),
            ..params(random.below(2), threshold, 2, Method::Auto)
        };
        for shift in [20, 21, 22, 23, 25] {
            let limit = (1u64 << shift) + random.next() % (1 << shift);
            outcomes.try_limit(RipsInput::Points(&points, Metric::Euclidean), &asked, limit);
        }
    }
}

/// The other filtrations, and what is shown of every interval.
fn try_other_filtrations(outcomes: &mut Outcomes) {
    for trial in 0..trials(20) {
        let mut random = Random(2000 + trial as u64);
        let n_dims = 2 + random.below(2);
        let grid = [f64::INFINITY, 6.0][usize::from(random.below(3) == 0)];
        let mut rows = |n: usize| {
            let mut row = || (0..n_dims).map(|_| rounded(random.unit(), grid)).collect();
            points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>())
        };
        let (many, few) = (rows(3000), rows(60));
        let n_threads = Some(1 + random.below(4));
        let field = [2, 3][random.below(2)];
        let of_alpha = AlphaParams {
            field,
            n_threads,
            ..AlphaParams::default()
        };
        let of_cech = CechParams {
            field,
            n_threads,
            threshold: [None, Some(0.2)][random.below(2)],
            ..CechParams::default()
        };
        let of_rips = RipsParams {
            n_threads,
            ..params(1 + random.below(2), None, field, Method::Auto)
        };
        let input = RipsInput::Points(&few, Metric::Euclidean);
        for shift in [15, 17, 19, 21, 23] {
            let limit = (1u64 << shift) + random.next() % (1 << shift);
            outcomes.hold(limit, "alpha", |control| {
                alpha(&many, &of_alpha, control).map(drop)
            });
            outcomes.hold(limit, "cech", |control| {
                cech(&few, &of_cech, control).map(drop)
            });
            outcomes.hold(limit, "representatives", |control| {
                rips_with_representatives(input, &of_rips, Detail::Chains, control).map(drop)
            });
        }
    }
}

/// Streams, from whose limit follows how many landmarks they keep: nothing but a chunk comes on top, while it is pushed. Returns how many
/// pushes there were, and how many of them came when the stream was full.
fn try_streams() -> (usize, usize) {
    let (mut n_pushes, mut n_full) = (0, 0);
    for trial in 0..trials(500) {
        let mut random = Random(3000 + trial as u64);
        let limit = 1u64 << (20 + random.below(9));
        let limit = (limit + random.next() % limit).min(256 << 20);
        let n_dims = [1, 2, 3, 16, 64, 300][random.below(6)];
        // Large limits have room for more landmarks than there is time for; small ones decide by themselves.
        let params = StreamParams {
            n_dims,
            cover_radius: [None, Some(0.0), Some(0.1)][random.below(3)],
            max_dim: random.below(2),
            background_dim: [None, None, Some(2)][random.below(3)],
            metric: [Metric::Euclidean, Metric::Manhattan, Metric::Cosine][random.below(3)],
            memory_limit: Some(limit),
            on_limit: [OnLimit::Coarsen, OnLimit::Evict][random.below(2)],
            n_threads: Some(1 + random.below(2)),
            half_life: [None, Some(20.0)][random.below(2)],
            min_mass: [None, Some(0.8)][random.below(2)],
            ..streams::params(50 + random.next() % 1000, 1 + random.below(200))
        };
        let base = LIVE.load(Ordering::SeqCst);
        let mut stream = Stream::new(params).unwrap();
        for _ in 0..6 {
            let n = 1 + random.below(200);
            let report = push_within_limit(&mut stream, n, base, &mut random);
            n_pushes += 1;
            n_full += usize::from(report.landmarks.len() == stream.landmark_cap());
        }
        // What is computed beside the pushes counts too, and must not be taken for the next stream's.
        while stream.background().is_ok_and(|(_, is_current)| !is_current) {
            std::thread::yield_now();
        }
    }
    (n_pushes, n_full)
}

/// A stream as large as its limit allows, at limits that it takes little time to fill.
fn try_full_streams() {
    for (limit, n_dims) in [
        (1 << 20, 3),
        (1 << 20, 64),
        (2 << 20, 700),
        (8 << 20, 3),
        (16 << 20, 32),
    ] {
        let mut random = Random(limit);
        let params = StreamParams {
            n_dims,
            cover_radius: Some(0.0),
            memory_limit: Some(limit),
            on_limit: OnLimit::Evict,
            n_threads: Some(2),
            ..streams::params(100_000, usize::MAX)
        };
        let base = LIVE.load(Ordering::SeqCst);
        let mut stream = Stream::new(params).unwrap();
        let cap = stream.landmark_cap();
        for n in [cap, 3, 1, cap / 10, 5, cap / 2, 4] {
            let report = push_within_limit(&mut stream, n, base, &mut random);
            assert_eq!(report.landmarks.len(), cap);
        }
    }
}

/// Pushes `n` points into a stream before which `base` bytes lived.
fn push_within_limit(stream: &mut Stream, n: usize, base: usize, random: &mut Random) -> Report {
    let (n_dims, limit) = (
        stream.params().n_dims,
        stream.params().memory_limit.unwrap(),
    );
    let coordinates = (0..n * n_dims).map(|_| 0.1 + random.unit()).collect();
    let chunk = Points::from_f64(coordinates, n_dims).unwrap();
    let of_chunk = (n * n_dims * size_of::<f64>()) as u64;
    PEAK.store(LIVE.load(Ordering::SeqCst), Ordering::SeqCst);
    let report = stream.push(chunk, None, &Control::none()).unwrap();
    let peak = (PEAK.load(Ordering::SeqCst) - base) as u64;
    assert!(
        peak <= limit + of_chunk,
        "{peak} bytes of {limit} with a chunk of {of_chunk}: {:?}",
        stream.params()
    );
    report
}

/// Points with few neighbours within the threshold take what their edges take, and no square of distances.
fn try_near_points() {
    for (n, n_dims) in [(1100, 3), (3000, 2), (3000, 6), (4000, 3)] {
        let mut random = Random(n as u64);
        let mut row = || (0..n_dims).map(|_| random.unit()).collect();
        let points = points(&(0..n).map(|_| row()).collect::<Vec<Vec<f64>>>());
        let threshold = [0.06, 0.1, 0.5][[2, 3, 6].iter().position(|&d| d == n_dims).unwrap()];
        let near = sparse(&matrix(&points), threshold);
        let budget = Budget::limited(1 << 30);
        let control = Control::none().with_budget(budget.clone());
        let asked = params(1, Some(threshold), 2, Method::Auto);
        let input = RipsInput::Points(&points, Metric::Euclidean);
        let diagram = rips(input, &asked, &control).unwrap();
        let of_list = rips(RipsInput::Sparse(&near), &asked, &Control::none());
        assert_eq!(diagram, of_list.unwrap());
        let square = (n * n * size_of::<u32>()) as u64;
        let peak = budget.peak() - SLACK;
        assert!(peak < square, "{peak} bytes, {square} for a square of {n}");
    }
}

// One test alone: another at the same time would be counted as well.
#[test]
fn no_limit_is_ever_passed() {
    let mut outcomes = Outcomes::default();
    try_few_points(&mut outcomes);
    try_many_points(&mut outcomes);
    try_other_filtrations(&mut outcomes);
    let (n_pushes, n_full) = try_streams();
    assert!(
        n_full > n_pushes / 10,
        "{n_full} of {n_pushes} pushes met a full stream"
    );
    try_full_streams();
    try_near_points();
    let Outcomes { ended, refused } = outcomes;
    assert!(
        ended > 100 && refused > 100,
        "{ended} ended, {refused} refused"
    );
}
