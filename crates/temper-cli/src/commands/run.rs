//! `temper run` and `temper resume`.

use std::sync::atomic::Ordering;

use miette::{Result, miette};
use temper_core::{Goal, History, Origin, State, Storage, Trial};
use temper_report::{Improvement, confirmation as confirmed};
use temper_study::{Spent, Study, StudyError, WarmStart};

use crate::args::RunArgs;
use crate::commands::best;
use crate::confirmation;
use crate::disk::Disk;
use crate::exit::Exit;
use crate::held_out::{self, Compared};
use crate::people::number;
use crate::plan::{Plan, describe_warm_start};
use crate::progress::{Style, observer};
use crate::prompt_search::{self, Searched};
use crate::say::{answer, say};
use crate::signals::raise_on_signals;

pub(crate) fn run(args: &RunArgs) -> Result<Exit> {
    let plan = Plan::load(&args.study)?;
    plan.objective.check_surroundings(&plan.document, &plan.allowance)?;
    let warm_starts = plan.warm_starts()?;
    let storage = plan.open_storage()?;
    go(args, &plan, storage, &warm_starts)
}

pub(crate) fn resume(args: &RunArgs) -> Result<Exit> {
    let plan = Plan::load(&args.study)?;
    plan.objective.check_surroundings(&plan.document, &plan.allowance)?;
    let storage = plan.open_existing_storage()?;
    let warm_starts = plan.warm_starts()?;
    go(args, &plan, storage, &warm_starts)
}

fn go(
    args: &RunArgs,
    plan: &Plan,
    storage: Box<dyn Storage>,
    warm_starts: &[WarmStart],
) -> Result<Exit> {
    let folders = plan.folders()?;
    let (strategy, pruner) = (plan.strategy()?, plan.pruner()?);
    let study = Study::open(plan.setup.clone(), strategy, pruner, storage, plan.settings.clone())
        .map_err(|error| explain(plan, error))?;
    if study.history().trials().is_empty() {
        plan.forget_spending()?;
    }
    for warm_start in warm_starts {
        study.take_over(warm_start).map_err(|error| explain(plan, error))?;
    }
    if !warm_starts.is_empty() && style(args) == Style::People {
        say(describe_warm_start(warm_starts));
    }
    if let Some(observer) = observer(style(args), &plan.setup, &study.history()) {
        study.observe(observer);
    }
    let interrupted = raise_on_signals(&study.interrupt())?;
    let objective = plan.objective.build(folders, plan.workers, &study.history());
    let result = study.run(&*objective, plan.workers.into());
    let ended_by = study.ended_by();
    let history = study.close();
    result.map_err(|error| explain(plan, error))?;
    if interrupted.load(Ordering::Relaxed) {
        say(format!("interrupted; to go on: {}", resume_command(args)));
        return Ok(Exit::Interrupted);
    }
    let none_completed = history.in_state(State::Completed).next().is_none();
    if let Some(spent) = &ended_by {
        if none_completed {
            say("the budget ended before any trial was complete");
        }
        say(match spent {
            Spent::Target { .. } | Spent::Converged { .. } => spent.to_string(),
            _ => format!("{spent}; to go on with more: {}", resume_command(args)),
        });
    }
    let rewritten = match prompt_search::search(plan, &history, &interrupted)? {
        Searched::Found(rewritten) => Some(rewritten),
        Searched::Nothing => None,
        Searched::Interrupted => {
            say(format!("interrupted; to go on: {}", resume_command(args)));
            return Ok(Exit::Interrupted);
        }
    };
    match held_out::compare(plan, &history, rewritten.as_ref(), &interrupted)? {
        Compared::Nothing => {}
        Compared::Done(held_out) => say(held_out::line(&held_out)),
        Compared::Spent(message) => say(format!(
            "{message}, before the winner was compared on held-out items; to go on with more: {}",
            resume_command(args)
        )),
        Compared::Interrupted => {
            say(format!("interrupted; to go on: {}", resume_command(args)));
            return Ok(Exit::Interrupted);
        }
    }
    conclude(args, plan, &history)
}

fn style(args: &RunArgs) -> Style {
    match (args.json, args.quiet) {
        (true, _) => Style::Json,
        (false, true) => Style::Quiet,
        (false, false) => Style::People,
    }
}

/// Says what was found.
fn conclude(args: &RunArgs, plan: &Plan, history: &History) -> Result<Exit> {
    let study = args.study.study.display();
    if history.in_state(State::Completed).next().is_none() {
        say(format!("no trial completed: temper show {study} says why"));
        return Ok(Exit::NothingFound);
    }
    if let Some(lack) = best::lack(history) {
        say(format!("{lack}; temper show {study} lists them"));
        return Ok(Exit::NothingFound);
    }
    if !args.json {
        answer(best::best_toml(plan, history)?);
        match confirmed(history) {
            Some(confirmed) => say(confirmation::conclusion(&confirmed, args, plan, history)),
            None => say(comparison(history, plan.goal())),
        }
        say(Disk::of(plan)?.to_string());
        say(format!("results: {} (temper show {study})", plan.storage.display()));
    }
    Ok(Exit::Ok)
}

fn comparison(history: &History, goal: &Goal) -> String {
    let Some(improvement) = Improvement::of(history, goal) else {
        let last = history.best().map(|best| history.fidelity(best));
        let completed = history.in_state(State::Completed);
        let compares = |trial: &&Trial| Some(history.fidelity(trial)) == last;
        let mut default =
            completed.filter(compares).filter(|trial| trial.origin() == Origin::Default);
        return match default.next() {
            None => "there is no completed default configuration to compare with".to_owned(),
            Some(_) => "the default configuration does not keep the constraints".to_owned(),
        };
    };
    let (best, default) = (number(improvement.best), number(improvement.default));
    let metric = &goal.metric;
    match improvement.relative() {
        _ if improvement.best == improvement.default => {
            format!("nothing beat the default configuration: {metric} {default}")
        }
        Some(share) => {
            let percent = number((share * 1000.0).round() / 10.0);
            format!("{metric} {best}: {percent} % better than the default's {default}")
        }
        None => format!("{metric} {best}: better than the default's {default}"),
    }
}

pub(crate) fn resume_command(args: &RunArgs) -> String {
    let mut command = format!("temper resume {}", args.study.study.display());
    let overrides = &args.study.overrides;
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.push_str(&format!(" --{name} {value}"));
        }
    };
    add("storage", overrides.storage.as_ref().map(|path| path.display().to_string()));
    add("trials", overrides.trials.map(|trials| trials.to_string()));
    add("workers", overrides.workers.map(|workers| workers.to_string()));
    add("seed", overrides.seed.map(|seed| seed.to_string()));
    command
}

fn explain(plan: &Plan, error: StudyError) -> miette::Report {
    match error {
        StudyError::Storage(error) => plan.explain(&error),
        StudyError::Changed { .. } => miette!(
            help = "undo the change, or give the new search a storage of its own: --storage PATH",
            "{error}"
        ),
        StudyError::Unable { .. } => miette!(
            help = format!(
                "mend that; nothing is lost: temper resume {}",
                plan.document.path().display()
            ),
            "{error}"
        ),
        StudyError::DiskFull { .. } => miette!(
            help = format!(
                "make room; what was found is safe: temper resume {}",
                plan.document.path().display()
            ),
            "{error}"
        ),
        StudyError::Unrecorded { .. } => miette!(
            help = "make room for the storage; `temper resume` then records the trial's result",
            "{error}"
        ),
        error => miette!("{error}"),
    }
}
