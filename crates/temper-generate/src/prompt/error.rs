//! Why a prompt can't be made.

/// Why a prompt can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// A brace has no other half.
    #[error("the template has a `{brace}` at character {at} without its other half")]
    LoneBrace {
        /// The brace.
        brace: char,
        /// Where it is, in characters from 1.
        at: usize,
    },
    /// An item lacks a field.
    #[error("item {item:?} has no field `{field}` for the template, but {}", listed(known))]
    UnknownField {
        /// The field that the template names.
        field: String,
        /// The first item that lacks it.
        item: String,
        /// The fields that this item has.
        known: Vec<String>,
    },
    /// A rewritten template lacks a field.
    #[error("the template has lost its field `{field}`")]
    LostField {
        /// The field.
        field: String,
    },
    /// A rewritten template has a field that it had not.
    #[error("the template had no field `{field}` before")]
    NewField {
        /// The field.
        field: String,
    },
    /// There are fewer examples than wanted.
    #[error("{wanted} examples are wanted, and there are {found}")]
    TooFewExamples {
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
}

impl PromptError {
    /// What may mend it, in one sentence.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            PromptError::LoneBrace { .. } => "write `{{` or `}}` for a brace itself",
            PromptError::UnknownField { .. } => {
                "correct the template, or add the field to the item"
            }
            PromptError::LostField { .. } | PromptError::NewField { .. } => {
                "write the same fields as before"
            }
            PromptError::TooFewExamples { .. } => "lower `examples`, or add some to their file",
        }
    }
}

fn listed(known: &[String]) -> String {
    let quoted: Vec<String> = known.iter().map(|field| format!("`{field}`")).collect();
    quoted.join(", ")
}
