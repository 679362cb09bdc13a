//! Writing a model in Hugging Face's form.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, bf16, f16};
use safetensors::{Dtype, View};
use serde_json::json;

use super::fold::without_multipliers;
use super::names::Named;
use super::weights::transposed;
use super::{
    GenerationDefaults, PretrainedError, PretrainedModel, Shape, Words, config_json,
    generation_json,
};
use crate::model::Model;
use crate::{Architecture, TrainConfig};

/// How weights are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WeightType {
    /// 32 bits each, without a loss.
    #[default]
    F32,
    /// 16 bits each, with 8 of the significand.
    Bf16,
    /// 16 bits each, with 11 of the significand; above 65,504 they are infinite.
    F16,
}

impl WeightType {
    /// All of them.
    pub const ALL: [WeightType; 3] = [WeightType::F32, WeightType::Bf16, WeightType::F16];

    /// Its short name.
    pub const fn name(self) -> &'static str {
        match self {
            WeightType::F32 => "f32",
            WeightType::Bf16 => "bf16",
            WeightType::F16 => "f16",
        }
    }

    /// PyTorch's name.
    const fn torch_name(self) -> &'static str {
        match self {
            WeightType::F32 => "float32",
            WeightType::Bf16 => "bfloat16",
            WeightType::F16 => "float16",
        }
    }
}

impl PretrainedModel {
    /// Writes a folder that transformers' `AutoModelForCausalLM` and `AutoTokenizer` read, and
    /// [`PretrainedModel::load`]: model.safetensors, config.json, tokenizer.json,
    /// `tokenizer_config.json` and, where there are defaults of how it writes,
    /// `generation_config.json`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn save_pretrained(
        &self,
        folder: &Path,
        weight_type: WeightType,
    ) -> Result<(), PretrainedError> {
        save(&self.model, &self.config, &self.shape, &self.words, folder, weight_type)
    }
}

/// Writes a model of these settings, as [`PretrainedModel::save_pretrained`] does; what they
/// multiply by is folded into the weights.
///
/// # Errors
/// transformers has no such model, or a file can't be written.
pub(crate) fn save(
    model: &Model,
    config: &TrainConfig,
    shape: &Shape,
    words: &Words,
    folder: &Path,
    weight_type: WeightType,
) -> Result<(), PretrainedError> {
    let width = shape.num_heads * shape.head_dim;
    if shape.architecture == Architecture::Gpt2 && width != shape.hidden_size {
        return Err(PretrainedError::Inexpressible {
            key: "head_dim",
            value: shape.head_dim,
            fault: "`hidden_size` / `num_heads`, as it always is in transformers' GPT-2",
        });
    }
    // GPT-2 has no groups of queries: every query has a copy of its group's key and value.
    let group = shape.num_heads / shape.num_kv_heads;
    let copies = if shape.architecture == Architecture::Gpt2 { group } else { 1 };
    let failed = |path: &Path, source| PretrainedError::Io { path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|source| failed(&path, source))
    };
    let dtype = weight_type.torch_name();
    write("config.json", config_json::write(shape, dtype, words.bos, &words.eos))?;
    if words.defaults != GenerationDefaults::default() {
        let text = generation_json::write(&words.defaults, words.bos, &words.eos);
        write("generation_config.json", text)?;
    }
    let special = words.tokenizer.get_added_tokens_decoder();
    let text = |token: Option<u32>| token.and_then(|id| special.get(&id)).map(|it| &it.content);
    let tokenizer_config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": text(words.bos),
        "eos_token": text(words.eos.first().copied()),
        "model_max_length": shape.max_position_embeddings,
        "clean_up_tokenization_spaces": false,
        "chat_template": words.chat_template,
    });
    write("tokenizer_config.json", format!("{tokenizer_config:#}\n"))?;
    let path = folder.join("tokenizer.json");
    words
        .tokenizer
        .save(&path, true)
        .map_err(|source| PretrainedError::Tokenizer { path, source })?;

    let mut writer = Writer {
        architecture: shape.architecture,
        head_dim: shape.head_dim,
        copies,
        weight_type,
        path: Vec::new(),
        thirds: BTreeMap::new(),
        weights: Vec::new(),
    };
    without_multipliers(model.clone(), config).visit(&mut writer);
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let path = folder.join("model.safetensors");
    safetensors::serialize_to_file(writer.weights, Some(about), &path)
        .map_err(|error| failed(&path, std::io::Error::other(error)))
}

/// Walks through a model and lists its weights.
struct Writer {
    architecture: Architecture,
    head_dim: usize,
    /// How often each key and value head is written.
    copies: usize,
    weight_type: WeightType,
    path: Vec<String>,
    /// Queries and keys whose values have not come yet, by the name that they share.
    thirds: BTreeMap<String, Vec<Tensor<2>>>,
    weights: Vec<(String, Weight)>,
}

impl ModuleVisitor for Writer {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let named = Named::of(&self.path.join("."), self.architecture);
        let tensor = param.val();
        let mut shape = tensor.dims().to_vec();
        if let Some(third) = named.third {
            let width = shape[D - 1];
            let rows: usize = shape[..D - 1].iter().product();
            let mut columns = tensor.reshape([rows, width]); // [rows, width]
            if third > 0 && self.copies > 1 {
                let heads = width / self.head_dim;
                // [rows * heads, copies, head_dim]
                let each = columns.reshape([rows * heads, 1, self.head_dim]);
                let each = each.repeat_dim(1, self.copies);
                columns = each.reshape([rows, width * self.copies]); // [rows, heads' width]
            }
            let thirds = self.thirds.entry(named.name.clone()).or_default();
            thirds.push(columns);
            if thirds.len() == 3 {
                let whole = Tensor::cat(std::mem::take(thirds), 1); // [rows, 3 width]
                let count: usize = whole.dims().iter().product();
                shape[D - 1] = count / rows;
                self.push(named, whole.reshape([count]), shape);
            }
            return;
        }
        let count: usize = shape.iter().product();
        if named.is_transposed {
            shape.reverse();
        }
        self.push(named, tensor.reshape([count]), shape);
    }
}

impl Writer {
    fn push(&mut self, named: Named, flat: Tensor<1>, shape: Vec<usize>) {
        let Named { name, is_transposed, .. } = named;
        self.weights
            .push((name, Weight { flat, shape, is_transposed, weight_type: self.weight_type }));
    }
}

/// A weight, which becomes bytes when it is its turn.
struct Weight {
    /// Row-major, as in the model.
    flat: Tensor<1>,
    /// As in the file.
    shape: Vec<usize>,
    is_transposed: bool,
    weight_type: WeightType,
}

impl View for Weight {
    fn dtype(&self) -> Dtype {
        match self.weight_type {
            WeightType::F32 => Dtype::F32,
            WeightType::Bf16 => Dtype::BF16,
            WeightType::F16 => Dtype::F16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let data = self.flat.clone().into_data();
        let mut values = data.try_to_vec::<f32>().expect("weights are of 32 bits");
        if self.is_transposed {
            values = transposed(&values, self.shape[1], self.shape[0]);
        }
        let values = values.into_iter();
        Cow::Owned(match self.weight_type {
            WeightType::F32 => values.flat_map(f32::to_le_bytes).collect(),
            WeightType::Bf16 => {
                values.flat_map(|value| bf16::from_f32(value).to_le_bytes()).collect()
            }
            WeightType::F16 => {
                values.flat_map(|value| f16::from_f32(value).to_le_bytes()).collect()
            }
        })
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype().bitsize() / 8
    }
}
