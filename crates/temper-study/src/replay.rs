//! Checks that a study's proposals follow from its log.

use std::collections::BTreeMap;

use temper_core::{
    Event, History, Next, Origin, Pruner, Refused, Seq, Setup, Strategy, StrategyError, TrialId,
    propose, stream,
};
use temper_space::{Space, SpaceError};

use crate::give_up::gives_up;

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// How many proposals came out again, bit for bit.
    pub matched: u64,
    /// Those that did not.
    pub mismatches: Vec<Mismatch>,
}

/// A proposal that came out differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The trial.
    pub trial: TrialId,
    /// What the strategy asked for, by the log.
    pub logged: Next,
    /// What it asks for now.
    pub replayed: Next,
}

/// Why a log can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log does not begin with the study's setup.
    #[error("the log is empty")]
    Empty,
    /// An event can't follow from those before it.
    #[error("event {seq} is inconsistent: {refused}")]
    Inconsistent {
        /// The event's position.
        seq: Seq,
        /// The rule that it breaks.
        refused: Refused,
    },
    /// The space in the log can't be used.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The strategy can't be built.
    #[error("{0}")]
    Build(String),
    /// The strategy can't propose.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}

/// What proposes: a strategy, and a pruner if there is one.
pub type Proposers = (Box<dyn Strategy>, Option<Box<dyn Pruner>>);

/// Makes the strategy and the pruner that a log names, or says why that can't be.
pub type BuildProposers<'a> = dyn Fn(&Setup) -> Result<Proposers, String> + 'a;

/// Rebuilds the strategy event by event, and asks it and the pruner again wherever the log has a
/// proposal of theirs.
///
/// # Errors
///
/// If the log can't be replayed at all. Proposals that differ are in the result.
pub fn replay(events: &[Event], build: &BuildProposers<'_>) -> Result<Replayed, ReplayError> {
    let Some(Event::Opened(setup)) = events.first() else {
        return Err(ReplayError::Empty);
    };
    let mut space = Space::new(&setup.space, &setup.require)?;
    let proposals = proposals(events);
    let (mut strategy, mut pruner) = build(setup).map_err(ReplayError::Build)?;
    let mut history = History::new();
    let mut result = Replayed::default();
    for (seq, event) in (0..).zip(events) {
        if let Some((trial, logged)) = proposals.get(&seq) {
            let seed = history.setup().map_or(0, |setup| setup.seed);
            let mut rng = stream(seed, history.proposals());
            let replayed = propose(
                &mut *strategy,
                pruner.as_deref(),
                history.intake(),
                &space,
                &history,
                &mut rng,
            )?;
            if replayed == *logged {
                result.matched += 1;
            } else {
                let (trial, logged) = (*trial, logged.clone());
                result.mismatches.push(Mismatch { trial, logged, replayed });
            }
        }
        history.apply(event).map_err(|refused| ReplayError::Inconsistent { seq, refused })?;
        match event {
            Event::Opened(setup) => {
                // The confidence in its defaults may have changed.
                space = Space::new(&setup.space, &setup.require)?;
                (strategy, pruner) = build(setup).map_err(ReplayError::Build)?;
                let end = usize::try_from(seq).unwrap_or(usize::MAX);
                events[..=end].iter().for_each(|event| strategy.tell(event));
            }
            _ => strategy.tell(event),
        }
    }
    Ok(result)
}

/// The strategy's proposals by what it had seen when it made them. No two have seen the same: the
/// log refuses the second.
fn proposals(events: &[Event]) -> BTreeMap<Seq, (TrialId, Next)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Started { trial, config, origin, seen, note, stage, .. }
                if origin.is_repeat() =>
            {
                let (config, origin, note) = (config.clone(), *origin, note.clone());
                Some((*seen, (*trial, Next::Repeat { config, origin, note, stage: *stage })))
            }
            Event::Started {
                trial,
                config,
                origin: Origin::Strategy,
                seen,
                until,
                fork,
                note,
                stage,
                ..
            } => {
                let (config, note) = (config.clone(), note.clone());
                let next = Next::Start { config, until: *until, fork: *fork, note, stage: *stage };
                Some((*seen, (*trial, next)))
            }
            Event::Continued { trial, seen: Some(seen), until, note, worker }
                if !gives_up(worker) =>
            {
                let (until, note) = (*until, note.clone());
                Some((*seen, (*trial, Next::Resume { trial: *trial, until, note })))
            }
            _ => None,
        })
        .collect()
}
