//! Mistakes of every kind: the message says what is wrong, where, and what to do; the exit code is
//! 2, nothing is on stdout, and no study is begun.

mod lab;

use std::fs;

use lab::trials::{assert_all_completed, assert_kept, completed, trials};
use lab::{Lab, end};
use rusqlite::Connection;
use serde_json::Value;

const STUDY: &str = r#"[study]
metric = "loss"
trials = 4
seed = 1

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}"]

[space]
x = { type = "float", low = 0.0, high = 1.0, default = 0.5 }
kind = { type = "choice", values = ["a", "b"], default = "a" }
"#;

const TRAIN: &str = r#"[study]
metric = "eval_loss"
trials = 4

[objective]
kind = "train"
data = ["*.txt"]
max_steps = 10

[space]
learning_rate = { type = "float", low = 1e-4, high = 1e-2, log = true }
"#;

const TRIAL: &str = "echo '{\"step\": 1, \"loss\": '\"$1\"'}'\n";

fn lab(study: &str) -> Lab {
    let lab = Lab::with_study(study);
    lab.write("trial.sh", TRIAL);
    lab.write("text.txt", "to be or not to be");
    lab
}

/// The study with one place changed.
fn changed(study: &str, from: &str, to: &str) -> String {
    assert!(study.contains(from), "`{from}` is not in the study");
    study.replacen(from, to, 1)
}

/// What stderr says, without the folder's name.
fn message(lab: &Lab, stderr: &str) -> String {
    stderr.replace(&lab.path("").display().to_string(), "FOLDER/")
}

/// Checks that the study file is refused in the same words by `run` and `check`, and that nothing
/// has come of it; returns the words.
fn refusal(name: &str, study: &str) -> String {
    let lab = lab(study);
    let before = lab.files();
    let ended = lab.temper(&["run", "study.toml"]).with_code(2);
    assert_eq!(ended.stdout, "", "{name}");
    assert_eq!(lab.files(), before, "{name}");
    let checked = lab.temper(&["check", "study.toml"]).with_code(2);
    assert_eq!(checked.stderr, ended.stderr, "{name}");
    format!("# {name}\n\n{}\n", message(&lab, &ended.stderr))
}

/// One snapshot of the refusals of many changes.
fn refusals(study: &str, changes: &[(&str, &str, &str)]) -> String {
    let refusals = changes
        .iter()
        .map(|(name, from, to)| refusal(name, &changed(study, from, to)));
    refusals.collect()
}

#[test]
fn a_mistake_in_a_section_is_pointed_at() {
    let refusals = refusals(
        STUDY,
        &[
            ("not TOML", "[study]", "[study"),
            ("a key twice", "seed = 1", "trials = 5"),
            ("unknown key in [study]", "trials", "trails"),
            ("a wrong type", "trials = 4", "trials = \"many\""),
            ("unknown section", "[space]", "[spaces]"),
            ("missing trials", "trials = 4\n", ""),
            ("no trials", "trials = 4", "trials = 0"),
            ("missing metric", "metric = \"loss\"\n", ""),
            ("unknown direction", "seed = 1", "direction = \"up\""),
            ("a bad lease", "seed = 1", "lease = \"soon\""),
            (
                "unknown strategy",
                "[space]",
                "[strategy]\nname = \"randm\"\n\n[space]",
            ),
            (
                "unknown option of a strategy",
                "[space]",
                "[strategy]\nname = \"grid\"\nlevls = 3\n\n[space]",
            ),
            (
                "a bad option of a strategy",
                "[space]",
                "[strategy]\nname = \"grid\"\nresolution = \"x\"\n\n[space]",
            ),
            (
                "unknown option of retries",
                "[space]",
                "[retries]\ncrash = 1\n\n[space]",
            ),
        ],
    );
    insta::assert_snapshot!(refusals);
}

#[test]
fn a_mistake_in_the_objective_is_pointed_at() {
    let refusals = refusals(
        STUDY,
        &[
            ("missing kind", "kind = \"command\"\n", ""),
            ("unknown kind", "kind = \"command\"", "kind = \"comand\""),
            (
                "missing command",
                "command = [\"sh\", \"trial.sh\", \"{x}\"]\n",
                "",
            ),
            ("empty command", "[\"sh\", \"trial.sh\", \"{x}\"]", "[]"),
            (
                "a command that does not exist",
                "\"sh\"",
                "\"no-such-program\"",
            ),
            ("a script that does not exist", "trial.sh", "train.sh"),
            ("a parameter that does not exist", "{x}", "{typo}"),
            ("an unmatched brace", "{x}", "{x"),
            (
                "a bad timeout",
                "kind = \"c",
                "timeout = \"1 fortnight\"\nkind = \"c",
            ),
            (
                "a bad memory limit",
                "kind = \"c",
                "memory_limit = \"much\"\nkind = \"c",
            ),
            ("unknown key", "kind = \"c", "time_out = \"1h\"\nkind = \"c"),
        ],
    );
    insta::assert_snapshot!(refusals);
}

