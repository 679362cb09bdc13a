//! Tests of the settings: defaults, arithmetic and every error.

use super::*;
use crate::TrainError;

fn valid() -> TrainConfig {
    TrainConfig { data: vec!["*.txt".into()], max_steps: Some(10), ..TrainConfig::default() }
}

fn message(change: impl FnOnce(&mut TrainConfig)) -> String {
    let mut config = valid();
    change(&mut config);
    let error = config.validate().unwrap_err();
    format!("[{}] {error}", error.key().unwrap_or("none"))
}

#[test]
fn the_defaults_with_text_and_a_length_are_valid() {
    valid().validate().unwrap();
}

#[test]
fn with_text_for_validation_nothing_needs_to_be_held_out() {
    let validation_data = vec!["validation.txt".into()];
    let config = TrainConfig { validation_data, validation_fraction: 0.0, ..valid() };
    config.validate().unwrap();
}

#[test]
fn settings_survive_toml() {
    let config = TrainConfig { num_epochs: Some(1.5), max_steps: None, ..valid() };
    let text = toml::to_string(&config).unwrap();
    assert_eq!(TrainConfig::from_toml(&text).unwrap(), config);
}

#[test]
fn an_unknown_setting_is_refused() {
    let error = TrainConfig::from_toml("learning_rat = 0.1").unwrap_err();
    assert!(error.message().contains("unknown field `learning_rat`"), "{error}");
}

#[test]
fn keys_lists_every_setting_also_those_without_a_value() {
    let keys = TrainConfig::keys();
    for key in ["learning_rate", "warmup_steps", "num_kv_heads", "device"] {
        assert!(keys.iter().any(|known| known == key), "{key}");
    }
}

