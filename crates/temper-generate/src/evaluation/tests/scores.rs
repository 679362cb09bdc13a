//! What the answers add up to.

use super::*;
use crate::Prices;

/// The metrics in the end.
fn metrics(
    folder: &TempDir,
    lines: &str,
    model: &Model,
) -> std::collections::BTreeMap<String, f64> {
    run(folder, lines, model).unwrap().metrics(None)
}

#[test]
fn a_scorer_counts_for_the_items_that_it_applies_to() {
    let scorers = r#"scorers = [
        { name = "number", metric = "right", when = { kind = "even" } },
        { name = "exact_match", metric = "right", when = { kind = "odd" } },
        { name = "exact_match", metric = "even", when = { kind = "even" } },
    ]"#;
    // 1 and 3 are answered in words: a number is found there, but no exact match. 4 is wrong.
    let model = Model::new(|question, _| {
        let right = says(sum(question));
        Ok(match number(question) {
            4 => says(9),
            _ => Completion { text: format!("It is {}.", right.text), ..right },
        })
    });
    let folder = sums(4);
    let tally = run(&folder, scorers, &model).unwrap();
    let metrics = tally.metrics(None);
    assert_eq!((metrics["right"], metrics["even"]), (0.25, 0.0));
    for outcome in tally.outcomes() {
        let is_even = number(&outcome.id).is_multiple_of(2);
        assert_eq!(outcome.scores.contains_key("even"), is_even, "{outcome:?}");
        assert!(outcome.scores.contains_key("right"), "{outcome:?}");
    }
}

#[test]
fn items_count_by_their_weights() {
    let folder = folder(
        "{\"prompt\": \"1 + 1\", \"answer\": 2}\n\
         {\"prompt\": \"2 + 2\", \"answer\": 4, \"weight\": 3}\n\
         {\"prompt\": \"3 + 3\", \"answer\": 6, \"weight\": 0.5}",
    );
    let model = Model::new(|question, _| Ok(says(if number(question) == 2 { 4 } else { 0 })));
    let metrics = metrics(&folder, "", &model);
    assert_eq!(metrics["exact_match"], 3.0 / 4.5);
}

#[test]
fn samples_count_by_their_mean_and_tell_of_the_noise() {
    // Of 4 samples 3 are right of the first item, and 2 of the second.
    let model = Model::new(|question, request| {
        let right = request.sample > u32::try_from(number(question)).unwrap() - 1;
        Ok(says(if right { sum(question) } else { 0 }))
    });
    let folder = sums(2);
    let tally = run(&folder, "samples = 4\ntemperature = 1.0", &model).unwrap();
    assert_eq!(model.asked().len(), 8);
    let scored = |id: &str| {
        let outcome = tally.outcomes().iter().find(|outcome| outcome.id == id).unwrap();
        assert_eq!(outcome.answers.len(), 4);
        outcome.scores["exact_match"]
    };
    // Squares of 1/4, 1/4, 1/4 and 3/4 by 3 are the variance of one, and by 4 that of the mean.
    assert_eq!(scored("1"), Scored { mean: 0.75, variance: Some(0.75 / 3.0 / 4.0) });
    assert_eq!(scored("2"), Scored { mean: 0.5, variance: Some(1.0 / 3.0 / 4.0) });
    let metrics = tally.metrics(None);
    assert_eq!(metrics["exact_match"], 0.625);
    let noise = (0.75 / 12.0 + 1.0 / 12.0_f64).sqrt() / 2.0;
    assert!((metrics["exact_match_noise"] - noise).abs() < 1e-12, "{metrics:?}");
}

#[test]
fn a_greedy_setting_gets_one_sample_which_has_no_noise() {
    let folder = sums(3);
    // An endpoint need not know `top_k`.
    for (lines, asked) in [("temperature = 0", 3), ("temperature = 0.7\ntop_k = 1", 12)] {
        let model = Model::adding();
        let metrics = metrics(&folder, &format!("samples = 4\n{lines}"), &model);
        assert_eq!(model.asked().len(), asked, "{lines}");
        assert_eq!((metrics["exact_match"], metrics["exact_match_noise"]), (1.0, 0.0));
    }
    // With one sample of another nobody knows.
    for lines in ["temperature = 0.7", "temperature = 0"] {
        let metrics = metrics(&folder, lines, &Model::adding());
        assert!(!metrics.contains_key("exact_match_noise"), "{lines}");
    }
}

