//! What a study has to be that trains a population (`[strategy] name = "pbt"`).

use miette::{Result, miette};
use serde_json::Value;
use temper_core::{Event, History, Setup, first_pause};
use temper_space::{Param, Space};

use super::named::pruner_of;
use crate::document::Document;
use crate::mistake::Mistake;
use crate::study_file::{Named, ObjectiveKind, Pause, StudyFile};

/// The strategy that trains populations.
pub(super) const NAME: &str = "pbt";

/// The settings of the trainer that a run may go on with from a checkpoint of others: all that a
/// step reads anew, and no shape of the model, data, optimizer or length.
const CHANGING: [&str; 35] = [
    "learning_rate",
    "lr_schedule",
    "min_lr",
    "min_lr_ratio",
    "warmup_steps",
    "warmup_ratio",
    "lr_num_cycles",
    "lr_power",
    "lr_decay_rate",
    "lr_decay_steps",
    "lr_step_size",
    "lr_gamma",
    "lr_timescale",
    "lr_div_factor",
    "lr_cooldown_ratio",
    "lr_cooldown_type",
    "weight_decay",
    "beta1",
    "beta2",
    "adam_eps",
    "momentum",
    "nesterov",
    "decay_rate",
    "clip_threshold",
    "z_loss",
    "ema_decay",
    "max_grad_norm",
    "dropout",
    "attention_dropout",
    "lora_dropout",
    "batch_size",
    "micro_batch_size",
    "gradient_accumulation_steps",
    "divergence_threshold",
    "divergence_steps",
];

/// Checks the study, and says of the trainer's parameters which ones change, if the file does not.
pub(super) fn complete(document: &Document, file: &mut StudyFile, space: &Space) -> Result<()> {
    let of_stages = file
        .stages
        .iter()
        .position(|stage| stage.strategy.as_ref().unwrap_or(&file.strategy).name == NAME);
    if let Some(index) = of_stages {
        let index = index.to_string();
        let path = ["stage", &index, "strategy"];
        let help = "search with the stages first, and train a population in a study of its own";
        let message = "a stage can't train a population: its members begin and end together";
        return Err(document.mistake(&path, message).help(Some(help.to_owned())).into());
    }
    if file.strategy.name != NAME {
        return Ok(());
    }
    refuse_what_ends_or_repeats_members(document, file)?;
    match &file.objective.kind {
        ObjectiveKind::Command { pause: Pause::Restart, .. } => {
            let help = "save when asked to, and go on from there: pause = \"signal\" or \"file\"";
            let message =
                "copies go on from what others have saved, and this program saves nothing";
            Err(document
                .mistake(&["objective", "pause"], message)
                .help(Some(help.to_owned()))
                .into())
        }
        ObjectiveKind::Command { .. } => Ok(()),
        ObjectiveKind::Train(_) => Ok(of_trainer(document, &mut file.strategy, space)?),
        ObjectiveKind::Generate(_) => {
            let help = "choose another strategy, or leave it out: name = \"auto\"";
            let message =
                format!("strategy `{NAME}` trains a population, and evaluations train nothing");
            Err(document.mistake(&["strategy", "name"], message).help(Some(help.to_owned())).into())
        }
    }
}

/// Members train side by side to their end, and what they find is no single configuration.
fn refuse_what_ends_or_repeats_members(
    document: &Document,
    file: &StudyFile,
) -> Result<(), Mistake> {
    let again = "it runs single configurations again, and a population finds schedules";
    let rerun = "leave it out, or run the schedule again in a study of its own";
    let early = "it ends members one by one, and a population trains all of them to their end";
    let copied = "leave it out: the worst members give way to copies of the best";
    let refused = [
        (file.confirm.is_some(), &["confirm"][..], again, rerun),
        (file.study.repeat.is_some(), &["study", "repeat"], again, rerun),
        (file.early_stopping.is_some(), &["early_stopping"], early, copied),
        (file.budget.until_converged.is_some(), &["budget", "until_converged"], early, copied),
    ];
    let Some((_, path, why, help)) = refused.into_iter().find(|(is_there, ..)| *is_there) else {
        return Ok(());
    };
    let message = format!("`{}` does not suit strategy `{NAME}`: {why}", path[path.len() - 1]);
    Err(document.mistake(path, message).help(Some(help.to_owned())))
}

