//! The simplices of a Čech complex with their values, dimension by dimension.

use super::miniball::{MOST, power_of_two_near, squared_radius_if_all_are_needed};
use crate::alpha::double::Double;
use crate::memory::{Budget, Held};
use crate::parallel::{Pulse, in_blocks};
use crate::simplex::Packing;
use crate::{Control, Error, Points};

/// Vertices in ascending order, as [`Packing`] has them.
type Key = u128;

/// Positions are packed with a sign into 32 bits.
const MOST_SIMPLICES: usize = 1 << 31;

/// Points whose largest coordinate is near 1.
pub(super) struct Space {
    coordinates: Held<f64>,
    n_dims: usize,
    n_points: usize,
    /// What the coordinates were divided by, a power of two.
    unit: f64,
}

impl Space {
    pub(super) fn new(points: &Points, control: &Control) -> Result<Self, Error> {
        let (n_points, n_dims) = (points.n_points(), points.n_dims());
        let all = || (0..n_points * n_dims).map(|at| points.coordinate(at / n_dims, at % n_dims));
        let largest = all().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        // Not so near to 0 that its inverse is infinite.
        let unit = power_of_two_near(largest).clamp(f64::MIN_POSITIVE * 4.0, f64::MAX);
        let mut coordinates = Held::with_capacity(control.budget(), n_points * n_dims)?;
        coordinates.extend_in_chunks(n_points * n_dims, all().map(|x| x / unit), |work| {
            control.tick(work)
        })?;
        Ok(Self {
            coordinates,
            n_dims,
            n_points,
            unit,
        })
    }

    pub(super) fn n_points(&self) -> usize {
        self.n_points
    }

    fn squared_distance(&self, i: u32, j: u32) -> Double {
        let row = |i: u32| {
            let from = i as usize * self.n_dims;
            &self.coordinates[from..from + self.n_dims]
        };
        let pairs = row(i).iter().zip(row(j));
        pairs.fold(Double::from(0.0), |sum, (&x, &y)| {
            let difference = Double::difference(x, y);
            sum + difference * difference
        })
    }

    /// The radius of a ball in the unit of the points.
    fn radius(&self, squared: f64) -> f64 {
        squared.sqrt() * self.unit
    }
}

/// The simplices of one dimension, by their keys in ascending order: those with one largest vertex are next to each other.
pub(super) struct Level {
    dim: usize,
    keys: Held<Key>,
    values: Held<f64>,
    /// Of each simplex in turn, the positions of its facets one dimension below: first the one without the least vertex.
    facets: Held<u32>,
    /// By vertex: where those begin whose largest vertex it is.
    starts: Held<usize>,
}