#[test]
fn every_bad_value_is_named_with_its_bound() {
    let messages = [
        message(|config| config.data.clear()),
        message(|config| config.validation_fraction = 0.0),
        message(|config| config.vocab_size = Some(300)),
        message(|config| {
            config.tokenizer = TokenizerKind::Bpe;
            config.vocab_size = Some(256);
        }),
        message(|config| config.num_layers = 0),
        message(|config| config.max_seq_length = 2_000_000),
        message(|config| config.num_heads = 3),
        message(|config| config.num_heads = 256),
        message(|config| config.num_kv_heads = Some(3)),
        message(|config| config.hidden_size = 12),
        message(|config| config.rope_theta = Some(1.0)),
        message(|config| config.rms_norm_eps = Some(0.0)),
        message(|config| config.dropout = 1.0),
        message(|config| config.attention_dropout = -0.1),
        message(|config| config.learning_rate = 0.0),
        message(|config| config.learning_rate = f64::NAN),
        message(|config| config.min_lr = Some(0.1)),
        message(|config| config.min_lr_ratio = Some(1.5)),
        message(|config| config.warmup_ratio = Some(-0.1)),
        message(|config| config.weight_decay = -0.1),
        message(|config| config.beta1 = Some(1.0)),
        message(|config| config.beta2 = Some(-0.5)),
        message(|config| config.beta2 = Some(0.99999999)),
        message(|config| config.adam_eps = Some(0.0)),
        message(|config| config.weight_decay = 1e4),
        message(|config| {
            config.optimizer = OptimizerKind::Sgd;
            config.momentum = Some(1.0);
        }),
        message(|config| {
            config.optimizer = OptimizerKind::Sgd;
            config.momentum = Some(0.0);
            config.nesterov = Some(true);
        }),
        message(|config| {
            config.optimizer = OptimizerKind::Adafactor;
            config.decay_rate = Some(0.8);
        }),
        message(|config| {
            config.optimizer = OptimizerKind::Adafactor;
            config.clip_threshold = Some(0.0);
        }),
        message(|config| {
            config.optimizer = OptimizerKind::ScheduleFreeAdamW;
            config.beta1 = Some(0.0);
        }),
        message(|config| config.z_loss = -1e-4),
        message(|config| config.ema_decay = Some(1.0)),
        message(|config| config.max_grad_norm = Some(-1.0)),
        message(|config| config.batch_size = Some(0)),
        message(|config| config.max_steps = Some(0)),
        message(|config| config.eval_steps = Some(0)),
        message(|config| config.eval_tokens = Some(0)),
        message(|config| config.log_steps = 0),
        message(|config| config.peak_flops = Some(0.0)),
        message(|config| config.sample_tokens = Some(1_000_001)),
        message(|config| {
            config.sample_prompt = Some("Once".into());
            config.sample_tokens = Some(0);
        }),
        message(|config| config.divergence_threshold = -1.0),
        message(|config| config.divergence_steps = Some(0)),
        message(|config| {
            config.divergence_threshold = 0.0;
            config.divergence_steps = Some(5);
        }),
    ];
    let expected = [
        "[data] `data` names no files",
        "[validation_fraction] `validation_fraction`: 0 is not above 0 and at most 0.5",
        "[vocab_size] `vocab_size`: 300 is not 256, the number of bytes",
        "[vocab_size] `vocab_size`: 256 is not within 257 and 1,000,000",
        "[num_layers] `num_layers`: 0 is not within 1 and 1,000,000",
        "[max_seq_length] `max_seq_length`: 2000000 is not within 1 and 1,000,000",
        "[hidden_size] `hidden_size`: 128 is not a multiple of `num_heads` 3",
        "[num_heads] `num_heads`: 256 is above `hidden_size`",
        "[num_heads] `num_heads`: 4 is not a multiple of `num_kv_heads` 3",
        "[num_heads] `num_heads`: 4 heads of `hidden_size` 12 are 3 wide, not even",
        "[rope_theta] `rope_theta`: 1 is not above 1",
        "[rms_norm_eps] `rms_norm_eps`: 0 is not above 0",
        "[dropout] `dropout`: 1 is not at least 0 and below 1",
        "[attention_dropout] `attention_dropout`: -0.1 is not at least 0 and below 1",
        "[learning_rate] `learning_rate`: 0 is not above 0",
        "[learning_rate] `learning_rate`: NaN is not finite",
        "[min_lr] `min_lr`: 0.1 is not within 0 and `learning_rate`",
        "[min_lr_ratio] `min_lr_ratio`: 1.5 is not within 0 and 1",
        "[warmup_ratio] `warmup_ratio`: -0.1 is not within 0 and 1",
        "[weight_decay] `weight_decay`: -0.1 is below 0",
        "[beta1] `beta1`: 1 is not at least 0 and below 1",
        "[beta2] `beta2`: -0.5 is not at least 0 and below 1",
        "[beta2] `beta2`: 0.99999999 is not at least 0 and below 1",
        "[adam_eps] `adam_eps`: 0 is not above 0",
        "[weight_decay] `weight_decay`: 10000 is above 1,000",
        "[momentum] `momentum`: 1 is not at least 0 and below 1",
        "[momentum] `momentum`: 0 is not above 0, as `nesterov` needs",
        "[decay_rate] `decay_rate`: 0.8 is not at least -1 and below 0",
        "[clip_threshold] `clip_threshold`: 0 is not within 0.001 and 1,000",
        "[beta1] `beta1`: 0 is below 0.001",
        "[z_loss] `z_loss`: -0.0001 is not within 0 and 1",
        "[ema_decay] `ema_decay`: 1 is not at least 0 and below 1",
        "[max_grad_norm] `max_grad_norm`: -1 is below 0",
        "[batch_size] `batch_size`: 0 is not within 1 and 1,000,000",
        "[max_steps] `max_steps`: 0 is below 1",
        "[eval_steps] `eval_steps`: 0 is below 1",
        "[eval_tokens] `eval_tokens`: 0 is below 1",
        "[log_steps] `log_steps`: 0 is below 1",
        "[peak_flops] `peak_flops`: 0 is not above 0",
        "[sample_tokens] `sample_tokens`: 1000001 is above 1,000,000",
        "[sample_prompt] `sample_prompt`: \"Once\" is of no use where `sample_tokens` is 0",
        "[divergence_threshold] `divergence_threshold`: -1 is below 0",
        "[divergence_steps] `divergence_steps`: 0 is below 1",
        "[divergence_steps] `divergence_steps`: 5 is of no use where `divergence_threshold` is 0",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn settings_that_exclude_each_other_are_refused_together() {
    let warmup = |config: &mut TrainConfig| {
        config.warmup_steps = Some(5);
        config.warmup_ratio = Some(0.1);
    };
    let min = |config: &mut TrainConfig| {
        config.min_lr = Some(1e-5);
        config.min_lr_ratio = Some(0.1);
    };
    assert_eq!(message(warmup), "[warmup_steps] `warmup_steps` and `warmup_ratio` are both given");
    assert_eq!(message(min), "[min_lr] `min_lr` and `min_lr_ratio` are both given");
    assert_eq!(
        message(|config| config.num_epochs = Some(1.0)),
        "[max_steps] `max_steps` and `num_epochs` are both given"
    );
    assert_eq!(
        message(|config| config.max_steps = None),
        "[none] none of `max_steps`, `train_tokens` and `num_epochs` is given"
    );
}

#[test]
fn a_setting_that_the_optimizer_does_not_use_is_refused() {
    let error = TrainConfig { momentum: Some(0.9), ..valid() }.validate().unwrap_err();
    assert_eq!(error.to_string(), "`momentum`: optimizer `adamw` does not use it");
    assert_eq!(error.key(), Some("momentum"));
    let help = "remove it, or use an optimizer that has it: sgd, muon";
    assert_eq!(error.help().as_deref(), Some(help));
    for (optimizer, refused) in [
        (OptimizerKind::Sgd, "beta1"),
        (OptimizerKind::Lion, "adam_eps"),
        (OptimizerKind::Adafactor, "beta1"),
        (OptimizerKind::Muon, "decay_rate"),
        (OptimizerKind::ScheduleFreeAdamW, "nesterov"),
    ] {
        let text = match refused {
            "nesterov" => "true",
            "decay_rate" => "-0.8",
            _ => "0.5",
        };
        let text = format!("optimizer = '{}'\n{refused} = {text}", optimizer.name());
        let config =
            TrainConfig { data: vec!["*".into()], ..TrainConfig::from_toml(&text).unwrap() };
        let error = config.validate().unwrap_err();
        assert!(matches!(error, TrainError::Unused { key, .. } if key == refused), "{error}");
    }
}

#[test]
fn both_parametrizations_are_equal_at_the_base_width() {
    let standard = TrainConfig { hidden_size: 256, ..valid() };
    let mup = TrainConfig { parametrization: Parametrization::Mup, ..standard.clone() };
    let at_base = TrainConfig { mup_base_width: Some(256), ..mup.clone() };
    at_base.validate().unwrap();
    assert_eq!(at_base.width_multiplier(), 1.0);
    assert_eq!(at_base.attention_scale(), standard.attention_scale());
    assert_eq!(at_base.rate_factors(), standard.rate_factors());
    // Twice the default base width, with heads of 64 features instead of 32 ...
    assert_eq!((mup.width_multiplier(), mup.attention_scale()), (2.0, 32f64.sqrt() / 64.0));
    assert_eq!(mup.rate_factors().hidden, 0.5);
    // ... or with twice as many of 32.
    let more = TrainConfig { num_heads: 8, mup_base_num_heads: Some(4), ..mup };
    assert!((more.attention_scale() - 32f64.sqrt().recip()).abs() < 1e-15);
}

#[test]
fn settings_of_mup_without_it_and_optimizers_without_a_rule_are_refused() {
    let error = TrainConfig { mup_base_width: Some(64), ..valid() }.validate().unwrap_err();
    let message = "`mup_base_width` is not used by parametrization = \"standard\"";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.help().unwrap(), "remove `mup_base_width`, or use parametrization = \"mup\"");
    let mup = TrainConfig { parametrization: Parametrization::Mup, ..valid() };
    let adafactor = TrainConfig { optimizer: OptimizerKind::Adafactor, ..mup.clone() };
    let error = adafactor.validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`parametrization`: optimizer `adafactor` has no rule for \"mup\""
    );
    assert!(error.help().unwrap().ends_with("adamw, sgd, lion, muon, schedule_free_adamw"));
    let zero = TrainConfig { mup_base_width: Some(0), ..mup };
    assert!(zero.validate().unwrap_err().to_string().starts_with("`mup_base_width`: 0 is not"));
}

