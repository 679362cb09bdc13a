//! Mistakes in studies of how a model generates, and in what they ask.

use crate::quiz::faulty::DESERTED;
use crate::quiz::{STUDY, sums};
use crate::{Lab, changed, complaint, refusal_in};

fn study() -> String {
    STUDY.replace("ENDPOINT", DESERTED)
}

/// A folder with a study and its questions, and one more file of them.
fn lab(study: &str) -> Lab {
    let lab = Lab::with_study(study);
    lab.write("sums.jsonl", &sums());
    lab.write(
        "two.jsonl",
        "{\"prompt\": \"1 + 2\", \"answer\": 3}\n{\"prompt\": \"1\", \"answer\": 1}\n",
    );
    lab
}

/// One snapshot of the refusals of many changes.
fn refusals(changes: &[(&str, &str, &str)]) -> String {
    let refusal = |(name, from, to): &(&str, &str, &str)| {
        refusal_in(&lab(&changed(&study(), from, to)), name)
    };
    changes.iter().map(refusal).collect()
}

#[test]
fn a_mistake_in_an_evaluation_set_is_pointed_at_with_its_line() {
    let line = |text: &str| {
        let good: String = sums().lines().take(2).map(|line| format!("{line}\n")).collect();
        format!("{good}{text}\n")
    };
    let cases = [
        ("an empty set", "\n\n".to_owned()),
        ("a line without an answer", line("{\"prompt\": \"3 + 3\"}")),
        ("a line that asks nothing", line("{\"answer\": 6}")),
        ("a line that is no JSON", line("{\"prompt\": ")),
        ("two of one name", line("{\"id\": 2, \"prompt\": \"3 + 3\", \"answer\": 6}")),
    ];
    let refusals = cases.iter().map(|(name, set)| {
        let lab = lab(&study());
        lab.write("sums.jsonl", set);
        refusal_in(&lab, name)
    });
    insta::assert_snapshot!(refusals.collect::<String>());
}

#[test]
fn a_mistake_in_what_is_asked_is_pointed_at() {
    let scorers = "scorers = [\"exact_match\"]";
    let batch = "batch_size = 5";
    let adds = |line: &str| format!("{batch}\n{line}");
    let held_out = |share: &str| adds(&format!("held_out = {share}"));
    insta::assert_snapshot!(refusals(&[
        ("no set", "data = \"sums.jsonl\"\n", ""),
        ("a set that is not there", "sums.jsonl", "products.jsonl"),
        ("an unknown field in the template", batch, &adds("template = \"{question}\"")),
        ("half a brace", batch, &adds("template = \"{prompt\"")),
        ("more than all held out", batch, &held_out("1.5")),
        ("nothing held out", batch, &held_out("0.01")),
        ("examples from nowhere", batch, &adds("examples = 2")),
        (
            "more examples than there are",
            batch,
            &adds("examples = 3\nexamples_data = \"two.jsonl\"")
        ),
        ("no scorer", &format!("{scorers}\n"), ""),
        ("an unknown scorer", "\"exact_match\"", "\"exact_mach\""),
        (
            "an unknown option of a scorer",
            scorers,
            "scorers = [{ name = \"number\", tolerence = 1 }]"
        ),
        ("a scorer that is none", scorers, "scorers = [3]"),
        (
            "a scorer of no item",
            scorers,
            "scorers = [{ name = \"number\", when = { kind = \"prime\" } }]",
        ),
        (
            "two scorers of one metric",
            scorers,
            "scorers = [\"number\", { name = \"exact_match\", metric = \"number\" }]"
        ),
        (
            "a metric that is taken",
            scorers,
            "scorers = [{ name = \"number\", metric = \"latency\" }]"
        ),
        ("no minibatch", batch, "batch_size = 0"),
        ("nobody asks", batch, &adds("concurrency = 0")),
        ("no samples", batch, &adds("samples = 0")),
        ("an unknown setting", "batch_size", "bach_size"),
    ]));
}

#[test]
fn a_mistake_in_whom_is_asked_is_pointed_at() {
    let endpoint = format!("endpoint = \"{DESERTED}\"\n");
    let checkpoint = format!("{endpoint}checkpoint = \"tiny.gguf\"\n");
    let adds = |line: &str| format!("batch_size = 5\n{line}");
    insta::assert_snapshot!(refusals(&[
        ("nobody", &endpoint, ""),
        ("two at once", &endpoint, &checkpoint),
        ("no model", "model = \"tiny\"\n", ""),
        ("no address", DESERTED, "127.0.0.1:8080"),
        ("no patience", "batch_size = 5", &adds("request_timeout = 0")),
        ("what requests say themselves", "batch_size = 5", &adds("extra_body = { seed = 1 }")),
        (
            "a key that is not set",
            "batch_size = 5",
            &adds("api_key_env = \"QUIZ_KEY_THAT_NOBODY_SETS\""),
        ),
        ("one price", "batch_size = 5", &adds("input_price = 1.0")),
        ("a bad price", "batch_size = 5", &adds("input_price = -1\noutput_price = 1")),
    ]));
}

