//! One trial: what it tried, what it reported, and what was decided about it.

use std::collections::BTreeSet;

use comfy_table::{CellAlignment, Table, presets};
use temper_core::{Goal, History, Loss, Origin, Remark, State, Trial, Verdict};

use crate::people::{describe, number};

/// How many reports are shown: the first and the last ones.
const REPORTS: usize = 40;

/// The trial in words.
pub(super) fn tell(trial: &Trial, state: &str, goals: &[Goal], history: &History) -> String {
    let mut lines = vec![format!("trial {}: {state}{}", trial.id(), effort(trial))];
    lines.push(format!("tried: {}", describe(trial.config())));
    let origin = match trial.origin() {
        Origin::Default => Some("it is the default configuration".to_owned()),
        Origin::Strategy => trial.note().map(|note| format!("the strategy: {note}")),
        Origin::Observed => trial.note().map(|note| format!("observed as {note}")),
        Origin::Repeat { seed, .. } | Origin::Confirmation { seed, .. } => {
            let note = trial.note().unwrap_or("it runs a configuration again");
            Some(format!("{note}, with TEMPER_SEED {seed}"))
        }
    };
    lines.extend(origin);
    lines.extend(trial.fork().map(|fork| {
        let step = trial.begins_after();
        format!("it began with the checkpoint of trial {} at step {step}", fork.from)
    }));
    if !trial.reports().is_empty() {
        lines.push(reports(trial, goals));
    }
    lines.extend(trial.remarks().iter().map(remark));
    for failure in trial.failures() {
        lines.push(format!("failed, {}: {}", failure.kind, failure.message));
        lines.extend(failure.stderr.iter().map(|line| format!("    {line}")));
    }
    if trial.state() == State::Completed {
        let results = goals.iter().zip(trial.losses());
        let results =
            results.map(|(goal, loss)| format!("{} {}", goal.metric, number(goal.value(*loss))));
        lines.push(format!("counts with {}", results.collect::<Vec<_>>().join(", ")));
    }
    lines.extend(runs(trial, goals, history));
    lines.join("\n")
}

/// What further runs of its configuration have shown.
fn runs(trial: &Trial, goals: &[Goal], history: &History) -> Option<String> {
    let sample = history.sample(trial).filter(|_| !trial.repeats().is_empty())?;
    let ids: Vec<String> = trial.repeats().iter().map(ToString::to_string).collect();
    let mean = number(goals.first()?.value(Loss::new(sample.mean()).ok()?));
    let error = sample.standard_error().map(|error| format!(", standard error {}", number(error)));
    Some(format!(
        "ran again as trials {}: mean {mean} of {} runs{}",
        ids.join(", "),
        sample.count(),
        error.unwrap_or_default()
    ))
}

/// What it cost: " after 2 attempts, 12.4 s, at most 120 MiB".
fn effort(trial: &Trial) -> String {
    let attempts = match trial.attempts().len() {
        1 => String::new(),
        count => format!(" after {count} attempts"),
    };
    let memory =
        trial.peak_memory().map(|peak| format!(", at most {} MB", peak.div_ceil(1_000_000)));
    format!("{attempts}, {:.1} s{}", trial.seconds(), memory.unwrap_or_default())
}

fn reports(trial: &Trial, goals: &[Goal]) -> String {
    let all = trial.reports();
    let metrics: BTreeSet<&str> =
        all.iter().flat_map(|report| report.metrics.keys()).map(String::as_str).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = ["step"].into_iter().chain(goals.iter().map(|goal| goal.metric.as_str()));
    table.set_header(header.chain(metrics.iter().copied()));
    let left_out = all.len().saturating_sub(REPORTS);
    for (index, report) in all.iter().enumerate() {
        if (REPORTS / 2..REPORTS / 2 + left_out).contains(&index) {
            if index == REPORTS / 2 {
                table.add_row([format!("({left_out} more)")]);
            }
            continue;
        }
        let values = goals.iter().zip(&report.losses);
        let values = values.map(|(goal, loss)| number(goal.value(*loss)));
        let others = metrics
            .iter()
            .map(|name| report.metrics.get(*name).map(|value| number(*value)).unwrap_or_default());
        table.add_row([report.step.to_string()].into_iter().chain(values).chain(others));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// As in "step 20, paused: it reached step 20".
fn remark(remark: &Remark) -> String {
    let verdict = match remark.verdict {
        Verdict::Continue => "went on",
        Verdict::Pause => "paused",
        Verdict::Stop => "stopped",
        Verdict::Complete => "ended early",
    };
    format!("step {}, {verdict}: {}", remark.step, remark.reason)
}
