//! Tests with the tiny Llama of `reference/tiny_llama.py`, whose only special token is `<|end|>`.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::{Device, GenerationDefaults, WeightType};

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/tiny/f32")
}

fn model() -> PretrainedModel {
    PretrainedModel::load(&tiny(), Device::Cpu).unwrap()
}

/// The tiny model with another chat template.
fn with_template(template: &str) -> PretrainedModel {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(tiny().join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("chat_template.jinja"), template).unwrap();
    PretrainedModel::load(folder.path(), Device::Cpu).unwrap()
}

#[test]
fn a_folder_says_how_its_model_writes_and_what_else_ends_a_text() {
    let prompt = text("the loss falls");
    let written = |model: &PretrainedModel| {
        model.complete(&prompt, Some(20), &Sampling::default(), &[]).unwrap()
    };
    let whole = with_template("");
    assert_eq!(*whole.generation_defaults(), GenerationDefaults::default());
    let tokens = whole.encode(&text(&written(&whole).text)).unwrap();
    let file = format!(
        r#"{{"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "eos_token_id": [1, {}],
        "transformers_version": "4.51.0"}}"#,
        tokens[5]
    );
    let folder = tempfile::tempdir().unwrap();
    whole.save_pretrained(folder.path(), WeightType::F32).unwrap();
    fs::write(folder.path().join("generation_config.json"), file).unwrap();
    let short = PretrainedModel::load(folder.path(), Device::Cpu).unwrap();
    let (temperature, top_k, top_p) = (Some(0.6), Some(20), Some(0.95));
    let defaults = GenerationDefaults { temperature, top_k, top_p, ..Default::default() };
    assert_eq!(*short.generation_defaults(), defaults);
    let kept = tempfile::tempdir().unwrap();
    short.save_pretrained(kept.path(), WeightType::F32).unwrap();
    let kept = PretrainedModel::load(kept.path(), Device::Cpu).unwrap();
    assert_eq!(*kept.generation_defaults(), defaults);
    let ended = written(&short);
    assert_eq!(written(&kept), ended);
    assert_eq!(ended.ended, Ended::Stop);
    assert!(ended.new_tokens <= 6 && written(&whole).text.starts_with(&ended.text), "{ended:?}");
    fs::write(folder.path().join("generation_config.json"), r#"{"top_k": -1}"#).unwrap();
    let all = PretrainedModel::load(folder.path(), Device::Cpu).unwrap();
    assert_eq!(*all.generation_defaults(), GenerationDefaults::default());
    fs::write(folder.path().join("generation_config.json"), r#"{"top_k": "all"}"#).unwrap();
    let error = PretrainedModel::load(folder.path(), Device::Cpu).err().unwrap().to_string();
    assert!(error.contains("generation_config.json"), "{error}");
}

fn text(text: &str) -> TextPrompt {
    TextPrompt::Text(text.to_owned())
}

fn chat(messages: &[(&str, &str)]) -> TextPrompt {
    let messages = messages.iter().map(|(role, content)| ChatMessage {
        role: (*role).to_owned(),
        content: (*content).to_owned(),
    });
    TextPrompt::Chat(messages.collect())
}

#[test]
fn a_text_ends_before_a_stop_text_wherever_that_begins_and_ends_in_its_tokens() {
    let model = model();
    let prompt = text("the loss falls");
    let greedy = Sampling::default();
    let whole = model.complete(&prompt, Some(20), &greedy, &[]).unwrap();
    assert_eq!((whole.new_tokens, whole.ended), (20, Ended::Length));
    let places: Vec<usize> = whole.text.char_indices().map(|(place, _)| place).collect();
    for (index, start) in places.iter().enumerate() {
        for end in &places[index + 1..places.len().min(index + 6)] {
            let stop = [whole.text[*start..*end].to_owned(), "not there".to_owned()];
            let mut pieces = String::new();
            let written = model.stream(&prompt, Some(20), &greedy, &stop, &mut |piece| {
                pieces.push_str(piece);
                ControlFlow::Continue(())
            });
            let written = written.unwrap();
            let expected = &whole.text[..whole.text.find(&stop[0]).unwrap()];
            assert_eq!(written.text, expected, "{:?}", stop[0]);
            assert_eq!(pieces, expected, "{:?}", stop[0]);
            assert_eq!(written.ended, Ended::Stop);
            assert!(written.new_tokens <= 20 && written.prompt_tokens == whole.prompt_tokens);
        }
    }
}

#[test]
fn without_a_limit_a_text_is_as_long_as_the_model_can_take() {
    let written = model().complete(&text("the loss"), None, &Sampling::default(), &[]).unwrap();
    // The last of the tokens need not be read: 64 positions are of those before it.
    assert_eq!((written.prompt_tokens + written.new_tokens, written.ended), (65, Ended::Length));
}

#[test]
fn who_watches_may_end_a_text() {
    let mut seen = 0;
    let written = model().stream(&text("the"), Some(9), &Sampling::default(), &[], &mut |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let written = written.unwrap();
    assert_eq!((written.new_tokens, written.ended), (3, Ended::Stop));
}

#[test]
fn a_chat_is_written_by_the_template_and_what_spells_a_special_token_is_one() {
    let template = "{% if messages[0].role != 'system' %}brief<|end|>{% endif %}\
                    {% for m in messages %}{{ m.role }}:{{ m.content }}<|end|>{% endfor %}\
                    {% if add_generation_prompt %}assistant:{% endif %}";
    let model = with_template(template);
    let tokens = model.encode(&chat(&[("user", "the <|end|> loss")])).unwrap();
    let spelled = "brief<|end|>user:the <|end|> loss<|end|>assistant:";
    assert_eq!(tokens, model.encode(&text(spelled)).unwrap());
    assert_eq!(tokens.iter().filter(|token| **token == 0).count(), 3);
    let tokens = model.encode(&chat(&[("system", "be"), ("user", "loss")])).unwrap();
    let spelled = "system:be<|end|>user:loss<|end|>assistant:";
    assert_eq!(tokens, model.encode(&text(spelled)).unwrap());
    let written = model.complete(&chat(&[("user", "loss")]), Some(4), &Sampling::default(), &[]);
    assert!(written.unwrap().new_tokens > 0);
}

#[test]
fn a_prompt_or_a_stop_text_that_can_not_be_used_is_an_error_that_says_why() {
    let model = with_template("{{ raise_exception('no user') }}");
    let message = |prompt: &TextPrompt, stop: &[String]| {
        model.complete(prompt, Some(1), &Sampling::default(), stop).unwrap_err().to_string()
    };
    assert_eq!(message(&text(""), &[]), "the prompt is empty");
    assert_eq!(
        message(&text(&"0".repeat(65)), &[]),
        "the prompt has 65 tokens, more than 64, the positions of the model"
    );
    assert_eq!(
        message(&text("the"), &["a".to_owned(), String::new()]),
        "`stop`: [\"a\", \"\"] is partly empty"
    );
    let failed = message(&chat(&[("user", "the")]), &[]);
    assert!(failed.starts_with("the chat template failed: "), "{failed}");
    assert!(failed.contains("no user"), "{failed}");
}

#[test]
fn penalties_change_the_greedy_text_as_their_definition_says() {
    let model = model();
    let prompt = model.encode(&text("the loss falls while the")).unwrap();
    let sampling =
        Sampling { frequency_penalty: 1.5, presence_penalty: 0.5, ..Sampling::default() };
    let mut expected: Vec<u32> = Vec::new();
    for _ in 0..12 {
        // That all logits are greater by the same number changes nothing.
        let mut logs = model.log_probabilities(&[&prompt[..], &expected[..]].concat()).unwrap();
        for (token, log) in logs.iter_mut().enumerate() {
            let count = expected.iter().filter(|old| **old as usize == token).count();
            *log -= 1.5 * count as f32 + if count > 0 { 0.5 } else { 0.0 };
        }
        let best = (0..logs.len()).max_by(|a, b| logs[*a].total_cmp(&logs[*b])).unwrap();
        expected.push(best as u32);
    }
    let on = &mut |_| ControlFlow::Continue(());
    let generated = model.generate(&prompt, 12, &sampling, on).unwrap();
    assert_eq!(generated, expected);
    assert_ne!(generated, model.generate(&prompt, 12, &Sampling::default(), on).unwrap());
    let repetition = Sampling { repetition_penalty: 50.0, ..Sampling::default() };
    let generated = model.generate(&prompt, 12, &repetition, on).unwrap();
    assert!(!generated.iter().any(|token| prompt.contains(token)), "{generated:?}");
}
