//! What `[[stage]]` comes to.

use miette::Result;
use temper_core::{Around, Event, History, Setup, StageSetup, stream};
use temper_space::{Space, SpaceError};
use temper_strategy::{NarrowError, build_for, narrow};

use crate::document::Document;
use crate::generate_settings::GenerateSettings;
use crate::mistake::{Mistake, suggest};
use crate::study_file::{ObjectiveKind, StageSection, StudyFile};

use super::named;

/// The only place that a stage can search around.
const BEST: &str = "best";
/// How wide the neighbourhood of the best is, unless the file says.
const SHRINK: f64 = 0.3;

/// Reads the stages, for a study of that many trials, if that is known.
pub(super) fn stages(
    document: &Document,
    file: &StudyFile,
    space: &Space,
    trials: Option<u64>,
) -> Result<Vec<StageSetup>> {
    let mut stages: Vec<StageSetup> = Vec::new();
    for (index, section) in file.stages.iter().enumerate() {
        let place = Place { document, index: index.to_string() };
        if stages.iter().any(|stage| stage.name == section.name) {
            let message = format!("two stages are named `{}`", section.name);
            return Err(place.mistake(&["name"], message, "give each its own name").into());
        }
        check_trials(&place, file, section)?;
        if let Some(strategy) = &section.strategy {
            named::check_strategy(document, &["stage", &place.index, "strategy"], strategy)?;
        }
        check_settings(&place, file, section)?;
        check_space(&place, section, space)?;
        stages.push(StageSetup {
            name: section.name.clone(),
            trials: section.trials,
            strategy: section.strategy.as_ref().unwrap_or(&file.strategy).setup(),
            space: section.space.clone(),
            around: around(&place, section)?,
            settings: section.settings.clone(),
        });
    }
    check_total(document, &mut stages, trials)?;
    Ok(stages)
}

/// How many trials the stages have, if each says so.
pub(super) fn total(stages: &[StageSection]) -> Option<u64> {
    let trials: Option<Vec<u64>> = stages.iter().map(|stage| stage.trials).collect();
    trials.filter(|trials| !trials.is_empty())?.into_iter().reduce(u64::saturating_add)
}

/// Checks that each stage's strategy can search the stage's part of the space, as far as that is
/// known before it begins.
pub(super) fn check_suits(document: &Document, setup: &Setup, space: &Space) -> Result<()> {
    for (index, stage) in setup.stages.iter().enumerate() {
        let place = Place { document, index: index.to_string() };
        let wrong =
            |message: String| document.mistake(&["stage", &place.index, "strategy"], message);
        let part = narrow(space, &stage.space).map_err(|error| wrong(error.to_string()))?;
        let alone = Setup {
            space: part.spec().clone(),
            require: part.require_spec().clone(),
            strategy: stage.strategy.clone(),
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            ..setup.clone()
        };
        let mut strategy = build_for(&alone).map_err(|error| wrong(error.to_string()))?;
        let (mut history, opened) = (History::new(), Event::Opened(alone));
        history.apply(&opened).map_err(|error| wrong(error.to_string()))?;
        strategy.tell(&opened);
        let asked = strategy.ask(&part, &history, &mut stream(setup.seed, 0));
        asked.map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}

/// One of the tables.
struct Place<'a> {
    document: &'a Document,
    index: String,
}

impl Place<'_> {
    fn mistake(&self, keys: &[&str], message: impl Into<String>, help: &str) -> Mistake {
        let path: Vec<&str> =
            ["stage", &self.index].into_iter().chain(keys.iter().copied()).collect();
        self.document.mistake(&path, message).help(Some(help.to_owned()))
    }
}

fn check_trials(
    place: &Place<'_>,
    file: &StudyFile,
    section: &StageSection,
) -> Result<(), Mistake> {
    let name = &section.name;
    let help = "write how many trials the stage has: trials = 12";
    let is_last = place.index == (file.stages.len() - 1).to_string();
    match section.trials {
        Some(0) => {
            Err(place.mistake(&["trials"], format!("`trials` of stage `{name}` is 0"), help))
        }
        None if !is_last => {
            Err(place.mistake(&[], format!("`trials` of stage `{name}` is missing"), help))
        }
        _ => Ok(()),
    }
}