#[test]
fn weights_are_not_averaged_twice() {
    let config = TrainConfig {
        optimizer: OptimizerKind::ScheduleFreeAdamW,
        ema_decay: Some(0.9),
        ..valid()
    };
    let error = config.validate().unwrap_err();
    let message = "`ema_decay`: optimizer `schedule_free_adamw` does not use it";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.help().unwrap(), "remove it: the optimizer evaluates an average already");
}

#[test]
fn only_a_constant_rate_goes_with_a_schedule_free_optimizer() {
    let config = TrainConfig { optimizer: OptimizerKind::ScheduleFreeAdamW, ..valid() };
    config.validate().unwrap();
    assert_eq!(config.schedule(10).kind, ScheduleKind::CONSTANT);
    assert_eq!(valid().schedule(10).kind, ScheduleKind::default());
    let cosine = TrainConfig { lr_schedule: Some("cosine".parse().unwrap()), ..config };
    let error = cosine.validate().unwrap_err();
    let message = "`lr_schedule`: optimizer `schedule_free_adamw` needs `constant`";
    assert_eq!(error.to_string(), message);
}

#[test]
fn every_optimizer_is_read_by_its_name() {
    for kind in OptimizerKind::ALL {
        let config = TrainConfig::from_toml(&format!("optimizer = '{}'", kind.name())).unwrap();
        assert_eq!(config.optimizer, kind);
    }
}

