//! Tests against PEFT, on adapters of a tiny Llama (`reference/tiny_adapters.py`).

use std::path::PathBuf;

use burn::optim::GradientsParams;

use super::*;
use crate::data::Sequences;
use crate::model::Dropout;
use crate::pretrained::{Pretrained, load_weights};
use crate::{FinetuningType, TargetModules};

/// What 32 bits leave, as in the tests of the model without adapters.
const TOLERANCE: f64 = 1e-4;

const NAMES: [&str; 3] = ["lora", "rslora", "dora"];

fn tiny(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference/tiny").join(name)
}

fn adapter(name: &str) -> PathBuf {
    tiny("adapters").join(name)
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn expected(name: &str) -> Value {
    json(&adapter("expected.json"))[name].take()
}

fn tokens() -> Vec<u32> {
    let tokens = json(&tiny("expected.json"))["tokens"].take();
    serde_json::from_value(tokens).unwrap()
}

fn base() -> PretrainedModel {
    PretrainedModel::load(&tiny("f32"), crate::Device::Cpu).unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    serde_json::from_value(values.clone()).unwrap()
}

/// The base, adapted and with gradients, and the settings that made it.
fn adapted(name: &str) -> (Model, TrainConfig) {
    let pretrained = Pretrained::open(&tiny("f32")).unwrap();
    let described = json(&adapter(name).join(CONFIG));
    let targets = serde_json::from_value(described["target_modules"].clone()).unwrap();
    let config = TrainConfig {
        base_model: Some("tiny/f32".into()),
        finetuning_type: FinetuningType::Lora,
        lora_rank: Some(4),
        lora_alpha: described["lora_alpha"].as_f64(),
        lora_target_modules: Some(TargetModules::List(targets)),
        use_rslora: name == "rslora",
        use_dora: name == "dora",
        trained_layers: (name == "dora").then_some(1),
        max_seq_length: 32,
        ..TrainConfig::default()
    };
    let config = config.with_shape(&pretrained.shape);
    let device = Device::flex().autodiff();
    let (model, _) = load_weights(Model::new(&config, &device), &pretrained, &device).unwrap();
    (with_adapter(model.no_grad(), &adapter(name), &device).unwrap(), config)
}

#[test]
fn merged_adapters_give_the_probabilities_of_peft() {
    for name in NAMES {
        let model = base().with_adapter(&adapter(name)).unwrap();
        let all = model.all_log_probabilities(&tokens()).unwrap();
        let width = all.len() / tokens().len();
        let rows = [&all[..width], &all[all.len() - width..]];
        for (ours, theirs) in rows.into_iter().zip(numbers_of_rows(name)) {
            for (ours, theirs) in ours.iter().zip(theirs) {
                let difference = (f64::from(*ours) - theirs).abs();
                assert!(difference < TOLERANCE, "{name}: {difference}");
            }
        }
    }
}

fn numbers_of_rows(name: &str) -> Vec<Vec<f64>> {
    serde_json::from_value(expected(name)["log_probabilities"].take()).unwrap()
}

/// Compares the gradients of a model's parameters with PEFT's.
struct Compare<'a> {
    gradients: &'a GradientsParams,
    matrices: Matrices,
    expected: Value,
    compared: usize,
}

impl ModuleVisitor for Compare<'_> {
    fn enter_module(&mut self, name: &str, kind: &str) {
        self.matrices.enter_module(name, kind);
    }

    fn exit_module(&mut self, name: &str, kind: &str) {
        self.matrices.exit_module(name, kind);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.get::<D>(param.id);
        assert_eq!(gradient.is_some(), self.matrices.path.join(".").contains(".lora."));
        let Some(gradient) = gradient else { return };
        self.matrices.visit_float(&Param::from_tensor(gradient));
        let (name, (_, bytes)) = self.matrices.found.pop_first().unwrap();
        let ours: Vec<f64> = bytes
            .chunks_exact(4)
            .map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap())))
            .collect();
        let theirs = &self.expected[&name];
        let length = ours.iter().map(|value| value * value).sum::<f64>().sqrt();
        let mut pairs = ours.into_iter().zip(numbers(&theirs["first"]));
        let their_length = theirs["length"].as_f64().unwrap();
        assert!((length / their_length - 1.0).abs() < 1e-4, "{name}: {length} {their_length}");
        assert!(
            pairs.all(|(ours, theirs)| (ours - theirs).abs() < 1e-4 * length.max(1.0)),
            "{name}"
        );
        self.compared += 1;
    }
}

