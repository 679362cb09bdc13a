//! Threads that share a client, and what ends them all.

use std::sync::Barrier;
use std::thread;

use temper_generate::GenerateError;

use super::faulty::{Reply, Server};
use super::{ask, endpoint};

const THREADS: usize = 6;

#[test]
fn threads_ask_at_once() {
    // No request is answered before all have come.
    let all = Barrier::new(THREADS);
    let server = Server::answering(move |_, _| {
        all.wait();
        Reply::text("Paris")
    });
    let (endpoint, _) = endpoint(&server.url(), |config| config.max_retries = 0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| assert_eq!(ask(&endpoint), Ok("Paris".to_owned())));
        }
    });
    assert_eq!(server.count(), THREADS);
}

#[test]
fn five_failures_in_a_row_end_it() {
    let server = Server::always(Reply::error(503, "Loading model"));
    let (endpoint, pauses) = endpoint(&server.url(), |config| config.max_retries = 1);
    for _ in 0..4 {
        assert!(matches!(ask(&endpoint), Err(GenerateError::Failed(_))));
    }
    let url = format!("{}/chat/completions", server.url());
    let said = format!(
        "{url} is not asked any more, as 5 requests in a row have failed; the last: \
         {url} is overloaded or broken (503): Loading model (2 attempts)"
    );
    for _ in 0..3 {
        // The fifth tells of it, and the others are not sent.
        assert_eq!(ask(&endpoint), Err(GenerateError::Unable(said.clone())));
    }
    assert_eq!((server.count(), pauses.all().len()), (10, 5));
}

#[test]
fn a_success_between_failures_begins_the_row_anew() {
    let server = Server::answering(|index, _| match index % 5 {
        4 => Reply::text("Paris"),
        _ => Reply::cut(),
    });
    let (endpoint, _) = endpoint(&server.url(), |config| config.max_retries = 0);
    let successes = (0..30).filter(|_| ask(&endpoint).is_ok()).count();
    assert_eq!((successes, server.count()), (6, 30));
}

#[test]
fn failures_of_all_threads_count_together() {
    let server = Server::always(Reply::error(500, "oh"));
    let (endpoint, _) = endpoint(&server.url(), |config| config.max_retries = 0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // Only those that were asked before it opened still fail by themselves.
                while let Err(GenerateError::Failed(_)) = ask(&endpoint) {}
                assert!(matches!(ask(&endpoint), Err(GenerateError::Unable(_))));
            });
        }
    });
    assert!((5..5 + THREADS).contains(&server.count()), "{}", server.count());
}