fn batch(
    batch_size: Option<usize>,
    micro_batch_size: Option<usize>,
    gradient_accumulation_steps: Option<usize>,
) -> Result<(usize, usize), String> {
    let config = TrainConfig {
        batch_size,
        micro_batch_size,
        gradient_accumulation_steps,
        ..TrainConfig::default()
    };
    let batch = config.batch().map_err(|error| error.to_string())?;
    Ok((batch.micro_batch_size, batch.gradient_accumulation_steps))
}

#[test]
fn of_the_three_batch_settings_two_give_the_third() {
    assert_eq!(batch(Some(8), Some(2), None), Ok((2, 4)));
    assert_eq!(batch(Some(8), None, Some(2)), Ok((4, 2)));
    assert_eq!(batch(None, Some(4), Some(2)), Ok((4, 2)));
    assert_eq!(batch(Some(8), Some(2), Some(4)), Ok((2, 4)));
}

#[test]
fn one_batch_setting_or_none_leaves_a_single_pass() {
    assert_eq!(batch(Some(8), None, None), Ok((8, 1)));
    assert_eq!(batch(None, Some(4), None), Ok((4, 1)));
    assert_eq!(batch(None, None, None), Ok((16, 1)));
}

#[test]
fn batch_settings_that_disagree_are_refused() {
    let indivisible = "`batch_size`: 8 is not a multiple of `micro_batch_size` 3";
    assert_eq!(batch(Some(8), Some(3), None), Err(indivisible.to_owned()));
    let disagreeing = "`batch_size`: 8 is not `micro_batch_size` 2 times \
                       `gradient_accumulation_steps` 3";
    assert_eq!(batch(Some(8), Some(2), Some(3)), Err(disagreeing.to_owned()));
}

#[test]
fn lengths_are_rounded_up_to_whole_steps() {
    // 16 sequences of 128 tokens: 2,048 tokens a step.
    let steps = |config: TrainConfig| config.total_steps(20_480).unwrap();
    let config = TrainConfig { max_steps: None, ..valid() };
    assert_eq!(steps(valid()), 10);
    assert_eq!(steps(TrainConfig { train_tokens: Some(2_049), ..config.clone() }), 2);
    assert_eq!(steps(TrainConfig { num_epochs: Some(1.01), ..config.clone() }), 11);
    assert_eq!(steps(TrainConfig { num_epochs: Some(1e-9), ..config }), 1);
}

#[test]
fn warmup_and_minimum_follow_from_their_ratios() {
    let config = TrainConfig { warmup_ratio: Some(0.05), ..valid() };
    let schedule = config.schedule(101);
    assert_eq!(schedule.warmup_steps, 6);
    assert!((schedule.min - 1e-4).abs() < 1e-12);
    let fixed = TrainConfig { warmup_steps: Some(3), min_lr: Some(1e-6), ..valid() }.schedule(101);
    assert_eq!((fixed.warmup_steps, fixed.min), (3, 1e-6));
}

