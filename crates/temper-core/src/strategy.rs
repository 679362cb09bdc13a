//! What proposes trials.

use std::fmt;

use rand::RngExt;
use temper_space::{Space, Unsatisfied};

use crate::confirm::confirm;
use crate::repeat::repeat;
use crate::{Config, Event, Fork, History, Intake, Origin, Promotion, Pruner, Rng, Step, TrialId};

/// What a strategy wants next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A new trial.
    Start {
        /// What to try; complete, that is, [`Space::complete`] has accepted it.
        config: Config,
        /// Where to pause; `None` runs to the end.
        until: Option<Step>,
        /// The trial whose checkpoint to start from, if it is not to begin at its first step. Such a
        /// trial may begin also when no new one may: it costs none of them.
        fork: Option<Fork>,
        /// One line for people, if the strategy did something else than usual: what it fell back
        /// to and why, or what it chose.
        note: Option<String>,
        /// The stage that it belongs to, if the study has stages.
        stage: Option<u32>,
    },
    /// A paused trial goes on.
    Resume {
        /// Which one.
        trial: TrialId,
        /// Where to pause again; `None` runs to the end.
        until: Option<Step>,
        /// Why, in one line for people.
        note: Option<String>,
    },
    /// A configuration runs again, to its end.
    Repeat {
        /// Which one.
        config: Config,
        /// Of which trial, and under which seed: [`Origin::Repeat`] or [`Origin::Confirmation`].
        origin: Origin,
        /// Why, in one line for people.
        note: Option<String>,
        /// The stage that it belongs to, if the study has stages.
        stage: Option<u32>,
    },
    /// Nothing until a running trial has reported.
    Wait,
    /// Nothing any more.
    Done,
}

impl Next {
    /// A new trial that runs to its end, without a note.
    #[must_use]
    pub fn start(config: Config) -> Self {
        Self::Start { config, until: None, fork: None, note: None, stage: None }
    }
}

/// Proposes trials. See the registry in `temper-strategy` for how to add one.
pub trait Strategy: fmt::Debug + Send {
    /// What to do next. Depends only on what [`Strategy::tell`] has seen, on `history` and on
    /// `rng`, so that a log can be replayed; asked twice in a row with equal arguments, it answers
    /// the same.
    ///
    /// # Errors
    ///
    /// If it can propose nothing.
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError>;

    /// Whether it resumes paused trials: it is asked then also when no new trial may begin.
    fn resumes(&self) -> bool {
        false
    }

    /// Where the trial pauses that the study begins by itself, the default configuration; `None` runs
    /// it to its end.
    fn until(&self, _history: &History) -> Option<Step> {
        None
    }

    /// Why it was [`Next::Done`] when it was last asked, in one line for people, if it might have
    /// proposed more.
    fn ending(&self) -> Option<&str> {
        None
    }

    /// Shows it each event of the log once, in order, after the event became part of the history.
    fn tell(&mut self, _event: &Event) {}
}

/// What a study does next: the pruner's promotion of a paused trial, or a further run of a
/// configuration that completed, or else what the strategy asks for. Once no new trial may begin,
/// only a strategy that resumes some is asked, which may still fork; once nothing is left to do, the
/// best are confirmed.
///
/// # Errors
///
/// If the strategy can propose nothing.
pub fn propose(
    strategy: &mut dyn Strategy,
    pruner: Option<&dyn Pruner>,
    intake: Intake,
    space: &Space,
    history: &History,
    rng: &mut Rng,
) -> Result<Next, StrategyError> {
    let next = search(strategy, pruner, intake, space, history, rng)?;
    Ok(if next == Next::Done { confirm(space, history) } else { next })
}

/// What the search does next; done if it is over.
fn search(
    strategy: &mut dyn Strategy,
    pruner: Option<&dyn Pruner>,
    intake: Intake,
    space: &Space,
    history: &History,
    rng: &mut Rng,
) -> Result<Next, StrategyError> {
    if history.target_is_reached() {
        return Ok(Next::Done);
    }
    // Pruners compare what can be compared: trials of one fidelity.
    let promoted = |intake| {
        let pruner = pruner?;
        let mut groups = history.fidelities().into_iter();
        let promotion = groups.find_map(|it| pruner.promote(&history.of_fidelity(it), intake));
        let Promotion { trial, until, reason } = promotion?;
        Some(Next::Resume { trial, until, note: Some(reason) })
    };
    if let Some(next) = promoted(intake) {
        return Ok(next);
    }
    if let Some(next) = repeat(history) {
        return Ok(next);
    }
    if intake == Intake::Closed && !strategy.resumes() {
        return Ok(Next::Done);
    }
    let mut next = strategy.ask(space, history, rng)?;
    if intake == Intake::Closed && matches!(next, Next::Start { fork: None, .. }) {
        next = Next::Done;
    }
    if next == Next::Done {
        return Ok(promoted(Intake::Closed).unwrap_or(next));
    }
    if let (Next::Start { until: until @ None, stage, .. }, Some(pruner)) = (&mut next, pruner) {
        *until = first_pause(pruner, *stage, history);
    }
    Ok(next)
}

/// Where the next trial pauses first, if it begins in this stage and the pruner wants that.
#[must_use]
pub fn first_pause(pruner: &dyn Pruner, stage: Option<u32>, history: &History) -> Option<Step> {
    let next = TrialId(history.trials().len() as u64);
    pruner.until(next, &history.of_fidelity(history.fidelity_of(stage)))
}

/// Why a strategy can't propose.
#[derive(Debug, thiserror::Error)]
pub enum StrategyError {
    /// No configuration was found that the space's requirements allow.
    #[error("no configuration was allowed in {tries} draws; the last was refused: {last}")]
    NothingAllowed {
        /// How many were drawn.
        tries: u32,
        /// Why the last one was refused.
        last: Unsatisfied,
    },
    /// The strategy can't search this space.
    #[error("strategy `{strategy}`: {reason}")]
    Unsuitable {
        /// The strategy.
        strategy: &'static str,
        /// What it can't do.
        reason: String,
    },
}

/// How many draws [`draw`] makes before it gives up. A requirement that one configuration in a
/// thousand meets is missed once in e^10 calls.
const DRAWS: u32 = 10_000;

/// Draws a complete configuration uniformly from the allowed part of the unit cube.
///
/// # Errors
///
/// [`StrategyError::NothingAllowed`] if the requirements refuse every draw.
pub fn draw(space: &Space, rng: &mut Rng) -> Result<Config, StrategyError> {
    let mut tries = 0;
    loop {
        let point: Vec<f64> = (0..space.dims()).map(|_| rng.random()).collect();
        tries += 1;
        match space.complete(space.decode(&point)) {
            Ok(config) => return Ok(config),
            Err(last) if tries == DRAWS => {
                return Err(StrategyError::NothingAllowed { tries, last });
            }
            Err(_) => {}
        }
    }
}
