//! The commands, as a person or a program uses them.

#[path = "command_line/budgets.rs"]
mod budgets;
#[path = "command_line/checkpoints.rs"]
mod checkpoints;
#[path = "command_line/confirm.rs"]
mod confirm;
#[path = "command_line/constraints.rs"]
mod constraints;
#[path = "command_line/devices.rs"]
mod devices;
#[path = "command_line/examples.rs"]
mod examples;
#[path = "command_line/generation.rs"]
mod generation;
#[path = "command_line/goals.rs"]
mod goals;
#[cfg(feature = "hf-hub")]
#[path = "command_line/hub.rs"]
mod hub;
mod lab;
#[path = "command_line/pbt.rs"]
mod pbt;
#[path = "command_line/pipes.rs"]
mod pipes;
#[path = "command_line/promotion.rs"]
mod promotion;
#[path = "command_line/prompt_search.rs"]
mod prompt_search;
mod quiz;
#[path = "command_line/results.rs"]
mod results;
#[path = "command_line/schedule.rs"]
mod schedule;
#[path = "command_line/stages.rs"]
mod stages;
#[path = "command_line/templates.rs"]
mod templates;
#[path = "command_line/train_log.rs"]
mod train_log;
#[path = "command_line/trainer.rs"]
mod trainer;
#[path = "command_line/warm_start.rs"]
mod warm_start;

use lab::Lab;
use lab::trials::{assert_all_completed, assert_kept, trials};
use serde_json::Value;

const COMMANDS: [&str; 16] = [
    "init",
    "check",
    "run",
    "resume",
    "show",
    "best",
    "train",
    "evaluate",
    "schedule",
    "replay",
    "clean",
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

fn lab(study: &str) -> Lab {
    let lab = Lab::with_study(study);
    lab.write("trial.sh", TRIAL);
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
        &["schedule", "cosine", "--steps", "0"],
        &["schedule", "--csv"],
        &["serve"],
    ] {
        let ended = lab.temper(arguments).with_code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(ended.stderr.contains("--help"), "{arguments:?}");
    }
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
    let study = STUDY
        .replace("trials = 6\n", "")
        .replace("[space]", "[strategy]\nname = \"grid\"\nresolution = 3\n\n[space]");
    let lab = lab(&study);
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    assert!(checked.contains("the grid has 6 points (6 combinations)"), "{checked}");
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
    let overrides = ["--storage", "other.db", "--trials", "3", "--workers", "2", "--seed", "9"];
    lab.temper(&[&["run", "study.toml"], &overrides[..]].concat()).ok();
    assert!(!lab.path("parabola.db").exists());
    let shown = lab.temper(&["show", "study.toml", "--json", "--storage", "other.db"]);
    let shown = shown.ok().json();
    assert_eq!(shown["trials"].as_array().unwrap().len(), 3);
    let checked = lab.temper(&[&["check", "study.toml"], &overrides[..]].concat());
    let checked = checked.ok().stdout;
    assert!(checked.contains("3 trials in total, 2 at once"), "{checked}");
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
        assert!(listed.lines().any(|line| line.trim().starts_with(name)), "{listed}");
    }
}

#[test]
fn shells_complete_and_manuals_explain_every_command() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = lab.temper(&["completions", shell]).ok().stdout;
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}");
    }
    let page = lab.temper(&["man"]).ok().stdout;
    assert!(page.contains(".TH temper 1"), "{page}");
    assert!(page.contains("130"), "{page}");
    lab.temper(&["man", "pages"]).ok();
    for command in COMMANDS {
        assert!(lab.path(&format!("pages/temper-{command}.1")).exists(), "{command}");
    }
}
