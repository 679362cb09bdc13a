//! How the best compare under further seeds, for people.

use comfy_table::{CellAlignment, Table, presets};
use temper_core::{Config, Confirmation, History};
use temper_report::{ConfirmationReport, Confirmed};

use crate::args::RunArgs;
use crate::commands::run::resume_command;
use crate::people::{counted, number, short};
use crate::plan::Plan;

/// What has won, in one line; `None` before the comparison is over.
pub(crate) fn title(report: &ConfirmationReport, plan: &Plan) -> Option<String> {
    let winner = report.winner()?;
    let name = match winner.trial {
        _ if winner.is_default => "the default configuration".to_owned(),
        Some(trial) => format!("trial {trial}"),
        None => return None,
    };
    let runs = counted(winner.values.len() as u64, "fresh seed");
    let (metric, mean) = (&plan.goal().metric, number(winner.mean?));
    Some(format!("{name} of study {}, confirmed under {runs}: {metric} {mean}", plan.setup.name))
}

/// The table, as comments of a TOML file.
pub(crate) fn table(report: &ConfirmationReport, plan: &Plan) -> String {
    let rival = match report.rival {
        "default" => "better than the default",
        _ => "better than the best other",
    };
    let metric = plan.goal().metric.as_str();
    let default = plan.space.default_config().and_then(|it| plan.space.complete(it).ok());
    let differs = match default {
        Some(_) => "differs from the default by",
        None => "configuration",
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", differs, "runs", metric, "95 % interval", "in the search", rival]);
    for row in &report.candidates {
        table.add_row([
            name(row),
            difference(&row.params, default.as_ref()),
            row.values.len().to_string(),
            row.mean.map(number).unwrap_or_default(),
            row.interval.map(interval).unwrap_or_default(),
            row.search.map(number).unwrap_or_default(),
            row.chance.map(percent).unwrap_or_default(),
        ]);
    }
    for column in [2, 3, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.trim_fmt();
    lines
        .lines()
        .map(str::to_owned)
        .chain(notes(report))
        .map(|line| format!("# {line}\n"))
        .collect()
}

/// What the table leaves out.
fn notes(report: &ConfirmationReport) -> Vec<String> {
    let mut notes = Vec::new();
    for row in &report.candidates {
        let name = name(row);
        if let Some(reason) = &row.dropped {
            notes.push(format!("{name} was dropped: {reason}"));
        }
        if row.failed > 0 {
            notes.push(format!("{} of {name} had no result", counted(row.failed as u64, "run")));
        }
        if !row.is_feasible {
            notes.push(format!("{name} does not keep the constraints"));
        }
        if row.is_constant() {
            notes.push(format!("{name}: the same under all seeds: is the seed used?"));
        }
    }
    if !report.is_over {
        notes.push("the comparison is not over: what the search saw as best comes first".into());
    } else if report.winner().is_none() {
        notes.push("none of them could be confirmed: this is what the search saw".into());
    }
    notes
}

/// What was found out, in one line at the end of a run.
pub(crate) fn conclusion(
    confirmation: &Confirmation,
    args: &RunArgs,
    plan: &Plan,
    history: &History,
) -> String {
    let report = ConfirmationReport::new(confirmation, &plan.setup.goals, history);
    if !report.is_over {
        return format!("the best are not confirmed yet; to go on: {}", resume_command(args));
    }
    let Some(winner) = report.winner() else {
        return "none of the best could be confirmed".to_owned();
    };
    let metric = &plan.goal().metric;
    let default = report.candidates.iter().find(|it| it.is_default && it.mean.is_some());
    let mean = |row: &Confirmed| row.mean.map(number).unwrap_or_default();
    match (default, winner.chance.map(percent)) {
        _ if winner.is_default => {
            format!("nothing beat the default configuration: {metric} {}", mean(winner))
        }
        (Some(default), Some(chance)) => format!(
            "{metric} {}: better than the default's {} with a chance of {chance}",
            mean(winner),
            mean(default)
        ),
        (None, Some(chance)) => format!(
            "{metric} {}: better than the best other one with a chance of {chance}",
            mean(winner)
        ),
        (_, None) => format!("{metric} {}, with nothing to compare with", mean(winner)),
    }
}

/// "trial 7", "the default", or both.
fn name(row: &Confirmed) -> String {
    match (row.trial, row.is_default) {
        (Some(trial), true) => format!("default (trial {trial})"),
        (None, true) => "default".to_owned(),
        (Some(trial), false) => format!("trial {trial}"),
        (None, false) => String::new(),
    }
}

/// The parameters that are not as in the default configuration, those that it lacks included.
fn difference(params: &Config, default: Option<&Config>) -> String {
    let is_other = |name: &str| default.is_none_or(|it| it.get(name) != params.get(name));
    let others = params.iter().filter(|(name, _)| is_other(name));
    others.map(|(name, value)| format!("{name}={}", short(value))).collect::<Vec<_>>().join(" ")
}

fn interval((low, high): (f64, f64)) -> String {
    format!("{} to {}", number(low), number(high))
}

/// A chance in percent; of one that is not 1 never 100.
fn percent(chance: f64) -> String {
    match chance * 100.0 {
        percent if percent > 99.9 && percent < 100.0 => "> 99.9 %".to_owned(),
        percent if percent > 0.0 && percent < 0.1 => "< 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_is_never_rounded_to_certainty() {
        let chances = [0.5, 0.0, 1.0, 0.9996, 0.0004, 0.9732, 0.999];
        let told = ["50.0 %", "0.0 %", "100.0 %", "> 99.9 %", "< 0.1 %", "97.3 %", "99.9 %"];
        assert_eq!(chances.map(percent), told);
    }
}
