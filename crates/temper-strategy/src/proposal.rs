//! What a strategy proposes, and what it says when that is not the usual thing.

use temper_core::{Config, Next, Rng, StrategyError, draw};
use temper_space::Space;

use crate::evidence::Evidence;

/// How many draws look for a configuration that is new.
const DRAWS: u32 = 100;

/// A configuration, and what it was taken for if it is no point of the sequence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Proposal {
    /// Complete.
    pub(crate) config: Config,
    /// As in [`Next::Start`].
    pub(crate) note: Option<String>,
}

impl Proposal {
    /// As what stands in for something else that was wanted, which the reason says.
    pub(crate) fn instead(mut self, reason: &str) -> Self {
        let what = self.note.unwrap_or_else(|| "a Sobol point".to_owned());
        self.note = Some(format!("{reason}: {what}"));
        self
    }
}

impl From<Config> for Proposal {
    fn from(config: Config) -> Self {
        Self { config, note: None }
    }
}

impl From<Proposal> for Next {
    fn from(Proposal { config, note }: Proposal) -> Self {
        Self::Start { config, until: None, fork: None, note, stage: None }
    }
}

/// A random configuration, new if one is found.
pub(crate) fn draw_new(
    space: &Space,
    evidence: &Evidence,
    rng: &mut Rng,
) -> Result<Proposal, StrategyError> {
    for _ in 1..DRAWS {
        let config = draw(space, rng)?;
        if !evidence.knows(&config) {
            return Ok(config.into());
        }
    }
    let config = draw(space, rng)?;
    let note = || format!("a repetition, for {DRAWS} random draws found nothing new");
    Ok(Proposal { note: evidence.knows(&config).then(note), config })
}
