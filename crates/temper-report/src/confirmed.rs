//! How the best configurations compare under further seeds.

use serde::Serialize;
use temper_core::{Config, Confirmation, Goal, History, Loss, Out, Run, Sample, Trial, TrialId};
use temper_space::Space;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// The comparison, as numbers in the user's direction.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmationReport {
    /// Whether it is over.
    pub is_over: bool,
    /// Under how many seeds each runs, unless it is dropped.
    pub seeds: usize,
    /// What the chances compare with: the default configuration, or without a result of it the best of
    /// the others.
    pub rival: &'static str,
    /// Who was compared, the winner first.
    pub candidates: Vec<Confirmed>,
}

/// A configuration that was compared.
#[derive(Clone, Debug, Serialize)]
pub struct Confirmed {
    /// The trial by which it was chosen; none if it is the default configuration and was not tried.
    pub trial: Option<TrialId>,
    /// Whether it is the default configuration.
    pub is_default: bool,
    /// Whether it has won.
    pub is_winner: bool,
    /// Whether it keeps the constraints in the mean.
    pub is_feasible: bool,
    /// What was run.
    pub params: Config,
    /// The results of its completed runs, in the order of the seeds.
    pub values: Vec<f64>,
    /// How many of its runs ended without a result.
    pub failed: usize,
    /// The mean of the results.
    pub mean: Option<f64>,
    /// The 95 % interval of the mean, by Student's t.
    pub interval: Option<(f64, f64)>,
    /// What the search saw: the mean over its runs there.
    pub search: Option<f64>,
    /// How likely it really is to be better than the rival.
    pub chance: Option<f64>,
    /// Why it was dropped early, if it was.
    pub dropped: Option<String>,
}

impl Confirmed {
    /// Whether it came out the same under all of several seeds.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self.values.as_slice(), [first, rest @ ..] if !rest.is_empty()
            && rest.iter().all(|value| value == first))
    }
}

/// The comparison of a study's best, as far as it has come; `None` if the study wants none.
#[must_use]
pub fn confirmation(history: &History) -> Option<Confirmation> {
    let setup = history.setup().filter(|setup| setup.confirm.is_some())?;
    // A setup in a log was checked when it was written.
    let space = Space::new(&setup.space, &setup.require).ok()?;
    Confirmation::of(&space, history)
}

/// The trial of the best configuration: the one that stands for the winner, if the comparison is over,
/// or else the best by the search.
#[must_use]
pub fn best_trial<'a>(
    history: &'a History,
    confirmation: Option<&Confirmation>,
) -> Option<&'a Trial> {
    confirmation.and_then(|it| it.best(history)).or_else(|| history.best())
}

impl ConfirmationReport {
    /// Makes the report.
    #[must_use]
    pub fn new(confirmation: &Confirmation, goals: &[Goal], history: &History) -> Self {
        let mean = |place: usize| {
            let sample = Sample::of(&confirmation.candidates[place].losses());
            sample.map_or(f64::INFINITY, |sample| sample.mean())
        };
        let mut places: Vec<usize> = (0..confirmation.candidates.len()).collect();
        places.sort_by(|one, other| {
            let key = |place: usize| {
                let candidate = &confirmation.candidates[place];
                let is_beaten = confirmation.winner() != Some(place);
                (is_beaten, candidate.out.is_some(), !candidate.is_feasible)
            };
            key(*one).cmp(&key(*other)).then(mean(*one).total_cmp(&mean(*other)))
        });
        let row = |place| Confirmed::new(confirmation, place, goals, history);
        Self {
            is_over: confirmation.is_over(),
            seeds: confirmation.seeds(),
            rival: if confirmation.default().is_some() { "default" } else { "others" },
            candidates: places.into_iter().map(row).collect(),
        }
    }

    /// The winner, once the comparison is over.
    #[must_use]
    pub fn winner(&self) -> Option<&Confirmed> {
        self.candidates.iter().find(|it| it.is_winner)
    }
}

impl Confirmed {
    fn new(confirmation: &Confirmation, place: usize, goals: &[Goal], history: &History) -> Self {
        let candidate = &confirmation.candidates[place];
        let told = |loss: f64| match (goals.first(), Loss::new(loss)) {
            (Some(goal), Ok(loss)) => goal.value(loss),
            _ => loss,
        };
        let sample = Sample::of(&candidate.losses());
        let interval = sample.and_then(|it| it.interval(CONFIDENCE)).map(|(low, high)| {
            let (one, other) = (told(low), told(high));
            (one.min(other), one.max(other))
        });
        let chosen = candidate.trial.and_then(|id| history.trial(id));
        Self {
            trial: candidate.trial,
            is_default: candidate.is_default,
            is_winner: confirmation.winner() == Some(place),
            is_feasible: candidate.is_feasible,
            params: candidate.config.clone(),
            values: candidate.losses().into_iter().map(told).collect(),
            failed: candidate.runs.iter().filter(|run| has_no_result(run)).count(),
            mean: sample.map(|sample| told(sample.mean())),
            interval,
            search: chosen.and_then(|it| history.sample(it)).map(|sample| told(sample.mean())),
            chance: confirmation.chance(place),
            dropped: candidate.out.map(dropped),
        }
    }
}

fn has_no_result(run: &Run) -> bool {
    matches!(run, Run::Failed(_) | Run::Lost(_))
}

fn dropped(out: Out) -> String {
    match out {
        Out::Worse { seeds, chance } => {
            let percent = (chance * 1000.0).floor() / 10.0;
            format!("worse than the leader with a chance of {percent} % after {seeds} seeds")
        }
        Out::Failed { seeds, failed } => format!("{failed} of {seeds} runs failed"),
    }
}
