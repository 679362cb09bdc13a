//! The list of all scorers.

use super::option::{Options, ScorerOption};
use super::{
    Scorer, ScorerError, Surroundings, bleu, choice, chrf, command, contains, exact_match, json,
    json_schema, judge, normalized_match, number, regex_match, rouge_l, token_f1,
};

/// All scorers, in the order of the help.
pub const ALL: &[Entry] = &[
    exact_match::ENTRY,
    normalized_match::ENTRY,
    contains::ENTRY,
    regex_match::ENTRY,
    number::ENTRY,
    choice::ENTRY,
    json::ENTRY,
    json_schema::ENTRY,
    token_f1::ENTRY,
    rouge_l::ENTRY,
    chrf::ENTRY,
    bleu::ENTRY,
    command::ENTRY,
    judge::ENTRY,
];

/// A scorer, or why there is none.
pub(super) type Made = Result<Box<dyn Scorer>, ScorerError>;

/// A scorer of the registry.
#[derive(Debug)]
pub struct Entry {
    /// Its name in study files.
    pub name: &'static str,
    /// What it is, in half a line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [ScorerOption],
    /// Makes it with options that are among these, each of its kind.
    pub(super) make: fn(&Options, &Surroundings<'_>) -> Made,
}

impl Entry {
    /// Makes the scorer with the options of a study file.
    ///
    /// # Errors
    ///
    /// If an option is unknown, missing or wrong, or something that it names is not there.
    pub fn build(
        &self,
        options: &Options,
        surroundings: &Surroundings<'_>,
    ) -> Result<Box<dyn Scorer>, ScorerError> {
        for (name, value) in options {
            let Some(option) = self.options.iter().find(|option| option.name == name) else {
                let known = self.options.iter().map(|option| option.name).collect();
                let name = name.clone();
                return Err(ScorerError::UnknownOption { owner: self.name, name, known });
            };
            option.check(self.name, value)?;
        }
        (self.make)(options, surroundings)
    }
}

/// Makes the scorer of that name.
///
/// # Errors
///
/// If there is none, or as [`Entry::build`].
pub fn build(
    name: &str,
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Scorer>, ScorerError> {
    match ALL.iter().find(|entry| entry.name == name) {
        None => Err(ScorerError::Unknown { name: name.to_owned() }),
        Some(entry) => entry.build(options, surroundings),
    }
}
