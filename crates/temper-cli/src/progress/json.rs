//! Events as lines of JSON on stdout.

use serde_json::Value;
use temper_core::{Event, Goal, History, Loss, ObjectiveError, TrialId};
use temper_study::Observer;

use crate::say::{answer, say};

use super::kept;

/// Prints each event with its values in the user's direction.
pub(super) struct JsonLines {
    goals: Vec<Goal>,
}

impl JsonLines {
    pub(super) fn new(goals: Vec<Goal>) -> Self {
        Self { goals }
    }

    /// Turns a list of losses into the user's values, wherever it stands in the event.
    fn turn(&self, value: &mut Value) {
        let Value::Object(object) = value else { return };
        if let Some(losses) = object.remove("losses") {
            // They were losses a moment ago.
            let losses: Vec<Loss> = serde_json::from_value(losses).unwrap_or_default();
            let values = self.goals.iter().zip(losses).map(|(goal, loss)| goal.value(loss));
            object.insert("values".to_owned(), values.collect());
        }
        object.values_mut().for_each(|below| self.turn(below));
    }
}

impl Observer for JsonLines {
    fn see(&mut self, event: &Event, _: &History) {
        let mut value = serde_json::to_value(event).expect("an event can be written as JSON");
        self.turn(&mut value);
        answer(format!("{value}\n"));
    }

    fn keeps(&mut self, trial: TrialId, error: &ObjectiveError) {
        say(kept(trial, error)); // it is no event
    }
}
