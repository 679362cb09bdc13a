//! What is sent.

use std::env;
use std::process::Command;

use serde_json::{Value, json};
use temper_generate::{
    Api, Endpoint, EndpointConfig, EndpointError, GenerateError, GenerationSettings, Generator,
    Input, MaxTokensField, Message, Request, Role, Sleep,
};

use super::faulty::{DESERTED, Reply, Server};
use super::{KEY, KEY_VARIABLE, ask, endpoint, question};

fn object(value: Value) -> serde_json::Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_chat_is_sent_with_all_settings_and_the_seed_of_its_sample() {
    let server = Server::always(Reply::text("Paris"));
    let (endpoint, _) = endpoint(&server.url(), |_| {});
    let settings = GenerationSettings {
        temperature: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(16),
        repetition_penalty: Some(1.5),
        seed: Some(7),
        stop: vec!["\n".to_owned()],
        ..GenerationSettings::default()
    };
    let messages = vec![Message::new(Role::System, "Be brief."), Message::new(Role::User, "1 + 1")];
    endpoint.complete(&Request { input: Input::Messages(messages), settings, sample: 2 }).unwrap();
    let [seen] = &server.seen()[..] else { panic!("it was asked once") };
    assert_eq!(seen.line, "POST /v1/chat/completions");
    assert_eq!(seen.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(seen.headers.get("authorization"), None);
    let sent = json!({
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "1 + 1"},
        ],
        "temperature": 0.5,
        "top_k": 40,
        "max_tokens": 16,
        "repetition_penalty": 1.5,
        "repeat_penalty": 1.5,
        "seed": 9,
        "stop": ["\n"],
    });
    assert_eq!(seen.body, sent);
}

#[test]
fn a_text_is_completed_or_is_what_the_user_says_in_a_chat() {
    let server = Server::scripted([Reply::completion("Paris"), Reply::text("Paris")]);
    let (completing, _) = endpoint(&server.url(), |config| config.api = Api::Completions);
    let (chatting, _) = endpoint(&server.url(), |_| {});
    let text = "The capital of France?";
    assert_eq!(completing.complete(&question(text)).unwrap().text, "Paris");
    assert_eq!(chatting.complete(&question(text)).unwrap().text, "Paris");
    let seen = server.seen();
    assert_eq!(seen[0].line, "POST /v1/completions");
    assert_eq!(seen[0].body, json!({"model": "tiny", "prompt": text}));
    let messages = json!([{"role": "user", "content": text}]);
    assert_eq!(seen[1].body, json!({"model": "tiny", "messages": messages}));
}

#[test]
fn messages_are_not_sent_where_texts_are_completed() {
    let server = Server::scripted([]);
    let (endpoint, _) = endpoint(&server.url(), |config| config.api = Api::Completions);
    let input = Input::Messages(vec![Message::new(Role::User, "1 + 1")]);
    let error = endpoint.complete(&Request { input, ..question("") }).unwrap_err();
    assert!(matches!(error, EndpointError::MessagesToCompletions { .. }), "{error}");
    assert!(matches!(GenerateError::from(error), GenerateError::Unable(_)));
    assert_eq!(server.count(), 0);
}

#[test]
fn a_setting_out_of_its_range_is_refused_before_anything_is_sent() {
    let server = Server::scripted([]);
    let (endpoint, _) = endpoint(&server.url(), |_| {});
    let mut request = question("1 + 1");
    request.settings.top_p = Some(1.5);
    let error = Generator::complete(&endpoint, &request).unwrap_err();
    let said = "`top_p` is 1.5, but must be above 0, up to 1".to_owned();
    assert_eq!(error, GenerateError::Refused(said));
    assert_eq!(server.count(), 0);
}

#[test]
fn the_rest_of_the_body_is_sent_along_and_answers_depend_on_it() {
    let server = Server::always(Reply::text("Paris"));
    let rest = json!({"chat_template_kwargs": {"enable_thinking": false}});
    let (plain, _) = endpoint(&server.url(), |_| {});
    let (special, _) = endpoint(&server.url(), |config| {
        config.extra_body = object(rest.clone());
        config.max_tokens_field = MaxTokensField::MaxCompletionTokens;
    });
    let mut request = question("The capital of France?");
    request.settings.max_tokens = Some(8);
    special.complete(&request).unwrap();
    let body = &server.seen()[0].body;
    assert_eq!(body["chat_template_kwargs"], rest["chat_template_kwargs"]);
    assert_eq!((&body["max_completion_tokens"], body.get("max_tokens")), (&json!(8), None));
    assert_ne!(request.key(&special.identity()), request.key(&plain.identity()));
}

#[test]
fn the_key_is_sent_and_never_shown() {
    let echo = |status| Reply::error(status, &format!("you sent Bearer {KEY}, which is unknown"));
    let server = Server::scripted([echo(401), echo(400), echo(503), echo(200)]);
    let with_key = |variable: &str| {
        let variable = variable.to_owned();
        endpoint(&server.url(), |config| {
            config.api_key_env = Some(variable);
            config.max_retries = 0;
        })
    };
    let (endpoint, _) = with_key(KEY_VARIABLE);
    for _ in 0..4 {
        let error = ask(&endpoint).unwrap_err().to_string();
        assert!(error.contains("you sent Bearer [key], which is unknown"), "{error}");
        assert!(!error.contains(KEY), "{error}");
    }
    assert_eq!(server.count(), 4);
    assert!(
        server.seen().iter().all(|seen| seen.headers["authorization"] == format!("Bearer {KEY}"))
    );
    assert!(!format!("{endpoint:?}").contains(KEY));
}

#[test]
fn a_variable_without_a_key_is_named_before_anything_is_sent() {
    let server = Server::scripted([]);
    let new = |variable: &str| {
        let mut config = EndpointConfig::new(&server.url(), "tiny");
        config.api_key_env = Some(variable.to_owned());
        Endpoint::new(config, Box::new(Sleep))
    };
    let missing = new("TEMPER_NO_SUCH_KEY").unwrap_err();
    let said = format!(
        "the environment variable `TEMPER_NO_SUCH_KEY` holds no key for {}; set it",
        server.url()
    );
    assert_eq!(missing.to_string(), said);
    // Cargo's description of this crate has spaces.
    let bad = new("CARGO_PKG_DESCRIPTION").unwrap_err();
    assert!(matches!(bad, EndpointError::BadKey { .. }), "{bad}");
    assert!(!bad.to_string().contains(env!("CARGO_PKG_DESCRIPTION")));
    assert!(matches!(GenerateError::from(bad), GenerateError::Unable(_)));
}

/// Runs itself in a process whose environment names a proxy at which nobody listens.
#[test]
fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    const SERVER: &str = "TEMPER_TEST_SERVER";
    if let Ok(url) = env::var(SERVER) {
        assert_eq!(ask(&endpoint(&url, |_| {}).0), Ok("Paris".to_owned()));
        return;
    }
    let server = Server::always(Reply::text("Paris"));
    let name = "requests::a_proxy_of_the_environment_is_not_asked_for_this_machine";
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", name])
        .env(SERVER, server.url())
        .env("ALL_PROXY", DESERTED)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(server.count(), 1);
}
