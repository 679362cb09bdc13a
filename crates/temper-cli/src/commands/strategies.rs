//! `temper strategies`: the registry of strategies and pruners.

use miette::Result;

use crate::exit::Exit;

pub(crate) fn run() -> Result<Exit> {
    let names = temper_strategy::ALL.iter().map(|entry| entry.name);
    let names = names.chain(temper_strategy::PRUNERS.iter().map(|entry| entry.name));
    let width = names.map(str::len).max().unwrap_or_default();
    println!("strategies, for [strategy] name:");
    for entry in temper_strategy::ALL {
        println!("  {:<width$} {}", entry.name, entry.summary);
    }
    println!("pruners, for [pruner] name:");
    for entry in temper_strategy::PRUNERS {
        println!("  {:<width$} {}", entry.name, entry.summary);
    }
    Ok(Exit::Ok)
}
