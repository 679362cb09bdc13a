//! A race over the items of an evaluation: all begin with a few, and only who may still end ahead of
//! the leader answers more.
//!
//! For trials that evaluate one item after the other, all in the same order, where items cost time or
//! tokens. A trial answers `min_items` and pauses. The one that leads goes on first, `batch` items at a
//! time, until it has answered all of them; then the others, the likeliest to end ahead of it first, as
//! long as the chance is at least `min_chance`. The chance is that of the mean of *all* items, of which
//! there are finitely many, by what the leader scored on the same ones (`race/standing.rs`).
//!
//! Nobody is out for good: who has paused is compared with who leads now. Configurations that answer
//! nearly alike don't cost all items, for being ahead by less than a `margin` counts for nothing. While
//! new trials begin, going on gets half as many items as beginning does; no item is asked twice.
//!
//! Sources: Maron and Moore, "Hoeffding Races", NIPS 1993, for the idea; Birattari et al., "A Racing
//! Algorithm for Configuring Metaheuristics", GECCO 2002 (F-Race, of irace), for comparing on shared
//! items; Kalyanakrishnan et al., "PAC Subset Selection in Stochastic Multi-armed Bandits", ICML 2012
//! (LUCB), for who goes on: the leader and its likeliest challenger. Looks are not corrected for being
//! many; `benches/racing.rs` measures what is lost by that.

mod standing;

use serde::{Deserialize, Serialize};
use temper_core::{
    History, Intake, Judgement, Promotion, Pruner, Setup, State, Step, Trial, TrialId, Verdict,
};

use self::standing::{Runner, Standing};
use crate::registry::{Entry, RegistryError, read_options};

const NAME: &str = "race";

pub(crate) const ENTRY: Entry<dyn Pruner> = Entry {
    name: NAME,
    summary: "pauses all after a few items; who may still end ahead of the leader answers more",
    build: |options| {
        let options: RaceOptions = read_options(NAME, options)?;
        options.check()?;
        Ok(Box::new(Race(options)))
    },
};

/// How a race is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RaceOptions {
    /// How many items a new trial answers before it pauses; at least 2. Default: 12, but not more
    /// than a fifth of all.
    pub min_items: Option<Step>,
    /// How many items a trial answers when it goes on; at least 1. Default: half of `min_items`, but not
    /// less than a 32nd of all.
    pub batch: Option<Step>,
    /// Who ends ahead of the leader with less than this probability does not go on; above 0 and below
    /// 0.5. Default: 0.03.
    pub min_chance: f64,
    /// By how much a trial has to end ahead of the leader for that to count, in the unit of the
    /// metric; at least 0. Default: a fifth of the standard error that the mean of all items has for
    /// there being no more of them.
    pub margin: Option<f64>,
    /// What is compared: a goal, or another metric that is reported for each item, with the direction
    /// of the first goal. Default: `item_<goal>` of the first goal where trials report that, and
    /// otherwise the goal.
    pub metric: Option<String>,
}

impl Default for RaceOptions {
    fn default() -> Self {
        Self { min_items: None, batch: None, min_chance: 0.03, margin: None, metric: None }
    }
}

/// What a new trial answers by default, where there are enough items.
const FIRST: Step = 12;
/// Its share of all items is at most one of so many.
const FIRST_SHARE: Step = 5;
/// A trial is promoted at most so many times by default.
const MOST_BATCHES: Step = 32;
/// While new trials begin, one item of a trial that goes on comes on so many of trials that begin.
const BEGINNING: u128 = 2;

impl RaceOptions {
    fn check(&self) -> Result<(), RegistryError> {
        let message = match *self {
            Self { min_items: Some(items @ ..2), .. } => {
                format!("`min_items` is {items}: it must be at least 2")
            }
            Self { batch: Some(0), .. } => "`batch` is 0: it must be at least 1".to_owned(),
            Self { min_chance, .. } if !(min_chance > 0.0 && min_chance < 0.5) => {
                format!("`min_chance` is {min_chance}: it must be above 0, and below 0.5")
            }
            Self { margin: Some(margin), .. } if !(margin >= 0.0 && margin.is_finite()) => {
                format!("`margin` is {margin}: it must be at least 0, and finite")
            }
            _ => return Ok(()),
        };
        Err(RegistryError::BadOptions { owner: NAME, message })
    }

