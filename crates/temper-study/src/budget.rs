//! What a study may spend, and what it has spent.

use std::fmt;
use std::time::Duration;

use temper_core::{Goal, History, Loss, Trial};

/// The metric in which trials report how many tokens they have trained on.
const TOKENS: &str = "tokens";

/// Where a study ends, whichever comes first. Once one is reached, no trial begins or is promoted;
/// those that run go on to their end, except at the end of [`Budget::wall_time`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// How long one run may take. Trials that run then are interrupted, and go on when the study is
    /// resumed.
    pub wall_time: Option<Duration>,
    /// What the time of all trials may cost.
    pub cost: Option<Cost>,
    /// How many tokens all trials may train on together, by their metric `tokens`.
    pub train_tokens: Option<f64>,
    /// A result of the first goal that is good enough: the mean, if configurations run again. A
    /// study that confirms its best does so then.
    pub target: Option<Loss>,
}

/// An amount of money and what an hour of a trial costs, in the same currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// What may be spent.
    pub limit: f64,
    /// The price of one trial's running for an hour.
    pub price_per_hour: f64,
}

/// Why a study ended before it had all its trials.
#[derive(Clone, Debug, PartialEq)]
pub enum Spent {
    /// The time of this run.
    WallTime(Duration),
    /// The money.
    Cost {
        /// What was spent.
        spent: f64,
        /// What might be spent.
        limit: f64,
    },
    /// The tokens.
    TrainTokens {
        /// How many were trained on.
        spent: f64,
        /// How many might be.
        limit: f64,
    },
    /// None of these: the target was reached.
    Target {
        /// By what.
        goal: Goal,
        /// The result.
        reached: f64,
    },
}

impl Budget {
    /// What of it is spent, by the log and by the time since the run began; `None` if something is
    /// left of everything.
    #[must_use]
    pub fn spent(&self, history: &History, elapsed: Duration) -> Option<Spent> {
        let wall_time = self.wall_time.filter(|limit| elapsed >= *limit).map(Spent::WallTime);
        let cost = || {
            let Cost { limit, price_per_hour } = self.cost?;
            let seconds: f64 = history.trials().iter().map(Trial::seconds).sum();
            let spent = seconds / 3600.0 * price_per_hour;
            (spent >= limit).then_some(Spent::Cost { spent, limit })
        };
        let tokens = || {
            let limit = self.train_tokens?;
            let own = |trial: &Trial| Some(trial.metric(TOKENS)? - inherited(trial, history));
            let spent: f64 = history.trials().iter().filter_map(own).sum();
            (spent >= limit).then_some(Spent::TrainTokens { spent, limit })
        };
        let target = || {
            let (target, trial) = (self.target?, history.best()?);
            // One that has yet to run again may have been lucky.
            let best = history.mean_loss(trial).filter(|_| history.has_all_runs(trial))?;
            let goal = history.setup()?.goals.first()?.clone();
            let reached = goal.value(best);
            (best <= target).then_some(Spent::Target { goal, reached })
        };
        wall_time.or_else(cost).or_else(tokens).or_else(target)
    }
}

/// The tokens that a fork counts on from: those of the other trial where it began.
fn inherited(trial: &Trial, history: &History) -> f64 {
    let from = trial.fork().and_then(|fork| history.trial(fork.from));
    let mut reports = from.map_or(&[][..], Trial::reports).iter();
    let last = reports.rfind(|report| report.step <= trial.begins_after());
    last.and_then(|report| report.metrics.get(TOKENS)).copied().unwrap_or(0.0)
}

/// As a sentence: "the budget of 20 is spent: 20.4".
impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WallTime(limit) => {
                write!(f, "the wall time of {} s is over", limit.as_secs_f64())
            }
            Self::Cost { spent, limit } => {
                write!(f, "the budget of {limit} is spent: trials cost {spent:.2}")
            }
            Self::TrainTokens { spent, limit } => {
                write!(f, "the budget of {limit} tokens is spent: trials took {spent}")
            }
            Self::Target { goal, reached } => {
                write!(f, "the target is reached: {} {reached}", goal.metric)
            }
        }
    }
}
