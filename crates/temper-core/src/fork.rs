//! A trial that goes on from what another one had come to.

use serde::{Deserialize, Serialize};

use crate::TrialId;

/// Where a trial begins that does not begin at its first step.
///
/// ```
/// use temper_core::{Fork, TrialId};
///
/// let fork = Fork { from: TrialId(3), replaces: Some(TrialId(5)) };
/// let text = serde_json::to_string(&fork)?;
/// assert_eq!(text, r#"{"from":3,"replaces":5}"#);
/// assert_eq!(serde_json::from_str::<Fork>("3")?, Fork::of(TrialId(3)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Fork {
    /// The paused trial whose checkpoint it starts from.
    pub from: TrialId,
    /// The trial whose place it takes: one that paused, and ends with that, or one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<TrialId>,
}

impl Fork {
    /// A fork that takes nobody's place.
    #[must_use]
    pub fn of(from: TrialId) -> Self {
        Self { from, replaces: None }
    }
}

/// The first logs had the number alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(TrialId),
    Whole {
        from: TrialId,
        #[serde(default)]
        replaces: Option<TrialId>,
    },
}

impl From<Written> for Fork {
    fn from(written: Written) -> Self {
        match written {
            Written::Number(from) => Self::of(from),
            Written::Whole { from, replaces } => Self { from, replaces },
        }
    }
}
