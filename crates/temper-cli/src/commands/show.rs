//! `temper show`.

pub(super) mod lineage;
mod trial;

use std::collections::BTreeSet;
use std::iter;

use comfy_table::{CellAlignment, Table, presets};
use miette::{IntoDiagnostic, Result, miette};
use serde::Serialize;
use temper_core::{
    Constraint, Goal, History, Loss, Origin, Setup, StageSetup, State, Trial, TrialId, Verdict,
};
use temper_report::{StudyReport, TrialReport, pareto_front, ranked};

use crate::args::ShowArgs;
use crate::disk::Disk;
use crate::exit::Exit;
use crate::people::{number, short};
use crate::plan::Plan;

/// How many reasons are told below the table; `--json` has them all.
const NOTES: usize = 20;

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    report: StudyReport<'a>,
    /// Bytes of the disk that the study uses.
    disk: Disk,
}

pub(crate) fn run(args: &ShowArgs) -> Result<Exit> {
    let plan = Plan::load(&args.study)?;
    let history = plan.history()?;
    let goals = &plan.setup.goals;
    if let Some(id) = args.trial {
        let trial = history.trial(TrialId(id)).ok_or_else(|| none_of(id, &history))?;
        if args.json {
            let report = TrialReport::new(goals, &history, trial);
            println!("{}", serde_json::to_string(&report).into_diagnostic()?);
        } else {
            println!("{}", trial::tell(trial, &state(trial, &history), goals, &history));
            if trial.fork().is_some() {
                println!("{}", lineage::tell(trial, &history, goals));
            }
        }
    } else if args.json {
        let report = StudyReport::new(&plan.setup.name, goals, &history);
        let shown = Shown { report, disk: Disk::of(&plan)? };
        println!("{}", serde_json::to_string(&shown).into_diagnostic()?);
    } else {
        println!("{}", table(&plan, &history));
        notes(&history).for_each(|note| println!("{note}"));
        println!("{}", summary(&history));
        println!("{}", Disk::of(&plan)?);
    }
    Ok(Exit::Ok)
}

fn none_of(id: u64, history: &History) -> miette::Report {
    let help = match history.trials().len() {
        0 => "no trial has begun yet".to_owned(),
        count => format!("the trials are 0 to {}", count - 1),
    };
    miette!(help = help, "there is no trial {id}")
}

fn table(plan: &Plan, history: &History) -> Table {
    let params: Vec<&str> = plan.space.spec().0.keys().map(String::as_str).collect();
    let bounded = bounded(&plan.setup);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let goals = &plan.setup.goals;
    let front: BTreeSet<_> = pareto_front(history).iter().map(|trial| trial.id()).collect();
    let mut header = vec!["trial", "state"];
    header.extend(goals.iter().map(|goal| goal.metric.as_str()));
    if goals.len() > 1 {
        header.push("front");
    }
    let stages = &plan.setup.stages;
    if !stages.is_empty() {
        header.push("stage");
    }
    let repeats = history.trials().iter().any(|trial| trial.origin().is_repeat());
    if repeats {
        header.extend(REPEATS);
    }
    header.push("seconds");
    header.extend(&bounded);
    let numbers_end = header.len();
    header.extend(&params);
    table.set_header(header);
    for trial in ranked(history) {
        let mut row = vec![trial.id().to_string(), state(trial, history)];
        row.extend((0..goals.len()).map(|index| value(trial, goals, index)));
        if goals.len() > 1 {
            row.push(if front.contains(&trial.id()) { "*" } else { "" }.to_owned());
        }
        if !stages.is_empty() {
            row.push(stage_name(stages, trial).to_owned());
        }
        if repeats {
            row.extend(repeat_cells(trial, goals, history));
        }
        row.push(format!("{:.1}", trial.seconds()));
        let metric = |name: &&str| history.metric(trial, name).map(number).unwrap_or_default();
        row.extend(bounded.iter().map(metric));
        row.extend(
            params.iter().map(|name| trial.config().get(name).map(short).unwrap_or_default()),
        );
        table.add_row(row);
    }
    for column in iter::once(0).chain(2..numbers_end) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Where configurations ran again: the trial that this one repeats, how many runs it has itself,
/// their mean and its standard error.
const REPEATS: [&str; 4] = ["repeats", "runs", "mean", "error"];

fn repeat_cells(trial: &Trial, goals: &[Goal], history: &History) -> [String; 4] {
    let repeats = match trial.origin() {
        Origin::Confirmation { of: None, .. } => "default".to_owned(),
        origin => origin.of().map(|of| of.to_string()).unwrap_or_default(),
    };
    let sample = history.sample(trial).filter(|_| !trial.repeats().is_empty());
    let told = |loss: f64| Some(number(goals.first()?.value(Loss::new(loss).ok()?)));
    let mean = sample.and_then(|sample| told(sample.mean())).unwrap_or_default();
    let error = sample.and_then(|sample| sample.standard_error()).map(number).unwrap_or_default();
    [repeats, sample.map(|it| it.count().to_string()).unwrap_or_default(), mean, error]
}

/// The name of the trial's stage; empty if it is of none.
fn stage_name<'a>(stages: &'a [StageSetup], trial: &Trial) -> &'a str {
    let stage = trial.stage().and_then(|index| stages.get(usize::try_from(index).ok()?));
    stage.map_or("", |stage| &stage.name)
}

/// The metrics beside the goals that have to keep a bound.
fn bounded(setup: &Setup) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in setup.constraints.iter().map(Constraint::metric) {
        if !names.contains(&name) && setup.goals.iter().all(|goal| goal.metric != name) {
            names.push(name);
        }
    }
    names
}

fn state(trial: &Trial, history: &History) -> String {
    match trial.failure() {
        Some(failure) => format!("failed: {}", failure.kind),
        None if is_infeasible(trial, history) => "infeasible".to_owned(),
        None => trial.state().to_string(),
    }
}

fn is_infeasible(trial: &Trial, history: &History) -> bool {
    trial.state() == State::Completed && !history.is_feasible(trial)
}

/// The result, or in brackets the last value that was reported.
fn value(trial: &Trial, goals: &[Goal], index: usize) -> String {
    let loss = trial.losses().get(index);
    match loss.map(|loss| number(goals[index].value(*loss))) {
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
        // Of a trial that was promoted to its end, the result says enough.
        None if trial.remarks().last().is_none_or(|it| it.verdict == Verdict::Continue) => None,
        None => trial.reason().map(|reason| format!("trial {}: {reason}", trial.id())),
    };
    history.trials().iter().filter_map(reason).take(NOTES)
}

fn summary(history: &History) -> String {
    use State::{Completed, Failed, Paused, Pruned, Running, Waiting};
    let infeasible = history.trials().iter().filter(|trial| is_infeasible(trial, history)).count();
    [Completed, Pruned, Failed, Running, Paused, Waiting]
        .into_iter()
        .map(|state| (history.in_state(state).count(), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| match state {
            Completed if infeasible > 0 => format!("{count} {state} ({infeasible} infeasible)"),
            _ => format!("{count} {state}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}
