//! Reading a prompt, of which the beginning may have been read before.

use std::sync::{Mutex, PoisonError};

use burn::tensor::Tensor;

use super::{PretrainedError, PretrainedModel};
use crate::model::Cache;

/// Tokens of a prompt that are read at once. Pieces begin at multiples of it, whatever was read
/// before: so the same numbers are computed in the same way, and an answer does not depend on the
/// prompts before it.
const PIECE: usize = 64;

/// The prompt that was read last, and what the model keeps of it: those of one evaluation often begin
/// with the same instructions and examples.
#[derive(Debug, Default)]
pub(super) struct LastPrompt(Mutex<Option<(Vec<u32>, Cache)>>);

impl LastPrompt {
    /// What is kept of the beginning of `prompt`, in whole pieces and without its last token, and how
    /// many tokens these are. Another thread that asks at the same time has to read it anew.
    fn take(&self, prompt: &[u32]) -> Option<(Cache, usize)> {
        let (tokens, cache) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let pairs = tokens.iter().zip(&prompt[..prompt.len() - 1]);
        let length = pairs.take_while(|(old, new)| old == new).count() / PIECE * PIECE;
        Some((cache.first(length), length))
    }

    fn keep(&self, prompt: &[u32], cache: Cache) {
        let kept = Some((prompt.to_vec(), cache));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

impl PretrainedModel {
    /// Reads a prompt, which has a token: what the model keeps of it, and the logits of what follows,
    /// `1 x 1 x vocabulary`.
    ///
    /// # Errors
    /// A token is not in the vocabulary.
    pub(super) fn read_prompt(
        &self,
        prompt: &[u32],
    ) -> Result<(Cache, Tensor<3>), PretrainedError> {
        let taken = self.last_prompt.take(prompt);
        let (mut cache, read) = taken.unwrap_or_else(|| (Cache::new(&self.config), 0));
        let mut logits = None;
        for piece in prompt[read..].chunks(PIECE) {
            logits = Some(self.read(piece, 1, &mut cache)?);
        }
        self.last_prompt.keep(prompt, cache.clone());
        Ok((cache, logits.expect("the last token is always read")))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::Device;
    use crate::pretrained::model::values;

    /// The tiny Llama of `reference/tiny_llama.py`, for longer texts.
    fn model() -> PretrainedModel {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/tiny/f32");
        let folder = tempfile::tempdir().unwrap();
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(tiny.join(file), folder.path().join(file)).unwrap();
        }
        let config = fs::read_to_string(tiny.join("config.json")).unwrap();
        let longer =
            config.replace("\"max_position_embeddings\": 64", "\"max_position_embeddings\": 512");
        assert_ne!(config, longer);
        fs::write(folder.path().join("config.json"), longer).unwrap();
        PretrainedModel::load(folder.path(), Device::Cpu).unwrap()
    }

    #[test]
    fn what_is_known_of_a_prompt_is_not_read_again_and_changes_no_bit() {
        let model = model();
        let long: Vec<u32> = (0..200).map(|index| index * 37 % 288).collect();
        let other = |shared: usize| [&long[..shared], &[5; 9]].concat();
        // Prompts, and how much of them is known from the one before.
        let prompts = [
            (long.clone(), None),
            (other(140), Some(128)),
            (long.clone(), Some(128)),
            (long.clone(), Some(192)),
            (long[..128].to_vec(), Some(64)),
            (vec![3, 4], Some(0)),
            (other(50), Some(0)),
        ];
        for (prompt, known) in prompts {
            let taken = model.last_prompt.take(&prompt);
            assert_eq!(taken.as_ref().map(|(_, length)| *length), known);
            if let Some((cache, length)) = taken {
                model.last_prompt.keep(&prompt[..length], cache);
            }
            let (_, logits) = model.read_prompt(&prompt).unwrap();
            let logits = values(logits).unwrap();
            model.last_prompt.take(&prompt);
            let (cache, anew) = model.read_prompt(&prompt).unwrap();
            assert_eq!(logits, values(anew).unwrap());

            let whole = model.read(&prompt, 1, &mut Cache::new(&model.config)).unwrap();
            let pairs = logits.iter().zip(values(whole).unwrap());
            let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(difference < 1e-4, "{difference}");
            model.last_prompt.keep(&prompt, cache);
        }
    }

    #[test]
    fn threads_may_share_a_model() {
        let model = model();
        let prompts: Vec<Vec<u32>> = (0..4).map(|start| (start..start + 100).collect()).collect();
        let read = |prompt: &Vec<u32>| values(model.read_prompt(prompt).unwrap().1).unwrap();
        let alone: Vec<_> = prompts.iter().map(read).collect();
        let together: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> =
                prompts.iter().map(|prompt| scope.spawn(move || read(prompt))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(alone, together);
    }
}
