//! `temper generate`: a pretrained model goes on with a text.

use std::ops::ControlFlow;
use std::path::Path;

use miette::{Result, miette};
use temper_train::{
    Checkpoints, Device, PretrainedModel, Sampling, TrainError, compute_on_this_thread,
    keep_freed_memory,
};

use crate::args::GenerateArgs;
use crate::exit::Exit;
use crate::mistake::told;
use crate::say::answer;

pub(crate) fn run(args: &GenerateArgs) -> Result<Exit> {
    keep_freed_memory();
    refuse_checkpoints(&args.model)?;
    compute_on_this_thread();
    let mut model =
        PretrainedModel::load(&args.model, Device::Cpu).map_err(|error| explain(&error))?;
    if let Some(adapter) = &args.adapter {
        model = model.with_adapter(adapter).map_err(|error| explain(&error.into()))?;
    }
    let tokenizer = model.tokenizer();
    let prompt = tokenizer.encode(&*args.prompt, true).map_err(|error| miette!("{error}"))?;
    let sampling = Sampling {
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        seed: args.seed,
    };
    let mut text = tokenizer.decode_stream(true);
    let mut failure = None;
    let mut observe = |token| match text.step(token) {
        Ok(piece) => {
            answer(piece.unwrap_or_default());
            ControlFlow::Continue(())
        }
        Err(error) => {
            failure = Some(miette!("{error}"));
            ControlFlow::Break(())
        }
    };
    let generated = model.generate(prompt.get_ids(), args.max_new_tokens, &sampling, &mut observe);
    answer("\n");
    match (generated, failure) {
        (Err(error), _) => Err(explain(&error.into())),
        (_, Some(failure)) => Err(failure),
        _ => Ok(Exit::Ok),
    }
}

/// Checkpoints of our own are made models first.
fn refuse_checkpoints(model: &Path) -> Result<()> {
    let path = model.display();
    let is_file = model.extension().is_some_and(|extension| extension == "checkpoint");
    if is_file || Checkpoints::new(model).files().is_ok_and(|files| !files.is_empty()) {
        let help = format!("make a model of it: temper export {path} FOLDER");
        return Err(miette!(help = help, "`{path}` holds the state of a training run, no model"));
    }
    Ok(())
}

fn explain(error: &TrainError) -> miette::Report {
    let message = error.to_string();
    told(message.trim_start_matches("`base_model`: "), error.help())
}
