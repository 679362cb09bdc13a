//! How much memory a run needs, as it is estimated.
//!
//! `memory CONFIG.toml` prints JSON: the parts of the estimate and its peak, in bytes. Paths in the
//! file are relative to its folder.

use std::error::Error;
use std::path::Path;

use serde_json::json;
use temper_train::TrainConfig;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: memory CONFIG.toml")?;
    let path = Path::new(&path);
    let folder = path.parent().unwrap_or(Path::new("."));
    let config = TrainConfig::from_toml(&std::fs::read_to_string(path)?)?.completed(folder)?;
    let mut bytes = 0;
    for file in config.find_data(folder)? {
        bytes += file.metadata()?.len();
    }
    let estimate = config.estimated_memory(bytes)?;
    println!("{}", json!({"peak": estimate.peak(), "parts": estimate}));
    Ok(())
}
