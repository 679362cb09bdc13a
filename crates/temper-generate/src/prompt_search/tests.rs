use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::{
    Account, Allowance, AnswerStore, Cached, Completion, GenerateConfig, Input, Part, Prices,
    Surroundings, TokenPrice,
};

/// What a fake answers, given all that it reads; it may refuse to.
type Answer = dyn Fn(&str) -> Result<String, GenerateError> + Send + Sync;

/// Answers as it is told to, and keeps what it was asked.
struct Fake {
    name: &'static str,
    asked: Mutex<Vec<String>>,
    answer: Box<Answer>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Fake {
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Generator for Fake {
    fn identity(&self) -> Value {
        json!(self.name)
    }

    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        let Input::Messages(messages) = &request.input else { panic!("it is a chat") };
        let contents: Vec<&str> = messages.iter().map(|it| it.content.as_str()).collect();
        let read = contents.join("\n");
        self.asked.lock().unwrap().push(read.clone());
        Ok(Completion {
            text: (self.answer)(&read)?,
            input_tokens: Some(10),
            output_tokens: Some(2),
            latency: 0.5,
            finish_reason: None,
            refused: false,
        })
    }
}

fn fake(
    name: &'static str,
    answer: impl Fn(&str) -> Result<String, GenerateError> + Send + Sync + 'static,
) -> Fake {
    Fake { name, asked: Mutex::default(), answer: Box::new(answer) }
}

/// Is right on the items whose numbers stand in what it reads before the item: "2 and 5" is right on
/// two of them.
fn pupil() -> Fake {
    fake("pupil", |read| {
        let (instruction, item) = read.rsplit_once("item ").unwrap_or(("", read));
        let knows = instruction.split_whitespace().any(|word| word == item);
        Ok(if knows { "right" } else { "wrong" }.to_owned())
    })
}

/// Says one after the other.
fn teacher(said: &'static [&'static str]) -> Fake {
    let next = Mutex::new(said.iter());
    fake("teacher", move |_| {
        let said = next.lock().unwrap().next().copied();
        said.map(str::to_owned).ok_or_else(|| GenerateError::Failed("all is said".to_owned()))
    })
}

const ITEMS: usize = 6;

/// Six items, which the pupil is asked with this system text.
fn evaluation(system: &str) -> (tempfile::TempDir, Evaluation) {
    let folder = tempfile::tempdir().unwrap();
    let lines = (0..ITEMS)
        .map(|number| format!("{{\"prompt\": \"item {number}\", \"answer\": \"right\"}}\n"));
    std::fs::write(folder.path().join("items.jsonl"), lines.collect::<String>()).unwrap();
    let mut config: GenerateConfig = toml::from_str(
        "data = \"items.jsonl\"\nendpoint = \"http://127.0.0.1:1/v1\"\nmodel = \"pupil\"\n\
         concurrency = 1\nscorers = [\"exact_match\"]",
    )
    .unwrap();
    config.resolve(folder.path());
    config.system = Some(system.to_owned());
    let surroundings = Surroundings::without_judges(folder.path());
    let evaluation = Evaluation::new(&config, Part::Search, &surroundings).unwrap();
    (folder, evaluation)
}

fn settings() -> PromptSearchConfig {
    PromptSearchConfig { rounds: 4, failures: 2, ..PromptSearchConfig::default() }
}

fn search<'a>(
    config: &'a PromptSearchConfig,
    evaluation: &'a Evaluation,
    answers: &'a dyn Generator,
    proposes: &'a dyn Generator,
) -> PromptSearch<'a> {
    PromptSearch { config, evaluation, metric: "exact_match", answers, proposes, seed: 7 }
}

fn run(search: PromptSearch<'_>) -> Result<Rewrites, EvaluationError> {
    search.run(&AtomicBool::new(false), &mut |_| ())
}

fn fates(rewrites: &Rewrites) -> Vec<String> {
    let fate = |candidate: &Candidate| match &candidate.fate {
        Fate::Kept { mean } => format!("kept with {mean:.2}"),
        Fate::NoBetter { .. } => format!("no better on {}", candidate.scores.len()),
        Fate::Refused { because } => because.clone(),
    };
    rewrites.candidates.iter().map(fate).collect()
}

