//! Linear algebra over a field: coefficients, sparse columns, and the reduction of a boundary matrix.

mod column;
mod field;
mod memo;
mod sum;
mod table;

pub(crate) use column::{Column, Reduction, add_multiple, bytes_to_add};
pub(crate) use field::{Field, Z2, Zp};
pub(crate) use memo::Memo;
pub(crate) use table::TableKey;