/// Checks that no pruner lets trials pause: who goes on is the strategy's.
pub(super) fn check_pruner(document: &Document, setup: &Setup) -> Result<()> {
    let Some(named) = setup.pruner.as_ref().filter(|_| setup.strategy.name == NAME) else {
        return Ok(());
    };
    let pruner = pruner_of(named).map_err(|error| miette!("{error}"))?;
    let mut history = History::new();
    let opened = Event::Opened(setup.clone());
    history.apply(&opened).map_err(|error| miette!("{error}"))?;
    if first_pause(&*pruner, None, &history).is_none() {
        return Ok(());
    }
    let message = format!("pruner `{}` lets trials pause, as strategy `{NAME}` does", named.name);
    let help = "leave one of the two out, or let the pruner stop trials: mode = \"stop\"";
    Err(document.mistake(&["pruner", "name"], message).help(Some(help.to_owned())).into())
}

fn of_trainer(document: &Document, strategy: &mut Named, space: &Space) -> Result<(), Mistake> {
    let may_change = |name: &str| CHANGING.contains(&name);
    let searched: Vec<&str> = space.axes().map(Param::name).collect();
    let changing: Vec<String> = match strategy.options.get("parameters") {
        Some(Value::Array(given)) if !given.is_empty() => {
            let given: Vec<&str> = given.iter().filter_map(Value::as_str).collect();
            let is_fixed = |name: &str| searched.contains(&name) && !may_change(name);
            if let Some((index, name)) = given.iter().enumerate().find(|(_, name)| is_fixed(name)) {
                let path = ["strategy", "parameters", &index.to_string()];
                let message = format!("`{name}` can't change in mid-training");
                let help = "leave it out: copies have the value of whom they copy";
                return Err(document.mistake(&path, message).help(Some(help.to_owned())));
            }
            given.into_iter().map(str::to_owned).collect()
        }
        // The strategy says what is wrong with it.
        Some(_) => return Ok(()),
        None => {
            let changing = searched.iter().filter(|name| may_change(name));
            changing.map(|name| (*name).to_owned()).collect()
        }
    };
    if changing.is_empty() {
        let message = "no parameter of the space can change in mid-training";
        let help =
            "search one that can, such as learning_rate, weight_decay, dropout or batch_size";
        return Err(document.mistake(&["space"], message).help(Some(help.to_owned())));
    }
    check_derived(document, space, &changing)?;
    strategy.options.insert("parameters".to_owned(), changing.into());
    Ok(())
}

/// What is computed from a parameter that changes changes with it.
fn check_derived(document: &Document, space: &Space, changing: &[String]) -> Result<(), Mistake> {
    let mut changing = changing.to_vec();
    for derived in space.derived() {
        let Some(source) = derived.variables().iter().find(|it| changing.contains(it)) else {
            continue;
        };
        if !CHANGING.contains(&derived.name()) {
            let name = derived.name();
            let message = format!("`{name}` can't change in mid-training, and `{source}` changes");
            let help = format!(
                "name those that change, without `{source}`: [strategy] parameters = [...]"
            );
            return Err(document.mistake(&["space", name], message).help(Some(help)));
        }
        changing.push(derived.name().to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use temper_train::TrainConfig;

    use super::*;

    #[test]
    fn what_changes_in_mid_training_are_settings_of_the_trainer() {
        let known = TrainConfig::keys();
        for name in CHANGING {
            assert!(known.iter().any(|key| key == name), "{name}");
        }
    }
}
