//! Tests of the whole model and of its gradients.

use burn::module::Param;
use burn::nn::Linear;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::TensorData;

use super::*;
use crate::data::{Sequences, random_starts};
use crate::{Architecture, TokenizerKind};

fn small() -> TrainConfig {
    TrainConfig {
        hidden_size: 16,
        num_layers: 2,
        num_heads: 4,
        num_kv_heads: Some(2),
        max_seq_length: 12,
        learning_rate: 1e-2,
        ..TrainConfig::default()
    }
}

fn tokens(count: usize) -> Vec<u32> {
    (0..count as u32).map(|index| index * index % 251).collect()
}

fn largest_difference<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> f32 {
    (left - right).abs().max().into_scalar()
}

fn gpt2() -> TrainConfig {
    TrainConfig { architecture: Architecture::Gpt2, num_kv_heads: None, ..small() }
}

#[test]
fn num_parameters_is_exact() {
    for base in [small(), gpt2()] {
        let configs = [
            base.clone(),
            TrainConfig { num_kv_heads: None, intermediate_size: Some(40), ..base.clone() },
            TrainConfig { tie_word_embeddings: false, ..base.clone() },
            TrainConfig { tokenizer: TokenizerKind::Bpe, num_kv_heads: Some(1), ..base },
        ];
        for config in configs {
            let model = Model::new(&config, &Device::flex());
            assert_eq!(model.num_params() as u64, config.num_parameters(), "{config:?}");
        }
    }
}

#[test]
fn only_norms_biases_and_embeddings_are_not_decayed() {
    let groups = Model::groups();
    let id = burn::module::ParamId::new();
    let decayed = |path| {
        let undecayed = [&groups.norms_and_biases, &groups.embeddings];
        !undecayed.iter().any(|group| group.matches(&id, Some(path)))
    };
    assert!(decayed("layers.0.self_attn.q_proj.weight"));
    assert!(decayed("layers.1.mlp.down_proj.weight"));
    assert!(!decayed("layers.0.input_layernorm.gamma"));
    assert!(decayed("lm_head.weight"));
    assert!(!decayed("norm.gamma"));
    assert!(!decayed("norm.beta"));
    assert!(!decayed("layers.0.mlp.up_proj.bias"));
    assert!(!decayed("embed_tokens.weight"));
    assert!(!decayed("embed_positions.weight"));
}

#[test]
fn a_later_token_does_not_change_earlier_logits() {
    let device = Device::flex();
    for config in [small(), gpt2()] {
        let model = Model::new(&config, &device);
        let logits = |last: i32| {
            let tokens = Tensor::from_data([[5, 80, 3, 200, last]], &device);
            model.forward(tokens, None).into_data().try_to_vec::<f32>().unwrap()
        };
        let (first, second) = (logits(7), logits(9));
        assert_eq!(first[..4 * 256], second[..4 * 256]);
        assert_ne!(first[4 * 256..], second[4 * 256..]);
    }
}

#[test]
fn the_order_of_tokens_matters() {
    let device = Device::flex();
    for config in [small(), gpt2()] {
        let model = Model::new(&config, &device);
        let last = |tokens: [[i32; 4]; 1]| {
            model.forward(Tensor::from_data(tokens, &device), None).slice_dim(1, 3..4)
        };
        let difference = largest_difference(last([[5, 80, 3, 200]]), last([[80, 5, 3, 200]]));
        assert!(difference > 1e-6, "{difference}");
    }
}

#[test]
fn a_sequence_may_be_shorter_than_the_longest() {
    let device = Device::flex();
    let model = Model::new(&small(), &device);
    let all = Sequences::cut(&tokens(13), &[0], 12, &device).inputs;
    let long = model.forward(all.clone(), None).slice_dim(1, 0..5);
    let short = model.forward(all.slice_dim(1, 0..5), None);
    assert!(largest_difference(long, short) < 1e-6);
}

#[test]
fn grouped_queries_equal_full_attention_with_repeated_heads() {
    let device = Device::flex();
    let config = small();
    let mut weights = InitialWeights::new(&config, &device);
    let grouped = Attention::new(&config, &mut weights);
    let repeat = |layer: &Projection| {
        let weight = layer.weight.val().reshape([16, 2, 1, 4]); // [hidden, kv_heads, 1, head_dim]
        let weight = weight.repeat_dim(2, 2).reshape([16, 16]); // [hidden, hidden]
        Projection::new(Param::from_tensor(weight), None)
    };
    let mut full = grouped.clone();
    full.k_proj = repeat(&grouped.k_proj);
    full.v_proj = repeat(&grouped.v_proj);

    let values: Vec<f32> = (0..2 * 6 * 16).map(|index| (index as f32).sin()).collect();
    let hidden = Tensor::<3>::from_data(TensorData::new(values, [2, 6, 16]), &device);
    let rope = Rope::new(&[1.0, 0.01], 0..6, &device);
    let sight = Sight::mask(causal_mask(6, &device), None);
    let difference = largest_difference(
        grouped.forward(&hidden, Some(&rope), &sight, &mut Dropout::none()),
        full.forward(&hidden, Some(&rope), &sight, &mut Dropout::none()),
    );
    assert!(difference < 1e-7, "{difference}");
}