/// The stages and the study have to agree on the number of trials.
fn check_total(
    document: &Document,
    stages: &mut [StageSetup],
    trials: Option<u64>,
) -> Result<(), Mistake> {
    let Some((last, others)) = stages.split_last_mut() else { return Ok(()) };
    let given = others.iter().filter_map(|stage| stage.trials).fold(0, u64::saturating_add);
    let Some(total) = trials else { return Ok(()) };
    let message = match last.trials {
        None if given >= total => {
            format!("the stages have {given} trials without the last one, the study {total}")
        }
        Some(rest) if given.saturating_add(rest) != total => {
            format!("the stages have {} trials, the study {total}", given.saturating_add(rest))
        }
        _ => return Ok(()),
    };
    let help = "leave out `trials` of [study], or of the last stage, which then has the rest";
    Err(document.mistake(&["study", "trials"], message).help(Some(help.to_owned())))
}

fn around(place: &Place<'_>, section: &StageSection) -> Result<Option<Around>, Mistake> {
    match (section.around.as_deref(), section.shrink) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let message = "`shrink` needs `around`";
            Err(place.mistake(&["shrink"], message, "write around = \"best\""))
        }
        (Some(BEST), _) if place.index == "0" => {
            let message = "the first stage has nothing to start from";
            let help = "leave `around` out: there is no best trial before the first stage";
            Err(place.mistake(&["around"], message, help))
        }
        (Some(BEST), shrink) => {
            let shrink = shrink.unwrap_or(SHRINK);
            if shrink > 0.0 && shrink <= 1.0 {
                return Ok(Some(Around { shrink }));
            }
            let message = format!("`shrink` {shrink} is not above 0 and at most 1");
            let help = "write what part of each range is left: shrink = 0.3";
            Err(place.mistake(&["shrink"], message, help))
        }
        (Some(other), _) => {
            let message = format!("`around` is `{other}`");
            Err(place.mistake(&["around"], message, "known is best"))
        }
    }
}

fn check_settings(
    place: &Place<'_>,
    file: &StudyFile,
    section: &StageSection,
) -> Result<(), Mistake> {
    for (name, _) in section.settings.iter() {
        if file.space.0.contains_key(name) {
            let message = format!("`{name}` is a parameter of the space, not a setting");
            let help = format!("fix it in the stage's `space`: space = {{ {name} = ... }}");
            return Err(place.mistake(&["settings", name], message, &help));
        }
        let (who, known) = match &file.objective.kind {
            ObjectiveKind::Generate(_) if GenerateSettings::is_shared(name) => {
                let message = format!("`{name}` is the same for all trials, whatever their stage");
                return Err(place.mistake(
                    &["settings", name],
                    message,
                    "write it into [objective]",
                ));
            }
            ObjectiveKind::Train(_) => ("the trainer", temper_train::TrainConfig::keys()),
            ObjectiveKind::Generate(_) => ("an evaluation", GenerateSettings::searchable()),
            ObjectiveKind::Command { .. } => continue,
        };
        if !known.iter().any(|key| key == name) {
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            let message = format!("{who} has no setting `{name}`");
            return Err(place.mistake(&["settings", name], message, &suggest(name, &known)));
        }
    }
    Ok(())
}

fn check_space(place: &Place<'_>, section: &StageSection, space: &Space) -> Result<(), Mistake> {
    let part = narrow(space, &section.space);
    let error = match part.and_then(|part| Ok(part.probe()?)) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let path = error.path();
    let keys: Vec<&str> = ["space"].into_iter().chain(path.iter().map(String::as_str)).collect();
    let help = match &error {
        NarrowError::Unknown { param } => {
            let known: Vec<_> = space.params().iter().map(temper_space::Param::name).collect();
            suggest(param, &known)
        }
        NarrowError::Derived { .. } => "narrow those that it is computed from".to_owned(),
        NarrowError::Key { .. } => {
            "narrow low, high, step or values, or give one value: batch_size = 16".to_owned()
        }
        NarrowError::Outside { .. } => "a stage searches a part of [space]".to_owned(),
        NarrowError::Space(SpaceError::Bounds { param, .. }) => {
            format!("for one value, write {param} = VALUE")
        }
        NarrowError::Space(error) => error.help().unwrap_or_else(|| "widen it".to_owned()),
    };
    Err(place.mistake(&keys, format!("stage `{}`: {error}", section.name), &help))
}
