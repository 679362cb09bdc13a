//! Populations: members that pause, copy each other and come to their end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;

use temper_core::{
    Config, Event, Failure, FailureKind, Fork, Goal, History, Job, Reporter, Setup, State, Step,
    StrategySetup, Trial, TrialId,
};
use temper_storage::MemoryStorage;
use temper_study::{Budget, Pausing, replay};

use crate::lab::Lab;
use crate::{
    Attempted, events, failure, no_metrics, open, proposers, setup, setup_of, states, trial, x,
};

/// A study of 20 steps a trial by `pbt` with these options.
fn population(options: &str, setup: Setup) -> Setup {
    let strategy = StrategySetup { name: "pbt".into(), options: options.into() };
    Setup { strategy, max_steps: Some(20), ..setup }
}

/// What trials have saved: the state at the step at which they were last.
type Saved = Mutex<BTreeMap<TrialId, (Step, f64)>>;

/// Training in miniature: the state goes from 10 towards `x` of the configuration, by a part of the
/// way at each step. The loss is its distance from 0. Trials begin with what they, or whom they
/// fork, have saved.
fn train(saved: &Saved, job: &Job, reporter: &mut dyn Reporter) -> Result<Vec<f64>, Failure> {
    let before = |id: TrialId| saved.lock().expect("no test panics with it").get(&id).copied();
    let own = before(job.trial);
    let start = match (own, job.fork) {
        (Some(own), _) => own,
        (None, Some(fork)) => before(fork.from).expect("it has paused"),
        (None, None) => (0, 10.0),
    };
    assert_eq!(start.0, job.reported.unwrap_or(job.begins_after), "trial {}", job.trial);
    let (first, mut state) = start;
    saved.lock().expect("no test panics with it").insert(job.trial, start);
    if let ControlFlow::Break(_) = reporter.forked() {
        return Ok(Vec::new());
    }
    for step in first + 1..=20 {
        state += (x(&job.config) - state) / 4.0;
        let told = reporter.report(step, &[state.abs()], &no_metrics());
        saved.lock().expect("no test panics with it").insert(job.trial, (step, state));
        if told.is_break() {
            break;
        }
    }
    Ok(Vec::new())
}

fn run(setup: Setup, workers: usize) -> (History, Vec<Event>) {
    let mut storage = MemoryStorage::new();
    let saved = Saved::default();
    let study = open(setup, storage.clone());
    let objective = |job: &Job, reporter: &mut dyn Reporter| train(&saved, job, reporter);
    study.run(&Attempted(objective), workers).expect("the study runs");
    (study.history(), events(&mut storage))
}

/// How many trials began with what another one had saved.
fn forks(history: &History) -> usize {
    history.trials().iter().filter(|trial| trial.fork().is_some()).count()
}

