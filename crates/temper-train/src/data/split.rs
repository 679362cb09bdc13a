//! The held-out part of a corpus: contiguous, and the same for every seed.

/// A document shorter than this, in bytes, is not cut: it is trained on or held out as a whole.
const WHOLE_BELOW: usize = 4096;

/// A corpus in two parts that share no byte.
#[derive(Debug, PartialEq)]
pub(super) struct Split<'a> {
    /// The texts to train on.
    pub train: Vec<&'a str>,
    /// The texts to evaluate on.
    pub held_out: Vec<&'a str>,
}

/// Holds out `fraction` of the documents' bytes.
///
/// Of every long document the end is held out. Of the short ones, in order, a whole one is held
/// out whenever that brings the share held out so far closer to `fraction`. Where this holds out
/// nothing, every document is cut.
pub(super) fn split<'a>(documents: &[&'a str], fraction: f64) -> Split<'a> {
    let split = cut_from(WHOLE_BELOW, documents, fraction);
    if split.held_out.is_empty() {
        return cut_from(0, documents, fraction);
    }
    split
}

fn cut_from<'a>(shortest: usize, documents: &[&'a str], fraction: f64) -> Split<'a> {
    let mut split = Split { train: Vec::new(), held_out: Vec::new() };
    let mut owed = 0.0;
    for document in documents {
        if document.len() >= shortest {
            let (head, tail) = cut(document, fraction);
            split.train.push(head);
            if !tail.is_empty() {
                split.held_out.push(tail);
            }
            continue;
        }
        let length = document.len() as f64;
        owed += fraction * length;
        if owed >= 0.5 * length {
            owed -= length;
            split.held_out.push(document);
        } else {
            split.train.push(document);
        }
    }
    split
}

/// Cuts a text at the start of a character so that at most `fraction` of its bytes come after.
fn cut(document: &str, fraction: f64) -> (&str, &str) {
    let target = document.len() - (fraction * document.len() as f64) as usize;
    document.split_at(document.ceil_char_boundary(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_single_long_document_is_held_out() {
        let document = "0123456789".repeat(1_000);
        let split = split(&[&document], 0.1);
        assert_eq!(split.train, [&document[..9_000]]);
        assert_eq!(split.held_out, [&document[9_000..]]);
    }

    #[test]
    fn every_document_is_in_exactly_one_part_or_cut_in_two() {
        let long = "long ".repeat(2_000);
        let mut documents = vec![long.as_str()];
        let short: Vec<String> = (0..100).map(|index| format!("document {index}")).collect();
        documents.extend(short.iter().map(String::as_str));
        let split = split(&documents, 0.2);

        let mut pieces: Vec<&str> = split.train.iter().chain(&split.held_out).copied().collect();
        pieces.sort_unstable();
        let mut expected: Vec<&str> = short.iter().map(String::as_str).collect();
        expected.extend([&long[..8_000], &long[8_000..]]);
        expected.sort_unstable();
        assert_eq!(pieces, expected);

        let held_out: usize = split.held_out.iter().map(|text| text.len()).sum();
        let all: usize = documents.iter().map(|text| text.len()).sum();
        assert!((held_out as f64 / all as f64 - 0.2).abs() < 0.01);
    }

    #[test]
    fn a_few_short_documents_are_cut() {
        let split = split(&["0123456789", "abcdefghij"], 0.1);
        assert_eq!(split.train, ["012345678", "abcdefghi"]);
        assert_eq!(split.held_out, ["9", "j"]);
    }

    #[test]
    fn characters_are_not_cut() {
        let split = split(&["ééééé"], 0.3);
        assert_eq!((split.train, split.held_out), (vec!["éééé"], vec!["é"]));
    }
}
