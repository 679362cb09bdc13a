//! What a trial has to keep: `[study] constraints`.

use temper_core::{Constraint, ConstraintError};

use crate::document::Document;
use crate::mistake::{Mistake, suggest};
use crate::study_file::ObjectiveKind;
use crate::train_settings::METRICS;

/// Reads the constraints; the built-in trainer's are on metrics that it reports.
pub(super) fn constraints(
    document: &Document,
    texts: &[String],
    kind: &ObjectiveKind,
) -> Result<Vec<Constraint>, Mistake> {
    let read = |(index, text): (usize, &String)| {
        let index = index.to_string();
        let mistake = |message| document.mistake(&["study", "constraints", &index], message);
        let constraint: Constraint = text.parse().map_err(|error: ConstraintError| {
            mistake(error.to_string()).help(Some(error.help().to_owned()))
        })?;
        let metric = constraint.metric();
        if matches!(kind, ObjectiveKind::Train(_)) && !METRICS.contains(&metric) {
            let message = format!("the trainer does not report `{metric}`");
            return Err(mistake(message).help(Some(suggest(metric, &METRICS))));
        }
        Ok(constraint)
    };
    texts.iter().enumerate().map(read).collect()
}
