use rand::RngExt;
use temper_core::{
    Config, Direction, Event, Goal, History, Intake, Lease, Loss, Metrics, Origin, Outcome, Step,
    TrialId, WorkerId, stream,
};

use super::*;
use crate::prune::curves::opened;
use crate::{Options, build_pruner};

const ITEMS: usize = 60;

/// A study of which each trial answers these items: the goal is the mean so far, and each item is
/// reported beside it.
fn race_of(trials: &[(State, &[f64])]) -> History {
    let goal = Goal { metric: "accuracy".into(), direction: Direction::Maximize };
    let mut history = opened(&goal, Some(ITEMS as Step));
    for (id, (state, scores)) in (0..).zip(trials) {
        let (trial, lease, seen) = (TrialId(id), Lease(history.len()), history.len());
        let (config, origin) = (Config::default(), Origin::Strategy);
        let (worker, until, fork, note) = (WorkerId::new("a"), Some(12), None, None);
        let started =
            Event::Started { trial, config, origin, seen, worker, until, fork, note, stage: None };
        history.apply(&started).unwrap();
        let mut sum = 0.0;
        for (step, score) in (1..).zip(*scores) {
            sum += score;
            let losses = vec![goal.loss(sum / step as f64).unwrap()];
            let metrics = Metrics::from([("item_accuracy".to_owned(), *score)]);
            history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
        }
        let outcome = match state {
            State::Running => continue,
            State::Paused => Outcome::Paused,
            State::Completed => {
                let losses: Vec<Loss> = history.trial(trial).unwrap().losses().to_vec();
                Outcome::completed(losses)
            }
            state => panic!("{state}"),
        };
        let finished = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
        history.apply(&finished).unwrap();
    }
    history
}

/// Right but for every `wrong`th of so many items.
fn scores(count: usize, wrong: usize) -> Vec<f64> {
    (1..=count).map(|item| f64::from(item % wrong != 0)).collect()
}

fn promoted(history: &History, intake: Intake) -> Option<(u64, Option<Step>)> {
    Race::default().promote(history, intake).map(|it| (it.trial.0, it.until))
}

#[test]
fn the_leader_goes_on_first_batch_by_batch_to_its_end() {
    let (good, bad) = (scores(12, 6), scores(12, 2));
    let history = race_of(&[(State::Paused, &bad), (State::Paused, &good), (State::Paused, &bad)]);
    let promotion = Race::default().promote(&history, Intake::Open).unwrap();
    assert_eq!((promotion.trial, promotion.until), (TrialId(1), Some(18)));
    let said = "item_accuracy of 12 items is 0.8333, the best on shared items of 2 others";
    assert_eq!(promotion.reason, said);
    // The last batch is a little longer.
    let good = scores(52, 6);
    let history = race_of(&[(State::Paused, &bad), (State::Paused, &good)]);
    assert_eq!(promoted(&history, Intake::Closed), Some((1, None)));
}

#[test]
fn while_trials_begin_going_on_gets_half_as_many_items() {
    let good = scores(18, 6);
    let begun = scores(12, 2);
    let one = (State::Paused, &begun[..]);
    let leader = (State::Paused, &good[..]);
    // Of the leader's 18 items, 12 are of its beginning: 6 come on 12, which is half.
    assert_eq!(promoted(&race_of(&[leader]), Intake::Open), None);
    assert_eq!(promoted(&race_of(&[leader, one]), Intake::Open), Some((0, Some(24))));
    assert_eq!(promoted(&race_of(&[leader]), Intake::Closed), Some((0, Some(24))));
}

