//! Points: rows of coordinates, in the precision in which they came.

use crate::{Control, Error, Metric};

/// Coordinates checked between two looks at the clock.
const CHUNK: usize = 1 << 16;
/// About how many microseconds that takes.
const TICKS_PER_CHUNK: u32 = 64;
/// About how many coordinates are normalised in a microsecond.
const COORDINATES_PER_TICK: u32 = 128;

/// Coordinates as they came; arithmetic on them is always done in f64.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Coordinates {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// `n_points` rows of `n_dims` finite coordinates.
#[expect(
    clippy::struct_field_names,
    reason = "n_points is the name of the concept everywhere"
)]
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    coordinates: Coordinates,
    n_points: usize,
    n_dims: usize,
}

impl Points {
    /// Points from rows of `n_dims` float32 coordinates, one after the other.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the length is not a multiple of `n_dims`, or a coordinate is not finite.
    pub fn from_f32(coordinates: Vec<f32>, n_dims: usize) -> Result<Self, Error> {
        Self::from_f32_under(coordinates, n_dims, &Control::none())
    }

    /// Points from rows of `n_dims` float64 coordinates, one after the other.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the length is not a multiple of `n_dims`, or a coordinate is not finite.
    pub fn from_f64(coordinates: Vec<f64>, n_dims: usize) -> Result<Self, Error> {
        Self::from_f64_under(coordinates, n_dims, &Control::none())
    }

    /// [`Self::from_f32`], within reach of an interrupt.
    ///
    /// # Errors
    /// As there, and [`Error::Interrupted`].
    pub fn from_f32_under(
        coordinates: Vec<f32>,
        n_dims: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n_points = row_count(coordinates.len(), n_dims)?;
        check_finite(&coordinates, n_dims, control)?;
        Ok(Self {
            coordinates: Coordinates::F32(coordinates),
            n_points,
            n_dims,
        })
    }

    /// [`Self::from_f64`], within reach of an interrupt.
    ///
    /// # Errors
    /// As there, and [`Error::Interrupted`].
    pub fn from_f64_under(
        coordinates: Vec<f64>,
        n_dims: usize,
        control: &Control,
    ) -> Result<Self, Error> {
        let n_points = row_count(coordinates.len(), n_dims)?;
        check_finite(&coordinates, n_dims, control)?;
        Ok(Self {
            coordinates: Coordinates::F64(coordinates),
            n_points,
            n_dims,
        })
    }

    /// No points, of `n_dims` coordinates.
    pub(crate) fn none(n_dims: usize) -> Self {
        Self {
            coordinates: Coordinates::F32(Vec::new()),
            n_points: 0,
            n_dims,
        }
    }

    /// Number of rows.
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// Number of coordinates of each row.
    pub fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// Bytes held by the coordinates.
    pub fn bytes(&self) -> usize {
        match &self.coordinates {
            Coordinates::F32(c) => size_of_val(c.as_slice()),
            Coordinates::F64(c) => size_of_val(c.as_slice()),
        }
    }

    /// All coordinates, row by row.
    pub(crate) fn coordinates(&self) -> &Coordinates {
        &self.coordinates
    }

    /// Row `i` in f64.
    pub fn row(&self, i: usize) -> Vec<f64> {
        let at = i * self.n_dims..(i + 1) * self.n_dims;
        match &self.coordinates {
            Coordinates::F32(c) => c[at].iter().map(|&x| f64::from(x)).collect(),
            Coordinates::F64(c) => c[at].to_vec(),
        }
    }

    /// One coordinate in f64.
    #[inline]
    pub(crate) fn coordinate(&self, i: usize, axis: usize) -> f64 {
        match &self.coordinates {
            Coordinates::F32(c) => f64::from(c[i * self.n_dims + axis]),
            Coordinates::F64(c) => c[i * self.n_dims + axis],
        }
    }

    /// Distance between rows `i` and `j`. For [`Metric::Cosine`] the rows must have been made ready by [`Self::ready_for`].
    pub fn distance(&self, metric: Metric, i: usize, j: usize) -> f64 {
        let (a, b) = (i * self.n_dims, j * self.n_dims);
        match &self.coordinates {
            Coordinates::F32(c) => metric.between(&c[a..a + self.n_dims], &c[b..b + self.n_dims]),
            Coordinates::F64(c) => metric.between(&c[a..a + self.n_dims], &c[b..b + self.n_dims]),
        }
    }