#[test]
fn a_tally_says_how_long_and_how_much_of_what_was_answered_so_far() {
    // 1 takes 2 s, 2 takes 4 s, and so on.
    let folder = sums(5);
    let evaluation = evaluation(&folder, "concurrency = 1").unwrap();
    let model = Model::new(|question, _| {
        let answer = says(sum(question));
        Ok(match number(question) {
            3 => Completion { text: "I'm sorry, but no.".to_owned(), ..answer },
            4 => Completion { refused: true, ..answer },
            _ => answer,
        })
    });
    let mut first = Vec::new();
    let observe = &mut |outcome: &Outcome, tally: &Tally| {
        let metrics = tally.metrics(None);
        let score = outcome.scores["exact_match"].mean;
        assert_eq!(metrics["item_exact_match"], score, "that of the last item");
        first.push((score, metrics["exact_match"], metrics["tokens"]));
        ControlFlow::Continue(())
    };
    let tally = evaluation.run(&model, None, &AtomicBool::new(false), observe).unwrap();
    let mut sum = 0.0;
    for (count, (score, mean, tokens)) in (1..).zip(first) {
        sum += score;
        assert_eq!((mean, tokens), (sum / f64::from(count), f64::from(12 * count)));
    }
    let metrics = tally.metrics(Some(Prices { input: 0.5, output: 2.0 }));
    let told = |name: &str| metrics[name];
    // Of 2, 4, 6, 8 and 10 s; the 95th percentile is at 3.8 of 0 to 4.
    assert_eq!((told("latency"), told("latency_p95")), (6.0, 9.6));
    assert_eq!((told("input_tokens"), told("output_tokens"), told("tokens")), (50.0, 10.0, 60.0));
    assert!((told("cost") - 45e-6).abs() < 1e-18, "50 at 0.5 and 10 at 2 for a million");
    assert_eq!((told("refusals"), told("errors"), told("unscored")), (2.0, 0.0, 0.0));
    assert_eq!(told("exact_match"), 0.8, "what counts is what it says");
    assert!(!tally.metrics(None).contains_key("cost"));
}

#[test]
fn tokens_that_an_endpoint_does_not_tell_of_are_not_made_up() {
    let model = Model::new(|question, _| {
        let answer = says(sum(question));
        Ok(if number(question) == 2 {
            Completion { output_tokens: None, ..answer }
        } else {
            answer
        })
    });
    let tally = run(&sums(3), "", &model).unwrap();
    let metrics = tally.metrics(Some(Prices { input: 1.0, output: 1.0 }));
    assert_eq!(metrics["input_tokens"], 30.0);
    for unknown in ["output_tokens", "tokens", "cost"] {
        assert!(!metrics.contains_key(unknown), "{unknown}");
    }
}

/// A scorer that gives no score to 4, and 1 to all else.
const PROGRAM: &str = r#"scorers = [{ name = "command", command = ["sh", "score.sh"] }]"#;
const SCORE: &str = "read -r line\ncase $line in *'\"output\":\"4\"'*) exit 3;; *) echo 1;; esac\n";

#[test]
fn an_answer_that_can_not_be_scored_counts_neither_for_nor_against() {
    let folder = sums(4);
    fs::write(folder.path().join("score.sh"), SCORE).unwrap();
    let tally = run(&folder, PROGRAM, &Model::adding()).unwrap();
    let metrics = tally.metrics(None);
    assert_eq!((metrics["command"], metrics["unscored"]), (1.0, 1.0));
    let unscored = tally.outcomes().iter().find(|outcome| outcome.id == "2").unwrap();
    assert_eq!((unscored.answers.len(), unscored.scores.len()), (1, 0));
    assert!(unscored.unscored[0].reason.contains("`sh`"), "{unscored:?}");
}

#[test]
fn an_evaluation_whose_first_answers_can_all_not_be_scored_ends() {
    let folder = sums(9);
    fs::write(folder.path().join("score.sh"), "exit 3\n").unwrap();
    let model = Model::adding();
    let error = run(&folder, &format!("batch_size = 3\n{PROGRAM}"), &model).unwrap_err();
    assert!(matches!(error, EvaluationError::NoneScored { .. }), "{error}");
    assert!(error.to_string().starts_with("no answer could be scored; the last: `sh`"), "{error}");
    assert_eq!(model.asked().len(), 3);
    // Another scorer that can score does not make up for it.
    let both = PROGRAM.replace("scorers = [", "scorers = [\"exact_match\", ");
    let error = run(&folder, &format!("batch_size = 3\n{both}"), &Model::adding()).unwrap_err();
    assert!(matches!(error, EvaluationError::NoneScored { .. }), "{error}");
}
