//! What a study tries: a program, or in a child process the built-in trainer or an evaluation.

mod memory_gate;
mod program;
mod slots;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use miette::{Result, miette};
use temper_core::{Direction, EarlyStopping, Goal, History, Job, Objective, StageSetup};
use temper_generate::Allowance;
use temper_space::Space;
use temper_study::{CommandObjective, CommandSettings, Pausing, Slot, Template, TrialFolders};
use temper_train::Device;

use crate::document::Document;
use crate::generate_settings::GenerateSettings;
use crate::mistake::Mistake;
use crate::plan::duration;
use crate::size::parse_bytes;
use crate::study_file::{DeviceList, KeptCheckpoints, ObjectiveKind, ObjectiveSection, Pause};
use crate::train_settings::TrainSettings;

use memory_gate::{Allowed, MemoryGate};

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How many threads the trainer computes with; trials that run at once share the cores.
const THREADS: &str = "RAYON_NUM_THREADS";

/// Where the settings of a trial of the built-in trainer or of an evaluation are, in the trial's
/// folder.
const CONFIG: &str = "config.toml";

/// Where a trial of the built-in trainer keeps its checkpoints, in the trial's folder.
pub(crate) const CHECKPOINTS: &str = "checkpoints";

/// How many steps a program is to run, where the study says.
const MAX_STEPS: &str = "TEMPER_MAX_STEPS";

/// An objective that can be run.
#[derive(Debug)]
pub(crate) struct ObjectivePlan {
    settings: CommandSettings,
    runs: Runs,
    devices: DeviceList,
    pub(crate) checkpoints: KeptCheckpoints,
}

/// What runs in a trial's process.
#[derive(Debug)]
enum Runs {
    /// The user's command, as it is written.
    Program(Vec<String>),
    /// The built-in trainer.
    Train(Box<TrainSettings>),
    /// An evaluation.
    Generate(Box<GenerateSettings>),
}

impl ObjectivePlan {
    pub(crate) fn new(
        document: &Document,
        section: ObjectiveSection,
        space: &Space,
        goals: &[Goal],
        stages: &[StageSetup],
        early_stopping: Option<&EarlyStopping>,
        allowance: &Allowance,
    ) -> Result<Self> {
        let span = |key: &str, text: &Option<String>| -> Result<Option<Duration>> {
            text.as_ref().map(|text| duration(document, &["objective", key], text)).transpose()
        };
        let timeout = span("timeout", &section.timeout)?;
        let grace = span("grace", &section.grace)?.unwrap_or(GRACE);
        let memory_limit = memory_limit(document, section.memory_limit.as_deref())?;
        let devices = section.devices;
        let mut pausing = Pausing::Signal;
        let (runs, templates, env) = match section.kind {
            ObjectiveKind::Command { command, env, max_steps, pause } => {
                let templates = program::read(document, &command, space, stages)?;
                pausing = pause.into();
                let steps = max_steps.map(|steps| (MAX_STEPS.to_owned(), steps.to_string()));
                (Runs::Program(command), templates, env.into_iter().chain(steps).collect())
            }
            ObjectiveKind::Train(config) => {
                let settings = TrainSettings::new(document, *config, space, goals)?;
                settings.check_stages(document, space, stages)?;
                if !devices.names().is_empty() {
                    settings.refuse_device_param(document)?;
                }
                (Runs::Train(settings.into()), trainer(early_stopping)?, BTreeMap::new())
            }
            ObjectiveKind::Generate(config) => {
                let settings = GenerateSettings::new(document, *config, space, stages)?;
                let evaluator = evaluator(allowance)?;
                (Runs::Generate(settings.into()), evaluator, BTreeMap::new())
            }
        };
        let slots = match runs {
            Runs::Program(_) => slots::of_program(&devices),
            Runs::Train(_) | Runs::Generate(_) => slots::of_trainer(&devices),
        };
        let working_dir = document.folder();
        let goals = goals.to_vec();
        let settings = CommandSettings {
            command: templates,
            working_dir,
            goals,
            timeout,
            memory_limit,
            grace,
            pausing,
            // What would be asked after a verdict costs money.
            acknowledges: matches!(runs, Runs::Generate(_)),
            env,
            slots,
            checkpoints: section.checkpoints.discardable().to_vec(),
        };
        let checkpoints = section.checkpoints;
        Ok(Self { settings, runs, devices, checkpoints })
    }

    /// The settings of the trainer, where it is what runs.
    pub(crate) fn train(&self) -> Option<&TrainSettings> {
        match &self.runs {
            Runs::Train(settings) => Some(settings),
            Runs::Program(_) | Runs::Generate(_) => None,
        }
    }

    /// The settings of evaluations, where they are what runs.
    pub(crate) fn generate(&self) -> Option<&GenerateSettings> {
        match &self.runs {
            Runs::Generate(settings) => Some(settings),
            Runs::Program(_) | Runs::Train(_) => None,
        }
    }

    /// Checks that what trials need is on this machine. A study can be looked at without.
    pub(crate) fn check_surroundings(
        &self,
        document: &Document,
        allowance: &Allowance,
    ) -> Result<(), Mistake> {
        match &self.runs {
            Runs::Program(command) => {
                slots::check_visible(document, &self.devices)?;
                program::check_present(document, command)
            }
            Runs::Train(train) => {
                train.check_devices(document, &self.devices)?;
                train.check_surroundings(document)
            }
            Runs::Generate(generate) => generate.check_surroundings(document, allowance),
        }
    }

