//! Telling models apart.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use sha2::{Digest, Sha256};

use super::fold::without_multipliers;
use super::{PretrainedError, PretrainedModel, config_json};

impl PretrainedModel {
    /// What tells this model from others: a digest of all that its texts depend on, its weights, shape,
    /// tokenizer and chat template. It is of what was read, not of files: another copy has the same.
    ///
    /// All weights are read for it: ask once.
    ///
    /// # Errors
    /// The tokenizer can't be written, or the device failed.
    pub fn fingerprint(&self) -> Result<String, PretrainedError> {
        let mut digest = Parts { digest: Sha256::new(), path: Vec::new(), failure: None };
        let words = &self.words;
        digest.add(config_json::write(&self.shape, "float32", words.bos, &words.eos).as_bytes());
        let tokenizer = words.tokenizer.to_string(false);
        digest.add(tokenizer.map_err(|source| PretrainedError::Words { source })?.as_bytes());
        digest.add(words.chat_template.as_deref().unwrap_or_default().as_bytes());
        without_multipliers(self.model.clone(), &self.config).visit(&mut digest);
        match digest.failure {
            Some(message) => Err(PretrainedError::DeviceFailed { message }),
            None => Ok(format!("{:x}", digest.digest.finalize())),
        }
    }
}

/// Walks through a model and digests its weights.
struct Parts {
    digest: Sha256,
    path: Vec<String>,
    failure: Option<String>,
}

impl Parts {
    /// With its length, so that it is told where a part ends.
    fn add(&mut self, part: &[u8]) {
        self.digest.update((part.len() as u64).to_le_bytes());
        self.digest.update(part);
    }
}

impl ModuleVisitor for Parts {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(self.path.join(".").as_bytes());
        match param.val().try_into_data() {
            Ok(data) => self.add(data.as_bytes()),
            Err(error) => self.failure = Some(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::{Device, WeightType};

    fn tiny(form: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/tiny").join(form)
    }

    fn load(path: &Path) -> PretrainedModel {
        PretrainedModel::load(path, Device::Cpu).unwrap()
    }

    #[test]
    fn copies_have_the_same_and_another_weight_tokenizer_or_template_another() {
        let folder = tempfile::tempdir().unwrap();
        let model = load(&tiny("f32"));
        let fingerprint = |model: &PretrainedModel| model.fingerprint().unwrap();
        let print = fingerprint(&model);
        assert_eq!(print.len(), 64);
        model.save_pretrained(folder.path(), WeightType::F32).unwrap();
        assert_eq!(fingerprint(&load(folder.path())), print);

        let mut others = vec![print, fingerprint(&load(&tiny("bf16")))];
        let changed = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let path = folder.path().join(file);
            let whole = fs::read(&path).unwrap();
            let mut bytes = whole.clone();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
            let print = fingerprint(&load(folder.path()));
            fs::write(&path, whole).unwrap();
            print
        };
        others.push(changed("model.safetensors", &|bytes| {
            let last_of_fraction = bytes.len() - 4;
            bytes[last_of_fraction] ^= 1;
        }));
        fs::write(folder.path().join("chat_template.jinja"), "{{ messages }}").unwrap();
        others.push(changed("chat_template.jinja", &|text| text.push(b'!')));
        let adapted = load(&tiny("f32")).with_adapter(&tiny("adapters/lora")).unwrap();
        others.push(fingerprint(&adapted));
        let count = others.len();
        others.sort();
        others.dedup();
        assert_eq!(others.len(), count);
    }
}
