//! Persistence image (Adams et al. 2017).
//!
//! With `p = death - birth` and the weight `w = p^power`, the surface over the (birth, persistence) plane is
//! ```text
//! ρ(x, y) = Σ_i w_i · g(x - birth_i) · g(y - p_i),     g(u) = exp(-u² / 2σ²) / (σ √(2π))
//! ```
//! and the image holds, by [`Mode`], its exact integral over each pixel or its value at each node. `σ` is a standard deviation
//! (in persim, `sigma` is a variance). Rows are persistence, columns birth, both ascending.
//!
//! The kernel is separable, so a point costs one error function per edge and one product per pixel. Pixels farther than
//! nine σ from a point receive nothing from it: there the true share is below 10⁻¹⁷ of its weight.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::ops::Range;

use toposcope_core::Error;

use crate::{Grid, Intervals, expect_len};

/// What a pixel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The integral of the surface over the pixel; the axes are pixel edges. The sum over a plane of pixels is Σ w.
    Integral,
    /// The value of the surface at a point; the axes are nodes.
    Density,
}

/// Shape of the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    sigma: f64,
    power: f64,
}

/// Beyond this many σ the kernel counts as zero.
const REACH: f64 = 9.0;

impl Surface {
    /// A surface of Gaussians of standard deviation `sigma`, weighted by persistence to the `power`.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless `sigma` is positive and finite, `power` finite and not negative.
    pub fn new(sigma: f64, power: f64) -> Result<Self, Error> {
        if !(sigma.is_finite() && sigma > 0.0) {
            return Err(Error::invalid("sigma", "a positive, finite number", sigma));
        }
        if !(power.is_finite() && power >= 0.0) {
            let expected = "a finite number, 0 or more";
            return Err(Error::invalid("power", expected, power));
        }
        Ok(Self { sigma, power })
    }

    /// The kernel around `centre` along one axis: its pixels within reach, and their values in `profile`.
    fn profile(self, axis: Grid<'_>, mode: Mode, centre: f64, profile: &mut [f64]) -> Range<usize> {
        let (from, to) = (centre - REACH * self.sigma, centre + REACH * self.sigma);
        match mode {
            Mode::Integral => {
                let within = axis.cells_meeting(from, to);
                let edges = &axis.positions()[within.start..=within.end];
                self.masses(edges, centre, profile);
                within
            }
            Mode::Density => {
                let within = axis.nodes_within(from, to);
                let scale = 1.0 / (self.sigma * libm::sqrt(2.0 * PI));
                for (value, node) in profile.iter_mut().zip(&axis.positions()[within.clone()]) {
                    let z = (node - centre) / self.sigma;
                    *value = scale * libm::exp(-0.5 * z * z);
                }
                within
            }
        }
    }

    /// The mass of a normal distribution around `centre` in each cell between neighbouring `edges`.
    fn masses(self, edges: &[f64], centre: f64, masses: &mut [f64]) {
        let scaled = |edge: f64| (edge - centre) / self.sigma * FRAC_1_SQRT_2;
        let mut left = Tail::beyond(scaled(edges[0]));
        for (mass, &edge) in masses.iter_mut().zip(&edges[1..]) {
            let right = Tail::beyond(scaled(edge));
            *mass = left.mass_until(right);
            left = right;
        }
    }
}

/// The mass of the standard kernel on the far side of an edge: small numbers stay exact, which `1 - erf` would lose.
#[derive(Clone, Copy)]
struct Tail {
    mass: f64,
    right_of_centre: bool,
}

impl Tail {
    fn beyond(z: f64) -> Self {
        Self {
            mass: 0.5 * libm::erfc(z.abs()),
            right_of_centre: z >= 0.0,
        }
    }

    /// Mass between this edge and a later one.
    fn mass_until(self, later: Self) -> f64 {
        match (self.right_of_centre, later.right_of_centre) {
            (true, _) => self.mass - later.mass,
            (false, false) => later.mass - self.mass,
            (false, true) => 1.0 - self.mass - later.mass,
        }
    }
}

/// Number of pixels along an axis.
pub fn n_pixels(axis: Grid<'_>, mode: Mode) -> usize {
    match mode {
        Mode::Integral => axis.n_cells(),
        Mode::Density => axis.n_nodes(),
    }
}

/// Fills `out`, of `n_pixels(persistences) * n_pixels(births)` values, row by row, lowest persistence first.
///
/// # Errors
/// [`Error::Invalid`] if `out` has another length or an interval is essential: it has no point in the plane.
pub fn pixels(
    intervals: Intervals<'_>,
    surface: Surface,
    mode: Mode,
    births: Grid<'_>,
    persistences: Grid<'_>,
    out: &mut [f64],
) -> Result<(), Error> {
    let (n_columns, n_rows) = (n_pixels(births, mode), n_pixels(persistences, mode));
    expect_len(out, n_rows * n_columns)?;
    if let Some(at) = intervals.first_essential() {
        let got = format!("an essential interval at {at}");
        return Err(Error::invalid("intervals", "finite deaths", got));
    }
    out.fill(0.0);
    let mut across = vec![0.0; n_columns];
    let mut along = vec![0.0; n_rows];
    let mut columns = 0..0;
    let mut last_birth = f64::NAN;
    for (birth, death) in intervals.iter() {
        // Sorted intervals repeat births; of a Rips diagram's components all are 0.
        if birth != last_birth {
            columns = surface.profile(births, mode, birth, &mut across);
            last_birth = birth;
        }
        let persistence = death - birth;
        let rows = surface.profile(persistences, mode, persistence, &mut along);
        let weight = libm::pow(persistence, surface.power);
        for (row, share) in rows.zip(&along) {
            let pixels = &mut out[row * n_columns..][columns.clone()];
            add_scaled(pixels, weight * share, &across);
        }
    }
    Ok(())
}

/// `pixels += scale * profile`.
fn add_scaled(pixels: &mut [f64], scale: f64, profile: &[f64]) {
    for (pixel, value) in pixels.iter_mut().zip(profile) {
        *pixel += scale * value;
    }
}