#[test]
fn the_worst_members_are_replaced_by_copies_of_the_best_and_the_others_come_to_their_end() {
    for workers in [1, 4, 8] {
        let (history, events) = run(population(r#"{"interval": 5}"#, setup(8)), workers);
        // Two of eight at steps 5, 10 and 15.
        assert_eq!((history.tried(), forks(&history)), (8, 6), "{workers} workers");
        let completed = history.in_state(State::Completed).count();
        let pruned = history.in_state(State::Pruned).count();
        assert_eq!((completed, pruned), (8, 6), "{workers} workers");
        for copy in history.trials().iter().filter(|trial| trial.fork().is_some()) {
            let fork = copy.fork().unwrap();
            let (from, replaced) =
                (trial(&history, fork.from.0), trial(&history, fork.replaces.unwrap().0));
            let at = |trial: &temper_core::Trial| {
                let report = trial.reports().iter().find(|it| it.step == copy.begins_after());
                report.expect("it came there").losses[0]
            };
            assert!(at(from) < at(replaced));
            assert_eq!(replaced.state(), State::Pruned);
            assert_eq!(copy.reports()[0].step, copy.begins_after() + 1);
            let note = copy.note().unwrap();
            assert!(
                note.contains(&format!("in place of trial {} (loss ", replaced.id())),
                "{note}"
            );
            assert!(note.contains("; x "), "{note}");
        }
        let replayed = replay(&events, &proposers).unwrap();
        assert_eq!(replayed.mismatches, Vec::new());
        // Fourteen begin, and six go on at each of the three steps.
        assert_eq!(replayed.matched, 14 + 3 * 6);
    }
}

#[test]
fn losses_decide_who_copies_whom_and_not_who_is_faster() {
    // By what the trials tried, for those that come later are numbered as they come.
    let choices = |workers| -> BTreeSet<(Step, [String; 3])> {
        let (history, _) =
            run(population(r#"{"interval": 5, "quantile": 0.4}"#, setup(8)), workers);
        let key = |id: TrialId| history.trial(id).unwrap().config().key();
        let copied = |copy: &Trial| {
            let Fork { from, replaces } = copy.fork()?;
            Some((copy.begins_after(), [key(from), key(replaces?), copy.config().key()]))
        };
        history.trials().iter().filter_map(copied).collect()
    };
    // Three of eight at steps 5, 10 and 15.
    assert_eq!(choices(1).len(), 9);
    assert_eq!(choices(1), choices(8));
}

/// The learning rate of a noisy quadratic: high ones are fast at first and end far from the
/// minimum, low ones are slow. Source: Schaul and others, "No More Pesky Learning Rates",
/// ICML 2013, section 3: with curvature 1 and noise of variance 1, the expected square of the
/// distance goes from `d` to `(1 - r)^2 d + r^2`.
fn noisy_quadratic(saved: &Saved, job: &Job, reporter: &mut dyn Reporter) -> Vec<f64> {
    let before = |id: TrialId| saved.lock().expect("no test panics with it").get(&id).copied();
    let start = before(job.trial).or_else(|| before(job.fork?.from));
    let (first, mut distance) = start.unwrap_or((0, 100.0));
    saved.lock().expect("no test panics with it").insert(job.trial, (first, distance));
    let _ = reporter.forked();
    let rate = rate(&job.config);
    for step in first + 1..=200 {
        distance = next(distance, rate);
        let told = reporter.report(step, &[distance], &no_metrics());
        saved.lock().expect("no test panics with it").insert(job.trial, (step, distance));
        if told.is_break() {
            break;
        }
    }
    Vec::new()
}

fn rate(config: &Config) -> f64 {
    config.get("rate").and_then(temper_core::Value::as_f64).expect("it is in the space")
}

fn next(distance: f64, rate: f64) -> f64 {
    (1.0 - rate).powi(2) * distance + rate * rate
}

/// The rates that the best trial and those that it goes back to had, by the steps they began after.
fn lineage(history: &History) -> Vec<(Step, f64)> {
    let mut trial = history.best().expect("one completed");
    let mut rates = Vec::new();
    loop {
        rates.insert(0, (trial.begins_after(), rate(trial.config())));
        let Some(fork) = trial.fork() else { return rates };
        trial = history.trial(fork.from).expect("it was copied");
    }
}

#[test]
fn a_schedule_is_found_that_falls_and_beats_every_constant() {
    let space = r#"{"rate": {"type": "float", "low": 1e-4, "high": 1, "log": true}}"#;
    let setup = Setup {
        max_steps: Some(200),
        ..population(r#"{"interval": 10, "factor": 1.5}"#, setup_of(space, 12))
    };
    let setup = Setup { max_steps: Some(200), ..setup };
    let saved = Saved::default();
    let study = open(setup, MemoryStorage::new());
    let objective =
        |job: &Job, reporter: &mut dyn Reporter| Ok(noisy_quadratic(&saved, job, reporter));
    study.run(&Attempted(objective), 4).unwrap();
    let history = study.history();
    let best = history.best().unwrap().loss().unwrap().get();
    let constant = |rate: f64| (0..200).fold(100.0, |distance, _| next(distance, rate));
    let constants = (0..=4000).map(|place| constant(10f64.powf(-4.0 + f64::from(place) / 1000.0)));
    let best_constant = constants.fold(f64::INFINITY, f64::min);
    assert!(best < 0.8 * best_constant, "{best} of pbt, {best_constant} of a constant");
    let rates = lineage(&history);
    let (first, last) = (rates[0].1, rates[rates.len() - 1].1);
    assert!(rates.len() > 3 && last < first / 2.0, "{rates:?}");
}

#[test]
fn failed_members_are_replaced_and_interrupted_copies_begin_where_they_should() {
    let mut storage = MemoryStorage::new();
    let saved = Saved::default();
    let study = open(population(r#"{"interval": 5}"#, setup(8)), storage.clone());
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        if (job.trial.0 == 2 || job.trial.0 == 9) && job.reported.is_none() {
            return Err(failure(FailureKind::OutOfMemory));
        }
        // A copy is lost once before it has copied, and once after it.
        if let (Some(fork), 1..=2) = (job.fork, job.attempt) {
            if job.attempt == 2 {
                let mut saved = saved.lock().unwrap();
                let from = saved[&fork.from];
                saved.insert(job.trial, from);
                assert!(reporter.forked().is_continue());
            }
            return Err(failure(FailureKind::Preempted));
        }
        train(&saved, job, reporter)
    };
    study.run(&Attempted(objective), 4).unwrap();
    let history = study.history();
    assert_eq!(history.in_state(State::Failed).count(), 2);
    assert_eq!(history.in_state(State::Completed).count(), 8);
    let replaced: Vec<_> =
        history.trials().iter().filter_map(|it| it.fork()?.replaces).map(|it| it.0).collect();
    assert!(replaced.contains(&2) && replaced.contains(&9), "{replaced:?}");
    let replayed = replay(&events(&mut storage), &proposers).unwrap();
    assert_eq!(replayed.mismatches, Vec::new());
}

#[test]
fn a_member_that_fails_as_it_saves_is_replaced_and_not_copied() {
    let saved = Saved::default();
    let study = open(population(r#"{"interval": 5}"#, setup(8)), MemoryStorage::new());
    let best = Mutex::new(None);
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        let result = train(&saved, job, reporter);
        // The first member that would be the best of all where it pauses.
        let mut best = best.lock().unwrap();
        if x(&job.config).abs() < 3.0 && *best.get_or_insert(job.trial) == job.trial {
            return Err(failure(FailureKind::OutOfMemory));
        }
        result
    };
    study.run(&Attempted(objective), 1).unwrap();
    let history = study.history();
    let failed = best.into_inner().unwrap().expect("one is near 0");
    assert_eq!(history.trial(failed).unwrap().state(), State::Failed);
    let forks: Vec<Fork> = history.trials().iter().filter_map(Trial::fork).collect();
    assert!(forks.iter().any(|fork| fork.replaces == Some(failed)), "{forks:?}");
    assert!(forks.iter().all(|fork| fork.from != failed), "{forks:?}");
    assert_eq!(history.in_state(State::Completed).count(), 8);
}

#[test]
fn a_population_that_fails_as_a_whole_ends_or_begins_anew_with_the_trials_that_are_left() {
    let run = |options: &str| {
        let study = open(population(options, setup(6)), MemoryStorage::new());
        let saved = Saved::default();
        let objective = |job: &Job, reporter: &mut dyn Reporter| match job.trial.0 {
            0..=3 => Err(failure(FailureKind::Diverged)),
            _ => train(&saved, job, reporter),
        };
        study.run(&Attempted(objective), 1).unwrap();
        study.history()
    };
    let history = run(r#"{"population": 4}"#);
    // One begins anew, and its copies take the places of the others.
    assert_eq!((history.tried(), history.in_state(State::Completed).count()), (5, 5));
}

#[test]
fn a_study_with_more_goals_and_a_constraint_is_ranked_by_them() {
    let goal = |metric: &str| Goal { metric: metric.into(), direction: Default::default() };
    let goals = vec![goal("loss"), goal("size")];
    let constraints = vec!["loss <= 3".parse().unwrap()];
    let setup = Setup { goals, constraints, ..population(r#"{"interval": 10}"#, setup(8)) };
    let study = open(setup, MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        let x = x(&job.config);
        for step in job.reported.unwrap_or(job.begins_after) + 1..=20 {
            if reporter.report(step, &[x.abs(), (x - 1.0).abs()], &no_metrics()).is_break() {
                break;
            }
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(objective), 2).unwrap();
    let history = study.history();
    let members: Vec<f64> = history.trials()[..8].iter().map(|it| x(it.config())).collect();
    let losses = |x: f64| [x.abs(), (x - 1.0).abs()];
    // How far past the constraint it is, how many are better in both, and the first loss.
    let badness = |x: f64| {
        let is_better =
            |other: f64| losses(other)[0] < losses(x)[0] && losses(other)[1] < losses(x)[1];
        let better = members.iter().filter(|other| is_better(**other)).count();
        ((x.abs() - 3.0).max(0.0), better, x.abs())
    };
    let mut order: Vec<usize> = (0..8).collect();
    order.sort_by(|one, other| {
        badness(members[*one]).partial_cmp(&badness(members[*other])).unwrap()
    });
    let mut worst = order[6..].to_vec();
    worst.sort_unstable();
    let replaced = history.in_state(State::Pruned).map(|it| usize::try_from(it.id().0).unwrap());
    assert_eq!(replaced.collect::<Vec<_>>(), worst);
}

#[test]
fn a_member_that_has_reported_where_it_pauses_and_has_yet_to_save_is_waited_for() {
    // Trial 0, the worst, reports at once and takes until all others wait.
    let (others, all_wait) = (Mutex::new(0), std::sync::Condvar::new());
    let study = open(population(r#"{"interval": 10}"#, setup(4)), MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        let loss = 10.0 - job.trial.0 as f64;
        for step in job.reported.unwrap_or(job.begins_after) + 1..=20 {
            if reporter.report(step, &[loss], &no_metrics()).is_break() {
                let mut count = others.lock().unwrap();
                *count += usize::from(job.trial.0 > 0);
                all_wait.notify_all();
                while job.trial.0 == 0 && *count < 3 {
                    count = all_wait.wait(count).unwrap();
                }
                break;
            }
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(objective), 4).unwrap();
    let history = study.history();
    let copies: Vec<_> = history.trials().iter().filter_map(temper_core::Trial::fork).collect();
    assert_eq!(copies, [Fork { from: TrialId(3), replaces: Some(TrialId(0)) }]);
}

#[test]
fn tokens_that_a_copy_counts_on_from_are_not_spent_twice() {
    let study = open(population(r#"{"interval": 10}"#, setup(2)), MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| {
        for step in job.reported.unwrap_or(job.begins_after) + 1..=20 {
            let tokens = [("tokens".to_owned(), step as f64 * 100.0)].into();
            if reporter.report(step, &[x(&job.config).abs()], &tokens).is_break() {
                break;
            }
        }
        Ok(Vec::new())
    };
    study.run(&Attempted(objective), 1).unwrap();
    let history = study.history();
    assert_eq!(forks(&history), 1);
    let spent = |limit| {
        let budget = Budget { train_tokens: Some(limit), ..Budget::default() };
        budget.spent(&history, Duration::ZERO, 0.0).is_some()
    };
    // Two members of 20 steps.
    assert!(spent(4000.0) && !spent(4000.5));
}

/// A program that keeps its state in a file, and adds its parameter at each step.
const ADDING: &str = r#"
    cd "$TEMPER_TRIAL_DIR"; step=0; sum=0
    if [ "$TEMPER_RESUME" ]; then read step sum < saved; fi
    echo "$TEMPER_TRIAL,$TEMPER_FORK,$step,$sum" >> story
    save() { echo $step $sum > saved; exit 0; }
    trap save TERM
    while [ $step -lt 4 ]; do
        step=$((step + 1)); sum=$((sum + TEMPER_PARAM_X))
        echo "{\"step\": $step, \"loss\": $sum}"
        for look in 1 2 3 4 5; do if [ $step -lt 4 ]; then sleep 0.1; fi; done
    done
"#;

#[test]
fn a_program_that_can_be_resumed_can_be_forked_and_finds_what_the_other_one_saved() {
    let mut lab = Lab::sh(ADDING);
    lab.settings.pausing = Pausing::Signal;
    let space = r#"{"x": {"type": "int", "low": 1, "high": 999}}"#;
    let setup = population(r#"{"interval": 2}"#, setup_of(space, 2));
    let setup = Setup { max_steps: Some(4), ..setup };
    let study = open(setup, lab.storage.clone());
    study.run(&lab.objective(), 2).expect("the study runs");
    let history = study.history();
    assert_eq!(history.trials().len(), 3);
    let copy = trial(&history, 2);
    let from = trial(&history, copy.fork().unwrap().from.0);
    assert_eq!(copy.begins_after(), 2);
    let x = |trial: &temper_core::Trial| trial.config().get("x").unwrap().as_i64().unwrap();
    let story = lab.objective().folders().path(TrialId(2)).join("story");
    let story = std::fs::read_to_string(story).unwrap();
    let own = story.lines().last().unwrap();
    assert_eq!(own, format!("2,{},2,{}", from.id(), 2 * x(from)));
    assert_eq!(copy.loss().unwrap().get(), (2 * x(from) + 2 * x(copy)) as f64);
    let completed = [State::Completed, State::Pruned];
    assert!(states(&history).iter().all(|state| completed.contains(state)));
    assert!(copy.remarks()[0].reason.contains("it has what trial"), "{:?}", copy.remarks());
}
