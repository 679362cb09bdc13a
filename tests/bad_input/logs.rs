//! Logs that are damaged, or of another search, or of another version.

use std::fs;

use rusqlite::Connection;

use crate::lab::Lab;
use crate::lab::trials::{assert_all_completed, assert_kept, completed, trials};
use crate::{STUDY, changed, complaint, lab};

#[test]
fn a_log_of_a_newer_format_is_left_alone() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    log(&lab).pragma_update(None, "user_version", 1000).unwrap();
    let commands = ["run", "resume", "show", "repair"];
    let complaints = commands.map(|command| complaint(&lab, &[command, "study.toml"]));
    insta::assert_snapshot!(complaints.concat());
}

/// The log of `study.toml`, to be tampered with.
fn log(lab: &Lab) -> Connection {
    Connection::open(lab.path("study.db")).expect("the log is there")
}

/// Cuts the last event of trial 2 short, as a disk that fails might.
fn damage(lab: &Lab) {
    let cut = "UPDATE events SET event = substr(event, 1, 40) WHERE seq = (
        SELECT max(seq) FROM events WHERE event LIKE '%\"trial\":2,%')";
    assert_eq!(log(lab).execute(cut, []).expect("it is SQL"), 1);
}

#[test]
fn a_damaged_log_is_repaired_without_the_loss_of_a_trial_before_the_damage() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let mut before = completed(&lab);
    damage(&lab);
    let commands = ["run", "resume", "show", "best", "replay"];
    let complaints = commands.map(|command| complaint(&lab, &[command, "study.toml"]));
    insta::assert_snapshot!(complaints[1]);
    lab.temper(&["repair", "study.toml"]).ok();
    before.retain(|id, _| *id < 2);
    assert_kept(&before, &trials(&lab));
    assert_eq!(completed(&lab).len(), 2);
    lab.temper(&["resume", "study.toml"]).ok();
    assert_kept(&before, &assert_all_completed(&lab, 4));
    lab.temper(&["replay", "study.toml"]).ok();
    assert!(lab.path("study.db-damaged").exists());
}

#[test]
fn a_log_cut_short_is_repaired() {
    let study = changed(STUDY, "trials = 4", "trials = 40");
    let lab = lab(&study);
    lab.temper(&["run", "study.toml"]).ok();
    let before = trials(&lab);
    // A connection that is closed puts everything into the one file.
    log(&lab).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let file = fs::OpenOptions::new().write(true).open(lab.path("study.db")).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * 3 / 4).unwrap();
    let complaint = complaint(&lab, &["resume", "study.toml"]);
    assert!(complaint.contains("temper repair study.toml"), "{complaint}");
    lab.temper(&["repair", "study.toml"]).ok();
    let saved = completed(&lab);
    assert!(saved.len() > 5, "only {} trials are left", saved.len());
    assert_kept(&saved, &before);
    lab.temper(&["resume", "study.toml"]).ok();
    assert_kept(&saved, &assert_all_completed(&lab, 40));
}

#[test]
fn a_study_that_is_whole_needs_no_repair() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let ended = lab.temper(&["repair", "study.toml"]).ok();
    assert_eq!(ended.stdout, "study.db is not damaged\n");
}

#[test]
fn another_search_is_not_mixed_into_a_log() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let before = trials(&lab);
    let complaints: String = [
        ("high = 1.0", "high = 2.0"),
        ("kind = { type", "sort = { type"),
        ("metric = \"loss\"", "metric = \"error\""),
        ("seed = 1", "direction = \"maximize\""),
        ("[space]", "[require]\nsmall = \"x < 0.9\"\n\n[space]"),
    ]
    .map(|(from, to)| {
        lab.write("study.toml", &changed(STUDY, from, to));
        complaint(&lab, &["resume", "study.toml"])
    })
    .concat();
    insta::assert_snapshot!(complaints);
    lab.write("study.toml", STUDY);
    assert_eq!(trials(&lab), before);
}

#[test]
fn a_warm_start_from_a_study_of_another_metric_or_from_itself_is_refused() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let warm = changed(STUDY, "[space]", "[warm_start]\nfrom = \"study.db\"\n\n[space]");
    lab.write("other.toml", &changed(&warm, "\"loss\"", "\"accuracy\""));
    lab.write("same.toml", &changed(&warm, "seed = 1", "storage = \"./study.db\""));
    let before = lab.files();
    let complaints = [&["run", "other.toml"][..], &["run", "same.toml", "--trials", "9"]];
    insta::assert_snapshot!(complaints.map(|arguments| complaint(&lab, arguments)).concat());
    assert_eq!(lab.files(), before, "no study was begun");
}
