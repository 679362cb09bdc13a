//! Rewrites of the words around the items, which a model proposes from what went wrong: GEPA
//! (Agrawal et al. 2025, "GEPA: Reflective Prompt Evolution Can Outperform Reinforcement Learning"),
//! algorithm 1 with the choice of parents of algorithm 2.
//!
//! A round chooses a parent among the texts that are the best on some item, shows a model items on
//! which it failed, and asks for a better text. The rewrite is tried on these items and as many
//! others; where it beats its parent there, it is tried on all items and joins the texts.
//!
//! Unlike there, one text is rewritten: there is nothing to merge (algorithms 3 and 4). The items of
//! a round are among those on which the parent failed, while others guard what it does well. And the
//! search may see one set of items alone: how good the text is that it finds is for others to tell.

mod config;
mod minibatch;
mod pool;
mod proposal;
mod rewrites;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    ConfigError, Evaluation, EvaluationError, GenerateError, GenerationSettings, Generator, Item,
    Outcome, Request, Tally,
};

use minibatch::Minibatch;
use pool::{Kept, Pool, lead, mean};
use proposal::Failure;

pub use config::{PromptSearchConfig, Rewrite};
pub use rewrites::{Candidate, Ended, Fate, Rewrites};

/// Away from the streams of `temper-core` and of the other modules; each round has its own.
const ROUND_STREAMS: u64 = (1 << 61) + (1 << 32);

/// A search that can begin. It depends on nothing but its fields and the answers: one that was
/// interrupted is begun anew, and is told what was answered before.
#[derive(Clone, Copy, Debug)]
pub struct PromptSearch<'a> {
    /// Its settings.
    pub config: &'a PromptSearchConfig,
    /// Where it starts from, on the items that it may see.
    pub evaluation: &'a Evaluation,
    /// The metric of the scorers that decides.
    pub metric: &'a str,
    /// Who answers the items.
    pub answers: &'a dyn Generator,
    /// Who proposes rewrites.
    pub proposes: &'a dyn Generator,
    /// Decides who is a parent, and which items are shown.
    pub seed: u64,
}

