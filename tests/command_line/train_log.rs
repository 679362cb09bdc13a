//! What a training run leaves behind while it goes on: its log, and how to go on.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::trainer::train_lab;
use crate::lab::{Lab, end, wait_until};

/// The lines of the metrics.
fn metrics(lab: &Lab) -> Vec<Value> {
    let text = fs::read_to_string(lab.path("log/metrics.jsonl")).expect("there are metrics");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn steps(lab: &Lab) -> Vec<u64> {
    metrics(lab).iter().filter_map(|line| line["step"].as_u64()).collect()
}

/// How many files for TensorBoard there are.
fn event_files(lab: &Lab) -> usize {
    let files = fs::read_dir(lab.path("log")).expect("the folder is there").flatten();
    files.filter(|file| file.file_name().to_string_lossy().contains("tfevents")).count()
}

#[test]
fn a_log_has_each_step_once_also_after_a_line_was_torn() {
    let lab = train_lab();
    let train = ["train", "study.toml", "--log-dir", "log", "--checkpoints", "kept"];
    let set = ["--set", "log_steps=1", "--set", "eval_steps=3", "--set", "save_steps=2"];
    let train = [&train[..], &set].concat();
    let ended = lab.temper(&train).ok();
    assert!(ended.stderr.contains("\n    | "), "no sample: {}", ended.stderr);
    assert_eq!((steps(&lab), event_files(&lab)), (vec![1, 2, 3, 4], 1));
    let whole = metrics(&lab);
    assert!(whole[0]["train_loss"].is_f64() && whole[0].get("eval_loss").is_none());
    assert!(whole[2]["eval_loss"].is_f64() && whole[2]["sample"].is_string());

    let again = lab.temper(&train).with_code(2);
    assert!(again.stderr.contains("metrics.jsonl` is of an earlier run"), "{}", again.stderr);

    // As if it had been killed in the middle of a line, two steps after it had saved.
    fs::remove_file(lab.path("kept/step-000000004.checkpoint")).unwrap();
    let text = fs::read_to_string(lab.path("log/metrics.jsonl")).unwrap();
    fs::write(lab.path("log/metrics.jsonl"), &text[..text.len() - 20]).unwrap();
    lab.temper(&[&train[..], &["--resume"]].concat()).ok();
    assert_eq!((steps(&lab), event_files(&lab)), (vec![1, 2, 3, 4], 2));
    let losses = |lines: &[Value]| -> Vec<Value> {
        lines.iter().map(|line| line["train_loss"].clone()).collect()
    };
    assert_eq!(losses(&metrics(&lab)), losses(&whole));
}

#[test]
fn an_interrupted_run_says_with_all_that_was_given_how_to_go_on() {
    let lab = train_lab();
    let train =
        ["train", "study.toml", "--set", "data=['text/w*.txt']", "--set", "max_steps=1000000"];
    let train = [&train[..], &["--checkpoints", "kept here", "--log-dir", "log"]].concat();
    let child = lab.command(&train).spawn().expect("temper can be started");
    let pid = Pid::from_child(&child);
    let log = lab.path("log/metrics.jsonl");
    wait_until("it trains", || fs::read_to_string(&log).is_ok_and(|text| text.contains('\n')));
    kill_process(pid, Signal::INT).expect("it runs");
    let ended = end(Ok(child)).with_code(130);
    let last = ended.stderr.lines().last().expect("it says how to go on");
    let (_, advice) = last.split_once("; to go on: temper ").expect("it is the last it says");
    let script = format!("printf '%s\\n' {advice}");
    let words = Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
    let words = String::from_utf8(words.stdout).expect("they are text");
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(words, [&train[..], &["--resume"]].concat());

    let done = *steps(&lab).last().expect("it trained");
    let last = format!("max_steps={}", done + 30);
    lab.temper(&[&words[..], &["--set", &last]].concat()).ok();
    let steps = steps(&lab);
    assert_eq!(steps.last(), Some(&(done + 30)));
    assert!(steps.is_sorted_by(|a, b| a < b), "{steps:?}");
}

#[test]
fn a_log_that_can_not_be_written_ends_a_run_before_its_first_step() {
    let lab = train_lab();
    let train = ["train", "study.toml", "--log-dir", "study.toml/log"];
    let ended = lab.temper(&train).with_code(2);
    assert!(ended.stderr.contains("study.toml/log"), "{}", ended.stderr);
    assert!(ended.stderr.contains("write elsewhere"), "{}", ended.stderr);
    let ended = lab.temper(&[&train[..], &["--checkpoints", "kept"]].concat()).with_code(2);
    let advice = "to go on: temper train study.toml --checkpoints kept --log-dir study.toml/log";
    assert!(ended.stderr.contains(advice), "{}", ended.stderr);
    let kept = std::fs::read_dir(lab.path("kept")).unwrap();
    assert_eq!(kept.count(), 1, "the run's lock is all that is there");
}
