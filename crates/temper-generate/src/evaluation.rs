//! One evaluation: every item is put to a model, and its answers are scored.
//!
//! Items come in one fixed shuffled order, minibatch after minibatch, so that the first ones are a
//! fair sample and two evaluations can be compared item by item. An evaluation depends on nothing
//! but its settings and the answers: one that was interrupted is begun anew, and is told what was
//! answered before.

mod batch;
mod error;
mod metrics;
mod outcome;
mod refusal;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::{
    Api, ConfigError, EvaluationSet, GenerateConfig, Generator, Input, Item, PromptError,
    PromptTemplate, Request, Rewrite, Scorer, ScorerSpec, Surroundings, build,
};

pub use error::EvaluationError;
pub use metrics::{METRICS, SPENT};
pub use outcome::{Answered, Outcome, Scored, Unscored};
pub use tally::Tally;

pub(crate) use metrics::is_ours;

/// Fewer items than these, of more, don't tell whether nothing can be answered or scored at all.
const FEW: usize = 3;

/// Which items are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that a search may see.
    Search,
    /// Those held out from it.
    HeldOut,
}

/// An evaluation that can begin.
#[derive(Debug)]
pub struct Evaluation {
    config: GenerateConfig,
    /// In the order in which they are asked.
    items: Vec<Item>,
    prompt: PromptTemplate,
    scorers: Arc<[MetricScorer]>,
}

/// A scorer with the metric that it adds to.
#[derive(Debug)]
struct MetricScorer {
    spec: ScorerSpec,
    scorer: Box<dyn Scorer>,
}

