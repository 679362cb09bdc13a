//! A text that grows, up to where it is to end.

/// What has come of a text, up to the first of some texts before which it ends.
pub(super) struct Excerpt<'a> {
    stop: &'a [String],
    text: String,
    /// Bytes that were given away.
    given: usize,
    is_over: bool,
}

impl<'a> Excerpt<'a> {
    /// Nothing yet of a text that ends before any of `stop`, none of which is empty.
    pub(super) fn new(stop: &'a [String]) -> Excerpt<'a> {
        Excerpt { stop, text: String::new(), given: 0, is_over: false }
    }

    /// Whether it came to its end: what follows is not of it.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Adds what follows; where it has the beginning of an end, it ends there. Gives what is now
    /// certain to be of it, and was not before.
    pub(super) fn add(&mut self, piece: &str) -> &str {
        if self.is_over {
            return "";
        }
        let longest = self.stop.iter().map(String::len).max().unwrap_or(0);
        // An end that was there before would have been found.
        let mut start = self.text.len().saturating_sub(longest);
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        self.text.push_str(piece);
        let found = self.stop.iter().filter_map(|stop| self.text[start..].find(&**stop)).min();
        if let Some(at) = found {
            self.text.truncate(start + at);
            self.is_over = true;
            return self.give(self.text.len());
        }
        self.give(self.text.len() - self.begun())
    }

    /// What was held back, at the end of the whole text.
    pub(super) fn finish(&mut self) -> &str {
        self.give(self.text.len())
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn give(&mut self, end: usize) -> &str {
        let start = std::mem::replace(&mut self.given, end);
        &self.text[start..end]
    }

    /// Bytes at the end of the text that may be the beginning of an end.
    fn begun(&self) -> usize {
        let begun = |stop: &String| {
            let starts = stop.char_indices().map(|(length, _)| length);
            starts.rev().find(|length| self.text.ends_with(&stop[..*length])).unwrap_or(0)
        };
        self.stop.iter().map(begun).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given away of each piece, and then of the rest, and the text.
    fn given(stop: &[&str], pieces: &[&str]) -> (Vec<String>, String) {
        let stop: Vec<String> = stop.iter().map(|stop| (*stop).to_owned()).collect();
        let mut excerpt = Excerpt::new(&stop);
        let mut given: Vec<String> =
            pieces.iter().map(|piece| excerpt.add(piece).to_owned()).collect();
        given.push(excerpt.finish().to_owned());
        assert_eq!(given.concat(), excerpt.text());
        (given, excerpt.text().to_owned())
    }

    #[test]
    fn a_text_is_cut_before_an_end_within_a_piece_or_over_several() {
        assert_eq!(given(&["\n\n"], &["ab", "c\n\nd", "e"]).1, "abc");
        assert_eq!(given(&["END"], &["abE", "N", "Dcd", "END"]).1, "ab");
        assert_eq!(given(&["b", "ab"], &["xab"]).1, "x");
        assert_eq!(given(&["é!"], &["ééé", "é", "!"]).1, "ééé");
        assert_eq!(given(&[], &["a", "b"]).1, "ab");
        assert_eq!(given(&["a"], &["ab"]).1, "");
    }

    #[test]
    fn what_may_be_the_beginning_of_an_end_is_held_back_until_it_is_known() {
        let (pieces, _) = given(&["\n\n"], &["ab\n", "c", "\n"]);
        assert_eq!(pieces, ["ab", "\nc", "", "\n"]);
        let (pieces, _) = given(&["aab"], &["xaa", "a", "b"]);
        assert_eq!(pieces, ["x", "a", "", ""]);
    }
}
