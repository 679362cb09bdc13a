use super::*;

fn set(text: &str) -> EvaluationSet {
    EvaluationSet::from_jsonl(text, "set.jsonl".as_ref()).unwrap()
}

fn sums() -> EvaluationSet {
    let line = |n| format!("{{\"prompt\": \"{n} + {n}\", \"answer\": {}}}\n", 2 * n);
    set(&(1..=9).map(line).collect::<String>())
}

fn config(template: &str, examples: usize) -> PromptConfig {
    PromptConfig { template: template.into(), examples, ..PromptConfig::default() }
}

#[test]
fn a_conversation_is_the_system_the_examples_and_the_item() {
    let config = PromptConfig { system: Some("Add.".into()), ..config("{prompt} =", 2) };
    let template = PromptTemplate::new(&config, sums().items(), 7).unwrap();
    let item = &sums().items()[3].clone();
    let said = template.messages(item).unwrap();
    let said: Vec<_> = said.iter().map(|one| (one.role.name(), one.content.as_str())).collect();
    let expected = [
        ("system", "Add."),
        ("user", "1 + 1 ="),
        ("assistant", "2"),
        ("user", "2 + 2 ="),
        ("assistant", "4"),
        ("user", "4 + 4 ="),
    ];
    assert_eq!(said, expected);
    assert_eq!(template.text(item).unwrap(), "Add.\n\n1 + 1 = 2\n\n2 + 2 = 4\n\n4 + 4 =");
}

#[test]
fn an_item_is_no_example_of_itself() {
    let template = PromptTemplate::new(&config("{prompt} =", 2), sums().items(), 7).unwrap();
    let text = template.text(&sums().items()[0]).unwrap();
    assert_eq!(text, "2 + 2 = 4\n\n3 + 3 = 6\n\n1 + 1 =");
}

#[test]
fn random_examples_are_of_the_seed() {
    let config = PromptConfig { selection: Selection::Random, ..config("{prompt}", 4) };
    let examples = sums();
    let item = &set(r#"{"prompt": "0 + 0", "answer": 0}"#).items()[0].clone();
    let text = |seed| PromptTemplate::new(&config, examples.items(), seed).unwrap().text(item);
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn an_item_with_messages_is_sent_as_it_is() {
    let set = set(r#"{"messages": [{"role": "user", "content": "Hi {name}"}], "answer": "Hello"}"#);
    let template = PromptTemplate::new(&config("Q: {prompt}", 1), sums().items(), 7).unwrap();
    template.check(&set).unwrap();
    let said = template.messages(&set.items()[0]).unwrap();
    let said: Vec<_> = said.iter().map(|one| one.content.as_str()).collect();
    assert_eq!(said, ["Q: 1 + 1", "2", "Hi {name}"]);
}

#[test]
fn doubled_braces_are_braces_and_choices_are_lettered() {
    let set = set(r#"{"prompt": "?", "answer": "x", "choices": ["x", "y"], "n": 3}"#);
    let template = PromptTemplate::new(&config("{{{n}}} {prompt}\n{ choices }", 0), &[], 7);
    assert_eq!(template.unwrap().text(&set.items()[0]).unwrap(), "{3} ?\nA. x\nB. y");
}

#[test]
fn a_field_that_an_item_lacks_is_found_before_anything_runs() {
    let set = set(
        "{\"prompt\": \"?\", \"answer\": 1, \"topic\": \"t\"}\n{\"prompt\": \"?\", \"answer\": 1}",
    );
    let error = |template: &str| {
        PromptTemplate::new(&config(template, 0), &[], 7).unwrap().check(&set).unwrap_err()
    };
    assert_eq!(
        error("{topic}: {prompt}").to_string(),
        "item \"2\" has no field `topic` for the template, but `prompt`"
    );
    // The answer is no field: a template must not give it away.
    assert_eq!(
        error("{answer}").to_string(),
        "item \"1\" has no field `answer` for the template, but `prompt`, `topic`"
    );
}

#[test]
fn lone_braces_and_missing_examples_are_refused() {
    let error = |template: &str, examples| {
        PromptTemplate::new(&config(template, examples), &[], 7).unwrap_err().to_string()
    };
    for (template, brace, at) in [("a {b", '{', 3), ("a} b", '}', 2), ("{a{b}", '{', 1)] {
        let expected =
            format!("the template has a `{brace}` at character {at} without its other half");
        assert_eq!(error(template, 0), expected);
    }
    assert_eq!(error("", 3), "3 examples are wanted, and there are 0");
}
