//! `temper schedule`: the learning-rate schedules, and one of them as a curve or a table.

pub(super) mod curve;

use std::path::Path;

use curve::Curve;
use miette::{Result, miette};
use temper_train::{Schedule, ScheduleKind, TrainConfig, TrainError};
use toml::Value;

use crate::args::ScheduleArgs;
use crate::commands::train;
use crate::document::Document;
use crate::exit::Exit;
use crate::mistake::suggest;
use crate::settings::{overwrite, set};

/// Optimizer steps of the run where only the name of a schedule is given.
const DEFAULT_STEPS: usize = 1_000;

pub(crate) fn run(args: &ScheduleArgs) -> Result<Exit> {
    let Some(schedule) = &args.schedule else {
        print!("{}", list());
        return Ok(Exit::Ok);
    };
    let schedule = match read(schedule)? {
        Source::Kind(kind) => {
            let lr_schedule = Some(kind);
            let max_steps = Some(DEFAULT_STEPS);
            let config = TrainConfig { lr_schedule, max_steps, ..TrainConfig::default() };
            schedule_of(args, &config, |error| plain(&error))?
        }
        Source::File(document) => {
            let config = train::read(&document)?;
            schedule_of(args, &config, |error| train::explain(&document, &args.set, &error))?
        }
    };
    if args.csv {
        println!("step,learning_rate");
        (0..schedule.total_steps)
            .for_each(|step| println!("{step},{}", schedule.learning_rate(step)));
    } else {
        let value = |step| schedule.learning_rate(step);
        let curve = Curve { steps: schedule.total_steps, value: &value, first: 0 };
        print!("{}", curve::draw(&curve));
    }
    Ok(Exit::Ok)
}

/// Where the settings come from.
enum Source {
    Kind(ScheduleKind),
    File(Document),
}

/// A kind by its name, or else a file.
fn read(schedule: &str) -> Result<Source> {
    if let Ok(kind) = schedule.parse() {
        return Ok(Source::Kind(kind));
    }
    let path = Path::new(schedule);
    if path.exists() || path.extension().is_some() {
        return Document::read(path).map(Source::File);
    }
    let help = suggest(schedule, ScheduleKind::names());
    Err(miette!(help = help, "there is no schedule `{schedule}`"))
}

/// The schedule of the settings with those of the command line in them.
fn schedule_of(
    args: &ScheduleArgs,
    config: &TrainConfig,
    explain: impl Fn(TrainError) -> miette::Report,
) -> Result<Schedule> {
    let count = |steps: u64| Value::Integer(i64::try_from(steps).unwrap_or(i64::MAX));
    let given = [
        ("learning_rate", args.learning_rate.map(Value::Float)),
        ("warmup_steps", args.warmup_steps.map(count)),
        ("min_lr", args.min_lr.map(Value::Float)),
    ];
    let given = given.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let config = overwrite(config, given).map_err(|error| miette!("{error}"))?;
    let config = set(&config, &args.set)?;
    config.validate_schedule().map_err(&explain)?;
    let total_steps = match (args.steps, config.num_epochs) {
        (Some(steps), _) => steps,
        (None, Some(_)) => {
            let help = "say how many steps there are, for example --steps 1000";
            return Err(miette!(help = help, "the steps of `num_epochs` depend on the text"));
        }
        (None, None) => config.total_steps(0).map_err(&explain)?,
    };
    Ok(config.schedule(total_steps))
}

/// A mistake on the command line.
fn plain(error: &TrainError) -> miette::Report {
    match error.help() {
        Some(help) => miette!(help = help, "{error}"),
        None => miette!("{error}"),
    }
}

/// All kinds, with what each says of itself.
fn list() -> String {
    let mut text = "\
learning-rate schedules, for lr_schedule, each after a warmup to the peak:
  peak, min  learning_rate and min_lr
  t, T       steps since the peak, and of them until the last step; p = t / T
  w          warmup_steps
"
    .to_owned();
    for kind in ScheduleKind::all() {
        let entry = kind.entry();
        let lines = [entry.summary, entry.formula, entry.source].map(str::to_owned);
        let settings = entry.settings.iter();
        let settings = settings.map(|setting| format!("{}: {}", setting.key, setting.summary));
        text.push_str(&format!("\n{kind}\n"));
        lines.into_iter().chain(settings).for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text
}