    /// Makes the objective, for a run of that many trials at once after those of the history.
    pub(crate) fn build(
        &self,
        folders: TrialFolders,
        workers: u16,
        history: &History,
    ) -> Box<dyn Objective> {
        let command = self.settings.clone();
        match &self.runs {
            Runs::Program(_) => Box::new(CommandObjective::new(command, folders)),
            Runs::Train(settings) => self.build_training(settings, folders, workers, history),
            Runs::Generate(settings) => {
                let (mut command, settings) = (command, settings.clone());
                share_cores(&mut command, workers);
                let write = move |job: &Job, _: Option<&Slot>, folder: &Path| {
                    let config = settings.of_job(job).map_err(io::Error::other)?;
                    let text = toml::to_string(&config).map_err(io::Error::other)?;
                    fs::write(folder.join(CONFIG), text)
                };
                Box::new(CommandObjective::new(command, folders).with_files(Box::new(write)))
            }
        }
    }

    fn build_training(
        &self,
        settings: &TrainSettings,
        folders: TrialFolders,
        workers: u16,
        history: &History,
    ) -> Box<dyn Objective> {
        let (mut command, settings) = (self.settings.clone(), settings.clone());
        share_cores(&mut command, workers);
        let is_on_cpu = self.devices.names().iter().all(|name| name.parse() == Ok(Device::Cpu));
        let allowed = Allowed::new(command.memory_limit, workers).filter(|_| is_on_cpu);
        let gate = allowed.map(|allowed| MemoryGate::new(settings.clone(), allowed, history));
        let write = move |job: &Job, slot: Option<&Slot>, folder: &Path| {
            let mut config =
                settings.with_both(&job.config, &job.settings).map_err(io::Error::other)?;
            if job.is_repeat {
                // Whatever seed is fixed: the run is to show what another one makes of it.
                config.seed = job.seed;
            }
            if let Some(slot) = slot {
                config.device = slot.name.parse().map_err(io::Error::other)?;
            }
            let text = toml::to_string(&config).map_err(io::Error::other)?;
            fs::write(folder.join(CONFIG), text)
        };
        let objective = CommandObjective::new(command, folders).with_files(Box::new(write));
        match gate {
            Some(gate) => Box::new(gate.before(objective)),
            None => Box::new(objective),
        }
    }
}

impl From<Pause> for Pausing {
    fn from(pause: Pause) -> Self {
        match pause {
            Pause::Signal => Self::Signal,
            Pause::File => Self::File,
            Pause::Restart => Self::Restart,
        }
    }
}

/// Lets trials that run at once share the cores, unless it is said how many threads each has.
fn share_cores(command: &mut CommandSettings, workers: u16) {
    if env::var_os(THREADS).is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / usize::from(workers)).max(1);
        command.env.insert(THREADS.to_owned(), threads.to_string());
    }
}

/// This very program, as the text of a template.
fn this_program() -> Result<String> {
    let program =
        env::current_exe().map_err(|error| miette!("can't find this program: {error}"))?;
    Ok(program.display().to_string().replace('{', "{{").replace('}', "}}"))
}

/// This very program, evaluating.
fn evaluator(allowance: &Allowance) -> Result<Vec<Template>> {
    let program = this_program()?;
    let config = format!("{{trial_dir}}/{CONFIG}");
    let tokens = allowance.tokens.map(|tokens| format!("--token-limit={tokens}"));
    let cost = allowance.cost.map(|cost| format!("--cost-limit={cost}"));
    [&program, "evaluate", &config, "--json", "--trial", "--pause-at={until}"]
        .into_iter()
        .chain(tokens.as_deref())
        .chain(cost.as_deref())
        .map(|argument| Template::parse(argument).map_err(|error| miette!("{error}")))
        .collect()
}

/// This very program, as a trainer.
fn trainer(early_stopping: Option<&EarlyStopping>) -> Result<Vec<Template>> {
    let program = this_program()?;
    let config = format!("{{trial_dir}}/{CONFIG}");
    // A trial that was interrupted goes on where it was.
    let checkpoints = format!("--checkpoints={{trial_dir}}/{CHECKPOINTS}");
    let pause = "--pause-at={until}";
    // The best evaluation counts, and its checkpoint is that of the result. The trainer ends by
    // itself where the study would end it: beyond that it might find a better one.
    let early = early_stopping.map(|early| {
        let EarlyStopping { patience, min_delta, watched } = early;
        let direction = match watched.direction {
            Direction::Minimize => "minimize",
            Direction::Maximize => "maximize",
        };
        [
            format!("--keep-best={}:{direction}", watched.metric),
            format!("--patience={patience}"),
            format!("--min-delta={min_delta}"),
        ]
    });
    [&program, "train", &config, "--json", &checkpoints, "--resume", pause]
        .into_iter()
        .chain(early.iter().flatten().map(String::as_str))
        .map(|argument| Template::parse(argument).map_err(|error| miette!("{error}")))
        .collect()
}

fn memory_limit(document: &Document, text: Option<&str>) -> Result<Option<u64>> {
    let Some(text) = text else { return Ok(None) };
    match parse_bytes(text) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(document
            .mistake(&["objective", "memory_limit"], format!("`{text}` is not an amount of memory"))
            .help(Some("write it like \"512 MiB\" or \"2 GB\"".to_owned()))
            .into()),
    }
}
