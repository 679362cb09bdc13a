//! What a study file comes to, checked as far as that is possible before anything runs.

mod budget;
mod confirm;
mod constraints;
mod early_stopping;
mod goals;
mod named;
mod population;
mod prompt_search;
mod stages;
mod warm_start;

use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{IntoDiagnostic, Result, miette};
use temper_core::{Event, Goal, History, Pruner, Setup, Storage, StorageError, Strategy};
use temper_generate::{Allowance, AnswerStore, PromptSearchConfig};
use temper_space::{Space, SpaceError};
use temper_storage::SqliteStorage;
use temper_study::{Retries, Settings, TrialFolders};

use crate::args::{Overrides, StudyArgs};
use crate::document::Document;
use crate::ledger::Ledger;
use crate::objective::ObjectivePlan;
use crate::study_file::{Named, ObjectiveKind, RetriesSection, StudyFile, StudySection};

pub(crate) use budget::of_search;
pub(crate) use named::{proposers_of, strategy_of};
pub(crate) use warm_start::describe as describe_warm_start;

/// A study that can be run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) document: Document,
    pub(crate) setup: Setup,
    pub(crate) space: Space,
    pub(crate) objective: ObjectivePlan,
    pub(crate) settings: Settings,
    pub(crate) workers: u16,
    pub(crate) storage: PathBuf,
    /// What evaluations may spend, that of the winner on held-out items included.
    pub(crate) allowance: Allowance,
    /// Whether and how the winner's words are rewritten.
    pub(crate) prompt_search: Option<PromptSearchConfig>,
    warm_start: Vec<PathBuf>,
}

impl Plan {
    /// Reads and checks the study file.
    pub(crate) fn load(args: &StudyArgs) -> Result<Self> {
        let document = Document::read(&args.study)?;
        let mut file = StudyFile::read(&document)?;
        let name = study_name(&document, &file.study);
        let space = space(&document, &file)?;
        let goals = goals::goals(&document, &file.study, &file.objective.kind)?;
        let constraints =
            constraints::constraints(&document, &file.study.constraints, &file.objective.kind)?;
        named::check_strategy(&document, &["strategy"], &file.strategy)?;
        if let Some(pruner) = &file.pruner {
            named::check_pruner(&document, pruner)?;
        }
        population::complete(&document, &mut file, &space)?;
        let workers = args.overrides.workers.or(file.study.workers);
        let workers = file.objective.devices.workers(&document, workers)?;
        let trials = trials(&document, &file, &args.overrides)?;
        let stages = stages::stages(&document, &file, &space, trials)?;
        let early_stopping = file.early_stopping.as_ref().map(|section| {
            early_stopping::early_stopping(&document, section, &goals, &file.objective.kind)
        });
        let early_stopping = early_stopping.transpose()?;
        let max_steps = file.objective.kind.max_steps(&space);
        let storage = storage_path(&document, &file.study, &args.overrides, &name);
        let kind = &file.objective.kind;
        let allowance = budget::allowance(&document, &file.budget, kind)?;
        let of_trials = budget::of_trials(&allowance, &file);
        let mut budget = budget::budget(&document, &file.budget, &goals[0], kind)?;
        if let ObjectiveKind::Generate(config) = kind {
            budget.purse = Ledger::of(&config.cache, folders(&storage)?.root(), &of_trials);
        }
        let strategies = file.strategies();
        let budget_setup = budget::setup(&document, &file.budget, &budget, &goals, &strategies)?;
        budget::check_stages(&document, &budget_setup, !stages.is_empty())?;
        let early = early_stopping.as_ref();
        let objective = ObjectivePlan::new(
            &document,
            file.objective,
            &space,
            &goals,
            &stages,
            early,
            &of_trials,
        )?;
        if let Some(section) = &file.prompt_search {
            prompt_search::check(&document, section, objective.generate(), &allowance)?;
        }
        let confirm = file.confirm.as_ref();
        let confirm = confirm.map(|it| confirm::confirm(&document, it, budget.target));
        let setup = Setup {
            name: name.clone(),
            space: file.space,
            require: file.require,
            goals,
            constraints,
            seed: args.overrides.seed.or(file.study.seed).unwrap_or_default(),
            strategy: file.strategy.setup(),
            pruner: file.pruner.as_ref().map(Named::setup),
            early_stopping,
            max_steps,
            stages,
            budget: budget_setup,
            trials,
            repeat: confirm::repeat(&document, file.study.repeat)?,
            confirm: confirm.transpose()?,
        };
        match setup.stages.as_slice() {
            [] => named::check_suits(&document, &setup, &space)?,
            _ => stages::check_suits(&document, &setup, &space)?,
        }
        // Without its items, an evaluation has another mistake, which is told where it runs.
        if objective.generate().is_none() || setup.max_steps.is_some() {
            named::check_pruner_suits(&document, &setup)?;
        }
        population::check_pruner(&document, &setup)?;
        Ok(Self {
            setup,
            space,
            objective,
            settings: Settings { budget, ..settings(&document, &file.study, &file.retries)? },
            workers,
            warm_start: file.warm_start,
            storage,
            allowance,
            prompt_search: file.prompt_search,
            document,
        })
    }

