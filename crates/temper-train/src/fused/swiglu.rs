//! The gated activation of an MLP.

use burn::tensor::{Tensor, activation::silu};
use rayon::prelude::*;

use super::lanes::{sigmoid, vectorized};
use super::operation::{Array, Operation, apply, is_supported};

/// Numbers that a thread takes at once.
const BLOCK: usize = 16_384;

/// `silu(gate) * up`, where silu(x) is x times its sigmoid (Shazeer 2020, eq. 5): `batch x seq x
/// intermediate`.
pub(crate) fn swiglu(gate: Tensor<3>, up: Tensor<3>) -> Tensor<3> {
    if !is_supported(&gate) {
        return silu(gate) * up;
    }
    apply(&SwiGlu, [gate.into(), up.into()])
}

/// Of gate, up.
#[derive(Clone, Debug)]
struct SwiGlu;

impl Operation<2> for SwiGlu {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2]) -> (Array, Self::Saved) {
        let [gate, up] = &inputs;
        let mut output = vec![0.0; gate.values().len()];
        let blocks = output.par_chunks_mut(BLOCK).zip(gate.values().par_chunks(BLOCK));
        blocks.zip(up.values().par_chunks(BLOCK)).for_each(|((output, gate), up)| {
            vectorized(
                #[inline(always)]
                || {
                    for ((output, gate), up) in output.iter_mut().zip(gate).zip(up) {
                        *output = gate * sigmoid(*gate) * up;
                    }
                },
            );
        });
        (Array::new(output, gate.shape()), inputs)
    }

    fn backward(
        &self,
        [gate, up]: Self::Saved,
        gradient: Array,
        needs: [bool; 2],
    ) -> [Option<Array>; 2] {
        let length = gate.values().len();
        let (mut by_gate, mut by_up) = (vec![0.0; length], vec![0.0; length]);
        let outputs = by_gate.par_chunks_mut(BLOCK).zip(by_up.par_chunks_mut(BLOCK));
        let inputs = gate.values().par_chunks(BLOCK).zip(up.values().par_chunks(BLOCK));
        let blocks = outputs.zip(inputs).zip(gradient.values().par_chunks(BLOCK));
        blocks.for_each(|(((by_gate, by_up), (gate, up)), gradient)| {
            vectorized(
                #[inline(always)]
                || {
                    let outputs = by_gate.iter_mut().zip(by_up);
                    let inputs = gate.iter().zip(up).zip(gradient);
                    for ((by_gate, by_up), ((gate, up), gradient)) in outputs.zip(inputs) {
                        let share = sigmoid(*gate);
                        *by_up = gradient * gate * share;
                        *by_gate = gradient * up * share * (1.0 + gate * (1.0 - share));
                    }
                },
            );
        });
        let shape = gate.shape();
        [
            needs[0].then(|| Array::new(by_gate, shape.clone())),
            needs[1].then(|| Array::new(by_up, shape)),
        ]
    }
}
