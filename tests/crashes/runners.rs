//! Several runners of one study.

use rustix::process::Signal;

use crate::lab::trials::{assert_all_completed, trials};
use crate::lab::{Lab, wait_until};
use crate::{
    STUDY, TRIAL, TRIALS, assert_nothing_runs, assert_replays, assert_untouched, ends, lab,
    look_at, run,
};

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
    wait_until("some trials run", || lab.read("started.log").lines().count() >= 4);
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
    // Frozen while two first attempts sleep, so that it holds no lock on the log.
    let slow = "if [ \"$TEMPER_ATTEMPT\" = 1 ]; then sleep 0.3; fi\n";
    lab.write("trial.sh", &TRIAL.replace("sleep 0.02\n", slow));
    let frozen = run(&lab);
    wait_until("the second two trials run", || lab.read("started.log").lines().count() == 4);
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
