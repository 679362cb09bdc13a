//! Rotary position encoding.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::{cast, widen};

/// The turns of rotary position encoding (Su et al. 2021, eq. 34), for heads of `head_dim`
/// features: at position p, pair i turns by p theta^(-2i / `head_dim`).
///
/// As in Hugging Face's Llama, feature i is paired with feature i + `head_dim` / 2 ("halves"), not
/// with its neighbour.
#[derive(Module, Debug)]
pub(super) struct Rope {
    /// `seq x head_dim / 2`.
    cosines: Tensor<2>,
    /// `seq x head_dim / 2`.
    sines: Tensor<2>,
}

impl Rope {
    /// The turns at `positions` of pairs that turn by `frequencies` radians per position.
    pub(super) fn new(frequencies: &[f64], positions: Range<usize>, device: &Device) -> Rope {
        let (pairs, count) = (frequencies.len(), positions.len());
        let angles: Vec<f64> = positions
            .flat_map(|position| frequencies.iter().map(move |turn| position as f64 * turn))
            .collect();
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|angle| function(*angle) as f32).collect();
            // [positions, pairs]
            Tensor::from_data(TensorData::new(values, [count, pairs]), device)
        };
        Rope { cosines: table(f64::cos), sines: table(f64::sin) }
    }

    /// The turns of the first `seq` positions.
    pub(super) fn first(&self, seq: usize) -> Rope {
        let first = |table: &Tensor<2>| table.clone().slice_dim(0, 0..seq); // [seq, pairs]
        Rope { cosines: first(&self.cosines), sines: first(&self.sines) }
    }

    /// Cosines and sines, `seq x head_dim / 2` each.
    pub(super) fn tables(&self) -> (&Tensor<2>, &Tensor<2>) {
        (&self.cosines, &self.sines)
    }

    /// Turns each head by its position: `batch x heads x seq x head_dim`.
    pub(super) fn rotate(&self, heads: Tensor<4>) -> Tensor<4> {
        let [_, _, _, head_dim] = heads.dims();
        let given = heads.dtype();
        let heads = widen(heads);
        let cosines = self.cosines.clone().unsqueeze::<4>(); // [1, 1, seq, pairs]
        let sines = self.sines.clone().unsqueeze::<4>(); // [1, 1, seq, pairs]
        let first = heads.clone().slice_dim(3, 0..head_dim / 2); // [batch, heads, seq, pairs]
        let second = heads.slice_dim(3, head_dim / 2..head_dim); // [batch, heads, seq, pairs]
        let turned_first = first.clone() * cosines.clone() - second.clone() * sines.clone();
        let turned_second = second * cosines + first * sines;
        let turned = Tensor::cat(vec![turned_first, turned_second], 3); // [batch, heads, seq, head_dim]
        cast(turned, given.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One head of four features at each of `positions` positions, all with the same features.
    fn rotated(features: [f32; 4], positions: usize) -> Vec<[f32; 4]> {
        let device = Device::flex();
        let values = features.repeat(positions);
        let heads = Tensor::from_data(TensorData::new(values, [1, 1, positions, 4]), &device);
        let rope = Rope::new(&[1.0, 0.01], 0..positions, &device);
        let turned = rope.rotate(heads).into_data().try_to_vec::<f32>().unwrap();
        turned.as_chunks().0.to_vec()
    }

    fn dot(left: [f32; 4], right: [f32; 4]) -> f32 {
        left.into_iter().zip(right).map(|(left, right)| left * right).sum()
    }

    #[test]
    fn halves_are_paired_as_in_hugging_face_llama() {
        // `apply_rotary_pos_emb` at position 2: angles 2 and 0.02, pairs (1, 3) and (2, 4).
        let expected = [
            1.0 * 2f64.cos() - 3.0 * 2f64.sin(),
            2.0 * 0.02f64.cos() - 4.0 * 0.02f64.sin(),
            3.0 * 2f64.cos() + 1.0 * 2f64.sin(),
            4.0 * 0.02f64.cos() + 2.0 * 0.02f64.sin(),
        ];
        let turned = rotated([1.0, 2.0, 3.0, 4.0], 3);
        assert_eq!(turned[0], [1.0, 2.0, 3.0, 4.0]);
        for (value, expected) in turned[2].into_iter().zip(expected) {
            assert!((f64::from(value) - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    #[test]
    fn a_dot_product_depends_on_the_distance_alone() {
        let query = rotated([0.3, -1.0, 0.7, 2.0], 10);
        let key = rotated([1.5, 0.2, -0.4, 1.0], 10);
        for distance in 0..5 {
            let first = dot(query[distance], key[0]);
            for position in 0..5 {
                let shifted = dot(query[distance + position], key[position]);
                assert!((first - shifted).abs() < 1e-5, "{first} is not {shifted}");
            }
        }
    }
}
