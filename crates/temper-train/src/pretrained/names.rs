//! Which of a checkpoint's tensors is which of the model's weights.

/// How a weight of the model is written in a checkpoint.
pub(super) struct Named {
    /// Hugging Face's name.
    pub(super) name: String,
    /// Whether a linear layer is `inputs x outputs` in the model, and the other way in the file.
    pub(super) is_transposed: bool,
}

impl Named {
    /// Of the weight at `path`, such as `layers.0.self_attn.q_proj.weight`.
    pub(super) fn of(path: &str) -> Named {
        let is_norm = path.ends_with(".gamma");
        let name = path.replace(".gamma", ".weight");
        let is_output = name.starts_with("lm_head.");
        let is_transposed = !is_norm && !name.starts_with("embed_tokens.");
        Named { name: if is_output { name } else { format!("model.{name}") }, is_transposed }
    }
}

/// Whether a tensor says nothing that the model does not know: old files hold the frequencies of
/// rotary positions, and some the embedding again as an output layer that is tied to it.
pub(super) fn is_redundant(name: &str) -> bool {
    name.ends_with("rotary_emb.inv_freq") || name == "lm_head.weight"
}
