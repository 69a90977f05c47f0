//! The keys and values that a decoder keeps of the tokens it has seen.

use std::path::Path;

use half::f16;
use ort::memory::Allocator;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor};

use crate::Error;
use crate::runtime::PidBound;
use crate::spec::{CacheSpec, Dtype};

/// Two tensors `[1, n_kv_heads, n_tokens, head_dim]` per layer: keys, values, keys, … A run takes them as they are and gives
/// back grown ones, which replace them; they are never copied on the way. Keys carry their position already, which is why
/// slots may be dropped but positions never be given anew.
#[derive(Debug)]
pub(crate) struct Cache {
    tensors: PidBound<Vec<DynValue>>,
    n_tokens: usize,
}

impl Cache {
    /// The cache before the first token.
    pub(crate) fn empty(spec: &CacheSpec) -> Result<Self, String> {
        let new = || match spec.dtype {
            Dtype::Float16 => zeros::<f16>(spec, 0),
            _ => zeros::<f32>(spec, 0),
        };
        let tensors: ort::Result<Vec<DynValue>> = (0..2 * spec.n_layers).map(|_| new()).collect();
        Ok(Self {
            tensors: PidBound::new(tensors.map_err(|e| e.to_string())?),
            n_tokens: 0,
        })
    }

    /// A cache of `n_tokens` from what a run gave back.
    pub(crate) fn from_tensors(
        tensors: Vec<DynValue>,
        spec: &CacheSpec,
        n_tokens: usize,
    ) -> Result<Self, String> {
        let expected = [
            1,
            spec.n_kv_heads as i64,
            n_tokens as i64,
            spec.head_dim as i64,
        ];
        if tensors.len() != 2 * spec.n_layers {
            return Err(format!(
                "gave {} cache tensors, expected {}",
                tensors.len(),
                2 * spec.n_layers
            ));
        }
        for tensor in &tensors {
            let shape = tensor
                .dtype()
                .tensor_shape()
                .map(|shape| shape.to_vec())
                .unwrap_or_default();
            if shape != expected {
                return Err(format!(
                    "gave a cache tensor of shape {shape:?}, expected {expected:?}"
                ));
            }
        }
        Ok(Self {
            tensors: PidBound::new(tensors),
            n_tokens,
        })
    }

    /// Tokens held, per layer.
    pub(crate) fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    pub(crate) fn tensors(&self, path: &Path) -> Result<&[DynValue], Error> {
        self.tensors.get(path).map(Vec::as_slice)
    }

    /// The first `n_first` and the last `n_last` tokens alone, bit for bit and in order.
    pub(crate) fn keep(
        &self,
        spec: &CacheSpec,
        n_first: usize,
        n_last: usize,
        path: &Path,
    ) -> Result<Self, Error> {
        if n_first + n_last == 0 {
            return Self::empty(spec).map_err(|reason| Error::model(path, reason));
        }
        let kept: Result<Vec<DynValue>, ort::Error> = self
            .tensors(path)?
            .iter()
            .map(|tensor| match spec.dtype {
                Dtype::Float16 => keep_slots::<f16>(tensor, spec, n_first, n_last),
                _ => keep_slots::<f32>(tensor, spec, n_first, n_last),
            })
            .collect();
        let kept = kept.map_err(|e| run_error(path, &e))?;
        Ok(Self {
            tensors: PidBound::new(kept),
            n_tokens: n_first + n_last,
        })
    }

    /// One row per token for the last `n` tokens: the values of all layers and heads, one after the other. Values carry no
    /// position.
    pub(crate) fn value_rows(
        &self,
        spec: &CacheSpec,
        n: usize,
        path: &Path,
    ) -> Result<Vec<f32>, Error> {
        let n_dims = spec.n_layers * spec.n_kv_heads * spec.head_dim;
        let mut rows = vec![0.0; n * n_dims];
        for (layer, tensor) in self.tensors(path)?.iter().skip(1).step_by(2).enumerate() {
            let copied = match spec.dtype {
                Dtype::Float16 => copy_last::<f16>(tensor, spec, layer, &mut rows, n_dims),
                _ => copy_last::<f32>(tensor, spec, layer, &mut rows, n_dims),
            };
            copied.map_err(|e| run_error(path, &e))?;
        }
        Ok(rows)
    }

    /// All tensors as single precision, keys and values in turn.
    #[cfg(test)]
    pub(crate) fn to_vecs(&self, spec: &CacheSpec) -> Vec<Vec<f32>> {
        let tensors = self.tensors(Path::new("")).expect("own process");
        tensors
            .iter()
            .map(|tensor| to_f32(tensor, spec.dtype).expect("a tensor"))
            .collect()
    }
}

fn run_error(path: &Path, error: &ort::Error) -> Error {
    Error::Run {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}

/// Writes the last slots of one layer into their place in `rows`, one row of `n_dims` per slot.
fn copy_last<T: PrimitiveTensorElementType + Copy + Into<f32>>(
    tensor: &DynValue,
    spec: &CacheSpec,
    layer: usize,
    rows: &mut [f32],
    n_dims: usize,
) -> ort::Result<()> {
    let (_, from) = tensor.try_extract_tensor::<T>()?;
    let (dim, n_rows) = (spec.head_dim, rows.len() / n_dims);
    for (head, from) in from.chunks_exact(from.len() / spec.n_kv_heads).enumerate() {
        let at = (layer * spec.n_kv_heads + head) * dim;
        let slots = from[from.len() - n_rows * dim..].chunks_exact(dim);
        for (row, slot) in rows.chunks_exact_mut(n_dims).zip(slots) {
            for (to, &x) in row[at..at + dim].iter_mut().zip(slot) {
                *to = x.into();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
fn to_f32(tensor: &DynValue, dtype: Dtype) -> ort::Result<Vec<f32>> {
    Ok(match dtype {
        Dtype::Float16 => tensor
            .try_extract_tensor::<f16>()?
            .1
            .iter()
            .map(|x| x.to_f32())
            .collect(),
        _ => tensor.try_extract_tensor::<f32>()?.1.to_vec(),
    })
}

fn zeros<T: PrimitiveTensorElementType + Default + std::fmt::Debug>(
    spec: &CacheSpec,
    n_tokens: usize,
) -> ort::Result<DynValue> {
    let shape = [1, spec.n_kv_heads, n_tokens, spec.head_dim];
    Ok(Tensor::<T>::new(&Allocator::default(), shape)?.into_dyn())
}

fn keep_slots<T: PrimitiveTensorElementType + Copy + Default + std::fmt::Debug>(
    tensor: &DynValue,
    spec: &CacheSpec,
    n_first: usize,
    n_last: usize,
) -> ort::Result<DynValue> {
    let (_, from) = tensor.try_extract_tensor::<T>()?;
    let mut kept = zeros::<T>(spec, n_first + n_last)?;
    let (_, to) = kept.try_extract_tensor_mut::<T>()?;
    let per_head = from.len() / spec.n_kv_heads;
    let (first, last) = (n_first * spec.head_dim, n_last * spec.head_dim);
    for (from, to) in from
        .chunks_exact(per_head)
        .zip(to.chunks_exact_mut(first + last))
    {
        to[..first].copy_from_slice(&from[..first]);
        to[first..].copy_from_slice(&from[per_head - last..]);
    }
    Ok(kept)
}
