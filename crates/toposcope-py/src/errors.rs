//! Rust errors as Python exceptions: `ValueError` for wrong input, subclasses of `toposcope.Error` for the rest.

use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use toposcope_core::Error;

static EXCEPTIONS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// An instance of the exception class `name` of `toposcope.exceptions`.
///
/// The classes are written in Python because abi3 before 3.12 cannot subclass exceptions from here.
pub(crate) fn exception(name: &str, message: &str) -> PyErr {
    Python::attach(|py| {
        let class = EXCEPTIONS
            .get_or_try_init(py, || Ok(py.import("toposcope.exceptions")?.unbind()))
            .and_then(|module| Ok(module.bind(py).getattr(name)?.cast_into::<PyType>()?));
        match class {
            Ok(class) => PyErr::from_type(class, (message.to_owned(),)),
            Err(error) => error,
        }
    })
}

/// `?` from a crate's result into Python's.
pub(crate) trait IntoPyResult<T> {
    /// The same result with the error as a Python exception.
    fn into_py(self) -> PyResult<T>;
}

impl<T> IntoPyResult<T> for Result<T, Error> {
    fn into_py(self) -> PyResult<T> {
        self.map_err(|error| core_error(&error))
    }
}

/// The exception for an error of the core.
pub(crate) fn core_error(error: &Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Invalid { .. } => PyValueError::new_err(message),
        Error::MemoryLimit { .. } | Error::OutOfMemory { .. } => {
            exception("MemoryLimitError", &message)
        }
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        Error::Snapshot { .. } => exception("CheckpointError", &message),
        _ => exception("Error", &message),
    }
}
