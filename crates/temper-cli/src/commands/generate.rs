//! `temper generate`: a model goes on with a text.

use std::ops::ControlFlow;
use std::path::Path;

use miette::Result;
use temper_train::{
    ChatMessage, Device, PretrainedModel, Sampling, TextPrompt, TrainError, compute_on_this_thread,
    keep_freed_memory,
};

use crate::args::GenerateArgs;
use crate::exit::Exit;
use crate::mistake::told;
use crate::say::answer;

pub(crate) fn run(args: &GenerateArgs) -> Result<Exit> {
    keep_freed_memory();
    compute_on_this_thread();
    // Checkpoints have absolute paths, as every run that this command line starts.
    let mut model = PretrainedModel::load_any(&args.model, Path::new("/"), Device::Cpu)
        .map_err(|error| explain(&error))?;
    if let Some(adapter) = &args.adapter {
        model = model.with_adapter(adapter).map_err(|error| explain(&error.into()))?;
    }
    let sampling = Sampling {
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        min_p: args.min_p,
        repetition_penalty: args.repetition_penalty,
        frequency_penalty: args.frequency_penalty,
        presence_penalty: args.presence_penalty,
        seed: args.seed,
    };
    let written = model.stream(
        &prompt(args),
        Some(args.max_new_tokens),
        &sampling,
        &args.stop,
        &mut |piece| {
            answer(piece);
            ControlFlow::Continue(())
        },
    );
    answer("\n");
    written.map_err(|error| explain(&error.into()))?;
    Ok(Exit::Ok)
}

fn prompt(args: &GenerateArgs) -> TextPrompt {
    if !args.chat {
        return TextPrompt::Text(args.prompt.clone());
    }
    let message = |role: &str, content: &String| ChatMessage {
        role: role.to_owned(),
        content: content.clone(),
    };
    let system = args.system.iter().map(|text| message("system", text));
    TextPrompt::Chat(system.chain([message("user", &args.prompt)]).collect())
}

fn explain(error: &TrainError) -> miette::Report {
    let message = error.to_string();
    told(message.trim_start_matches("`base_model`: "), error.help())
}