impl Evaluation {
    /// Reads the files that the settings name, whose paths start from the current folder, and checks
    /// everything before anything is asked.
    ///
    /// # Errors
    ///
    /// What of the settings or the files can't be used.
    pub fn new(
        config: &GenerateConfig,
        part: Part,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ConfigError> {
        config.validate()?;
        let (set, path) = read(config, part)?;
        let examples = match &config.examples_data {
            Some(path) if config.examples > 0 => {
                let set = EvaluationSet::read(path)
                    .map_err(|source| ConfigError::Set { key: "examples_data", source })?;
                set.items().to_vec()
            }
            _ => Vec::new(),
        };
        let prompt = PromptTemplate::new(&config.prompt(), &examples, config.examples_seed)?;
        prompt.check(&set)?;
        let scorers = config.scorers.iter().map(|spec| {
            let scorer = build(&spec.name, &spec.options, surroundings)?;
            Ok(MetricScorer { spec: spec.clone(), scorer })
        });
        let scorers = scorers.collect::<Result<Vec<_>, ConfigError>>()?;
        check_scorers(&scorers, &set, &path)?;
        let order = set.order(config.data_seed);
        let items = order.into_iter().map(|index| set.items()[index].clone()).collect();
        Ok(Self { config: config.clone(), items, prompt, scorers: scorers.into() })
    }

    /// How many items there are in that part of the set.
    ///
    /// # Errors
    ///
    /// The evaluation set can't be used.
    pub fn items_of(config: &GenerateConfig, part: Part) -> Result<usize, ConfigError> {
        read(config, part).map(|(set, _)| set.items().len())
    }

    /// The items, in the order in which they are asked.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Asks for the first `until` items, or all of them, one minibatch after another, and shows each
    /// item's outcome with the tally so far. `observe` may end it; once `stop` is raised, only what was
    /// asked is waited for.
    ///
    /// # Errors
    ///
    /// Why there is no result: an evaluation that lacks an item's answer has none.
    pub fn run(
        &self,
        generator: &dyn Generator,
        until: Option<usize>,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(&Outcome, &Tally) -> ControlFlow<()>,
    ) -> Result<Tally, EvaluationError> {
        let mut tally = Tally::default();
        let items = &self.items[..self.items.len().min(until.unwrap_or(usize::MAX))];
        for batch in items.chunks(self.config.batch_size) {
            let batch: Vec<&Item> = batch.iter().collect();
            for outcome in self.answer(&batch, generator, stop)? {
                tally.add(outcome);
                let last = tally.outcomes().last().expect("it was just added");
                if observe(last, &tally).is_break() {
                    return Ok(tally);
                }
            }
            self.check_prospects(&tally)?;
        }
        Ok(tally)
    }

    /// An evaluation of which nothing can come ends, once more than a few items say so.
    fn check_prospects(&self, tally: &Tally) -> Result<(), EvaluationError> {
        let begun = tally.outcomes().len();
        let is_few = |count: usize, all: usize| count == 0 || count < FEW.min(all);
        if let Some(refusal) = tally.refused_throughout()
            && !is_few(begun, self.items.len())
        {
            return Err(EvaluationError::AllRefused { message: refusal.to_owned() });
        }
        for metric in self.config.metrics() {
            let scorers =
                || self.scorers.iter().map(|it| &it.spec).filter(|it| it.metric() == metric);
            let applies = |item: &&Item| scorers().any(|it| it.applies(item));
            let of = |items: &[Item]| items.iter().filter(applies).count();
            if let Some(failure) = tally.unscored_throughout(metric)
                && !is_few(of(&self.items[..begun]), of(&self.items))
            {
                return Err(EvaluationError::NoneScored { message: failure.to_owned() });
            }
        }
        Ok(())
    }

    pub(crate) fn config(&self) -> &GenerateConfig {
        &self.config
    }

    /// The same items and scorers with another system text, or another template of the same fields.
    pub(crate) fn rewritten(&self, rewrite: Rewrite, text: &str) -> Result<Self, PromptError> {
        let config = self.config.rewritten(rewrite, text);
        let prompt = self.prompt.rewritten(&config.prompt())?;
        let (items, scorers) = (self.items.clone(), Arc::clone(&self.scorers));
        Ok(Self { config, items, prompt, scorers })
    }

    /// An item in the words in which it is asked, without the system text and the examples.
    pub(crate) fn question(&self, item: &Item) -> Result<String, PromptError> {
        self.prompt.question(item)
    }

    /// The fields that the template names.
    pub(crate) fn template_fields(&self) -> BTreeSet<String> {
        self.prompt.fields()
    }

    /// What is asked for an item, as the sample of that number.
    fn request(&self, item: &Item, sample: u32) -> Result<Request, ConfigError> {
        let input = match self.config.api {
            Api::Chat => Input::Messages(self.prompt.messages(item)?),
            Api::Completions => Input::Text(self.prompt.text(item)?),
        };
        let sample = self.config.first_sample.wrapping_add(sample);
        Ok(Request { input, settings: self.config.sampling(), sample })
    }

    /// How many answers an item gets.
    fn samples(&self) -> u32 {
        // Endpoints need not know `top_k`.
        let is_first_alone = self.config.checkpoint.is_some() && self.config.top_k == Some(1);
        let is_greedy = self.config.temperature == Some(0.0) || is_first_alone;
        if is_greedy { 1 } else { self.config.samples }
    }
}

fn read(config: &GenerateConfig, part: Part) -> Result<(EvaluationSet, String), ConfigError> {
    let (key, path) = match (part, &config.held_out_data) {
        (Part::HeldOut, Some(path)) => ("held_out_data", path),
        _ => ("data", &config.data),
    };
    let set = EvaluationSet::read(path).map_err(|source| ConfigError::Set { key, source })?;
    let name = path.display().to_string();
    match config.held_out {
        Some(share) => {
            let parts = set.split(share, config.data_seed);
            let (search, held_out) =
                parts.map_err(|source| ConfigError::Set { key: "held_out", source })?;
            Ok((if part == Part::Search { search } else { held_out }, name))
        }
        None if part == Part::HeldOut && config.held_out_data.is_none() => {
            let help = "keep a share of the items for the comparison: held_out = 0.3";
            Err(ConfigError::Missing { key: "held_out", help })
        }
        None => Ok((set, name)),
    }
}

/// Checks that each scorer has items that it can score, and no item two for the same metric.
fn check_scorers(
    scorers: &[MetricScorer],
    set: &EvaluationSet,
    path: &str,
) -> Result<(), ConfigError> {
    for scorer in scorers {
        if !set.items().iter().any(|item| scorer.spec.applies(item)) {
            let scorer = scorer.spec.name.clone();
            return Err(ConfigError::NoItem { scorer, path: path.to_owned() });
        }
    }
    for item in set.items() {
        let mut before: Vec<&ScorerSpec> = Vec::new();
        for MetricScorer { spec, scorer } in scorers.iter().filter(|it| it.spec.applies(item)) {
            scorer.check(item)?;
            if let Some(first) = before.iter().find(|first| first.metric() == spec.metric()) {
                return Err(ConfigError::ScoredTwice {
                    metric: spec.metric().to_owned(),
                    item: item.id.clone(),
                    first: first.name.clone(),
                    second: spec.name.clone(),
                });
            }
            before.push(spec);
        }
    }
    Ok(())
}
