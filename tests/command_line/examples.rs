//! The built-in trainer on examples with labels.

use crate::lab::Lab;
use crate::lab::trials::assert_all_completed;

const STUDY: &str = r#"[study]
metric = "accuracy"
trials = 2

[objective]
kind = "train"
data = ["*.jsonl"]
hidden_size = 32
num_layers = 2
num_heads = 2
max_seq_length = 32
packing = true
max_steps = 50
eval_steps = 5

[space]
learning_rate = { type = "float", low = 1e-4, high = 1e-1, log = true, default = 1e-2 }
"#;

/// 200 lines, whose label follows from their last word.
fn labelled() -> String {
    let words = ["ant", "bee", "cat", "ape", "bat", "cow"];
    let line = |index: usize| {
        let (first, last) = (words[index / 6 % 6], words[index % 6]);
        let label = match &last[..1] {
            "a" => "apple",
            "b" => "banana",
            _ => "cherry",
        };
        format!(
            "{{\"id\": {index}, \"prompt\": \"{index} {first} {last}:\", \"label\": \"{label}\"}}\n"
        )
    };
    (0..200).map(line).collect()
}

#[test]
fn accuracy_is_a_metric_that_is_maximised_and_learned() {
    let lab = Lab::with_study(STUDY);
    lab.write("all.jsonl", &labelled());
    let checked = lab.temper(&["check", "study.toml"]).ok();
    assert!(checked.stdout.contains("maximize accuracy"), "{}", checked.stdout);
    lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 2);
    // The default configuration learns the rule.
    assert_eq!(trials[&0]["params"]["learning_rate"], 1e-2);
    let best = lab.show()["best"]["value"].as_f64().unwrap();
    assert!(best > 0.95, "{best}");
    let set = ["--set", "eval_steps=1", "--set", "learning_rate=1e-2"];
    let trained = lab.temper(&[&["train", "study.toml"][..], &set].concat()).ok();
    let first = trained.stderr.lines().next().expect("it reports");
    let first = first.split("accuracy ").nth(1).expect("it has an accuracy");
    let first: f64 = first.split(',').next().unwrap().parse().unwrap();
    assert!(first < 0.7, "a third is chance: {first}");
    let accuracy = trained.stdout.lines().find_map(|line| line.strip_prefix("accuracy = "));
    let accuracy: f64 = accuracy.expect("it prints it").parse().unwrap();
    assert!(accuracy > 0.95, "{accuracy}");
}

#[test]
fn a_broken_line_is_found_before_training_with_its_file_and_number() {
    let lab = Lab::with_study(STUDY);
    let broken = labelled().replace("\"id\": 7, \"prompt\"", "\"id\": 7, \"prompts\"");
    lab.write("all.jsonl", &broken);
    for command in ["check", "run", "train"] {
        let ended = lab.temper(&[command, "study.toml"]).with_code(2);
        let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("all.jsonl:8:"), "{command}: {}", ended.stderr);
        assert!(said.contains("\"completion\""), "{command}: {}", ended.stderr);
    }
    assert!(!lab.path("study.trials").exists());
}

#[test]
fn data_without_labels_have_no_accuracy() {
    let lab = Lab::with_study(STUDY);
    lab.write("all.jsonl", &labelled().replace("label", "completion"));
    let ended = lab.temper(&["check", "study.toml"]).with_code(2);
    assert!(ended.stderr.contains("data without labels have no `accuracy`"), "{}", ended.stderr);
}