#[test]
fn a_rewrite_that_beats_its_parent_where_that_failed_is_tried_on_all_items() {
    let (_folder, evaluation) = evaluation("0");
    let teacher = teacher(&[
        "<instruction>nothing</instruction>",
        "Better: <instruction>0 1 2 3 4</instruction>",
        "<instruction>0 1 2 3</instruction>",
        "<instruction>0 1 2 3 4 5</instruction>",
    ]);
    let (settings, pupil) = (settings(), pupil());
    let mut shown = Vec::new();
    let rewrites = search(&settings, &evaluation, &pupil, &teacher)
        .run(&AtomicBool::new(false), &mut |candidate| shown.push(candidate.round))
        .unwrap();
    assert_eq!(
        fates(&rewrites),
        ["kept with 0.17", "no better on 4", "kept with 0.83", "no better on 2", "kept with 1.00"]
    );
    assert_eq!((shown, rewrites.refused), (vec![1, 2, 3, 4], 0));
    let found = rewrites.found().unwrap();
    assert_eq!((found.round, found.text.as_str(), found.mean()), (4, "0 1 2 3 4 5", Some(1.0)));
    let parents: Vec<Option<u32>> = rewrites.candidates.iter().map(|it| it.parent).collect();
    assert_eq!(parents, [None, Some(0), Some(0), Some(2), Some(2)], "the start is dominated");
    let text = serde_json::to_string(&rewrites).unwrap();
    assert_eq!(serde_json::from_str::<Rewrites>(&text).unwrap(), rewrites);
    // All items of the start and the two that were kept, and the minibatches of the others.
    assert_eq!(pupil.asked().len(), 3 * ITEMS + 4 + 2);
}

#[test]
fn the_model_is_shown_the_text_and_what_went_wrong_with_it() {
    let (_folder, evaluation) = evaluation("0 1 2 3 4");
    let teacher = teacher(&["nothing"]);
    let settings = PromptSearchConfig { rounds: 1, ..settings() };
    let rewrites = run(search(&settings, &evaluation, &pupil(), &teacher)).unwrap();
    assert_eq!(rewrites.candidates[1].text, "nothing", "what was said is told");
    let asked = teacher.asked();
    for words in [
        "<instruction>\n0 1 2 3 4\n</instruction>",
        "## Question 1\nitem 5\n",
        "## Answer 1\nwrong\n",
        "## Right 1\nright\n",
        "## Score 1\n0\n",
    ] {
        assert!(asked[0].contains(words), "{}", asked[0]);
    }
    assert!(!asked[0].contains("Question 2"), "nothing else failed");
}

#[test]
fn what_is_no_text_or_was_there_before_is_refused_and_counted() {
    let (_folder, evaluation) = evaluation("0");
    let teacher = teacher(&["I can't.", "<instruction>0</instruction>", "<instruction>"]);
    let (settings, pupil) = (settings(), pupil());
    let rewrites = run(search(&settings, &evaluation, &pupil, &teacher)).unwrap();
    let none = "there is no text between <instruction> and </instruction>";
    assert_eq!(
        fates(&rewrites),
        ["kept with 0.17", none, "it is the text of round 0", none, "all is said"]
    );
    assert_eq!((rewrites.refused, rewrites.found(), pupil.asked().len()), (4, None, ITEMS));
}

#[test]
fn a_template_keeps_its_fields() {
    let (_folder, evaluation) = evaluation("");
    let teacher = teacher(&[
        "<instruction>Say right.</instruction>",
        "<instruction>{prompt} {answer}</instruction>",
        "<instruction>0 1 2 {prompt</instruction>",
        "<instruction>0 1 2 3 4 5 {prompt}</instruction>",
    ]);
    let settings = PromptSearchConfig { rewrite: Rewrite::Template, ..settings() };
    let rewrites = run(search(&settings, &evaluation, &pupil(), &teacher)).unwrap();
    assert_eq!(
        fates(&rewrites),
        [
            "kept with 0.00",
            "the template has lost its field `prompt`",
            "the template had no field `answer` before",
            "the template has a `{` at character 7 without its other half",
            "kept with 1.00",
        ]
    );
    assert!(teacher.asked()[0].contains("these fields and no others: {prompt}."));
}

