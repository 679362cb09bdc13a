//! Studies whose runners are killed, interrupted, stopped or doubled: no finished trial is lost or
//! run again, no process is left behind, and the study comes to its end.

#[path = "crashes/generation.rs"]
mod generation;
mod lab;
#[path = "crashes/pausing.rs"]
mod pausing;
#[path = "crashes/pbt.rs"]
mod pbt;
mod quiz;
#[path = "crashes/runners.rs"]
mod runners;
#[path = "crashes/signals.rs"]
mod signals;
#[path = "crashes/training_ledger.rs"]
mod training_ledger;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use lab::trials::{assert_all_completed, assert_kept, completed, trials};
use lab::{Lab, Running, trial_processes};
use serde_json::Value;

const TRIALS: u64 = 12;

const STUDY: &str = r#"
[study]
metric = "loss"
trials = 12
workers = 2
seed = 3

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}"]
grace = "300ms"

[space]
x = { type = "float", low = 0.0, high = 1.0 }
"#;

/// Leaves a process in the background that would outlive its runner, reports twice, and says as
/// the very last thing that it was here. `>>` appends in one write.
const TRIAL: &str = r#"
sleep 300 >/dev/null 2>&1 &
echo "$TEMPER_TRIAL" >> started.log
sleep 0.02
echo '{"step": 1, "loss": 1}'
sleep 0.02
echo '{"step": 2, "loss": '"$1"'}'
echo "$TEMPER_TRIAL" >> completed.log
"#;

fn lab() -> Lab {
    let lab = Lab::with_study(STUDY);
    lab.write("trial.sh", TRIAL);
    lab
}

fn run(lab: &Lab) -> Running {
    lab.start(&["run", "study.toml"])
}

/// How often each trial came to its last line.
fn ends(lab: &Lab) -> BTreeMap<u64, u32> {
    let mut ends = BTreeMap::new();
    for line in lab.read("completed.log").lines() {
        let trial = line.parse().expect("a line is a trial's number");
        *ends.entry(trial).or_default() += 1;
    }
    ends
}

/// Goes on with a study, or begins it if it was killed before its log was there.
fn resume(lab: &Lab) -> Running {
    let is_begun = lab.temper(&["show", "study.toml"]).code == Some(0);
    let command = if is_begun { "resume" } else { "run" };
    lab.start(&[command, "study.toml", "--quiet"])
}

/// What is known of a study right after its runner was killed.
struct Wreck {
    completed: BTreeMap<u64, Value>,
    ends: BTreeMap<u64, u32>,
}

fn look_at(lab: &Lab) -> Wreck {
    let is_begun = lab.temper(&["show", "study.toml"]).code == Some(0);
    let completed = if is_begun { completed(lab) } else { BTreeMap::new() };
    Wreck { completed, ends: ends(lab) }
}

/// Checks that no trial that had completed was touched since.
fn assert_untouched(lab: &Lab, wreck: &Wreck) {
    if wreck.completed.is_empty() {
        return; // there may be no log yet
    }
    assert_kept(&wreck.completed, &trials(lab));
    let ends = ends(lab);
    for trial in wreck.completed.keys() {
        assert_eq!(ends.get(trial), wreck.ends.get(trial), "trial {trial} ran again");
    }
}

fn assert_nothing_runs(lab: &Lab) {
    let left = trial_processes(&lab.path("study.trials"));
    assert_eq!(left, [0; 0], "processes of trials are left");
}

fn assert_replays(lab: &Lab) {
    lab.temper(&["replay", "study.toml"]).ok();
}

/// How long the study takes when nobody disturbs it.
fn undisturbed() -> Duration {
    let lab = lab();
    let clock = Instant::now();
    lab.temper(&["run", "study.toml"]).ok();
    let duration = clock.elapsed();
    assert_all_completed(&lab, TRIALS);
    assert!(ends(&lab).values().all(|times| *times == 1));
    assert_nothing_runs(&lab);
    duration
}

/// The share of a study after which it is killed, spread over all of it: multiples of the golden
/// ratio leave no large gap (Knuth, The Art of Computer Programming, vol. 3, section 6.4).
fn moment(number: u32) -> f64 {
    (f64::from(number + 1) * 0.618_033_988_749_894_8).fract()
}

/// Kills a study at each of the moments and resumes it.
fn kill_and_resume(moments: std::ops::Range<u32>) {
    let duration = undisturbed();
    for number in moments {
        println!("moment {number}");
        let lab = lab();
        let runner = run(&lab);
        thread::sleep(duration.mul_f64(moment(number)));
        runner.kill();
        let wreck = look_at(&lab);
        resume(&lab).succeed();
        assert_all_completed(&lab, TRIALS);
        assert_untouched(&lab, &wreck);
        assert_nothing_runs(&lab);
        assert_replays(&lab);
    }
}

#[test]
fn a_study_killed_at_moments_0_to_4_is_resumed_without_loss() {
    kill_and_resume(0..5);
}

#[test]
fn a_study_killed_at_moments_5_to_9_is_resumed_without_loss() {
    kill_and_resume(5..10);
}

#[test]
fn a_study_killed_at_moments_10_to_14_is_resumed_without_loss() {
    kill_and_resume(10..15);
}

#[test]
fn a_study_killed_at_moments_15_to_19_is_resumed_without_loss() {
    kill_and_resume(15..20);
}

#[test]
fn a_study_killed_again_and_again_comes_to_its_end() {
    let duration = undisturbed();
    let lab = lab();
    let mut wreck = look_at(&lab);
    let mut kills = 0;
    while (wreck.completed.len() as u64) < TRIALS {
        assert!(kills < 100, "it does not get on");
        let runner = resume(&lab);
        // A trial takes a sixth of the study: some are lost each time, and some end.
        thread::sleep(duration.mul_f64(0.1 + 0.4 * moment(kills)));
        runner.kill();
        assert_untouched(&lab, &wreck);
        wreck = look_at(&lab);
        kills += 1;
    }
    resume(&lab).succeed();
    assert_all_completed(&lab, TRIALS);
    assert_untouched(&lab, &wreck);
    assert_nothing_runs(&lab);
    assert_replays(&lab);
}
