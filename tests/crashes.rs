//! Studies whose runners are killed, interrupted, stopped or doubled: no finished trial is lost or
//! run again, no process is left behind, and the study comes to its end.

mod lab;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use lab::trials::{assert_all_completed, assert_kept, completed, trials};
use lab::{Lab, Running, end, trial_processes, wait_until};
use rustix::process::{Pid, Signal, kill_process};
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
    let completed = if is_begun {
        completed(lab)
    } else {
        BTreeMap::new()
    };
    Wreck {
        completed,
        ends: ends(lab),
    }
}

/// Checks that no trial that had completed was touched since.
fn assert_untouched(lab: &Lab, wreck: &Wreck) {
    assert_kept(&wreck.completed, &trials(lab));
    let ends = ends(lab);
    for trial in wreck.completed.keys() {
        assert_eq!(
            ends.get(trial),
            wreck.ends.get(trial),
            "trial {trial} ran again"
        );
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

/// A trial whose first attempt hands its work to a process outside of its group, and does not end
/// when it is asked to.
const STUBBORN: &str = r#"
trap '' TERM
echo "$TEMPER_TRIAL" >> started.log
if [ "$TEMPER_ATTEMPT" = 1 ]; then
    setsid sleep 300 >/dev/null 2>&1 &
    sleep 300
fi
echo '{"loss": '"$1"'}'
"#;

/// Interrupts a study of such trials, and checks that it ends in good order and can go on.
fn interrupt(signal: Signal) {
    let lab = lab();
    lab.write("trial.sh", STUBBORN);
    let child = lab.command(&["run", "study.toml", "--trials", "2"]).spawn();
    let child = child.expect("temper can be started");
    let pid = Pid::from_child(&child);
    wait_until("both trials run", || {
        lab.read("started.log").lines().count() == 2
    });
    kill_process(pid, signal).expect("it runs");
    let ended = end(Ok(child)).with_code(130);
    assert_eq!(ended.stdout, "");
    let advice = "interrupted; to go on: temper resume study.toml --trials 2\n";
    assert!(ended.stderr.ends_with(advice), "{}", ended.stderr);
    assert_nothing_runs(&lab);
    for trial in trials(&lab).values() {
        assert_eq!(trial["state"], "waiting", "{trial}");
    }
    lab.temper(&["resume", "study.toml", "--trials", "2"]).ok();
    for trial in assert_all_completed(&lab, 2).values() {
        assert_eq!(trial["attempts"], 2, "{trial}");
    }
    assert_replays(&lab);
}

#[test]
fn a_study_interrupted_from_the_keyboard_stops_its_trials_and_says_how_to_go_on() {
    interrupt(Signal::INT);
}

#[test]
fn a_study_that_is_terminated_stops_its_trials_and_says_how_to_go_on() {
    interrupt(Signal::TERM);
}

#[test]
fn a_study_whose_terminal_is_closed_stops_its_trials_and_says_how_to_go_on() {
    interrupt(Signal::HUP);
}

#[test]
fn a_second_interrupt_ends_the_runner_at_once_and_leaves_a_study_that_goes_on() {
    let lab = Lab::with_study(&STUDY.replace("300ms", "1h"));
    lab.write("trial.sh", STUBBORN);
    let mut runner = lab.start(&["run", "study.toml", "--trials", "2"]);
    wait_until("a trial runs", || !lab.read("started.log").is_empty());
    runner.signal(Signal::INT);
    thread::sleep(Duration::from_millis(100)); // two signals at once are one
    runner.signal(Signal::INT);
    assert_eq!(runner.wait().code(), Some(130));
    lab.temper(&["resume", "study.toml", "--trials", "2"]).ok();
    assert_all_completed(&lab, 2);
    assert_replays(&lab);
}

#[test]
fn two_runners_share_a_study() {
    let lab = lab();
    let runners = [run(&lab), run(&lab), run(&lab)];
    for runner in runners {
        runner.succeed();
    }
    for trial in assert_all_completed(&lab, TRIALS).values() {
        assert_eq!(trial["attempts"], 1, "{trial}");
    }
    assert!(ends(&lab).values().copied().eq([1; TRIALS as usize]));
    assert_replays(&lab);
}

#[test]
fn a_runner_that_is_killed_is_relieved_by_another_that_runs() {
    let lab = lab();
    let (lost, other) = (run(&lab), run(&lab));
    wait_until("some trials run", || {
        lab.read("started.log").lines().count() >= 4
    });
    lost.kill();
    let wreck = look_at(&lab);
    other.succeed();
    assert_all_completed(&lab, TRIALS);
    assert_untouched(&lab, &wreck);
    assert_nothing_runs(&lab);
    assert_replays(&lab);
}

#[test]
fn a_runner_that_freezes_loses_its_trials_and_does_no_harm_when_it_wakes() {
    let lab = Lab::with_study(&STUDY.replace("[study]", "[study]\nlease = \"1s\""));
    // Time enough to be frozen in the middle of a first attempt.
    let slow = "if [ \"$TEMPER_ATTEMPT\" = 1 ]; then sleep 0.3; fi\n";
    lab.write("trial.sh", &format!("{slow}{TRIAL}"));
    let frozen = run(&lab);
    wait_until("a trial has ended", || !ends(&lab).is_empty());
    frozen.signal(Signal::STOP);
    run(&lab).succeed();
    let after = assert_all_completed(&lab, TRIALS);
    let taken_over = after.values().filter(|trial| trial["attempts"] == 2);
    assert_eq!(taken_over.count(), 2, "{after:?}");
    let ends_before = ends(&lab);
    frozen.signal(Signal::CONT);
    frozen.succeed();
    assert_eq!(trials(&lab), after);
    assert_eq!(ends(&lab), ends_before);
    assert_nothing_runs(&lab);
    assert_replays(&lab);
}
