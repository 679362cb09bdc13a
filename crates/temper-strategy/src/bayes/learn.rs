//! From the trials to the acquisition.

use temper_core::Rng;
use temper_gp::{Gp, GpError, LogNormal, Prior};

use super::acquisition::{Acquisition, Improvement, Limit};
use super::axes::{Axes, Place};
use super::belief::Belief;
use super::boxes::{Boxes, MOST_GOALS, front};
use super::model::Model;
use super::outputs::{fenced, ranked, scaled};
use super::price::Prices;
use super::scalarise::scalarise;
use crate::evidence::{End, Lesson};

/// The surrogates, kept between asks.
#[derive(Debug, Default)]
pub(super) struct Surrogates {
    /// Of the losses, one per goal.
    goals: Vec<Model>,
    /// Of the ranks of the losses, where there is one goal.
    ranks: Option<Model>,
    constraints: Vec<Model>,
    success: Option<Model>,
    /// Of what trials cost.
    prices: Prices,
    /// Whether losses may change from ask to ask, as some trials were cut short.
    moving: bool,
}

/// What is known, and what is being tried.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) axes: &'a Axes<'a>,
    pub(super) lessons: &'a [Lesson],
    /// The trials that have not ended.
    pub(super) pending: &'a [Place],
    pub(super) belief: Option<&'a Belief>,
    /// The power of the cost of a trial; 0 where it does not count.
    pub(super) thrift: f64,
    /// Which of the two models of a single goal has its turn.
    pub(super) by_rank: bool,
}

/// What follows from it.
#[derive(Debug)]
pub(super) struct Learned<'a> {
    pub(super) acquisition: Acquisition<'a>,
    /// The best places known, the best first.
    pub(super) incumbents: Vec<Place>,
}

/// How many results there must be before they are modelled.
const FEWEST: usize = 2;
/// Near how many incumbents others are tried.
const INCUMBENTS: usize = 5;
/// How far the reference point lies behind the worst results, relative to their range.
const MARGIN: f64 = 0.1;

/// The power of the chance to succeed: a trial that fails costs as much as one that doesn't, and
/// teaches nothing about the goals.
const CAUTION: f64 = 4.0;
/// No more failures than this, the newest, count as bad results.
const FAILURES: usize = 500;

/// A completed trial.
struct Outcome<'a> {
    place: Place,
    losses: &'a [f64],
    noises: &'a [f64],
    unseen: f64,
    excesses: &'a [Option<f64>],
    violation: f64,
}

impl Surrogates {
    /// Surrogates of losses that change, for one ask.
    pub(super) fn of_moving() -> Self {
        Self { moving: true, ..Self::default() }
    }

    /// Whether they are of losses that change.
    pub(super) fn are_moving(&self) -> bool {
        self.moving
    }

