use serde_json::json;

use super::*;
use crate::EvaluationSet;

/// As little as can be said.
const LEAST: &str = r#"
data = "sums.jsonl"
endpoint = "http://127.0.0.1:8080/v1"
model = "tiny"
scorers = ["exact_match"]
"#;

fn config(text: &str) -> GenerateConfig {
    toml::from_str(text).unwrap()
}

/// The least with one line in another's place, or behind the others if that is empty.
fn changed(from: &str, to: &str) -> GenerateConfig {
    assert!(LEAST.contains(from), "{from}");
    if from.is_empty() { config(&format!("{LEAST}{to}")) } else { config(&LEAST.replace(from, to)) }
}

const SAMPLING: [&str; 10] = [
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "repetition_penalty",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
];

fn unknown_key(text: &str) -> String {
    toml::from_str::<GenerateConfig>(text).unwrap_err().message().to_owned()
}

#[test]
fn all_settings_have_a_key_and_are_read_as_they_were_written() {
    let keys = GenerateConfig::keys();
    for key in SAMPLING.iter().chain(&["data", "held_out", "endpoint", "checkpoint", "scorers"]) {
        assert!(keys.iter().any(|known| known == key), "{key}");
    }
    assert!(unknown_key("temprature = 0.5").contains("unknown field `temprature`"));
    let all = "held_out = 0.25\ntemperature = 0.5\nstop = [\"\\n\"]\napi = \"completions\"\n\
               extra_body = { top_a = 0.5 }\ntexts = { plain = \"{prompt}\" }";
    let one = changed("", all);
    let table = toml::Table::try_from(&one).unwrap();
    assert!(table.keys().all(|key| keys.contains(key)));
    assert_eq!(table.try_into(), Ok(one));
}

