//! The edges of a triangulation of space, in order, with the triangles over them.

use super::radii::{Radii, in_chunks};
use super::spheres::{obtuse, squared_radius_of_edge};
use crate::delaunay::Mesh;
use crate::delaunay::radix::{Valued, sort_by_value};
use crate::memory::Held;
use crate::union_find::UnionFind;
use crate::{Control, Error};

/// Edges by *rank*, their place in the filtration among edges, and triangles as sets of three.
#[derive(Debug)]
pub(super) struct Edges {
    n_vertices: usize,
    ends: Held<[u32; 2]>,
    values: Held<f64>,
    /// For each triangle the ranks of its edges: without the first of its ascending vertices, the second, the third.
    sides: Held<[u32; 3]>,
    /// For each edge its first triangle.
    first: Held<u32>,
}

impl Edges {
    pub(super) fn new(
        sites: &[[f64; 3]],
        mesh: &Mesh<4>,
        radii: &Radii,
        n_threads: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let list = EdgeList::new(sites.len(), mesh, radii, control)?;
        let n_triangles = radii.facets.len();
        let triangles = in_chunks(n_triangles, "edges", n_threads, control, |at| {
            let vertices = ascending(mesh.facet_vertices(radii.facets[at]));
            let obtuse = obtuse(vertices.map(|v| sites[v as usize]));
            (list.sides(vertices), obtuse)
        })?;
        let budget = control.budget();
        let mut sides = Held::with_capacity(budget, n_triangles)?;
        let mut found = Held::filled(budget, Unranked::NEW, list.len(), |w| control.tick(w))?;
        for ((at, &value), &(edges, obtuse)) in (0..).zip(radii.facet_values.iter()).zip(&triangles)
        {
            control.poll("edges", at as usize, n_triangles)?;
            sides.push(edges)?;
            for (edge, inside) in edges.into_iter().zip(obtuse) {
                found[edge as usize].note(at, value, inside);
            }
        }
        drop(triangles);
        Self::ranked(sites, &list, &found, sides, control)
    }

