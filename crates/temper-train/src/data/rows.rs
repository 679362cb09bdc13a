//! Examples side by side: rows on the device, padded to the longest.

use burn::tensor::{Device, Tensor, TensorData};

use super::example::Example;
use super::sequences::Sequences;

impl Sequences {
    /// Lays examples into rows, one after the other in each.
    ///
    /// Shorter rows are padded on the right: no token sees what comes after it, and the padding's
    /// targets have no weight. Where a row has several examples, there are segments to keep them
    /// apart.
    pub(crate) fn lay(rows: &[Vec<&Example>], device: &Device) -> Self {
        let length = |row: &Vec<&Example>| row.iter().map(|example| example.inputs()).sum();
        let seq: usize = rows.iter().map(length).max().unwrap_or(0);
        let places = rows.len() * seq;
        let (mut inputs, mut targets) = (vec![0; places], vec![0; places]);
        let (mut weights, mut segments) = (vec![0.0; places], vec![-1; places]);
        for (row, examples) in rows.iter().enumerate() {
            let mut place = row * seq;
            for (segment, example) in examples.iter().enumerate() {
                for index in 0..example.inputs() {
                    inputs[place] = example.tokens[index] as i32;
                    targets[place] = example.tokens[index + 1] as i32;
                    weights[place] = f32::from(u8::from(example.trained[index + 1]));
                    segments[place] = segment as i32;
                    place += 1;
                }
            }
        }
        let shape = [rows.len(), seq];
        let is_packed = rows.iter().any(|row| row.len() > 1);
        Sequences {
            inputs: Tensor::from_data(TensorData::new(inputs, shape), device),
            targets: Tensor::from_data(TensorData::new(targets, shape), device),
            weights: Some(Tensor::from_data(TensorData::new(weights, shape), device)),
            segments: is_packed
                .then(|| Tensor::from_data(TensorData::new(segments, shape), device)),
            trained: rows.iter().flatten().map(|example| example.trained_tokens()).sum(),
            lengths: rows.iter().flatten().map(|example| example.inputs()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Int;

    use super::*;
    use crate::model::{Model, cross_entropy};
    use crate::{Architecture, TrainConfig};

    fn example(tokens: &[u32], prompt: usize) -> Example {
        let trained = (0..tokens.len()).map(|index| index >= prompt).collect();
        Example { tokens: tokens.to_vec(), trained, answer: None }
    }

    fn three() -> [Example; 3] {
        [example(&[1, 2, 3, 4], 2), example(&[5, 6], 1), example(&[7, 8, 9], 2)]
    }

    fn ints(tensor: Tensor<2, Int>) -> Vec<i32> {
        tensor.into_data().convert::<i32>().try_to_vec().unwrap()
    }

    #[test]
    fn rows_are_padded_on_the_right_and_only_trained_tokens_weigh() {
        let [long, short, _] = three();
        let sequences = Sequences::lay(&[vec![&long], vec![&short]], &Device::flex());
        assert_eq!(ints(sequences.inputs), [1, 2, 3, 5, 0, 0]);
        assert_eq!(ints(sequences.targets), [2, 3, 4, 6, 0, 0]);
        let weights = sequences.weights.unwrap().into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(weights, [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(sequences.trained, 3);
        assert_eq!(sequences.lengths, [3, 1]);
        assert!(sequences.segments.is_none());
    }

    #[test]
    fn a_packed_row_costs_what_its_examples_cost_apart() {
        Architecture::ALL.into_iter().for_each(packed_and_apart);
    }

    fn packed_and_apart(architecture: Architecture) {
        let device = Device::flex();
        let config = TrainConfig {
            architecture,
            hidden_size: 16,
            num_layers: 2,
            max_seq_length: 8,
            ..TrainConfig::default()
        };
        let model = Model::new(&config, &device);
        let loss = |rows: &[Vec<&Example>]| -> f32 {
            let sequences = Sequences::lay(rows, &device);
            let logits = model.forward(sequences.inputs, sequences.segments);
            cross_entropy(logits, sequences.targets, sequences.weights).into_scalar()
        };
        let [a, b, c] = &three();
        let apart = loss(&[vec![a]]) + loss(&[vec![b]]) + loss(&[vec![c]]);
        let padded = loss(&[vec![a], vec![b], vec![c]]);
        let packed = loss(&[vec![a, b], vec![c]]);
        assert!((padded - apart).abs() < 1e-5, "{padded} is not {apart}");
        assert!((packed - apart).abs() < 1e-5, "{packed} is not {apart}");
        // The same without segments: the second example sees the first.
        let mut together = Sequences::lay(&[vec![a, b, c]], &device);
        together.segments = None;
        let logits = model.forward(together.inputs, together.segments);
        let leaking: f32 = cross_entropy(logits, together.targets, together.weights).into_scalar();
        assert!((leaking - apart).abs() > 1e-4, "{leaking} is {apart}");
    }
}
