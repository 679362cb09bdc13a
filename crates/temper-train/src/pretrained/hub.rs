//! Checkpoints on the Hugging Face hub, for builds with the feature `hf-hub`.

use std::path::{Path, PathBuf};

use super::PretrainedError;

/// What a checkpoint on the hub begins with: `hf://owner/name`, with `@revision` and `/file.gguf` if
/// it is not all of the main branch.
const SCHEME: &str = "hf://";

/// Whether a checkpoint is on the hub, and not a path.
pub fn is_on_hub(model: &str) -> bool {
    model.starts_with(SCHEME)
}

/// Where a checkpoint is: its path, relative to `base_dir`, or that of its copy from the hub, which is
/// fetched if it is not there yet.
///
/// # Errors
/// It is on the hub, and this build can't fetch it, its name is malformed, or fetching failed.
pub(crate) fn locate(model: &str, base_dir: &Path) -> Result<PathBuf, PretrainedError> {
    match model.strip_prefix(SCHEME) {
        None => Ok(base_dir.join(model)),
        Some(name) => fetch(&Named::parse(name)?),
    }
}

/// A checkpoint on the hub.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    /// `owner/name`.
    repo: String,
    revision: String,
    /// A single file of it, if not the whole.
    file: Option<String>,
}

impl Named {
    fn parse(name: &str) -> Result<Named, PretrainedError> {
        let malformed = || PretrainedError::HubName { name: format!("{SCHEME}{name}") };
        let mut parts = name.splitn(3, '/');
        let (Some(owner), Some(rest)) = (parts.next(), parts.next()) else {
            return Err(malformed());
        };
        let (repo, revision) = rest.split_once('@').unwrap_or((rest, "main"));
        let file = parts.next();
        if [owner, repo, revision].iter().chain(&file).any(|part| part.is_empty()) {
            return Err(malformed());
        }
        Ok(Named {
            repo: format!("{owner}/{repo}"),
            revision: revision.to_owned(),
            file: file.map(str::to_owned),
        })
    }
}

#[cfg(not(feature = "hf-hub"))]
fn fetch(named: &Named) -> Result<PathBuf, PretrainedError> {
    Err(PretrainedError::HubNotBuilt { repo: named.repo.clone() })
}

/// Fetches what is not in the cache yet, which `HF_HOME` and `HF_HUB_CACHE` name as for other programs.
#[cfg(feature = "hf-hub")]
fn fetch(named: &Named) -> Result<PathBuf, PretrainedError> {
    use hf_hub::api::sync::{ApiBuilder, ApiError};
    use hf_hub::{Repo, RepoType};

    let Named { repo, revision, file } = named;
    let failed =
        |error: ApiError| PretrainedError::Hub { repo: repo.clone(), source: Box::new(error) };
    let api = ApiBuilder::from_env().with_progress(false).build().map_err(failed)?;
    let remote = Repo::with_revision(repo.clone(), RepoType::Model, revision.clone());
    let api = api.repo(remote);
    if let Some(file) = file {
        return api.get(file).map_err(failed);
    }
    let listed = api.info().map_err(failed)?.siblings;
    let mut folder = None;
    for name in listed.into_iter().map(|sibling| sibling.rfilename).filter(|name| is_needed(name)) {
        folder = api.get(&name).map_err(failed)?.parent().map(Path::to_owned);
    }
    folder.ok_or_else(|| PretrainedError::MissingFile {
        folder: PathBuf::from(format!("{SCHEME}{repo}")),
        file: "config.json".to_owned(),
    })
}

/// Whether a checkpoint's folder is read for this file.
#[cfg(feature = "hf-hub")]
fn is_needed(name: &str) -> bool {
    let is_weights = name.starts_with("model") && name.contains(".safetensors");
    let others = ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
    is_weights || others.contains(&name)
}

#[cfg(test)]
mod tests;
