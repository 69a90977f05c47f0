//! The space that sites span, and the first simplex in it.

use super::predicates::{orientation_in_plane, orientation_in_space};
use crate::{Control, Error};

/// The span of different sites, with corners of a first simplex in ascending order.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// At most one site.
    Point,
    /// All on a line.
    Line,
    /// All in a plane. Leaving out the axis that is not named maps it one to one.
    Plane([u32; 3], [usize; 2]),
    /// Not in a plane.
    Space([u32; 4]),
}

impl Frame {
    pub(super) fn of(sites: &[[f64; 3]], n_dims: usize, control: &Control) -> Result<Self, Error> {
        if sites.len() < 2 {
            return Ok(Self::Point);
        }
        let mut others = 2..sites.len() as u32;
        let axes = |c: u32| {
            let [a, b, c] = [0, 1, c].map(|i| sites[i as usize]);
            let turned = |&[u, v]: &[usize; 2]| {
                orientation_in_plane([a[u], a[v]], [b[u], b[v]], [c[u], c[v]]) != 0.0
            };
            [[0, 1], [0, 2], [1, 2]].into_iter().find(turned)
        };
        let Some((c, axes)) = found(&mut others, control, |c| Some((c, axes(c)?)))? else {
            return Ok(Self::Line);
        };
        let corners = [0, 1, c];
        if n_dims == 2 {
            return Ok(Self::Plane(corners, axes));
        }
        let off_plane = |&d: &u32| {
            let [a, b, c, d] = [0, 1, c, d].map(|i| sites[i as usize]);
            orientation_in_space(a, b, c, d) != 0.0
        };
        let fourth = found(&mut others, control, |d| Some(d).filter(off_plane))?;
        Ok(fourth.map_or(Self::Plane(corners, axes), |d| Self::Space([0, 1, c, d])))
    }
}

fn found<T>(
    sites: &mut impl ExactSizeIterator<Item = u32>,
    control: &Control,
    test: impl Fn(u32) -> Option<T>,
) -> Result<Option<T>, Error> {
    for site in sites {
        control.tick(1)?;
        if let Some(found) = test(site) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_found() {
        let frame = |sites: &[[f64; 3]]| Frame::of(sites, 3, &Control::none()).unwrap();
        let line = [[0.0, 0.0, 0.0], [0.25, 0.5, 0.75], [0.125, 0.25, 0.375]];
        assert_eq!(frame(&line[..1]), Frame::Point);
        assert_eq!(frame(&line), Frame::Line);
        let upright = [line[0], line[1], line[2], [0.25, 0.5, 0.0]];
        assert_eq!(frame(&upright), Frame::Plane([0, 1, 3], [0, 2]));
        let space = [line[0], line[1], line[2], [0.25, 0.5, 0.0], [0.0, 0.1, 0.0]];
        assert_eq!(frame(&space), Frame::Space([0, 1, 3, 4]));
    }
}
