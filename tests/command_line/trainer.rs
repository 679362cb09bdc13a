//! The built-in trainer, tuned and alone.

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::assert_all_completed;

/// The built-in trainer at its smallest.
pub(crate) const TRAIN: &str = r#"[study]
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

pub(crate) fn train_lab() -> Lab {
    let lab = Lab::with_study(TRAIN);
    std::fs::create_dir(lab.path("text")).expect("the folder can be written");
    lab.write("text/wood.txt", &"How much wood would a woodchuck chuck?\n".repeat(40));
    lab
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
fn a_run_that_was_at_its_end_says_all_of_its_last_report_again() {
    let lab = train_lab();
    let run = ["train", "study.toml", "--json", "--checkpoints", "kept"];
    let last = |said: &str| said.lines().last().map(str::to_owned).expect("it reports");
    let first = last(&lab.temper(&run).ok().stdout);
    assert!(first.contains("\"bits_per_byte\":"), "{first}");
    let again = run.into_iter().chain(["--resume"]).collect::<Vec<_>>();
    assert_eq!(last(&lab.temper(&again).ok().stdout), first);
}

#[test]
fn one_model_is_trained_with_other_settings() {
    let lab = train_lab();
    let set = ["train", "study.toml", "--json", "--set", "max_steps=2", "--set", "eval_steps=1"];
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
fn a_run_goes_on_from_its_checkpoints_and_does_not_mix_with_anothers() {
    let lab = train_lab();
    let keep = ["train", "study.toml", "--checkpoints", "kept"];
    let first = lab.temper(&keep).ok();
    assert!(
        first.stdout.contains("checkpoint = \"kept/step-000000004.checkpoint\""),
        "{}",
        first.stdout
    );
    let again = lab.temper(&keep).with_code(2);
    assert!(again.stderr.contains("is of an earlier run"), "{}", again.stderr);
    assert!(again.stderr.contains("--resume"), "{}", again.stderr);
    let resumed = lab.temper(&[&keep[..], &["--resume"]].concat()).ok();
    // Nothing was left to train, and the result is the same.
    assert_eq!(resumed.stdout.lines().next(), first.stdout.lines().next());
    assert_eq!(resumed.stderr.trim_end(), "it goes on after step 4");

    let other = ["train", "study.toml", "--fork", "kept/step-000000004.checkpoint"];
    let forked = lab.temper(&[&other[..], &["--set", "max_steps=6"]].concat()).ok();
    assert!(
        forked.stderr.contains("step 6:") && !forked.stderr.contains("step 4:"),
        "{}",
        forked.stderr
    );
    let wider = ["--set", "max_steps=6", "--set", "hidden_size=16"];
    let wider = lab.temper(&[&other[..], &wider].concat()).with_code(2);
    assert!(wider.stderr.contains("the checkpoint has 8, and this run 16"), "{}", wider.stderr);
}

#[test]
fn a_trained_model_is_exported_and_goes_on_with_a_text() {
    let lab = train_lab();
    lab.temper(&["train", "study.toml", "--checkpoints", "kept"]).ok();
    lab.temper(&["export", "kept", "model", "--dtype", "bf16"]).ok();
    let generate = ["--prompt", "How", "--max-new-tokens", "8"];
    let text = lab.temper(&[&["generate", "--model", "model"], &generate[..]].concat()).ok();
    assert!(!text.stdout.trim_end_matches('\n').is_empty());
    lab.temper(&["export", "kept", "exact"]).ok();
    let write = |more: &[&str]| lab.temper(&[&["generate"], more, &generate[..]].concat());
    let exact = write(&["--model", "exact"]).ok().stdout;
    assert_eq!(write(&["--model", "kept"]).ok().stdout, exact);
    assert_eq!(write(&["--model", "kept/step-000000004.checkpoint"]).ok().stdout, exact);
    let start: String = exact.chars().take(3).collect();
    assert_eq!(write(&["--model", "kept", "--stop", "?", "--stop", &start]).ok().stdout, "\n");
    let drawn = ["--temperature", "2", "--min-p", "0.01", "--repetition-penalty", "1.5"];
    let penalties = ["--frequency-penalty", "-1", "--presence-penalty", "0.5"];
    write(&[&["--model", "kept"], &drawn[..], &penalties].concat()).ok();
    let chat = write(&["--model", "kept", "--chat", "--system", "Be brief."]).with_code(2);
    // ChatML, in bytes.
    let too_long = "the prompt has 92 tokens, more than 16, the positions of the model";
    assert!(chat.stderr.contains(too_long), "{}", chat.stderr);
    let wrong = write(&["--model", "kept", "--min-p", "2"]).with_code(2);
    assert!(wrong.stderr.contains("`min_p`: 2 is not within 0 and 1"), "{}", wrong.stderr);
    write(&["--model", "kept", "--system", "Be brief."]).with_code(2);
    lab.temper(&["export", "--init", "study.toml", "initial"]).ok();
    assert!(lab.path("initial/model.safetensors").exists());

    let full = lab.temper(&["export", "kept", "model"]).with_code(2);
    assert!(full.stderr.contains("`model` is not empty"), "{}", full.stderr);
    let nothing = lab.temper(&["export", "text", "new"]).with_code(2);
    assert!(nothing.stderr.contains("there is none in `text`"), "{}", nothing.stderr);
}

#[test]
fn examples_too_long_for_the_default_trial_are_told_before_any_runs() {
    let study = TRAIN.replace("text/*.txt", "sets.jsonl").replace(
        "[space]",
        "[space]\nmax_seq_length = { type = \"int\", low = 4, high = 40, default = 20 }",
    );
    let lab = Lab::with_study(&study.replace("max_seq_length = 16\n", ""));
    let line = |prompt: &str| format!("{{\"prompt\": \"{prompt}\", \"completion\": \"wood\"}}\n");
    let short: String = (10..40).map(|number| line(&format!("how {number}"))).collect();
    lab.write("sets.jsonl", &(short.clone() + &line("how much would it chuck?")));
    for command in ["check", "run"] {
        let ended = lab.temper(&[command, "study.toml"]).with_code(2);
        let said = "sets.jsonl:31: 28 tokens to read, more than `max_seq_length` 20";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    assert_eq!(lab.files(), ["sets.jsonl", "study.toml"]);
    lab.write("sets.jsonl", &short);
    lab.temper(&["check", "study.toml"]).ok();
}

#[test]
fn a_run_that_was_at_its_end_says_its_last_report_again() {
    let lab = train_lab();
    let train = ["train", "study.toml", "--json", "--checkpoints", "kept"];
    let last = |arguments: &[&str]| -> Value {
        let ended = lab.temper(arguments).ok();
        let line = ended.stdout.lines().last().expect("it reports").to_owned();
        serde_json::from_str(&line).expect("a report is JSON")
    };
    let (first, again) = (last(&train), last(&[&train[..], &["--resume"]].concat()));
    assert_eq!(first["step"], 4);
    for key in ["step", "eval_loss", "tokens", "accuracy"] {
        assert_eq!(again[key], first[key], "{key}");
    }
}