    /// Distance between row `i` and row `j` of `other`, measured as if all rows stood in one set of points.
    pub(crate) fn distance_across(&self, metric: Metric, i: usize, other: &Self, j: usize) -> f64 {
        let (a, b) = (i * self.n_dims, j * other.n_dims);
        let (a, b) = (a..a + self.n_dims, b..b + other.n_dims);
        match (&self.coordinates, &other.coordinates) {
            (Coordinates::F32(c), Coordinates::F32(d)) => metric.between(&c[a], &d[b]),
            (Coordinates::F64(c), Coordinates::F64(d)) => metric.between(&c[a], &d[b]),
            _ => metric.between(&self.row(i), &other.row(j)),
        }
    }

    /// Writes row `j` of `other` over row `at`, or appends it if `at` is the number of rows. A wider row widens all.
    pub(crate) fn put_row(&mut self, at: usize, other: &Self, j: usize) {
        debug_assert!(at <= self.n_points && self.n_dims == other.n_dims);
        let (to, from) = (at * self.n_dims, j * other.n_dims..(j + 1) * other.n_dims);
        match (&mut self.coordinates, &other.coordinates) {
            (Coordinates::F32(c), Coordinates::F32(d)) => write_at(c, to, &d[from]),
            (Coordinates::F64(c), Coordinates::F64(d)) => write_at(c, to, &d[from]),
            (Coordinates::F64(c), Coordinates::F32(_)) => write_at(c, to, &other.row(j)),
            (Coordinates::F32(c), Coordinates::F64(d)) => {
                let mut wide: Vec<f64> = c.iter().map(|&x| f64::from(x)).collect();
                write_at(&mut wide, to, &d[from]);
                self.coordinates = Coordinates::F64(wide);
            }
        }
        self.n_points = self.n_points.max(at + 1);
    }

    /// Whether the coordinates are float64.
    pub(crate) fn is_f64(&self) -> bool {
        matches!(self.coordinates, Coordinates::F64(_))
    }

    /// The same points in float64.
    pub(crate) fn widened(self) -> Self {
        let coordinates = match self.coordinates {
            Coordinates::F32(c) => Coordinates::F64(c.into_iter().map(f64::from).collect()),
            wide @ Coordinates::F64(_) => wide,
        };
        Self {
            coordinates,
            ..self
        }
    }

    /// The points in the form in which `metric` measures them: of length one for [`Metric::Cosine`], else as they are.
    ///
    /// The norm is taken in f64 and the quotient rounded to the precision of the points, so that batch and stream, which
    /// stores what it has seen, measure the same bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a row to be normalised is zero.
    pub fn ready_for(self, metric: Metric) -> Result<Self, Error> {
        self.ready_for_under(metric, &Control::none())
    }

    /// [`Self::ready_for`], within reach of an interrupt.
    ///
    /// # Errors
    /// As there, and [`Error::Interrupted`].
    pub fn ready_for_under(mut self, metric: Metric, control: &Control) -> Result<Self, Error> {
        if metric == Metric::Cosine && self.n_dims > 0 {
            match &mut self.coordinates {
                Coordinates::F32(c) => normalise(c, self.n_dims, |x| x as f32, control)?,
                Coordinates::F64(c) => normalise(c, self.n_dims, |x| x, control)?,
            }
        }
        Ok(self)
    }
}

fn write_at<T: Copy>(row_major: &mut Vec<T>, at: usize, row: &[T]) {
    if at == row_major.len() {
        row_major.extend_from_slice(row);
    } else {
        row_major[at..at + row.len()].copy_from_slice(row);
    }
}

fn row_count(len: usize, n_dims: usize) -> Result<usize, Error> {
    if n_dims == 0 {
        return if len == 0 {
            Ok(0)
        } else {
            Err(Error::invalid(
                "points",
                "at least one coordinate per point",
                "n_dims = 0",
            ))
        };
    }
    if !len.is_multiple_of(n_dims) {
        let expected = format!("a whole number of rows of {n_dims} coordinates");
        return Err(Error::invalid(
            "points",
            expected,
            format!("{len} coordinates"),
        ));
    }
    let n_points = len / n_dims;
    if n_points > u32::MAX as usize {
        return Err(Error::invalid(
            "points",
            "at most 4294967295 points",
            n_points,
        ));
    }
    Ok(n_points)
}

