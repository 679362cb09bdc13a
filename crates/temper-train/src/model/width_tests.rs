//! The coordinate check: how far activations move in a few steps, over widths (Yang et al. 2022,
//! appendix D.1).

use burn::optim::GradientsParams;
use temper_optim::OptimizerKind;

use super::*;
use crate::data::Sequences;
use crate::{Architecture, Parametrization};

const STEPS: usize = 4;

fn config(hidden_size: usize, parametrization: Parametrization) -> TrainConfig {
    TrainConfig {
        hidden_size,
        parametrization,
        mup_base_width: (parametrization == Parametrization::Mup).then_some(64),
        num_layers: 2,
        max_seq_length: 16,
        learning_rate: 1e-2,
        weight_decay: 0.0,
        ..TrainConfig::default()
    }
}

/// How far the residual stream after the last layer, and the logits, are from those of the initial
/// weights after a few steps: the mean absolute difference of a feature.
fn moved(config: &TrainConfig) -> [f64; 2] {
    let device = Device::flex().autodiff();
    let mut model = Model::new(config, &device);
    let groups = Groups { rates: config.rate_factors(), ..Model::groups() };
    let mut optimizer = config.optimizer.init(&config.optimizer_settings(), groups);
    let tokens: Vec<u32> = (0..100).map(|index| index * index % 251).collect();
    let inputs = || Sequences::cut(&tokens, &[0, 20, 40, 60], 16, &device);
    let look = |model: &Model| {
        let stream = model.stream(inputs().inputs, None, &mut Dropout::none());
        [stream.clone(), model.logits(stream)].map(Tensor::inner)
    };
    let before = look(&model);
    for _ in 0..STEPS {
        let batch = inputs();
        let trained = batch.trained as f64;
        let loss = model.loss(batch, &mut Dropout::none()) / trained;
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(config.learning_rate, model, gradients);
    }
    let [stream, logits] = look(&model);
    let [stream_before, logits_before] = before;
    [stream - stream_before, logits - logits_before]
        .map(|change| f64::from(change.abs().mean().into_scalar::<f32>()))
}

/// What every width moves over what the first one does.
fn growth(widths: &[usize], config: impl Fn(usize) -> TrainConfig) -> Vec<[f64; 2]> {
    let first = moved(&config(widths[0]));
    let grown = widths[1..].iter().map(|width| {
        let [stream, logits] = moved(&config(*width));
        let grown = [stream / first[0], logits / first[1]];
        println!(
            "width {width}: stream {stream:.4} ({:.3}), logits {logits:.4} ({:.3})",
            grown[0], grown[1]
        );
        grown
    });
    grown.collect()
}

/// Whether it is as far, up to a factor of 2: one draw of initial weights at widths from 64 on,
/// where the theory is one of infinite width. From 64 to 512, what grows with the root of the width
/// would grow by 2.8, and what grows with it by 8.
fn is_flat(growth: f64) -> bool {
    (0.5..2.0).contains(&growth)
}

#[test]
fn activations_move_as_far_at_every_width_under_mup_and_farther_with_it_under_standard() {
    let widths = [64, 128, 256, 512];
    let at_base = |parametrization| moved(&config(64, parametrization));
    assert_eq!(at_base(Parametrization::Mup), at_base(Parametrization::Standard));

    let mup = growth(&widths, |width| config(width, Parametrization::Mup));
    assert!(mup.into_iter().flatten().all(is_flat));
    let standard = growth(&widths, |width| config(width, Parametrization::Standard));
    for (last, before) in [(standard[2], standard[1]), (standard[1], standard[0])] {
        assert!(last[0] > before[0] && last[1] > before[1], "{last:?} after {before:?}");
    }
    assert!(standard[2].into_iter().all(|growth| growth > 4.0), "{:?}", standard[2]);
}

#[test]
fn every_optimizer_with_a_rule_for_the_width_moves_activations_as_far_at_every_width() {
    for (optimizer, learning_rate) in [
        (OptimizerKind::AdamW, 1e-2),
        (OptimizerKind::Lion, 3e-3),
        (OptimizerKind::Sgd, 0.1),
        (OptimizerKind::Muon, 1e-2),
        (OptimizerKind::ScheduleFreeAdamW, 1e-2),
    ] {
        let grown = |parametrization: Parametrization| {
            println!("{}, {}", optimizer.name(), parametrization.name());
            let base = |width| config(width, parametrization);
            growth(&[64, 256], |width| TrainConfig { optimizer, learning_rate, ..base(width) })[0]
        };
        let [stream, logits] = grown(Parametrization::Mup);
        assert!(is_flat(stream) && is_flat(logits), "{}", optimizer.name());
        // Muon's orthogonal steps grow with the root of the width, by 2; the others' with it.
        let [stream, _] = grown(Parametrization::Standard);
        assert!(stream > 1.5, "{}", optimizer.name());
    }
}

#[test]
fn so_does_gpt2_with_an_output_layer_of_its_own() {
    let widths = [64, 256];
    let gpt2 = |width, parametrization| TrainConfig {
        architecture: Architecture::Gpt2,
        tie_word_embeddings: false,
        ..config(width, parametrization)
    };
    let mup = growth(&widths, |width| gpt2(width, Parametrization::Mup));
    assert!(mup.into_iter().flatten().all(is_flat));
    let standard = growth(&widths, |width| gpt2(width, Parametrization::Standard));
    assert!(standard.into_iter().flatten().all(|growth| growth > 1.5));
}
