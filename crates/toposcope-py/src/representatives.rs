//! Representatives, dimension by dimension, as columns.

use numpy::PyArray1;
use pyo3::prelude::*;
use toposcope_core::representatives::{Chain, Representative};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<RepresentativeColumns>()?;
    m.add_class::<ChainColumns>()
}

/// The representatives of one dimension, in the order of the diagram. Vertices come one simplex after the other.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct RepresentativeColumns {
    birth_simplices: Py<PyArray1<u32>>,
    /// Of the intervals that end.
    death_simplices: Py<PyArray1<u32>>,
    cycles: Py<ChainColumns>,
    cocycles: Py<ChainColumns>,
}

/// One chain after the other.
#[pyclass(frozen, get_all, module = "toposcope._core")]
pub(crate) struct ChainColumns {
    /// Where each chain begins, in simplices, and the last ends.
    offsets: Py<PyArray1<u64>>,
    vertices: Py<PyArray1<u32>>,
    coefficients: Py<PyArray1<u16>>,
}

impl RepresentativeColumns {
    pub(crate) fn new(py: Python<'_>, shown: &[Representative]) -> PyResult<Self> {
        let births = shown.iter().flat_map(|shown| &shown.birth_simplex);
        let deaths = shown
            .iter()
            .filter_map(|shown| shown.death_simplex.as_ref());
        let chains = |chain: fn(&Representative) -> &Chain| {
            Py::new(py, ChainColumns::new(py, shown.iter().map(chain)))
        };
        Ok(Self {
            birth_simplices: PyArray1::from_vec(py, births.copied().collect()).unbind(),
            death_simplices: PyArray1::from_vec(py, deaths.flatten().copied().collect()).unbind(),
            cycles: chains(|shown| &shown.cycle)?,
            cocycles: chains(|shown| &shown.cocycle)?,
        })
    }
}

impl ChainColumns {
    fn new<'a>(py: Python<'_>, chains: impl Iterator<Item = &'a Chain>) -> Self {
        let (mut offsets, mut vertices, mut coefficients) = (vec![0], Vec::new(), Vec::new());
        for chain in chains {
            vertices.extend_from_slice(&chain.vertices);
            coefficients.extend_from_slice(&chain.coefficients);
            offsets.push(coefficients.len() as u64);
        }
        Self {
            offsets: PyArray1::from_vec(py, offsets).unbind(),
            vertices: PyArray1::from_vec(py, vertices).unbind(),
            coefficients: PyArray1::from_vec(py, coefficients).unbind(),
        }
    }
}
