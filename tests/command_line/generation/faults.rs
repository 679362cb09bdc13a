//! Endpoints in trouble: nothing is counted twice, nothing is lost, and a study that can't go on says
//! why and goes on later.

use serde_json::json;

use crate::lab::trials::{assert_all_completed, trials};
use crate::lab::{Ended, Lab, end};
use crate::quiz::faulty::{Reply, Server};
use crate::quiz::{ITEMS, Quiz, STUDY, TOKENS, files_with, lab, ledger, undisturbed, values};

const KEY: &str = "sk-very-secret-1234";

/// Runs `temper` with a key in its environment.
fn with_key(lab: &Lab, arguments: &[&str]) -> Ended {
    let mut command = lab.command(arguments);
    command.env("QUIZ_KEY", KEY);
    end(command.spawn())
}

/// The study with a key, and few trials that soon lose patience.
fn keyed() -> String {
    STUDY.replace("batch_size", "api_key_env = \"QUIZ_KEY\"\nbatch_size")
}

#[test]
fn faults_that_pass_leave_no_trace_in_a_study() {
    let expected = undisturbed(STUDY);
    for (name, fault) in [
        ("429", Reply::error(429, "slow down").with_header("retry-after", "0")),
        ("500", Reply::error(500, "oh")),
        ("a cut connection", Reply::cut()),
        ("a cut answer", Reply::cut_within_body()),
        ("malformed JSON", Reply::body(200, "{\"choices\": [{\"mess")),
        ("no choices", Reply::json(200, &json!({"choices": []}))),
    ] {
        let quiz = Quiz::with(move |index, _| (index % 4 == 3).then(|| fault.clone()));
        let lab = lab(STUDY, &quiz);
        lab.temper(&["run", "study.toml"]).ok();
        assert_eq!(values(&lab), expected, "{name}");
        quiz.assert_asked_once(&lab);
        assert_eq!(quiz.answered(), 4 * ITEMS, "{name}");
        assert!(quiz.server.count() as u64 > 5 * ITEMS, "{name}");
    }
}

