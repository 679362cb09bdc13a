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
    let proposals = proposals(events);
    let mut player = Player::new(events, build)?;
    let mut result = Replayed::default();
    for seq in 0..events.len() {
        if let Some((trial, logged)) = proposals.get(&(seq as Seq)) {
            let replayed = player.ask()?;
            if replayed == *logged {
                result.matched += 1;
            } else {
                let (trial, logged) = (*trial, logged.clone());
                result.mismatches.push(Mismatch { trial, logged, replayed });
            }
        }
        player.play(seq)?;
    }
    Ok(result)
}

/// What a study does next whose log this is.
///
/// # Errors
///
/// If the log can't be replayed, or the strategy can't propose.
pub fn next_of(events: &[Event], build: &BuildProposers<'_>) -> Result<Next, ReplayError> {
    let mut player = Player::new(events, build)?;
    (0..events.len()).try_for_each(|seq| player.play(seq))?;
    Ok(player.ask()?)
}

/// A study that is rebuilt from its log.
struct Player<'a> {
    events: &'a [Event],
    build: &'a BuildProposers<'a>,
    history: History,
    space: Space,
    strategy: Box<dyn Strategy>,
    pruner: Option<Box<dyn Pruner>>,
}

impl<'a> Player<'a> {
    /// One that has yet to see the first event.
    fn new(events: &'a [Event], build: &'a BuildProposers<'a>) -> Result<Self, ReplayError> {
        let Some(Event::Opened(setup)) = events.first() else {
            return Err(ReplayError::Empty);
        };
        let space = Space::new(&setup.space, &setup.require)?;
        let (strategy, pruner) = build(setup).map_err(ReplayError::Build)?;
        Ok(Self { events, build, history: History::new(), space, strategy, pruner })
    }

    /// Shows it the event at this position, the next one.
    fn play(&mut self, position: usize) -> Result<(), ReplayError> {
        let (seq, event) = (position as Seq, &self.events[position]);
        self.history.apply(event).map_err(|refused| ReplayError::Inconsistent { seq, refused })?;
        let Event::Opened(setup) = event else {
            self.strategy.tell(event);
            return Ok(());
        };
        // The confidence in its defaults may have changed.
        self.space = Space::new(&setup.space, &setup.require)?;
        (self.strategy, self.pruner) = (self.build)(setup).map_err(ReplayError::Build)?;
        self.events[..=position].iter().for_each(|event| self.strategy.tell(event));
        Ok(())
    }

    fn ask(&mut self) -> Result<Next, StrategyError> {
        let seed = self.history.setup().map_or(0, |setup| setup.seed);
        let (intake, proposals) = (self.history.intake(), self.history.proposals());
        let (pruner, rng) = (self.pruner.as_deref(), &mut stream(seed, proposals));
        propose(&mut *self.strategy, pruner, intake, &self.space, &self.history, rng)
    }
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
