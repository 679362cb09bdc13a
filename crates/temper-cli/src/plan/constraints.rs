//! What a trial has to keep: `[study] constraints`.

use temper_core::{Constraint, ConstraintError};

use crate::document::Document;
use crate::mistake::Mistake;
use crate::study_file::ObjectiveKind;

/// Reads the constraints, which are on metrics that are reported, as far as these are known.
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
        if let Some((message, help)) = kind.refuse_metric(metric) {
            return Err(mistake(message).help(Some(help)));
        }
        Ok(constraint)
    };
    texts.iter().enumerate().map(read).collect()
}
