//! The name that was probably meant.

/// The candidate with the fewest edits from `name`, if it is near: a third of the letters, and at
/// least one edit, may differ.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_none() {
        let names = ["optimizer", "learning_rate"];
        assert_eq!(nearest("optimiser", names), Some("optimizer".to_owned()));
        assert_eq!(nearest("temperature", names), None);
        assert_eq!(nearest("lr", ["ls", "x"]), Some("ls".to_owned()));
    }
}
