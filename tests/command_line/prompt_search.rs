//! `[prompt_search]`: a study whose winner's words are rewritten by a model that stands on this
//! machine.

use serde_json::Value;

use crate::lab::Lab;
use crate::quiz::faulty::{Reply, Seen, Server};

const STUDY: &str = r#"[study]
name = "polite"
trials = 2
seed = 1

[objective]
kind = "generate"
data = "items.jsonl"
held_out = 0.5
endpoint = "URL"
model = "tiny"
system = "Answer."
max_retries = 0
scorers = ["exact_match"]

[prompt_search]
rounds = 4
failures = 2

[space]
temperature = { type = "float", low = 0.1, high = 1.0, default = 0.5 }
"#;

/// A study of 12 items, whose answers are all "yes".
fn lab(server: &Server) -> Lab {
    let lab = Lab::with_study(&STUDY.replace("URL", &server.url()));
    let lines = (0..12).map(|number| {
        format!("{{\"id\": \"q{number}\", \"prompt\": \"q{number}!\", \"answer\": \"yes\"}}\n")
    });
    lab.write("items.jsonl", &lines.collect::<String>());
    lab
}

/// Asked for a text, the model says what `propose` makes of the request's number and words; asked an
/// item, it is right if `knows` of the system text and the item.
fn server(
    propose: impl Fn(usize, &str) -> String + Send + Sync + 'static,
    knows: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
) -> Server {
    let proposed = std::sync::atomic::AtomicUsize::new(0);
    Server::answering(move |_, seen: &Seen| {
        let content = |index: usize| seen.body["messages"][index]["content"].as_str();
        let first = content(0).unwrap_or_default();
        match content(1) {
            Some(item) if knows(first, item) => Reply::text("yes"),
            Some(_) => Reply::text("no"),
            None => {
                let number = proposed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                Reply::text(&propose(number, first))
            }
        }
    })
}

fn polite() -> Server {
    let said = ["Hm.", "<instruction>Go.</instruction>", "<instruction>Say please.</instruction>"];
    server(
        move |number, _| said.get(number).copied().unwrap_or_default().to_owned(),
        |system, _| system.contains("please"),
    )
}

fn read(lab: &Lab, name: &str) -> Value {
    serde_json::from_str(&lab.read(&format!("polite.trials/{name}"))).expect("it is JSON")
}

fn fates(record: &Value) -> Vec<&str> {
    let candidates = record["candidates"].as_array().expect("a list").iter();
    candidates.filter_map(|candidate| candidate["fate"].as_str()).collect()
}

