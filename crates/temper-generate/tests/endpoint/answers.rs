//! How answers are read.

use serde_json::{Value, json};
use temper_generate::Completion;

use super::faulty::{Reply, Server};
use super::{endpoint, question};

/// What comes of a reply; its latency is checked, and put to 0.
fn completion(reply: Reply) -> Completion {
    let server = Server::always(reply);
    let (endpoint, pauses) = endpoint(&server.url(), |_| {});
    let completion = endpoint.complete(&question("The capital of France?")).unwrap();
    assert!(completion.latency > 0.0 && pauses.all().is_empty());
    Completion { latency: 0.0, ..completion }
}

fn of_choice(choice: &Value) -> Completion {
    completion(Reply::json(200, &json!({"choices": [choice]})))
}

#[test]
fn text_tokens_and_end_are_read() {
    let expected = Completion {
        text: "Paris".to_owned(),
        input_tokens: Some(10),
        output_tokens: Some(2),
        latency: 0.0,
        finish_reason: Some("stop".to_owned()),
        refused: false,
    };
    assert_eq!(completion(Reply::text("Paris")), expected);
    let length = Some("length".to_owned());
    let expected = Completion { finish_reason: length, ..expected };
    assert_eq!(completion(Reply::completion("Paris")), expected);
}

#[test]
fn what_a_server_leaves_out_is_unknown() {
    let completion = of_choice(&json!({"message": {"content": "Paris"}}));
    let known = (completion.input_tokens, completion.output_tokens, completion.finish_reason);
    assert_eq!(known, (None, None, None));
}

#[test]
fn thoughts_are_no_part_of_an_answer() {
    let thought = json!({"content": null, "reasoning_content": "Paris, I think", "refusal": null});
    let completion = completion(Reply::chat(&thought));
    assert_eq!((completion.text.as_str(), completion.refused), ("", false));
}

#[test]
fn refusals_of_the_model_and_of_a_filter_are_told_from_answers() {
    let refusal = json!({"content": null, "refusal": "I can't help with that."});
    let refused = completion(Reply::chat(&refusal));
    assert_eq!((refused.text.as_str(), refused.refused), ("I can't help with that.", true));
    let message = json!({"content": "The capi"});
    let cut = of_choice(&json!({"message": message, "finish_reason": "content_filter"}));
    assert_eq!((cut.text.as_str(), cut.refused), ("The capi", true));
}
