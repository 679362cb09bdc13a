//! Storages that can't be read or written.

use std::fs;

use rusqlite::Connection;

use crate::lab::end;
use crate::lab::trials::{assert_all_completed, assert_kept, completed};
use crate::{STUDY, changed, complaint, lab, message};

#[test]
fn a_study_that_was_not_begun_is_not_made_by_looking_for_it() {
    let lab = lab(STUDY);
    let before = lab.files();
    let commands = ["resume", "show", "best", "replay", "repair"];
    let complaints = commands.map(|command| complaint(&lab, &[command, "study.toml"]));
    insta::assert_snapshot!(complaints.concat());
    assert_eq!(lab.files(), before);
}

#[test]
fn a_storage_that_cannot_be_is_named() {
    let lab = lab(STUDY);
    fs::create_dir(lab.path("folder")).unwrap();
    lab.write(
        "notes.txt",
        "not a study, but longer than SQLite's header of a hundred bytes, \
        so that it looks whether there is one: there is none in here.",
    );
    Connection::open(lab.path("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = lab.files();
    let places = ["no/such/folder/study.db", "folder", "notes.txt", "other.db", "/proc/study.db"];
    let complaints =
        places.map(|place| complaint(&lab, &["run", "study.toml", "--storage", place]));
    insta::assert_snapshot!(complaints.concat());
    assert_eq!(lab.files(), before);
}

/// A limit on the size of every file that the runner writes stands for a disk that fills up.
#[test]
fn a_full_disk_costs_no_finished_trial() {
    let lab = lab(&changed(STUDY, "trials = 4", "trials = 40"));
    let script = "trap '' XFSZ; ulimit -f 500; exec \"$0\" \"$@\"";
    let ended = end(lab.shell(script, &["run", "study.toml"]).spawn()).with_code(2);
    assert_eq!(ended.stdout, "");
    let said = ended.stderr.matches(" completed: ").count();
    let saved = completed(&lab);
    assert!(0 < said && said < 40, "{}", ended.stderr);
    assert_eq!(saved.len(), said);
    insta::assert_snapshot!(message(&lab, &complaint_in(&ended.stderr)));
    lab.temper(&["resume", "study.toml"]).ok();
    assert_kept(&saved, &assert_all_completed(&lab, 40));
    lab.temper(&["replay", "study.toml"]).ok();
}

/// The message at the end, without the progress before it.
fn complaint_in(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| !line.starts_with("trial "));
    lines.map(|line| format!("{line}\n")).collect()
}
