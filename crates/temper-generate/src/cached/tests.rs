//! What is asked for, and what that costs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{GenerationSettings, Input, Spending};

const THREADS: usize = 4;

/// Answers with 12 tokens, once as many ask as it waits for.
#[derive(Debug)]
struct Fake {
    name: &'static str,
    asked: AtomicUsize,
    together: Barrier,
    knows_tokens: bool,
    next_error: Mutex<Option<GenerateError>>,
    wasted: Mutex<(u64, u64)>,
}

impl Fake {
    fn waiting_for(askers: usize) -> Self {
        Self {
            name: "a model",
            asked: AtomicUsize::new(0),
            together: Barrier::new(askers),
            knows_tokens: true,
            next_error: Mutex::new(None),
            wasted: Mutex::default(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Generator for Fake {
    fn identity(&self) -> Value {
        json!(self.name)
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.together.wait();
        if let Some(error) = self.next_error.lock().unwrap().take() {
            return Err(error);
        }
        let tokens = |tokens| self.knows_tokens.then_some(tokens);
        Ok(Completion {
            text: format!("answer {}", request.sample),
            input_tokens: tokens(10),
            output_tokens: tokens(2),
            latency: 0.5,
            finish_reason: None,
            refused: false,
        })
    }

    fn take_waste(&self) -> (u64, u64) {
        std::mem::take(&mut *self.wasted.lock().unwrap())
    }
}

fn request(sample: u32) -> Request {
    let input = Input::Text("1 + 1".to_owned());
    Request { input, settings: GenerationSettings::default(), sample }
}

/// A store in a folder of its own, and the first trial of a study without limits that uses it.
fn cached(fake: Fake) -> (TempDir, Arc<Fake>, Cached) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(AnswerStore::open(&folder.path().join("answers.db")).unwrap());
    let fake = Arc::new(fake);
    let generator: Arc<dyn Generator> = Arc::clone(&fake) as _;
    let account = Account { study: "a".to_owned(), trial: "0".to_owned() };
    let (prices, allowance) = (None, Allowance::default());
    (folder, fake, Cached { generator, store, prices, account, allowance })
}

fn tokens(tokens: u64) -> Allowance {
    Allowance { tokens: Some(tokens), cost: None }
}

fn money(cost: f64) -> Allowance {
    Allowance { tokens: None, cost: Some(cost) }
}

#[test]
fn what_was_answered_once_costs_no_trial_of_any_study_anything() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let prices = Some(Prices { input: 100_000.0, output: 250_000.0 });
    let cached = Cached { prices, ..cached };
    let first = cached.complete(&request(0)).unwrap();
    let account = Account { study: "b".to_owned(), trial: "7".to_owned() };
    let other = Cached { account, allowance: tokens(0), ..cached.clone() };
    assert_eq!(cached.complete(&request(0)).as_ref(), Ok(&first));
    assert_eq!(other.complete(&request(0)), Ok(first));
    let spent = Spending { requests: 1, input_tokens: 10, output_tokens: 2, cost: 1.5 };
    assert_eq!(cached.store.spent_by(&cached.account).unwrap(), spent);
    assert_eq!(cached.store.spent_in("b").unwrap(), Spending::default());
    assert_eq!(fake.asked(), 1);
}

#[test]
fn another_sample_setting_input_or_model_is_another_question() {
    let (_folder, fake, mut cached) = cached(Fake::waiting_for(1));
    let mut warm = request(0);
    warm.settings.temperature = Some(1.0);
    let input = Input::Text("1 + 2".to_owned());
    for request in [request(0), request(1), warm, Request { input, ..request(0) }] {
        cached.complete(&request).unwrap();
    }
    assert_eq!(fake.asked(), 4);
    let another = Arc::new(Fake { name: "another", ..Fake::waiting_for(1) });
    cached.generator = Arc::clone(&another) as _;
    cached.complete(&request(0)).unwrap();
    assert_eq!(another.asked(), 1);
}

/// Answers no sooner than all threads have come to ask, and leaves them time to.
#[derive(Debug)]
struct Late {
    fake: Arc<Fake>,
    coming: Arc<AtomicUsize>,
}

impl Generator for Late {
    fn identity(&self) -> Value {
        self.fake.identity()
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        while self.coming.load(Ordering::SeqCst) < THREADS {
            thread::yield_now();
        }
        (0..1000).for_each(|_| thread::yield_now());
        self.fake.complete(request)
    }
}

#[test]
fn of_threads_that_ask_the_same_one_asks() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let coming = Arc::new(AtomicUsize::new(0));
    let late = Late { fake: Arc::clone(&fake), coming: Arc::clone(&coming) };
    let cached = Cached { generator: Arc::new(late), ..cached };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                coming.fetch_add(1, Ordering::SeqCst);
                cached.complete(&request(0)).unwrap();
            });
        }
    });
    assert_eq!((fake.asked(), cached.store.spent_in("a").unwrap().requests), (1, 1));
}

#[test]
fn a_question_that_failed_is_asked_again() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let error = GenerateError::Failed("cut".to_owned());
    *fake.next_error.lock().unwrap() = Some(error.clone());
    assert_eq!(cached.complete(&request(0)), Err(error));
    assert_eq!(cached.store.spent_in("a").unwrap(), Spending::default());
    cached.complete(&request(0)).unwrap();
    assert_eq!(fake.asked(), 2);
}

