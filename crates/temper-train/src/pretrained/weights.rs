//! Putting a checkpoint's weights into a model.

use std::collections::BTreeSet;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use super::names::{Named, is_redundant};
use super::{Pretrained, PretrainedError};
use crate::model::Model;

/// Rows and columns that are transposed at once: two such squares fit into the nearest cache.
const TILE: usize = 32;

/// Puts a checkpoint's weights into a model of its shape, and gives a checksum of them.
///
/// # Errors
/// A tensor is missing, has another shape or is one too many, or the file can't be read.
pub(crate) fn load_weights(
    model: Model,
    pretrained: &Pretrained,
    device: &Device,
) -> Result<(Model, Checksum), PretrainedError> {
    let mut loader = Loader {
        pretrained,
        device,
        path: Vec::new(),
        used: BTreeSet::new(),
        checksum: Hasher::new(),
        failure: None,
    };
    let model = model.map(&mut loader);
    if let Some(failure) = loader.failure {
        return Err(failure);
    }
    let mut others = pretrained.tensors.iter();
    let extra = others.find(|(name, _)| !loader.used.contains(*name) && !is_redundant(name));
    match extra {
        Some((name, stored)) => {
            Err(PretrainedError::ExtraTensor { name: name.clone(), shape: stored.shape.clone() })
        }
        None => Ok((model, Checksum(loader.checksum.finalize()))),
    }
}

/// Tells the weights of one checkpoint from those of another.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum(u32);

/// Walks through a model and fills in its weights, until something fails.
struct Loader<'a> {
    pretrained: &'a Pretrained,
    device: &'a Device,
    path: Vec<String>,
    used: BTreeSet<String>,
    checksum: Hasher,
    failure: Option<PretrainedError>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.failure.is_some() {
            return param;
        }
        let named = Named::of(&self.path.join("."), self.pretrained.shape.architecture);
        match self.read(&named, param.lazy_shape().to_vec()) {
            Ok(data) => {
                self.used.insert(named.name);
                self.checksum.update(data.as_bytes());
                Param::from_data(data, self.device)
            }
            Err(failure) => {
                self.failure = Some(failure);
                param
            }
        }
    }
}

impl Loader<'_> {
    /// The weight of `shape` in the model.
    fn read(&self, named: &Named, shape: Vec<usize>) -> Result<TensorData, PretrainedError> {
        let mut expected = shape.clone();
        if named.is_transposed {
            expected.reverse();
        }
        if named.third.is_some()
            && let Some(width) = expected.last_mut()
        {
            *width *= 3;
        }
        let name = named.name.clone();
        let Some(stored) = self.pretrained.tensors.get(&name) else {
            return Err(PretrainedError::MissingTensor { name, expected });
        };
        let has_more_positions = named.is_of_positions
            && stored.shape.len() == 2
            && stored.shape[0] >= expected[0]
            && stored.shape[1] == expected[1];
        if stored.shape != expected && !has_more_positions {
            let shape = stored.shape.clone();
            return Err(PretrainedError::Misshapen { name, shape, expected });
        }
        let mut values = stored.read()?;
        if !values.iter().all(|value| value.is_finite()) {
            return Err(PretrainedError::NotFinite { name });
        }
        values.truncate(expected.iter().product());
        if named.is_transposed {
            values = transposed(&values, expected[0], expected[1]);
        }
        if let (Some(third), Some(width)) = (named.third, shape.last()) {
            let rows = values.chunks(3 * width);
            values = rows.flat_map(|row| &row[third * width..][..*width]).copied().collect();
        }
        Ok(TensorData::new(values, shape))
    }
}

/// From `rows x columns` to `columns x rows`, both row-major.
pub(super) fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut turned = vec![0.0; values.len()];
    for first_row in (0..rows).step_by(TILE) {
        for first_column in (0..columns).step_by(TILE) {
            for row in first_row..(first_row + TILE).min(rows) {
                for column in first_column..(first_column + TILE).min(columns) {
                    turned[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    turned
}