#[test]
fn a_text_that_is_better_on_held_out_items_too_is_that_of_the_best_configuration() {
    let server = polite();
    let lab = lab(&server);
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    let intent = "then the winner's model proposes 4 rewrites of the winner's system text from its \
                  failures, each tried on up to 6 items: about 28 requests at most";
    assert!(checked.contains(intent), "{checked}");
    assert_eq!(server.count(), 0);

    let run = lab.temper(&["run", "study.toml"]).ok();
    for line in [
        "rewrite 1 of 4 of the system text, from the winner's: refused, there is no text between \
         <instruction> and </instruction>",
        "rewrite 2 of 4 of the system text, from the winner's: no better on 4 items, exact_match 0 \
         against 0",
        "rewrite 3 of 4 of the system text, from the winner's: kept, exact_match 1 on all 6 items",
        "the system text of round 3 has exact_match 1 on the items of the search, the winner's 0",
        "the winner's exact_match is worse than that with the rewritten system text by 1 (p = 0.031)",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
    let record = read(&lab, "prompt_search.json");
    assert_eq!(fates(&record), ["kept", "refused", "no_better", "kept"]);
    assert_eq!((&record["refused"], &record["best"]), (&1.into(), &3.into()));
    assert_eq!(record["ended"], "nothing_fails");
    let held_out = read(&lab, "held_out.json");
    assert_eq!(held_out["rows"][1]["winner_leads_by"]["difference"], -1.0);
    assert_eq!(held_out["rows"][1]["rewritten"]["text"], "Say please.");

    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert!(best.contains("system = \"Say please.\"\n"), "{best}");
    let which = "# the system text below is that of round 3 of the prompt search: on the held-out \
                 items its exact_match is 1, that of trial ";
    assert!(best.contains(which), "{best}");
    let json = lab.temper(&["best", "study.toml", "--json"]).ok().json();
    assert_eq!(json["better_text"]["text"], "Say please.");
    lab.write("best.toml", &best);
    let evaluated = lab.temper(&["evaluate", "best.toml", "--held-out"]).ok().stdout;
    assert!(evaluated.contains("exact_match = 1\n"), "{evaluated}");

    let asked = server.count();
    lab.temper(&["resume", "study.toml"]).ok();
    assert_eq!(server.count(), asked, "all is known");
    assert_eq!(read(&lab, "prompt_search.json"), record);
}

#[test]
fn a_text_that_is_better_on_the_items_of_the_search_alone_is_told_of_and_not_used() {
    // It learns by heart what it is shown.
    let server = server(
        |_, question| {
            let words = question.split_whitespace().filter(|word| word.ends_with('!'));
            format!("<instruction>{}</instruction>", words.collect::<Vec<_>>().join(" "))
        },
        |system, item| system.split_whitespace().any(|word| word == item),
    );
    let lab = lab(&server);
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert!(run.stderr.contains("on the items of the search, the winner's 0"), "{}", run.stderr);
    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert!(best.contains("system = \"Answer.\"\n"), "{best}");
    assert!(best.contains("but not on the held-out ones (0 against 0, p = 1.000)"), "{best}");
    let json = lab.temper(&["best", "study.toml", "--json"]).ok().json();
    assert_eq!(json["better_text"], Value::Null);
}

#[test]
fn where_nothing_better_is_found_it_says_so() {
    let server = server(|_, _| "I can't.".to_owned(), |_, _| false);
    let lab = lab(&server);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let none = "none of 4 proposals (4 refused) is a better system text than the winner's";
    assert!(run.stderr.contains(none), "{}", run.stderr);
    assert!(run.stdout.contains(&format!("# {none}\n")), "{}", run.stdout);
    assert!(!run.stdout.contains("rewritten"), "{}", run.stdout);
}

#[test]
fn a_budget_leaves_a_part_to_rewrites_and_one_to_the_comparison() {
    let server = polite();
    let lab = lab(&server);
    // An answer takes 12 tokens. Trials may begin requests up to 119 of them, which is enough for the
    // first one, and rewrites up to 153.
    let study = lab.read("study.toml").replace("[space]", "[budget]\ntokens = 170\n\n[space]");
    lab.write("study.toml", &study);
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert!(run.stderr.contains("the budget of 153 tokens is spent"), "{}", run.stderr);
    let asked = server.count();
    lab.write("study.toml", &study.replace("tokens = 170", "tokens = 2000"));
    let resumed = lab.temper(&["resume", "study.toml"]).ok();
    assert!(server.count() > asked);
    assert!(resumed.stdout.contains("system = \"Say please.\"\n"), "{}", resumed.stdout);
}

#[test]
fn a_section_that_cannot_be_is_a_mistake_with_a_way_out() {
    let server = polite();
    let lab = lab(&server);
    let study = lab.read("study.toml");
    for (from, to, message, help) in [
        ("rounds = 4", "rounds = 0", "`rounds` is 0, but must be from 1 to 1000", ""),
        ("rounds = 4", "round = 4", "unknown key `round`", "did you mean `rounds`?"),
        (
            "rounds = 4",
            "rewrite = \"words\"",
            "unknown value `words`",
            "known are system, template",
        ),
        ("rounds = 4", "endpoint = \"http://127.0.0.1:1/v1\"", "`endpoint` needs `model`", ""),
        (
            "held_out = 0.5\n",
            "",
            "a rewritten prompt is compared on held-out items, and there are none",
            "held_out = 0.3",
        ),
        (
            "rounds = 4",
            "model = \"other\"\n[budget]\ncost = 1.0",
            "`cost` counts proposals too, and the model that makes them has no price",
            "input_price = 0.15",
        ),
    ] {
        let priced = "max_retries = 0\ninput_price = 1.0\noutput_price = 1.0";
        let study = study.replace("max_retries = 0", priced).replace("failures = 2", "");
        lab.write("study.toml", &study.replace(from, to));
        let ended = lab.temper(&["check", "study.toml"]).with_code(2);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        assert!(ended.stderr.contains(help), "{}", ended.stderr);
    }
    let of_program = "[study]\nmetric = \"loss\"\ntrials = 1\n[objective]\nkind = \"command\"\n\
                      command = [\"true\"]\n[prompt_search]\n[space]\n\
                      x = { type = \"float\", low = 0.0, high = 1.0 }\n";
    lab.write("study.toml", of_program);
    let ended = lab.temper(&["check", "study.toml"]).with_code(2);
    assert!(ended.stderr.contains("kind = \"generate\""), "{}", ended.stderr);
}
