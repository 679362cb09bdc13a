//! A checkpoint in a GGUF file, the form of llama.cpp.

mod container;
mod tokenizer;

use std::collections::BTreeMap;
use std::path::Path;

use self::container::{Container, Value};
use super::stored::Stored;
use super::{Pretrained, PretrainedError, Shape};
use crate::{Architecture, RopeScaling};

/// The architectures whose files can be read.
const SUPPORTED: &[&str] = &["llama", "mistral"];

/// The tensor with a factor for each wavelength of the rotary positions.
const ROPE_FACTORS: &str = "rope_freqs.weight";

/// Opens the file; weights are not read.
///
/// # Errors
/// The file is damaged, or the model or an encoding of its weights is not supported.
pub(super) fn open(path: &Path) -> Result<Pretrained, PretrainedError> {
    let container = Container::read(path)?;
    let metadata = Metadata { path, container: &container };
    let architecture = metadata.text("general.architecture")?;
    if !SUPPORTED.contains(&architecture) {
        let (path, found) = (path.to_owned(), architecture.to_owned());
        return Err(PretrainedError::Architecture { path, found, supported: SUPPORTED });
    }
    let words = tokenizer::read(&metadata)?;
    let shape = shape(&metadata, architecture)?;
    let mut tensors = BTreeMap::new();
    for (name, stored) in &container.tensors {
        if name == ROPE_FACTORS {
            continue;
        }
        let name = hugging_face_name(name);
        let interleaved_heads = if name.ends_with("q_proj.weight") {
            Some(shape.num_heads)
        } else {
            name.ends_with("k_proj.weight").then_some(shape.num_kv_heads)
        };
        let rows = stored.shape.first().copied().unwrap_or(0);
        let interleaved_heads = interleaved_heads.filter(|heads| rows.is_multiple_of(*heads));
        tensors.insert(name, Stored { interleaved_heads, ..stored.clone() });
    }
    Ok(Pretrained { shape, words, tensors })
}

fn shape(metadata: &Metadata<'_>, architecture: &str) -> Result<Shape, PretrainedError> {
    let key = |name: &str| format!("{architecture}.{name}");
    let hidden_size = metadata.size(&key("embedding_length"))?;
    let num_heads = metadata.size(&key("attention.head_count"))?;
    let num_kv_heads = metadata.optional_size(&key("attention.head_count_kv"))?;
    let embedding = metadata.container.tensors.get("token_embd.weight");
    let rows = embedding.and_then(|stored| stored.shape.first().copied());
    let optional = |name: &str| metadata.get(&key(name)).and_then(Value::as_f64);
    let head_dim = metadata.optional_size(&key("attention.key_length"))?;
    Ok(Shape {
        architecture: Architecture::Llama,
        hidden_size,
        num_layers: metadata.size(&key("block_count"))?,
        num_heads,
        num_kv_heads: num_kv_heads.unwrap_or(num_heads),
        head_dim: head_dim.unwrap_or(hidden_size / num_heads),
        intermediate_size: metadata.size(&key("feed_forward_length"))?,
        vocab_size: match rows {
            Some(rows) => rows,
            None => metadata.size(&key("vocab_size"))?,
        },
        norm_eps: short(optional("attention.layer_norm_rms_epsilon").unwrap_or(1e-5)),
        rope_theta: short(optional("rope.freq_base").unwrap_or(10_000.0)),
        rope_scaling: scaling(metadata, &key("rope.scaling"))?,
        max_position_embeddings: metadata.size(&key("context_length"))?,
        tie_word_embeddings: !metadata.container.tensors.contains_key("output.weight"),
    })
}

fn scaling(metadata: &Metadata<'_>, key: &str) -> Result<Option<RopeScaling>, PretrainedError> {
    if let Some(factors) = metadata.container.tensors.get(ROPE_FACTORS) {
        let factors = factors.read()?.into_iter().map(f64::from).collect();
        return Ok(Some(RopeScaling::Factors { factors }));
    }
    let kind = format!("{key}.type");
    match metadata.get(&kind).and_then(Value::as_text) {
        None | Some("none") => Ok(None),
        Some("linear") => {
            let factor = metadata.get(&format!("{key}.factor")).and_then(Value::as_f64);
            Ok(factor.map(|factor| RopeScaling::Linear { factor }))
        }
        Some(other) => Err(PretrainedError::Unsupported {
            path: metadata.path.to_owned(),
            key: kind,
            value: other.to_owned(),
        }),
    }
}

/// The number of 32 bits as a person wrote it: 1e-5, not 9.999999747378752e-6.
fn short(number: f64) -> f64 {
    (number as f32).to_string().parse().unwrap_or(number)
}

/// Hugging Face's name of a tensor (`tensor_mapping.py` of llama.cpp's gguf-py).
fn hugging_face_name(name: &str) -> String {
    let renamed = [
        ("token_embd.", "model.embed_tokens."),
        ("output_norm.", "model.norm."),
        ("output.", "lm_head."),
    ];
    for (from, to) in renamed {
        if let Some(rest) = name.strip_prefix(from) {
            return format!("{to}{rest}");
        }
    }
    let name = name.replacen("blk.", "model.layers.", 1);
    let renamed = [
        (".attn_norm.", ".input_layernorm."),
        (".attn_q.", ".self_attn.q_proj."),
        (".attn_k.", ".self_attn.k_proj."),
        (".attn_v.", ".self_attn.v_proj."),
        (".attn_output.", ".self_attn.o_proj."),
        (".ffn_norm.", ".post_attention_layernorm."),
        (".ffn_gate.", ".mlp.gate_proj."),
        (".ffn_up.", ".mlp.up_proj."),
        (".ffn_down.", ".mlp.down_proj."),
    ];
    renamed.into_iter().fold(name, |name, (from, to)| name.replace(from, to))
}

/// What the file says besides weights.
struct Metadata<'a> {
    path: &'a Path,
    container: &'a Container,
}

impl Metadata<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.container.metadata.get(key)
    }

    fn text(&self, key: &str) -> Result<&str, PretrainedError> {
        self.get(key).and_then(Value::as_text).ok_or_else(|| self.damaged(format!("no `{key}`")))
    }

    /// A number of at least 1.
    fn size(&self, key: &str) -> Result<usize, PretrainedError> {
        self.optional_size(key)?.ok_or_else(|| self.damaged(format!("no `{key}`")))
    }

    fn optional_size(&self, key: &str) -> Result<Option<usize>, PretrainedError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.as_u64() {
            Some(number) if number >= 1 => Ok(Some(number as usize)),
            _ => Err(self.damaged(format!("`{key}` is no number of at least 1"))),
        }
    }

    fn damaged(&self, fault: String) -> PretrainedError {
        PretrainedError::Damaged { path: self.path.to_owned(), fault }
    }
}
