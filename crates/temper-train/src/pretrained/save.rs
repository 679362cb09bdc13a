//! Writing a model in Hugging Face's form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, bf16};
use safetensors::{Dtype, View};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::names::Named;
use super::weights::transposed;
use super::{PretrainedError, PretrainedModel, config_json};

/// How weights are written, or what products of matrices are computed in.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits each, without a loss.
    #[default]
    F32,
    /// 16 bits each, with 8 of the significand.
    Bf16,
}

impl PretrainedModel {
    /// Writes a folder that transformers' `AutoModelForCausalLM` and `AutoTokenizer` read, and
    /// [`PretrainedModel::load`]: model.safetensors, config.json, tokenizer.json and
    /// `tokenizer_config.json`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn save_pretrained(
        &self,
        folder: &Path,
        precision: Precision,
    ) -> Result<(), PretrainedError> {
        let failed = |path: &Path, source| PretrainedError::Io { path: path.to_owned(), source };
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|source| failed(&path, source))
        };
        let dtype = match precision {
            Precision::F32 => "float32",
            Precision::Bf16 => "bfloat16",
        };
        let (words, shape) = (&self.words, &self.shape);
        write("config.json", config_json::write(shape, dtype, words.bos, &words.eos))?;
        let text = |token: Option<u32>| token.and_then(|id| words.tokenizer.id_to_token(id));
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

        let mut writer = Writer { precision, path: Vec::new(), weights: Vec::new() };
        self.model.visit(&mut writer);
        let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let path = folder.join("model.safetensors");
        safetensors::serialize_to_file(writer.weights, Some(about), &path)
            .map_err(|error| failed(&path, std::io::Error::other(error)))
    }
}

/// Walks through a model and lists its weights.
struct Writer {
    precision: Precision,
    path: Vec<String>,
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
        let named = Named::of(&self.path.join("."));
        let tensor = param.val();
        let count: usize = tensor.dims().iter().product();
        let mut shape = tensor.dims().to_vec();
        if named.is_transposed {
            shape.reverse();
        }
        let flat = tensor.reshape([count]);
        let is_transposed = named.is_transposed;
        self.weights
            .push((named.name, Weight { flat, shape, is_transposed, precision: self.precision }));
    }
}

/// A weight, which becomes bytes when it is its turn.
struct Weight {
    /// Row-major, as in the model.
    flat: Tensor<1>,
    /// As in the file.
    shape: Vec<usize>,
    is_transposed: bool,
    precision: Precision,
}

impl View for Weight {
    fn dtype(&self) -> Dtype {
        match self.precision {
            Precision::F32 => Dtype::F32,
            Precision::Bf16 => Dtype::BF16,
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
        Cow::Owned(match self.precision {
            Precision::F32 => values.flat_map(f32::to_le_bytes).collect(),
            Precision::Bf16 => {
                values.flat_map(|value| bf16::from_f32(value).to_le_bytes()).collect()
            }
        })
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype().bitsize() / 8
    }
}
