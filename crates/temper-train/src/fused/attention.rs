//! Causal attention of grouped queries, without its matrix of scores.

mod backward;
mod forward;
mod heads;

use std::sync::Arc;

use burn::tensor::Tensor;
use rayon::prelude::*;

use self::backward::{Gradients, Incoming, backward};
use self::forward::forward;
use self::heads::{Heads, Item};
use super::operation::{Array, Operation, apply};

/// Rows of queries whose scores are computed at once.
const BLOCK_ROWS: usize = 64;

/// What of its surroundings each position of a batch looks at, and how.
pub(crate) struct Scope<'a> {
    /// Features of a head.
    pub(crate) head_dim: usize,
    /// What the product of a query and a key is multiplied by.
    pub(crate) scale: f64,
    /// Cosines and sines of rotary positions, `seq x head_dim / 2` each.
    pub(crate) rotation: Option<(&'a Tensor<2>, &'a Tensor<2>)>,
    /// The first position that each one sees, `batch x seq`; `None`: the first of its row.
    pub(crate) first_seen: Option<Arc<[usize]>>,
}

/// Each position's mean of the values at it and before it, weighed by how its query matches their
/// keys (Vaswani et al. 2017, eq. 1; grouped: Ainslie et al. 2023): from queries `batch x seq x
/// heads * head_dim`, keys and values `batch x seq x kv_heads * head_dim`, to the shape of the
/// queries.
///
/// Scores are computed for a block of rows at a time and again for the gradient, from the logarithm
/// of each row's sum (Dao et al. 2022, algorithms 1 and 4).
pub(crate) fn attention(
    scope: &Scope<'_>,
    queries: Tensor<3>,
    keys: Tensor<3>,
    values: Tensor<3>,
) -> Tensor<3> {
    let table = |tensor: &Tensor<2>| Array::constant(tensor.clone());
    let operation = Attention {
        head_dim: scope.head_dim,
        scale: scope.scale as f32,
        rotation: scope.rotation.map(|(cosines, sines)| [table(cosines), table(sines)]),
        first_seen: scope.first_seen.clone(),
    };
    apply(&operation, [queries.into(), keys.into(), values.into()])
}

/// Of queries, keys, values.
#[derive(Clone, Debug)]
struct Attention {
    head_dim: usize,
    scale: f32,
    rotation: Option<[Array; 2]>,
    first_seen: Option<Arc<[usize]>>,
}

#[derive(Clone, Debug)]
struct Saved {
    inputs: [Array; 3],
    output: Array,
    /// The logarithm of each row's sum of exponentials, `batch x heads x seq`.
    log_sums: Arc<[f32]>,
}

impl Attention {
    fn heads<'a>(&'a self, [queries, keys, values]: &'a [Array; 3]) -> Heads<'a> {
        Heads {
            seq: queries.shape()[1],
            head_dim: self.head_dim,
            scale: self.scale,
            rotation: self.rotation.as_ref().map(|tables| tables.each_ref().map(Array::values)),
            first_seen: self.first_seen.as_deref(),
            width: queries.width(),
            kv_width: keys.width(),
            queries: queries.values(),
            keys: keys.values(),
            values: values.values(),
        }
    }
}

impl Operation<3> for Attention {
    type Saved = Saved;

    fn forward(&self, inputs: [Array; 3]) -> (Array, Saved) {
        let heads = self.heads(&inputs);
        let mut output = vec![0.0; heads.queries.len()];
        let mut log_sums = vec![0.0; output.len() / self.head_dim];
        let outputs = output.par_chunks_mut(heads.seq * heads.width);
        outputs
            .zip(log_sums.par_chunks_mut(heads.seq * heads.width / self.head_dim))
            .enumerate()
            .for_each(|(index, (output, log_sums))| forward(&heads.item(index), output, log_sums));
        let output = Array::new(output, inputs[0].shape());
        (output.clone(), Saved { inputs, output, log_sums: log_sums.into() })
    }

    fn backward(&self, saved: Saved, gradient: Array, needs: [bool; 3]) -> [Option<Array>; 3] {
        let heads = self.heads(&saved.inputs);
        let (size, kv_size) = (heads.seq * heads.width, heads.seq * heads.kv_width);
        let [mut by_queries, mut by_keys, mut by_values] =
            saved.inputs.each_ref().map(|input| vec![0.0; input.values().len()]);
        let outputs = by_queries.par_chunks_mut(size);
        let outputs = outputs.zip(by_keys.par_chunks_mut(kv_size));
        let outputs = outputs.zip(by_values.par_chunks_mut(kv_size));
        let incoming = gradient.values().par_chunks(size);
        let incoming = incoming.zip(saved.output.values().par_chunks(size));
        let incoming = incoming.zip(saved.log_sums.par_chunks(size / self.head_dim));
        outputs.zip(incoming).enumerate().for_each(|(index, (outputs, incoming))| {
            let ((queries, keys), values) = outputs;
            let ((gradient, output), log_sums) = incoming;
            let item: Item<'_> = heads.item(index);
            backward(
                &item,
                &Incoming { gradient, output, log_sums },
                &mut Gradients { queries, keys, values },
            );
        });
        let mut shapes = saved.inputs.each_ref().map(Array::shape).into_iter();
        let mut needs = needs.into_iter();
        [by_queries, by_keys, by_values].map(|by_input| {
            let shape = shapes.next().expect("there are as many inputs");
            needs.next().and_then(|needs| needs.then(|| Array::new(by_input, shape)))
        })
    }
}
