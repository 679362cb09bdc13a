//! Programs that fail: the study ends with code 1, and `temper show` says why.

use serde_json::Value;

use crate::lab::trials::trials;
use crate::{STUDY, changed, lab};

/// Runs a study of one trial that fails, and returns what `show` says of it.
fn failing(trial: &str) -> Value {
    let timeout = "timeout = \"300ms\"\ngrace = \"100ms\"\nkind = \"c";
    let study = changed(STUDY, "kind = \"c", timeout);
    let lab = lab(&changed(&study, "trials = 4", "trials = 1"));
    lab.write("trial.sh", trial);
    let ended = lab.temper(&["run", "study.toml"]).with_code(1);
    assert_eq!(ended.stdout, "");
    let advice = "no trial completed: temper show study.toml says why\n";
    assert!(ended.stderr.ends_with(advice), "{}", ended.stderr);
    assert_eq!(lab.temper(&["best", "study.toml"]).with_code(1).stdout, "");
    let mut trials = trials(&lab);
    let trial = trials.remove(&0).expect("there is one trial");
    assert_eq!((trials.len(), &trial["state"]), (0, &"failed".into()));
    trial
}

#[test]
fn a_program_that_prints_no_metric_has_crashed() {
    let trial = failing("echo 'epoch 1: loss 0.5'; echo 'loading the data' >&2");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"exit_code":0,"kind":"crashed","message":"it ended without a report of `loss`","stderr":["loading the data"]}"#);
    assert_eq!(trial["attempts"], 2);
}

#[test]
fn a_program_that_prints_nan_has_diverged() {
    let trial = failing("echo '{\"step\": 7, \"loss\": NaN}'");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"kind":"diverged","message":"`loss` was NaN at step 7"}"#);
    assert_eq!(trial["attempts"], 1);
}

#[test]
fn a_program_that_hangs_is_ended_at_its_timeout() {
    let trial = failing("echo 'waiting' >&2; sleep 100");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"kind":"timeout","message":"it ran longer than 0.3 s","stderr":["waiting"]}"#);
    assert_eq!(trial["attempts"], 1);
}

#[test]
fn a_program_that_dies_by_a_signal_has_crashed() {
    let trial = failing("echo 'now' >&2; kill -SEGV $$");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"kind":"crashed","message":"it was killed by signal 11","signal":11,"stderr":["now"]}"#);
}

#[test]
fn a_program_that_exits_with_an_error_has_crashed() {
    let trial =
        failing("echo \"$1\" >/dev/null; for i in 1 2 3; do echo \"line $i\" >&2; done; exit 3");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"exit_code":3,"kind":"crashed","message":"it exited with code 3","stderr":["line 1","line 2","line 3"]}"#);
}

#[test]
fn a_program_that_runs_out_of_memory_is_told_apart() {
    let trial = failing("echo 'torch.cuda.OutOfMemoryError: CUDA out of memory.' >&2; exit 1");
    insta::assert_snapshot!(trial["failure"].to_string(), @r#"{"exit_code":1,"kind":"out_of_memory","message":"it ran out of memory","stderr":["torch.cuda.OutOfMemoryError: CUDA out of memory."]}"#);
    assert_eq!(trial["attempts"], 1);
}