#[test]
fn each_setting_that_is_missing_out_of_its_bounds_or_beside_its_rival_is_named() {
    let (data, scorers) = ("data = \"sums.jsonl\"", "scorers = [\"exact_match\"]");
    let (endpoint, model) = ("endpoint = \"http://127.0.0.1:8080/v1\"", "model = \"tiny\"");
    let scorer =
        |metric: &str| format!("scorers = [{{ name = \"number\", metric = \"{metric}\" }}]");
    let taken = |metric: &str| {
        format!("`{metric}` is a metric of every evaluation, and can't be a scorer's")
    };
    let seconds = "must be above 0, up to 86400 seconds";
    for (from, to, key, said) in [
        (data, "", "data", "`data` is missing"),
        (endpoint, "", "endpoint", "`endpoint` is missing"),
        (model, "", "model", "`model` is missing"),
        (scorers, "", "scorers", "`scorers` is missing"),
        (endpoint, "checkpoint = \"tiny.gguf\"", "model", "`model` stands beside `checkpoint`"),
        ("", "checkpoint = \"a\"", "checkpoint", "`checkpoint` stands beside `endpoint`"),
        ("", "adapter = \"a\"", "adapter", "`adapter` needs `checkpoint`"),
        ("", "examples = 2", "examples", "`examples` needs `examples_data`"),
        ("", "held_out = 1.5", "held_out", "`held_out` is 1.5, but must be above 0 and below 1"),
        ("", "held_out = 0", "held_out", "`held_out` is 0, but must be above 0 and below 1"),
        ("", "held_out = nan", "held_out", "`held_out` is NaN, but must be above 0 and below 1"),
        (
            "",
            "held_out = 0.5\nheld_out_data = \"b\"",
            "held_out",
            "`held_out` stands beside `held_out_data`",
        ),
        ("", "concurrency = 0", "concurrency", "`concurrency` is 0, but must be from 1 to 1024"),
        ("", "concurrency = 1025", "concurrency", "is 1025, but must be from 1 to 1024"),
        ("", "batch_size = 0", "batch_size", "`batch_size` is 0, but must be at least 1"),
        ("", "samples = 0", "samples", "`samples` is 0, but must be from 1 to 1000"),
        ("", "samples = 1001", "samples", "`samples` is 1001, but must be from 1 to 1000"),
        ("", "input_price = 1", "input_price", "`input_price` needs `output_price`"),
        ("", "output_price = 1", "output_price", "`output_price` needs `input_price`"),
        (
            "",
            "input_price = -0.5\noutput_price = 1",
            "input_price",
            "`input_price` is -0.5, but must be at least 0, for a million tokens",
        ),
        (
            "",
            "input_price = 1\noutput_price = inf",
            "output_price",
            "`output_price` is inf, but must be at least 0, for a million tokens",
        ),
        ("", "temperature = 3", "temperature", "`temperature` is 3, but must be from 0 to 2"),
        ("", "min_p = 1", "min_p", "`min_p` is 1, but must be from 0, below 1"),
        ("", "request_timeout = 0", "request_timeout", seconds),
        ("", "first_wait = 0", "first_wait", seconds),
        ("", "longest_wait = nan", "longest_wait", seconds),
        (
            endpoint,
            "endpoint = \"localhost:8080\"",
            "endpoint",
            "`endpoint` is `localhost:8080`, but must be an address that begins with http:// or",
        ),
        ("", "extra_body = { seed = 1 }", "extra_body", "can't hold `seed`, which requests decide"),
        (scorers, &scorer("latency"), "scorers", &taken("latency")),
        (scorers, &scorer("spent_tokens"), "scorers", &taken("spent_tokens")),
        (scorers, &scorer("step"), "scorers", &taken("step")),
        (scorers, &scorer("item_sum"), "scorers", &taken("item_sum")),
        (scorers, &scorer("sum_noise"), "scorers", &taken("sum_noise")),
    ] {
        let error = changed(from, to).validate().unwrap_err();
        assert_eq!(error.key(), Some(key), "{to}: {error}");
        assert!(error.to_string().contains(said), "{error} is not {said}");
    }
    changed("", "held_out = 0.5\nconcurrency = 1024\nsamples = 1000").validate().unwrap();
    changed("", "input_price = 0\noutput_price = 0\ntemperature = 0").validate().unwrap();
    config("data = \"a\"\ncheckpoint = \"b\"\nscorers = [\"number\"]").validate().unwrap();
}

#[test]
fn paths_start_from_the_folder_of_their_file_and_addresses_do_not() {
    let paths = "held_out_data = \"b\"\nexamples_data = \"../c\"\nadapter = \"/d\"";
    let local = config(LEAST).endpoint;
    let mut config = changed("", paths);
    config.resolve(Path::new("/studies/one"));
    assert_eq!(config.data, Path::new("/studies/one/sums.jsonl"));
    assert_eq!(config.cache, Path::new("/studies/one/answers.db"));
    assert_eq!(config.held_out_data.as_deref(), Some(Path::new("/studies/one/b")));
    assert_eq!(config.examples_data.as_deref(), Some(Path::new("/studies/one/../c")));
    assert_eq!(config.adapter.as_deref(), Some(Path::new("/d")));
    assert_eq!(config.endpoint, local);
    let resolved = |checkpoint: &str| {
        let checkpoint = Some(checkpoint.to_owned());
        let mut config = GenerateConfig { checkpoint, ..GenerateConfig::default() };
        config.resolve(Path::new("/studies/one"));
        assert_eq!(config.data, Path::new(""), "what is missing stays missing");
        config.checkpoint.unwrap()
    };
    assert_eq!(resolved("tiny.gguf"), "/studies/one/tiny.gguf");
    assert_eq!(resolved("hf://owner/tiny"), "hf://owner/tiny");
}

