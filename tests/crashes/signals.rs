//! Studies that are asked to end.

use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::trials::{assert_all_completed, trials};
use crate::lab::{Lab, end, wait_until};
use crate::{STUDY, assert_nothing_runs, assert_replays, lab};

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
    wait_until("both trials run", || lab.read("started.log").lines().count() == 2);
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
