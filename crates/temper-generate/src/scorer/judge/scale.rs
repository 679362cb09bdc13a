//! Grades in what a judge says.

use regex::{Captures, Regex};

/// The grades that a judge can give.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    /// `Score: 4`, `**Score:** 4/5`, `Score (1-5): 4`, `the score is 4`, `"score": 4`.
    named: Regex,
    /// A number that is all that was said.
    alone: Regex,
}

impl Scale {
    pub(super) fn new(low: f64, high: f64) -> Self {
        let number = r"[-\x{2212}]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)";
        // Of what else may stand right behind it, a range, a percentage or a decimal comma is none.
        let grade = format!(
            r#"(?<grade>{number})(?:["'*_`\s]*(?:/|out\s+of\b)\s*(?<of>{number}))?(?<other>\s*%|[-–,][0-9])?"#
        );
        let name = r#"\bscore\b["'*_`\s]*(?:\([^)\n]*\)["'*_`\s]*)?"#;
        let link = r#"(?:[:=][\s"'*_`(\[]*|(?:is|of)\b[\s:"'*_`]*)?"#;
        let pattern =
            |text: &str| Regex::new(text).expect("the pattern is fixed, and a test builds it");
        Self {
            low,
            high,
            named: pattern(&format!("(?i){name}{link}{grade}")),
            alone: pattern(&format!(r#"(?i)^[\s"'*_`(\[]*{grade}[\s"'*_`)\].]*$"#)),
        }
    }

    /// The grade that was given last as a share of the scale: the lowest is 0, the highest 1.
    pub(super) fn score(&self, said: &str) -> Option<f64> {
        let captures =
            self.alone.captures(said).or_else(|| self.named.captures_iter(said).last())?;
        let grade = self.grade(&captures)?;
        Some((grade - self.low) / (self.high - self.low))
    }

    fn grade(&self, captures: &Captures<'_>) -> Option<f64> {
        let number =
            |name| captures.name(name).map(|it| it.as_str().replace('\u{2212}', "-").parse());
        let grade: f64 = number("grade")?.ok()?;
        // 8 of 10 is no 8 on a scale up to 20.
        let is_of_this = number("of").is_none_or(|of| of == Ok(self.high));
        let is_on_it = (self.low..=self.high).contains(&grade);
        (is_of_this && is_on_it && captures.name("other").is_none()).then_some(grade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_grade_is_read_however_it_is_written() {
        for said in [
            "Score: 4",
            "It is right.\n\nScore: 4",
            "Score: 4.",
            "Score: 4.0",
            "**Score:** 4/5",
            "**Score: 4**",
            "Score: **4**/5",
            "**Score**: 4 / 5",
            "Score: 4 out of 5",
            "Score: [4]",
            "## Score\n4",
            "Score (1-5): 4",
            "score is 4",
            "The score is: 4",
            "I give it a score of 4, as it is right.",
            "score = 4",
            "{\"score\": 4}",
            "`Score: 4`",
            "Score: 1? No, better.\nScore: 4",
            "4",
            " 4\n",
            "**4**",
            "4/5",
            "4.",
        ] {
            assert_eq!(Scale::new(1.0, 5.0).score(said), Some(0.75), "{said}");
        }
    }

    #[test]
    fn what_is_no_grade_on_the_scale_is_none() {
        for said in [
            "",
            "Score: N",
            "Score: 0",
            "Score: 6",
            "Score: 45",
            "Score: -4",
            "Score: 4/10",
            "Score: 4%",
            "Score: 4-5",
            "Score: 4,5",
            "Score: 4\nScore: 7",
            "It has 4 errors",
            "4 or 5",
            "underscore 4",
            "I can't grade that.",
        ] {
            assert_eq!(Scale::new(1.0, 5.0).score(said), None, "{said}");
        }
    }

    #[test]
    fn a_scale_may_begin_below_nothing_and_have_parts() {
        let scale = Scale::new(-1.0, 1.0);
        for (said, score) in [
            ("Score: -1", 0.0),
            ("Score: \u{2212}0.5", 0.25),
            ("Score: 0", 0.5),
            ("Score: .5", 0.75),
            ("Score: 1/1", 1.0),
        ] {
            assert_eq!(scale.score(said), Some(score), "{said}");
        }
    }
}