#[test]
fn a_search_ends_where_nothing_fails() {
    let (_folder, evaluation) = evaluation("0 1 2 3 4 5");
    let rewrites = run(search(&settings(), &evaluation, &pupil(), &teacher(&[]))).unwrap();
    assert_eq!((rewrites.ended, rewrites.candidates.len()), (Ended::NothingFails, 1));
}

/// A fake whose answers are kept in the folder, within an allowance.
fn cached(folder: &std::path::Path, generator: Fake, tokens: Option<u64>) -> Cached {
    Cached {
        generator: std::sync::Arc::new(generator),
        store: std::sync::Arc::new(AnswerStore::open(&folder.join("answers.db")).unwrap()),
        prices: None,
        account: Account { study: "a".to_owned(), trial: "prompt_search".to_owned() },
        allowance: Allowance { tokens, cost: None },
    }
}

const IMPROVING: &[&str] = &[
    "<instruction>0 1 2</instruction>",
    "<instruction>0 1 2 3</instruction>",
    "<instruction>1 2 3 4 5</instruction>",
    "<instruction>0 1 2 3 4 5</instruction>",
];

#[test]
fn a_search_that_is_begun_anew_asks_nothing_again_and_finds_the_same() {
    let (folder, evaluation) = evaluation("0");
    let settings = settings();
    let open =
        |pupil, teacher| (cached(folder.path(), pupil, None), cached(folder.path(), teacher, None));
    let (answers, proposes) = open(pupil(), teacher(IMPROVING));
    let whole = run(search(&settings, &evaluation, &answers, &proposes)).unwrap();
    let unable = |_: &str| Err(GenerateError::Unable("it is asked again".to_owned()));
    let (answers, proposes) = open(fake("pupil", unable), fake("teacher", unable));
    assert_eq!(run(search(&settings, &evaluation, &answers, &proposes)).unwrap(), whole);
}

#[test]
fn a_search_that_was_interrupted_goes_on_where_it_was() {
    let (_folder, evaluation) = evaluation("0");
    let folder = tempfile::tempdir().unwrap();
    let (settings, stop) = (settings(), AtomicBool::new(false));
    let whole = run(search(&settings, &evaluation, &pupil(), &teacher(IMPROVING))).unwrap();
    let answers = cached(folder.path(), pupil(), None);
    let proposes = cached(folder.path(), teacher(&IMPROVING[..2]), None);
    let error = search(&settings, &evaluation, &answers, &proposes)
        .run(&stop, &mut |it| stop.store(it.round == 2, Ordering::Relaxed))
        .unwrap_err();
    assert!(matches!(error, EvaluationError::Interrupted), "{error}");
    let proposes = cached(folder.path(), teacher(&IMPROVING[2..]), None);
    assert_eq!(run(search(&settings, &evaluation, &answers, &proposes)).unwrap(), whole);
}

#[test]
fn a_spent_budget_ends_the_search_with_what_it_has() {
    let (folder, evaluation) = evaluation("0");
    let settings = settings();
    // Each answer takes 12 tokens: there are enough for the start, one proposal and its six items.
    let tokens = Some((2 * ITEMS as u64 + 1) * 12);
    let answers = cached(folder.path(), pupil(), tokens);
    let proposes = cached(folder.path(), teacher(IMPROVING), tokens);
    let rewrites = run(search(&settings, &evaluation, &answers, &proposes)).unwrap();
    assert_eq!(fates(&rewrites), ["kept with 0.17", "kept with 0.50"]);
    assert_eq!(rewrites.found().map(|it| it.round), Some(1));
    let spent = "the budget of 156 tokens is spent: 156".to_owned();
    assert_eq!(rewrites.ended, Ended::Spent(spent));
}

