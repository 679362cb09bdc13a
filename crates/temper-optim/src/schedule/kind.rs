//! The list of all kinds of schedules, and a kind by its name.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::entry::{Entry, Setting};
use super::{
    constant, cosine, cosine_with_restarts, exponential, inverse_sqrt, linear, one_cycle,
    polynomial, step, warmup_stable_decay,
};

/// All kinds, in the order of the help.
const ALL: &[Entry] = &[
    constant::ENTRY,
    linear::ENTRY,
    cosine::ENTRY,
    cosine_with_restarts::ENTRY,
    polynomial::ENTRY,
    exponential::ENTRY,
    step::ENTRY,
    inverse_sqrt::ENTRY,
    one_cycle::ENTRY,
    warmup_stable_decay::ENTRY,
];

/// The names of all kinds.
const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut index = 0;
    while index < ALL.len() {
        names[index] = ALL[index].name;
        index += 1;
    }
    names
};

/// A kind of schedule: what the learning rate does after warmup. The default is `cosine`.
///
/// ```
/// use temper_optim::ScheduleKind;
///
/// let kind: ScheduleKind = "linear".parse()?;
/// assert_eq!(kind.entry().formula, "min + (peak - min) (1 - p)");
/// # Ok::<(), temper_optim::UnknownSchedule>(())
/// ```
#[derive(Clone, Copy)]
pub struct ScheduleKind(&'static Entry);

/// There is no schedule of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no schedule `{name}`")]
pub struct UnknownSchedule {
    /// The name given.
    pub name: String,
}

impl ScheduleKind {
    /// The schedule that stays at the peak.
    pub const CONSTANT: Self = Self(&constant::ENTRY);

    /// All kinds, in the order of the help.
    pub fn all() -> impl Iterator<Item = ScheduleKind> {
        ALL.iter().map(ScheduleKind)
    }

    /// The names of all kinds, in the order of the help.
    pub fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// What it says of itself.
    pub fn entry(self) -> &'static Entry {
        self.0
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Its setting of that name, `None` if it does not use such a setting.
    pub fn setting(self, key: &str) -> Option<&'static Setting> {
        self.0.settings.iter().find(|setting| setting.key == key)
    }

    /// Steps of warmup in a run of `total_steps` where nothing says how many.
    pub fn default_warmup_steps(self, total_steps: u64) -> u64 {
        (self.0.warmup.default_ratio * total_steps as f64).ceil() as u64
    }
}

impl Default for ScheduleKind {
    fn default() -> Self {
        const { ScheduleKind(&cosine::ENTRY) }
    }
}

impl FromStr for ScheduleKind {
    type Err = UnknownSchedule;

    fn from_str(name: &str) -> Result<Self, UnknownSchedule> {
        let unknown = || UnknownSchedule { name: name.to_owned() };
        Self::all().find(|kind| kind.name() == name).ok_or_else(unknown)
    }
}

impl PartialEq for ScheduleKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ScheduleKind {}

impl fmt::Debug for ScheduleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScheduleKind").field(&self.name()).finish()
    }
}

impl fmt::Display for ScheduleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ScheduleKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ScheduleKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| D::Error::unknown_variant(&name, &NAMES))
    }
}
