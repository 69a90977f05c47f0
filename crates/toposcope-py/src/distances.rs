//! Distances between diagrams.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use toposcope_vectorize::Intervals;
use toposcope_vectorize::distances::{Norm, wasserstein};

use crate::detach::detached;
use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(diagram_distance, m)?)
}

/// A distance and its matching, if any.
type Found<'py> = (f64, Option<Bound<'py, PyArray2<i64>>>);

/// The Wasserstein distance of an order, `inf` for the bottleneck distance, between intervals of shape (n, 2); with a matching
/// of shape (k, 2), in which -1 stands for the diagonal.
#[pyfunction]
fn diagram_distance<'py>(
    py: Python<'py>,
    a: PyReadonlyArray2<'py, f64>,
    b: PyReadonlyArray2<'py, f64>,
    order: f64,
    ground: f64,
) -> PyResult<Found<'py>> {
    let (a, b) = (columns_of(&a), columns_of(&b));
    let first = Intervals::new(&a.0, &a.1).map_err(|error| error.of_argument("a"));
    let second = Intervals::new(&b.0, &b.1).map_err(|error| error.of_argument("b"));
    let (first, second) = (first.into_py()?, second.into_py()?);
    let norm = Norm::new(ground).into_py()?;
    let found = detached(py, None, |control| {
        wasserstein(first, second, order, norm, control)
    })?;
    let matching = found.partners.map(|partners| {
        let pairs = pairs_of(&partners, second.len());
        PyArray1::from_vec(py, pairs.concat()).reshape([pairs.len(), 2])
    });
    Ok((found.distance, matching.transpose()?))
}

fn columns_of(intervals: &PyReadonlyArray2<'_, f64>) -> (Vec<f64>, Vec<f64>) {
    let rows = intervals.as_array();
    rows.rows().into_iter().map(|row| (row[0], row[1])).unzip()
}

/// All intervals of the first diagram in order with their partners, then those of the second that are left over.
#[expect(
    clippy::cast_possible_wrap,
    reason = "an array has fewer than 2^63 rows"
)]
fn pairs_of(partners: &[Option<usize>], n_second: usize) -> Vec<[i64; 2]> {
    let mut is_taken = vec![false; n_second];
    let mut pairs = Vec::with_capacity(partners.len());
    for (first, partner) in (0..).zip(partners) {
        let second = partner.map_or(-1, |second| {
            is_taken[second] = true;
            second as i64
        });
        pairs.push([first, second]);
    }
    let left = (0..).zip(is_taken).filter(|(_, is_taken)| !is_taken);
    pairs.extend(left.map(|(second, _)| [-1, second]));
    pairs
}
