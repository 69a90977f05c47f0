//! NumPy in, NumPy out. Arrays are copied once, while attached, into memory that Rust owns: once detached, another
//! Python thread may write to the array, and no borrow checker of ours would see it.

use numpy::ndarray::Dimension;
use numpy::{
    Element, PyArray1, PyReadonlyArray, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use toposcope_core::memory::{Budget, Held, Lease};
use toposcope_core::representatives::Representative;
use toposcope_core::{Control, Diagram, Error, Metric, Points};

use crate::detach::Attended;
use crate::errors::IntoPyResult;
use crate::representatives::RepresentativeColumns;

/// Points from a 2-D float32 or float64 array of any order and stride, which errors call `argument`.
pub(crate) fn points_from(array: &Bound<'_, PyAny>, argument: &'static str) -> PyResult<Points> {
    let coordinates = Coordinates::copy_of(array, argument, &Budget::unlimited())?;
    let points = coordinates.into_points(Metric::Euclidean, &Control::none());
    Ok(points.into_py()?.0)
}

/// The rows of a 2-D array, copied and not yet looked at: what remains to be done needs no interpreter.
pub(crate) struct Coordinates {
    values: Floats,
    n_dims: usize,
    argument: &'static str,
}

/// Numbers in the precision in which they came.
pub(crate) enum Floats {
    F32(Held<f32>),
    F64(Held<f64>),
}

impl Coordinates {
    /// Copies a 2-D float32 or float64 array of any order and stride, which errors call `argument`.
    pub(crate) fn copy_of(
        array: &Bound<'_, PyAny>,
        argument: &'static str,
        budget: &Budget,
    ) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyUntypedArray>()
            && let &[n_points, 0] = array.shape()
            && n_points > 0
        {
            let expected = "at least one coordinate per point";
            return Err(wrong_array(argument, expected, array));
        }
        let (values, n_dims) = if let Ok(array) = array.extract::<PyReadonlyArray2<'_, f32>>() {
            (Floats::F32(copied(&array, budget)?), array.shape()[1])
        } else if let Ok(array) = array.extract::<PyReadonlyArray2<'_, f64>>() {
            (Floats::F64(copied(&array, budget)?), array.shape()[1])
        } else {
            let expected = "a 2-D float32 or float64 array";
            return Err(wrong_array(argument, expected, array));
        };
        Ok(Self {
            values,
            n_dims,
            argument,
        })
    }

    /// The points, ready for `metric`, and what is set aside for them.
    pub(crate) fn into_points(
        self,
        metric: Metric,
        control: &Control<'_>,
    ) -> Result<(Points, Lease), Error> {
        let (points, lease) = match self.values {
            Floats::F32(values) => {
                let (values, lease) = values.into_parts();
                (Points::from_f32_under(values, self.n_dims, control), lease)
            }
            Floats::F64(values) => {
                let (values, lease) = values.into_parts();
                (Points::from_f64_under(values, self.n_dims, control), lease)
            }
        };
        let ready = points.and_then(|points| points.ready_for_under(metric, control));
        let points = ready.map_err(|error| error.of_argument(self.argument))?;
        Ok((points, lease))
    }
}

/// The entries of an array in row order. The interpreter sees to signals now and then: it is held all the time.
pub(crate) fn copied<T: Element + Copy, D: Dimension>(
    array: &PyReadonlyArray<'_, T, D>,
    budget: &Budget,
) -> PyResult<Held<T>> {
    let attended = Attended::new(array.py());
    let mut values = Held::new(budget);
    // Asked of the view and not of the array, whose `as_slice` gives columns where the order is Fortran's.
    let all = array.as_array();
    let done = if let Some(all) = all.as_slice() {
        values.copy_in_chunks(all, |_| attended.tick())
    } else {
        values.extend_in_chunks(all.len(), all.iter().copied(), |_| attended.tick())
    };
    attended.outcome(done)?;
    Ok(values)
}

/// The error for an array of the wrong type or shape; the Python layer lets none through.
pub(crate) fn wrong_array(argument: &str, expected: &str, got: &Bound<'_, PyAny>) -> PyErr {
    match got.cast::<PyUntypedArray>() {
        Ok(array) => PyValueError::new_err(format!(
            "{argument}: expected {expected}, got dtype {} and shape {:?}",
            array.dtype(),
            array.shape()
        )),
        Err(_) => PyTypeError::new_err(format!(
            "{argument}: expected {expected}, got {}",
            got.get_type()
        )),
    }
}

/// A diagram's columns as NumPy arrays, moved without a copy.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct DiagramColumns {
    dims: Py<PyArray1<u8>>,
    births: Py<PyArray1<f64>>,
    deaths: Py<PyArray1<f64>>,
    max_dim: u8,
    /// By dimension, if they were asked for.
    representatives: Option<Vec<Py<RepresentativeColumns>>>,
}

impl DiagramColumns {
    pub(crate) fn new(py: Python<'_>, diagram: Diagram) -> Self {
        let max_dim = diagram.max_dim();
        let (dims, births, deaths) = diagram.into_columns();
        Self {
            dims: PyArray1::from_vec(py, dims).unbind(),
            births: PyArray1::from_vec(py, births).unbind(),
            deaths: PyArray1::from_vec(py, deaths).unbind(),
            max_dim,
            representatives: None,
        }
    }

    /// With a representative of every interval.
    pub(crate) fn with_representatives(
        py: Python<'_>,
        diagram: Diagram,
        shown: &[Representative],
    ) -> PyResult<Self> {
        let of_dim = |dim: u8| {
            let from = diagram.dims().partition_point(|&d| d < dim);
            let to = diagram.dims().partition_point(|&d| d <= dim);
            Py::new(py, RepresentativeColumns::new(py, &shown[from..to])?)
        };
        let representatives = (0..=diagram.max_dim()).map(of_dim);
        let representatives = Some(representatives.collect::<PyResult<_>>()?);
        Ok(Self {
            representatives,
            ..Self::new(py, diagram)
        })
    }
}
