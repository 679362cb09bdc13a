//! `temper strategies`: the registry of strategies and pruners.

use miette::Result;

use crate::exit::Exit;

pub(crate) fn run() -> Result<Exit> {
    println!("strategies, for [strategy] name:");
    for entry in temper_strategy::ALL {
        println!("  {:<10} {}", entry.name, entry.summary);
    }
    println!("pruners, for [pruner] name:");
    for entry in temper_strategy::PRUNERS {
        println!("  {:<10} {}", entry.name, entry.summary);
    }
    Ok(Exit::Ok)
}