#[test]
fn an_output_layer_of_its_own_gives_the_same_logits_from_the_same_weights() {
    let device = Device::flex();
    let tied = Model::new(&small(), &device);
    let mut own = Model::new(&TrainConfig { tie_word_embeddings: false, ..small() }, &device);
    let inputs = Sequences::cut(&tokens(13), &[0], 12, &device).inputs;
    let logits = tied.forward(inputs.clone(), None);
    // Everything else is drawn before the output layer.
    assert!(largest_difference(own.forward(inputs.clone(), None), logits.clone()) > 1e-3);
    let weight = tied.embed_tokens.weight.val().transpose();
    own.lm_head = Some(Linear { weight: Param::from_tensor(weight), bias: None });
    assert!(largest_difference(own.forward(inputs, None), logits) < 1e-6);
    let id = own.lm_head.as_ref().unwrap().weight.id;
    assert!(Model::groups().output.matches(&id, Some("lm_head.weight")));
}

#[test]
fn each_kind_of_dropout_changes_training_and_neither_evaluation() {
    let device = Device::flex();
    let model = Model::new(&small(), &device);
    let inputs = Sequences::cut(&tokens(13), &[0], 12, &device).inputs;
    let logits = |dropout, attention_dropout| {
        let config = TrainConfig { dropout, attention_dropout, ..small() };
        model.forward_with(inputs.clone(), None, &mut Dropout::new(&config, 0, 0))
    };
    let evaluated = model.forward(inputs.clone(), None);
    assert_eq!(largest_difference(logits(0.0, 0.0), evaluated.clone()), 0.0);
    assert!(largest_difference(logits(0.2, 0.0), evaluated.clone()) > 1e-4);
    assert!(largest_difference(logits(0.0, 0.2), evaluated) > 1e-4);
}

/// The mean loss, in nats per target.
fn loss(model: &Model, sequences: Sequences) -> Tensor<1> {
    let trained = sequences.trained as f64;
    model.loss(sequences, &mut Dropout::none()) / trained
}

/// The gradient of the mean loss over `starts`, in passes of `pass` sequences.
fn gradients(model: &Model, starts: &[usize], pass: usize) -> GradientsParams {
    let device = Device::flex().autodiff();
    let tokens = tokens(100);
    let mut accumulator = GradientsAccumulator::new();
    let passes = starts.len() / pass;
    for starts in starts.chunks(pass) {
        let sequences = Sequences::cut(&tokens, starts, 12, &device);
        let loss = loss(model, sequences);
        let gradients = (loss / passes as f64).backward();
        accumulator.accumulate(model, GradientsParams::from_grads(gradients, model));
    }
    accumulator.grads()
}

#[test]
fn accumulated_passes_give_the_gradient_of_the_whole_batch() {
    let model = Model::new(&small(), &Device::flex().autodiff());
    let starts = random_starts(100, 12, 6, 1, 0);
    let whole = gradients(&model, &starts, 6);
    let passes = gradients(&model, &starts, 2);
    let embedding = model.embed_tokens.weight.id;
    let query = model.layers[1].self_attn.q_proj.weight.id;
    for id in [embedding, query] {
        let (whole, passes) = (whole.get::<2>(id).unwrap(), passes.get::<2>(id).unwrap());
        let largest: f32 = whole.clone().abs().max().into_scalar();
        assert!(largest > 0.0);
        assert!(largest_difference(whole, passes) < 1e-5 * largest);
    }
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let device = Device::flex().autodiff();
    let model = Model::new(&small(), &device);
    let starts = [0, 30];
    let loss_of = |model: &Model| -> f64 {
        let sequences = Sequences::cut(&tokens(100), &starts, 12, &device);
        f64::from(loss(model, sequences).into_scalar::<f32>())
    };
    // Along the gradient g the loss rises by |g|^2 per unit: 32 bits leave 3 digits of that.
    let gradient = gradients(&model, &starts, 2);
    let id = model.layers[0].self_attn.v_proj.weight.id;
    let gradient = gradient.get::<2>(id).unwrap();
    let moved = |by: f64| {
        let mut model = model.clone();
        let weight = model.layers[0].self_attn.v_proj.weight.val().inner();
        let weight = Tensor::from_inner(weight + gradient.clone() * by);
        model.layers[0].self_attn.v_proj.weight = Param::from_tensor(weight);
        model
    };
    let expected = f64::from(gradient.clone().square().sum().into_scalar::<f32>());
    let step = 0.05 / expected.sqrt();
    let slope = (loss_of(&moved(step)) - loss_of(&moved(-step))) / (2.0 * step);
    assert!((slope / expected - 1.0).abs() < 0.01, "{slope} is not {expected}");
}

#[test]
fn one_batch_can_be_learned_by_heart() {
    let untied = TrainConfig { tie_word_embeddings: false, ..small() };
    for config in [small(), gpt2(), untied] {
        let last = loss_after_80_steps(&TrainConfig { hidden_size: 32, ..config });
        assert!(last < 0.1, "{last}");
    }
}

fn loss_after_80_steps(config: &TrainConfig) -> f32 {
    let device = Device::flex().autodiff();
    let mut model = Model::new(config, &device);
    let mut optimizer = config.optimizer.init(&config.optimizer_settings(), Model::groups());
    let mut last = f32::INFINITY;
    for _ in 0..80 {
        let sequences = Sequences::cut(&tokens(100), &[0, 20, 40, 60], 12, &device);
        let loss = loss(&model, sequences);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(config.learning_rate, model, gradients);
        last = loss.into_scalar();
    }
    last
}