impl PromptSearch<'_> {
    /// Goes through the rounds, and shows what came of each. Once `stop` is raised, only what was
    /// asked is waited for. Where nothing more may be spent, it ends with what it has.
    ///
    /// # Errors
    ///
    /// The text that it starts from could not be tried on all items, the search was interrupted, or
    /// nobody answers until something is mended.
    pub fn run(
        &self,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(&Candidate),
    ) -> Result<Rewrites, EvaluationError> {
        let start = self.start(stop)?;
        let fate = Fate::Kept { mean: start.mean };
        let scores = self.scores(&start.outcomes);
        let mut candidates =
            vec![Candidate { round: 0, parent: None, text: start.text.clone(), fate, scores }];
        let mut pool = Pool::new(self.metric, start);
        let mut ended = Ended::AllRounds;
        for round in 1..=self.config.rounds {
            if stop.load(Ordering::Relaxed) {
                return Err(EvaluationError::Interrupted);
            }
            let mut rng = temper_core::stream(self.seed, ROUND_STREAMS + u64::from(round));
            let parent = pool.draw_parent(&mut rng);
            let scores = pool.scores(parent);
            let Some(minibatch) = Minibatch::draw(&scores, self.config.failures, &mut rng) else {
                ended = Ended::NothingFails;
                break;
            };
            let tried = match self.round(round, parent, &minibatch, &candidates, stop) {
                Err(EvaluationError::Spent(message)) => {
                    ended = Ended::Spent(message);
                    break;
                }
                tried => tried?,
            };
            let Tried { text, fate, outcomes } = tried;
            let (parent, scores) = (Some(parent.round), self.scores(&outcomes));
            if let Fate::Kept { mean } = fate {
                pool.add(Kept { round, text: text.clone(), outcomes, mean });
            }
            let candidate = Candidate { round, parent, text, fate, scores };
            observe(&candidate);
            candidates.push(candidate);
        }
        let best = pool.best().round;
        Ok(Rewrites::new(self.config.rewrite, self.metric, candidates, best, ended))
    }

    /// The text that there is, on all items.
    fn start(&self, stop: &AtomicBool) -> Result<Kept, EvaluationError> {
        let go_on = &mut |_: &Outcome, _: &Tally| ControlFlow::Continue(());
        let outcomes = self.evaluation.run(self.answers, None, stop, go_on)?.outcomes().to_vec();
        let text = self.config.rewrite.text_of(self.evaluation.config());
        match mean(&outcomes, self.metric) {
            Some(mean) => Ok(Kept { round: 0, text, outcomes, mean }),
            None => {
                let mut all = outcomes.iter().flat_map(|outcome| &outcome.unscored);
                let last = all.rfind(|unscored| unscored.metric == self.metric);
                let message = last.map(|unscored| unscored.reason.clone()).unwrap_or_default();
                Err(EvaluationError::NoneScored { message })
            }
        }
    }

    /// Asks for a rewrite, and tries it.
    fn round(
        &self,
        round: u32,
        parent: &Kept,
        minibatch: &Minibatch,
        before: &[Candidate],
        stop: &AtomicBool,
    ) -> Result<Tried, EvaluationError> {
        let question = self.question(parent, minibatch)?;
        let said = match self.propose(round, question) {
            Ok(said) => said,
            Err(GenerateError::Spent(message)) => return Err(EvaluationError::Spent(message)),
            Err(GenerateError::Unable(message)) => return Err(EvaluationError::Unable(message)),
            Err(error) => return Ok(Tried::refused("", error.to_string())),
        };
        let Some(text) = proposal::parse(&said) else {
            let because = format!("there is no text between {}", proposal::MARKS);
            return Ok(Tried::refused(&said, because));
        };
        if let Some(same) = before.iter().find(|it| !it.is_refused() && it.text == text) {
            let because = format!("it is the text of round {}", same.round);
            return Ok(Tried::refused(text, because));
        }
        let child = match self.evaluation.rewritten(self.config.rewrite, text) {
            Ok(child) => child,
            Err(error) => return Ok(Tried::refused(text, error.to_string())),
        };
        match self.try_out(&child, parent, minibatch, stop) {
            Ok((fate, outcomes)) => Ok(Tried { text: text.to_owned(), fate, outcomes }),
            // It may be the text that lets the model write without end.
            Err(error @ EvaluationError::Unanswered { .. }) => {
                Ok(Tried::refused(text, error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    fn question(&self, parent: &Kept, minibatch: &Minibatch) -> Result<String, ConfigError> {
        let rewrite = self.config.rewrite;
        let asked = self.evaluation.rewritten(rewrite, &parent.text)?;
        let failures = minibatch.failed.iter().map(|index| {
            let (item, outcome) = (&asked.items()[*index], &parent.outcomes[*index]);
            Ok(Failure::new(asked.question(item)?, item, outcome, self.metric))
        });
        let failures = failures.collect::<Result<Vec<_>, ConfigError>>()?;
        Ok(proposal::question(rewrite, &parent.text, &asked.template_fields(), &failures))
    }

    fn propose(&self, round: u32, question: String) -> Result<String, GenerateError> {
        let settings = GenerationSettings {
            temperature: Some(self.config.temperature),
            max_tokens: Some(self.config.max_tokens),
            ..GenerationSettings::default()
        };
        let api = self.config.proposer(self.evaluation.config()).api;
        // The same question in another round is to have another answer.
        let request = Request { input: proposal::input(api, question), settings, sample: round };
        Ok(self.proposes.complete(&request)?.text)
    }

    /// Tries a rewrite on the minibatch, and if it beats its parent there on all items. The outcomes
    /// are in the order of the items.
    fn try_out(
        &self,
        child: &Evaluation,
        parent: &Kept,
        minibatch: &Minibatch,
        stop: &AtomicBool,
    ) -> Result<(Fate, Vec<Outcome>), EvaluationError> {
        let ask = |places: &[usize]| {
            let items: Vec<&Item> = places.iter().map(|place| &child.items()[*place]).collect();
            child.answer(&items, self.answers, stop)
        };
        let first = minibatch.all();
        let outcomes = ask(&first)?;
        let of_parent: Vec<Outcome> =
            first.iter().map(|place| parent.outcomes[*place].clone()).collect();
        if lead(&outcomes, &of_parent, self.metric).is_none_or(|lead| lead <= 0.0) {
            let (mean, mean_of_parent) =
                (mean(&outcomes, self.metric), mean(&of_parent, self.metric));
            return Ok((Fate::NoBetter { mean, mean_of_parent }, outcomes));
        }
        let others: Vec<usize> =
            (0..child.items().len()).filter(|place| !first.contains(place)).collect();
        let of_others = ask(&others)?;
        let all: BTreeMap<usize, Outcome> =
            first.into_iter().zip(outcomes).chain(others.into_iter().zip(of_others)).collect();
        let all: Vec<Outcome> = all.into_values().collect();
        let mean = mean(&all, self.metric).expect("it has a lead on items that were scored");
        Ok((Fate::Kept { mean }, all))
    }

    fn scores(&self, outcomes: &[Outcome]) -> BTreeMap<String, f64> {
        let scored = outcomes.iter().filter_map(|it| Some((it, it.scores.get(self.metric)?)));
        scored.map(|(outcome, score)| (outcome.id.clone(), score.mean)).collect()
    }
}

/// What came of a round.
struct Tried {
    text: String,
    fate: Fate,
    /// Of the items that it was tried on, in their order.
    outcomes: Vec<Outcome>,
}

impl Tried {
    fn refused(text: &str, because: String) -> Self {
        Self { text: text.to_owned(), fate: Fate::Refused { because }, outcomes: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
