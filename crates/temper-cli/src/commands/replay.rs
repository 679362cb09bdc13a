//! `temper replay`.

use miette::{Result, miette};

use crate::args::StudyArgs;
use crate::exit::Exit;
use crate::plan::{Plan, proposers_of};

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    let events = plan.events()?;
    let replayed =
        temper_study::replay(&events, &proposers_of).map_err(|error| miette!("{error}"))?;
    for mismatch in &replayed.mismatches {
        println!("trial {}:", mismatch.trial);
        println!("  logged   {:?}", mismatch.logged);
        println!("  replayed {:?}", mismatch.replayed);
    }
    println!(
        "{} events, {} proposals come out bit for bit, {} differ",
        events.len(),
        replayed.matched,
        replayed.mismatches.len()
    );
    Ok(if replayed.mismatches.is_empty() { Exit::Ok } else { Exit::NothingFound })
}
