//! Mistakes of every kind: the message says what is wrong, where, and what to do; the exit code is
//! 2, nothing is on stdout, and no study is begun.

#[path = "bad_input/checkpoints.rs"]
mod checkpoints;
#[path = "bad_input/confirm.rs"]
mod confirm;
#[path = "bad_input/generation.rs"]
mod generation;
mod lab;
#[path = "bad_input/logs.rs"]
mod logs;
#[path = "bad_input/pbt.rs"]
mod pbt;
#[path = "bad_input/programs.rs"]
mod programs;
mod quiz;
#[path = "bad_input/stages.rs"]
mod stages;
#[path = "bad_input/stopping.rs"]
mod stopping;
#[path = "bad_input/storage.rs"]
mod storage;

use lab::Lab;

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
    refusal_in(&lab(study), name)
}

/// The same of the study in a folder.
fn refusal_in(lab: &Lab, name: &str) -> String {
    let before = lab.files();
    let ended = lab.temper(&["run", "study.toml"]).with_code(2);
    assert_eq!(ended.stdout, "", "{name}");
    assert_eq!(lab.files(), before, "{name}");
    let checked = lab.temper(&["check", "study.toml"]).with_code(2);
    assert_eq!(checked.stderr, ended.stderr, "{name}");
    format!("# {name}\n\n{}\n", message(lab, &ended.stderr))
}

/// One snapshot of the refusals of many changes.
fn refusals(study: &str, changes: &[(&str, &str, &str)]) -> String {
    let refusals = changes.iter().map(|(name, from, to)| refusal(name, &changed(study, from, to)));
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
            ("unknown strategy", "[space]", "[strategy]\nname = \"randm\"\n\n[space]"),
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
                "a grid of no parameter",
                "[space]",
                "[strategy]\nname = \"grid\"\nresolution = { lr = 3 }\n\n[space]",
            ),
            (
                "a local search around no point of the space",
                "[space]",
                "[strategy]\nname = \"local\"\naround = { x = 7.0 }\n\n[space]",
            ),
            ("unknown option of retries", "[space]", "[retries]\ncrash = 1\n\n[space]"),
            ("a strict constraint", "seed = 1", "constraints = [\"loss <= 3\", \"size < 9\"]"),
            ("a constraint without a number", "seed = 1", "constraints = [\"size <= small\"]"),
            ("a constraint without a metric", "seed = 1", "constraints = [\"0 <= size\"]"),
            ("a constraint that is no text", "seed = 1", "constraints = [3]"),
            ("a warm start from nothing", "[space]", "[warm_start]\n\n[space]"),
            (
                "a warm start from a missing file",
                "[space]",
                "[warm_start]\nfrom = [\"earlier.db\"]\n\n[space]",
            ),
            (
                "a warm start from something else",
                "[space]",
                "[warm_start]\nfrom = \"text.txt\"\n\n[space]",
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
            ("missing command", "command = [\"sh\", \"trial.sh\", \"{x}\"]\n", ""),
            ("empty command", "[\"sh\", \"trial.sh\", \"{x}\"]", "[]"),
            ("a command that does not exist", "\"sh\"", "\"no-such-program\""),
            ("a script that does not exist", "trial.sh", "train.sh"),
            ("a parameter that does not exist", "{x}", "{typo}"),
            ("an unmatched brace", "{x}", "{x"),
            ("a bad timeout", "kind = \"c", "timeout = \"1 fortnight\"\nkind = \"c"),
            ("a bad memory limit", "kind = \"c", "memory_limit = \"much\"\nkind = \"c"),
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
            ("a confidence without a default", "default = 0.5", "confidence = \"high\""),
            ("unknown confidence", "default = 0.5", "default = 0.5, confidence = \"sure\""),
            ("unknown parameter in `when`", when, &format!("{when}, when = {{ y = 1 }}")),
            ("a continuous parameter in `when`", when, &format!("{when}, when = {{ x = 0.5 }}")),
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
            ("a requirement that the defaults break", end, &require("large = \"x > 0.9\"")),
            ("a requirement in another language", end, &require("both = \"x > 0 && x < 1\"")),
            ("a requirement of nothing known", end, &require("y = \"y > 0\"")),
            ("a requirement that is a number", end, &require("x = \"x + 1\"")),
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
            ("no such setting in the space", "\nlearning_rate", "\nlearning_rat"),
            ("a setting like no other in the space", "\nlearning_rate", "\ntemperature_zzz"),
            (
                "a setting that is fixed and searched",
                "max_steps = 10",
                "max_steps = 10\nlearning_rate = 1e-3",
            ),
            ("no such setting", "max_steps", "max_step"),
            ("no data", "data = [\"*.txt\"]\n", ""),
            ("no length", "max_steps = 10\n", ""),
            ("a metric that it does not report", "\"eval_loss\"", "\"loss\""),
            (
                "a constraint on a metric that it does not report",
                "trials = 4",
                "trials = 4\nconstraints = [\"latency_ms <= 50\"]",
            ),
            ("a value out of bounds", "max_steps = 10", "max_steps = 10\nnum_heads = 0"),
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
    format!("$ temper {}\n\n{}\n", arguments.join(" "), message(lab, &ended.stderr))
}