#[test]
fn a_rewrite_that_gets_no_answer_is_refused_and_an_endpoint_that_is_gone_is_an_error() {
    let (_folder, evaluation) = evaluation("0");
    let pupil = fake("pupil", |read| match read.contains("endless") {
        true => Err(GenerateError::TimedOut("it took too long".to_owned())),
        false => Ok("wrong".to_owned()),
    });
    let teacher = fake("teacher", |_| Ok("<instruction>endless</instruction>".to_owned()));
    let settings = PromptSearchConfig { rounds: 1, ..settings() };
    let rewrites = run(search(&settings, &evaluation, &pupil, &teacher)).unwrap();
    assert!(fates(&rewrites)[1].ends_with("got no answer: it took too long"), "{rewrites:?}");
    let gone = fake("teacher", |_| Err(GenerateError::Unable("it is gone".to_owned())));
    let error = run(search(&settings, &evaluation, &pupil, &gone)).unwrap_err();
    assert!(matches!(&error, EvaluationError::Unable(said) if said == "it is gone"), "{error}");
}

#[test]
fn who_proposes_is_whoever_answers_unless_another_is_named() {
    let items = GenerateConfig {
        endpoint: Some("http://127.0.0.1:1/v1".to_owned()),
        model: Some("pupil".to_owned()),
        api_key_env: Some("KEY".to_owned()),
        input_price: Some(TokenPrice::Any(1.0)),
        output_price: Some(TokenPrice::Any(2.0)),
        ..GenerateConfig::default()
    };
    let same = PromptSearchConfig::default();
    assert!(same.asks_the_same() && same.proposer(&items) == items);
    let other_model = PromptSearchConfig { model: Some("teacher".to_owned()), ..same.clone() };
    let proposer = other_model.proposer(&items);
    assert_eq!(proposer.api_key_env.as_deref(), Some("KEY"));
    assert_eq!((proposer.model.as_deref(), proposer.prices()), (Some("teacher"), None));
    let by_name: TokenPrice = toml::from_str("pupil = 1.0\nteacher = 4.0").unwrap();
    let output_price = Some(by_name.clone());
    let named = GenerateConfig { input_price: Some(by_name), output_price, ..items.clone() };
    let of_teacher = Some(Prices { input: 4.0, output: 4.0 });
    assert_eq!(other_model.proposer(&named).prices(), of_teacher);
    let half = GenerateConfig { input_price: Some(TokenPrice::Any(1.0)), ..named };
    let said = other_model.validate(&half).unwrap_err().to_string();
    assert_eq!(said, "`output_price` needs `input_price`");
    let endpoint = Some("http://127.0.0.1:2/v1".to_owned());
    let elsewhere = PromptSearchConfig { endpoint, ..other_model.clone() };
    assert_eq!(elsewhere.proposer(&items).api_key_env, None, "a key is for one endpoint");
    assert_eq!(elsewhere.validate(&items).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn settings_out_of_their_bounds_are_named() {
    let items =
        GenerateConfig { checkpoint: Some("model".to_owned()), ..GenerateConfig::default() };
    for (text, said) in [
        ("rounds = 0", "`rounds` is 0, but must be from 1 to 1000"),
        ("failures = 0", "`failures` is 0, but must be from 1 to 100"),
        ("endpoint = \"http://127.0.0.1:1/v1\"", "`endpoint` needs `model`"),
        ("model = \"teacher\"", "`model` needs `endpoint`"),
        ("api_key_env = \"KEY\"", "`api_key_env` needs `endpoint`"),
        ("input_price = 1.0", "`input_price` needs `output_price`"),
        ("temperature = 3.0", "`temperature` is 3, but must be from 0 to 2"),
        ("max_tokens = 0", "`max_tokens` is 0, but must be at least 1"),
    ] {
        let config: PromptSearchConfig = toml::from_str(text).unwrap();
        assert_eq!(config.validate(&items).unwrap_err().to_string(), said);
    }
}

#[test]
fn a_rewritten_text_is_what_it_says_whatever_the_texts_are_called() {
    let config: GenerateConfig = toml::from_str(
        "system = \"brief\"\ntemplate = \"plain\"\n\
         texts = { brief = \"Be brief.\", plain = \"{prompt}\" }",
    )
    .unwrap();
    let rewritten = config.rewritten(Rewrite::System, "plain");
    let prompt = rewritten.prompt();
    assert_eq!((prompt.system.as_deref(), prompt.template.as_str()), (Some("plain"), "{prompt}"));
}
