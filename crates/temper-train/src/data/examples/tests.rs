//! Tests of examples from their lines on.

use std::fs;

use super::super::dataset::{Dataset, HeldOut, Train};
use super::*;

fn load(
    lines: &[&str],
    config: TrainConfig,
) -> Result<(TrainExamples, HeldOutExamples), TrainError> {
    let dataset = dataset(lines, config)?;
    match (dataset.train, dataset.held_out) {
        (Train::Examples(train), HeldOut::Examples(held_out)) => Ok((train, held_out)),
        _ => panic!("it has text"),
    }
}

fn dataset(lines: &[&str], config: TrainConfig) -> Result<Dataset, TrainError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.jsonl"), lines.join("\n")).unwrap();
    fs::write(folder.path().join("valid.jsonl"), lines[0]).unwrap();
    let config = TrainConfig {
        data: vec!["train.jsonl".into()],
        validation_data: vec!["valid.jsonl".into()],
        ..config
    };
    Dataset::load(&config, folder.path(), None)
}

const COMPLETIONS: [&str; 2] =
    [r#"{"prompt": "ab", "completion": "cd"}"#, r#"{"prompt": "", "completion": "e"}"#];

fn trained(example: &Example) -> Vec<u32> {
    let pairs = example.tokens.iter().zip(&example.trained);
    pairs.filter_map(|(token, is_trained)| is_trained.then_some(*token)).collect()
}

#[test]
fn the_completion_and_the_end_of_text_are_trained_on_and_the_prompt_is_not() {
    let (train, held_out) = load(&COMPLETIONS, TrainConfig::default()).unwrap();
    assert_eq!(train.examples[0].tokens, [97, 98, 99, 100, 0]);
    assert_eq!(trained(&train.examples[0]), [99, 100, 0]);
    // Without a prompt, the end of the text before comes first.
    assert_eq!(train.examples[1].tokens, [0, 101, 0]);
    assert_eq!(trained(&train.examples[1]), [101, 0]);
    assert_eq!((train.trained, held_out.bytes), (5, 3));
}

#[test]
fn the_prompt_is_trained_on_where_that_is_asked_for() {
    let config = TrainConfig { train_on_prompt: true, ..TrainConfig::default() };
    let (train, _) = load(&COMPLETIONS, config).unwrap();
    assert_eq!(trained(&train.examples[0]), [97, 98, 99, 100, 0]);
    assert_eq!(train.examples[0].inputs(), 5);
}

#[test]
fn an_example_that_is_too_long_is_refused_or_cut_and_left_out_without_a_rest() {
    let lines = [COMPLETIONS[0], r#"{"prompt": "abcdef", "completion": "g"}"#];
    let short = TrainConfig { max_seq_length: 4, ..TrainConfig::default() };
    let error = load(&lines, short.clone()).err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("train.jsonl:2: 7 tokens to read, more than `max_seq_length` 4"),
        "{error}"
    );
    let cut = TrainConfig { truncate: true, max_seq_length: 3, ..short };
    let dataset = dataset(&lines, cut.clone()).unwrap();
    // The first loses its end of text, in `data` and held out, and the second all.
    assert_eq!((dataset.truncated_examples, dataset.dropped_examples), (3, 1));
    let (train, _) = load(&lines, cut).unwrap();
    assert_eq!(train.examples.len(), 1);
    assert_eq!(trained(&train.examples[0]), [99, 100]);
}

#[test]
fn every_label_must_fit_behind_every_prompt_and_none_is_cut() {
    let lines = [r#"{"prompt": "a", "label": "yes"}"#, r#"{"prompt": "abcd", "label": "no"}"#];
    let config = TrainConfig { max_seq_length: 6, ..TrainConfig::default() };
    let error = load(&lines, config.clone()).err().unwrap().to_string();
    assert!(error.contains("train.jsonl:2: 7 tokens"), "{error}");
    let (train, held_out) = load(&lines, TrainConfig { truncate: true, ..config }).unwrap();
    assert_eq!(train.examples.len(), 1);
    assert_eq!(train.examples[0].answer.unwrap().prompt, 1);
    assert_eq!(
        held_out.labels,
        [b"no\0".map(u32::from).to_vec(), b"yes\0".map(u32::from).to_vec()]
    );
}

#[test]
fn evaluation_takes_whole_examples_until_it_has_enough_tokens() {
    let count = |eval_tokens| {
        let lines: Vec<String> = (0..20)
            .map(|index| format!("{{\"prompt\": \"{index}\", \"completion\": \"ab\"}}"))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("all.jsonl"), lines.join("\n")).unwrap();
        let config = TrainConfig {
            data: vec!["all.jsonl".into()],
            validation_fraction: 0.5,
            eval_tokens,
            ..TrainConfig::default()
        };
        let dataset = Dataset::load(&config, folder.path(), None).unwrap();
        let HeldOut::Examples(held_out) = dataset.held_out else { unreachable!() };
        held_out.examples.len()
    };
    assert_eq!((count(None), count(Some(4)), count(Some(1))), (10, 2, 1));
}

#[test]
fn packing_puts_whole_examples_into_rows_and_counts_rows_as_the_batch() {
    let lines: Vec<String> = (0..9)
        .map(|index| format!("{{\"prompt\": \"{index}\", \"completion\": \"{}\"}}", "x".repeat(2)))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let config = TrainConfig { packing: true, max_seq_length: 9, ..TrainConfig::default() };
    let (train, _) = load(&lines, config).unwrap();
    assert_eq!(train.rows.len(), 3);
    let volume = train.volume(2);
    assert_eq!((volume.epoch, volume.step, volume.step_tokens), (3, 2, 18.0));
    let batch = Batch { micro_batch_size: 1, gradient_accumulation_steps: 2 };
    let passes = train.passes(0, batch, 0, &Device::flex());
    assert_eq!(passes.len(), 2);
    assert_eq!(passes[0].inputs.dims(), [1, 9]);
    assert!(passes[0].segments.is_some());
}
