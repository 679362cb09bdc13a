//! Studies of evaluations that are killed within a trial: what was answered is not asked again.

use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::assert_replays;
use crate::lab::trials::{assert_all_completed, trials};
use crate::lab::{Lab, Running, trial_processes, wait_until};
use crate::quiz::faulty::Reply;
use crate::quiz::{ITEMS, Quiz, STUDY, lab, ledger, undisturbed, values};

/// How many answers there are before the kill: the second trial has begun its first minibatch.
const ANSWERED: usize = 22;

/// How many requests are under way then.
const CONCURRENCY: usize = 2;

/// Keeps requests waiting until it is opened; then they get nothing.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn wait(&self) {
        let is_open = self.is_open.lock().expect("no thread panics with it");
        drop(self.opened.wait_while(is_open, |is_open| !*is_open).expect("the same"));
    }

    fn open(&self) {
        *self.is_open.lock().expect("no thread panics with it") = true;
        self.opened.notify_all();
    }
}

fn study() -> String {
    let lines = format!("grace = \"300ms\"\nconcurrency = {CONCURRENCY}\nbatch_size");
    STUDY.replace("batch_size", &lines)
}

/// A study, killed in some way once so many answers are there and the next requests wait for theirs.
fn killed(
    study: &str,
    answered: usize,
    kill: impl FnOnce(&Lab, &mut Option<Running>),
) -> (Lab, Quiz) {
    let gate = Arc::<Gate>::default();
    let kept = Arc::clone(&gate);
    let quiz = Quiz::with(move |index, _| {
        (index >= answered).then(|| {
            kept.wait();
            Reply::cut()
        })
    });
    let lab = lab(study, &quiz);
    let mut runner = Some(lab.start(&["run", "study.toml"]));
    wait_until("requests wait", || quiz.server.count() == answered + CONCURRENCY);
    kill(&lab, &mut runner);
    quiz.mend();
    gate.open();
    if let Some(runner) = runner {
        runner.succeed();
    }
    (lab, quiz)
}

/// Checks that the study is as any other, and that nothing was asked twice that was answered.
fn assert_whole(lab: &Lab, quiz: &Quiz) {
    assert_all_completed(lab, 4);
    assert_eq!(values(lab), undisturbed(&study()));
    quiz.assert_asked_once(lab);
    assert_eq!(quiz.answered(), 4 * ITEMS);
    assert_eq!(trial_processes(&lab.path("quiz.trials")), [0; 0]);
    assert_replays(lab);
}

#[test]
fn a_runner_killed_within_an_evaluation_is_replaced_and_nothing_is_asked_again() {
    let (lab, quiz) = killed(&study(), ANSWERED, |lab, runner| {
        if let Some(runner) = runner.take() {
            runner.kill();
        }
        wait_until("its trial is gone", || trial_processes(&lab.path("quiz.trials")).is_empty());
    });
    assert_eq!(ledger(&lab).requests, ANSWERED as u64);
    assert!(trials(&lab)[&1]["state"] != "completed");
    lab.temper(&["resume", "study.toml"]).ok();
    assert_whole(&lab, &quiz);
    assert_eq!(trials(&lab)[&1]["attempts"], 2);
}

#[test]
fn an_evaluation_that_is_killed_begins_again_and_is_told_what_was_answered() {
    let (lab, quiz) = killed(&study(), ANSWERED, |lab, _| {
        let processes = trial_processes(&lab.path("quiz.trials"));
        let [process] = processes[..] else { panic!("one evaluates: {processes:?}") };
        let process = i32::try_from(process).ok().and_then(Pid::from_raw).expect("it has a number");
        kill_process(process, Signal::KILL).expect("it runs");
    });
    assert_whole(&lab, &quiz);
    assert_eq!(trials(&lab)[&1]["attempts"], 2);
}

#[test]
fn a_study_that_is_interrupted_within_an_evaluation_goes_on_where_it_was() {
    let (lab, quiz) = killed(&study(), ANSWERED, |lab, runner| {
        let mut runner = runner.take().expect("it runs");
        runner.signal(Signal::INT);
        // The requests wait for longer than the runner.
        runner.wait();
        assert!(trial_processes(&lab.path("quiz.trials")).is_empty());
    });
    assert_eq!(trials(&lab)[&1]["state"], "waiting");
    lab.temper(&["resume", "study.toml"]).ok();
    assert_whole(&lab, &quiz);
}

#[test]
fn a_runner_killed_within_the_comparison_of_its_winner_makes_it_good() {
    let study = study().replace("batch_size", "held_out = 0.25\nbatch_size");
    let (of_trials, of_comparison) = (4 * 15, 3 * 5);
    let (lab, quiz) = killed(&study, of_trials + 7, |_, runner| {
        if let Some(runner) = runner.take() {
            runner.kill();
        }
    });
    assert_all_completed(&lab, 4);
    assert_eq!(ledger(&lab).requests, of_trials as u64 + 7);
    let resumed = lab.temper(&["resume", "study.toml"]).ok();
    assert!(resumed.stdout.contains("on 5 held-out items  "), "{}", resumed.stdout);
    quiz.assert_asked_once(&lab);
    assert_eq!(quiz.answered(), (of_trials + of_comparison) as u64);
    assert_replays(&lab);
}