impl Level {
    /// All points, born at 0.
    pub(super) fn vertices(n: usize, control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let tick = |work| control.tick(work);
        let mut keys = Held::new(budget);
        keys.extend_in_chunks(n, (0..n as u32).map(Key::from), tick)?;
        let mut starts = Held::new(budget);
        starts.extend_in_chunks(n + 1, 0..=n, tick)?;
        Ok(Self {
            dim: 0,
            keys,
            values: Held::filled(budget, 0.0, n, tick)?,
            facets: Held::new(budget),
            starts,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn value(&self, position: usize) -> f64 {
        self.values[position]
    }

    /// Positions one dimension below; the facet at `i` lacks the `i`-th vertex.
    pub(super) fn facets(&self, position: usize) -> &[u32] {
        let n_facets = self.dim + 1;
        &self.facets[position * n_facets..(position + 1) * n_facets]
    }

    fn with_largest(&self, vertex: u32) -> std::ops::Range<usize> {
        self.starts[vertex as usize]..self.starts[vertex as usize + 1]
    }

    fn position(&self, key: Key, largest: u32) -> Option<u32> {
        let range = self.with_largest(largest);
        let found = self.keys[range.clone()].binary_search(&key).ok()?;
        Some((range.start + found) as u32)
    }

    /// The simplices of one dimension more up to `threshold`.
    pub(super) fn next(
        &self,
        growth: &Growth,
        workers: &mut [()],
        control: &Control,
    ) -> Result<Self, Error> {
        let n = growth.space.n_points();
        let parts = in_blocks(workers, 0..n, control, "complex", |(), vertex, pulse| {
            pulse.beat(vertex, n)?;
            growth.grow(self, vertex as u32, pulse)
        })?;
        Self::joined(self.dim + 1, &parts, control)
    }

    fn joined(dim: usize, parts: &[Part], control: &Control) -> Result<Self, Error> {
        let budget = control.budget();
        let len: usize = parts.iter().map(|part| part.keys.len()).sum();
        if len > MOST_SIMPLICES {
            let expected = format!("points with at most {MOST_SIMPLICES} simplices of a dimension");
            return Err(Error::invalid(
                "points",
                expected,
                format!("{len} of dimension {dim}"),
            ));
        }
        let mut level = Self {
            dim,
            keys: Held::with_capacity(budget, len)?,
            values: Held::with_capacity(budget, len)?,
            facets: Held::with_capacity(budget, len * (dim + 1))?,
            starts: Held::with_capacity(budget, parts.len() + 1)?,
        };
        level.starts.push(0)?;
        for part in parts {
            control.tick(1 + (part.keys.len() / 256) as u32)?;
            level.keys.extend_from_slice(&part.keys)?;
            level.values.extend_from_slice(&part.values)?;
            level.facets.extend_from_slice(&part.facets)?;
            level.starts.push(level.keys.len())?;
        }
        Ok(level)
    }
}

/// The simplices of one dimension with the same largest vertex.
struct Part {
    keys: Held<Key>,
    values: Held<f64>,
    facets: Held<u32>,
}

impl Part {
    fn new(budget: &Budget) -> Self {
        Self {
            keys: Held::new(budget),
            values: Held::new(budget),
            facets: Held::new(budget),
        }
    }

    fn push(&mut self, key: Key, value: f64, facets: &[u32]) -> Result<(), Error> {
        self.keys.push(key)?;
        self.values.push(value)?;
        self.facets.extend_from_slice(facets)
    }
}

/// How simplices are added.
pub(super) struct Growth<'a> {
    pub(super) space: &'a Space,
    pub(super) packing: Packing<Key>,
    /// Largest value, itself included.
    pub(super) threshold: f64,
    /// Once they are there; before, everything is an edge.
    pub(super) edges: Option<&'a Level>,
}

impl Growth<'_> {
    /// The cofacets of `below` whose largest vertex is `vertex`, in ascending order.
    fn grow(&self, below: &Level, vertex: u32, pulse: &Pulse) -> Result<Part, Error> {
        let mut part = Part::new(pulse.budget());
        let mut extend = |second: u32| {
            for position in below.with_largest(second) {
                pulse.tick()?;
                self.extend(below, position, vertex, &mut part)?;
            }
            Ok(())
        };
        match self.edges {
            None => (0..vertex).try_for_each(extend)?,
            Some(edges) => {
                // An edge's first facet lacks the lesser vertex; the second is the lesser one.
                let lesser = |position| edges.facets(position)[1];
                edges
                    .with_largest(vertex)
                    .try_for_each(|position| extend(lesser(position)))?;
            }
        }
        Ok(part)
    }

    /// Adds `vertex` to the simplex at `position`, if all facets are there and a ball of the threshold holds it.
    fn extend(
        &self,
        below: &Level,
        position: usize,
        vertex: u32,
        part: &mut Part,
    ) -> Result<(), Error> {
        let n_vertices = below.dim + 2;
        let key = self
            .packing
            .with(below.keys[position], n_vertices - 1, vertex);
        let mut facets = [0; MOST];
        let facets = &mut facets[..n_vertices];
        let mut value = below.values[position];
        for (i, facet) in facets.iter_mut().enumerate().take(n_vertices - 1) {
            let Some(found) = below.position(self.packing.without(key, i), vertex) else {
                return Ok(());
            };
            *facet = found;
            value = value.max(below.values[found as usize]);
        }
        facets[n_vertices - 1] = position as u32;
        if let Some(own) = self.own_value(key, n_vertices) {
            value = value.max(own);
        }
        if value > self.threshold {
            return Ok(());
        }
        part.push(key, value, facets)
    }

    /// The radius of the ball around a simplex, unless that is the ball around one of its facets. So a value that two
    /// simplices have in common is the same number, and rounding cannot lift a facet above a cofacet.
    fn own_value(&self, key: Key, n_vertices: usize) -> Option<f64> {
        let vertex = |at| self.packing.vertex(key, at);
        let squared = |i, j| self.space.squared_distance(vertex(i), vertex(j));
        let squared_radius = squared_radius_if_all_are_needed(n_vertices, squared)?;
        Some(self.space.radius(squared_radius))
    }
}
