//! `temper best`.

use miette::{IntoDiagnostic, Result, miette};
use temper_core::{Goal, History, Origin, State, Trial};
use temper_report::pareto_front;
use temper_study::TrialFolders;
use temper_train::TrainConfig;

use crate::args::StudyArgs;
use crate::commands::show::lineage;
use crate::exit::Exit;
use crate::objective::CHECKPOINTS;
use crate::people::{describe, number};
use crate::plan::Plan;
use crate::shell::command;
use crate::train_settings::toml_value;

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    let history = plan.history()?;
    if let Some(lack) = lack(&history) {
        eprintln!("{lack}");
        return Ok(Exit::NothingFound);
    }
    print!("{}", best_toml(&plan, &history)?);
    Ok(Exit::Ok)
}

/// Why there is no best trial, if there is none.
pub(crate) fn lack(history: &History) -> Option<String> {
    let completed: Vec<_> = history.in_state(State::Completed).collect();
    if completed.is_empty() {
        return Some("no trial has completed yet".to_owned());
    }
    if history.best().is_some() {
        return None;
    }
    let constraints = history.setup().map_or(&[][..], |setup| &setup.constraints);
    let how_near = constraints.iter().map(|constraint| {
        let values =
            || completed.iter().filter_map(|trial| history.metric(trial, constraint.metric()));
        let kept = values().filter(|value| constraint.excess(*value) <= 0.0).count();
        let nearest = values()
            .min_by(|one, other| constraint.excess(*one).total_cmp(&constraint.excess(*other)));
        match nearest {
            _ if kept > 0 => format!("{constraint} (kept by {kept})"),
            Some(nearest) => format!("{constraint} (the nearest is at {})", number(nearest)),
            None => format!("{constraint} (never reported)"),
        }
    });
    let how_near = how_near.collect::<Vec<_>>().join(", ");
    Some(format!("none of {} completed trials is feasible: {how_near}", completed.len()))
}

/// The best configuration by the primary goal as TOML: of the built-in trainer all settings, of a program its
/// parameters.
pub(crate) fn best_toml(plan: &Plan, history: &History) -> Result<String> {
    let best = history.best().ok_or_else(|| miette!("there is no best trial"))?;
    let of_stage = history.settings_of(best.stage()).cloned().unwrap_or_default();
    let table = match &plan.objective.train {
        Some(settings) => {
            let config = settings.with_both(best.config(), &of_stage).into_diagnostic()?;
            let mut table = toml::Table::try_from(&config).into_diagnostic()?;
            if config.base_model.is_some() {
                table.retain(|key, _| !TrainConfig::of_base_model().contains(&key));
            }
            table
        }
        None => {
            let params = best.config().iter();
            params.map(|(name, value)| (name.to_owned(), toml_value(value))).collect()
        }
    };
    let observed = match (best.origin(), best.note()) {
        (Origin::Observed, Some(note)) => format!(", observed as {note}"),
        _ => String::new(),
    };
    Ok(format!(
        "# trial {} of study {}{observed}: {}\n{}{}{}",
        best.id(),
        plan.setup.name,
        values(&plan.setup.goals, best),
        checkpoints(plan, best),
        front(plan, history),
        schedule(plan, history, best),
        toml::to_string(&table).into_diagnostic()?
    ))
}

/// Where the trainer's checkpoints of the trial are, as a comment, if it has any.
fn checkpoints(plan: &Plan, best: &Trial) -> String {
    let folders = TrialFolders::new(plan.storage.with_extension("trials"));
    let folder = folders.path(best.id()).join(CHECKPOINTS);
    match plan.objective.train {
        Some(_) if folder.exists() => {
            let export = ["temper", "export", &folder.display().to_string(), "FOLDER"];
            format!("# its model: {}\n", command(&export.map(str::to_owned)))
        }
        _ => String::new(),
    }
}

/// What led to a fork, as comments: its parameters below are the last ones.
fn schedule(plan: &Plan, history: &History, best: &Trial) -> String {
    if best.fork().is_none() {
        return String::new();
    }
    let told = lineage::tell(best, history, &plan.setup.goals);
    let lines = told.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n");
    format!(
        "# it was trained by this schedule; below are the settings of its last steps:\n{}",
        lines.collect::<String>()
    )
}

/// The Pareto front as comments, if there are several goals.
fn front(plan: &Plan, history: &History) -> String {
    if plan.setup.goals.len() < 2 {
        return String::new();
    }
    let front = pareto_front(history).into_iter().map(|trial| {
        let values = values(&plan.setup.goals, trial);
        format!("#   trial {}: {values} with {}\n", trial.id(), describe(trial.config()))
    });
    format!("# the Pareto front:\n{}", front.collect::<String>())
}

/// A trial's results: "loss 2.31, latency 40".
fn values(goals: &[Goal], trial: &Trial) -> String {
    let values = goals.iter().zip(trial.losses());
    let values =
        values.map(|(goal, loss)| format!("{} {}", goal.metric, number(goal.value(*loss))));
    values.collect::<Vec<_>>().join(", ")
}
