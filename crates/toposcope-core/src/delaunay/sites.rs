//! Points made ready for exact arithmetic, each position once, in a good order of insertion.

use super::{hilbert, radix};
use crate::memory::Held;
use crate::points::Coordinates;
use crate::{Control, Error, Points};

/// Coordinates are at most 1 after scaling, and from here on down not every f64 is kept.
const SMALLEST: f64 = 1.0 / (1u128 << 74) as f64 / (1u128 << 74) as f64;

/// One of so many sites is inserted in an earlier round.
const ROUND_SHARE: u64 = 8;
/// Rounds before the last. The first has a handful of 10^8 sites.
const EARLIER_ROUNDS: u32 = 8;

/// The different positions among points of R^2 or R^3, the third coordinate 0 in the plane, scaled by a power of two.
#[derive(Debug)]
pub(crate) struct Sites {
    coordinates: Held<[f64; 3]>,
    n_dims: usize,
    /// A coordinate of the points is one of these times 2 to this power.
    exponent: i32,
}

impl Sites {
    /// The sites of `points`, in an order that depends on the positions alone.
    pub(crate) fn new(points: &Points, control: &Control) -> Result<Self, Error> {
        let n_dims = points.n_dims();
        if n_dims != 2 && n_dims != 3 {
            let got = format!("{n_dims} dimensions");
            return Err(Error::invalid("points", "points in 2 or 3 dimensions", got));
        }
        let (mut sites, exponent) = scaled(points, control)?;
        let nowhere = Placed::default();
        let tick = |work| control.tick(work);
        let mut room = Held::filled(control.budget(), nowhere, sites.len(), tick)?;
        sort_along_curve(&mut sites, &mut room, control)?;
        drop(room);
        let coordinates = in_rounds(&sites, control)?;
        Ok(Self {
            coordinates,
            n_dims,
            exponent,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.coordinates.len()
    }

    pub(crate) fn n_dims(&self) -> usize {
        self.n_dims
    }

    pub(crate) fn coordinates(&self) -> &[[f64; 3]] {
        &self.coordinates
    }

    /// A length among the points, from one among the sites.
    pub(crate) fn unscaled(&self, length: f64) -> f64 {
        times_power_of_two(length, self.exponent)
    }

    /// Renumbers: the sites named, in ascending order, become the first.
    pub(super) fn bring_to_front<const V: usize>(&mut self, named: [u32; V]) -> [u32; V] {
        for (to, from) in named.into_iter().enumerate() {
            self.coordinates.swap(to, from as usize);
        }
        std::array::from_fn(|at| at as u32)
    }

    /// The sites in the order in which a line through all of them passes.
    pub(super) fn along_line(&self, control: &Control) -> Result<Held<u32>, Error> {
        let mut line = Held::with_capacity(control.budget(), self.len())?;
        line.extend(0..self.len() as u32)?;
        let tick = |work| control.tick(work);
        let mut room = Held::filled(control.budget(), 0, self.len(), tick)?;
        // By the first coordinate, and where the line is upright, by the next: from the last key to the first.
        for axis in (0..3).rev() {
            let key = |&site: &u32| ascending_bits(self.coordinates[site as usize][axis]);
            radix::sort_by_key(&mut line, &mut room, key, control)?;
        }
        Ok(line)
    }
}

/// Bits that are in the order of the numbers. There is one zero and no NaN.
fn ascending_bits(x: f64) -> u64 {
    let bits = x.to_bits();
    if x.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// A site with its place along a curve.
#[derive(Debug, Clone, Copy, Default)]
struct Placed {
    place: u64,
    site: [f64; 3],
}

/// The points with their largest coordinate brought to between 1/2 and 1, and the tiniest rounded; the exponent taken out.
fn scaled(points: &Points, control: &Control) -> Result<(Held<Placed>, i32), Error> {
    let (n_points, n_dims) = (points.n_points(), points.n_dims());
    let mut sites = Held::with_capacity(control.budget(), n_points)?;
    let mut largest = 0.0f64;
    for i in 0..n_points {
        control.poll("ordering", i, n_points)?;
        let at = i * n_dims..(i + 1) * n_dims;
        let mut site = [0.0; 3];
        match points.coordinates() {
            Coordinates::F32(all) => {
                let row = all[at].iter().map(|&x| f64::from(x));
                site.iter_mut().zip(row).for_each(|(x, given)| *x = given);
            }
            Coordinates::F64(all) => site[..n_dims].copy_from_slice(&all[at]),
        }
        largest = site.iter().fold(largest, |largest, x| largest.max(x.abs()));
        sites.push(Placed { place: 0, site })?;
    }
    let exponent = exponent_of(largest);
    for Placed { site, .. } in sites.iter_mut() {
        control.tick(1)?;
        *site = site.map(|x| rounded(times_power_of_two(x, -exponent)));
    }
    Ok((sites, exponent))
}

/// Adding and subtracting cuts off what is below the last bit of the sum. Zero has one sign afterwards.
fn rounded(x: f64) -> f64 {
    if x.abs() < SMALLEST {
        (x + 1.5 * SMALLEST) - 1.5 * SMALLEST
    } else {
        x
    }
}

/// The power of two just above a number of at least 0; 0 for 0.
fn exponent_of(x: f64) -> i32 {
    if x == 0.0 {
        return 0;
    }
    let stored = |x: f64| (x.to_bits() >> 52 & 0x7FF) as i32 - 1022;
    if x.is_normal() {
        stored(x)
    } else {
        stored(x * (1u64 << 60) as f64) - 60
    }
}

/// `x * 2^exponent`, in steps that neither overflow nor vanish before the result does.
fn times_power_of_two(mut x: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        x *= f64::from_bits(((step + 1023) as u64) << 52);
        exponent -= step;
    }
    x
}

/// Sorts along Hilbert's curve through the bounding cube, and where that cannot tell sites apart, through theirs.
fn sort_along_curve(
    sites: &mut [Placed],
    room: &mut [Placed],
    control: &Control,
) -> Result<(), Error> {
    let (low, side) = bounding_cube(sites, control)?;
    if side == 0.0 {
        return Ok(());
    }
    let per_cell = f64::from((1 << hilbert::BITS) - 1) / side;
    for placed in sites.iter_mut() {
        control.tick(1)?;
        let cell = |k: usize| ((placed.site[k] - low[k]) * per_cell) as u32;
        placed.place = hilbert::key(std::array::from_fn(cell));
    }
    radix::sort_by_key(sites, room, |placed| placed.place, control)?;
    let mut from = 0;
    while from < sites.len() {
        control.tick(1)?;
        let same = sites[from..]
            .iter()
            .take_while(|s| s.place == sites[from].place);
        let to = from + same.count();
        if to - from > 1 {
            // The first and the last site of an axis are never in one cell: it is a smaller cube.
            sort_along_curve(&mut sites[from..to], &mut room[from..to], control)?;
        }
        from = to;
    }
    Ok(())
}

/// The lowest corner of the cube around the sites, and its side.
fn bounding_cube(sites: &[Placed], control: &Control) -> Result<([f64; 3], f64), Error> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for Placed { site, .. } in sites {
        control.tick(1)?;
        for k in 0..3 {
            low[k] = low[k].min(site[k]);
            high[k] = high[k].max(site[k]);
        }
    }
    let side = (0..3).fold(0.0f64, |side, k| side.max(high[k] - low[k]));
    Ok((low, side))
}

/// Rounds of growing size, each along the curve, of positions that differ: a random subset before the rest. Where a site goes depends on its place
/// along the curve alone.
fn in_rounds(along: &[Placed], control: &Control) -> Result<Held<[f64; 3]>, Error> {
    let round = |place: usize| {
        let mixed = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 16;
        (mixed.trailing_zeros() / ROUND_SHARE.ilog2()).min(EARLIER_ROUNDS)
    };
    let mut ordered = Held::with_capacity(control.budget(), along.len())?;
    for earlier in (0..=EARLIER_ROUNDS).rev() {
        // Equal positions are neighbours, and count as one place.
        for (place, same) in along.chunk_by(|a, b| a.site == b.site).enumerate() {
            control.tick(1)?;
            if round(place) == earlier {
                ordered.push(same[0].site)?;
            }
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(rows: &[[f64; 3]]) -> Sites {
        let points = Points::from_f64(rows.concat(), 3).unwrap();
        Sites::new(&points, &Control::none()).unwrap()
    }

    #[test]
    fn positions_come_once_in_an_order_of_their_own() {
        let mut rows: Vec<[f64; 3]> = (0..200)
            .map(|i| [f64::from(i % 5), f64::from(i % 7), f64::from(i % 3) - 1.0])
            .collect();
        let once = sites(&rows);
        assert_eq!((once.len(), once.exponent), (105, 3));
        rows.reverse();
        rows.push([-0.0, 0.0, -0.0]);
        rows.push([0.0, -0.0, 0.0]);
        assert_eq!(sites(&rows).coordinates(), once.coordinates());
    }

    #[test]
    fn any_magnitude_is_scaled() {
        for size in [f64::MAX, 1e300, 1.0, 1e-300, 5e-324] {
            let scaled = sites(&[[size, 0.0, 0.0], [-size, size, 0.0]]);
            let largest = scaled
                .coordinates()
                .iter()
                .flatten()
                .fold(0.0f64, |a, x| a.max(x.abs()));
            assert!((0.5..1.0).contains(&largest));
            assert_eq!(scaled.unscaled(largest), size);
        }
        assert_eq!(sites(&[[0.0; 3]; 4]).len(), 1);
        // Next to 1, a coordinate of 1e-100 is not told from 0.
        assert_eq!(
            sites(&[[1.0, 1e-100, 0.0], [1.0, 0.0, 0.0], [1.0, 1e-40, 0.0]]).len(),
            2
        );
    }

    #[test]
    fn other_dimensions_are_refused() {
        let points = Points::from_f64(vec![0.0; 8], 4).unwrap();
        let error = Sites::new(&points, &Control::none())
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "points: expected points in 2 or 3 dimensions, got 4 dimensions"
        );
    }
}
