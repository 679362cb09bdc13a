//! The tokenizer of a GGUF file.

use std::sync::Arc;

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer};

use super::{Metadata, Value};
use crate::pretrained::{GenerationDefaults, PretrainedError, Words};

/// Kinds of tokens that are matched as wholes (`llama_token_type` of llama.cpp).
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;

/// How Llama 3 divides text (`LLAMA_VOCAB_PRE_TYPE_LLAMA3` of llama.cpp; the same pattern is in
/// its tokenizer.json).
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Makes the tokenizer that the metadata describes: byte-level byte-pair encoding.
///
/// # Errors
/// It is of another kind, or its lists contradict each other.
pub(super) fn read(metadata: &Metadata<'_>) -> Result<Words, PretrainedError> {
    let unsupported = |key: &str, value: &str| PretrainedError::Unsupported {
        path: metadata.path.to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let failed = |source| PretrainedError::Tokenizer { path: metadata.path.to_owned(), source };
    let model = metadata.text("tokenizer.ggml.model")?;
    if model != "gpt2" {
        return Err(unsupported("tokenizer.ggml.model", model));
    }
    let tokens = texts(metadata, "tokenizer.ggml.tokens")?;
    let merges = texts(metadata, "tokenizer.ggml.merges")?;
    let merges = merges.iter().map(|pair| pair.split_once(' ')).collect::<Option<Vec<_>>>();
    let merges = merges
        .ok_or_else(|| metadata.damaged("`tokenizer.ggml.merges` has no pairs".to_owned()))?;
    let owned = |(left, right): (&str, &str)| (left.to_owned(), right.to_owned());
    let vocabulary: Vec<(String, u32)> =
        tokens.iter().zip(0..).map(|(token, id)| ((*token).to_owned(), id)).collect();
    let kind = metadata.get("tokenizer.ggml.pre").and_then(Value::as_text).unwrap_or("default");
    let pre_tokenizer = pre_tokenizer(kind)
        .ok_or_else(|| unsupported("tokenizer.ggml.pre", kind))?
        .map_err(failed)?;

    let model = BPE::builder()
        .vocab_and_merges(
            vocabulary.into_iter().collect::<Vocab>(),
            merges.into_iter().map(owned).collect(),
        )
        .ignore_merges(kind == "llama-bpe")
        .build()
        .map_err(failed)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(pre_tokenizer));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    add_special(&mut tokenizer, metadata, &tokens);

    let id = |name: &str| {
        let value = metadata.get(&format!("tokenizer.ggml.{name}_token_id"))?.as_u64()?;
        u32::try_from(value).ok().filter(|id| (*id as usize) < tokens.len())
    };
    let bos = id("bos");
    let adds_bos = metadata.get("tokenizer.ggml.add_bos_token") == Some(&Value::Bool(true))
        || kind == "llama-bpe" && metadata.get("tokenizer.ggml.add_bos_token").is_none();
    if let (true, Some(bos)) = (adds_bos, bos) {
        let token = tokens[bos as usize];
        let template = TemplateProcessing::builder()
            .try_single(format!("{token} $A"))
            .and_then(|builder| {
                builder.special_tokens(vec![(token, bos)]).build().map_err(|e| e.to_string())
            })
            .map_err(|error| failed(error.into()))?;
        tokenizer.with_post_processor(Some(template));
    }
    let mut eos: Vec<u32> = [id("eos"), id("eot")].into_iter().flatten().collect();
    eos.dedup();
    let chat_template = metadata.get("tokenizer.chat_template").and_then(Value::as_text);
    let tokenizer = Arc::new(tokenizer);
    let (chat_template, defaults) =
        (chat_template.map(str::to_owned), GenerationDefaults::default());
    Ok(Words { tokenizer, chat_template, bos, eos, defaults })
}

/// How text is divided before merging; `None` for an unknown kind.
fn pre_tokenizer(kind: &str) -> Option<Result<PreTokenizerWrapper, tokenizers::Error>> {
    let plain = ByteLevel::new(false, true, true);
    match kind {
        "default" | "gpt-2" | "gpt2" => Some(Ok(plain.into())),
        // Digits stand alone (`LLAMA_VOCAB_PRE_TYPE_SMOLLM`).
        "smollm" => Some(Ok(Sequence::new(vec![Digits::new(true).into(), plain.into()]).into())),
        "llama-bpe" | "llama3" | "llama-v3" => {
            let pattern = SplitPattern::Regex(LLAMA3.to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            Some(split.map(|split| {
                let bytes = ByteLevel::new(false, true, false);
                Sequence::new(vec![split.into(), bytes.into()]).into()
            }))
        }
        _ => None,
    }
}

fn add_special(tokenizer: &mut Tokenizer, metadata: &Metadata<'_>, tokens: &[&str]) {
    let kinds = metadata.get("tokenizer.ggml.token_type").and_then(Value::as_list);
    let kinds = kinds.unwrap_or_default().iter().map(Value::as_u64);
    let of = |wanted| {
        let kinds = kinds.clone().zip(tokens);
        kinds.filter(move |(kind, _)| *kind == Some(wanted)).map(|(_, token)| *token)
    };
    let control: Vec<_> = of(CONTROL).map(|token| AddedToken::from(token, true)).collect();
    let user: Vec<_> =
        of(USER_DEFINED).map(|token| AddedToken::from(token, false).normalized(false)).collect();
    tokenizer.add_special_tokens(&control);
    tokenizer.add_tokens(&user);
}

fn texts<'a>(metadata: &'a Metadata<'_>, key: &str) -> Result<Vec<&'a str>, PretrainedError> {
    let texts = metadata.get(key).and_then(Value::as_list);
    let texts = texts.and_then(|texts| texts.iter().map(Value::as_text).collect());
    texts.ok_or_else(|| metadata.damaged(format!("no list of texts `{key}`")))
}
