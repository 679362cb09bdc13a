//! What a pretrained model makes of prompts, for comparison with other programs.
//!
//! `compare MODEL NEW_TOKENS [FOLDER] < prompts.json` reads a JSON list of texts and prints JSON:
//! the seconds that loading took and, of each prompt, its tokens, the logarithms of the next
//! token's probabilities and the greedy continuation. The model is saved in FOLDER, if it is given.

use std::error::Error;
use std::io::stdin;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use temper_train::{Device, PretrainedModel, Sampling, WeightType, keep_freed_memory};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, new_tokens, rest @ ..] = &arguments[..] else {
        return Err("usage: compare MODEL NEW_TOKENS [FOLDER] < prompts.json".into());
    };
    keep_freed_memory();
    let prompts: Vec<String> = serde_json::from_reader(stdin())?;
    let started = Instant::now();
    let model = PretrainedModel::load(Path::new(path), Device::Cpu)?;
    let load_seconds = started.elapsed().as_secs_f64();
    if let [folder] = rest {
        model.save_pretrained(Path::new(folder), WeightType::F32)?;
    }
    let new_tokens = new_tokens.parse()?;
    let mut results = Vec::new();
    for prompt in prompts {
        let encoding = model.tokenizer().encode(prompt, true).map_err(|error| error.to_string())?;
        let tokens = encoding.get_ids();
        let log_probabilities = model.log_probabilities(tokens)?;
        let go_on = &mut |_| ControlFlow::Continue(());
        let generated = model.generate(tokens, new_tokens, &Sampling::default(), go_on)?;
        results.push(json!({
            "tokens": tokens,
            "log_probabilities": log_probabilities,
            "generated": generated,
        }));
    }
    println!("{}", json!({"load_seconds": load_seconds, "prompts": results}));
    Ok(())
}