#[test]
fn a_scorer_is_a_name_or_a_table_and_is_written_as_it_was_read() {
    let spec = |value: Value| serde_json::from_value::<ScorerSpec>(value);
    let plain = spec(json!("contains")).unwrap();
    assert_eq!((plain.metric(), plain.when.len(), plain.options.len()), ("contains", 0, 0));
    let table = json!({
        "name": "number", "metric": "sums", "when": {"kind": "sum"}, "tolerance": 0.5,
    });
    let full = spec(table.clone()).unwrap();
    assert_eq!((full.name.as_str(), full.metric()), ("number", "sums"));
    assert_eq!((full.when.len(), full.when["kind"].as_str()), (1, "sum"));
    assert_eq!(Value::Object(full.options.clone()), json!({"tolerance": 0.5}));
    assert_eq!(serde_json::to_value(&full).unwrap(), table);
    assert_eq!(spec(serde_json::to_value(&plain).unwrap()).unwrap(), plain);
    for (value, said) in [
        (json!(3), "`3` is no scorer: give its name, or a table"),
        (json!({"metric": "sums"}), "a scorer has no `name`"),
        (json!({"name": 3}), "`name` of a scorer is 3, not a text"),
        (json!({"name": "number", "metric": 3}), "`metric` of a scorer is 3, not a text"),
        (
            json!({"name": "number", "when": "sum"}),
            "`when` of scorer `number` must be fields and their texts: ",
        ),
    ] {
        let error = spec(value).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error} is not {said}");
    }
}

#[test]
fn a_scorer_applies_to_items_with_all_its_fields() {
    let lines = "{\"prompt\": \"1 + 1\", \"answer\": 2, \"kind\": \"sum\", \"digits\": 1}\n\
                 {\"prompt\": \"2 * 2\", \"answer\": 4, \"kind\": \"product\"}";
    let set = EvaluationSet::from_jsonl(lines, "set.jsonl".as_ref()).unwrap();
    let applies = |when: Value| {
        let spec = serde_json::from_value::<ScorerSpec>(json!({"name": "number", "when": when}));
        let spec = spec.unwrap();
        set.items().iter().map(|item| spec.applies(item)).collect::<Vec<_>>()
    };
    assert_eq!(applies(json!({})), [true, true]);
    assert_eq!(applies(json!({"kind": "sum"})), [true, false]);
    assert_eq!(applies(json!({"kind": "sum", "digits": "1"})), [true, false]);
    assert_eq!(applies(json!({"kind": "product", "digits": "1"})), [false, false]);
}

#[test]
fn metrics_are_named_once_in_the_order_of_their_scorers() {
    let scorers = r#"scorers = [
        { name = "number", metric = "right" }, "contains", { name = "exact_match", metric = "right" },
    ]"#;
    let config = changed("scorers = [\"exact_match\"]", scorers);
    assert_eq!(config.metrics(), ["right", "contains"]);
}

#[test]
fn system_and_template_are_texts_or_the_names_of_some() {
    let texts = "\n[texts]\nterse = \"Be terse.\"\nsum = \"Add: {prompt}\"\nnothing = \"\"";
    let prompt = |lines: &str| changed("", &format!("{lines}{texts}")).prompt();
    let named = prompt("system = \"terse\"\ntemplate = \"sum\"");
    assert_eq!((named.system.as_deref(), &*named.template), (Some("Be terse."), "Add: {prompt}"));
    let written = prompt("system = \"Be brief.\"\ntemplate = \"{prompt} =\"");
    assert_eq!((written.system.as_deref(), &*written.template), (Some("Be brief."), "{prompt} ="));
    assert_eq!(prompt(""), PromptConfig::default());
    assert_eq!(prompt("system = \"nothing\"").system, None);
    assert_eq!(prompt("system = \"\"").system, None);
}

#[test]
fn sampling_can_be_replaced_as_a_whole() {
    let config = changed("", "temperature = 0.5\nstop = [\"\\n\"]\nseed = 3\nsamples = 2");
    assert_eq!(config.with_sampling(config.sampling()), config);
    let none = config.with_sampling(GenerationSettings::default());
    assert_eq!(none, changed("", "samples = 2"));
}