#[test]
fn one_cycle_has_a_warmup_and_a_minimum_of_its_own_unless_they_are_given() {
    let config = TrainConfig { lr_schedule: Some("one_cycle".parse().unwrap()), ..valid() };
    let schedule = config.schedule(100);
    assert_eq!(schedule.warmup_steps, 30);
    assert!((schedule.min - 4e-9).abs() < 1e-15);
    let given = TrainConfig { warmup_steps: Some(5), min_lr_ratio: Some(0.5), ..config };
    assert_eq!((given.schedule(100).warmup_steps, given.schedule(100).min), (5, 5e-4));
}

#[test]
fn every_setting_of_every_schedule_is_a_setting_of_the_trainer_and_reaches_it() {
    let keys = TrainConfig::keys();
    let known = valid().schedule_settings().map(|(key, _)| key);
    for kind in ScheduleKind::all() {
        for setting in kind.entry().settings {
            let is_known = keys.iter().any(|key| key == setting.key);
            assert!(is_known && known.contains(&setting.key), "{}", setting.key);
        }
    }
    let text = "lr_schedule = 'warmup_stable_decay'\nlr_cooldown_ratio = 0.25\n\
                lr_cooldown_type = '1-sqrt'\ndata = ['*.txt']\nmax_steps = 9";
    let config = TrainConfig::from_toml(text).unwrap();
    config.validate().unwrap();
    let settings = [("lr_cooldown_ratio", 0.25), ("lr_cooldown_type", 0.5)];
    assert_eq!(config.schedule(9).settings, settings.into());
}

#[test]
fn a_setting_of_another_schedule_is_refused_and_its_schedules_are_named() {
    let config = TrainConfig { lr_step_size: Some(5), ..valid() };
    let error = config.validate().unwrap_err();
    assert_eq!(error.to_string(), "`lr_step_size` is not used by lr_schedule = \"cosine\"");
    assert_eq!(error.key(), Some("lr_step_size"));
    let help = "remove `lr_step_size`, or use lr_schedule = \"step\"";
    assert_eq!(error.help().as_deref(), Some(help));
}

