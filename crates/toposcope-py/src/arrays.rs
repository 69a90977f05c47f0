//! NumPy in, NumPy out. Arrays are copied once, while attached, into memory that Rust owns: once detached, another
//! Python thread may write to the array, and no borrow checker of ours would see it.

use numpy::{PyArray1, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use toposcope_core::{Diagram, Points};

use crate::errors::IntoPyResult;

/// Points from a 2-D float32 or float64 array of any order and stride, which errors call `argument`.
pub(crate) fn points_from(array: &Bound<'_, PyAny>, argument: &'static str) -> PyResult<Points> {
    if let Ok(array) = array.cast::<PyUntypedArray>()
        && let &[n_points, 0] = array.shape()
        && n_points > 0
    {
        return Err(wrong_array(
            argument,
            "at least one coordinate per point",
            array,
        ));
    }
    let points = if let Ok(array) = array.extract::<PyReadonlyArray2<'_, f32>>() {
        Points::from_f32(rows_of(&array), array.shape()[1])
    } else if let Ok(array) = array.extract::<PyReadonlyArray2<'_, f64>>() {
        Points::from_f64(rows_of(&array), array.shape()[1])
    } else {
        return Err(wrong_array(
            argument,
            "a 2-D float32 or float64 array",
            array,
        ));
    };
    points
        .map_err(|error| error.of_argument(argument))
        .into_py()
}

/// The entries of a 2-D array, row by row.
pub(crate) fn rows_of<T: numpy::Element + Copy>(array: &PyReadonlyArray2<'_, T>) -> Vec<T> {
    match array.as_slice() {
        Ok(rows) => rows.to_vec(),
        Err(_) => array.as_array().iter().copied().collect(),
    }
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
        }
    }
}
