//! Studies that end before all their trials have run.

use std::time::Duration;

use temper_core::{Job, Loss, Reporter, State};
use temper_storage::MemoryStorage;
use temper_study::{Budget, Cost, Settings, Spent, Study};

use crate::{Attempted, history_of, open_with, parabola, setup, states};

fn within(budget: Budget, storage: &MemoryStorage) -> Study {
    let settings = Settings { budget, ..Settings::default() };
    open_with(setup(50), storage.clone(), settings)
}

#[test]
fn a_study_ends_when_its_tokens_are_spent() {
    let storage = MemoryStorage::new();
    let budget = Budget { train_tokens: Some(1000.0), ..Budget::default() };
    let study = within(budget, &storage);
    let trains = |_: &Job, reporter: &mut dyn Reporter| {
        for step in 1..=3 {
            // The count of a trial grows: the last one is what it took.
            let tokens = [("tokens".to_owned(), step as f64 * 100.0)].into_iter().collect();
            let _ = reporter.report(step, &[1.0], &tokens);
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(trains), 1).unwrap();
    // 300 each: the fourth begins, for 100 are left.
    assert_eq!(states(&study.history()), [State::Completed; 4]);
    let spent = Spent::TrainTokens { spent: 1200.0, limit: 1000.0 };
    assert_eq!(study.ended_by(), Some(spent));
    // With a larger budget it goes on.
    let larger = Budget { train_tokens: Some(1300.0), ..Budget::default() };
    let study = within(larger, &storage);
    study.run(&Attempted(trains), 1).unwrap();
    assert_eq!(study.history().trials().len(), 5);
}

#[test]
fn a_study_ends_when_its_target_is_reached() {
    let target = Some(Loss::new(0.5).unwrap());
    let study = within(Budget { target, ..Budget::default() }, &MemoryStorage::new());
    study.run(&Attempted(parabola), 1).unwrap();
    let history = study.history();
    let losses: Vec<f64> =
        history.trials().iter().filter_map(temper_core::Trial::loss).map(Loss::get).collect();
    let (last, before) = losses.split_last().unwrap();
    assert!(*last <= 0.5 && before.iter().all(|loss| *loss > 0.5), "{losses:?}");
    assert!(losses.len() < 50);
    let said = study.ended_by().unwrap().to_string();
    assert_eq!(said, format!("the target is reached: loss {last}"));
}

#[test]
fn the_cost_of_trials_is_their_time() {
    let mut storage = MemoryStorage::new();
    let free = Budget { cost: Some(Cost { limit: 1e9, price_per_hour: 1.0 }), ..Budget::default() };
    let study = within(free.clone(), &storage);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!((study.ended_by(), study.history().trials().len()), (None, 50));
    let mut history = history_of(&mut storage);
    let event = temper_core::Event::Started {
        trial: temper_core::TrialId(50),
        config: history.trials()[0].config().clone(),
        origin: temper_core::Origin::Strategy,
        seen: history.len(),
        worker: temper_core::WorkerId::new("a"),
        until: None,
        fork: None,
        note: None,
        stage: None,
    };
    let lease = temper_core::Lease(history.len());
    history.apply(&event).unwrap();
    let outcome = temper_core::Outcome::Pruned;
    let trial = temper_core::TrialId(50);
    let (seconds, peak_memory) = (7200.0, None);
    let ended = temper_core::Event::Finished { trial, lease, outcome, seconds, peak_memory };
    history.apply(&ended).unwrap();
    let dear = Cost { limit: 5.0, price_per_hour: 2.5 };
    let budget = Budget { cost: Some(dear), ..Budget::default() };
    let spent = budget.spent(&history, Duration::ZERO).unwrap();
    assert_eq!(spent.to_string(), "the budget of 5 is spent: trials cost 5.00");
    assert_eq!(free.spent(&history, Duration::ZERO), None);
}

#[test]
fn at_the_end_of_the_wall_time_trials_are_interrupted_and_go_on_later() {
    let storage = MemoryStorage::new();
    let wall_time = Some(Duration::from_millis(1));
    let study = within(Budget { wall_time, ..Budget::default() }, &storage);
    let endless = |_: &Job, reporter: &mut dyn Reporter| {
        while reporter.poll().is_continue() {
            std::thread::yield_now();
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(endless), 2).unwrap();
    assert!(states(&study.history()).iter().all(|state| *state == State::Waiting));
    assert!(matches!(study.ended_by(), Some(Spent::WallTime(_))));
    let study = within(Budget::default(), &storage);
    study.run(&Attempted(parabola), 2).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 50]);
}
