//! How SQuAD compares answers (Rajpurkar et al. 2016, and 2018 for answers of nothing), by the rules of
//! its script `evaluate-v2.0.py`.

use std::sync::LazyLock;

use regex::Regex;

static ARTICLES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:a|an|the)\b").expect("the pattern is fixed, and tests use it")
});

/// The text in lower case, without ASCII's punctuation, then without articles, with single spaces.
pub(super) fn normalize(text: &str) -> String {
    let lower = text.to_lowercase();
    let bare: String = lower.chars().filter(|char| !char.is_ascii_punctuation()).collect();
    words(&ARTICLES.replace_all(&bare, " ")).join(" ")
}

/// What stands between white space.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