#[test]
fn every_bad_setting_of_a_schedule_is_named_with_its_bound() {
    let of = |kind: &str, change: fn(&mut TrainConfig)| {
        message(|config| {
            config.lr_schedule = Some(kind.parse().unwrap());
            change(config);
        })
    };
    let messages = [
        of("cosine_with_restarts", |config| config.lr_num_cycles = Some(0)),
        of("polynomial", |config| config.lr_power = Some(f64::NAN)),
        of("exponential", |config| config.lr_decay_rate = Some(1.5)),
        of("exponential", |config| config.lr_decay_steps = Some(0)),
        of("step", |config| config.lr_step_size = Some(0)),
        of("step", |config| config.lr_gamma = Some(0.0)),
        of("inverse_sqrt", |config| config.lr_timescale = Some(0)),
        of("one_cycle", |config| config.lr_div_factor = Some(0.5)),
        of("warmup_stable_decay", |config| config.lr_cooldown_ratio = Some(1.25)),
    ];
    let expected = [
        "[lr_num_cycles] `lr_num_cycles`: 0 is below 1",
        "[lr_power] `lr_power`: NaN is not finite",
        "[lr_decay_rate] `lr_decay_rate`: 1.5 is not above 0 and at most 1",
        "[lr_decay_steps] `lr_decay_steps`: 0 is below 1",
        "[lr_step_size] `lr_step_size`: 0 is below 1",
        "[lr_gamma] `lr_gamma`: 0 is not above 0 and at most 1",
        "[lr_timescale] `lr_timescale`: 0 is below 1",
        "[lr_div_factor] `lr_div_factor`: 0.5 is below 1",
        "[lr_cooldown_ratio] `lr_cooldown_ratio`: 1.25 is not above 0 and at most 1",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn labels_are_at_least_two_and_each_is_given_once() {
    let labels = |labels: &[&str]| {
        let labels = labels.iter().map(ToString::to_string).collect();
        TrainConfig { labels, ..valid() }.validate().map_err(|error| error.to_string())
    };
    assert_eq!(labels(&["yes", "no"]), Ok(()));
    assert_eq!(labels(&["yes"]).unwrap_err(), "`labels`: [\"yes\"] is fewer than two labels");
    assert_eq!(labels(&["yes", " "]).unwrap_err(), "`labels`: \" \" is blank");
    assert_eq!(labels(&["a", "b", "a"]).unwrap_err(), "`labels`: \"a\" is given twice");
}

#[test]
fn a_gradient_limit_of_zero_is_none() {
    assert_eq!(valid().clipping(), Some(1.0));
    assert_eq!(TrainConfig { max_grad_norm: Some(0.0), ..valid() }.clipping(), None);
}

#[test]
fn the_mlp_is_eight_thirds_wide_rounded_up_to_64() {
    let width = |hidden_size| TrainConfig { hidden_size, ..TrainConfig::default() }.intermediate();
    assert_eq!((width(64), width(128), width(192)), (192, 384, 512));
}

#[test]
fn a_setting_of_another_architecture_is_refused_and_its_own_are_named() {
    let gpt2 = TrainConfig { architecture: Architecture::Gpt2, ..valid() };
    gpt2.validate().unwrap();
    for (config, message, help) in [
        (
            TrainConfig { layer_norm_eps: Some(1e-5), ..valid() },
            "`layer_norm_eps` is not used by architecture = \"llama\"",
            "remove `layer_norm_eps`, or use architecture = \"gpt2\"",
        ),
        (
            TrainConfig { rope_theta: Some(1e4), ..gpt2.clone() },
            "`rope_theta` is not used by architecture = \"gpt2\"",
            "remove `rope_theta`, or use architecture = \"llama\"",
        ),
        (
            TrainConfig { rms_norm_eps: Some(1e-5), ..gpt2.clone() },
            "`rms_norm_eps` is not used by architecture = \"gpt2\"",
            "remove `rms_norm_eps`, or use architecture = \"llama\"",
        ),
    ] {
        let error = config.validate().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.help().as_deref(), Some(help));
    }
    let odd = TrainConfig { hidden_size: 12, ..gpt2.clone() };
    odd.validate().unwrap();
    let bad = TrainConfig { layer_norm_eps: Some(0.0), ..gpt2 };
    assert_eq!(bad.validate().unwrap_err().to_string(), "`layer_norm_eps`: 0 is not above 0");
}

#[test]
fn every_architecture_is_read_by_its_name() {
    for architecture in Architecture::ALL {
        let text = format!("architecture = '{}'", architecture.name());
        assert_eq!(TrainConfig::from_toml(&text).unwrap().architecture, architecture);
    }
}

#[test]
fn the_memory_of_a_small_run_is_the_sum_of_what_is_kept() {
    let config = TrainConfig {
        hidden_size: 64,
        num_layers: 2,
        num_heads: 4,
        intermediate_size: Some(192),
        max_seq_length: 32,
        batch_size: Some(8),
        ..valid()
    };
    let estimate = config.estimated_memory(1000).unwrap();
    let parameters = config.num_parameters();
    assert_eq!(estimate.gradients, 4 * parameters);
    assert_eq!(estimate.weights, 4 * (parameters + 32 * 32 + 32 * 16));
    assert_eq!(estimate.optimizer_state, 8 * parameters);
    assert_eq!((estimate.average, estimate.accumulated, estimate.data), (0, 0, 4000));
    // Of each token in a layer: two norms, queries, keys, values, output, 4 sums, gate, up, product.
    let layer = 4 * 64 + 4 * 64 + 4 + 3 * 192;
    assert_eq!(estimate.activations, 4 * 256 * (2 * layer + 3 * 64));
    let kept = estimate.weights + estimate.optimizer_state;
    let most = estimate.activations + estimate.backward;
    assert_eq!(estimate.peak(), estimate.process + estimate.data + kept + most);
    assert!(estimate.peak_with_checkpoints() >= estimate.peak());

    let peak = |config: &TrainConfig| config.estimated_memory(1000).unwrap().peak();
    let halves = TrainConfig { micro_batch_size: Some(4), ..config.clone() };
    assert!(peak(&halves) < peak(&config));
    let averaged = TrainConfig { ema_decay: Some(0.9), ..config.clone() };
    assert_eq!(peak(&averaged), peak(&config) + 4 * parameters);
    let lighter = TrainConfig { optimizer: OptimizerKind::Lion, ..config.clone() };
    assert_eq!(peak(&lighter), peak(&config) - 4 * parameters);
    // A text longer than all else is the most while it is read.
    let text = 1 << 30;
    let estimate = config.estimated_memory(text).unwrap();
    assert_eq!(estimate.peak(), estimate.process + 13 * text);
}
