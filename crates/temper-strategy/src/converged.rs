//! Ends a study once nothing more is to be gained: its strategy is asked until the most by which any
//! configuration may plausibly be better than the best one is below the noise of the results.
//!
//! An improvement smaller than the noise could not be told from luck: no optimum is known better than
//! the results are. Makarova et al. 2022, "Automatic Termination for Hyperparameter Optimization",
//! section 3.2. What may be gained is judged by the surrogate of `bayes`, whatever the strategy.
//!
//! The highest expected improvement (Nguyen et al. 2017) in place of the plausible one ended searches
//! of rugged functions long before they were done: where the surrogate takes the ripples for noise, it
//! expects little of any one trial, but does not exclude much. And a surrogate that happens to be sure
//! of too much says so for one result or two; so it has to say so after several in a row.

use temper_core::{Event, History, Next, Rng, Step, Strategy, StrategyError, stream};
use temper_space::Space;

use crate::bayes::{Promise, Promises};
use crate::evidence::{End, Evidence, Lesson};

/// The random streams of the judgements start here, far from those of proposals and of trials.
const STREAMS: u64 = 1 << 62;

/// A strategy that has nothing more to propose once the search has converged.
#[derive(Debug)]
pub(crate) struct Converging {
    strategy: Box<dyn Strategy>,
    /// So many results in a row have to promise nothing more.
    in_a_row: u32,
    evidence: Evidence,
    promises: Promises,
    /// The last judgement.
    judgement: Option<String>,
    /// How many lessons it was made from, while it holds for these: not if they change.
    judged: Option<usize>,
}

impl Converging {
    pub(crate) fn new(strategy: Box<dyn Strategy>, in_a_row: u32) -> Self {
        let (evidence, promises) = (Evidence::default(), Promises::default());
        let in_a_row = in_a_row.max(1);
        Self { strategy, in_a_row, evidence, promises, judgement: None, judged: None }
    }

    /// Whether the search has converged.
    fn judge(&mut self, space: &Space, history: &History) -> bool {
        self.evidence.update(space, history);
        if self.evidence.is_revised() {
            self.forget();
        }
        let (count, moving) = (self.evidence.lessons().len(), self.evidence.is_moving());
        if moving || self.judged != Some(count) {
            let seed = history.setup().map_or(0, |setup| setup.seed);
            self.judgement = self.converged(space, seed);
        }
        self.judged = (!moving).then_some(count);
        self.judgement.is_some()
    }

    /// Forgets what was learned from lessons that are others now.
    fn forget(&mut self) {
        (self.promises, self.judgement, self.judged) = (Promises::default(), None, None);
    }

    fn converged(&mut self, space: &Space, seed: u64) -> Option<String> {
        let (lessons, moving) = (self.evidence.lessons(), self.evidence.is_moving());
        let results: Vec<usize> =
            (0..lessons.len()).filter(|at| is_result(&lessons[*at])).collect();
        let fewest = fewest(space.dims());
        let mut last = None;
        // The newest first: most often that says no.
        for back in 0..self.in_a_row as usize {
            let count = results.len().checked_sub(back).filter(|count| *count >= fewest)?;
            let end = if back == 0 { lessons.len() } else { results[count - 1] + 1 };
            let mut rng = stream(seed, STREAMS + count as u64);
            // A surrogate that can't be fitted says nothing.
            let promise = self.promises.of(space, &lessons[..end], moving, &mut rng).ok()??;
            if promise.improvement.is_nan() || promise.improvement >= promise.noise {
                return None;
            }
            last = last.or(Some(promise));
        }
        last.map(say)
    }
}

impl Strategy for Converging {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if self.judge(space, history) {
            return Ok(Next::Done);
        }
        self.strategy.ask(space, history, rng)
    }

    fn resumes(&self) -> bool {
        self.strategy.resumes()
    }

    fn until(&self, history: &History) -> Option<Step> {
        self.strategy.until(history)
    }

    fn ending(&self) -> Option<&str> {
        self.judgement.as_deref().or_else(|| self.strategy.ending())
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Opened(_) = event {
            self.forget();
        }
        self.evidence.tell(event);
        self.strategy.tell(event);
    }
}

/// The results from which a search may have converged: those of a design, and one more for each
/// dimension.
fn fewest(dims: usize) -> usize {
    (dims + 1).clamp(4, 10) + dims
}

fn is_result(lesson: &Lesson) -> bool {
    matches!(lesson.end, End::Completed { .. })
}

fn say(Promise { improvement, noise }: Promise) -> String {
    format!(
        "converged: no configuration is likely to be better by more than {}, which is below the \
         noise {} of the results",
        short(improvement),
        short(noise)
    )
}

/// Two digits are all that such numbers are good for.
fn short(number: f64) -> String {
    let digits = if number > 0.0 { (1.0 - number.log10().floor()).clamp(0.0, 12.0) } else { 0.0 };
    format!("{number:.*}", digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits() {
        let said = [0.000_312_7, 1.5, 23.4, 1234.0, 0.0, 1e-20].map(short);
        assert_eq!(said, ["0.00031", "1.5", "23", "1234", "0", "0.000000000000"]);
    }
}
