//! What a study may spend, and what it has spent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use temper_core::{Goal, History, Loss, Measure};

/// The metric in which trials report how many tokens they have trained on.
pub const TOKENS: &str = "tokens";
/// Its seconds.
const HOUR: f64 = 3600.0;

/// Where a study ends, whichever comes first. Once one is reached, no trial begins or is promoted.
/// Those that run go on to their end, unless it is the time that is spent: by [`Budget::wall_time`],
/// or by a [`Cost`] by the hour. Then they are interrupted, and go on when the study is resumed.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// How long one run may take.
    pub wall_time: Option<Duration>,
    /// What all trials may cost.
    pub cost: Option<Cost>,
    /// How many tokens all trials may train on together, by their metric `tokens`.
    pub train_tokens: Option<f64>,
    /// A result of the first goal that is good enough: the mean, if configurations run again. A
    /// study that confirms its best does so then.
    pub target: Option<Loss>,
    /// What else there is to spend, and who counts it.
    pub purse: Option<Arc<dyn Purse>>,
}

/// Counts what trials spend while they run, whatever they report.
pub trait Purse: fmt::Debug + Send + Sync {
    /// What is spent of it, if nothing is left.
    fn spent(&self) -> Option<Spent>;
}

/// An amount of money, or of whatever trials report as their cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// What may be spent.
    pub limit: f64,
    /// How that is known.
    pub price: Price,
}

/// What a trial costs.
#[derive(Clone, Debug, PartialEq)]
pub enum Price {
    /// So much for each hour that it runs.
    PerHour(f64),
    /// What it reports under this name, in the unit of the limit.
    Metric(String),
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
    Tokens {
        /// How many trials took.
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
    /// Nothing: the strategy expects nothing more of further trials.
    Converged {
        /// In its words.
        reason: String,
    },
}

impl Budget {
    /// What of it is spent, by the log, by the time since the run began and by the seconds that all
    /// trials have run together; `None` if something is left of everything.
    #[must_use]
    pub fn spent(&self, history: &History, elapsed: Duration, seconds: f64) -> Option<Spent> {
        let wall_time = self.wall_time.filter(|limit| elapsed >= *limit).map(Spent::WallTime);
        let cost = || {
            let Cost { limit, price } = self.cost.as_ref()?;
            let (limit, spent) = (*limit, price.of(history, seconds));
            (spent >= limit).then_some(Spent::Cost { spent, limit })
        };
        let tokens = || {
            let limit = self.train_tokens?;
            let spent = Measure::Metric(TOKENS.to_owned()).spent(history);
            (spent >= limit).then_some(Spent::Tokens { spent, limit })
        };
        let target = || {
            let best = history.reached(self.target?)?;
            let goal = history.setup()?.goals.first()?.clone();
            let reached = goal.value(best);
            Some(Spent::Target { goal, reached })
        };
        let purse = || self.purse.as_ref()?.spent();
        wall_time.or_else(cost).or_else(tokens).or_else(purse).or_else(target)
    }

    /// Whether the time is spent, so that not even what runs goes on.
    pub(crate) fn is_over(&self, elapsed: Duration, seconds: f64) -> bool {
        let dear = |cost: &Cost| match cost.price {
            Price::PerHour(price) => seconds / HOUR * price >= cost.limit,
            Price::Metric(_) => false,
        };
        self.wall_time.is_some_and(|limit| elapsed >= limit) || self.cost.as_ref().is_some_and(dear)
    }

    /// The metrics that every trial has to report, each with the setting that is counted by it.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let cost = self.cost.iter().filter_map(|cost| match &cost.price {
            Price::Metric(name) => Some((name.as_str(), "cost")),
            Price::PerHour(_) => None,
        });
        cost.chain(self.train_tokens.map(|_| (TOKENS, "train_tokens")))
    }
}

impl Price {
    /// What all trials have cost, given the seconds that they have run.
    fn of(&self, history: &History, seconds: f64) -> f64 {
        match self {
            Self::PerHour(price) => seconds / HOUR * price,
            Self::Metric(name) => Measure::Metric(name.clone()).spent(history),
        }
    }
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
            Self::Tokens { spent, limit } => {
                write!(f, "the budget of {limit} tokens is spent: trials took {spent}")
            }
            Self::Target { goal, reached } => {
                write!(f, "the target is reached: {} {reached}", goal.metric)
            }
            Self::Converged { reason } => f.write_str(reason),
        }
    }
}
