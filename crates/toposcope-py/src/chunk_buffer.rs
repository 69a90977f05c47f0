//! Memory for a chunk that Python fills and then gives up: the stream takes it over without a copy.
//!
//! # Rationale
//! An array that came from Python cannot be taken over: whoever else refers to it may write to it while Rust reads, and of C code that does
//! nobody knows. Here the memory is Rust's, and Python gets at it through the buffer protocol alone, which counts those who look: every array
//! and memoryview of it, and every view of those, holds an export until it is gone. Rust touches the values only while there is none.
#![expect(
    unsafe_code,
    reason = "the buffer protocol is made of raw pointers; there is no safe form of it"
)]

use std::ffi::c_int;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyBufferError, PyMemoryError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use toposcope_core::Points;

use crate::errors::IntoPyResult;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyChunkBuffer>()
}

/// A matrix of float32 in row order, until it is taken.
#[pyclass(frozen, subclass, name = "ChunkBuffer", module = "toposcope._core")]
pub(crate) struct PyChunkBuffer {
    values: Mutex<Values>,
    /// What exports point to: it stays where it is as long as they hold the object.
    shape: [isize; 2],
    strides: [isize; 2],
}

struct Values {
    /// Gone once it was taken.
    memory: Option<Vec<f32>>,
    n_exports: usize,
}

impl PyChunkBuffer {
    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The points, which leave the buffer empty; errors call it `argument`.
    pub(crate) fn take(&self, argument: &'static str) -> PyResult<Points> {
        let mut values = self.lock();
        if values.n_exports > 0 {
            return Err(PyValueError::new_err(format!(
                "{argument}: expected a ChunkBuffer that nobody looks at any more, got one with views alive: {}",
                values.n_exports
            )));
        }
        let Some(memory) = values.memory.take() else {
            return Err(PyValueError::new_err(format!(
                "{argument}: expected a ChunkBuffer with points, got one that was pushed before"
            )));
        };
        Points::from_f32(memory, self.shape[1].cast_unsigned())
            .map_err(|error| error.of_argument(argument))
            .into_py()
    }
}

#[pymethods]
impl PyChunkBuffer {
    /// All zero at first.
    #[new]
    fn new(n_points: usize, n_dims: usize) -> PyResult<Self> {
        let too_large = || PyMemoryError::new_err(());
        let signed = |n: usize| isize::try_from(n).map_err(|_| too_large());
        let shape = [signed(n_points)?, signed(n_dims)?];
        let item = size_of::<f32>();
        let row = n_dims.checked_mul(item).ok_or_else(too_large)?;
        signed(n_points.checked_mul(row).ok_or_else(too_large)?)?;
        let mut memory = Vec::new();
        let reserved = memory.try_reserve_exact(n_points * n_dims);
        reserved.map_err(|_| too_large())?;
        memory.resize(n_points * n_dims, 0.0);
        Ok(Self {
            values: Mutex::new(Values {
                memory: Some(memory),
                n_exports: 0,
            }),
            shape,
            strides: [signed(row)?, signed(item)?],
        })
    }

    #[getter]
    fn shape(&self) -> (isize, isize) {
        (self.shape[0], self.shape[1])
    }

    /// Whether the points were taken.
    #[getter]
    fn is_taken(&self) -> bool {
        self.lock().memory.is_none()
    }

    /// # Safety
    /// Called by the interpreter alone, with a view to fill in.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("expected a view, got null"));
        }
        let this = slf.get();
        let mut values = this.lock();
        let Some(memory) = values.memory.as_mut() else {
            // SAFETY: the view is the interpreter's to give, and was checked not to be null.
            unsafe { (*view).obj = ptr::null_mut() };
            return Err(PyBufferError::new_err(
                "the points were pushed: there is nothing to look at any more",
            ));
        };
        let asked = |flag: c_int| flags & flag == flag;
        if asked(ffi::PyBUF_F_CONTIGUOUS) && !asked(ffi::PyBUF_ANY_CONTIGUOUS) {
            // SAFETY: as above.
            unsafe { (*view).obj = ptr::null_mut() };
            return Err(PyBufferError::new_err("rows lie one after the other"));
        }
        let n_bytes = size_of_val(memory.as_slice()).cast_signed();
        // SAFETY: the view is as above. The memory is neither moved nor freed as long as an export is counted (`take`), and the object, which
        // holds shape and strides, is kept alive by `obj`. The format is a C string that lives for ever; nobody writes to it, to the
        // shape or to the strides through a view.
        unsafe {
            (*view).buf = memory.as_mut_ptr().cast();
            (*view).len = n_bytes;
            (*view).itemsize = size_of::<f32>().cast_signed();
            (*view).readonly = 0;
            (*view).ndim = 2;
            (*view).format = if asked(ffi::PyBUF_FORMAT) {
                c"f".as_ptr().cast_mut()
            } else {
                ptr::null_mut()
            };
            (*view).shape = if asked(ffi::PyBUF_ND) {
                this.shape.as_ptr().cast_mut()
            } else {
                ptr::null_mut()
            };
            (*view).strides = if asked(ffi::PyBUF_STRIDES) {
                this.strides.as_ptr().cast_mut()
            } else {
                ptr::null_mut()
            };
            (*view).suboffsets = ptr::null_mut();
            (*view).internal = ptr::null_mut();
        }
        values.n_exports += 1;
        drop(values);
        // SAFETY: as above; the reference goes over to the view, which gives it back when it is released.
        unsafe { (*view).obj = slf.into_ptr() };
        Ok(())
    }

    /// # Safety
    /// Called by the interpreter alone, once for each view that was given.
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.lock().n_exports -= 1;
    }
}
