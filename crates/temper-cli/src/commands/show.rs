//! `temper show`.

use comfy_table::{CellAlignment, Table, presets};
use miette::{IntoDiagnostic, Result};
use temper_core::{Goal, History, State, Trial};
use temper_report::{StudyReport, ranked};

use crate::args::ShowArgs;
use crate::exit::Exit;
use crate::people::{number, short};
use crate::plan::Plan;

/// How many reasons are told below the table; `--json` has them all.
const NOTES: usize = 20;

pub(crate) fn run(args: &ShowArgs) -> Result<Exit> {
    let plan = Plan::load(&args.study)?;
    let history = plan.history()?;
    if args.json {
        let report = StudyReport::new(&plan.setup.name, &plan.setup.goals, &history);
        println!("{}", serde_json::to_string(&report).into_diagnostic()?);
    } else {
        println!("{}", table(&plan, &history));
        notes(&history).for_each(|note| println!("{note}"));
        println!("{}", summary(&history));
    }
    Ok(Exit::Ok)
}

fn table(plan: &Plan, history: &History) -> Table {
    let params: Vec<&str> = plan.space.spec().0.keys().map(String::as_str).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["trial", "state", plan.goal().metric.as_str(), "seconds"];
    header.extend(&params);
    table.set_header(header);
    for trial in ranked(history) {
        let mut row = vec![
            trial.id().to_string(),
            state(trial),
            value(trial, plan.goal()),
            format!("{:.1}", trial.seconds()),
        ];
        row.extend(
            params.iter().map(|name| trial.config().get(name).map(short).unwrap_or_default()),
        );
        table.add_row(row);
    }
    for column in [0, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn state(trial: &Trial) -> String {
    match trial.failure() {
        Some(failure) => format!("failed: {}", failure.kind),
        None => trial.state().to_string(),
    }
}

/// The result, or in brackets the last value that was reported.
fn value(trial: &Trial, goal: &Goal) -> String {
    match trial.loss().map(|loss| number(goal.value(loss))) {
        Some(value) if trial.state() == State::Completed => value,
        Some(value) => format!("({value})"),
        None => String::new(),
    }
}

/// Why trials were stopped or failed, the first of them.
fn notes(history: &History) -> impl Iterator<Item = String> {
    let reason = |trial: &Trial| match trial.failure() {
        Some(failure) => {
            let last = failure.stderr.iter().rev().find(|line| !line.is_empty());
            let last = last.map(|line| format!(" ({line})")).unwrap_or_default();
            Some(format!("trial {}: {}{last}", trial.id(), failure.message))
        }
        None => trial.reason().map(|reason| format!("trial {}: {reason}", trial.id())),
    };
    history.trials().iter().filter_map(reason).take(NOTES)
}

fn summary(history: &History) -> String {
    use State::{Completed, Failed, Paused, Pruned, Running, Waiting};
    [Completed, Pruned, Failed, Running, Paused, Waiting]
        .into_iter()
        .map(|state| (history.in_state(state).count(), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect::<Vec<_>>()
        .join(", ")
}
