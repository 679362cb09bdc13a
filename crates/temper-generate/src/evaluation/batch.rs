//! A minibatch: several requests at once, and a second try of what failed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::{GenerateError, Generator, Item, ScoreFailure};

use super::refusal::is_refusal;
use super::{Answered, Evaluation, EvaluationError, Outcome, Scored, Unscored};

impl Evaluation {
    /// The outcomes of a minibatch, in its order. What failed is asked once more at its end.
    pub(crate) fn answer(
        &self,
        batch: &[&Item],
        generator: &dyn Generator,
        stop: &AtomicBool,
    ) -> Result<Vec<Outcome>, EvaluationError> {
        let mut outcomes = self.ask_all(batch, generator, stop)?;
        let missing: Vec<usize> =
            (0..batch.len()).filter(|index| outcomes[*index].is_err()).collect();
        let again: Vec<&Item> = missing.iter().map(|index| batch[*index]).collect();
        for (index, outcome) in missing.into_iter().zip(self.ask_all(&again, generator, stop)?) {
            outcomes[index] = outcome;
        }
        let answered = batch.iter().zip(outcomes);
        answered
            .map(|(item, it)| it.map_err(|error| EvaluationError::of(&item.id, error)))
            .collect()
    }

    /// The outcomes of some items, by as many threads as requests may be under way. What ends the
    /// evaluation is an error; what may pass stands at its item's place.
    fn ask_all(
        &self,
        items: &[&Item],
        generator: &dyn Generator,
        stop: &AtomicBool,
    ) -> Result<Vec<Result<Outcome, GenerateError>>, EvaluationError> {
        let next = AtomicUsize::new(0);
        let is_over = AtomicBool::new(false);
        let outcomes = Mutex::new(BTreeMap::new());
        let goes_on = || !is_over.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed);
        let work = || {
            while goes_on() {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { break };
                let outcome = self.ask(item, generator, &goes_on);
                if matches!(outcome, Err(Fault::Left)) {
                    break;
                }
                if matches!(&outcome, Err(error) if error.ends()) {
                    is_over.store(true, Ordering::Relaxed);
                }
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(index, outcome);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.config.requests_at_once().min(items.len()) {
                scope.spawn(work);
            }
            work();
        });
        let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_interrupted = outcomes.len() < items.len();
        let mut passing = Vec::new();
        for (index, outcome) in outcomes {
            match outcome {
                Ok(outcome) => passing.push(Ok(outcome)),
                Err(Fault::Passing(error)) => passing.push(Err(error)),
                Err(Fault::Ending(error)) => {
                    return Err(EvaluationError::of(&items[index].id, error));
                }
                Err(Fault::Config(error)) => return Err(error),
                Err(Fault::Left) => unreachable!("it was not kept"),
            }
        }
        if is_interrupted { Err(EvaluationError::Interrupted) } else { Ok(passing) }
    }

    /// All samples of an item, as long as it is to go on.
    fn ask(
        &self,
        item: &Item,
        generator: &dyn Generator,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Outcome, Fault> {
        let mut outcome = Outcome {
            id: item.id.clone(),
            weight: item.weight,
            scores: BTreeMap::new(),
            answers: Vec::new(),
            errors: Vec::new(),
            unscored: Vec::new(),
        };
        let mut scores: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for sample in 0..self.samples() {
            if !goes_on() {
                return Err(Fault::Left);
            }
            let request =
                self.request(item, sample).map_err(|error| Fault::Config(error.into()))?;
            match generator.complete(&request) {
                Ok(completion) => {
                    self.score(&completion.text, item, &mut scores, &mut outcome.unscored)?;
                    outcome.answers.push(Answered {
                        refused: completion.refused || is_refusal(&completion.text),
                        text: completion.text,
                        latency: completion.latency,
                        input_tokens: completion.input_tokens,
                        output_tokens: completion.output_tokens,
                    });
                }
                Err(GenerateError::Refused(message)) => {
                    for scorer in self.scorers.iter().filter(|it| it.spec.applies(item)) {
                        scores.entry(scorer.spec.metric()).or_default().push(0.0);
                    }
                    outcome.errors.push(message);
                }
                Err(error) => return Err(Fault::from(error)),
            }
        }
        let means = scores.into_iter().map(|(metric, scores)| (metric, self.scored(&scores)));
        outcome.scores = means.map(|(metric, scored)| (metric.to_owned(), scored)).collect();
        Ok(outcome)
    }

    fn score<'a>(
        &'a self,
        answer: &str,
        item: &Item,
        scores: &mut BTreeMap<&'a str, Vec<f64>>,
        unscored: &mut Vec<Unscored>,
    ) -> Result<(), Fault> {
        for scorer in self.scorers.iter().filter(|it| it.spec.applies(item)) {
            match scorer.scorer.score(answer, item) {
                Ok(score) => scores.entry(scorer.spec.metric()).or_default().push(score),
                Err(ScoreFailure::Generate(error)) if error.is_ending() => {
                    return Err(Fault::Ending(error));
                }
                // A judge in trouble says nothing of the answer, which is known the next time.
                Err(ScoreFailure::Generate(
                    error @ (GenerateError::Failed(_) | GenerateError::TimedOut(_)),
                )) => return Err(Fault::Passing(error)),
                Err(failure) => {
                    let metric = scorer.spec.metric().to_owned();
                    unscored.push(Unscored { metric, reason: failure.to_string() });
                }
            }
        }
        Ok(())
    }

    /// A greedy answer is the same each time: its score has no variance.
    fn scored(&self, scores: &[f64]) -> Scored {
        let scored = Scored::of(scores);
        let is_greedy = self.config.samples > 1 && self.samples() == 1;
        if is_greedy { Scored { variance: Some(0.0), ..scored } } else { scored }
    }
}

/// Why an item has no outcome.
enum Fault {
    /// It may have one another time.
    Passing(GenerateError),
    /// Nor will others.
    Ending(GenerateError),
    /// It can't be asked for.
    Config(EvaluationError),
    /// It was left before all its samples were there.
    Left,
}

impl Fault {
    fn ends(&self) -> bool {
        !matches!(self, Self::Passing(_))
    }
}

impl From<GenerateError> for Fault {
    fn from(error: GenerateError) -> Self {
        if error.is_ending() { Self::Ending(error) } else { Self::Passing(error) }
    }
}