#[test]
fn the_race_is_over_once_nobody_may_end_ahead_of_a_complete_leader() {
    let leader = scores(ITEMS, 6);
    // Two of three right, and half of them: both are behind on twelve items.
    let (near, far) = (scores(12, 3), scores(12, 2));
    let history =
        race_of(&[(State::Completed, &leader), (State::Paused, &far), (State::Paused, &near)]);
    let promotion = Race::default().promote(&history, Intake::Closed).unwrap();
    assert_eq!((promotion.trial, promotion.until), (TrialId(2), Some(18)));
    let said = "item_accuracy of 12 items is 0.6667, below trial 0's 0.8333: after all 60 it is \
                ahead with a chance of 5.2 %";
    assert_eq!(promotion.reason, said);
    let near = scores(30, 3);
    let far = vec![0.0; 12];
    let history =
        race_of(&[(State::Completed, &leader), (State::Paused, &far), (State::Paused, &near)]);
    assert_eq!(promoted(&history, Intake::Closed), None);
}

#[test]
fn who_is_out_pauses_at_once_with_the_reason_and_the_leader_never_does() {
    let leader = scores(ITEMS, 6);
    let own = vec![0.0; 15];
    let history = race_of(&[(State::Completed, &leader), (State::Running, &own)]);
    let judgement = Race::default().judge(TrialId(1), 15, &history);
    assert_eq!(judgement.verdict, Verdict::Pause);
    let said = "item_accuracy of 15 items is 0.0000, below trial 0's 0.8667: after all 60 it is \
                ahead with a chance of 0.0 %";
    assert_eq!(judgement.reason, said);
    assert_eq!(Race::default().judge(TrialId(0), 15, &history), Judgement::go_on());
    // Nobody is looked at before `min_items`.
    let history = race_of(&[(State::Completed, &leader), (State::Running, &own[..11])]);
    assert_eq!(Race::default().judge(TrialId(1), 11, &history), Judgement::go_on());
}

#[test]
fn a_trial_that_answers_alike_does_not_cost_all_items() {
    let leader = scores(ITEMS, 3);
    let needed = (2..ITEMS).find(|count| {
        let history = race_of(&[(State::Completed, &leader), (State::Paused, &leader[..*count])]);
        promoted(&history, Intake::Closed).is_none()
    });
    // Of few items it isn't known whether they always will; of two thirds it is.
    let is_between = |count| (ITEMS / 3..=ITEMS * 2 / 3).contains(&count);
    assert!(needed.is_some_and(is_between), "{needed:?}");
    // Who wants the last of the differences gets all items.
    let exact = Race(RaceOptions { margin: Some(0.0), ..Default::default() });
    let history = race_of(&[(State::Completed, &leader), (State::Paused, &leader[..ITEMS - 1])]);
    assert!(exact.promote(&history, Intake::Closed).is_some());
}

#[test]
fn who_paused_is_compared_with_who_leads_now() {
    let own = scores(12, 2);
    let better = scores(ITEMS, 12);
    let history = race_of(&[(State::Completed, &better), (State::Paused, &own)]);
    assert_eq!(promoted(&history, Intake::Closed), None);
    let worse = scores(ITEMS, 2);
    let history = race_of(&[(State::Completed, &worse), (State::Paused, &own)]);
    assert!(promoted(&history, Intake::Closed).is_some());
}

#[test]
fn other_workers_take_the_likeliest_challengers_while_the_leader_runs() {
    let (good, near, far) = (scores(12, 6), scores(12, 4), scores(12, 2));
    let history =
        race_of(&[(State::Running, &good), (State::Paused, &far), (State::Paused, &near)]);
    assert_eq!(promoted(&history, Intake::Closed), Some((2, Some(18))));
}

#[test]
fn easy_and_hard_items_are_compared_in_pairs() {
    // The items that follow are hard: the leader's mean of all is lower than the others' of the first.
    let mut leader = scores(12, 12);
    leader.resize(ITEMS, 0.0);
    let own = scores(12, 6);
    let history = race_of(&[(State::Paused, &own), (State::Completed, &leader)]);
    assert_eq!(promoted(&history, Intake::Closed), Some((0, Some(18))));
    assert!(Race::default().promote(&history, Intake::Closed).unwrap().reason.contains("below"));
}

