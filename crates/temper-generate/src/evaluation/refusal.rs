//! Answers that are none.

/// How refusals begin, in small letters and with straight apostrophes.
const BEGINNINGS: [&str; 12] = [
    "i'm sorry",
    "i am sorry",
    "sorry, but",
    "sorry, i",
    "i apologize",
    "i cannot",
    "i can't",
    "i can not",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i won't",
];

/// Whether an answer is a refusal by its first words. One in other words is not found.
pub(super) fn is_refusal(text: &str) -> bool {
    let longest = BEGINNINGS.iter().map(|beginning| beginning.len()).max().unwrap_or_default();
    let start = text.trim_start_matches(|char: char| !char.is_alphanumeric());
    let start: String = start.chars().take(longest).collect();
    let start = start.to_lowercase().replace('’', "'");
    BEGINNINGS.iter().any(|beginning| start.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::is_refusal;

    #[test]
    fn a_refusal_is_known_by_its_first_words() {
        for text in ["I'm sorry, but I can't help.", " *I’m unable* to", "I cannot answer that"] {
            assert!(is_refusal(text), "{text}");
        }
        for text in ["", "The answer is 4. I'm sorry for the delay", "İ", "Ich kann nicht"] {
            assert!(!is_refusal(text), "{text}");
        }
    }
}