    /// The primary goal.
    pub(crate) fn goal(&self) -> &Goal {
        &self.setup.goals[0]
    }

    /// A fresh strategy.
    pub(crate) fn strategy(&self) -> Result<Box<dyn Strategy>> {
        strategy_of(&self.setup).map_err(|error| miette!("{error}"))
    }

    /// The pruner, if there is one.
    pub(crate) fn pruner(&self) -> Result<Option<Box<dyn Pruner>>> {
        let pruner = self.setup.pruner.as_ref().map(named::pruner_of).transpose();
        pruner.map_err(|error| miette!("{error}"))
    }

    /// Where trials have their folders: beside the storage.
    pub(crate) fn folders(&self) -> Result<TrialFolders> {
        folders(&self.storage)
    }

    /// Whose account the evaluations of this study are on.
    pub(crate) fn account(&self) -> Result<String> {
        Ok(self.folders()?.root().display().to_string())
    }

    /// Forgets what another study has spent that was recorded in the same place, and is gone.
    pub(crate) fn forget_spending(&self) -> Result<()> {
        let Some(generate) = self.objective.generate() else { return Ok(()) };
        let cache = &generate.shared().cache;
        if !cache.exists() {
            return Ok(());
        }
        let store = AnswerStore::open(cache).into_diagnostic()?;
        store.forget(&self.account()?).into_diagnostic()
    }

    /// What the study's log adds up to, under the constraints that the file has now.
    pub(crate) fn history(&self) -> Result<History> {
        let mut history = History::new();
        for event in &self.events()? {
            history.apply(event).map_err(|error| {
                miette!("the log `{}` is inconsistent: {error}", self.storage.display())
            })?;
        }
        if history.setup().is_some_and(|setup| setup.constraints != self.setup.constraints) {
            let opened = Event::Opened(self.setup.clone());
            history.apply(&opened).map_err(|error| miette!("{error}"))?;
        }
        Ok(history)
    }

    /// The study's log.
    pub(crate) fn events(&self) -> Result<Vec<Event>> {
        self.open_existing_storage()?.read(0).map_err(|error| self.explain(&error))
    }

    /// Opens the storage, and makes it if it isn't there.
    pub(crate) fn open_storage(&self) -> Result<Box<dyn Storage>> {
        Ok(Box::new(SqliteStorage::open(&self.storage).map_err(|e| self.explain(&e))?))
    }

    /// Opens the storage, which must be there.
    pub(crate) fn open_existing_storage(&self) -> Result<Box<dyn Storage>> {
        Ok(Box::new(SqliteStorage::open_existing(&self.storage).map_err(|e| self.explain(&e))?))
    }

