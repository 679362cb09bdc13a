//! Adapters in PEFT's form: a folder with `adapter_config.json` and `adapter_model.safetensors`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::Deserialize;
use serde_json::{Value, json};

use super::prompt::LastPrompt;
use super::stored::Stored;
use super::weights::transposed;
use super::{PretrainedError, PretrainedModel, safetensors as files};
use crate::model::{Adapter, Model, Projection};
use crate::{Architecture, TrainConfig};

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";

/// What PEFT puts before a model's own names.
const PREFIX: &str = "base_model.model.model.";

/// PEFT's names of A, B and m after that of their layer.
const SUFFIXES: [&str; 3] = ["lora_A.weight", "lora_B.weight", "lora_magnitude_vector"];

impl PretrainedModel {
    /// The model with an adapter in PEFT's form merged into its weights.
    ///
    /// # Errors
    /// A file can't be read, is damaged, or is of another kind of adapter or for another model.
    pub fn with_adapter(mut self, folder: &Path) -> Result<PretrainedModel, PretrainedError> {
        self.model = with_adapter(self.model, folder, &self.device)?.merged();
        self.last_prompt = LastPrompt::default();
        Ok(self)
    }
}

/// What is read of `adapter_config.json`. What would change the result and is not understood is
/// refused; it is there with these defaults in every file.
#[derive(Deserialize)]
struct Described {
    peft_type: String,
    r: usize,
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Entries that change what an adapter computes, and are only understood where they are empty.
const NOT_UNDERSTOOD: [&str; 9] = [
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "fan_in_fan_out",
    "lora_bias",
    "layer_replication",
    "use_qalora",
    "use_bdlora",
    "alora_invocation_tokens",
];

impl Described {
    fn read(path: &Path) -> Result<Described, PretrainedError> {
        let text = fs::read_to_string(path)
            .map_err(|source| PretrainedError::Io { path: path.to_owned(), source })?;
        let described: Described = serde_json::from_str(&text).map_err(|error| {
            PretrainedError::Damaged { path: path.to_owned(), fault: error.to_string() }
        })?;
        let refuse = |key: &str, value: String| {
            Err(PretrainedError::Unsupported { path: path.to_owned(), key: key.to_owned(), value })
        };
        if described.peft_type != "LORA" {
            return refuse("peft_type", described.peft_type);
        }
        if described.r == 0 {
            return refuse("r", "0".to_owned());
        }
        for key in NOT_UNDERSTOOD {
            match described.rest.get(key) {
                Some(value) if !is_empty(value) => return refuse(key, value.to_string()),
                _ => {}
            }
        }
        Ok(described)
    }

