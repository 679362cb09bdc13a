//! Studies that end before all their trials have run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use temper_core::{
    Failure, History, Job, Loss, Next, Reporter, Rng, State, Strategy, StrategyError, draw,
};
use temper_space::Space;
use temper_storage::MemoryStorage;
use temper_study::{Budget, Cost, Price, Purse, Settings, Spent, Study};

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
    let spent = Spent::Tokens { spent: 1200.0, limit: 1000.0 };
    assert_eq!(study.ended_by(), Some(spent));
    // With a larger budget it goes on.
    let larger = Budget { train_tokens: Some(1300.0), ..Budget::default() };
    let study = within(larger, &storage);
    study.run(&Attempted(trains), 1).unwrap();
    assert_eq!(study.history().trials().len(), 5);
}

#[derive(Debug, Default)]
struct Coins(AtomicU32);

impl Purse for Coins {
    fn spent(&self) -> Option<Spent> {
        let spent = f64::from(self.0.load(Ordering::SeqCst));
        (spent >= 2.0).then_some(Spent::Cost { spent, limit: 2.0 })
    }
}

#[test]
fn a_study_ends_when_its_purse_is_empty_whatever_trials_report() {
    let purse = Arc::new(Coins::default());
    let budget = Budget { purse: Some(purse.clone()), ..Budget::default() };
    let study = within(budget, &MemoryStorage::new());
    let pays = |_: &Job, _: &mut dyn Reporter| {
        purse.0.fetch_add(1, Ordering::SeqCst);
        Ok(vec![1.0])
    };
    study.run(&Attempted(pays), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 2]);
    assert_eq!(study.ended_by(), Some(Spent::Cost { spent: 2.0, limit: 2.0 }));
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
    let free =
        Budget { cost: Some(Cost { limit: 1e9, price: Price::PerHour(1.0) }), ..Budget::default() };
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
    let dear = Cost { limit: 5.0, price: Price::PerHour(2.5) };
    let budget = Budget { cost: Some(dear), ..Budget::default() };
    let spent = budget.spent(&history, Duration::ZERO, 7200.0).unwrap();
    assert_eq!(spent.to_string(), "the budget of 5 is spent: trials cost 5.00");
    assert_eq!(free.spent(&history, Duration::ZERO, 7200.0), None);
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

#[test]
fn when_the_money_is_spent_trials_that_run_are_interrupted_and_go_on_later() {
    let storage = MemoryStorage::new();
    // A trial never ends by itself, and no time is so short that nothing is spent in it.
    let little = Cost { limit: 1e-9, price: Price::PerHour(1.0) };
    let endless = |_: &Job, reporter: &mut dyn Reporter| {
        while reporter.poll().is_continue() {
            std::thread::yield_now();
        }
        Ok(Vec::new())
    };
    let study = within(Budget { cost: Some(little), ..Budget::default() }, &storage);
    study.run(&Attempted(endless), 2).unwrap();
    let history = study.history();
    assert!(!history.trials().is_empty());
    assert!(states(&history).iter().all(|state| *state == State::Waiting));
    assert!(matches!(study.ended_by(), Some(Spent::Cost { .. })), "{:?}", study.ended_by());
    // With what is left of the budget nothing begins.
    study.run(&Attempted(endless), 2).unwrap();
    assert_eq!(study.history().len(), history.len());
    let study = within(Budget::default(), &storage);
    study.run(&Attempted(parabola), 2).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 50]);
}

fn reports_dollars(_: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, Failure> {
    let dollars = [("dollars".to_owned(), 2.5)].into_iter().collect();
    let _ = reporter.report(1, &[1.0], &dollars);
    Ok(Vec::new())
}

#[test]
fn the_cost_of_trials_is_what_they_report() {
    let price = || Price::Metric("dollars".into());
    let ten = Budget { cost: Some(Cost { limit: 10.0, price: price() }), ..Budget::default() };
    let study = within(ten.clone(), &MemoryStorage::new());
    study.run(&Attempted(reports_dollars), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 4]);
    assert_eq!(study.ended_by(), Some(Spent::Cost { spent: 10.0, limit: 10.0 }));
    // A trial that does not report it has failed, and says why.
    let settings = Settings { budget: ten, ..Settings::default() };
    let study = open_with(setup(1), MemoryStorage::new(), settings);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(
        study.history().trials()[0].failure().unwrap().message,
        "it ended without a report of `dollars`, by which `cost` is counted: \
         report it with the result, as in {\"loss\": 1.5, \"dollars\": 2.5}"
    );
}

#[test]
fn a_trial_that_does_not_report_its_tokens_has_failed_where_tokens_are_counted() {
    let budget = Budget { train_tokens: Some(1e9), ..Budget::default() };
    let settings = Settings { budget, ..Settings::default() };
    let study = open_with(setup(1), MemoryStorage::new(), settings);
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(
        study.history().trials()[0].failure().unwrap().message,
        "it ended without a report of `tokens`, by which `train_tokens` is counted: \
         report it with the result, as in {\"loss\": 1.5, \"tokens\": 2.5}"
    );
}

/// Proposes the same until three trials have completed, and then says why no more.
#[derive(Debug, Default)]
struct Content(bool);

impl Strategy for Content {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.0 = history.in_state(State::Completed).count() >= 3;
        if self.0 { Ok(Next::Done) } else { draw(space, rng).map(Next::start) }
    }

    fn ending(&self) -> Option<&str> {
        self.0.then_some("converged: three are enough")
    }
}

#[test]
fn a_study_whose_strategy_expects_no_more_ends_and_says_why() {
    for workers in [1, 3] {
        let study = Study::open(
            setup(50),
            Box::new(Content::default()),
            None,
            Box::new(MemoryStorage::new()),
            Settings::default(),
        );
        let study = study.unwrap();
        study.run(&Attempted(parabola), workers).unwrap();
        let completed = states(&study.history()).len();
        assert!((3..3 + workers).contains(&completed), "{completed}");
        let reason = "converged: three are enough".to_owned();
        assert_eq!(study.ended_by(), Some(Spent::Converged { reason: reason.clone() }));
        // It ends again at once.
        study.run(&Attempted(parabola), workers).unwrap();
        assert_eq!(study.history().trials().len(), completed);
        assert_eq!(study.ended_by(), Some(Spent::Converged { reason }));
    }
}
