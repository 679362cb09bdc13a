//! `temper best`.

use miette::{IntoDiagnostic, Result, miette};
use serde_json::json;
use temper_core::{Confirmation, Goal, History, Loss, Origin, State, Trial};
use temper_report::{ConfirmationReport, TrialReport, best_trial, confirmation, pareto_front};
use temper_study::TrialFolders;
use temper_train::TrainConfig;

use crate::args::BestArgs;
use crate::commands::show::lineage;
use crate::confirmation;
use crate::exit::Exit;
use crate::held_out;
use crate::objective::CHECKPOINTS;
use crate::people::{describe, number};
use crate::plan::Plan;
use crate::prompt_search;
use crate::settings::toml_value;
use crate::shell::command;

pub(crate) fn run(args: &BestArgs) -> Result<Exit> {
    let plan = Plan::load(&args.study)?;
    let history = plan.history()?;
    if let Some(lack) = lack(&history) {
        eprintln!("{lack}");
        return Ok(Exit::NothingFound);
    }
    if args.json {
        println!("{}", best_json(&plan, &history)?);
    } else {
        print!("{}", best_toml(&plan, &history)?);
    }
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

/// The best trial, and how the best compare under further seeds.
fn best_json(plan: &Plan, history: &History) -> Result<String> {
    let goals = &plan.setup.goals;
    let confirmed = confirmation(history);
    let best = best_trial(history, confirmed.as_ref());
    let mut report = json!({
        "study": plan.setup.name,
        "best": best.map(|best| TrialReport::new(goals, history, best)),
        "confirmation": confirmed.map(|it| ConfirmationReport::new(&it, goals, history)),
    });
    let held_out = held_out::known(plan, history)?;
    if let Some(record) = prompt_search::known(plan, history)? {
        let better = record.better_text(held_out.as_ref());
        report["better_text"] = serde_json::to_value(better).into_diagnostic()?;
        report["prompt_search"] = serde_json::to_value(record).into_diagnostic()?;
    }
    if let Some(held_out) = held_out {
        report["held_out"] = serde_json::to_value(held_out).into_diagnostic()?;
    }
    serde_json::to_string(&report).into_diagnostic()
}

/// The best configuration by the primary goal as TOML: of the built-in trainer all settings, of a program its
/// parameters. Of a study that has confirmed its best it is the winner. It has the rewritten text of a
/// search of the prompt if that is better on the held-out items, too.
pub(crate) fn best_toml(plan: &Plan, history: &History) -> Result<String> {
    let confirmed = confirmation(history);
    let best = best_trial(history, confirmed.as_ref());
    let best = best.ok_or_else(|| miette!("there is no best trial"))?;
    let of_stage = history.settings_of(stage(best, confirmed.as_ref(), history));
    let of_stage = of_stage.cloned().unwrap_or_default();
    let held_out = held_out::known(plan, history)?;
    let record = prompt_search::known(plan, history)?;
    let table = match (plan.objective.train(), plan.objective.generate()) {
        (_, Some(settings)) => {
            let config = settings.with_both(best.config(), &of_stage).into_diagnostic()?;
            let better = record.as_ref().and_then(|it| it.better_text(held_out.as_ref()));
            let config = better.map(|text| text.within(&config)).unwrap_or(config);
            toml::Table::try_from(&config).into_diagnostic()?
        }
        (Some(settings), None) => {
            let config = settings.with_both(best.config(), &of_stage).into_diagnostic()?;
            let mut table = toml::Table::try_from(&config).into_diagnostic()?;
            if config.base_model.is_some() {
                table.retain(|key, _| !TrainConfig::of_base_model().contains(&key));
            }
            table
        }
        (None, None) => {
            let params = best.config().iter();
            params.map(|(name, value)| (name.to_owned(), toml_value(value))).collect()
        }
    };
    let observed = match (best.origin(), best.note()) {
        (Origin::Observed, Some(note)) => format!(", observed as {note}"),
        _ => String::new(),
    };
    let report = confirmed.map(|it| ConfirmationReport::new(&it, &plan.setup.goals, history));
    let title = match report.as_ref().and_then(|report| confirmation::title(report, plan)) {
        Some(title) => title,
        None => format!(
            "trial {} of study {}{observed}: {}",
            best.id(),
            plan.setup.name,
            means(plan, history, best)
        ),
    };
    let table_of_confirmed = report.map(|it| confirmation::table(&it, plan)).unwrap_or_default();
    let table_of_held_out = held_out.as_ref().map(held_out::table).unwrap_or_default();
    let which_text = record.map(|it| prompt_search::comment(&it, held_out.as_ref()));
    Ok(format!(
        "# {title}\n{table_of_confirmed}{table_of_held_out}{}{}{}{}{}",
        which_text.unwrap_or_default(),
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
    match plan.objective.train() {
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

/// The stage whose settings the best had: where it was confirmed the last one.
pub(crate) fn stage(
    best: &Trial,
    confirmed: Option<&Confirmation>,
    history: &History,
) -> Option<u32> {
    let stages = history.setup().map_or(0, |setup| setup.stages.len());
    match confirmed.and_then(Confirmation::winner) {
        Some(_) => u32::try_from(stages.checked_sub(1)?).ok(),
        None => best.stage(),
    }
}

/// A trial's results; of a configuration that ran several times the means, with the first one's
/// standard error.
fn means(plan: &Plan, history: &History, trial: &Trial) -> String {
    let Some(sample) = history.sample(trial).filter(|_| !trial.repeats().is_empty()) else {
        return values(&plan.setup.goals, trial.losses());
    };
    let runs = crate::people::counted(sample.count() as u64, "run");
    let error = sample.standard_error().map(number).map(|it| format!(", standard error {it}"));
    let values = values(&plan.setup.goals, &history.mean_losses(trial));
    format!("{values} (mean of {runs}{})", error.unwrap_or_default())
}

/// The Pareto front as comments, if there are several goals.
fn front(plan: &Plan, history: &History) -> String {
    if plan.setup.goals.len() < 2 {
        return String::new();
    }
    let front = pareto_front(history).into_iter().map(|trial| {
        let values = values(&plan.setup.goals, &history.mean_losses(trial));
        format!("#   trial {}: {values} with {}\n", trial.id(), describe(trial.config()))
    });
    format!("# the Pareto front:\n{}", front.collect::<String>())
}

/// A trial's results: "loss 2.31, latency 40".
fn values(goals: &[Goal], losses: &[Loss]) -> String {
    let values = goals.iter().zip(losses);
    let values =
        values.map(|(goal, loss)| format!("{} {}", goal.metric, number(goal.value(*loss))));
    values.collect::<Vec<_>>().join(", ")
}
