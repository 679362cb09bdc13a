//! Tests of templates as Hugging Face's tokenizers have them.

use serde_json::json;

use super::*;

fn template(source: Option<&str>) -> Result<ChatTemplate, TrainError> {
    let defaults = ChatDefaults {
        template: source.map(str::to_owned),
        bos_token: "<s>".into(),
        eos_token: "</s>".into(),
    };
    ChatTemplate::of_run(&TrainConfig::default(), Path::new("/"), &defaults)
}

fn conversation() -> Vec<serde_json::Value> {
    vec![
        json!({"role": "system", "content": " Be brief. "}),
        json!({"role": "user", "content": "Hi"}),
        json!({"role": "assistant", "content": "Hello"}),
        json!({"role": "user", "content": "Bye"}),
        json!({"role": "assistant", "content": "So long"}),
    ]
}

fn render(source: &str) -> Result<String, Error> {
    template(Some(source)).unwrap().render(&conversation(), true)
}

/// A conversation as transformers renders it.
#[derive(serde::Deserialize)]
struct Case {
    name: String,
    template: String,
    messages: Vec<serde_json::Value>,
    add_generation_prompt: bool,
    text: String,
}

#[test]
fn templates_of_the_usual_kinds_render_as_in_transformers() {
    let cases = include_str!("../../../reference/chat.json");
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    for case in cases {
        let template = template(Some(&case.template)).unwrap();
        let text = template.render(&case.messages, case.add_generation_prompt).unwrap();
        assert_eq!(text, case.text, "{}", case.name);
        // All of them leave what was before as it is, and the text in pieces is the text.
        let pieces = template.pieces(&case.messages).unwrap();
        let joined: String = pieces.iter().map(|piece| &*piece.text).collect();
        assert_eq!(joined, template.render(&case.messages, false).unwrap());
        let turns = case.messages.iter().filter(|message| message["role"] == "assistant").count();
        assert_eq!(pieces.iter().filter(|piece| piece.is_trained).count(), turns);
    }
}

#[test]
fn the_assistants_turns_alone_are_trained_on_with_their_end() {
    let pieces = template(None).unwrap().pieces(&conversation()).unwrap();
    let expected = [
        Piece::read(
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi<|im_end|>\n\
             <|im_start|>assistant\n",
        ),
        Piece::trained("Hello<|im_end|>\n"),
        Piece::read("<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"),
        Piece::trained("So long<|im_end|>\n"),
    ];
    assert_eq!(pieces, expected);
}

#[test]
fn a_template_that_changes_what_was_before_is_refused() {
    let counts = "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}";
    let fault = template(Some(counts)).unwrap().pieces(&conversation()).unwrap_err();
    assert_eq!(fault, LineFault::NotAPrefix { message: 3 });
}

#[test]
fn blocks_leave_no_line_ends_and_pythons_methods_of_text_are_there() {
    let source = "{{ bos_token }}
{% for message in messages if message['role'] == 'system' %}
    {%- set content = message['content'].strip().split(' ') %}
    {% if content[0].startswith('Be') and message.get('tool_calls') is none %}
{{ content[-1].upper() + eos_token }}
    {% endif %}
{% endfor %}";
    assert_eq!(render(source).unwrap(), "<s>\nBRIEF.</s>\n");
}

#[test]
fn an_exception_that_a_template_raises_is_what_is_wrong_with_the_line() {
    let source =
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}";
    let fault = template(Some(source)).unwrap().pieces(&conversation()).unwrap_err();
    let message = fault.to_string();
    assert!(message.contains("no system"), "{message}");
    let error = template(Some("{% if %}")).err().unwrap();
    assert_eq!(error.key(), Some("chat_template"));
}

#[test]
fn json_and_dates_are_pythons() {
    let source = "{{ {'a': [1, true], 'b': '<é>'} | tojson }}{{ {'a': [1]} | tojson(indent=2) }}";
    let expected = "{\"a\": [1, true], \"b\": \"<é>\"}{\n  \"a\": [\n    1\n  ]\n}";
    assert_eq!(render(source).unwrap(), expected);
    assert_eq!(render("{{ strftime_now('%d %b %Y') }}").unwrap(), "26 Jul 2024");
    assert!(render("{{ strftime_now('%H') }}").is_err());
}

#[test]
fn generation_tags_write_nothing_and_loops_may_break() {
    let source = "{% for m in messages %}{%- generation -%} {{ m.content }} {%- endgeneration -%}\
                  {% break %}{% endfor %}";
    assert_eq!(render(source).unwrap(), " Be brief. ");
}

#[test]
fn the_settings_template_is_text_or_a_file_and_comes_before_the_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.jinja"), "file").unwrap();
    let render = |chat_template: &str| {
        let chat_template = Some(chat_template.to_owned());
        let config = TrainConfig { chat_template, ..TrainConfig::default() };
        let template = ChatTemplate::of_run(&config, folder.path(), &ChatDefaults::default())?;
        Ok::<_, TrainError>(template.render(&conversation(), false).unwrap())
    };
    assert_eq!(render("mine.jinja").unwrap(), "file");
    assert_eq!(render("{{ 'text' }}").unwrap(), "text");
    assert!(matches!(render("missing.jinja"), Err(TrainError::Io { .. })));
}