#[test]
fn what_answers_of_no_use_have_taken_counts_though_they_are_none() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let prices = Some(Prices { input: 0.0, output: 1_000_000.0 });
    let cached = Cached { allowance: tokens(310), prices, ..cached };
    *fake.next_error.lock().unwrap() = Some(GenerateError::Failed("no choices".to_owned()));
    *fake.wasted.lock().unwrap() = (10, 300);
    cached.complete(&request(0)).unwrap_err();
    let spent = Spending { requests: 0, input_tokens: 10, output_tokens: 300, cost: 300.0 };
    assert_eq!(cached.store.spent_by(&cached.account).unwrap(), spent);
    let said = "the budget of 310 tokens is spent: 310".to_owned();
    assert_eq!(cached.complete(&request(0)), Err(GenerateError::Spent(said)));
}

#[test]
fn nothing_is_asked_once_the_budget_is_spent() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let prices = Some(Prices { input: 0.0, output: 1_000_000.0 });
    for (first, allowance, said) in [
        (0, tokens(20), "the budget of 20 tokens is spent: 24"),
        (10, money(7.5), "the budget of 7.5 for tokens is spent: 8"),
    ] {
        let cached = Cached { allowance, prices, ..cached.clone() };
        assert!(cached.complete(&request(first)).is_ok());
        assert!(cached.complete(&request(first + 1)).is_ok(), "something is left");
        let asked = fake.asked();
        assert_eq!(
            cached.complete(&request(first + 2)),
            Err(GenerateError::Spent(said.to_owned()))
        );
        assert_eq!(fake.asked(), asked);
        assert!(cached.complete(&request(first)).is_ok(), "what is there stays free");
        assert_eq!(fake.asked(), asked);
    }
}

#[test]
fn a_budget_is_exceeded_by_what_is_in_flight_at_most() {
    // None is answered before all are asked, when nothing is spent yet.
    let (_folder, fake, cached) = cached(Fake::waiting_for(THREADS));
    let cached = Cached { allowance: tokens(1), ..cached };
    thread::scope(|scope| {
        for sample in 0..THREADS as u32 {
            let cached = &cached;
            scope.spawn(move || assert!(cached.complete(&request(sample)).is_ok()));
        }
    });
    let said = "the budget of 1 tokens is spent: 48".to_owned();
    assert_eq!(cached.complete(&request(99)), Err(GenerateError::Spent(said)));
    assert_eq!(fake.asked(), THREADS);
}

#[test]
fn threads_that_go_on_until_it_is_spent_exceed_a_budget_by_one_answer_each() {
    let (_folder, _, cached) = cached(Fake::waiting_for(1));
    let cached = Cached { allowance: tokens(300), ..cached };
    thread::scope(|scope| {
        for thread in 0..THREADS as u32 {
            let cached = &cached;
            scope.spawn(move || {
                let mut samples = (0..).map(|sample| sample * THREADS as u32 + thread);
                let error = samples.find_map(|sample| cached.complete(&request(sample)).err());
                assert!(matches!(error, Some(GenerateError::Spent(_))), "{error:?}");
            });
        }
    });
    let spent = cached.store.spent_in("a").unwrap().tokens();
    assert!((300..300 + 12 * THREADS as u64).contains(&spent), "{spent}");
}

#[test]
fn tokens_that_nobody_knows_end_a_budget_but_not_the_answer() {
    let (_folder, fake, cached) = cached(Fake { knows_tokens: false, ..Fake::waiting_for(1) });
    let limited = Cached { allowance: tokens(100), ..cached.clone() };
    let said = "the endpoint does not say how many tokens it used, which the budget counts";
    assert_eq!(limited.complete(&request(0)), Err(GenerateError::Unable(said.to_owned())));
    assert!(limited.complete(&request(0)).is_ok(), "it was recorded");
    assert!(cached.complete(&request(1)).is_ok(), "without a budget nobody counts");
    let spent = cached.store.spent_in("a").unwrap();
    assert_eq!((spent.requests, spent.tokens(), fake.asked()), (2, 0, 2));
}

#[test]
fn a_budget_of_money_needs_prices() {
    let (_folder, fake, cached) = cached(Fake::waiting_for(1));
    let cached = Cached { allowance: money(1.0), ..cached };
    let error = cached.complete(&request(0)).unwrap_err();
    assert!(matches!(&error, GenerateError::Unable(said) if said.contains("prices")), "{error}");
    assert_eq!(fake.asked(), 0);
}

#[test]
fn an_answer_that_cannot_be_kept_is_told_of_with_what_it_took() {
    let (folder, _, cached) = cached(Fake::waiting_for(1));
    cached.store.forbid_writing();
    let path = folder.path().join("answers.db");
    let said = format!(
        "the answers in `{}` are read-only; an answer that took 12 tokens is not kept",
        path.display()
    );
    assert_eq!(cached.complete(&request(0)), Err(GenerateError::Unable(said)));
    let key = request(0).key(&cached.identity());
    assert_eq!(cached.store.answer(key).unwrap(), None);
}
