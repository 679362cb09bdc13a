//! Tests of the settings of fine-tuning: defaults, names and every error.

use super::*;

fn lora() -> TrainConfig {
    TrainConfig {
        data: vec!["*.jsonl".into()],
        max_steps: Some(10),
        base_model: Some("model.gguf".into()),
        finetuning_type: FinetuningType::Lora,
        ..TrainConfig::default()
    }
}

fn message(change: impl FnOnce(&mut TrainConfig)) -> String {
    let mut config = lora();
    change(&mut config);
    let error = config.validate().unwrap_err();
    assert!(error.help().is_some() || matches!(error, TrainError::OutOfBounds { .. }));
    format!("[{}] {error}", error.key().unwrap_or("none"))
}

#[test]
fn every_bad_value_is_named_with_its_bound() {
    let text = |text: &str| Some(TargetModules::Text(text.into()));
    let messages = [
        message(|config| config.base_model = None),
        message(|config| {
            config.finetuning_type = FinetuningType::Full;
            config.lora_rank = Some(4);
        }),
        message(|config| {
            config.finetuning_type = FinetuningType::LastLayers;
            config.use_dora = true;
        }),
        message(|config| {
            config.finetuning_type = FinetuningType::Full;
            config.trained_layers = Some(1);
        }),
        message(|config| config.lora_rank = Some(0)),
        message(|config| config.lora_alpha = Some(0.0)),
        message(|config| config.lora_dropout = Some(1.0)),
        message(|config| config.trained_layers = Some(0)),
        message(|config| config.lora_target_modules = text("q_proj, embed_tokens")),
        message(|config| config.lora_target_modules = Some(TargetModules::List(Vec::new()))),
    ];
    let expected = [
        "[finetuning_type] `finetuning_type`: \"lora\" needs a `base_model`",
        "[lora_rank] `lora_rank` is not used by finetuning_type = \"full\"",
        "[use_dora] `use_dora` is not used by finetuning_type = \"last_layers\"",
        "[trained_layers] `trained_layers` is not used by finetuning_type = \"full\"",
        "[lora_rank] `lora_rank`: 0 is not within 1 and 1,000,000",
        "[lora_alpha] `lora_alpha`: 0 is not above 0",
        "[lora_dropout] `lora_dropout`: 1 is not at least 0 and below 1",
        "[trained_layers] `trained_layers`: 0 is not within 1 and 1,000,000",
        "[lora_target_modules] `lora_target_modules`: \"embed_tokens\" is no linear layer of a block",
        "[lora_target_modules] `lora_target_modules`: \"\" is no linear layer",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn adapters_are_of_all_linear_layers_where_none_are_named() {
    let targets = |given: Option<TargetModules>| {
        TrainConfig { lora_target_modules: given, ..lora() }.lora_targets()
    };
    assert_eq!(targets(None), PROJECTIONS);
    assert_eq!(targets(Some(TargetModules::Text("all-linear".into()))), PROJECTIONS);
    let some = ["q_proj", "v_proj"];
    assert_eq!(targets(Some(TargetModules::Text("v_proj,q_proj".into()))), some);
    let config = "lora_target_modules = ['v_proj', 'q_proj']";
    assert_eq!(TrainConfig::from_toml(config).unwrap().lora_targets(), some);
    let config = "lora_target_modules = 'v_proj, q_proj'";
    assert_eq!(TrainConfig::from_toml(config).unwrap().lora_targets(), some);
}

#[test]
fn the_scale_is_alpha_over_the_rank_or_its_root() {
    let scale = |rank, alpha, use_rslora| {
        TrainConfig { lora_rank: rank, lora_alpha: alpha, use_rslora, ..lora() }.lora_scale()
    };
    assert_eq!(scale(None, None, false), 2.0);
    assert_eq!(scale(Some(16), Some(8.0), false), 0.5);
    assert_eq!(scale(Some(16), Some(8.0), true), 2.0);
}
