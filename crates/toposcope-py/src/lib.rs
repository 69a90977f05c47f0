//! `toposcope._core`: the Rust engines as a Python module.
//!
//! Every binding converts its arguments, detaches, calls one function of a crate, and wraps the result. What users see is
//! the Python layer above; nothing here is public API.

// Functions called from Python own what was converted for them.
#![allow(clippy::needless_pass_by_value)]

use pyo3::prelude::*;

mod alpha;
mod arrays;
mod batch;
mod cech;
mod chunk_buffer;
mod detach;
mod distances;
#[cfg(feature = "embed")]
mod embed;
mod errors;
mod estimate;
mod representatives;
mod stream;
mod track;
mod vectorize;

#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add(
        "BUILD_PROFILE",
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    )?;
    alpha::register(m)?;
    batch::register(m)?;
    chunk_buffer::register(m)?;
    estimate::register(m)?;
    representatives::register(m)?;
    stream::register(m)?;
    track::register(m)?;
    vectorize::register(m)?;
    distances::register(m)?;
    cech::register(m)?;
    #[cfg(feature = "embed")]
    embed::register(m)?;
    Ok(())
}