#[test]
fn a_mistake_in_the_space_is_pointed_at() {
    let space = "x = { type = \"float\", low = 0.0, high = 1.0, default = 0.5 }\n";
    let when = "kind = { type = \"choice\", values = [\"a\", \"b\"], default = \"a\"";
    let end = "default = \"a\" }\n";
    let require = |text: &str| format!("{end}\n[require]\n{text}\n");
    let refusals = refusals(
        STUDY,
        &[
            ("no parameters", &format!("{space}{when} }}\n"), ""),
            ("no space", &format!("[space]\n{space}{when} }}\n"), ""),
            ("unknown type", "\"float\"", "\"flaot\""),
            ("unknown key of a parameter", "low", "lwo"),
            ("low at high", "low = 0.0", "low = 1.0"),
            ("the logarithm of zero", "default", "log = true, default"),
            ("a default outside", "default = 0.5", "default = 2"),
            (
                "unknown parameter in `when`",
                when,
                &format!("{when}, when = {{ y = 1 }}"),
            ),
            (
                "a continuous parameter in `when`",
                when,
                &format!("{when}, when = {{ x = 0.5 }}"),
            ),
            (
                "`when` of a value that is not there",
                space,
                "x = { type = \"int\", low = 1, high = 3, when = { kind = \"c\" } }\n",
            ),
            (
                "a requirement that nothing meets",
                &format!(", default = 0.5 }}\n{when} }}\n"),
                " }\n\n[require]\nlarge = \"x > 2\"\n",
            ),
            (
                "a requirement that the defaults break",
                end,
                &require("large = \"x > 0.9\""),
            ),
            (
                "a requirement in another language",
                end,
                &require("both = \"x > 0 && x < 1\""),
            ),
            (
                "a requirement of nothing known",
                end,
                &require("y = \"y > 0\""),
            ),
            (
                "a requirement that is a number",
                end,
                &require("x = \"x + 1\""),
            ),
        ],
    );
    insta::assert_snapshot!(refusals);
}

#[test]
fn conditions_in_a_circle_are_shown() {
    let study = changed(
        STUDY,
        "kind = { type = \"choice\", values = [\"a\", \"b\"], default = \"a\" }\n",
        "a = { type = \"choice\", values = [1, 2], when = { b = 1 } }\n\
         b = { type = \"choice\", values = [1, 2], when = { a = 1 } }\n",
    );
    insta::assert_snapshot!(refusal("`when` in a circle", &study));
}

#[test]
fn a_mistake_in_the_settings_of_the_trainer_is_pointed_at() {
    let refusals = refusals(
        TRAIN,
        &[
            (
                "no such setting in the space",
                "\nlearning_rate",
                "\nlearning_rat",
            ),
            ("no such setting", "max_steps", "max_step"),
            ("no data", "data = [\"*.txt\"]\n", ""),
            ("no length", "max_steps = 10\n", ""),
            (
                "a metric that it does not report",
                "\"eval_loss\"",
                "\"loss\"",
            ),
            (
                "a value out of bounds",
                "max_steps = 10",
                "max_steps = 10\nnum_heads = 0",
            ),
            (
                "a space out of bounds",
                "low = 1e-4, high = 1e-2, log = true",
                "low = -1.0, high = 1.0",
            ),
        ],
    );
    insta::assert_snapshot!(refusals);
}

#[test]
fn a_missing_study_file_is_named() {
    let lab = Lab::new();
    let ended = lab.temper(&["run", "study.toml"]).with_code(2);
    assert_eq!((ended.stdout.as_str(), lab.files().len()), ("", 0));
    insta::assert_snapshot!(ended.stderr);
}

/// Checks that a command ends with code 2, and returns its message.
fn complaint(lab: &Lab, arguments: &[&str]) -> String {
    let ended = lab.temper(arguments).with_code(2);
    assert_eq!(ended.stdout, "");
    format!(
        "$ temper {}\n\n{}\n",
        arguments.join(" "),
        message(lab, &ended.stderr)
    )
}

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
    Connection::open(lab.path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let before = lab.files();
    let places = [
        "no/such/folder/study.db",
        "folder",
        "notes.txt",
        "other.db",
        "/proc/study.db",
    ];
    let complaints =
        places.map(|place| complaint(&lab, &["run", "study.toml", "--storage", place]));
    insta::assert_snapshot!(complaints.concat());
    assert_eq!(lab.files(), before);
}

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
    let cut = "UPDATE events SET event = substr(event, 1, length(event) / 2) WHERE seq = (
        SELECT max(seq) FROM events WHERE event LIKE '%\"trial\":2,%')";
    assert_eq!(log(lab).execute(cut, []).unwrap(), 1);
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
    log(&lab)
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(lab.path("study.db"))
        .unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * 3 / 4).unwrap();
    let complaint = complaint(&lab, &["resume", "study.toml"]);
    assert!(
        complaint.contains("temper repair study.toml"),
        "{complaint}"
    );
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
