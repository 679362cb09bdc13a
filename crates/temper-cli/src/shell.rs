//! Commands as a shell reads them.

/// The words as one line for a POSIX shell.
pub(crate) fn command(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The word as it is, or in single quotes where a shell would make something else of it.
fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "-_./=:,+@%".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_a_shell_would_change_are_quoted() {
        let words = ["a/b-c.toml", "lr=1e-3", "", "my run", "$x", "it's", "data=['*.txt']"];
        let words = words.map(str::to_owned);
        let line = r"a/b-c.toml lr=1e-3 '' 'my run' '$x' 'it'\''s' 'data=['\''*.txt'\'']'";
        assert_eq!(command(&words), line);
    }
}
