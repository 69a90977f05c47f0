//! Screens: neighbours of a point that settle the lunes of all edges into the cones behind them.
//!
//! **Lemma.** Let `a`, `b`, `z` be points of a Euclidean space with the angle `azb` over 150°. Then `z` is in the lune of `ab`, and nearer
//! than `|ab|` to all of that lune: it is a cone.
//!
//! *Proof.* Write `p = |az|`, `q = |bz|`, `l = |ab|`, and 180° − φ for the angle, so that `l² = p² + q² + 2pq cos φ`; `p` and `q` are below
//! `l`. A point `c` with `|ac|, |bc| ≤ l` and largest `|zc|` is on the boundary of one of the two balls, say `|cb| = l`. Then `|zc|² = l² + q² −
//! 2lq cos(zbc)`, and `zbc` is at most 60° plus the angle `abz`, where the two spheres meet, in the plane of `a`, `b` and `z`, opposite to
//! `z`. For that point `|zc|² = (p² + q² + l²) / 2 + √3 pq sin φ`, and so
//!
//! ```text
//! l² − |zc|² = pq cos φ − √3 pq sin φ = 2pq cos(60° + φ) > 0    for φ < 30°.  ∎
//! ```
//!
//! So the edges of a point that are worth a look end in front of the cones of half-angle 30° behind its neighbours: a bounded
//! number for evenly spread points, whatever the threshold (they make up the circle-based β-skeleton for β = 1/2).
//!
//! Lengths are rounded, so we ask for `l² − |zc|²` to be at least [`SLACK`] `l²`: rounding moves squares of lengths by some 10⁻¹⁵ of `l²`, and
//! what is computed here by less than 10⁻⁷.

/// By how much of the square of an edge a screen has to be clear of rounding.
const SLACK: f64 = 1e-6;
/// The same for boxes of points, whose bounds take a root.
const BOX_SLACK: f64 = 1e-5;
/// The same for telling whether a screen is in a lune.
const LUNE_SLACK: f64 = 1e-9;
/// Squares of lengths below this are left alone: products of two of them would underflow.
const SHORTEST: f64 = 1e-120;
/// Screens tested side by side.
const LANES: usize = 4;
/// More groups of screens than this are not kept: in higher dimensions they get many and screen little.
const MOST: usize = 12;

/// The screens of one point.
#[derive(Debug)]
pub(super) struct Screens<const D: usize> {
    groups: Vec<Group<D>>,
    /// How many screens the last group has room for.
    room: usize,
}

/// From the point to a few of its neighbours, by axis, and the squares of their lengths: zero where there is none.
#[derive(Debug, Clone, Copy)]
struct Group<const D: usize> {
    offsets: [[f64; LANES]; D],
    squares: [f64; LANES],
}

impl<const D: usize> Group<D> {
    const NONE: Self = Self {
        offsets: [[0.0; LANES]; D],
        squares: [0.0; LANES],
    };

    /// Products with an offset.
    #[inline(always)]
    fn along(&self, offset: &[f64; D]) -> [f64; LANES] {
        let mut along = [0.0; LANES];
        for (column, &x) in self.offsets.iter().zip(offset) {
            for lane in 0..LANES {
                along[lane] += column[lane] * x;
            }
        }
        along
    }
}

impl<const D: usize> Screens<D> {
    pub(super) fn new() -> Self {
        Self {
            groups: Vec::with_capacity(MOST),
            room: 0,
        }
    }

    /// Forgets all of them: for the next point.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.room = 0;
    }

    /// Takes a neighbour in, if there is room and it is far enough to screen anything.
    #[inline(always)]
    pub(super) fn add(&mut self, offset: &[f64; D], square: f64) {
        if square < SHORTEST {
            return;
        }
        if self.room == 0 {
            if self.groups.len() == MOST {
                return;
            }
            self.groups.push(Group::NONE);
            self.room = LANES;
        }
        if let Some(group) = self.groups.last_mut() {
            let lane = LANES - self.room;
            for (column, &x) in group.offsets.iter_mut().zip(offset) {
                column[lane] = x;
            }
            group.squares[lane] = square;
            self.room -= 1;
        }
    }

    /// Whether a screen settles the lune of the edge to the point at this offset.
    #[inline(always)]
    pub(super) fn hide(&self, offset: &[f64; D], square: f64) -> bool {
        let margin = SLACK * square;
        self.groups.iter().any(|group| {
            let along = group.along(offset);
            let mut depth = [0.0; LANES];
            for lane in 0..LANES {
                let p2 = group.squares[lane];
                // pq cos φ, and (pq sin φ)².
                let cosine = along[lane] - p2;
                let q2 = square - 2.0 * along[lane] + p2;
                let sine2 = p2 * q2 - cosine * cosine;
                let clear = cosine - margin;
                depth[lane] = smaller(clear, clear * clear - 3.0 * sine2);
            }
            depth.into_iter().fold(0.0, larger) > 0.0
        })
    }

    /// Whether one screen settles the lunes of the edges to all points of a ball, given by the offset of its centre and its radius.
    #[inline(always)]
    pub(super) fn hide_ball(&self, centre: &[f64; D], radius: f64) -> bool {
        let mut square = 0.0;
        for x in centre {
            square += x * x;
        }
        let farthest = square.sqrt() + radius;
        let margin = BOX_SLACK * farthest * farthest;
        self.groups.iter().any(|group| {
            let along = group.along(centre);
            let mut depth = [0.0; LANES];
            for lane in 0..LANES {
                let p2 = group.squares[lane];
                let cosine = along[lane] - p2;
                let q2 = square - 2.0 * along[lane] + p2;
                let sine2 = larger(0.0, p2 * q2 - cosine * cosine);
                // The ball is inside the cone if its centre is further than its radius from the surface.
                let clear = cosine - (3.0 * sine2).sqrt();
                depth[lane] = clear - 2.0 * p2.sqrt() * radius - margin;
            }
            depth.into_iter().fold(0.0, larger) > 0.0
        })
    }
}

impl<const D: usize> Screens<D> {
    /// Whether one screen is in the lunes of the edges to all points of a box, given by the offsets of its corners: nearer to them than the
    /// point is, and nearer to the point than they are.
    #[inline(always)]
    pub(super) fn enter_lunes(&self, low: &[f64; D], high: &[f64; D]) -> bool {
        let (mut nearest, mut farthest) = (0.0, 0.0);
        for (&low, &high) in low.iter().zip(high) {
            let gap = larger(larger(low, -high), 0.0);
            nearest += gap * gap;
            let reach = larger(high, -low);
            farthest += reach * reach;
        }
        let margin = LUNE_SLACK * farthest;
        self.groups.iter().any(|group| {
            let mut along = [0.0; LANES];
            for axis in 0..D {
                for (along, x) in along.iter_mut().zip(group.offsets[axis]) {
                    *along += smaller(x * low[axis], x * high[axis]);
                }
            }
            let mut depth = [0.0; LANES];
            for lane in 0..LANES {
                let p2 = group.squares[lane];
                // |ab|² − |zb|², at least, and |ab|² − |az|².
                let nearer = 2.0 * along[lane] - p2;
                depth[lane] = smaller(nearer, nearest - p2) - margin;
            }
            depth.into_iter().fold(0.0, larger) > 0.0
        })
    }
}

/// The larger number; the second if one is none. Unlike [`f64::max`], one instruction for a whole register.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The smaller number; the second if one is none.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