fn check_finite<T: Copy + Into<f64>>(
    coordinates: &[T],
    n_dims: usize,
    control: &Control,
) -> Result<(), Error> {
    for (part, chunk) in coordinates.chunks(CHUNK).enumerate() {
        control.tick(TICKS_PER_CHUNK)?;
        if let Some(at) = chunk.iter().position(|&x| !x.into().is_finite()) {
            let (x, at): (f64, usize) = (chunk[at].into(), part * CHUNK + at);
            let got = format!("{x} in row {}, column {}", at / n_dims, at % n_dims);
            return Err(Error::invalid("points", "finite coordinates", got));
        }
    }
    Ok(())
}

fn normalise<T: Copy + Into<f64>>(
    coordinates: &mut [T],
    n_dims: usize,
    narrow: impl Fn(f64) -> T,
    control: &Control,
) -> Result<(), Error> {
    let widen = |x: T| -> f64 { x.into() };
    for (i, row) in coordinates.chunks_exact_mut(n_dims).enumerate() {
        control.tick(1 + n_dims as u32 / COORDINATES_PER_TICK)?;
        // Scaled by the largest coordinate first: squares of tiny or huge ones would vanish or overflow.
        let largest = row.iter().map(|&x| widen(x).abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            let expected = "non-zero rows, as the cosine metric needs a direction";
            return Err(Error::invalid(
                "points",
                expected,
                format!("zeros in row {i}"),
            ));
        }
        let norm = largest
            * row
                .iter()
                .map(|&x| (widen(x) / largest).powi(2))
                .sum::<f64>()
                .sqrt();
        for x in row {
            *x = narrow(widen(*x) / norm);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_precisions_measure_the_same() {
        let values = [0.0, 0.5, 3.0, 4.5, -1.25, 2.0];
        let wide = Points::from_f64(values.to_vec(), 2).unwrap();
        let narrow = Points::from_f32(values.iter().map(|&x| x as f32).collect(), 2).unwrap();
        for metric in [Metric::Euclidean, Metric::Manhattan, Metric::Chebyshev] {
            for (i, j) in [(0, 1), (0, 2), (1, 2), (1, 1)] {
                assert_eq!(wide.distance(metric, i, j), narrow.distance(metric, i, j));
            }
        }
        assert_eq!(wide.distance(Metric::Euclidean, 0, 1), 5.0);
    }

    #[test]
    fn cosine_is_the_chord() {
        let points = Points::from_f64(vec![2.0, 0.0, 0.0, 5.0, -1e-200, 0.0], 2).unwrap();
        let points = points.ready_for(Metric::Cosine).unwrap();
        assert_eq!(points.distance(Metric::Cosine, 0, 1), 2f64.sqrt());
        assert_eq!(points.distance(Metric::Cosine, 0, 2), 2.0);
    }

    #[test]
    fn rows_are_written_and_widened() {
        let narrow = Points::from_f32(vec![0.0, 1.0, 2.0, 3.0], 2).unwrap();
        let wide = Points::from_f64(vec![0.1, 0.2], 2).unwrap();
        let mut rows = Points::none(2);
        rows.put_row(0, &narrow, 1);
        rows.put_row(1, &narrow, 0);
        rows.put_row(0, &narrow, 0);
        assert_eq!(rows.row(0), [0.0, 1.0]);
        let before = rows.distance_across(Metric::Euclidean, 1, &wide, 0);
        rows.put_row(2, &wide, 0);
        assert_eq!((rows.n_points(), rows.row(2)), (3, vec![0.1, 0.2]));
        assert_eq!(rows.distance(Metric::Euclidean, 1, 2), before);
        rows.put_row(2, &narrow, 1);
        assert_eq!(rows.row(2), [2.0, 3.0]);
    }

    #[test]
    fn wrong_input_is_named() {
        let message = |r: Result<Points, Error>| r.unwrap_err().to_string();
        assert!(
            message(Points::from_f64(vec![1.0, f64::NAN], 2)).contains("NaN in row 0, column 1")
        );
        assert!(message(Points::from_f32(vec![1.0; 3], 2)).contains("3 coordinates"));
        assert!(message(Points::from_f32(vec![1.0; 3], 0)).contains("n_dims = 0"));
        let zero = Points::from_f32(vec![1.0, 0.0, 0.0, 0.0], 2).unwrap();
        assert!(message(zero.ready_for(Metric::Cosine)).contains("zeros in row 1"));
    }
}
