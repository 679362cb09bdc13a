//! `temper clean`.

use std::collections::BTreeSet;
use std::time::Duration;

use miette::{IntoDiagnostic, Result, miette};
use temper_core::{Event, History, Next, State, Trial};
use temper_study::{Spent, give_up_paused, needed_checkpoints, next_of};

use crate::args::StudyArgs;
use crate::exit::Exit;
use crate::memory::in_words;
use crate::people::counted;
use crate::plan::{Plan, proposers_of};
use crate::study_file::Keep;

/// Why a paused trial ends here.
const REASON: &str = "its checkpoint was removed to free the disk";

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    let names = plan.objective.checkpoints.discardable();
    if names.is_empty() {
        return Err(nothing_to_remove(&plan));
    }
    let given_up = give_up(&plan)?;
    let history = plan.history()?;
    let (folders, needed) = (plan.folders()?, needed_checkpoints(&history));
    let all: BTreeSet<_> = history.trials().iter().map(Trial::id).collect();
    let mut freed = 0;
    for trial in all.difference(&needed) {
        freed += folders.discard(*trial, names).into_diagnostic()?;
    }
    println!("freed {}{given_up}", in_words(freed));
    let paused = history.in_state(State::Paused).count() as u64;
    if paused > 0 {
        let paused = counted(paused, "paused trial");
        println!("kept: the checkpoints of {paused}, as the study is not over");
    }
    Ok(Exit::Ok)
}

/// Ends the trials that are paused, if the study is over, and says so.
fn give_up(plan: &Plan) -> Result<String> {
    let mut history = History::new();
    let events = plan.events()?;
    for event in &events {
        history.apply(event).map_err(|error| miette!("the log is inconsistent: {error}"))?;
    }
    if !is_over(plan, events, &history)? {
        return Ok(String::new());
    }
    let mut storage = plan.open_existing_storage()?;
    let given_up =
        give_up_paused(&mut *storage, &mut history, REASON).map_err(|error| miette!("{error}"))?;
    Ok(match given_up.len() as u64 {
        0 => String::new(),
        count => format!(", and gave up {}", counted(count, "paused trial")),
    })
}

/// Whether the study, as its file is now, would begin no trial and go on with none.
fn is_over(plan: &Plan, mut events: Vec<Event>, history: &History) -> Result<bool> {
    let spent = plan.settings.budget.spent(history, Duration::ZERO, 0.0);
    if matches!(spent, Some(Spent::Target { .. })) && plan.setup.confirm.is_none() {
        return Ok(true);
    }
    events.push(Event::Opened(plan.setup.clone()));
    let next = next_of(&events, &proposers_of).map_err(|error| miette!("{error}"))?;
    Ok(next == Next::Done)
}

fn nothing_to_remove(plan: &Plan) -> miette::Report {
    match plan.objective.checkpoints.keep {
        Keep::All => miette!(
            help = "write keep_checkpoints = \"best\" to keep those of the best trials alone",
            "`keep_checkpoints` is \"all\": there is none to remove"
        ),
        Keep::Best => miette!(
            help = "name them in [objective]: checkpoints = [\"checkpoint-*\"]",
            "it is not known what in the trials' folders are checkpoints"
        ),
    }
}