    /// The acquisition given what is known; `None` if nothing is.
    pub(super) fn learn<'a>(
        &mut self,
        known: &Known<'a>,
        rng: &mut Rng,
    ) -> Result<Option<Learned<'a>>, GpError> {
        let outcomes: Vec<Outcome<'_>> = known.lessons.iter().filter_map(outcome).collect();
        let limits = self.limits(known, &outcomes)?;
        let places: Vec<Place> = outcomes.iter().map(|outcome| outcome.place.clone()).collect();
        let least = outcomes.iter().map(|outcome| outcome.violation).fold(f64::INFINITY, f64::min);
        let feasible: Vec<usize> =
            (0..outcomes.len()).filter(|&i| outcomes[i].violation <= least).collect();
        let mut incumbents: Vec<Place> = Vec::new();
        let mut improvement = None;
        if outcomes.len() >= FEWEST {
            let mut goals = self.goals(known, &places, &outcomes, rng)?;
            let means = means(&goals, &feasible.iter().map(|&i| &places[i]).collect::<Vec<_>>())?;
            let mut best = front(&means);
            best.sort_by(|&a, &b| means[a][0].total_cmp(&means[b][0]));
            let boxes = match goals.len() {
                1 => {
                    let mut order: Vec<usize> = (0..means.len()).collect();
                    order.sort_by(|&a, &b| means[a][0].total_cmp(&means[b][0]));
                    let mut best = order.iter().map(|&i| &places[feasible[i]]);
                    while incumbents.len() < INCUMBENTS
                        && let Some(place) = best.next()
                    {
                        // Runs of a configuration are at one place.
                        if !incumbents.contains(place) {
                            incumbents.push(place.clone());
                        }
                    }
                    Boxes::below(means[order[0]][0])
                }
                _ => {
                    let stride = best.len().div_ceil(2 * INCUMBENTS);
                    let spread = best.iter().step_by(stride);
                    incumbents.extend(spread.map(|&i| places[feasible[i]].clone()));
                    let front: Vec<Vec<f64>> = best.iter().map(|&i| means[i].clone()).collect();
                    Boxes::beside(&front, &reference(&means))
                }
            };
            let failed: Vec<Place> =
                known.lessons.iter().filter(|lesson| has_failed(lesson)).map(place).collect();
            let noise = noise(&goals[0], &outcomes, known.by_rank);
            for gp in &mut goals {
                disappoint(gp, &failed[failed.len().saturating_sub(FAILURES)..])?;
                expect(gp, known.pending)?;
            }
            // While every result breaks a constraint, keeping them all comes first.
            improvement = (least <= 0.0).then_some(Improvement { goals, boxes, noise });
        }
        if improvement.is_none() && limits.is_empty() {
            return Ok(None);
        }
        let Known { axes, lessons, thrift, .. } = *known;
        let price = self.prices.learn(axes, lessons, self.moving, thrift)?;
        let acquisition = Acquisition { improvement, limits, belief: known.belief, price };
        Ok(Some(Learned { acquisition, incumbents }))
    }

    /// One process per goal, over standardised losses and with what is known of their noise.
    ///
    /// Of a single goal two models take turns. One sees the worse half of the losses by their
    /// ranks: it tells the best apart, and while it does, the rest of the space looks hopeless. The
    /// other sees the losses as they are, and leaves a place where little more can be gained.
    fn goals(
        &mut self,
        known: &Known<'_>,
        places: &[Place],
        outcomes: &[Outcome<'_>],
        rng: &mut Rng,
    ) -> Result<Vec<Gp>, GpError> {
        let goals = outcomes.first().map_or(0, |outcome| outcome.losses.len());
        if goals > MOST_GOALS {
            // Other weights with each ask: nothing can be kept.
            self.goals.clear();
            let losses: Vec<&[f64]> = outcomes.iter().map(|outcome| outcome.losses).collect();
            let losses = scalarise(&losses, rng);
            let mut model = model(known.axes).moving(self.moving);
            return Ok(vec![model.process(places, |first| ranked(&losses[..first], &[]))?.clone()]);
        }
        if goals == 1 && known.by_rank {
            let (losses, noises) = of_goal(outcomes, 0);
            let ranks = self.ranks.get_or_insert_with(|| model(known.axes).moving(self.moving));
            let outputs = |first: usize| ranked(&losses[..first], &noises[..first]);
            return Ok(vec![ranks.process(places, outputs)?.clone()]);
        }
        self.goals.resize_with(goals, || model(known.axes).moving(self.moving));
        let processes = self.goals.iter_mut().enumerate().map(|(goal, model)| {
            let (losses, noises) = of_goal(outcomes, goal);
            model.process(places, |first| fenced(&losses[..first], &noises[..first])).cloned()
        });
        processes.collect()
    }

    /// What is to come out at 0 or below: each constraint's excess, and failure.
    fn limits(
        &mut self,
        known: &Known<'_>,
        outcomes: &[Outcome<'_>],
    ) -> Result<Vec<Limit>, GpError> {
        let mut limits = Vec::new();
        let constraints = outcomes.iter().map(|it| it.excesses.len()).max().unwrap_or(0);
        self.constraints.resize_with(constraints, || model(known.axes).moving(self.moving));
        for (index, model) in self.constraints.iter_mut().enumerate() {
            let reported = outcomes.iter().filter_map(|outcome| {
                Some((outcome.place.clone(), outcome.excesses.get(index).copied()??))
            });
            let (places, excesses): (Vec<_>, Vec<_>) = reported.unzip();
            if places.len() >= FEWEST {
                let gp = model.process(&places, |first| scaled(&excesses[..first]))?.clone();
                limits.push(Limit { gp, caution: 1.0 });
            }
        }
        let failed: Vec<bool> = known.lessons.iter().map(has_failed).collect();
        if failed.contains(&true) {
            let model = self.success.get_or_insert_with(|| success(known.axes).moving(self.moving));
            let places: Vec<Place> = known.lessons.iter().map(place).collect();
            let output = |failed: &bool| if *failed { 1.0 } else { -1.0 };
            let outputs =
                |first: usize| failed[..first].iter().map(output).collect::<Vec<_>>().into();
            let gp = model.process(&places, outputs)?.clone();
            limits.push(Limit { gp, caution: CAUTION });
        }
        for limit in &mut limits {
            expect(&mut limit.gp, known.pending)?;
        }
        Ok(limits)
    }
}

/// The variance of the noise of a further result of a single goal, in the unit of its process: what is
/// usual among those that are known, or else what the process has learned.
///
/// Without noise the latter is what the process can't explain, and near the best results there may
/// be something to gain that is smaller. So it counts in one of the two turns.
fn noise(gp: &Gp, outcomes: &[Outcome<'_>], by_rank: bool) -> f64 {
    if outcomes.iter().any(|outcome| outcome.losses.len() != 1) {
        return 0.0;
    }
    let (losses, noises) = of_goal(outcomes, 0);
    let outputs = if by_rank { ranked(&losses, &noises) } else { fenced(&losses, &noises) };
    let learned = if by_rank { 0.0 } else { gp.hyperparameters().noise };
    match outputs.usual_variance() {
        0.0 => learned,
        known => known,
    }
}

fn model(axes: &Axes<'_>) -> Model {
    Model::new(axes.kernel(), Prior::scaled(axes.dims()))
}

/// The surrogate of success, -1, and failure, 1. Where these meet is a step, which the prior of a
/// smooth function would explain by lengthscales so short that nothing is learned from one trial
/// about the next. Here they lie around half the cube's diagonal, and the step counts as noise.
fn success(axes: &Axes<'_>) -> Model {
    let root = (axes.dims().max(1) as f64).sqrt();
    let prior = Prior {
        lengthscale: LogNormal { mean: (0.5 * root).ln(), deviation: 0.5 },
        noise: LogNormal { mean: 0.2_f64.ln(), deviation: 0.5 },
        noise_floor: 0.05,
        ..Prior::scaled(axes.dims())
    };
    Model::new(axes.kernel(), prior)
}

fn has_failed(lesson: &Lesson) -> bool {
    matches!(lesson.end, End::Failed(_))
}

fn outcome(lesson: &Lesson) -> Option<Outcome<'_>> {
    let (losses, excesses): (&[f64], &[_]) = match &lesson.end {
        End::Completed { losses, excesses } => (losses, excesses),
        End::Partial { loss, excesses } => (std::slice::from_ref(loss), excesses),
        End::Pruned { .. } | End::Failed(_) => return None,
    };
    let Lesson { noises, unseen, .. } = lesson;
    let violation = lesson.end.violation();
    Some(Outcome { place: place(lesson), losses, noises, unseen: *unseen, excesses, violation })
}

/// The losses of a goal and what is known of their noise.
fn of_goal(outcomes: &[Outcome<'_>], goal: usize) -> (Vec<f64>, Vec<f64>) {
    let known = |outcome: &Outcome<'_>| outcome.noises.get(goal).copied().unwrap_or(0.0);
    let noise = |outcome: &Outcome<'_>| known(outcome).hypot(outcome.unseen);
    outcomes.iter().map(|outcome| (outcome.losses[goal], noise(outcome))).unzip()
}

fn place(lesson: &Lesson) -> Place {
    Place { point: lesson.point.clone(), active: lesson.active.clone() }
}

/// The posterior means at places: for each the mean of each goal.
fn means(goals: &[Gp], places: &[&Place]) -> Result<Vec<Vec<f64>>, GpError> {
    let at = |place: &&Place| {
        goals.iter().map(|gp| gp.predict_mean(&place.point, &place.active)).collect()
    };
    places.iter().map(at).collect()
}

/// A point behind all results: what lies beyond the ends of the front counts too.
fn reference(all: &[Vec<f64>]) -> Vec<f64> {
    let goals = all.first().map_or(0, Vec::len);
    let goal = |goal: usize| {
        let losses = all.iter().map(|point| point[goal]);
        let ends =
            losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(y), h.max(y)));
        ends.1 + MARGIN * (ends.1 - ends.0).max(f64::MIN_POSITIVE)
    };
    (0..goals).map(goal).collect()
}

/// Adds failed trials as if they had come out worst: otherwise what the results promise beyond the
/// edge of what succeeds would remain, however often it fails.
fn disappoint(gp: &mut Gp, failed: &[Place]) -> Result<(), GpError> {
    let worst = gp.outputs().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for place in failed {
        gp.extend(&place.point, &place.active, worst)?;
    }
    Ok(())
}

/// Adds the pending trials as if they had ended as predicted: near them there is nothing to gain.
fn expect(gp: &mut Gp, pending: &[Place]) -> Result<(), GpError> {
    for place in pending {
        let mean = gp.predict_mean(&place.point, &place.active)?;
        gp.extend(&place.point, &place.active, mean)?;
    }
    Ok(())
}