#[test]
fn a_mistake_in_what_is_searched_is_pointed_at() {
    let param = "temperature = { type";
    let range = "{ type = \"float\", low = 0.1, high = 1.5, default = 1.0 }";
    insta::assert_snapshot!(refusals(&[
        ("an unknown setting", param, "temprature = { type"),
        (
            "what all trials share",
            range,
            "{ type = \"float\", low = 0.1, high = 1.5 }\nconcurrency = { type = \"int\", low = 1, high = 9 }"
        ),
        ("fixed and searched", "batch_size = 5", "batch_size = 5\ntemperature = 0.5"),
        ("beyond its bounds", "high = 1.5", "high = 2.5"),
        (
            "of another kind",
            range,
            "{ type = \"choice\", values = [\"hot\", \"cold\"], default = \"hot\" }",
        ),
        (
            "a prompt with an unknown field",
            "[space]\n",
            "[space]\ntemplate = { type = \"choice\", values = [\"{prompt}\", \"{question}\"], default = \"{prompt}\" }\n",
        ),
    ]));
}

#[test]
fn a_mistake_in_the_settings_of_a_stage_is_pointed_at() {
    let stages = |settings: &str| {
        format!(
            "[[stage]]\nname = \"coarse\"\ntrials = 2\nsettings = {{ {settings} }}\n\n\
             [[stage]]\nname = \"fine\"\n\n[space]"
        )
    };
    let cases = [
        ("an unknown one", stages("sample = 2")),
        ("one that all trials share", stages("data = \"two.jsonl\"")),
        ("one out of its bounds", stages("samples = 0")),
        ("one of another kind", stages("samples = \"many\"")),
        ("an unknown field in the template", stages("template = \"{question}\"")),
    ];
    let changes: Vec<_> =
        cases.iter().map(|(name, section)| (*name, "[space]", section.as_str())).collect();
    insta::assert_snapshot!(refusals(&changes));
}

#[test]
fn what_suits_no_evaluation_is_pointed_at() {
    let section = |lines: &str| format!("{lines}\n\n[space]");
    insta::assert_snapshot!(refusals(&[
        ("the best of partial means", "[space]", &section("[early_stopping]\npatience = 3")),
        ("a population", "[space]", &section("[strategy]\nname = \"pbt\"")),
        ("checkpoints", "batch_size", "checkpoints = [\"saved\"]\nbatch_size"),
    ]));
}

#[test]
fn a_space_with_more_examples_than_there_are_is_pointed_at() {
    let examples = "examples = { type = \"int\", low = 0, high = 3, default = 0 }";
    let study = changed(&study(), "[space]", &format!("[space]\n{examples}"));
    let study = changed(&study, "batch_size", "examples_data = \"two.jsonl\"\nbatch_size");
    insta::assert_snapshot!(refusal_in(&lab(&study), "examples"));
}

#[test]
fn a_mistake_in_what_is_wanted_of_answers_is_pointed_at() {
    let seed = "seed = 1\n";
    let of_budget = |line: &str| format!("[budget]\n{line}\n\n[space]");
    insta::assert_snapshot!(refusals(&[
        ("an unknown metric", seed, "seed = 1\nmetric = \"exact_mach\"\n"),
        ("an unknown goal", seed, "seed = 1\nobjectives = [{ metric = \"accuracy\" }]\n"),
        ("a cost without prices", seed, "seed = 1\nobjectives = [{ metric = \"cost\" }]\n"),
        ("a bound on what is not reported", seed, "seed = 1\nconstraints = [\"size <= 3\"]\n"),
        ("a bound on the cost without prices", seed, "seed = 1\nconstraints = [\"cost <= 3\"]\n"),
        ("money without prices", "[space]", &of_budget("cost = 3.0")),
        ("no tokens", "[space]", &of_budget("tokens = 0")),
        ("a price of hours", "[space]", &of_budget("cost = 3.0\nprice_per_hour = 1.0")),
        ("tokens of training", "[space]", &of_budget("train_tokens = 1e6")),
    ]));
}

#[test]
fn tokens_of_evaluations_bound_no_program() {
    let section = "[budget]\ntokens = 1000\n\n[space]";
    insta::assert_snapshot!(crate::refusals(crate::STUDY, &[("tokens", "[space]", section)]));
}

#[test]
fn answers_that_are_something_else_are_left_alone() {
    let lab = lab(&study());
    lab.write("answers.db", "What was answered is written here, in a form of its own.\n");
    let run = complaint(&lab, &["run", "study.toml"]);
    let evaluated = complaint(&lab, &["evaluate", "study.toml"]);
    insta::assert_snapshot!(run + &evaluated);
    assert!(lab.read("answers.db").ends_with("of its own.\n"));
}

#[test]
fn one_evaluation_is_refused_with_the_place_of_the_mistake() {
    let lab = lab(&study());
    let said = [
        &["evaluate", "study.toml", "--set", "temperatur=0"][..],
        &["evaluate", "study.toml", "--set", "temperature"],
        &["evaluate", "study.toml", "--set", "temperature=3"],
        &["evaluate", "study.toml", "--set", "temperature=warm"],
        &["evaluate", "study.toml", "--held-out"],
        &["evaluate", "nothing.toml"],
    ];
    let said: String = said.iter().map(|arguments| complaint(&lab, arguments)).collect();
    lab.write("config.toml", "data = \"sums.jsonl\"\nmodel = \"tiny\"\ntop_k = 0\n");
    let said = said + &complaint(&lab, &["evaluate", "config.toml"]);
    lab.write("study.toml", crate::STUDY);
    insta::assert_snapshot!(said + &complaint(&lab, &["evaluate", "study.toml"]));
}
