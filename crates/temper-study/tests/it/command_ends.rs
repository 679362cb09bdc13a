//! Objectives that are programs: how they end by themselves.

use temper_core::{FailureKind, History, State};

use crate::lab::{Lab, runs};
use crate::{kinds, states, trial};

/// The one failure of trial 0, which failed at its first attempt.
#[track_caller]
pub(crate) fn only_failure(history: &History) -> temper_core::Failure {
    let trial = trial(history, 0);
    assert_eq!(trial.state(), State::Failed, "{:?}", trial.failures());
    assert_eq!(trial.attempts().len(), 1);
    trial.failure().expect("it failed").clone()
}

#[test]
fn an_exit_code_and_the_last_lines_of_stderr_are_recorded() {
    let history = Lab::sh(
        r#"
        echo '{"loss": 1}'
        for i in $(seq 50); do echo "line $i" >&2; done
        exit 7
        "#,
    )
    .run();
    let trial = trial(&history, 0);
    assert_eq!(kinds(trial), [FailureKind::Crashed; 2]);
    let failure = trial.failure().unwrap();
    assert_eq!((failure.exit_code, failure.signal), (Some(7), None));
    assert_eq!(failure.message, "it exited with code 7");
    assert_eq!(failure.stderr.len(), 20);
    assert_eq!(failure.stderr[19], "line 50");
}

#[test]
fn a_signal_is_recorded() {
    let history = Lab::sh("echo oh >&2; kill -SEGV $$").run();
    let failure = trial(&history, 0).failure().unwrap();
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert_eq!((failure.exit_code, failure.signal), (None, Some(libc::SIGSEGV)));
    assert_eq!(failure.stderr, ["oh"]);
}

#[test]
fn a_program_that_others_ask_to_end_was_preempted_and_is_tried_again() {
    for signal in ["TERM", "INT", "HUP"] {
        let history =
            Lab::sh(&format!(r#"[ "$TEMPER_RESUME" ] || kill -{signal} $$; echo '{{"loss": 1}}'"#))
                .run();
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(kinds(trial(&history, 0)), [FailureKind::Preempted]);
    }
}

#[test]
fn a_program_over_its_memory_limit_is_out_of_memory() {
    let mut lab = Lab::python(
        r#"
import time
data = bytearray(300_000_000)
for i in range(0, len(data), 4096): data[i] = 1
time.sleep(1000)
"#,
    );
    lab.settings.memory_limit = Some(100_000_000);
    let history = lab.run();
    let failure = only_failure(&history);
    assert_eq!(failure.kind, FailureKind::OutOfMemory);
    assert!(failure.message.ends_with("the limit is 100000000"), "{failure}");
    assert!(trial(&history, 0).peak_memory() > Some(100_000_000));
}

#[test]
fn the_memory_of_children_counts_too() {
    let mut lab = Lab::sh(
        "python3 -c 'import time; data = b\"x\" * 200_000_000; time.sleep(1000)'; echo never",
    );
    lab.settings.memory_limit = Some(100_000_000);
    assert_eq!(only_failure(&lab.run()).kind, FailureKind::OutOfMemory);
}

#[test]
fn memory_that_processes_share_counts_once() {
    let mut lab = Lab::python(
        r#"
import os, time
data = b"x" * 80_000_000
for child in range(4):
    if os.fork() == 0:
        time.sleep(0.6)
        os._exit(0)
time.sleep(0.4)
print('{"loss": 1}')
"#,
    );
    lab.settings.memory_limit = Some(200_000_000);
    let history = lab.run();
    let trial = trial(&history, 0);
    assert_eq!(trial.state(), State::Completed, "{:?}", trial.failures());
}

#[test]
fn what_a_program_says_on_stderr_tells_that_memory_ran_out() {
    for script in [
        "raise MemoryError",
        "raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB')",
    ] {
        let failure = only_failure(&Lab::python(script).run());
        assert_eq!(failure.kind, FailureKind::OutOfMemory);
        assert_eq!(failure.exit_code, Some(1));
    }
}

#[test]
fn a_program_can_say_itself_how_it_failed() {
    let script = r#"echo '{"failure": "diverged", "message": "the norm is 1e30"}'; exit 1"#;
    let failure = only_failure(&Lab::sh(script).run());
    assert_eq!(failure.kind, FailureKind::Diverged);
    assert_eq!(failure.message, "the norm is 1e30");
}

#[test]
fn a_program_that_reports_nan_has_diverged_and_is_stopped() {
    let lab = Lab::python(
        r#"
import json, os, time
open(os.environ["TEMPER_TRIAL_DIR"] + "/pid", "w").write(str(os.getpid()))
print(json.dumps({"step": 3, "loss": float("nan")}))
time.sleep(1000)
"#,
    );
    let failure = only_failure(&lab.run());
    assert_eq!(failure.kind, FailureKind::Diverged);
    assert_eq!(failure.message, "`loss` was NaN at step 3");
    assert!(!runs(&lab.path("pid")));
}

#[test]
fn a_program_that_reports_no_metric_has_crashed_and_the_metric_is_named() {
    let history = Lab::sh(r#"echo '{"step": 1, "eval_loss": 2}'"#).run();
    let failure = trial(&history, 0).failure().unwrap();
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert_eq!(failure.message, "it ended without a report of `loss`");
    assert_eq!(failure.exit_code, Some(0));
}
