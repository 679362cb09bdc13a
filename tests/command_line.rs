//! The commands, as a person or a program uses them.

mod lab;

use std::io::Read;
use std::process::Stdio;

use lab::trials::{assert_all_completed, assert_kept, trials};
use lab::{Lab, end};
use serde_json::Value;

const COMMANDS: [&str; 13] = [
    "init",
    "check",
    "run",
    "resume",
    "show",
    "best",
    "train",
    "replay",
    "repair",
    "strategies",
    "serve",
    "completions",
    "man",
];

const STUDY: &str = r#"[study]
name = "parabola"
metric = "loss"
trials = 6
seed = 1

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}"]

[space]
x = { type = "float", low = 0.0, high = 1.0, default = 0.5 }
kind = { type = "choice", values = ["a", "b"], default = "a" }
"#;

const TRIAL: &str = r#"
echo '{"step": 1, "loss": 2}'
echo '{"step": 2, "loss": '"$1"', "tokens": 5}'
"#;

/// The built-in trainer at its smallest.
const TRAIN: &str = r#"[study]
metric = "eval_loss"
trials = 2

[objective]
kind = "train"
data = ["text/*.txt"]
hidden_size = 8
num_layers = 1
num_heads = 1
max_seq_length = 16
batch_size = 2
max_steps = 4
eval_tokens = 64

[space]
learning_rate = { type = "float", low = 1e-3, high = 1e-1, log = true, default = 1e-2 }
beta2 = { type = "choice", values = [0.95, 0.99], default = 0.99 }
"#;

fn lab(study: &str) -> Lab {
    let lab = Lab::with_study(study);
    lab.write("trial.sh", TRIAL);
    lab
}

fn train_lab() -> Lab {
    let lab = Lab::with_study(TRAIN);
    std::fs::create_dir(lab.path("text")).expect("the folder can be written");
    lab.write(
        "text/wood.txt",
        &"How much wood would a woodchuck chuck?\n".repeat(40),
    );
    lab
}

/// What each trial tried, in the order of their numbers.
fn params(lab: &Lab) -> Vec<Value> {
    let trials = trials(lab).into_values();
    trials.map(|trial| trial["params"].clone()).collect()
}

#[test]
fn the_help_lists_the_commands_and_the_exit_codes() {
    let help = Lab::new().temper(&["--help"]).ok().stdout;
    insta::assert_snapshot!(help);
}