    fn scale(&self) -> f64 {
        let rank = self.r as f64;
        self.lora_alpha / if self.use_rslora { rank.sqrt() } else { rank }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The model with the adapters in `folder`.
fn with_adapter(model: Model, folder: &Path, device: &Device) -> Result<Model, PretrainedError> {
    let described = Described::read(&folder.join(CONFIG))?;
    let mut tensors = BTreeMap::new();
    files::find(&folder.join(WEIGHTS), &mut tensors)?;
    let mut failure = None;
    let model = model.map_projections(0, &mut |layer, projection| {
        let adapter = take(&mut tensors, layer, &projection, &described, device);
        match adapter {
            Ok(Some(adapter)) => projection.with_adapter(adapter),
            Ok(None) => projection,
            Err(error) => {
                failure.get_or_insert(error);
                projection
            }
        }
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    match tensors.into_iter().next() {
        Some((name, stored)) => {
            Err(PretrainedError::ExtraTensor { name, shape: stored.shape.clone() })
        }
        None => Ok(model),
    }
}

/// The adapter of a layer such as `layers.0.self_attn.q_proj`, if there is one.
fn take(
    tensors: &mut BTreeMap<String, Stored>,
    layer: &str,
    projection: &Projection,
    described: &Described,
    device: &Device,
) -> Result<Option<Adapter>, PretrainedError> {
    let [a_name, b_name, magnitude_name] =
        SUFFIXES.map(|suffix| format!("{PREFIX}{layer}.{suffix}"));
    if !tensors.contains_key(&a_name) {
        return Ok(None);
    }
    let ([inputs, outputs], rank) = (projection.dims(), described.r);
    let mut read = |name: String, expected: Vec<usize>| match tensors.remove(&name) {
        None => Err(PretrainedError::MissingTensor { name, expected }),
        Some(stored) if stored.shape != expected => {
            Err(PretrainedError::Misshapen { name, shape: stored.shape, expected })
        }
        Some(stored) => stored.read(),
    };
    let turned = |values: Vec<f32>, rows, columns| {
        let data = TensorData::new(transposed(&values, rows, columns), [columns, rows]);
        Tensor::<2>::from_data(data, device)
    };
    let a = turned(read(a_name, vec![rank, inputs])?, rank, inputs); // [inputs, rank]
    let b = turned(read(b_name, vec![outputs, rank])?, outputs, rank); // [rank, outputs]
    let magnitude = match tensors.contains_key(&magnitude_name) {
        false => None,
        true => {
            let stored = tensors.remove(&magnitude_name).expect("it is there");
            if stored.shape != [outputs] {
                let (shape, expected) = (stored.shape, vec![outputs]);
                return Err(PretrainedError::Misshapen { name: magnitude_name, shape, expected });
            }
            let data = TensorData::new(stored.read()?, [outputs]);
            Some(Tensor::<1>::from_data(data, device))
        }
    };
    Ok(Some(Adapter::of(a, b, magnitude, described.scale())))
}

/// Writes the adapters of a model as a folder that PEFT's `PeftModel` reads.
///
/// # Errors
/// Queries, keys and values are one layer in transformers' model, or a file can't be written.
pub(crate) fn save_adapter(
    model: &Model,
    config: &TrainConfig,
    folder: &Path,
) -> Result<(), PretrainedError> {
    if config.architecture == Architecture::Gpt2 {
        return Err(PretrainedError::NotOfPeft);
    }
    let failed = |path: &Path, source| PretrainedError::Io { path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let first = config.num_layers - config.trained_layers();
    let is_part = first > 0;
    let described = json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": config.base_model,
        "r": config.lora_rank(),
        "lora_alpha": config.lora_alpha(),
        "lora_dropout": config.lora_dropout.unwrap_or(0.0),
        "target_modules": config.lora_targets(),
        "layers_to_transform": is_part.then(|| (first..config.num_layers).collect::<Vec<_>>()),
        "layers_pattern": is_part.then_some("layers"),
        "use_rslora": config.use_rslora,
        "use_dora": config.use_dora,
        "bias": "none",
        "fan_in_fan_out": false,
        "init_lora_weights": true,
        "inference_mode": true,
    });
    let path = folder.join(CONFIG);
    fs::write(&path, format!("{described:#}\n")).map_err(|source| failed(&path, source))?;
    let mut matrices = Matrices::default();
    model.visit(&mut matrices);
    let views = matrices.found.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("its bytes are those of its shape"))
    });
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let path = folder.join(WEIGHTS);
    safetensors::serialize_to_file(views, Some(about), &path)
        .map_err(|error| failed(&path, std::io::Error::other(error)))
}

/// Walks through a model and takes down its adapters.
#[derive(Default)]
struct Matrices {
    path: Vec<String>,
    /// Shapes and bytes as in the file, by PEFT's name.
    found: BTreeMap<String, (Vec<usize>, Vec<u8>)>,
}

impl ModuleVisitor for Matrices {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let Some((layer, part)) = path.split_once(".lora.") else {
            return;
        };
        let data = param.val().into_data();
        let mut shape = data.shape().to_vec();
        let mut values = data.try_to_vec::<f32>().expect("weights are of 32 bits");
        if let [rows, columns] = shape[..] {
            values = transposed(&values, rows, columns);
            shape.reverse();
        }
        let suffix = match part {
            "a" => SUFFIXES[0],
            "b" => SUFFIXES[1],
            _ => SUFFIXES[2],
        };
        let bytes = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.found.insert(format!("{PREFIX}{layer}.{suffix}"), (shape, bytes));
    }
}

#[cfg(test)]
mod tests;
