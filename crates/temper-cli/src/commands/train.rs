//! `temper train`: one model, without tuning. Trials of the built-in trainer run this too.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miette::{IntoDiagnostic, Result, miette};
use temper_train::{Checkpoints, Report, Run, Summary, TrainConfig, TrainError, keep_freed_memory};

use crate::args::TrainArgs;
use crate::document::Document;
use crate::exit::Exit;
use crate::mistake::suggest;
use crate::people::number;
use crate::say::say;
use crate::signals::raise_on_signals;
use crate::study_file::{ObjectiveKind, StudyFile};
use crate::train_settings::{overwrite, resolve};

pub(crate) fn run(args: &TrainArgs) -> Result<Exit> {
    let document = Document::read(&args.config)?;
    let mut config = read(&document)?;
    resolve(&mut config, &document.folder());
    let config = with_device_chosen(set(&config, &args.set)?);
    keep_freed_memory();
    let mut observe = |report: &Report| {
        if args.json {
            println!("{}", serde_json::to_string(report).expect("a report can be written as JSON"));
        } else {
            describe(report);
        }
        ControlFlow::Continue(())
    };
    let stop = Arc::new(AtomicBool::new(false));
    raise_on_signals(&stop)?;
    let mut run = Run::new(&config, Path::new("/")).stop_when(&stop);
    if let Some(folder) = &args.checkpoints {
        let checkpoints = Checkpoints::new(folder);
        run = run.with_checkpoints(checkpoints.clone());
        run = match args.resume {
            true => run.resume(),
            false => {
                refuse_earlier(&checkpoints)?;
                run
            }
        };
    }
    if let Some(checkpoint) = &args.fork {
        run = run.fork(checkpoint);
    }
    match run.train(&mut observe) {
        Ok(summary) => conclude(args, &summary),
        Err(error) => {
            if args.json {
                println!("{}", failure(&error));
            }
            Err(explain(&document, &error))
        }
    }
}

/// The settings with another device than `auto`, which is told.
fn with_device_chosen(config: TrainConfig) -> TrainConfig {
    let device = config.device.chosen();
    if device != config.device {
        say(format!("{}: {device}", config.device));
    }
    TrainConfig { device, ..config }
}

/// A run from scratch does not mix with the checkpoints of another.
fn refuse_earlier(checkpoints: &Checkpoints) -> Result<()> {
    match checkpoints.files().into_diagnostic()?.first() {
        None => Ok(()),
        Some(newest) => Err(miette!(
            help = "go on from it with --resume, or choose another folder",
            "`{}` is of an earlier run",
            newest.display()
        )),
    }
}

/// Says what came of the run.
fn conclude(args: &TrainArgs, summary: &Summary) -> Result<Exit> {
    if summary.truncated_examples > 0 {
        say(format!("{} examples were cut at `max_seq_length`", summary.truncated_examples));
    }
    if summary.dropped_examples > 0 {
        let dropped = summary.dropped_examples;
        say(format!("{dropped} examples were left out: nothing to learn is left of them"));
    }
    for damaged in &summary.damaged_checkpoints {
        say(format!("`{}` is no whole checkpoint; the one before was used", damaged.display()));
    }
    if summary.stopped_early {
        let config = args.config.display();
        say(match &args.checkpoints {
            Some(folder) => format!(
                "interrupted after step {}; to go on: temper train {config} --checkpoints {} --resume",
                summary.steps,
                folder.display()
            ),
            None => format!(
                "interrupted after step {}; with --checkpoints FOLDER it could go on",
                summary.steps
            ),
        });
        return Ok(Exit::Interrupted);
    }
    if args.discard
        && let Some(folder) = &args.checkpoints
    {
        Checkpoints::new(folder).clear().into_diagnostic()?;
    }
    if !args.json {
        println!("eval_loss = {}", summary.eval_loss);
        if let Some(accuracy) = summary.accuracy {
            println!("accuracy = {accuracy}");
        }
        println!("parameters = {}", summary.parameters);
        println!("tokens = {}", summary.tokens);
        println!("device = \"{}\"", summary.device);
        if let Some(checkpoint) = &summary.checkpoint {
            println!("checkpoint = {:?}", checkpoint.display().to_string());
        }
    }
    Ok(Exit::Ok)
}

/// The settings: the whole file, or the objective of a study file.
pub(super) fn read(document: &Document) -> Result<TrainConfig> {
    let root = document.root();
    if !root.has("objective") {
        return root.rest();
    }
    match StudyFile::read(document)?.objective.kind {
        ObjectiveKind::Train(config) => Ok(*config),
        ObjectiveKind::Command { .. } => Err(document
            .mistake(&["objective", "kind"], "this study does not use the built-in trainer")
            .into()),
    }
}

/// Sets `name=value` pairs.
pub(super) fn set(config: &TrainConfig, pairs: &[String]) -> Result<TrainConfig> {
    let known = TrainConfig::keys();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let mut values = Vec::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            miette!(help = "write --set learning_rate=1e-3", "`{pair}` has no `=`")
        })?;
        if !known.contains(&name) {
            return Err(miette!(help = suggest(name, &known), "there is no setting `{name}`"));
        }
        values.push((name, parse_value(value)));
    }
    overwrite(config, values.into_iter()).map_err(|error| miette!("--set: {error}"))
}

/// The value as TOML, or else as text: `--set optimizer=adamw` needs no quotes.
fn parse_value(text: &str) -> toml::Value {
    format!("value = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

fn describe(report: &Report) {
    let accuracy = report.accuracy.map(|accuracy| format!(", accuracy {}", number(accuracy)));
    eprintln!(
        "step {}: eval_loss {}{}, train_loss {}, lr {}, {} tokens/s",
        report.step,
        number(report.eval_loss),
        accuracy.unwrap_or_default(),
        number(report.train_loss),
        number(report.learning_rate),
        report.tokens_per_second.round(),
    );
}

/// How the trainer's errors are told to the study that it is a trial of.
fn failure(error: &TrainError) -> serde_json::Value {
    let kind = match error {
        TrainError::Diverged { .. } => "diverged",
        TrainError::OutOfMemory { .. } => "out_of_memory",
        _ => "crashed",
    };
    serde_json::json!({"failure": kind, "message": error.to_string()})
}

pub(super) fn explain(document: &Document, error: &TrainError) -> miette::Report {
    match error.key() {
        Some(key) => {
            let path =
                if document.root().has("objective") { vec!["objective", key] } else { vec![key] };
            document.mistake(&path, error.to_string()).help(error.help()).into()
        }
        None => match error.help() {
            Some(help) => miette!(help = help, "{error}"),
            None => miette!("{error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_told_the_kind_of_a_failure() {
        let message = "out of device memory allocating 1024 bytes".to_owned();
        let told = failure(&TrainError::OutOfMemory { message });
        assert_eq!(told["failure"], "out_of_memory");
        let told = failure(&TrainError::Diverged { step: 1, loss: f64::NAN });
        assert_eq!(told["failure"], "diverged");
        assert_eq!(failure(&TrainError::NoGlobs)["failure"], "crashed");
    }
}
