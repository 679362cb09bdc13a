//! One lesson for each configuration that ran several times.

use std::collections::BTreeMap;

use temper_core::{History, TrialId};

use super::{End, Lesson};

/// The lessons with those of repeats taken into that of their trial, as means; `None` if no trial
/// repeats another one. A repeat without a result says nothing of the result. `ended`: the trials of
/// the first lessons.
pub(super) fn merge(
    ended: &[TrialId],
    lessons: &[Lesson],
    history: &History,
) -> Option<Vec<Lesson>> {
    if history.begun() == history.trials().len() as u64 {
        return None;
    }
    let mut merged: Vec<Lesson> = Vec::new();
    // Where the lesson of a trial is, and of how many runs it is the mean.
    let mut places: BTreeMap<TrialId, (usize, f64)> = BTreeMap::new();
    for (id, lesson) in ended.iter().zip(lessons) {
        let origin = history.trial(*id).map(temper_core::Trial::origin);
        match origin.filter(|origin| origin.is_repeat()) {
            None => {
                places.insert(*id, (merged.len(), 1.0));
                merged.push(lesson.clone());
            }
            Some(origin) => {
                if let Some((place, runs)) = origin.of().and_then(|of| places.get_mut(&of)) {
                    add(&mut merged[*place].end, &lesson.end, runs);
                }
            }
        }
    }
    Some(merged)
}

/// Takes the result of a further run into the mean of those before.
fn add(mean: &mut End, run: &End, runs: &mut f64) {
    if let (
        End::Completed { losses, excesses },
        End::Completed { losses: own_losses, excesses: own_excesses },
    ) = (mean, run)
    {
        *runs += 1.0;
        for (mean, own) in losses.iter_mut().zip(own_losses) {
            *mean += own / *runs - *mean / *runs;
        }
        for (mean, own) in excesses.iter_mut().zip(own_excesses) {
            *mean = mean.zip(*own).map(|(mean, own)| mean + own / *runs - mean / *runs);
        }
    }
}