#[test]
fn each_command_has_a_help() {
    let lab = Lab::new();
    for command in COMMANDS {
        let help = lab.temper(&[command, "--help"]).ok();
        assert!(help.stdout.contains(&format!("Usage: temper {command}")));
        assert_eq!(help.stderr, "");
    }
    let version = lab.temper(&["--version"]).ok().stdout;
    assert_eq!(version, concat!("temper ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_arguments_are_refused_with_code_2() {
    let lab = lab(STUDY);
    for arguments in [
        &["tune"][..],
        &["run"],
        &["run", "study.toml", "--trials", "0"],
        &["run", "study.toml", "--workers", "0"],
        &["run", "study.toml", "--seed", "x"],
        &["run", "study.toml", "--no-such"],
        &["init", "no-such"],
        &["serve"],
    ] {
        let ended = lab.temper(arguments).with_code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(ended.stderr.contains("--help"), "{arguments:?}");
    }
}

#[test]
fn every_template_passes_its_check() {
    let lab = Lab::new();
    for template in ["pretrain", "finetune", "command"] {
        let file = format!("{template}.toml");
        let ended = lab.temper(&["init", template]).ok();
        assert_eq!(ended.stdout, "");
        let advice = format!("next: temper check {file}, then temper run {file}\n");
        assert!(ended.stderr.ends_with(&advice), "{}", ended.stderr);
        if template == "finetune" {
            let ended = lab.temper(&["check", &file]).with_code(2);
            assert!(ended.stderr.contains("there is no file `finetune.py`"));
            lab.write("finetune.py", "");
        }
        let checked = lab.temper(&["check", &file]).ok().stdout;
        assert!(checked.starts_with(&format!("study {template}, minimize eval_loss\n")));
        assert!(checked.contains("first trial: "), "{checked}");
    }
}

#[test]
fn a_template_does_not_overwrite_a_file() {
    let lab = Lab::new();
    lab.write("command.toml", "mine");
    let ended = lab.temper(&["init", "command"]).with_code(2);
    assert!(ended.stderr.contains("`command.toml` exists already"));
    assert_eq!(lab.read("command.toml"), "mine");
    assert_eq!(lab.files(), ["command.toml"]);
    lab.temper(&["init", "command", "study.toml"]).ok();
    let printed = lab.temper(&["init", "command", "-"]).ok().stdout;
    assert_eq!(printed, lab.read("study.toml"));
}

#[test]
fn the_command_template_runs() {
    let lab = Lab::new();
    lab.temper(&["init", "command", "study.toml"]).ok();
    lab.temper(&["run", "study.toml", "--trials", "2"]).ok();
    assert_eq!(trials(&lab).len(), 2);
}

#[test]
fn a_run_prints_its_result_on_stdout_and_all_else_on_stderr() {
    let lab = lab(STUDY);
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let best: toml::Table = ended.stdout.parse().expect("stdout is TOML");
    let best = best["x"].as_float().expect("x is a number");
    let least = params(&lab)
        .iter()
        .map(|params| params["x"].as_f64().expect("x is a number"))
        .fold(f64::INFINITY, f64::min);
    assert_eq!(best, least);
    assert!(ended.stderr.contains("trial 5 of 6 started: "));
    assert!(ended.stderr.contains("better than the default's 0.5"));
    assert!(
        ended
            .stderr
            .ends_with("results: parabola.db (temper show study.toml)\n")
    );
    let again = lab.temper(&["best", "study.toml"]).ok();
    assert_eq!((again.stdout, again.stderr), (ended.stdout, String::new()));
    let quiet = lab.temper(&["run", "study.toml", "--quiet"]).ok();
    assert!(!quiet.stderr.contains("trial"), "{}", quiet.stderr);
}

#[test]
fn a_run_tells_its_events_as_lines_of_json() {
    let study = STUDY.replace("seed = 1", "direction = \"maximize\"\nseed = 1");
    let lab = lab(&study);
    let ended = lab.temper(&["run", "study.toml", "--json"]).ok();
    let events: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let count = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(
        (count("started"), count("reported"), count("finished")),
        (6, 12, 6)
    );
    assert_eq!(
        count("started") + count("reported") + count("finished"),
        events.len()
    );
    let values: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "finished")
        .map(|event| event["outcome"]["values"][0].as_f64())
        .collect();
    let tried: Vec<_> = params(&lab)
        .iter()
        .map(|params| params["x"].as_f64())
        .collect();
    assert_eq!(values, tried, "in the user's direction");
    assert_eq!(ended.stderr, "");
}

#[test]
fn show_tells_everything_as_json() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let study = lab.show();
    assert_eq!(study["study"], "parabola");
    let trials = study["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 6);
    for trial in trials {
        assert!(trial["id"].is_u64(), "{trial}");
        assert_eq!(trial["state"], "completed");
        assert_eq!(trial["failure"], Value::Null);
        assert_eq!(trial["value"], trial["params"]["x"]);
        assert!(trial["seconds"].as_f64().unwrap() > 0.0, "{trial}");
        let reports = trial["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 2);
        assert_eq!(
            (&reports[0]["step"], &reports[0]["value"]),
            (&1.into(), &2.0.into())
        );
        assert_eq!(
            (&reports[1]["step"], &reports[1]["tokens"]),
            (&2.into(), &5.0.into())
        );
    }
    let values: Vec<_> = trials.iter().map(|trial| trial["value"].as_f64()).collect();
    assert!(values.is_sorted(), "best first");
    assert_eq!(study["best"], trials[0]);
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    assert_eq!(table.lines().count(), 1 + 6 + 1, "{table}");
    assert!(table.ends_with("6 completed\n"), "{table}");
}

#[test]
fn values_are_in_the_users_direction() {
    let lab = lab(&STUDY.replace("seed = 1", "direction = \"maximize\""));
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let study = lab.show();
    let values: Vec<_> = study["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|trial| trial["value"].as_f64().unwrap())
        .collect();
    assert!(values.iter().rev().is_sorted(), "best first: {values:?}");
    assert!(values.iter().all(|value| *value > 0.0), "{values:?}");
    assert_eq!(study["best"]["value"], values[0]);
    let best = format!("loss {:.4}", values[0]);
    assert!(
        ended.stdout.contains(&best[..best.len() - 2]),
        "{}",
        ended.stdout
    );
    assert!(!ended.stderr.contains("loss -"), "{}", ended.stderr);
}

#[test]
fn the_built_in_trainer_is_tuned_and_its_best_settings_train() {
    let lab = train_lab();
    lab.temper(&["check", "study.toml"]).ok();
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 2);
    assert_eq!(trials[&0]["params"]["learning_rate"], 1e-2);
    let best: toml::Table = ended.stdout.parse().expect("stdout is TOML");
    assert_eq!(best["max_steps"].as_integer(), Some(4));
    // From another folder: the text is found all the same.
    std::fs::create_dir(lab.path("elsewhere")).unwrap();
    lab.write("elsewhere/best.toml", &ended.stdout);
    let trained = lab.temper(&["train", "elsewhere/best.toml"]).ok();
    let line = trained.stdout.lines().next().expect("it prints its loss");
    let loss: f64 = line.strip_prefix("eval_loss = ").unwrap().parse().unwrap();
    let value = lab.show()["best"]["value"].as_f64().unwrap();
    assert!((loss - value).abs() < 1e-9, "{loss} is not {value}");
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn one_model_is_trained_with_other_settings() {
    let lab = train_lab();
    let set = [
        "train",
        "study.toml",
        "--json",
        "--set",
        "max_steps=2",
        "--set",
        "eval_steps=1",
    ];
    let ended = lab.temper(&set).ok();
    let reports: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(reports.last().expect("it reports")["step"], 2);
    assert!(reports.iter().all(|report| report["eval_loss"].is_f64()));
    let slip = lab.temper(&["train", "study.toml", "--set", "max_step=2"]);
    let slip = slip.with_code(2).stderr;
    assert!(slip.contains("there is no setting `max_step`") && slip.contains("`max_steps`"));
}

#[test]
fn parameters_reach_a_program_in_three_ways() {
    let lab = lab(&STUDY.replace("[\"sh\"", "[\"env\", \"GIVEN={kind}\", \"sh\""));
    lab.write(
        "trial.sh",
        r#"
[ "$1" = "$TEMPER_PARAM_X" ] || exit 3
[ "$GIVEN" = "$TEMPER_PARAM_KIND" ] || exit 4
cp "$TEMPER_PARAMS_FILE" "seen-$TEMPER_TRIAL.json"
echo "{\"loss\": $1}" >> "$TEMPER_REPORT_FILE"
"#,
    );
    lab.temper(&["run", "study.toml"]).ok();
    for (id, trial) in assert_all_completed(&lab, 6) {
        let seen: Value = serde_json::from_str(&lab.read(&format!("seen-{id}.json"))).unwrap();
        assert_eq!(seen, trial["params"]);
        assert_eq!(trial["value"], trial["params"]["x"]);
    }
}

#[test]
fn a_grid_is_counted_run_whole_and_then_at_its_end() {
    let study = STUDY.replace("trials = 6\n", "").replace(
        "[space]",
        "[strategy]\nname = \"grid\"\nresolution = 3\n\n[space]",
    );
    let lab = lab(&study);
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    assert!(
        checked.contains("the grid has 6 points (6 combinations)"),
        "{checked}"
    );
    lab.temper(&["run", "study.toml"]).ok();
    let before = assert_all_completed(&lab, 6);
    let mut points: Vec<_> = params(&lab).iter().map(ToString::to_string).collect();
    points.sort();
    points.dedup();
    assert_eq!(points.len(), 6, "each once");
    lab.temper(&["resume", "study.toml"]).ok();
    assert_eq!(trials(&lab), before);
}

#[test]
fn arguments_override_the_study_file() {
    let lab = lab(STUDY);
    let overrides = [
        "--storage",
        "other.db",
        "--trials",
        "3",
        "--workers",
        "2",
        "--seed",
        "9",
    ];
    lab.temper(&[&["run", "study.toml"], &overrides[..]].concat())
        .ok();
    assert!(!lab.path("parabola.db").exists());
    let shown = lab.temper(&["show", "study.toml", "--json", "--storage", "other.db"]);
    let shown = shown.ok().json();
    assert_eq!(shown["trials"].as_array().unwrap().len(), 3);
    let checked = lab.temper(&[&["check", "study.toml"], &overrides[..]].concat());
    let checked = checked.ok().stdout;
    assert!(
        checked.contains("3 trials in total, 2 at once"),
        "{checked}"
    );
    assert!(checked.contains("recorded in other.db"), "{checked}");
}

#[test]
fn the_same_seed_proposes_the_same_trials() {
    let [first, second, other] = ["1", "1", "2"].map(|seed| {
        let lab = lab(STUDY);
        lab.temper(&["run", "study.toml", "--seed", seed]).ok();
        params(&lab)
    });
    assert_eq!(first, second);
    assert_eq!(first[0], other[0], "the default configuration");
    assert_ne!(first, other);
}

#[test]
fn a_study_that_is_over_can_be_made_longer() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml", "--trials", "3"]).ok();
    let before = trials(&lab);
    lab.temper(&["resume", "study.toml"]).ok();
    assert_kept(&before, &assert_all_completed(&lab, 6));
    // The trials are those of a study that was not interrupted.
    let whole = self::lab(STUDY);
    whole.temper(&["run", "study.toml"]).ok();
    assert_eq!(params(&whole), params(&lab));
    // Fewer than there are: nothing to do.
    lab.temper(&["resume", "study.toml", "--trials", "2"]).ok();
    assert_eq!(trials(&lab).len(), 6);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn the_strategies_are_listed() {
    let listed = Lab::new().temper(&["strategies"]).ok().stdout;
    for name in ["random", "grid"] {
        assert!(
            listed.lines().any(|line| line.trim().starts_with(name)),
            "{listed}"
        );
    }
}

#[test]
fn shells_complete_and_manuals_explain_every_command() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = lab.temper(&["completions", shell]).ok().stdout;
        assert!(
            COMMANDS.iter().all(|command| script.contains(command)),
            "{shell}"
        );
    }
    let page = lab.temper(&["man"]).ok().stdout;
    assert!(page.contains(".TH temper 1"), "{page}");
    assert!(page.contains("130"), "{page}");
    lab.temper(&["man", "pages"]).ok();
    for command in COMMANDS {
        assert!(
            lab.path(&format!("pages/temper-{command}.1")).exists(),
            "{command}"
        );
    }
}

/// Runs `temper` with stdout leading to somebody who reads one byte and goes.
fn read_one_byte(lab: &Lab, arguments: &[&str]) -> lab::Ended {
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