    /// Puts edges in order and renumbers them.
    fn ranked(
        sites: &[[f64; 3]],
        list: &EdgeList,
        found: &[Unranked],
        mut sides: Held<[u32; 3]>,
        control: &Control,
    ) -> Result<Self, Error> {
        let budget = control.budget();
        let mut order = Held::with_capacity(budget, list.len())?;
        let mut unranked_ends = Held::with_capacity(budget, list.len())?;
        for ((index, ends), edge) in (0..).zip(list.iter()).zip(found) {
            control.tick(1)?;
            let own = squared_radius_of_edge(ends.map(|v| sites[v as usize]));
            let value = edge.value(own);
            order.push(Valued { value, index })?;
            unranked_ends.push(ends)?;
        }
        sort_by_value(&mut order, control)?;
        let tick = |work| control.tick(work);
        let mut ranks = Held::filled(budget, 0, order.len(), tick)?;
        let mut ends = Held::with_capacity(budget, order.len())?;
        let mut values = Held::with_capacity(budget, order.len())?;
        let mut first = Held::with_capacity(budget, order.len())?;
        for (rank, edge) in (0..).zip(order.iter()) {
            control.tick(1)?;
            ranks[edge.index as usize] = rank;
            ends.push(unranked_ends[edge.index as usize])?;
            values.push(edge.value)?;
            first.push(found[edge.index as usize].first)?;
        }
        for edges in sides.iter_mut() {
            control.tick(1)?;
            *edges = edges.map(|edge| ranks[edge as usize]);
        }
        Ok(Self {
            n_vertices: sites.len(),
            ends,
            values,
            sides,
            first,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The squared radius at which an edge enters.
    pub(super) fn value(&self, edge: u32) -> f64 {
        self.values[edge as usize]
    }

    /// The edges of a triangle, in the order of the vertices that they lack.
    pub(super) fn sides(&self, triangle: u32) -> [u32; 3] {
        self.sides[triangle as usize]
    }

    /// The triangle that makes an apparent pair with an edge: its first, if the edge is that one's last.
    pub(super) fn filled_by(&self, edge: u32) -> Option<u32> {
        let triangle = self.first[edge as usize];
        (self.last_side(triangle) == edge).then_some(triangle)
    }

    /// Whether a triangle is in an apparent pair with an edge.
    pub(super) fn is_filling(&self, triangle: u32) -> bool {
        self.first[self.last_side(triangle) as usize] == triangle
    }

    fn last_side(&self, triangle: u32) -> u32 {
        let [a, b, c] = self.sides(triangle);
        a.max(b).max(c)
    }

    /// The edges that join components, ascending.
    pub(super) fn joining(&self, control: &Control) -> Result<Held<u32>, Error> {
        let mut components = UnionFind::new(self.n_vertices, control)?;
        let mut joining = Held::with_capacity(control.budget(), self.n_vertices - 1)?;
        for edge in 0..self.len() as u32 {
            control.poll("components", joining.len(), self.n_vertices)?;
            let [a, b] = self.ends[edge as usize];
            if self.filled_by(edge).is_none() && components.join(a, b) {
                joining.push(edge)?;
            }
        }
        Ok(joining)
    }
}

/// What the triangles over an edge say of it.
#[derive(Debug, Clone, Copy)]
struct Unranked {
    first: u32,
    /// Whether one of them has its third vertex inside the smallest sphere through the edge.
    attached: bool,
    bound: f64,
}

impl Unranked {
    const NEW: Self = Self {
        first: 0,
        attached: false,
        bound: f64::INFINITY,
    };

    fn note(&mut self, triangle: u32, value: f64, inside: bool) {
        self.attached |= inside;
        if value < self.bound {
            self.bound = value;
            self.first = triangle;
        }
    }

    /// The value, from that of the smallest sphere.
    fn value(&self, own: f64) -> f64 {
        if self.attached {
            self.bound
        } else {
            self.bound.min(own)
        }
    }
}

/// The edges from each vertex to those of larger number, in order.
struct EdgeList {
    /// Where those of each vertex begin, and the last end.
    offsets: Held<u32>,
    heads: Held<u32>,
}

impl EdgeList {
    fn new(
        n_vertices: usize,
        mesh: &Mesh<4>,
        radii: &Radii,
        control: &Control,
    ) -> Result<Self, Error> {
        let tick = |work| control.tick(work);
        let mut places = Held::filled(control.budget(), 0usize, n_vertices + 1, tick)?;
        for &facet in &radii.facets {
            control.poll("edges", 0, radii.facets.len())?;
            let [a, b, _] = ascending(mesh.facet_vertices(facet));
            places[a as usize] += 2;
            places[b as usize] += 1;
        }
        let mut before = 0;
        for place in places.iter_mut() {
            before += std::mem::replace(place, before);
        }
        let mut heads = Held::filled(control.budget(), 0, before, tick)?;
        for &facet in &radii.facets {
            control.poll("edges", 0, radii.facets.len())?;
            let [a, b, c] = ascending(mesh.facet_vertices(facet));
            for (tail, head) in [(a, b), (a, c), (b, c)] {
                let place = &mut places[tail as usize];
                heads[*place] = head;
                *place += 1;
            }
        }
        Self::without_copies(&places, heads, control)
    }

    /// Each edge has come once for every triangle over it. `ends`: where the heads of each vertex end.
    fn without_copies(
        ends: &[usize],
        mut heads: Held<u32>,
        control: &Control,
    ) -> Result<Self, Error> {
        let mut offsets = Held::with_capacity(control.budget(), ends.len())?;
        let (mut from, mut len) = (0, 0);
        for &to in ends {
            control.tick(1)?;
            offsets.push(len as u32)?;
            heads[from..to].sort_unstable();
            for at in from..to {
                if at == from || heads[at] != heads[at - 1] {
                    heads[len] = heads[at];
                    len += 1;
                }
            }
            from = to;
        }
        heads.truncate(len);
        heads.shrink_to_fit();
        Ok(Self { offsets, heads })
    }

    fn len(&self) -> usize {
        self.heads.len()
    }

    fn iter(&self) -> impl Iterator<Item = [u32; 2]> + '_ {
        let tails = (0..).zip(self.offsets.windows(2));
        let runs =
            tails.map(|(tail, ends)| (tail, &self.heads[ends[0] as usize..ends[1] as usize]));
        runs.flat_map(|(tail, heads)| heads.iter().map(move |&head| [tail, head]))
    }

    fn number(&self, tail: u32, head: u32) -> u32 {
        let from = self.offsets[tail as usize];
        let heads = &self.heads[from as usize..self.offsets[tail as usize + 1] as usize];
        from + heads.partition_point(|&other| other < head) as u32
    }

    /// The edges of a triangle of ascending vertices, in the order of the vertices that they lack.
    fn sides(&self, [a, b, c]: [u32; 3]) -> [u32; 3] {
        [self.number(b, c), self.number(a, c), self.number(a, b)]
    }
}

fn ascending(mut vertices: [u32; 3]) -> [u32; 3] {
    vertices.sort_unstable();
    vertices
}
