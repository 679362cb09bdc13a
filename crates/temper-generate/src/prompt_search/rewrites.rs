//! What came of a search for better words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rewrite;

/// What came of a search for better words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rewrites {
    /// What was rewritten.
    pub rewrite: Rewrite,
    /// The metric that decided.
    pub metric: String,
    /// The round of the text with the best mean on all items; of equal ones the first.
    pub best: u32,
    /// How many proposals could not be used.
    pub refused: usize,
    /// Where the search started, and what was proposed in each round after it.
    pub candidates: Vec<Candidate>,
    /// Why there were no more rounds.
    pub ended: Ended,
}

/// Where the search started, or what was proposed in a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// From 1; 0: where the search started.
    pub round: u32,
    /// The round of the text that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// The text; all that was said, if there was none in it.
    pub text: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
    /// The scores of the items that it was tried on, by their names.
    pub scores: BTreeMap<String, f64>,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It was tried on all items, and may be rewritten in turn.
    Kept {
        /// Its mean on all items.
        mean: f64,
    },
    /// On the items of its round it was no better than its parent.
    NoBetter {
        /// Its mean there, if it was scored.
        mean: Option<f64>,
        /// That of its parent.
        mean_of_parent: Option<f64>,
    },
    /// It can't be used.
    Refused {
        /// Why.
        because: String,
    },
}

/// Why a search ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// There were all rounds.
    AllRounds,
    /// There was no failure to learn from.
    NothingFails,
    /// Nothing more may be spent, as is said here.
    Spent(String),
}

impl Candidate {
    /// Whether it could not be used.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.fate, Fate::Refused { .. })
    }

    /// Its mean on all items, if it was tried on them.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        match self.fate {
            Fate::Kept { mean } => Some(mean),
            Fate::NoBetter { .. } | Fate::Refused { .. } => None,
        }
    }
}

impl Rewrites {
    pub(super) fn new(
        rewrite: Rewrite,
        metric: &str,
        candidates: Vec<Candidate>,
        best: u32,
        ended: Ended,
    ) -> Self {
        let refused = candidates.iter().filter(|it| it.is_refused()).count();
        Self { rewrite, metric: metric.to_owned(), best, refused, candidates, ended }
    }

    /// Where the search started.
    #[must_use]
    pub fn start(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// The text with the best mean, if it is not where the search started.
    #[must_use]
    pub fn found(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|it| it.round == self.best && it.round > 0)
    }
}
