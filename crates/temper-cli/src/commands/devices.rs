//! `temper devices`: what this build can compute on, and what of it this machine has.

use std::thread::available_parallelism;

use miette::Result;
use temper_train::{Device, FoundDevice};

use crate::exit::Exit;
use crate::say::answer;

pub(crate) fn run() -> Result<Exit> {
    let lines = Device::KINDS.into_iter().flat_map(lines);
    let lines: String = lines.map(|(name, state)| format!("  {name:<8} {state}\n")).collect();
    let chosen = Device::Auto.chosen();
    answer(format_args!(
        "devices, for device = \"...\" of the trainer:\n{lines}auto is {chosen}\n"
    ));
    Ok(Exit::Ok)
}

/// The devices of a kind with what is known of them, or else the kind with why there are none.
fn lines(kind: Device) -> Vec<(String, String)> {
    let found = match kind.peers() {
        Ok(found) => found,
        Err(error) => return vec![(kind.to_string(), reason(&error))],
    };
    if found.is_empty() {
        let error = kind.open().expect_err("there is none to open");
        return vec![(kind.to_string(), reason(&error))];
    }
    found.iter().map(|found| (found.device().to_string(), state(found))).collect()
}

fn state(found: &FoundDevice) -> String {
    if found.device() == Device::Cpu {
        return format!("{} threads", available_parallelism().map_or(1, usize::from));
    }
    let name = found.name().unwrap_or_else(|| "without a name".to_owned());
    match found.is_software() {
        true => format!("{name}; software, no GPU"),
        false => name,
    }
}

fn reason(error: &temper_train::TrainError) -> String {
    let help = error.help().map(|help| format!(": {help}")).unwrap_or_default();
    format!("{}{help}", error.to_string().trim_start_matches("`device`: "))
}
