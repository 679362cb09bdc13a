//! What comes of requests without an answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn refused() -> GenerateError {
    GenerateError::Refused("it is too long".to_owned())
}

#[test]
fn a_request_that_is_refused_counts_as_wrong_and_as_an_error() {
    let model = Model::new(|question, request| match (number(question), request.sample) {
        (1, _) | (2, 0) => Err(refused()),
        _ => Ok(says(sum(question))),
    });
    let tally = run(&sums(4), "samples = 2\ntemperature = 1.0", &model).unwrap();
    assert_eq!(model.asked().len(), 8, "nothing is asked again");
    let metrics = tally.metrics(None);
    assert_eq!((metrics["exact_match"], metrics["errors"]), (2.5 / 4.0, 3.0));
    assert_eq!(metrics["tokens"], 60.0);
    let outcome = |id: &str| tally.outcomes().iter().find(|outcome| outcome.id == id).unwrap();
    assert_eq!(outcome("1").scores["exact_match"].mean, 0.0);
    assert_eq!(outcome("1").errors, ["it is too long"; 2]);
    assert_eq!((outcome("2").scores["exact_match"].mean, outcome("2").answers.len()), (0.5, 1));
}

#[test]
fn an_evaluation_whose_first_requests_are_all_refused_ends() {
    let model = Model::new(|_, _| Err(refused()));
    let error = run(&sums(9), "batch_size = 3", &model).unwrap_err();
    assert!(matches!(error, EvaluationError::AllRefused { .. }), "{error}");
    assert_eq!(error.to_string(), "every request was refused; the last: it is too long");
    assert_eq!(model.asked().len(), 3);
}

#[test]
fn what_failed_is_asked_once_more_at_the_end_of_its_minibatch() {
    let folder = sums(6);
    let order = run(&folder, "", &Model::adding()).unwrap();
    let order: Vec<_> = ids(order.outcomes()).into_iter().map(str::to_owned).collect();
    let (second, fifth) = (order[1].parse::<u64>().unwrap(), order[4].parse::<u64>().unwrap());
    let failed = Mutex::new(Vec::new());
    let model = Model::new(move |question, _| {
        let number = number(question);
        let mut failed = failed.lock().unwrap();
        if (number == second || number == fifth) && !failed.contains(&number) {
            failed.push(number);
            return Err(GenerateError::Failed("it is broken".to_owned()));
        }
        Ok(says(sum(question)))
    });
    let tally = run(&folder, "batch_size = 3\nconcurrency = 1", &model).unwrap();
    assert_eq!(ids(tally.outcomes()), order);
    assert_eq!(tally.metrics(None)["exact_match"], 1.0);
    let asked = [0, 1, 2, 1, 3, 4, 5, 4].map(|at| format!("{0} + {0}", order[at]));
    assert_eq!(model.questions(), asked);
}

#[test]
fn an_item_without_an_answer_leaves_no_result() {
    let item = "item \"2\" got no answer: it is slow";
    let model = Model::new(|question, _| match number(question) {
        2 => Err(GenerateError::TimedOut("it is slow".to_owned())),
        _ => Ok(says(sum(question))),
    });
    let error = run(&sums(4), "", &model).unwrap_err();
    assert_eq!(error.to_string(), item);
    let EvaluationError::Unanswered { source, .. } = &error else { panic!("{error}") };
    assert!(matches!(source, GenerateError::TimedOut(_)), "{source}");
    assert_eq!(model.asked().len(), 5, "once more that one");
}

#[test]
fn what_befalls_all_requests_ends_an_evaluation_at_once() {
    for (error, said) in [
        (GenerateError::Unable("no such model".to_owned()), "no such model"),
        (GenerateError::Spent("all is spent".to_owned()), "all is spent"),
    ] {
        let is_spent = matches!(error, GenerateError::Spent(_));
        let asked = AtomicUsize::new(0);
        let model = Model::new(move |question, _| match asked.fetch_add(1, Ordering::SeqCst) {
            0..3 => Ok(says(sum(question))),
            _ => Err(error.clone()),
        });
        let ended = run(&sums(9), "concurrency = 1", &model).unwrap_err();
        assert_eq!(ended.to_string(), said);
        assert_eq!(matches!(ended, EvaluationError::Spent(_)), is_spent, "{ended:?}");
        assert_eq!(matches!(ended, EvaluationError::Unable(_)), !is_spent, "{ended:?}");
        assert_eq!(model.asked().len(), 4, "neither again nor others");
    }
}

#[test]
fn an_evaluation_that_is_told_to_end_asks_nothing_more() {
    let folder = sums(6);
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let (raised, count) = (std::sync::Arc::clone(&stop), AtomicUsize::new(0));
    let model = Model::new(move |question, _| {
        if count.fetch_add(1, Ordering::SeqCst) == 3 {
            raised.store(true, Ordering::SeqCst);
        }
        Ok(says(sum(question)))
    });
    let mut shown = 0;
    let observe = &mut |_: &Outcome, _: &Tally| {
        shown += 1;
        ControlFlow::Continue(())
    };
    let lines = "batch_size = 3\nconcurrency = 1";
    let ended = evaluation(&folder, lines).unwrap().run(&model, None, &stop, observe).unwrap_err();
    assert!(matches!(ended, EvaluationError::Interrupted), "{ended}");
    assert_eq!((shown, model.asked().len()), (3, 4));
}

#[test]
fn further_samples_of_an_item_are_not_asked_for_either() {
    let folder = sums(2);
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let raised = std::sync::Arc::clone(&stop);
    let model = Model::new(move |question, _| {
        raised.store(true, Ordering::SeqCst);
        Ok(says(sum(question)))
    });
    let observe = &mut |_: &Outcome, _: &Tally| ControlFlow::Continue(());
    let lines = "samples = 50\nconcurrency = 1";
    let ended = evaluation(&folder, lines).unwrap().run(&model, None, &stop, observe).unwrap_err();
    assert!(matches!(ended, EvaluationError::Interrupted), "{ended}");
    assert_eq!(model.asked().len(), 1);
}
