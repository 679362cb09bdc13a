//! What trials that answered only some items of an evaluation would have scored on all of them.
//!
//! A mean over few items and one over many don't compare: the items differ. So the loss of a trial on
//! an item is taken as the sum of what the trial loses anywhere, what the item costs any trial, which is
//! drawn from a normal distribution, and luck: a mixed model, whose variances are found by EM (Laird and
//! Ware, "Random-Effects Models for Longitudinal Data", Biometrics 1982). What a trial has not answered
//! is then what the model expects, and by how much luck would move that is known. By how much the items
//! would is not part of it, as they move all trials that lack them alike.

use std::collections::BTreeMap;

use temper_core::{History, State, Step, Trial, TrialId};

use crate::prune::ItemLosses;

/// How often the model is improved at most.
const ROUNDS: usize = 300;
/// It is good enough once no trial moves by more than this part of the luck's standard deviation.
const TOLERANCE: f64 = 1e-6;

/// The losses after all items as they are expected to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected(BTreeMap<TrialId, Estimate>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) loss: f64,
    /// The variance of the luck on the items that are not answered.
    pub(super) variance: f64,
}

/// What one trial lost on the items that it answered.
struct Answers {
    id: TrialId,
    is_whole: bool,
    /// What it reported as its loss.
    reported: f64,
    losses: Vec<(usize, f64)>,
}

/// What explains the losses.
struct Model {
    /// What each trial loses.
    trials: Vec<f64>,
    /// What each item costs beside that, as far as it is known.
    items: Vec<f64>,
    /// The variance of the luck.
    luck: f64,
    /// The variance of what items cost.
    of_items: f64,
}

impl Expected {
    /// Those of the trials that have ended or paused and did not fail; `None` if they don't report
    /// what they scored on single items, or too little is known to tell luck from items.
    pub(super) fn of<'a>(
        trials: impl Iterator<Item = &'a Trial>,
        history: &History,
    ) -> Option<Self> {
        let scored = ItemLosses::beside(history)?;
        let (answers, seen) = answers(trials, &scored);
        let known: usize = answers.iter().map(|it| it.losses.len()).sum();
        if answers.len() < 2 || known <= answers.len() + seen {
            return None;
        }
        let all = match answers.iter().any(|it| it.is_whole) {
            true => seen,
            false => {
                let said = history.setup().and_then(|setup| setup.max_steps);
                said.map_or(seen, |steps| seen.max(steps as usize))
            }
        };
        let mut estimates = Model::fit(&answers, seen).estimates(&answers, all as f64);
        // Items may weigh differently, which only whole means tell.
        let whole: Vec<&Answers> = answers.iter().filter(|it| it.is_whole).collect();
        let apart = |it: &&Answers| it.reported - estimates[&it.id].loss;
        let shift: f64 = whole.iter().map(apart).map(|it| it / whole.len() as f64).sum();
        for it in &answers {
            let estimate = estimates.get_mut(&it.id).expect("each has one");
            *estimate = match it.is_whole {
                true => Estimate { loss: it.reported, variance: 0.0 },
                false => Estimate { loss: estimate.loss + shift, ..*estimate },
            };
        }
        let is_finite = |it: &Estimate| it.loss.is_finite() && it.variance.is_finite();
        estimates.values().all(is_finite).then_some(Self(estimates))
    }

    /// That of a trial.
    pub(super) fn get(&self, trial: TrialId) -> Option<Estimate> {
        self.0.get(&trial).copied()
    }
}

/// What each trial lost on items, which are numbered in the order of their steps, and how many items
/// there are.
fn answers<'a>(
    trials: impl Iterator<Item = &'a Trial>,
    scored: &ItemLosses,
) -> (Vec<Answers>, usize) {
    let mut steps: Vec<Step> = Vec::new();
    let mut all = Vec::new();
    for trial in trials.filter(|trial| trial.state() != State::Failed) {
        let losses = scored.losses(trial);
        let Some(last) = trial.losses().first().filter(|_| !losses.is_empty()) else { continue };
        steps.extend(losses.keys());
        all.push((trial, last.get(), losses));
    }
    steps.sort_unstable();
    steps.dedup();
    let place = |step| steps.binary_search(&step).expect("it is one of them");
    let answers = all.into_iter().map(|(trial, reported, losses)| Answers {
        id: trial.id(),
        is_whole: trial.state() == State::Completed,
        reported,
        losses: losses.into_iter().map(|(step, loss)| (place(step), loss)).collect(),
    });
    (answers.collect(), steps.len())
}

