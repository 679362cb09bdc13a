//! Whether a log was written for the search that a study is opened with.

use temper_core::{Goal, Setup};
use temper_space::ParamSpec;

use crate::StudyError;

/// Compares goals, space, requirements, and the names and settings of stages, of which there may be
/// more. Constraints, strategy, pruner, seed, number of trials and
/// the confidence in defaults may differ: they change what is tried, not what a trial is.
pub(crate) fn same_search(before: &Setup, now: &Setup) -> Result<(), StudyError> {
    let changed =
        |what, difference| Err(StudyError::Changed { study: now.name.clone(), what, difference });
    if before.goals != now.goals {
        let (before, now) = (goals(&before.goals), goals(&now.goals));
        return changed("goal", format!("it was to {before}, now to {now}"));
    }
    for name in before.space.0.keys().chain(now.space.0.keys()) {
        match (before.space.0.get(name), now.space.0.get(name)) {
            (Some(_), None) => return changed("space", format!("it also had `{name}`")),
            (None, Some(_)) => return changed("space", format!("it did not have `{name}`")),
            (Some(before), Some(now)) if searched(before) != searched(now) => {
                let (before, now) = (param(before), param(now));
                return changed("space", format!("parameter `{name}` was {before}, now {now}"));
            }
            _ => {}
        }
    }
    for (before, now_stage) in before.stages.iter().zip(&now.stages) {
        let name = &before.name;
        if before.name != now_stage.name {
            return changed(
                "list of stages",
                format!("`{name}` was where `{}` is", now_stage.name),
            );
        }
        if before.settings != now_stage.settings {
            let (before, now) = (&before.settings, &now_stage.settings);
            let difference = format!("the settings of `{name}` were `{before}`, now `{now}`");
            return changed("list of stages", difference);
        }
    }
    if let Some(gone) = before.stages.get(now.stages.len()) {
        return changed("list of stages", format!("it also had `{}`", gone.name));
    }
    if before.require != now.require {
        return changed("set of requirements", "`[require]` was different".to_owned());
    }
    Ok(())
}

/// What a parameter may be; how sure somebody is of its default is no part of it.
fn searched(spec: &ParamSpec) -> ParamSpec {
    ParamSpec { confidence: None, ..spec.clone() }
}

/// Goals as a sentence goes on: "minimize loss and maximize accuracy".
pub(crate) fn goals(goals: &[Goal]) -> String {
    goals.iter().map(Goal::to_string).collect::<Vec<_>>().join(" and ")
}

fn param(spec: &ParamSpec) -> String {
    serde_json::to_string(spec).unwrap_or_else(|error| error.to_string())
}
