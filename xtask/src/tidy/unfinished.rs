//! Nothing lands unfinished: no placeholder and no test that isn't run.

use crate::tree::Tree;

use super::finding::Finding;

/// What is not to be found in code, and why.
const FORBIDDEN: [(&str, &str); 3] = [
    ("todo!", "write what is to do, or an issue"),
    ("unimplemented!", "write what is missing, or an issue"),
    ("#[ignore", "a test that isn't run tests nothing: make it quick, or remove it"),
];

/// Finds placeholders and ignored tests.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources().flat_map(|(path, text)| check_file(path, text)).collect()
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, code) in (1..).zip(text.lines()) {
        for (forbidden, advice) in FORBIDDEN {
            if code.match_indices(forbidden).any(|(place, _)| is_code(code, place)) {
                findings.push(Finding::error(path, line, format!("`{forbidden}`: {advice}")));
            }
        }
    }
    findings
}

/// Whether that place of a line is code, as far as the line alone can tell: not in a string or
/// comment, and not the end of a longer word.
fn is_code(line: &str, place: usize) -> bool {
    let before = &line[..place];
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    !before.contains("//")
        && before.matches('"').count().is_multiple_of(2)
        && !before.ends_with(is_word)
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn placeholders_and_ignored_tests_are_found_in_code_only() {
        let [(todo, _), (unimplemented, _), (ignore, _)] = FORBIDDEN;
        let text = format!(
            "fn a() {{ {todo}() }}\n// {todo}()\nlet text = \"{todo}()\";\nmy_{todo}();\n\
            {unimplemented}();\n{ignore} = \"slow\"]\n{ignore}]\n"
        );
        let findings = lines(&check(&Tree::of(&[("crates/a/src/lib.rs", &text)])));
        let places = findings.iter().map(|it| &it["crates/a/src/lib.rs:".len()..][..2]);
        assert_eq!(places.collect::<Vec<_>>(), ["1:", "5:", "6:", "7:"]);
    }
}
