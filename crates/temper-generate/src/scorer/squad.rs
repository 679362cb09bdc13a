//! How SQuAD compares answers (Rajpurkar et al. 2016, its script `evaluate-v1.1.py`).

/// The text in lower case, without punctuation and articles, with single spaces.
pub(super) fn normalize(text: &str) -> String {
    let lower = text.to_lowercase();
    let bare: String = lower.chars().filter(|char| !char.is_ascii_punctuation()).collect();
    words(&bare).join(" ")
}

/// The words but articles of a text without punctuation.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !["a", "an", "the"].contains(word)).collect()
}