#[test]
fn a_server_that_is_silent_now_and_then_is_asked_again() {
    let study = STUDY.replace("batch_size", "request_timeout = 0.5\nbatch_size");
    let quiz = Quiz::with(|index, _| (index % 30 == 7).then(Reply::silence));
    let lab = lab(&study, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(values(&lab), undisturbed(STUDY));
    quiz.assert_asked_once(&lab);
}

/// Runs a study whose server is in trouble after 27 answers, until it is mended; returns what was
/// said in between. The trouble begins within the second trial, and within a minibatch.
fn interrupted(study: &str, fault: Reply) -> String {
    let quiz = Quiz::failing_from(27, fault);
    let lab = lab(&study.replace("batch_size", "concurrency = 1\nbatch_size"), &quiz);
    let run = with_key(&lab, &["run", "study.toml"]).with_code(2);
    assert_eq!(run.stdout, "");
    assert_eq!((quiz.answered(), ledger(&lab).requests), (27, 27), "{}", run.stderr);
    let states: Vec<_> = trials(&lab).values().map(|trial| trial["state"].clone()).collect();
    assert_eq!(states.len(), 2, "{}", run.stderr);
    assert_eq!(states[0], "completed");
    assert!(states[1] != "completed" && states[1] != "failed", "{states:?}");
    let again = with_key(&lab, &["resume", "study.toml"]).with_code(2);
    assert_eq!(quiz.answered(), 27, "{}", again.stderr);
    quiz.mend();
    with_key(&lab, &["resume", "study.toml"]).ok();
    assert_all_completed(&lab, 4);
    assert_eq!(values(&lab), undisturbed(&study.replace("api_key_env = \"QUIZ_KEY\"\n", "")));
    quiz.assert_asked_once(&lab);
    with_key(&lab, &["replay", "study.toml"]).ok();
    let said = run.stderr.replace(&quiz.server.url(), "http://HOST/v1");
    said[said.find("  ×").expect("it is an error")..].to_owned()
}

#[test]
fn a_study_whose_endpoint_stays_in_trouble_says_so_and_goes_on_once_it_is_mended() {
    let study = STUDY.replace("max_retries = 3", "max_retries = 0");
    let wait = Reply::error(429, "slow down").with_header("retry-after", "60");
    let missing = json!({"error": {"message": "No access", "code": "model_not_found"}});
    let mut told = String::new();
    for (name, fault) in [
        ("too many requests", wait),
        ("broken", Reply::error(500, "oh")),
        ("a cut connection", Reply::cut()),
        ("malformed JSON", Reply::body(200, "{\"choices\": [{\"mess")),
        ("no choices", Reply::json(200, &json!({"choices": []}))),
        ("a wrong model", Reply::json(404, &missing)),
        ("no money", Reply::error(402, "Top up")),
    ] {
        // Only with retries is waiting asked for.
        let study = if name == "too many requests" { STUDY } else { study.as_str() };
        told += &format!("# {name}\n\n{}\n", interrupted(study, fault));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn trouble_that_a_few_requests_have_seen_fails_no_trial_either() {
    let few = STUDY.replace("batch_size = 5", "batch_size = 1");
    let said = interrupted(&few.replace("max_retries = 3", "max_retries = 0"), Reply::cut());
    let told = "got no answer: http://HOST/v1/chat/completions ended the connection";
    assert!(said.contains(told), "{said}");
}

#[test]
fn trouble_ends_all_workers_and_fails_none_of_their_trials() {
    let grid = "[strategy]\nname = \"grid\"\nresolution = 6\n\n[space]";
    let study = STUDY.replace("[space]", grid).replace("trials = 4", "trials = 6\nworkers = 3");
    for fault in [Reply::error(402, "Top up"), Reply::error(500, "oh")] {
        let quiz = Quiz::failing_from(50, fault);
        let lab = lab(&study.replace("max_retries = 3", "max_retries = 0"), &quiz);
        let run = lab.temper(&["run", "study.toml"]).with_code(2);
        assert!(run.stderr.contains("can't be run: "), "{}", run.stderr);
        let states: Vec<_> = trials(&lab).values().map(|trial| trial["state"].clone()).collect();
        assert!(!states.contains(&"failed".into()), "{states:?}: {}", run.stderr);
        quiz.mend();
        lab.temper(&["resume", "study.toml"]).ok();
        assert_all_completed(&lab, 6);
        assert_eq!(values(&lab), undisturbed(&study));
        quiz.assert_asked_once(&lab);
    }
}

#[test]
fn a_study_whose_endpoint_falls_silent_goes_on_once_it_speaks_again() {
    let study = STUDY.replace("max_retries = 3", "max_retries = 0\nrequest_timeout = 0.5");
    let said = interrupted(&study, Reply::silence());
    assert!(
        said.contains("did not answer within 0.5 s (1 attempt); raise `request_timeout`"),
        "{said}"
    );
}

#[test]
fn a_key_that_is_not_accepted_is_never_shown() {
    let said = format!("Incorrect API key provided: {KEY}");
    let told = interrupted(&keyed(), Reply::error(401, &said));
    assert!(told.contains("does not accept the key (401): Incorrect API key provided: [key]"));
    assert!(told.contains("check the environment variable `QUIZ_KEY`"), "{told}");
    let quiz = Quiz::failing_from(27, Reply::error(401, &said));
    let lab = lab(&keyed(), &quiz);
    let run = with_key(&lab, &["run", "study.toml"]).with_code(2);
    let shown = with_key(&lab, &["show", "study.toml", "1"]).ok();
    for output in [run.stdout, run.stderr, shown.stdout, shown.stderr] {
        assert!(!output.contains(KEY), "{output}");
    }
    assert_eq!(files_with(&lab.path(""), KEY), [""; 0]);
    assert_ne!(files_with(&lab.path(""), "QUIZ_KEY"), [""; 0], "its variable is named");
    let sent = quiz.server.seen();
    assert!(sent.iter().all(|seen| seen.headers["authorization"] == format!("Bearer {KEY}")));
}

#[test]
fn an_endpoint_that_is_not_there_loses_nothing() {
    let quiz = Quiz::new();
    let lab = lab(STUDY, &quiz);
    let study = lab.read("study.toml");
    lab.write("study.toml", &study.replace(&quiz.server.url(), crate::quiz::faulty::DESERTED));
    let run = lab.temper(&["run", "study.toml"]).with_code(2);
    insta::assert_snapshot!(run.stderr);
    lab.write("study.toml", &study);
    lab.temper(&["resume", "study.toml"]).ok();
    assert_all_completed(&lab, 4);
    quiz.assert_asked_once(&lab);
}

#[test]
fn requests_that_are_refused_for_what_they_are_count_as_wrong() {
    let quiz = Quiz::with(|_, seen| {
        let question = seen.body["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
        (question == "1 + 1").then(|| Reply::error(400, "it is too long"))
    });
    let lab = lab(STUDY, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    for trial in assert_all_completed(&lab, 4).values() {
        assert_eq!(trial["reports"][19]["errors"], 1.0, "{trial}");
    }
    assert_eq!((quiz.answered(), quiz.server.count()), (4 * 19, 4 * 20));
    quiz.assert_asked_once(&lab);
}

#[test]
fn a_setting_of_which_every_request_is_refused_fails_with_what_was_said() {
    // Those of 2 trials; the others go on.
    let quiz = Quiz::with(|_, seen| {
        let heat = seen.body["temperature"].as_f64().unwrap_or_default();
        (heat >= 1.0).then(|| Reply::error(400, "`temperature` is above 1"))
    });
    let lab = lab(STUDY, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    let trials = trials(&lab);
    for trial in trials.values() {
        let is_hot = trial["params"]["temperature"].as_f64() >= Some(1.0);
        assert_eq!(trial["state"], if is_hot { "failed" } else { "completed" }, "{trial}");
    }
    assert_eq!(trials[&0]["state"], "failed");
    let message = trials[&0]["failure"]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("every request was refused; the last: "), "{message}");
    assert!(message.ends_with("`temperature` is above 1"), "{message}");
    quiz.assert_asked_once(&lab);
}

#[test]
fn a_setting_for_which_a_server_is_only_too_slow_fails_and_others_go_on() {
    let quiz = Quiz::with(|_, seen| {
        let heat = seen.body["temperature"].as_f64().unwrap_or_default();
        (heat >= 1.0).then(Reply::silence)
    });
    let lab =
        lab(&STUDY.replace("max_retries = 3", "max_retries = 0\nrequest_timeout = 0.5"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    for trial in trials(&lab).values() {
        let is_hot = trial["params"]["temperature"].as_f64() >= Some(1.0);
        assert_eq!(trial["state"], if is_hot { "failed" } else { "completed" }, "{trial}");
        assert!(!is_hot || trial["failure"]["kind"] == "timeout", "{trial}");
    }
    quiz.assert_asked_once(&lab);
}

#[test]
fn a_setting_at_which_a_server_fails_fails_and_others_go_on() {
    let quiz = Quiz::with(|_, seen| {
        let heat = seen.body["temperature"].as_f64().unwrap_or_default();
        (heat >= 1.0).then(|| Reply::error(500, "out of tune"))
    });
    let lab = lab(STUDY, &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    for trial in trials(&lab).values() {
        let is_hot = trial["params"]["temperature"].as_f64() >= Some(1.0);
        assert_eq!(trial["state"], if is_hot { "failed" } else { "completed" }, "{trial}");
        let message = trial["failure"]["message"].as_str().unwrap_or_default();
        assert!(!is_hot || message.contains("though it answers others (500): out of tune"));
    }
    quiz.assert_asked_once(&lab);
}

#[test]
fn answers_without_choices_cost_what_they_took() {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 300});
    let empty = Reply::json(200, &json!({"choices": [], "usage": usage}));
    let quiz = Quiz::with(move |index, _| (index % 30 == 7).then(|| empty.clone()));
    let lab = lab(&STUDY.replace("[space]", "[budget]\ntokens = 2000\n\n[space]"), &quiz);
    lab.temper(&["run", "study.toml"]).ok();
    assert_all_completed(&lab, 4);
    quiz.assert_asked_once(&lab);
    // The three that came between the eighty.
    assert_eq!(ledger(&lab).tokens, 80 * TOKENS + 3 * 310);
}

#[test]
fn a_comparison_that_breaks_off_is_made_good_by_resume() {
    let study = STUDY.replace("batch_size = 5", "batch_size = 5\nheld_out = 0.25");
    let quiz = Quiz::failing_from(4 * 15 + 7, Reply::error(402, "Top up"));
    let lab = lab(&study, &quiz);
    let run = lab.temper(&["run", "study.toml"]).with_code(2);
    assert!(
        run.stderr.contains("the winner can't be compared on held-out items: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("temper resume study.toml"), "{}", run.stderr);
    assert_all_completed(&lab, 4);
    quiz.mend();
    let resumed = lab.temper(&["resume", "study.toml"]).ok();
    assert!(resumed.stdout.contains("on 5 held-out items  "), "{}", resumed.stdout);
    quiz.assert_asked_once(&lab);
    assert_eq!(quiz.answered(), 4 * 15 + 3 * 5);
}

#[test]
fn a_set_that_is_gone_in_the_middle_of_a_study_fails_no_trial() {
    let quiz = Quiz::new();
    let lab = lab(STUDY, &quiz);
    let set = lab.path("sums.jsonl");
    let (path, count) = (set.clone(), std::sync::atomic::AtomicU64::new(0));
    // It goes with the last answer of the first trial.
    let server = Server::answering(move |_, _| {
        if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == ITEMS - 1 {
            std::fs::remove_file(&path).expect("it is there");
        }
        Reply::text("2")
    });
    let study = lab.read("study.toml").replace(&quiz.server.url(), &server.url());
    lab.write("study.toml", &study);
    let run = lab.temper(&["run", "study.toml"]).with_code(2);
    assert!(run.stderr.contains("sums.jsonl: No such file"), "{}", run.stderr);
    assert!(trials(&lab).values().all(|trial| trial["state"] != "failed"));
    lab.write("sums.jsonl", &crate::quiz::sums());
    lab.temper(&["resume", "study.toml"]).ok();
    assert_all_completed(&lab, 4);
    assert_eq!(server.count() as u64, 4 * ITEMS);
}
