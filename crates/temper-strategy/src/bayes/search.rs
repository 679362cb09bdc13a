//! From the evidence to the configuration that promises most.

use temper_core::{Config, Event, History, Rng, State};
use temper_gp::GpError;
use temper_space::Space;

use super::axes::{Axes, Place};
use super::belief::Belief;
use super::learn::{Known, Surrogates};
use super::maximise::{Sources, maximise};
use super::region::Region;
use crate::evidence::{Evidence, pending};
use crate::thrift::thrift;

/// The search by surrogates, which are kept between asks.
#[derive(Debug, Default)]
pub(crate) struct Search {
    surrogates: Surrogates,
}

impl Search {
    /// The most promising configuration that was not started, in a region or everywhere; `None` if
    /// there is nothing to learn from or nothing new.
    pub(crate) fn propose(
        &mut self,
        space: &Space,
        history: &History,
        evidence: &Evidence,
        region: Option<&Region>,
        rng: &mut Rng,
    ) -> Result<Option<Config>, GpError> {
        let axes = Axes::new(space);
        let pending: Vec<Place> =
            pending(history).map(|trial| axes.place(trial.config())).collect();
        let completed = history.in_state(State::Completed);
        let completed = completed.filter(|trial| !trial.origin().is_repeat()).count();
        let belief = Belief::new(space, completed);
        // Runs of the same configuration are how the noise is learned.
        let (lessons, belief) = (evidence.runs(), belief.as_ref());
        let by_rank = history.begun() % 2 == 1;
        let known = Known {
            axes: &axes,
            lessons,
            pending: &pending,
            belief,
            thrift: thrift(history),
            by_rank,
        };
        if evidence.is_moving() {
            // What was learned of them at an earlier level does not follow from them now.
            self.surrogates = Surrogates::of_moving();
        } else if self.surrogates.are_moving() {
            self.surrogates = Surrogates::default();
        }
        let Some(learned) = self.surrogates.learn(&known, rng)? else { return Ok(None) };
        let sources = Sources::new(&axes, &learned.incumbents, region);
        let places = maximise(&learned.acquisition, &axes, &sources, rng)?;
        let mut configs = places.iter().filter_map(|place| axes.config(place));
        Ok(configs.find(|config| !evidence.knows(config)))
    }

    /// Takes note of an event.
    pub(crate) fn tell(&mut self, event: &Event) {
        if let Event::Opened(_) = event {
            self.surrogates = Surrogates::default(); // The constraints may be others.
        }
    }
}
