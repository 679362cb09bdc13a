//! Why a pretrained checkpoint can't be used.

use std::path::PathBuf;

use thiserror::Error;

use super::encoding::Encoding;

/// Why a pretrained checkpoint could not be read, used or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PretrainedError {
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file of the folder is not there.
    #[error("`{}` has no {file}", folder.display())]
    MissingFile {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        file: String,
    },
    /// A file ends early, or its contents contradict each other.
    #[error("`{}` is damaged: {fault}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The model is of another architecture.
    #[error(
        "`{}` is of architecture `{found}`, and supported are {}",
        path.display(),
        supported.join(", ")
    )]
    Architecture {
        /// The file that says so.
        path: PathBuf,
        /// The architecture.
        found: String,
        /// Those that can be read from such a file.
        supported: &'static [&'static str],
    },
    /// The model has a part that the trainer's has not.
    #[error("`{}`: `{key}` {value} is not supported", path.display())]
    Unsupported {
        /// The file that says so.
        path: PathBuf,
        /// The entry.
        key: String,
        /// Its value.
        value: String,
    },
    /// The tokenizer, or the start or the end of a text, is a token that has no row in the embedding.
    #[error(
        "`{}`: it has a token {token}, and the vocabulary only {vocab_size} tokens",
        path.display()
    )]
    TooManyTokens {
        /// The checkpoint.
        path: PathBuf,
        /// The token.
        token: u32,
        /// Rows of the embedding.
        vocab_size: usize,
    },
    /// The tokenizer could not be read, made or used.
    #[error("`{}`: the tokenizer failed: {source}", path.display())]
    Tokenizer {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Weights are not there.
    #[error("the checkpoint has no tensor `{name}`, of shape {expected:?}")]
    MissingTensor {
        /// Hugging Face's name.
        name: String,
        /// The shape that it should have.
        expected: Vec<usize>,
    },
    /// There are weights that the model has no place for.
    #[error("the checkpoint has a tensor `{name}`, of shape {shape:?}, that the model has not")]
    ExtraTensor {
        /// The name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Weights have another shape than the model's.
    #[error("tensor `{name}` has shape {shape:?}, and the model {expected:?}")]
    Misshapen {
        /// Hugging Face's name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape that it should have.
        expected: Vec<usize>,
    },
    /// Weights are no numbers.
    #[error("tensor `{name}` has values that are not finite")]
    NotFinite {
        /// Hugging Face's name.
        name: String,
    },
    /// Weights are encoded in a way that can't be read.
    #[error("tensor `{name}` is encoded as {encoding}, which is not supported")]
    Encoding {
        /// The name.
        name: String,
        /// The encoding's name.
        encoding: String,
    },
    /// Hugging Face's form has no place for a setting.
    #[error("`{key}`: {value} can't be exported, because it is not {fault}")]
    Inexpressible {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: usize,
        /// What the value is not but should be.
        fault: &'static str,
    },
    /// What should name a checkpoint on the hub does not.
    #[error("{name:?} names no checkpoint on the Hugging Face hub")]
    HubName {
        /// What was given.
        name: String,
    },
    /// The checkpoint is on the hub, and nothing to fetch it was compiled in.
    #[error("this build can't fetch `{repo}` from the Hugging Face hub")]
    HubNotBuilt {
        /// Its owner and name.
        repo: String,
    },
    /// The checkpoint could not be fetched.
    #[error("`{repo}` could not be fetched from the Hugging Face hub: {source}")]
    Hub {
        /// Its owner and name.
        repo: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Adapters can't be written in PEFT's form.
    #[error(
        "queries, keys and values are one layer in transformers' GPT-2, and adapted apart here"
    )]
    NotOfPeft,
    /// A text has no token, or more than the model can take.
    #[error("{tokens} tokens are not within 1 and {positions}, the positions of the model")]
    Length {
        /// Tokens of the text.
        tokens: usize,
        /// Tokens that the model can take.
        positions: usize,
    },
    /// A prompt is longer than the longest text of the model.
    #[error("the prompt has {tokens} tokens, more than {positions}, the positions of the model")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens that the model can take.
        positions: usize,
    },
    /// A prompt has no token.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// The chat template can't write a conversation.
    #[error("the chat template failed: {source}")]
    ChatTemplate {
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A text could not be made tokens, or tokens a text.
    #[error("the tokenizer failed: {source}")]
    Words {
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What the model makes of a text are no numbers.
    #[error("the logits after {tokens} tokens are not finite")]
    LogitsNotFinite {
        /// Tokens of the text.
        tokens: usize,
    },
    /// A token is not in the vocabulary.
    #[error("token {token} is not below {vocab_size}, the size of the vocabulary")]
    UnknownToken {
        /// The token.
        token: u32,
        /// The size of the vocabulary.
        vocab_size: usize,
    },
    /// A setting of generation is out of its bounds.
    #[error("`{key}`: {value} is {fault}")]
    Sampling {
        /// The setting.
        key: &'static str,
        /// Its value, as text.
        value: String,
        /// What the value is but should not be.
        fault: &'static str,
    },
    /// The device failed while it computed.
    #[error("the device failed: {message}")]
    DeviceFailed {
        /// What the device says.
        message: String,
    },
}

impl PretrainedError {
    /// What may mend it, in one sentence.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            PretrainedError::MissingFile { .. } => {
                "a checkpoint's folder has config.json, tokenizer.json and model.safetensors, or \
                 its shards and model.safetensors.index.json"
                    .into()
            }
            PretrainedError::NotFinite { .. } | PretrainedError::Damaged { .. } => {
                "fetch it again".into()
            }
            PretrainedError::HubName { .. } => {
                "write hf://owner/name, hf://owner/name@revision, or hf://owner/name/file.gguf"
                    .into()
            }
            PretrainedError::HubNotBuilt { .. } => {
                "build with the cargo feature `hf-hub`, or fetch it and give the path of its folder"
                    .into()
            }
            PretrainedError::Hub { .. } => {
                "check the name; a private one needs `hf auth login`, and a mirror HF_ENDPOINT"
                    .into()
            }
            PretrainedError::PromptTooLong { .. } => "shorten it".into(),
            PretrainedError::LogitsNotFinite { .. } => {
                "the training diverged, or a file is damaged: use another checkpoint".into()
            }
            PretrainedError::NotOfPeft => "export the whole model".into(),
            PretrainedError::Encoding { .. } => {
                let known: Vec<_> = Encoding::ALL.iter().map(|known| known.name()).collect();
                format!("convert it to one of {}", known.join(", "))
            }
            PretrainedError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "name a folder with config.json in it, or a .gguf file".into()
            }
            _ => return None,
        };
        Some(help)
    }
}
