//! Trains a small model on text files and prints a line at every evaluation:
//!
//! ```sh
//! cargo run --release -p temper-train --example train_text -- 'crates/**/*.rs' '*.md'
//! ```

use std::ops::ControlFlow;
use std::path::Path;

use temper_train::{TrainConfig, TrainError, compute_on_this_thread, keep_freed_memory, train};

fn main() -> Result<(), TrainError> {
    keep_freed_memory();
    compute_on_this_thread();
    let config = TrainConfig {
        data: std::env::args().skip(1).collect(),
        hidden_size: 64,
        num_layers: 2,
        num_heads: 4,
        max_seq_length: 128,
        batch_size: Some(8),
        learning_rate: 3e-3,
        warmup_steps: Some(10),
        max_steps: Some(100),
        eval_tokens: Some(10_000),
        ..TrainConfig::default()
    };
    let summary = train(&config, Path::new("."), &mut |report| {
        println!(
            "step {:3}  train {:.3}  eval {:.3} nats/token  {:.3} bits/byte  {:.0} tokens/s",
            report.step,
            report.train_loss,
            report.eval_loss,
            report.bits_per_byte,
            report.tokens_per_second,
        );
        ControlFlow::Continue(())
    })?;
    println!("{} parameters, {} tokens", summary.parameters, summary.tokens);
    Ok(())
}
