//! Which of a checkpoint's tensors is which of the model's weights.

use crate::Architecture;

/// How a weight of the model is written in a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// Hugging Face's name.
    pub(super) name: String,
    /// Whether a linear layer is `inputs x outputs` in the model, and the other way in the file.
    pub(super) is_transposed: bool,
    /// Which third of the file's columns it is, where queries, keys and values are one tensor.
    pub(super) third: Option<usize>,
    /// Whether it has a row for each position: a model may use the first ones alone.
    pub(super) is_of_positions: bool,
}

impl Named {
    /// Of the weight at `path`, such as `layers.0.self_attn.q_proj.weight`.
    pub(super) fn of(path: &str, architecture: Architecture) -> Named {
        match architecture {
            Architecture::Llama => Self::of_llama(path),
            Architecture::Gpt2 => Self::of_gpt2(path),
        }
    }

    fn of_llama(path: &str) -> Named {
        let is_norm = path.ends_with(".gamma");
        let name = path.replace(".gamma", ".weight");
        let is_output = name.starts_with("lm_head.");
        Named {
            is_transposed: !is_norm && !name.starts_with("embed_tokens."),
            name: if is_output { name } else { format!("model.{name}") },
            third: None,
            is_of_positions: false,
        }
    }

    /// GPT-2's linear layers are `inputs x outputs` in the file too.
    fn of_gpt2(path: &str) -> Named {
        let renamed = [
            ("embed_tokens.", "wte."),
            ("embed_positions.", "wpe."),
            ("layers.", "h."),
            ("input_layernorm.", "ln_1."),
            ("post_attention_layernorm.", "ln_2."),
            ("self_attn.q_proj.", "attn.c_attn."),
            ("self_attn.k_proj.", "attn.c_attn."),
            ("self_attn.v_proj.", "attn.c_attn."),
            ("self_attn.o_proj.", "attn.c_proj."),
            ("mlp.up_proj.", "mlp.c_fc."),
            ("mlp.down_proj.", "mlp.c_proj."),
            (".gamma", ".weight"),
            (".beta", ".bias"),
        ];
        let name = renamed
            .into_iter()
            .fold(path.to_owned(), |name, (ours, theirs)| name.replace(ours, theirs));
        let name = match name.strip_prefix("norm.") {
            Some(rest) => format!("ln_f.{rest}"),
            None => name,
        };
        let is_output = name.starts_with("lm_head.");
        let parts = ["q_proj", "k_proj", "v_proj"];
        Named {
            name: if is_output { name } else { format!("transformer.{name}") },
            is_transposed: is_output,
            third: parts.iter().position(|part| path.contains(part)),
            is_of_positions: path.starts_with("embed_positions."),
        }
    }
}

/// Whether a tensor says nothing that the model does not know: old files hold the frequencies of
/// rotary positions or the causal mask, and some the embedding again as an output layer that is
/// tied to it.
pub(super) fn is_redundant(name: &str) -> bool {
    let ends = [".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias"];
    name == "lm_head.weight" || ends.iter().any(|end| name.ends_with(end))
}