#[test]
fn adapters_are_given_the_gradients_of_peft_and_their_base_none() {
    for name in NAMES {
        let (model, _) = adapted(name);
        let tokens = tokens();
        let device = Device::flex().autodiff();
        let sequences = Sequences::cut(&tokens, &[0], tokens.len() - 1, &device);
        let loss = model.loss(sequences, &mut Dropout::none());
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let expected = expected(name)["gradients"].take();
        let number = expected.as_object().unwrap().len();
        let matrices = Matrices::default();
        let mut compare = Compare { gradients: &gradients, matrices, expected, compared: 0 };
        model.visit(&mut compare);
        assert_eq!(compare.compared, number, "{name}");
    }
}

#[test]
fn what_is_written_is_what_peft_wrote() {
    for name in NAMES {
        let (model, config) = adapted(name);
        let folder = tempfile::tempdir().unwrap();
        save_adapter(&model, &config, folder.path()).unwrap();
        let [ours, theirs] = [folder.path(), &adapter(name)].map(|folder| {
            let mut tensors = BTreeMap::new();
            files::find(&folder.join(WEIGHTS), &mut tensors).unwrap();
            let read = |(name, stored): (String, Stored)| (name, stored.read().unwrap());
            tensors.into_iter().map(read).collect::<BTreeMap<_, _>>()
        });
        assert_eq!(ours, theirs);
        let theirs = json(&adapter(name).join(CONFIG));
        for (key, value) in json(&folder.path().join(CONFIG)).as_object().unwrap() {
            let same = match (value.as_f64(), key.as_str()) {
                (Some(value), _) => theirs[key].as_f64() == Some(value),
                // PEFT's own are a set, and it knows the names of Llama's layers.
                (_, "target_modules") => {
                    let mut names: Vec<&str> =
                        value.as_array().unwrap().iter().filter_map(Value::as_str).collect();
                    names.sort_unstable();
                    json!(names) == theirs[key]
                }
                (_, "layers_pattern") => value.is_null() || value == "layers",
                _ => *value == theirs[key],
            };
            assert!(same, "{name}, {key}: {value} and {}", theirs[key]);
        }
    }
}

/// The error of an adapter of which one file was changed.
fn changed(name: &str, file: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in [CONFIG, WEIGHTS] {
        fs::copy(adapter(name).join(file), folder.path().join(file)).unwrap();
    }
    let path = folder.path().join(file);
    match change(fs::read(&path).unwrap()) {
        Some(bytes) => fs::write(path, bytes).unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
    let error = base().with_adapter(folder.path()).err().unwrap();
    error.to_string().replace(&folder.path().display().to_string(), "F")
}

fn with_entry(key: &str, value: &Value) -> String {
    changed("rslora", CONFIG, |bytes| {
        let mut config: Value = serde_json::from_slice(&bytes).unwrap();
        config[key] = value.clone();
        Some(config.to_string().into_bytes())
    })
}

#[test]
fn an_adapter_that_can_not_be_used_is_an_error_that_says_why() {
    let a = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight";
    let messages = [
        with_entry("peft_type", &json!("IA3")),
        with_entry("rank_pattern", &json!({"q_proj": 2})),
        with_entry("r", &json!(8)),
        with_entry("r", &json!(0)),
        changed("lora", CONFIG, |_| None),
        changed("lora", CONFIG, |_| Some(b"{}".to_vec())),
        changed("lora", WEIGHTS, |_| None),
        changed("lora", WEIGHTS, |bytes| Some(bytes[..bytes.len() - 3].to_vec())),
        changed("rslora", WEIGHTS, |bytes| {
            let place = bytes.windows(a.len()).position(|window| window == a.as_bytes()).unwrap();
            let mut bytes = bytes;
            bytes[place + a.len() - 8] = b'C';
            Some(bytes)
        }),
    ];
    let a_of_queries = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    let expected = [
        "`F/adapter_config.json`: `peft_type` IA3 is not supported",
        "`F/adapter_config.json`: `rank_pattern` {\"q_proj\":2} is not supported",
        &format!("tensor `{a_of_queries}` has shape [4, 32], and the model [8, 32]"),
        "`F/adapter_config.json`: `r` 0 is not supported",
        "`F/adapter_config.json`: No such file or directory (os error 2)",
        "`F/adapter_config.json` is damaged: missing field `peft_type` at line 1 column 2",
        "`F/adapter_model.safetensors`: No such file or directory (os error 2)",
        "`F/adapter_model.safetensors` is damaged: it ends 3 bytes early",
        "the checkpoint has a tensor \
         `base_model.model.model.layers.0.mlp.down_proj.lora_B.weight`, of shape [32, 4], that the \
         model has not",
    ];
    assert_eq!(messages, expected);
}
