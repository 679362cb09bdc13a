//! `keep_checkpoints` and `checkpoints`: what stays on the disk.

use miette::Result;
use serde::Deserialize;
use temper_study::CheckpointName;

use crate::document::{Document, Section};
use crate::objective::CHECKPOINTS;

/// Whose checkpoints are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Keep {
    /// Those of trials that may go on, and of the best.
    #[default]
    Best,
    /// Those of all trials.
    All,
}

/// What trials save, and whose of it is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptCheckpoints {
    pub(crate) keep: Keep,
    /// What holds checkpoints in a trial's folder; of a program that names none, nothing.
    pub(crate) names: Vec<CheckpointName>,
}

impl KeptCheckpoints {
    /// Takes the two keys; where the trainer has its checkpoints is known.
    pub(super) fn read(document: &Document, section: &mut Section<'_>, kind: &str) -> Result<Self> {
        let keep: Option<Keep> = section.take("keep_checkpoints")?;
        if kind == "train" {
            let name = CHECKPOINTS.parse().expect("it is a name of its own");
            return Ok(Self { keep: keep.unwrap_or_default(), names: vec![name] });
        }
        let texts: Option<Vec<String>> = section.take("checkpoints")?;
        let mistake = |path: &[&str], message: String, help: &str| {
            document.mistake(path, message).help(Some(help.to_owned()))
        };
        let example = "name what holds them in TEMPER_TRIAL_DIR: checkpoints = [\"checkpoint-*\"]";
        let Some(texts) = texts else {
            if keep.is_some() {
                let message = "`keep_checkpoints` stands without `checkpoints`".to_owned();
                return Err(mistake(&["objective", "keep_checkpoints"], message, example).into());
            }
            return Ok(Self::default());
        };
        if texts.is_empty() {
            let message = "`checkpoints` names none".to_owned();
            return Err(mistake(&["objective", "checkpoints"], message, example).into());
        }
        let mut names = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let path = ["objective", "checkpoints", &index.to_string()];
            names.push(text.parse().map_err(|error: temper_study::NotACheckpointName| {
                mistake(&path, error.to_string(), example)
            })?);
        }
        Ok(Self { keep: keep.unwrap_or_default(), names })
    }

    /// Those that may go once nothing needs them.
    pub(crate) fn discardable(&self) -> &[CheckpointName] {
        match self.keep {
            Keep::Best => &self.names,
            Keep::All => &[],
        }
    }
}
