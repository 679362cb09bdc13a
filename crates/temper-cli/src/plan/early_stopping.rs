//! What `[early_stopping]` comes to.

use miette::Result;
use temper_core::{Direction, EarlyStopping, Goal};

use crate::document::Document;
use crate::study_file::{EarlyStoppingSection, ObjectiveKind};

use super::goals::usual_direction;

/// How many reports without an improvement end a trial, unless the file says.
const PATIENCE: u32 = 3;

/// Reads the section, which watches the first goal unless it names another metric.
pub(super) fn early_stopping(
    document: &Document,
    section: &EarlyStoppingSection,
    goals: &[Goal],
    kind: &ObjectiveKind,
) -> Result<EarlyStopping> {
    let mistake = |key: &str, message: String, help: &str| {
        document.mistake(&["early_stopping", key], message).help(Some(help.to_owned()))
    };
    if let ObjectiveKind::Generate(_) = kind {
        let message = "early stopping goes by the best report, and of an evaluation that is the \
                       mean of its first few items, by luck";
        let help = "let a pruner end evaluations: [pruner] with name = \"race\"".to_owned();
        return Err(document.mistake(&["early_stopping"], message).help(Some(help)).into());
    }
    let patience = section.patience.unwrap_or(PATIENCE);
    if patience == 0 {
        let help = "write after how many reports without an improvement a trial ends: patience = 3";
        return Err(mistake("patience", "`patience` is 0".to_owned(), help).into());
    }
    let min_delta = section.min_delta.unwrap_or_default();
    if !(min_delta >= 0.0 && min_delta.is_finite()) {
        let help = "write what counts as an improvement, in the metric's unit: min_delta = 0.001";
        return Err(mistake("min_delta", format!("`min_delta` is {min_delta}"), help).into());
    }
    let metric = section.metric.clone().unwrap_or_else(|| goals[0].metric.clone());
    let watched = match goals.iter().find(|goal| goal.metric == metric) {
        Some(goal) if section.direction.is_none_or(|it| it == goal.direction) => goal.clone(),
        Some(goal) => {
            let message = format!("`direction` is not that of the study, to {goal}");
            return Err(mistake("direction", message, "leave it out").into());
        }
        None => {
            if let Some((message, help)) = kind.refuse_metric(&metric) {
                return Err(mistake("metric", message, &help).into());
            }
            let direction: Direction =
                section.direction.unwrap_or_else(|| usual_direction(&metric, kind));
            Goal { metric, direction }
        }
    };
    Ok(EarlyStopping { patience, min_delta, watched })
}