    /// Says what can be done about an error of the storage.
    pub(crate) fn explain(&self, error: &StorageError) -> miette::Report {
        let study = self.document.path().display();
        let help = match error {
            StorageError::Missing { .. } => format!("start the study: temper run {study}"),
            StorageError::ReadOnly { .. } => {
                "make the file and its folder writable, or choose another with --storage".to_owned()
            }
            StorageError::Full { .. } => {
                format!("make room; what was recorded is safe: temper resume {study}")
            }
            StorageError::Busy { .. } => "wait for the other process, or end it".to_owned(),
            StorageError::NotAStudy { .. } => "choose another file with --storage".to_owned(),
            StorageError::NewerFormat { .. } => "use a newer version of temper".to_owned(),
            StorageError::Damaged { readable, .. } => {
                format!("save those {readable} events in a new log: temper repair {study}")
            }
            StorageError::Conflict { .. } | StorageError::Other { .. } => {
                "check that the folder exists and can be written, or use --storage".to_owned()
            }
        };
        miette!(help = help, "{error}")
    }
}

/// Where trials have their folders: beside the storage.
fn folders(storage: &Path) -> Result<TrialFolders> {
    let root = std::path::absolute(storage.with_extension("trials"))
        .map_err(|error| miette!("can't find the current folder: {error}"))?;
    // One name, whichever way leads there: trials pay on the account of that name.
    let parent = root.parent().and_then(|parent| parent.canonicalize().ok());
    let root = match (parent, root.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => root,
    };
    Ok(TrialFolders::new(root))
}

/// The strategies that end by themselves.
const ENDING: [&str; 2] = ["grid", population::NAME];

fn study_name(document: &Document, study: &StudySection) -> String {
    let stem = document.path().file_stem().map(|stem| stem.to_string_lossy().into_owned());
    study.name.clone().or(stem).unwrap_or_else(|| "study".to_owned())
}

fn space(document: &Document, file: &StudyFile) -> Result<Space> {
    let mistake = |error: SpaceError| {
        let path = error.path();
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        document.mistake(&path, error.to_string()).help(error.help())
    };
    if file.space.0.is_empty() {
        return Err(document.mistake(&["space"], "the space has no parameters").into());
    }
    let space = Space::new(&file.space, &file.require).map_err(mistake)?;
    space.probe().map_err(mistake)?;
    Ok(space)
}

/// A grid and a population end by themselves; any other strategy must be told when.
fn trials(document: &Document, file: &StudyFile, overrides: &Overrides) -> Result<Option<u64>> {
    let of_stages = stages::total(&file.stages);
    let trials = overrides.trials.or(file.study.trials).or(of_stages);
    match trials {
        Some(0) => Err(document
            .mistake(&["study", "trials"], "`trials` is 0")
            .help(Some("write how many trials there are to be in total".to_owned()))
            .into()),
        None if !ENDING.contains(&file.strategy.name.as_str()) || !file.stages.is_empty() => {
            Err(document
                .mistake(&["study"], "`trials` is missing")
                .help(Some(
                    "write how many trials there are to be in total: trials = 40".to_owned(),
                ))
                .into())
        }
        _ => Ok(trials),
    }
}

fn settings(
    document: &Document,
    study: &StudySection,
    retries: &RetriesSection,
) -> Result<Settings> {
    let defaults = Settings::default();
    let lease = match &study.lease {
        Some(text) => duration(document, &["study", "lease"], text)?,
        None => defaults.lease,
    };
    Ok(Settings {
        retries: Retries {
            preempted: retries.preempted.unwrap_or(defaults.retries.preempted),
            crashed: retries.crashed.unwrap_or(defaults.retries.crashed),
            disk_full: retries.disk_full.unwrap_or(defaults.retries.disk_full),
        },
        lease,
        budget: defaults.budget,
    })
}

fn storage_path(
    document: &Document,
    study: &StudySection,
    overrides: &Overrides,
    name: &str,
) -> PathBuf {
    let folder = document.path().parent().unwrap_or(Path::new(""));
    match (&overrides.storage, &study.storage) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) => folder.join(path),
        (None, None) => folder.join(format!("{name}.db")),
    }
}

/// Reads a span of time: `"90s"`, `"1h 30m"`.
pub(crate) fn duration(document: &Document, path: &[&str], text: &str) -> Result<Duration> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(document
            .mistake(path, format!("`{text}` is not a span of time"))
            .help(Some("write it like \"90s\", \"30m\" or \"1h 30m\"".to_owned()))
            .into()),
    }
}