#[test]
fn studies_that_do_not_say_how_many_items_there_are_are_refused() {
    let setup =
        |max_steps| opened(&Goal { metric: "m".into(), direction: Direction::Minimize }, max_steps);
    let suits = |race: &Race, max_steps| race.suits(setup(max_steps).setup().unwrap());
    let said = "the study's `max_steps`, the number of items, is needed";
    assert_eq!(suits(&Race::default(), None).unwrap_err(), said);
    assert_eq!(suits(&Race::default(), Some(1)), Ok(()));
    let first = Race(RaceOptions { min_items: Some(20), ..Default::default() });
    let said = "`min_items` 20 is not below the study's `max_steps` 20";
    assert_eq!(suits(&first, Some(20)).unwrap_err(), said);
    assert_eq!(suits(&first, Some(21)), Ok(()));
}

#[test]
fn defaults_follow_the_number_of_items() {
    let options = RaceOptions::default();
    let of = |items| (options.first(items), options.next_pause(options.first(items), items));
    assert_eq!(of(5), (2, Some(3)));
    assert_eq!(of(30), (6, Some(9)));
    assert_eq!(of(120), (12, Some(18)));
    assert_eq!(of(3200), (12, Some(112)));
}

#[test]
fn bad_options_are_named_with_their_bounds() {
    for (options, said) in [
        (r#"{"min_items": 1}"#, "`min_items` is 1: it must be at least 2"),
        (r#"{"batch": 0}"#, "`batch` is 0: it must be at least 1"),
        (r#"{"min_chance": 0}"#, "`min_chance` is 0: it must be above 0, and below 0.5"),
        (r#"{"min_chance": 0.5}"#, "`min_chance` is 0.5: it must be above 0, and below 0.5"),
        (r#"{"margin": -1}"#, "`margin` is -1: it must be at least 0, and finite"),
    ] {
        let options: Options = serde_json::from_str(options).unwrap();
        let error = build_pruner(NAME, &options).unwrap_err().to_string();
        assert_eq!(error, format!("`race`: {said}"));
    }
}

#[test]
fn a_race_ends_with_the_best_for_few_of_the_items_by_its_history_alone() {
    // Twelve that differ by a twentieth of the items from one to the next, in no order.
    let right = |trial: u64| (trial * 7 % 12) as f64 * 0.05 + 0.3;
    let scores = |trial: u64| -> Vec<f64> {
        let (mut items, mut own) = (stream(3, 100), stream(3, trial));
        let mut is_right = || {
            // Three of four answers hang on the item alone.
            let (item, luck): (f64, f64) = (items.random(), own.random());
            let is_hard = if own.random::<f64>() < 0.75 { item } else { luck };
            f64::from(is_hard < right(trial))
        };
        (0..ITEMS).map(|_| is_right()).collect()
    };
    let all: Vec<Vec<f64>> = (0..12).map(scores).collect();
    let mut answered = [12; 12];
    let history = |answered: &[usize; 12]| {
        let state = |count| if count == ITEMS { State::Completed } else { State::Paused };
        let trials = all.iter().zip(answered);
        race_of(&trials.map(|(it, count)| (state(*count), &it[..*count])).collect::<Vec<_>>())
    };
    while let Some((trial, until)) = promoted(&history(&answered), Intake::Closed) {
        answered[trial as usize] = until.map_or(ITEMS, |until| until as usize);
    }
    let sum = |trial: &usize| all[*trial].iter().sum::<f64>();
    let best = (0..12).max_by(|one, other| sum(one).total_cmp(&sum(other)));
    let winner = history(&answered).best().map(|trial| trial.id().0 as usize);
    assert_eq!(winner, best);
    assert_eq!(winner.map(|it| answered[it]), Some(ITEMS));
    // The seed is fixed. 144 of the 720 items are those that all begin with.
    let asked: usize = answered.iter().sum();
    assert!((144..=288).contains(&asked), "{asked} of 720: {answered:?}");
}