    /// The items of a new trial, of so many in all.
    fn first(&self, items: Step) -> Step {
        self.min_items.unwrap_or_else(|| FIRST.min(items.div_ceil(FIRST_SHARE)).max(2))
    }

    /// Where a trial that has answered so many pauses next; `None` if that is its end. The last batch
    /// is up to half longer.
    fn next_pause(&self, answered: Step, items: Step) -> Option<Step> {
        let half = self.first(items).div_ceil(2);
        let batch = self.batch.unwrap_or_else(|| half.max(items.div_ceil(MOST_BATCHES)));
        let next = answered.saturating_add(batch);
        (next.saturating_add(batch / 2) < items).then_some(next)
    }
}

/// The pruner of races.
#[derive(Clone, Debug, Default)]
pub struct Race(pub RaceOptions);

impl Pruner for Race {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let until = history.trial(trial).and_then(Trial::until);
        let Some(items) = items(history).filter(|items| step < *items) else {
            return Judgement::go_on();
        };
        // It pauses here, whatever comes of it: who is out is told why. To look more often would drop
        // more of the best by chance.
        if until.is_none_or(|until| step < until) {
            return Judgement::go_on();
        }
        let standing = Standing::of(&self.0, items, history);
        let own = standing.runners.iter().find(|runner| runner.trial.id() == trial);
        let (Some(own), Some(leader)) = (own, standing.leader()) else {
            return Judgement::go_on();
        };
        let chance = standing.chance(own, leader);
        if trial == leader.trial.id() || chance >= self.0.min_chance {
            return Judgement::go_on();
        }
        let reason = standing.told(own, leader, chance);
        Judgement { verdict: Verdict::Pause, reason }
    }

    fn suits(&self, setup: &Setup) -> Result<(), String> {
        match (setup.max_steps, self.0.min_items) {
            (None, _) => Err("the study's `max_steps`, the number of items, is needed".to_owned()),
            (Some(items), Some(first)) if first >= items => {
                Err(format!("`min_items` {first} is not below the study's `max_steps` {items}"))
            }
            _ => Ok(()),
        }
    }

    fn until(&self, _: TrialId, history: &History) -> Option<Step> {
        items(history).map(|items| self.0.first(items))
    }

    fn promote(&self, history: &History, intake: Intake) -> Option<Promotion> {
        let items = items(history)?;
        history.in_state(State::Paused).next()?;
        if intake == Intake::Open && !self.may_go_on(history, items) {
            return None;
        }
        let standing = Standing::of(&self.0, items, history);
        let leader = standing.leader()?;
        let promotion = |runner: &Runner, reason| Promotion {
            trial: runner.trial.id(),
            until: self.0.next_pause(runner.trial.last_step(), items),
            reason,
        };
        if leader.trial.state() == State::Paused {
            return Some(promotion(leader, standing.lead_told(leader)));
        }
        let (challenger, chance) = standing.challenger(leader)?;
        Some(promotion(challenger, standing.told(challenger, leader, chance)))
    }
}

impl Race {
    /// Whether trials that began have had less than their share, beside those that begin.
    fn may_go_on(&self, history: &History, items: Step) -> bool {
        let first = self.0.first(items);
        let reached = |trial: &Trial| match trial.state().is_under_way() {
            true => trial.until().unwrap_or(items),
            false => trial.last_step(),
        };
        let parts = history.trials().iter().map(|trial| {
            let reached = reached(trial).min(items);
            (reached.min(first), reached.saturating_sub(first))
        });
        let (begun, further) = parts.fold((0, 0), |(begun, further), part| {
            (begun + u128::from(part.0), further + u128::from(part.1))
        });
        further * BEGINNING < begun
    }
}

/// How many items there are, if that is known.
fn items(history: &History) -> Option<Step> {
    history.setup()?.max_steps
}

#[cfg(test)]
mod tests;
