//! What each position of a batch looks at.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor};

/// The positions that each one looks at: itself and those before it, in its own segment.
pub(super) enum Sight {
    /// As the first position that each one sees, `batch x seq`; `None`: the first of its row.
    First(Option<Arc<[usize]>>),
    /// As what is added to scores, 0 or minus infinity: `1 or batch x 1 x seq x all`.
    Mask(Box<Tensor<4>>),
}

impl Sight {
    /// Told by first positions, where `segments` are `batch x seq`, each a stretch of its row.
    pub(super) fn first(segments: Option<Tensor<2, Int>>) -> Sight {
        Sight::First(segments.map(|segments| first_of_segments(segments).into()))
    }

    /// Told by a mask: the causal one (`seq x seq`), with minus infinity also where two positions
    /// are of different `segments` (`batch x seq`).
    pub(super) fn mask(causal: Tensor<2>, segments: Option<Tensor<2, Int>>) -> Sight {
        let mask = causal.unsqueeze(); // [1, 1, seq, seq]
        Sight::Mask(Box::new(match segments {
            None => mask,
            Some(segments) => {
                let [batch, seq] = segments.dims();
                let looking = segments.clone().reshape([batch, 1, seq, 1]).repeat_dim(3, seq);
                let seen = segments.reshape([batch, 1, 1, seq]).repeat_dim(2, seq);
                let mask = mask.repeat_dim(0, batch); // [batch, 1, seq, seq]
                mask.mask_fill(looking.not_equal(seen), f32::NEG_INFINITY)
            }
        }))
    }
}

/// Where in its row the segment of each token begins: as `segments`, `batch x seq`, row-major.
pub(super) fn first_of_segments(segments: Tensor<2, Int>) -> Vec<usize> {
    let [_, seq] = segments.dims();
    let segments: Vec<i64> = segments.into_data().iter::<i64>().collect();
    let mut first = Vec::with_capacity(segments.len());
    for row in segments.chunks(seq) {
        let mut begin = 0;
        for (position, segment) in row.iter().enumerate() {
            if *segment != row[begin] {
                begin = position;
            }
            first.push(begin);
        }
    }
    first
}

/// 0 on and below the diagonal, minus infinity above it: `seq x seq`.
pub(super) fn causal_mask(seq: usize, device: &Device) -> Tensor<2> {
    Tensor::full([seq, seq], f32::NEG_INFINITY, device).triu(1) // [seq, seq]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_telling_say_the_same() {
        let device = Device::flex();
        let segments = Tensor::<2, Int>::from_data([[0, 0, 1, 1, 1], [0, 1, 1, 2, -1]], &device);
        let Sight::First(Some(first)) = Sight::first(Some(segments.clone())) else { panic!() };
        assert_eq!(*first, [0, 0, 2, 2, 2, 0, 1, 1, 3, 4]);
        let Sight::Mask(mask) = Sight::mask(causal_mask(5, &device), Some(segments)) else {
            panic!()
        };
        let mask: Vec<f32> = mask.into_data().try_to_vec().unwrap();
        for (index, value) in mask.into_iter().enumerate() {
            let (row, key) = (index / 5, index % 5);
            let is_seen = key <= row % 5 && key >= first[row];
            assert_eq!(value == 0.0, is_seen, "{index}");
        }
    }
}