impl Model {
    fn fit(answers: &[Answers], items: usize) -> Self {
        let known: usize = answers.iter().map(|it| it.losses.len()).sum();
        let (trials, items) = (vec![0.0; answers.len()], vec![0.0; items]);
        let mut model = Self { trials, items, luck: 0.0, of_items: 0.0 };
        // At first trials are their means, and luck and items have a half each of the rest.
        model.improve_trials(answers);
        let half = model.squares(answers) / known as f64 / 2.0;
        (model.luck, model.of_items) = (half, half);
        for _ in 0..ROUNDS {
            // Also if one of them is no number.
            if !(model.luck > 0.0 && model.of_items > 0.0) {
                break;
            }
            let unknown = model.improve_items(answers);
            let moved = model.improve_trials(answers);
            let squares = model.squares(answers) + unknown;
            model.luck = squares / (known - answers.len()) as f64;
            if moved <= TOLERANCE * model.luck.sqrt() {
                break;
            }
        }
        model
    }

    /// The items given the trials. Returns the variances of what is not known of them, summed over the
    /// losses.
    fn improve_items(&mut self, answers: &[Answers]) -> f64 {
        let (mut sums, mut counts) = (vec![0.0; self.items.len()], vec![0.0_f64; self.items.len()]);
        for (answers, trial) in answers.iter().zip(&self.trials) {
            for (item, loss) in &answers.losses {
                sums[*item] += loss - trial;
                counts[*item] += 1.0;
            }
        }
        let (mut of_items, mut unknown) = (0.0, 0.0);
        for ((item, sum), count) in self.items.iter_mut().zip(sums).zip(counts) {
            let variance = 1.0 / (count / self.luck + 1.0 / self.of_items);
            *item = variance / self.luck * sum;
            of_items += *item * *item + variance;
            unknown += count * variance;
        }
        self.of_items = of_items / self.items.len() as f64;
        unknown
    }

    /// The trials given the items. Returns by how much one moved at most.
    fn improve_trials(&mut self, answers: &[Answers]) -> f64 {
        let mut moved = 0.0_f64;
        for (answers, trial) in answers.iter().zip(&mut self.trials) {
            let count = answers.losses.len() as f64;
            let own = answers.losses.iter().map(|(item, loss)| (loss - self.items[*item]) / count);
            let own: f64 = own.sum();
            moved = moved.max((own - *trial).abs());
            *trial = own;
        }
        moved
    }

    /// The sum of the squares of what is left of the losses.
    fn squares(&self, answers: &[Answers]) -> f64 {
        let all = answers.iter().zip(&self.trials);
        let rest = all.flat_map(|(answers, trial)| {
            answers.losses.iter().map(move |(item, loss)| loss - trial - self.items[*item])
        });
        rest.map(|rest| rest * rest).sum()
    }

    /// The means over `all` items: those that a trial answered, and what is expected of the others.
    fn estimates(&self, answers: &[Answers], all: f64) -> BTreeMap<TrialId, Estimate> {
        let items = self.items.iter().sum::<f64>() / all;
        let of = |(answers, trial): (&Answers, &f64)| {
            let count = answers.losses.len() as f64;
            // What the answered ones have beside the trial and the items comes to 0.
            let loss = trial + items;
            let variance = (self.luck * (1.0 / count - 1.0 / all)).max(0.0);
            (answers.id, Estimate { loss, variance })
        };
        answers.iter().zip(&self.trials).map(of).collect()
    }
}

#[cfg(test)]
mod tests;
