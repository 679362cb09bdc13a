//! `temper train`: one model, without tuning. Trials of the built-in trainer run this too.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miette::{Result, miette};
use temper_train::{
    Checkpoints, Device, Observer, Patience, Report, Run, Start, StepReport, Summary, TrainConfig,
    TrainError, compute_on_this_thread, keep_freed_memory, read_to_the_cpu,
};

use crate::args::TrainArgs;
use crate::document::Document;
use crate::exit::Exit;
use crate::memory::Room;
use crate::people::counted;
use crate::progress::{Training, json_line};
use crate::say::{answer, say};
use crate::settings::{self, set};
use crate::shell::command;
use crate::signals::raise_on_signals;
use crate::study_file::{ObjectiveKind, StudyFile};
use crate::train_log::TrainLog;
use crate::train_settings::resolve;

pub(crate) fn run(args: &TrainArgs) -> Result<Exit> {
    read_to_the_cpu();
    let document = Document::read(&args.config)?;
    let mut config = settings(&document, &args.set)?;
    config.device = chosen(config.device);
    if let Some(room) = Room::of(&config) {
        room.warn(1);
    }
    if !args.json {
        // Somebody may want to see what the model has learned.
        config.sample_tokens.get_or_insert(TrainConfig::SAMPLE_TOKENS);
    }
    keep_freed_memory();
    compute_on_this_thread();
    if let (Some(folder), false) = (&args.log_dir, args.resume) {
        refuse_earlier(TrainLog::earlier(folder).as_ref())?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    raise_on_signals(&stop)?;
    let mut run = Run::new(&config, Path::new("/")).stop_when(&stop);
    if let Some(folder) = &args.checkpoints {
        let checkpoints = Checkpoints::new(folder);
        run = run.with_checkpoints(checkpoints.clone());
        run = match args.resume {
            true => run.resume(),
            false => {
                let files =
                    checkpoints.files().map_err(|error| miette!("--checkpoints: {error}"))?;
                refuse_earlier(files.first().or(checkpoints.best().as_ref()))?;
                run
            }
        };
    }
    if let Some(by) = args.keep_best {
        run = run.keep_best(by);
    }
    if let Some(evaluations) = args.patience {
        run = run.end_early(Patience { evaluations, min_delta: args.min_delta });
    }
    if let Some(checkpoint) = &args.fork {
        run = run.fork(checkpoint);
    }
    let mut watch = Watch { args, view: Training::new(args.json), log: None, unwritten: None };
    let trained = run.train_watched(&mut watch);
    let Watch { view, unwritten, .. } = watch;
    drop(view);
    match (trained, unwritten) {
        (Ok(_), Some(error)) => {
            let help = match &args.checkpoints {
                Some(_) => format!("mend that; to go on: {}", resume_command(args)),
                None => "make room for it, or write elsewhere".to_owned(),
            };
            Err(miette!(help = help, "{error}"))
        }
        (Ok(summary), None) => conclude(args, &summary),
        (Err(error), _) => {
            if args.json {
                answer(format!("{}\n", failure(&error)));
            }
            Err(explain(&document, &args.set, &error))
        }
    }
}

/// The device, or the one that `auto` comes to, which is told.
fn chosen(device: Device) -> Device {
    let chosen = device.chosen();
    if chosen != device {
        say(format!("{device}: {chosen}"));
    }
    chosen
}

/// Shows a run, and keeps its log.
struct Watch<'a> {
    args: &'a TrainArgs,
    view: Training,
    log: Option<TrainLog>,
    /// Why the log or a report could not be written: the run ends, and can go on.
    unwritten: Option<String>,
}

impl Watch<'_> {
    /// Ends the run if that failed.
    fn check(&mut self, what: &str, written: io::Result<()>) -> ControlFlow<()> {
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.unwritten = Some(format!("{what} can't be written: {error}"));
                ControlFlow::Break(())
            }
        }
    }

    /// Says where a run that was to go on begins.
    fn tell_start(&self, step: u64) {
        if self.args.json {
            return;
        }
        if step > 0 {
            say(format!("it goes on after step {step}"));
        } else if let (Some(folder), true) = (&self.args.checkpoints, self.args.resume) {
            say(format!("no checkpoint in {} yet: it begins at step 1", folder.display()));
        }
    }

    fn open(&mut self, start: &Start) -> io::Result<()> {
        if let Some(folder) = &self.args.log_dir {
            self.log = Some(TrainLog::open(folder, start.step)?);
        }
        Ok(())
    }
}

