//! One lesson for each configuration that ran several times.

use std::collections::BTreeMap;

use temper_core::{History, Origin, Trial, TrialId};

use super::{End, Lesson};

/// The lessons with those of repeats taken into that of their trial, as means; `None` if no trial
/// repeats another one. A repeat without a result says nothing of the result, and a run that confirms
/// nothing at all: what it tells comes after the search, which it must not open again. `ended`: the
/// trials of the first lessons.
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
        match history.trial(*id).map(Trial::origin) {
            Some(Origin::Repeat { of, .. }) => {
                if let Some((place, runs)) = places.get_mut(&of) {
                    add(&mut merged[*place], lesson, runs);
                }
            }
            Some(Origin::Confirmation { .. }) => {}
            _ => {
                places.insert(*id, (merged.len(), 1.0));
                merged.push(lesson.clone());
            }
        }
    }
    Some(merged)
}

/// Takes the result of a further run into the mean of those before.
fn add(mean: &mut Lesson, run: &Lesson, runs: &mut f64) {
    if let (
        End::Completed { losses, excesses },
        End::Completed { losses: own_losses, excesses: own_excesses },
    ) = (&mut mean.end, &run.end)
    {
        *runs += 1.0;
        for (mean, own) in losses.iter_mut().zip(own_losses) {
            *mean += own / *runs - *mean / *runs;
        }
        for (mean, own) in excesses.iter_mut().zip(own_excesses) {
            *mean = mean.zip(*own).map(|(mean, own)| mean + own / *runs - mean / *runs);
        }
        for (mean, own) in mean.noises.iter_mut().zip(&run.noises) {
            *mean = (*mean * (*runs - 1.0)).hypot(*own) / *runs;
        }
    }
}

#[cfg(test)]
mod tests {
    use temper_core::{Config, Direction, Event, Goal, Lease, Loss, Outcome, WorkerId};
    use temper_space::{Space, SpaceSpec};

    use super::*;
    use crate::evidence::Evidence;
    use crate::prune::curves;

    /// What is learned of one trial with loss 1 and another run of it with loss 3, the noise of both of
    /// which is known: the losses and the noise.
    fn learned(again: Origin) -> Vec<(End, Vec<f64>)> {
        let spec: SpaceSpec =
            serde_json::from_str(r#"{"x": {"type": "float", "low": 0, "high": 1}}"#).unwrap();
        let space = Space::new(&spec, &Default::default()).unwrap();
        let goal = Goal { metric: "loss".to_owned(), direction: Direction::Minimize };
        let (mut evidence, mut history) = (Evidence::default(), curves::opened(&goal, None));
        for (id, origin, loss, noise) in [(0, Origin::Strategy, 1.0, 0.3), (1, again, 3.0, 0.4)] {
            let (trial, lease) = (TrialId(id), Lease(history.len()));
            let started = Event::Started {
                trial,
                config: Config::from_iter([("x", 0.5.into())]),
                origin,
                seen: history.len(),
                worker: WorkerId::new("a"),
                until: None,
                fork: None,
                note: None,
                stage: None,
            };
            let metrics = [("loss_noise".to_owned(), noise)].into();
            let losses = vec![Loss::new(loss).unwrap()];
            let outcome = Outcome::Completed { losses, metrics };
            let finished =
                Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
            for event in [started, finished] {
                history.apply(&event).unwrap();
                evidence.tell(&event);
            }
        }
        evidence.update(&space, &history);
        let lessons = evidence.lessons().iter();
        lessons.map(|lesson| (lesson.end.clone(), lesson.noises.clone())).collect()
    }

    #[test]
    fn a_repeat_is_part_of_the_mean_and_a_run_that_confirms_changes_nothing() {
        let completed = |loss, noise| {
            vec![(End::Completed { losses: vec![loss], excesses: Vec::new() }, vec![noise])]
        };
        let of = TrialId(0);
        // The root of 0.3^2 + 0.4^2, halved.
        assert_eq!(learned(Origin::Repeat { of, seed: 5 }), completed(2.0, 0.25));
        for of in [Some(of), None] {
            assert_eq!(learned(Origin::Confirmation { of, seed: 5 }), completed(1.0, 0.3));
        }
    }
}
