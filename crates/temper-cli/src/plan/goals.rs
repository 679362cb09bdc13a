//! What a study looks for: `[study] metric` or `objectives`.

use miette::Result;
use temper_core::{Direction, Goal};

use crate::document::Document;
use crate::mistake::Mistake;
use crate::study_file::{ObjectiveKind, StudySection};
use crate::train_settings::ACCURACY;

/// Reads the goals, whose metrics are reported, as far as these are known.
pub(super) fn goals(
    document: &Document,
    study: &StudySection,
    kind: &ObjectiveKind,
) -> Result<Vec<Goal>> {
    let Some(objectives) = &study.objectives else {
        let goal = goal(document, study, kind)?;
        check(document, &["study", "metric"], &goal, kind)?;
        return Ok(vec![goal]);
    };
    if study.metric.is_some() || study.direction.is_some() {
        let message = "`objectives` stands beside `metric` or `direction`";
        return Err(document.mistake(&["study", "objectives"], message).into());
    }
    if objectives.is_empty() {
        let message = "`objectives` names no metric";
        return Err(document.mistake(&["study", "objectives"], message).into());
    }
    for (index, goal) in objectives.iter().enumerate() {
        check(document, &["study", "objectives", &index.to_string()], goal, kind)?;
    }
    Ok(objectives.clone())
}

/// The goal of a study with one.
fn goal(document: &Document, study: &StudySection, kind: &ObjectiveKind) -> Result<Goal, Mistake> {
    let metric = match (&study.metric, kind) {
        (Some(metric), _) => metric.clone(),
        (None, ObjectiveKind::Train(_)) => "eval_loss".to_owned(),
        // Without any scorer it is another mistake, which is told later.
        (None, ObjectiveKind::Generate(config)) => {
            config.metrics().first().map(|metric| (*metric).to_owned()).unwrap_or_default()
        }
        (None, ObjectiveKind::Command { .. }) => {
            let help = "name the number that your program prints: metric = \"eval_loss\"";
            let mistake = document.mistake(&["study"], "`metric` is missing");
            return Err(mistake.help(Some(help.to_owned())));
        }
    };
    let direction = study.direction.unwrap_or_else(|| usual_direction(&metric, kind));
    Ok(Goal { metric, direction })
}

fn check(
    document: &Document,
    path: &[&str],
    goal: &Goal,
    kind: &ObjectiveKind,
) -> Result<(), Mistake> {
    match kind.refuse_metric(&goal.metric) {
        None => Ok(()),
        Some((message, help)) => Err(document.mistake(path, message).help(Some(help))),
    }
}

/// The direction of a metric for which none is written.
pub(super) fn usual_direction(metric: &str, kind: &ObjectiveKind) -> Direction {
    match kind {
        ObjectiveKind::Train(_) if metric == ACCURACY => Direction::Maximize,
        ObjectiveKind::Generate(config) if config.metrics().contains(&metric) => {
            Direction::Maximize
        }
        _ => Direction::Minimize,
    }
}
