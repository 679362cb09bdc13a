//! Where words begin and end.

use std::sync::LazyLock;

use regex::Regex;

/// What makes up words between which there are spaces, unlike those of Chinese, Japanese or Thai.
static SPACED: LazyLock<Regex> = LazyLock::new(|| {
    let unspaced = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}";
    Regex::new(&format!(r"^[\w--[{unspaced}]]$")).expect("the pattern is fixed, and tests use it")
});

/// Whether `part` stands in `text` without a letter or digit that would go on a word of its own at
/// one of its ends: 4 is not in 42. Nothing stands nowhere.
pub(super) fn stands_in(part: &str, text: &str) -> bool {
    let (Some(first), Some(last)) = (part.chars().next(), part.chars().next_back()) else {
        return false;
    };
    let mut from = 0;
    while let Some(found) = text[from..].find(part) {
        let (start, end) = (from + found, from + found + part.len());
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        if !are_joined(before, Some(first)) && !are_joined(Some(last), after) {
            return true;
        }
        from = start + first.len_utf8();
    }
    false
}

/// Whether two neighbours are of one word.
fn are_joined(left: Option<char>, right: Option<char>) -> bool {
    let is_spaced = |char: char| match char.is_ascii() {
        true => char.is_ascii_alphanumeric() || char == '_',
        false => SPACED.is_match(char.encode_utf8(&mut [0; 4])),
    };
    left.is_some_and(is_spaced) && right.is_some_and(is_spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_no_part_of_a_word() {
        for (part, text) in [
            ("4", "It is 4."),
            ("4", "42 or 4"),
            ("x x", "xx x x"),
            ("cat", "con-cat"),
            ("C++", "In C++11, say"),
            ("$5", "A$5"),
            ("東京", "首都は東京です"),
            ("กรุงเทพ", "คือกรุงเทพมหานคร"),
            ("été", "l'été dernier"),
        ] {
            assert!(stands_in(part, text), "{part} in {text}");
        }
        for (part, text) in [
            ("4", "42, 24 and 244"),
            ("cat", "concatenate"),
            ("cat", "cats"),
            ("x_1", "x_10"),
            ("ét", "été"),
            ("Paris", "paris"),
            ("", "anything"),
        ] {
            assert!(!stands_in(part, text), "{part} in {text}");
        }
    }
}
