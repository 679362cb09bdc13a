//! What `[confirm]` and `repeat` come to.

use miette::Result;
use temper_core::{Confirm, Loss};

use crate::document::Document;

/// Under how many fresh seeds the best are compared, unless the file says.
const SEEDS: u32 = 5;

/// How many of the best are compared, unless the file says.
const TOP: u32 = 3;

/// Nobody has the time for more than so many seeds or configurations.
const MOST: u32 = 1000;

/// Reads the section. A study that ends at a target confirms what it has then.
pub(super) fn confirm(
    document: &Document,
    section: &crate::study_file::ConfirmSection,
    target: Option<Loss>,
) -> Result<Confirm> {
    let within = |key: &str, value: u32, least: u32, help: &str| {
        let message = match value {
            value if value < least => format!("`{key}` {value} is below {least}"),
            value if value > MOST => format!("`{key}` {value} is above {MOST}"),
            value => return Ok(value),
        };
        Err(document.mistake(&["confirm", key], message).help(Some(help.to_owned())))
    };
    let seeds = "write under how many fresh seeds each of the best runs: seeds = 5";
    let top = "write how many of the best are compared, besides the default: top = 3";
    Ok(Confirm {
        seeds: within("seeds", section.seeds.unwrap_or(SEEDS), 2, seeds)?,
        top: within("top", section.top.unwrap_or(TOP), 1, top)?,
        target,
    })
}

/// How many runs each configuration gets, if it is more than one.
pub(super) fn repeat(document: &Document, repeat: Option<u32>) -> Result<Option<u32>> {
    let message = match repeat {
        Some(0) => "`repeat` is 0".to_owned(),
        Some(runs) if runs > MOST => format!("`repeat` {runs} is above {MOST}"),
        repeat => return Ok(repeat.filter(|runs| *runs > 1)),
    };
    let help = "write how many runs each configuration gets, the first one included: repeat = 3";
    Err(document.mistake(&["study", "repeat"], message).help(Some(help.to_owned())).into())
}
