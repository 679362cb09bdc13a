//! `temper evaluate`: one setting of how a model generates, without tuning. Trials of studies of
//! evaluations run this too.

mod pace;

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miette::{Report, Result, miette};
use temper_core::ITEM;
use temper_generate::{
    Account, Allowance, ConfigError, EvaluationError, GenerateConfig, GenerateError, Outcome, Part,
    SPENT, Tally,
};

use crate::args::EvaluateArgs;
use crate::document::Document;
use crate::exit::Exit;
use crate::generate_settings::{absolute, explain};
use crate::generator::{Desk, Payer};
use crate::people::number;
use crate::say::{answer, say, tell};
use crate::settings::set;
use crate::signals::raise_on_signals;
use crate::study_file::{ObjectiveKind, StudyFile};

use pace::Pace;

/// Where a trial keeps what was answered, in its folder.
const ITEMS: &str = "items.jsonl";

/// How often a person is told how far it has come, in items.
const TOLD: usize = 10;

pub(crate) fn run(args: &EvaluateArgs) -> Result<Exit> {
    let evaluated = evaluate(args);
    if let (Err(error), true) = (&evaluated, args.json) {
        answer(format!("{}\n", failure(error)));
    }
    evaluated.map_err(|error| error.report)
}

fn evaluate(args: &EvaluateArgs) -> Result<Exit, Unevaluated> {
    let document = Document::read(&args.config)?;
    let folder = absolute(document.folder());
    let config = settings(&document, &args.set)?;
    let stop = Arc::new(AtomicBool::new(false));
    raise_on_signals(&stop)?;
    let desk = Desk::open(&config, payer(args, &folder))?;
    if !args.trial {
        desk.begin_anew()?; // a limit is that of this run
    }
    let part = if args.held_out { Part::HeldOut } else { Part::Search };
    // The trial of a study runs in the folder of the study file.
    let base_dir = if args.trial { PathBuf::from(".") } else { folder.clone() };
    let evaluation = desk
        .evaluation(&config, part, &base_dir)
        .map_err(|error| Unevaluated::of_config(&document, args, &error))?;
    let generator = desk.generator(&config)?;
    let total = evaluation.items().len().min(args.pause_at.unwrap_or(usize::MAX));
    let items = args.items.clone().or_else(|| args.trial.then(|| folder.join(ITEMS)));
    let mut watch = Watch {
        args,
        config: &config,
        desk: &desk,
        items: items.as_deref().map(create).transpose()?,
        pace: args.trial.then(Pace::of_stdin),
        reported: if args.trial { reported() } else { 0 },
        total,
        unwritten: None,
    };
    let mut show = |outcome: &Outcome, tally: &Tally| watch.show(outcome, tally);
    let result = evaluation.run(&*generator, args.pause_at, &stop, &mut show);
    if let Some(unwritten) = watch.unwritten {
        let help = "make room for it, or write elsewhere";
        return Err(miette!(help = help, "{unwritten}").into());
    }
    match result {
        // Its runner is gone, or has seen enough.
        Ok(tally) if tally.outcomes().len() < total => Ok(Exit::Interrupted),
        Ok(tally) => Ok(conclude(args, &tally.metrics(config.prices()))),
        Err(EvaluationError::Interrupted) => {
            say("interrupted; what was answered is known the next time");
            Ok(Exit::Interrupted)
        }
        Err(EvaluationError::Config(error)) => Err(Unevaluated::of_config(&document, args, &error)),
        Err(error) => Err(Unevaluated { kind: kind(&error), report: miette!("{error}") }),
    }
}

/// Why there is no result.
struct Unevaluated {
    /// How the study is told of it that this is a trial of.
    kind: &'static str,
    report: Report,
}

impl Unevaluated {
    /// These settings are to blame, or a file that all trials need.
    fn of_config(document: &Document, args: &EvaluateArgs, error: &ConfigError) -> Self {
        let kind = if matches!(error, ConfigError::Set { .. }) { "unable" } else { "crashed" };
        Self { kind, report: explain(document, &args.set, error) }
    }
}

/// The surroundings are to blame, and other trials would fare no better.
impl From<Report> for Unevaluated {
    fn from(report: Report) -> Self {
        Self { kind: "unable", report }
    }
}

/// Shows an evaluation, and keeps its items.
struct Watch<'a> {
    args: &'a EvaluateArgs,
    config: &'a GenerateConfig,
    desk: &'a Desk,
    items: Option<BufWriter<File>>,
    pace: Option<Pace>,
    /// The last step that an earlier attempt of this trial reported.
    reported: usize,
    total: usize,
    /// Why something could not be written: the evaluation ends.
    unwritten: Option<String>,
}

