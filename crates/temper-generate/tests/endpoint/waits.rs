//! How long is waited between attempts.

use temper_generate::GenerateError;

use super::faulty::{Reply, Server};
use super::{ask, endpoint};

fn busy() -> Reply {
    Reply::error(429, "slow down")
}

/// The only wait before the answer, with a first wait of at most half a second.
fn wait_after(reply: Reply, longest_wait: f64) -> f64 {
    let server = Server::scripted([reply, Reply::text("Paris")]);
    let (endpoint, pauses) = endpoint(&server.url(), |config| config.longest_wait = longest_wait);
    assert_eq!(ask(&endpoint), Ok("Paris".to_owned()));
    let [wait] = pauses.all()[..] else { panic!("{:?}", pauses.all()) };
    wait
}

#[test]
fn a_server_that_asks_for_time_gets_it_and_a_little_more() {
    let wait = wait_after(busy().with_header("retry-after", "7"), 120.0);
    assert!((7.0..7.5).contains(&wait), "{wait}");
    let date = busy()
        .with_header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with_header("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    let wait = wait_after(date, 120.0);
    assert!((30.0..30.5).contains(&wait), "{wait}");
}

#[test]
fn nobody_waits_longer_than_the_longest_wait() {
    let wait = wait_after(busy().with_header("retry-after", "7"), 7.0);
    assert_eq!(wait, 7.0, "also not by the jitter");
    assert!(wait_after(busy(), 0.001) <= 0.001);
}

#[test]
fn a_server_that_asks_for_more_patience_than_there_is_ends_it() {
    let server = Server::always(busy().with_header("retry-after", "121"));
    let (endpoint, pauses) = endpoint(&server.url(), |_| {});
    let said = format!(
        "{}/chat/completions asks to wait 121 s, but `longest_wait` is 120 s; go on later or raise it",
        server.url()
    );
    assert_eq!(ask(&endpoint), Err(GenerateError::Unable(said)));
    assert_eq!((server.count(), pauses.all().len()), (1, 0));
}

#[test]
fn without_a_word_of_the_server_waits_double_and_are_drawn() {
    let server = Server::always(Reply::error(503, "Loading model"));
    let (endpoint, pauses) = endpoint(&server.url(), |config| config.max_retries = 8);
    let error = ask(&endpoint).unwrap_err();
    assert!(error.to_string().ends_with("(9 attempts)"), "{error}");
    let pauses = pauses.all();
    assert_eq!(pauses.len(), 8);
    for (attempt, wait) in (0..).zip(&pauses) {
        assert!((0.0..0.5 * f64::from(1_u32 << attempt)).contains(wait), "{pauses:?}");
    }
    assert!(pauses.iter().any(|wait| *wait > 2.0), "the bound of the last is 64 s: {pauses:?}");
}
