//! `temper strategies`.

use miette::Result;

use crate::exit::Exit;

pub(crate) fn run() -> Result<Exit> {
    for entry in temper_strategy::ALL {
        println!("{:<10} {}", entry.name, entry.summary);
    }
    Ok(Exit::Ok)
}
