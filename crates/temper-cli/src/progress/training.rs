//! Shows a training run: a bar on a terminal, lines elsewhere, or JSON.

use std::io::{self, IsTerminal};

use indicatif::ProgressBar;
use temper_train::{Report, Start, StepReport};

use crate::people::number;
use crate::say::{say, tell};

use super::bars::{TICK, style};

/// Who shows a training run.
pub(crate) enum Training {
    /// A bar on stderr, and a line above it for each evaluation.
    Bar(ProgressBar),
    /// A line on stderr for each evaluation.
    Lines,
    /// A line of JSON on stdout for each evaluation.
    Json,
}

impl Training {
    pub(crate) fn new(is_json: bool) -> Self {
        match is_json {
            true => Training::Json,
            false if std::io::stderr().is_terminal() => Training::Bar(ProgressBar::hidden()),
            false => Training::Lines,
        }
    }

    /// The first step is next.
    pub(crate) fn start(&mut self, start: &Start) {
        if let Training::Bar(bar) = self {
            *bar = ProgressBar::new(start.total_steps);
            bar.set_style(style("{bar:24} {pos}/{len} steps, {elapsed} gone, {eta} left{msg}"));
            bar.set_position(start.step);
            bar.reset_eta();
            bar.enable_steady_tick(TICK);
        }
    }

    /// Some more steps are done.
    pub(crate) fn step(&mut self, report: &StepReport) {
        self.advance(report.step, report.train_loss, report.tokens_per_second);
    }

    /// The model was evaluated.
    ///
    /// # Errors
    /// Stdout takes no line; that nobody reads it any more is no error.
    pub(crate) fn evaluation(&mut self, report: &Report) -> io::Result<()> {
        self.advance(report.step, report.train_loss, report.tokens_per_second);
        match self {
            Training::Bar(bar) => bar.println(describe(report)),
            Training::Lines => say(describe(report)),
            Training::Json => {
                return tell(&json_line(report));
            }
        }
        Ok(())
    }

    fn advance(&self, step: u64, train_loss: f64, tokens_per_second: f64) {
        if let Training::Bar(bar) = self {
            bar.set_position(step);
            let (loss, speed) = (number(train_loss), tokens_per_second.round());
            bar.set_message(format!(", train_loss {loss}, {speed} tokens/s"));
        }
    }
}

/// The report for who reads `--json`.
pub(crate) fn json_line(report: &Report) -> String {
    serde_json::to_string(report).expect("a report can be written as JSON") + "\n"
}

impl Drop for Training {
    fn drop(&mut self) {
        if let Training::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// An evaluation as a line, and the text that the model wrote below it.
fn describe(report: &Report) -> String {
    let mut accuracy = String::new();
    if let Some(share) = report.accuracy {
        accuracy = format!(", accuracy {}", number(share));
    }
    let mut text = format!(
        "step {}: eval_loss {}{accuracy}, train_loss {}, lr {}, {} tokens/s",
        report.step,
        number(report.eval_loss),
        number(report.train_loss),
        number(report.learning_rate),
        report.tokens_per_second.round(),
    );
    for line in report.sample.iter().flat_map(|sample| sample.lines()) {
        text.push_str("\n    | ");
        // What a terminal would obey is shown as a sign.
        text.extend(line.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_is_a_line_with_the_sample_below_it() {
        let mut report = Report {
            step: 30,
            eval_loss: 2.5,
            perplexity: 12.18,
            train_loss: 2.25,
            learning_rate: 1e-3,
            grad_norm: 1.0,
            tokens: 1_000,
            tokens_per_second: 500.4,
            model_flops_per_second: 1e9,
            mfu: None,
            bits_per_byte: 3.6,
            accuracy: None,
            peak_memory: None,
            sample: None,
        };
        let line = "step 30: eval_loss 2.5, train_loss 2.25, lr 0.001, 500 tokens/s";
        assert_eq!(describe(&report), line);
        report.sample = Some("Once\n\u{1b}[2J more".to_owned());
        let below = "\n    | Once\n    | \u{fffd}[2J more";
        assert_eq!(describe(&report), format!("{line}{below}"));
    }
}
