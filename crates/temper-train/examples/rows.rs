//! What each optimizer step of a run sees, for other programs to repeat it.
//!
//! `rows CONFIG.toml STEPS` prints a line of JSON for each step: a list of sequences with `inputs`,
//! `targets` and `segments`. Paths in the file are relative to its folder.

use std::error::Error;
use std::path::Path;

use temper_train::{TrainConfig, rows_of_steps};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, steps] = &arguments[..] else {
        return Err("usage: rows CONFIG.toml STEPS".into());
    };
    let path = Path::new(path);
    let config = TrainConfig::from_toml(&std::fs::read_to_string(path)?)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    for step in rows_of_steps(&config, folder, steps.parse()?)? {
        println!("{}", serde_json::to_string(&step)?);
    }
    Ok(())
}
