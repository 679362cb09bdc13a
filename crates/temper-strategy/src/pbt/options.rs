//! The options of `pbt`, and what they come to in a study.

use serde::{Deserialize, Serialize};
use temper_core::{History, Setup, Step};
use temper_space::{Param, Space};

use super::NAME;
use crate::registry::{Options, RegistryError, read_options};

/// The members of a population whose size is not known otherwise.
const POPULATION: u64 = 8;

/// How often members are compared, unless it is given: so many times in a training.
const INTERVALS: Step = 10;

/// The options of `pbt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PbtOptions {
    /// How many members train side by side, at least 2. Default: the study's `trials`, or 8. Trials
    /// beyond begin only if all members have failed.
    pub population: Option<u64>,
    /// Steps from one comparison to the next. Default: a tenth of the steps of a trial.
    pub interval: Option<Step>,
    /// The part of the population that is replaced by copies of as many of the best; above 0, at
    /// most 0.5, and at least one member.
    pub quantile: f64,
    /// How likely a parameter of a copy is drawn anew instead of perturbed; from 0 to 1.
    pub resample_probability: f64,
    /// By what a number is multiplied or divided that is perturbed; above 1.
    pub factor: f64,
    /// Which parameters may change in mid-training. Default: all.
    pub parameters: Option<Vec<String>>,
}

impl Default for PbtOptions {
    fn default() -> Self {
        Self {
            population: None,
            interval: None,
            quantile: 0.25,
            resample_probability: 0.25,
            factor: 1.2,
            parameters: None,
        }
    }
}

impl PbtOptions {
    /// Reads the options of a study file.
    ///
    /// # Errors
    ///
    /// If one is unknown or out of its bounds.
    pub fn read(options: &Options) -> Result<Self, RegistryError> {
        let read: Self = read_options(NAME, options)?;
        let Self { population, interval, quantile, resample_probability, factor, .. } = &read;
        let message = if population.is_some_and(|population| population < 2) {
            format!("`population` {} is below 2", population.unwrap_or_default())
        } else if *interval == Some(0) {
            "`interval` 0 is below 1".to_owned()
        } else if !(*quantile > 0.0 && *quantile <= 0.5) {
            format!("`quantile` {quantile} is not above 0 and at most 0.5")
        } else if !(0.0..=1.0).contains(resample_probability) {
            format!("`resample_probability` {resample_probability} is not from 0 to 1")
        } else if !(*factor > 1.0 && factor.is_finite()) {
            format!("`factor` {factor} is not above 1")
        } else {
            return Ok(read);
        };
        Err(RegistryError::BadOptions { owner: NAME, message })
    }

    /// What the options come to.
    ///
    /// # Errors
    ///
    /// What does not fit, or is missing.
    pub(super) fn course<'a>(
        &self,
        space: &'a Space,
        history: &History,
    ) -> Result<Course<'a>, String> {
        let setup = history.setup();
        let trials = setup.and_then(|setup| setup.trials);
        let size = self.population.or(trials).unwrap_or(POPULATION);
        if size < 2 {
            return Err("`trials` is 1, and a population has at least 2 members".to_owned());
        }
        if let Some(trials) = trials.filter(|trials| *trials < size) {
            return Err(format!(
                "a `population` of {size} does not fit into {trials} trials; copies do not count \
                 as trials"
            ));
        }
        let interval = self.interval(setup).ok_or(
            "`interval` is missing: give it, or the last step of a trial (`max_steps`), of which it \
             is a tenth",
        )?;
        let last_step = setup.and_then(|setup| setup.max_steps).ok_or(
            "the last step of a trial is not known, where no member pauses any more: give `max_steps`",
        )?;
        if interval >= last_step {
            return Err(format!(
                "`interval` {interval} is not below a trial's last step, {last_step}"
            ));
        }
        Ok(Course { size, interval, last_step, changing: self.changing(space)? })
    }

    /// The steps from one comparison to the next, if that is known.
    pub(super) fn interval(&self, setup: Option<&Setup>) -> Option<Step> {
        let tenth = || Some(setup?.max_steps?.div_ceil(INTERVALS));
        self.interval.or_else(tenth)
    }

    fn changing<'a>(&self, space: &'a Space) -> Result<Vec<&'a str>, String> {
        let known: Vec<_> = space.axes().map(Param::name).collect();
        let Some(parameters) = &self.parameters else { return Ok(known) };
        if let Some(stranger) = parameters.iter().find(|it| !known.contains(&it.as_str())) {
            let known = known.join(", ");
            return Err(format!(
                "`parameters` has `{stranger}`, which the space does not search; it has {known}"
            ));
        }
        if parameters.is_empty() {
            return Err("`parameters` is empty: nothing would ever change".to_owned());
        }
        Ok(known.into_iter().filter(|name| parameters.iter().any(|it| it == name)).collect())
    }
}

/// What the options come to in a study.
pub(super) struct Course<'a> {
    pub(super) size: u64,
    pub(super) interval: Step,
    pub(super) last_step: Step,
    /// The parameters that change.
    pub(super) changing: Vec<&'a str>,
}

impl Course<'_> {
    /// Where a member pauses next that has come to this step; `None` runs it to its end.
    pub(super) fn after(&self, step: Step) -> Option<Step> {
        let next = (step / self.interval + 1).saturating_mul(self.interval);
        Some(next).filter(|next| *next < self.last_step)
    }
}