impl Observer for Watch<'_> {
    fn start(&mut self, start: &Start) -> ControlFlow<()> {
        self.view.start(start);
        self.tell_start(start.step);
        let opened = self.open(start);
        self.check("the log", opened)
    }

    fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.view.step(report);
        let written = self.log.as_mut().map_or(Ok(()), |log| log.step(report));
        self.check("the log", written)
    }

    fn evaluation(&mut self, report: &Report) -> ControlFlow<()> {
        let shown = self.view.evaluation(report);
        let written = self.log.as_mut().map_or(Ok(()), |log| log.evaluation(report));
        self.check("the log", written)?;
        self.check("the metrics on stdout", shown)?;
        match self.args.pause_at {
            Some(step) if report.step >= step => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A run from scratch does not mix with the files of another.
fn refuse_earlier(newest: Option<&PathBuf>) -> Result<()> {
    match newest {
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
        say(format!("cut at `max_seq_length`: {}", counted(summary.truncated_examples, "example")));
    }
    if summary.dropped_examples > 0 {
        let dropped = counted(summary.dropped_examples, "example");
        say(format!("left out, as nothing to learn is left of them: {dropped}"));
    }
    if summary.skipped_files > 0 {
        say(format!("files left out because they are not UTF-8: {}", summary.skipped_files));
    }
    for damaged in &summary.damaged_checkpoints {
        say(format!("`{}` is no whole checkpoint; the one before was used", damaged.display()));
    }
    if summary.stopped_early {
        let advice = match &args.checkpoints {
            Some(_) => format!("to go on: {}", resume_command(args)),
            None => "with --checkpoints FOLDER it could go on".to_owned(),
        };
        say(format!("interrupted after step {}; {advice}", summary.steps));
        return Ok(Exit::Interrupted);
    }
    if args.json && summary.resumed_at == Some(summary.steps) {
        // Whoever was to read its last report may have been killed before: here it is again.
        if let Some(report) = &summary.report {
            answer(json_line(report));
        }
    }
    if let (Some(patience), true) = (args.patience, summary.out_of_patience) {
        let evaluations = counted(patience.into(), "evaluation");
        say(format!("no improvement in {evaluations}: it ended after step {}", summary.steps));
    }
    if !args.json {
        println!("eval_loss = {}", summary.eval_loss);
        if let Some(accuracy) = summary.accuracy {
            println!("accuracy = {accuracy}");
        }
        println!("parameters = {}", summary.parameters);
        if summary.trained_parameters != summary.parameters {
            println!("trained_parameters = {}", summary.trained_parameters);
        }
        println!("tokens = {}", summary.tokens);
        println!("device = \"{}\"", summary.device);
        if let Some(checkpoint) = &summary.checkpoint {
            println!("checkpoint = {:?}", checkpoint.display().to_string());
        }
        if let Some(best) = args.checkpoints.as_ref().and_then(|it| Checkpoints::new(it).best()) {
            println!("best_checkpoint = {:?}", best.display().to_string());
        }
    }
    Ok(Exit::Ok)
}

/// The settings of the file with some set to other values; paths are relative to its folder.
pub(super) fn settings(document: &Document, pairs: &[String]) -> Result<TrainConfig> {
    let mut config = set(&read(document)?, pairs)?;
    resolve(&mut config, &document.folder());
    Ok(config)
}

/// The settings: the whole file, or the objective of a study file.
pub(super) fn read(document: &Document) -> Result<TrainConfig> {
    let root = document.root();
    if !root.has("objective") {
        return root.rest();
    }
    match StudyFile::read(document)?.objective.kind {
        ObjectiveKind::Train(config) => Ok(*config),
        ObjectiveKind::Command { .. } | ObjectiveKind::Generate(_) => Err(document
            .mistake(&["objective", "kind"], "this study does not use the built-in trainer")
            .into()),
    }
}

/// The command that goes on with the run.
fn resume_command(args: &TrainArgs) -> String {
    let mut words = vec!["temper".into(), "train".into(), args.config.display().to_string()];
    let mut add = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    args.set.iter().for_each(|pair| add("--set", pair));
    for (name, path) in [("--checkpoints", &args.checkpoints), ("--log-dir", &args.log_dir)] {
        if let Some(path) = path {
            add(name, &path.display().to_string());
        }
    }
    words.extend(args.keep_best.map(|by| format!("--keep-best={by}")));
    words.extend(args.patience.map(|patience| format!("--patience={patience}")));
    words.extend(args.patience.map(|_| format!("--min-delta={}", args.min_delta)));
    words.extend(args.json.then(|| "--json".to_owned()));
    words.push("--resume".to_owned());
    command(&words)
}

/// How the trainer's errors are told to the study that it is a trial of.
fn failure(error: &TrainError) -> serde_json::Value {
    let kind = match error {
        TrainError::Diverged { .. } | TrainError::FarAboveBest { .. } => "diverged",
        TrainError::OutOfMemory { .. } => "out_of_memory",
        _ if error.is_disk_full() => "disk_full",
        _ => "crashed",
    };
    serde_json::json!({"failure": kind, "message": error.to_string()})
}

/// Explains an error of settings, some of which were given by `--set`.
pub(super) fn explain(document: &Document, pairs: &[String], error: &TrainError) -> miette::Report {
    settings::explain(document, pairs, error.key(), error, error.help())
}

#[cfg(test)]
mod tests {
    use temper_train::CheckpointError;

    use super::*;

    #[test]
    fn a_study_is_told_the_kind_of_a_failure() {
        let message = "out of device memory allocating 1024 bytes".to_owned();
        let told = failure(&TrainError::OutOfMemory { message });
        assert_eq!(told["failure"], "out_of_memory");
        let told = failure(&TrainError::Diverged { step: 1, loss: f64::NAN });
        assert_eq!(told["failure"], "diverged");
        let (step, steps, loss, best) = (395, 20, 3.42, 1.59);
        let far = TrainError::FarAboveBest { step, loss, best, threshold: 1.0, steps };
        assert_eq!(failure(&far)["failure"], "diverged");
        assert_eq!(failure(&TrainError::NoGlobs)["failure"], "crashed");
        let source = io::ErrorKind::StorageFull.into();
        let full = CheckpointError::Io { path: "checkpoints".into(), source };
        assert_eq!(failure(&full.into())["failure"], "disk_full");
    }
}
