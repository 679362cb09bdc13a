use std::sync::Arc;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};

use super::*;

/// Numbers between -1 and 1 without a pattern.
fn values(count: usize, seed: usize) -> Vec<f32> {
    let hash = |index: usize| (index * 2_654_435_761 + seed * 40_503) % 10_007;
    (0..count).map(|index| hash(index) as f32 / 5_003.5 - 1.0).collect()
}

fn tensor<const D: usize>(shape: [usize; D], seed: usize, device: &Device) -> Tensor<D> {
    let values = values(shape.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

/// A device on which operations are fused, and one on which they are chains.
fn devices() -> [Device; 2] {
    [Device::flex().autodiff(), Device::flex().autodiff().gradient_checkpointing()]
}

fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.clone().into_data().try_to_vec().unwrap()
}

/// What a function of tensors gives, and its gradients by them, on both devices.
fn compare(run: impl Fn(&Device) -> Vec<Vec<f32>>) {
    let are_supported = devices().map(|device| is_supported(&tensor([1], 0, &device)));
    assert_eq!(are_supported, [true, false]);
    let [fused, chain] = devices().map(|device| run(&device));
    compare_all(&fused, &chain);
}

fn compare_all(fused: &[Vec<f32>], chain: &[Vec<f32>]) {
    assert_eq!(fused.len(), chain.len());
    for (index, (fused, chain)) in fused.iter().zip(chain).enumerate() {
        let largest = chain.iter().fold(1e-1_f32, |largest, value| largest.max(value.abs()));
        for (fused, chain) in fused.iter().zip(chain) {
            assert!((fused - chain).abs() < 2e-5 * largest, "{index}: {fused} is not {chain}");
        }
    }
}

/// The output, weighed to a sum whose gradients differ, and the gradients.
fn gradients<const D: usize>(output: &Tensor<D>, inputs: &[Tensor<3>]) -> Vec<Vec<f32>> {
    let weights = tensor(output.dims(), 99, &output.device()).detach();
    let gradients = (output.clone() * weights).sum().backward();
    let by_inputs = inputs.iter().map(|input| numbers(&input.grad(&gradients).unwrap()));
    std::iter::once(numbers(output)).chain(by_inputs).collect()
}

#[test]
fn products_of_all_shapes_are_right() {
    let shapes = [
        (1, 1, 1),
        (1, 9, 4),
        (1, 8, 15),
        (3, 5, 2),
        (130, 70, 300),
        (257, 33, 513),
        (2000, 64, 40),
    ];
    for (rows, inner, columns) in shapes {
        let (left, right) = (values(rows * inner, 1), values(inner * columns, 2));
        let output = matrix::product(matrix::matrix(&left, inner), matrix::matrix(&right, columns));
        for (row, column) in [(0, 0), (rows / 2, columns / 3), (rows - 1, columns - 1)] {
            let expected: f32 =
                (0..inner).map(|at| left[row * inner + at] * right[at * columns + column]).sum();
            let found = output[row * columns + column];
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        }
    }
}

#[test]
fn a_linear_layer_is_what_the_chain_is() {
    for has_bias in [false, true] {
        compare(|device| {
            let input = tensor([3, 5, 24], 1, device);
            let bias = has_bias.then(|| Param::from_tensor(tensor([40], 3, device)));
            let layer = Linear { weight: Param::from_tensor(tensor([24, 40], 2, device)), bias };
            let bias = layer.bias.as_ref().map(Param::val);
            let output = linear(input.clone(), layer.weight.val(), bias);
            let weights = tensor([3, 5, 40], 99, device).detach();
            let gradients = (output.clone() * weights).sum().backward();
            let mut found = vec![
                numbers(&output),
                numbers(&input.grad(&gradients).unwrap()),
                numbers(&layer.weight.val().grad(&gradients).unwrap()),
            ];
            if let Some(bias) = &layer.bias {
                found.push(numbers(&bias.val().grad(&gradients).unwrap()));
            }
            found
        });
    }
}

#[test]
fn a_norm_by_root_mean_square_is_what_the_chain_is() {
    compare(|device| {
        let input = tensor([3, 50, 40], 1, device);
        let scale = tensor([40], 2, device);
        let output = rms_norm(input.clone(), scale.clone(), 1e-2);
        let weights = tensor([3, 50, 40], 99, device).detach();
        let gradients = (output.clone() * weights).sum().backward();
        let by_weights = numbers(&scale.grad(&gradients).unwrap());
        vec![numbers(&output), numbers(&input.grad(&gradients).unwrap()), by_weights]
    });
}

#[test]
fn a_norm_by_mean_and_variance_is_what_the_chain_is() {
    compare(|device| {
        let input = tensor([3, 50, 40], 1, device);
        let [scale, shift] = [2, 3].map(|seed| tensor([40], seed, device));
        let output = layer_norm(input.clone(), scale.clone(), shift.clone(), 1e-2);
        let weights = tensor([3, 50, 40], 99, device).detach();
        let gradients = (output.clone() * weights).sum().backward();
        let [by_scale, by_shift] = [scale, shift].map(|of| numbers(&of.grad(&gradients).unwrap()));
        vec![numbers(&output), numbers(&input.grad(&gradients).unwrap()), by_scale, by_shift]
    });
}

#[test]
fn an_activation_without_gate_is_what_the_chain_is() {
    compare(|device| {
        let input = (tensor([2, 9, 33], 1, device) * 8.0).detach().require_grad();
        gradients(&gelu(input.clone()), &[input])
    });
}

#[test]
fn a_gated_activation_is_what_the_chain_is() {
    compare(|device| {
        let (gate, up) = (tensor([2, 9, 33], 1, device) * 8.0, tensor([2, 9, 33], 2, device));
        let output = swiglu(gate.clone().detach().require_grad(), up.clone());
        gradients(&output, &[up])
    });
    compare(|device| {
        let gate = (tensor([2, 9, 33], 1, device) * 8.0).detach().require_grad();
        let output = swiglu(gate.clone(), tensor([2, 9, 33], 2, device));
        gradients(&output, &[gate])
    });
}

/// Attention without fusing: of all scores at once.
fn plain_attention(
    [queries, keys, values]: [Tensor<3>; 3],
    [heads, kv_heads]: [usize; 2],
    rotation: [&Tensor<2>; 2],
    first_seen: &[usize],
) -> Tensor<3> {
    let [batch, seq, width] = queries.dims();
    let head_dim = width / heads;
    let split = |tensor: Tensor<3>, heads: usize| {
        tensor.reshape([batch, seq, heads, head_dim]).swap_dims(1, 2) // [batch, heads, seq, dim]
    };
    let turn = |tensor: Tensor<4>| {
        let [cosines, sines] = rotation.map(|table| table.clone().unsqueeze::<4>());
        let first = tensor.clone().slice_dim(3, 0..head_dim / 2);
        let second = tensor.slice_dim(3, head_dim / 2..head_dim);
        let turned = first.clone() * cosines.clone() - second.clone() * sines.clone();
        Tensor::cat(vec![turned, second * cosines + first * sines], 3)
    };
    let repeat = |tensor: Tensor<4>| {
        let group = heads / kv_heads;
        let tensor = tensor.reshape([batch, kv_heads, 1, seq * head_dim]);
        tensor.repeat_dim(2, group).reshape([batch, heads, seq, head_dim])
    };
    let allowed = (0..batch * seq * seq).map(|index| {
        let (row, key) = (index / seq, index % seq);
        let is_seen = key <= row % seq && key >= first_seen[row];
        if is_seen { 0.0 } else { f32::NEG_INFINITY }
    });
    let mask = TensorData::new(allowed.collect::<Vec<f32>>(), [batch, 1, seq, seq]);
    let mask = Tensor::<4>::from_data(mask, &queries.device());
    let scores =
        turn(split(queries, heads)).matmul(repeat(turn(split(keys, kv_heads))).swap_dims(2, 3));
    let shares = burn::tensor::activation::softmax(scores * 0.3 + mask, 3);
    shares.matmul(repeat(split(values, kv_heads))).swap_dims(1, 2).reshape([batch, seq, width])
}

#[test]
fn attention_is_what_the_chain_is() {
    let ([heads, kv_heads], head_dim) = ([4, 2], 6);
    // Of one position, of less than a block, of one position more than a block, of several.
    for seq in [1, 9, 65, 150] {
        let device = Device::flex().autodiff();
        let first_seen: Vec<usize> =
            (0..2 * seq).map(|at| if at >= seq { (at - seq) / 7 * 7 } else { 0 }).collect();
        let run = |is_fused: bool| {
            let inputs = [heads, kv_heads, kv_heads].map(|heads| [2, seq, heads * head_dim]);
            let inputs = [0, 1, 2].map(|index| tensor(inputs[index], index, &device) * 2.0);
            let inputs = inputs.map(|input| input.detach().require_grad());
            let tables = [5, 6].map(|seed| tensor([seq, head_dim / 2], seed, &device).detach());
            let output = if is_fused {
                let scope = Scope {
                    head_dim,
                    scale: 0.3,
                    rotation: Some((&tables[0], &tables[1])),
                    first_seen: Some(first_seen.clone().into()),
                };
                let [queries, keys, values] = inputs.clone();
                attention(&scope, queries, keys, values)
            } else {
                plain_attention(inputs.clone(), [heads, kv_heads], tables.each_ref(), &first_seen)
            };
            gradients(&output, &inputs)
        };
        compare_all(&run(true), &run(false));
    }
}

#[test]
fn the_loss_is_what_the_chain_is() {
    use burn::tensor::activation::log_softmax;
    let (tokens, width, vocabulary) = (2 * 150, 24, 50);
    for layout in [OutputWeights::Embedding, OutputWeights::Linear] {
        let device = Device::flex().autodiff();
        let targets: Arc<[_]> = (0..tokens)
            .map(|token| (token % 5 != 0).then_some((token * 7 % vocabulary) as u32))
            .collect();
        let shape = match layout {
            OutputWeights::Embedding => [vocabulary, width],
            OutputWeights::Linear => [width, vocabulary],
        };
        let run = |is_fused: bool| {
            let hidden = tensor([2, 150, width], 1, &device);
            let weights = tensor(shape, 2, &device);
            let loss = if is_fused {
                output_loss(hidden.clone(), weights.clone(), layout, targets.clone())
            } else {
                let output = match layout {
                    OutputWeights::Embedding => weights.clone().transpose(),
                    OutputWeights::Linear => weights.clone(),
                };
                let logits = hidden.clone().reshape([tokens, width]).matmul(output);
                let counted: Vec<f32> =
                    targets.iter().map(|target| f32::from(u8::from(target.is_some()))).collect();
                let counted =
                    Tensor::<2>::from_data(TensorData::new(counted, [tokens, 1]), &device);
                let indices: Vec<i64> =
                    targets.iter().map(|target| target.map_or(0, i64::from)).collect();
                let indices = Tensor::from_data(TensorData::new(indices, [tokens, 1]), &device);
                let losses = log_softmax(logits, 1).gather(1, indices).neg();
                (losses * counted).sum()
            };
            let gradients = (loss.clone() * 0.5).backward();
            vec![
                numbers(&loss),
                numbers(&hidden.grad(&gradients).unwrap()),
                numbers(&weights.grad(&gradients).unwrap()),
            ]
        };
        compare_all(&run(true), &run(false));
    }
}

#[test]
fn a_frozen_input_is_given_no_gradient() {
    let device = Device::flex().autodiff();
    let layer = Linear { weight: Param::from_tensor(tensor([4, 4], 1, &device)), bias: None };
    let layer = layer.no_grad();
    let input = tensor([1, 2, 4], 2, &device);
    let gradients = linear(input.clone(), layer.weight.val(), None).sum().backward();
    assert!(layer.weight.val().grad(&gradients).is_none());
    assert!(input.grad(&gradients).is_some());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let device = Device::flex().autodiff();
            let input = tensor([4, 150, 64], 1, &device);
            let weights = tensor([300, 64], 2, &device);
            let targets: Arc<[_]> = (0..600).map(|token| Some(token % 300)).collect();
            let loss =
                output_loss(input.clone(), weights.clone(), OutputWeights::Embedding, targets);
            let gradients = loss.backward();
            [
                numbers(&loss),
                numbers(&input.grad(&gradients).unwrap()),
                numbers(&weights.grad(&gradients).unwrap()),
            ]
        })
    };
    assert_eq!(run(1), run(3));
}
