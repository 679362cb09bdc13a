//! `temper devices`: what this build can compute on, and what of it this machine has.

use std::thread::available_parallelism;

use miette::Result;
use temper_train::Device;

use crate::exit::Exit;
use crate::say::answer;

pub(crate) fn run() -> Result<Exit> {
    let lines = Device::ALL.map(|device| format!("{:<6} {}\n", device.to_string(), state(device)));
    answer(format_args!("devices, for device = \"...\" of the trainer:\n  {}", lines.join("  ")));
    Ok(Exit::Ok)
}

fn state(device: Device) -> String {
    match (device.open(), device) {
        (Ok(_), Device::Cpu) => {
            format!("{} threads", available_parallelism().map_or(1, usize::from))
        }
        (Ok(_), _) => "is there".to_owned(),
        (Err(error), _) => {
            let help = error.help().map(|help| format!(": {help}")).unwrap_or_default();
            let message = error.to_string();
            format!("{}{help}", message.trim_start_matches("`device`: "))
        }
    }
}
