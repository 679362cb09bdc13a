//! Readers that go away.

use std::io::Read;
use std::process::Stdio;

use crate::lab::trials::assert_all_completed;
use crate::lab::{Ended, Lab, end};
use crate::{STUDY, TRIAL, lab};

/// Runs `temper` with stdout leading to somebody who reads one byte and goes.
fn read_one_byte(lab: &Lab, arguments: &[&str]) -> Ended {
    let mut child = lab.command(arguments).spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut [0]).expect("it prints something");
    drop(stdout);
    end(Ok(child))
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let lab = lab(&STUDY.replace("trials = 6", "trials = 200"));
    lab.temper(&["run", "study.toml", "--workers", "4"]).ok();
    // 200 trials as JSON are more than a pipe holds.
    let ended = read_one_byte(&lab, &["show", "study.toml", "--json"]);
    assert_eq!(ended.stderr, "");
    let ended = read_one_byte(&lab, &["completions", "zsh"]);
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_run_goes_on_when_nobody_reads_it() {
    let lab = lab(STUDY);
    lab.write("trial.sh", &format!("sleep 0.05\n{TRIAL}"));
    let ended = read_one_byte(&lab, &["run", "study.toml", "--json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_all_completed(&lab, 6);

    let mut command = lab.command(&["run", "study.toml", "--trials", "9"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_all_completed(&lab, 9);
}