impl Watch<'_> {
    fn show(&mut self, outcome: &Outcome, tally: &Tally) -> ControlFlow<()> {
        if let Err(error) = self.keep(outcome) {
            self.unwritten = Some(format!("the items can't be written: {error}"));
            return ControlFlow::Break(());
        }
        let step = tally.outcomes().len();
        if !self.args.json {
            if step.is_multiple_of(TOLD) && step < self.total {
                say(format!("{step} of {} items: {}", self.total, self.scores(tally)));
            }
            return ControlFlow::Continue(());
        }
        if step < self.reported {
            return ControlFlow::Continue(()); // what is known need not be said again
        }
        if let Err(error) = self.report(step, tally) {
            self.unwritten = Some(format!("the metrics on stdout can't be written: {error}"));
            return ControlFlow::Break(());
        }
        match &mut self.pace {
            Some(pace) => {
                pace.wait_for(step as u64, self.config.batch_size as u64, self.total as u64)
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn keep(&mut self, outcome: &Outcome) -> io::Result<()> {
        let Some(items) = &mut self.items else { return Ok(()) };
        serde_json::to_writer(&mut *items, outcome)?;
        items.write_all(b"\n")?;
        items.flush()
    }

    fn report(&self, step: usize, tally: &Tally) -> io::Result<()> {
        let mut metrics = tally.metrics(self.config.prices());
        if self.args.trial {
            let spent = self.desk.spent().map_err(|error| io::Error::other(error.to_string()))?;
            let cost = self.config.prices().map(|_| spent.cost);
            let amounts = [Some(spent.requests as f64), Some(spent.tokens() as f64), cost];
            let amounts = SPENT.into_iter().zip(amounts);
            metrics.extend(amounts.filter_map(|(name, amount)| Some((name.to_owned(), amount?))));
        }
        metrics.insert("step".to_owned(), step as f64);
        tell(&format!("{}\n", serde_json::to_string(&metrics)?))
    }

    /// The scorers' metrics, for people.
    fn scores(&self, tally: &Tally) -> String {
        let metrics = tally.metrics(None);
        let own = self.config.metrics();
        let known = own.iter().filter_map(|name| Some((name, metrics.get(*name)?)));
        let told = known.map(|(name, value)| format!("{name} {}", number(*value)));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Says what came of it.
fn conclude(args: &EvaluateArgs, metrics: &BTreeMap<String, f64>) -> Exit {
    if !args.json {
        let is_of_last = |name: &str| name.starts_with(ITEM);
        for (name, value) in metrics.iter().filter(|(name, _)| !is_of_last(name)) {
            answer(format!("{name} = {value}\n"));
        }
    }
    Exit::Ok
}

/// What the runner knows of this trial.
fn reported() -> usize {
    env::var("TEMPER_REPORTED").ok().and_then(|step| step.parse().ok()).unwrap_or_default()
}

/// Who pays: the trial whose folder it is, or nobody in particular.
fn payer(args: &EvaluateArgs, folder: &Path) -> Payer {
    let allowance = Allowance { tokens: args.token_limit, cost: args.cost_limit };
    let account = match (args.trial, folder.parent(), folder.file_name()) {
        (true, Some(trials), Some(trial)) => Account {
            study: trials.display().to_string(),
            trial: trial.to_string_lossy().into_owned(),
        },
        _ => {
            Account { study: folder.join(&args.config).display().to_string(), trial: String::new() }
        }
    };
    Payer { account, allowance }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path)
        .map_err(|error| miette!("`{}` can't be written: {error}", path.display()))?;
    Ok(BufWriter::new(file))
}

/// The settings of the file with some set to other values; paths are relative to its folder.
pub(crate) fn settings(document: &Document, pairs: &[String]) -> Result<GenerateConfig> {
    let root = document.root();
    let config = match root.has("objective") {
        false => root.rest()?,
        true => match StudyFile::read(document)?.objective.kind {
            ObjectiveKind::Generate(config) => *config,
            ObjectiveKind::Command { .. } | ObjectiveKind::Train(_) => {
                return Err(document
                    .mistake(&["objective", "kind"], "this study evaluates no model")
                    .into());
            }
        },
    };
    let mut config = set(&config, pairs)?;
    config.resolve(&absolute(document.folder()));
    config.validate().map_err(|error| explain(document, pairs, &error))?;
    Ok(config)
}

/// How the study is told of a failure that this is a trial of.
fn failure(error: &Unevaluated) -> serde_json::Value {
    serde_json::json!({"failure": error.kind, "message": error.report.to_string()})
}

fn kind(error: &EvaluationError) -> &'static str {
    match error {
        // Trouble of the endpoint, which befalls whoever asks.
        EvaluationError::Unable(_)
        | EvaluationError::Unanswered { source: GenerateError::Failed(_), .. } => "unable",
        // The study sees that its budget is spent, and begins nothing more.
        EvaluationError::Spent(_) => "preempted",
        EvaluationError::Unanswered { source: GenerateError::TimedOut(_), .. } => "timeout",
        _ => "crashed",
    }
}
