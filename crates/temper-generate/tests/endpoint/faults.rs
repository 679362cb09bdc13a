//! What comes of servers in trouble, and of troublesome requests.

use serde_json::json;
use temper_generate::{GenerateError, Generator as _};

use super::faulty::{DESERTED, Reply, Server, is_greeting};
use super::{ask, endpoint};

/// Faults that may pass, and how they are told of if they don't.
fn passing() -> Vec<(Reply, &'static str)> {
    vec![
        (Reply::error(429, "slow down"), "is overloaded or broken (429): slow down (3 attempts)"),
        (Reply::error(500, "oh"), "is overloaded or broken (500): oh (3 attempts)"),
        (Reply::body(502, "<h1>Bad gateway</h1>"), "(502): <h1>Bad gateway</h1> (3 attempts)"),
        (Reply::error(503, "Loading model"), "(503): Loading model (3 attempts)"),
        (Reply::body(529, ""), "is overloaded or broken (529): no reason given (3 attempts)"),
        (Reply::cut(), "ended the connection: Peer disconnected (3 attempts)"),
        (Reply::cut_within_body(), "ended the connection: Peer disconnected (3 attempts)"),
        (Reply::raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "can't be read: protocol: http parse fail"),
        (Reply::body(200, "<html>"), "can't be read: expected value at line 1 column 1"),
        (Reply::body(200, r#"{"choices": [{"mess"#), "can't be read: EOF while parsing"),
        (Reply::json(200, &json!({"text": "Paris"})), "can't be read: it has no field `choices`"),
        (Reply::json(200, &json!({"choices": [{}]})), "has neither `message` nor `text`"),
        (Reply::json(200, &json!({"choices": 1})), "can't be read: invalid type"),
        (Reply::json(200, &json!({"choices": []})), "has no choices (3 attempts)"),
        (Reply::error(200, "no provider"), "can't be read: it tells of an error: no provider"),
        (Reply::body(200, &" ".repeat(11 << 20)), "it is longer than 10485760 bytes"),
        (Reply::body(204, ""), "can't be read: EOF while parsing a value"),
    ]
}

#[test]
fn faults_that_pass_cost_a_retry_each() {
    for (fault, _) in passing() {
        let server = Server::scripted([fault.clone(), fault, Reply::text("Paris")]);
        let (endpoint, pauses) = endpoint(&server.url(), |_| {});
        assert_eq!(ask(&endpoint), Ok("Paris".to_owned()));
        assert_eq!((server.count(), pauses.all().len()), (3, 2));
    }
}

#[test]
fn faults_that_do_not_pass_are_told_of_after_all_retries() {
    for (fault, said) in passing() {
        let server = Server::always(fault);
        let (endpoint, pauses) = endpoint(&server.url(), |_| {});
        let error = ask(&endpoint).unwrap_err();
        let address = format!("{}/chat/completions", server.url());
        let told = error.to_string();
        assert!(matches!(error, GenerateError::Failed(_)), "{error:?}");
        assert!(told.contains(said) && told.contains(&address), "{told} is not {said}");
        assert_eq!((server.count(), pauses.all().len()), (3, 2), "{told}");
    }
}

#[test]
fn what_a_server_refuses_for_good_is_asked_once() {
    let missing = json!({"error": {"message": "No access", "code": "model_not_found"}});
    let quota = json!({"error": {"message": "Pay first", "code": "insufficient_quota"}});
    let elsewhere = Reply::body(301, "").with_header("location", "https://example.com/v1");
    for (reply, said) in [
        (Reply::error(401, "Bad key"), "does not accept the key (401): Bad key; name the"),
        (Reply::error(403, "Not you"), "does not accept the key (403): Not you; name the"),
        (Reply::json(404, &missing), "has no model `tiny`: No access; correct `model`"),
        (Reply::error(404, "The model `tiny` does not exist."), "has no model `tiny`: The model"),
        (Reply::error(400, "model 'tiny' not found"), "has no model `tiny`: model 'tiny' not f"),
        (Reply::error(404, "File Not Found"), "nothing answers at"),
        (Reply::body(405, ""), "(405): no reason given; its base often ends with `/v1`"),
        (Reply::error(402, "No credits"), "asks for payment (402): No credits"),
        (Reply::json(429, &quota), "asks for payment (429): Pay first"),
        (
            elsewhere,
            "is not where the model is (301), but https://example.com/v1; correct the address",
        ),
    ] {
        let server = Server::always(reply);
        let (endpoint, pauses) = endpoint(&server.url(), |_| {});
        let error = ask(&endpoint).unwrap_err();
        assert!(matches!(error, GenerateError::Unable(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error} is not {said}");
        assert_eq!((server.count(), pauses.all().len()), (1, 0), "{error}");
    }
}

#[test]
fn a_request_that_is_refused_says_nothing_of_the_next_one() {
    let long = "request (9412 tokens) exceeds the available context size (8192 tokens)";
    let server = Server::answering(move |index, _| match index {
        0..10 => Reply::error(400, long),
        _ => Reply::text("Paris"),
    });
    let (endpoint, pauses) = endpoint(&server.url(), |_| {});
    for _ in 0..10 {
        let error = ask(&endpoint).unwrap_err();
        let url = format!("{}/chat/completions", server.url());
        assert_eq!(
            error,
            GenerateError::Refused(format!("{url} refuses the request (400): {long}"))
        );
    }
    assert_eq!(ask(&endpoint), Ok("Paris".to_owned()));
    assert_eq!((server.count(), pauses.all().len()), (11, 0));
}

#[test]
fn where_nobody_listens_nothing_more_is_asked() {
    let (endpoint, pauses) = endpoint(DESERTED, |_| {});
    let error = ask(&endpoint).unwrap_err();
    assert!(matches!(error, GenerateError::Unable(_)), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("can't be reached: Connection refused"), "{said}");
    assert!(said.ends_with("(3 attempts); is the server running?"), "{said}");
    assert_eq!(pauses.all().len(), 2, "it may be about to start");
}

#[test]
fn what_tls_does_not_accept_is_not_tried_again() {
    let server = Server::always(Reply::raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let url = server.url().replace("http://", "https://");
    let (endpoint, pauses) = endpoint(&url, |_| {});
    let error = ask(&endpoint).unwrap_err();
    assert!(matches!(error, GenerateError::Unable(_)), "{error:?}");
    assert!(error.to_string().contains("can't be asked: "), "{error}");
    assert_eq!((server.count(), pauses.all().len()), (1, 0));
}

#[test]
fn a_server_that_is_silent_is_waited_for_as_often_as_it_is_tried() {
    let server = Server::always(Reply::silence());
    let (endpoint, pauses) = endpoint(&server.url(), |config| config.request_timeout = 0.05);
    let said = format!(
        "{}/chat/completions did not answer within 0.05 s (3 attempts); raise `request_timeout`",
        server.url()
    );
    assert_eq!(ask(&endpoint), Err(GenerateError::TimedOut(said)));
    assert_eq!(pauses.all().len(), 2);
}

#[test]
fn requests_that_take_too_long_where_others_are_answered_open_no_breaker() {
    let server = Server::answering(|_, seen| match is_greeting(seen) {
        true => Reply::text("Hello"),
        false => Reply::silence(),
    });
    let (endpoint, _) = endpoint(&server.url(), |config| {
        config.request_timeout = 0.1;
        config.max_retries = 0;
    });
    let errors: Vec<_> = (0..6).map(|_| ask(&endpoint).unwrap_err()).collect();
    assert!(errors.iter().all(|it| matches!(it, GenerateError::TimedOut(_))), "{errors:?}");
    assert_eq!(endpoint.take_waste(), (60, 12), "greetings cost, too");
}

#[test]
fn a_greeting_that_is_answered_begins_the_row_of_failures_anew() {
    // Each question, and then the greeting: every third is answered, as by a server that is busy still.
    let server = Server::answering(|index, seen| match is_greeting(seen) && index % 6 == 5 {
        true => Reply::text("Hello"),
        false => Reply::silence(),
    });
    let (endpoint, _) = endpoint(&server.url(), |config| {
        config.request_timeout = 0.1;
        config.max_retries = 0;
    });
    let errors: Vec<_> = (0..9).map(|_| ask(&endpoint).unwrap_err()).collect();
    assert!(errors.iter().all(|it| matches!(it, GenerateError::TimedOut(_))), "{errors:?}");
}

#[test]
fn a_request_that_a_moderator_forbids_is_refused_and_a_key_that_may_not_is_not() {
    let forbidden = |said: &str| {
        let server = Server::always(Reply::error(403, said));
        ask(&endpoint(&server.url(), |_| ()).0).unwrap_err()
    };
    let refused = forbidden("Input was flagged as violent");
    assert!(matches!(&refused, GenerateError::Refused(said) if said.contains("was flagged")));
    let unable = forbidden("Key limit exceeded (monthly limit)");
    assert!(matches!(&unable, GenerateError::Unable(said) if said.contains("the key")));
}

#[test]
fn a_request_that_only_makes_the_model_think_is_refused_and_opens_no_breaker() {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 16});
    let server = Server::always(Reply::json(200, &json!({"choices": [], "usage": usage})));
    let (endpoint, _) = endpoint(&server.url(), |config| config.max_retries = 0);
    let errors: Vec<_> = (0..6).map(|_| ask(&endpoint).unwrap_err()).collect();
    assert!(errors.iter().all(|it| matches!(it, GenerateError::Refused(_))), "{errors:?}");
}

#[test]
fn what_answers_of_no_use_have_taken_is_told_once() {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 300});
    let empty = Reply::json(200, &json!({"choices": [], "usage": usage}));
    let server = Server::scripted([empty.clone(), empty, Reply::text("Paris")]);
    let (endpoint, _) = endpoint(&server.url(), |_| ());
    assert_eq!(ask(&endpoint).unwrap(), "Paris");
    assert_eq!([endpoint.take_waste(), endpoint.take_waste()], [(20, 600), (0, 0)]);
}
