//! The default: chooses one of the other strategies by what the study says, and says which.
//!
//! `bayes` up to a thousand trials, whatever the space and however noisy the results: it learns the
//! noise, and was ahead of the others at each level of it that was tried. Past that, trials are so
//! many that they must be cheap, and asking must be, too: `cmaes` where every parameter is a float
//! and none depends on another, `genetic` in other spaces, and `nsga2` for several goals. Another
//! budget makes another choice, and no trial is lost by it: each strategy was told them all.
//!
//! `benches/peers.md` has the measurements behind these rules.

use std::fmt;

use temper_core::{Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

use crate::bayes::{Bayes, BayesOptions};
use crate::breeding::BreedingOptions;
use crate::cmaes::{CmaEs, CmaEsOptions};
use crate::genetic::Genetic;
use crate::nsga2::Nsga2;
use crate::registry::{Entry, no_options};

const NAME: &str = "auto";

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: NAME,
    summary: "chooses one of these by space, goals and budget; the default",
    build: |options| {
        no_options(NAME, options)?;
        Ok(Box::new(Auto::default()))
    },
};

/// With more trials than this, they are cheap.
const MANY: u64 = 1000;

/// The strategy that chooses.
#[derive(Debug)]
pub struct Auto {
    bayes: Bayes,
    cmaes: CmaEs,
    genetic: Genetic,
    nsga2: Nsga2,
    /// What was last said of a choice.
    said: Option<String>,
}

impl Default for Auto {
    fn default() -> Self {
        Self {
            bayes: Bayes::new(BayesOptions::default()),
            cmaes: CmaEs::new(CmaEsOptions::default()),
            genetic: Genetic::new(BreedingOptions::default()),
            nsga2: Nsga2::new(BreedingOptions::default()),
            said: None,
        }
    }
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Bayes,
    CmaEs,
    Genetic,
    Nsga2,
}

/// What a choice depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Study {
    params: usize,
    /// How many of them are not floats.
    discrete: usize,
    has_conditions: bool,
    goals: usize,
    trials: Option<u64>,
}

impl Study {
    fn new(space: &Space, history: &History) -> Self {
        let discrete = space.axes().filter(|param| param.domain().levels().is_some()).count();
        let setup = history.setup();
        Self {
            params: space.dims(),
            discrete,
            has_conditions: space.axes().any(|param| param.condition().is_some()),
            goals: setup.map_or(1, |setup| setup.goals.len()),
            trials: setup.and_then(|setup| setup.trials),
        }
    }

    /// What to use, and why.
    fn choose(&self) -> (Choice, &'static str) {
        let is_plain = self.discrete == 0 && !self.has_conditions;
        match self {
            Self { trials, .. } if trials.is_none_or(|trials| trials <= MANY) => {
                (Choice::Bayes, "which needs the fewest trials")
            }
            Self { goals: 2.., .. } => (Choice::Nsga2, "which spreads many trials over a front"),
            _ if is_plain => (Choice::CmaEs, "which goes on improving floats"),
            _ => (Choice::Genetic, "which goes on improving choices and integers"),
        }
    }
}

impl Auto {
    fn chosen(&mut self, choice: Choice) -> (&mut dyn Strategy, &'static str) {
        match choice {
            Choice::Bayes => (&mut self.bayes, "bayes"),
            Choice::CmaEs => (&mut self.cmaes, "cmaes"),
            Choice::Genetic => (&mut self.genetic, "genetic"),
            Choice::Nsga2 => (&mut self.nsga2, "nsga2"),
        }
    }
}

impl Strategy for Auto {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        let study = Study::new(space, history);
        let (choice, why) = study.choose();
        let (strategy, name) = self.chosen(choice);
        let mut next = strategy.ask(space, history, rng)?;
        let line = format!("{NAME}: {name}, {why}, for {study}");
        if let Next::Start { note, .. } = &mut next
            && self.said.as_ref() != Some(&line)
        {
            *note = Some(match note.take() {
                Some(more) => format!("{line}; {more}"),
                None => line,
            });
        }
        Ok(next)
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Started { note: Some(note), .. } = event
            && note.starts_with(NAME)
        {
            self.said = note.split("; ").next().map(str::to_owned);
        }
        let all: [&mut dyn Strategy; 4] =
            [&mut self.bayes, &mut self.cmaes, &mut self.genetic, &mut self.nsga2];
        all.into_iter().for_each(|strategy| strategy.tell(event));
    }
}

/// As in "3 parameters (1 discrete), 1 goal and 40 trials".
impl fmt::Display for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&counted(self.params, "parameter"))?;
        if self.discrete > 0 {
            write!(f, " ({} discrete)", self.discrete)?;
        }
        write!(f, ", {}", counted(self.goals, "goal"))?;
        match self.trials {
            Some(trials) => write!(f, " and {}", counted(trials as usize, "trial")),
            None => f.write_str(" and no limit of trials"),
        }
    }
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(spec: &str, goals: usize, trials: Option<u64>) -> Study {
        let spec = serde_json::from_str(spec).unwrap();
        let space = Space::new(&spec, &Default::default()).unwrap();
        Study { goals, trials, ..Study::new(&space, &History::new()) }
    }

    const NUMBERS: &str = r#"{
        "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-1, "log": true},
        "dropout": {"type": "float", "low": 0, "high": 0.5}
    }"#;
    const CHOICES: &str = r#"{
        "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
        "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}}
    }"#;

    #[test]
    fn few_trials_are_for_bayes_and_many_for_what_suits_space_and_goals() {
        let choice = |spec, goals, trials| study(spec, goals, trials).choose().0;
        for (spec, goals) in [(NUMBERS, 1), (CHOICES, 1), (CHOICES, 3)] {
            assert_eq!(choice(spec, goals, None), Choice::Bayes);
            assert_eq!(choice(spec, goals, Some(MANY)), Choice::Bayes);
        }
        assert_eq!(choice(NUMBERS, 1, Some(MANY + 1)), Choice::CmaEs);
        assert_eq!(choice(CHOICES, 1, Some(MANY + 1)), Choice::Genetic);
        assert_eq!(choice(NUMBERS, 2, Some(MANY + 1)), Choice::Nsga2);
    }

    #[test]
    fn what_a_choice_was_made_for_is_said_in_words() {
        let said = study(CHOICES, 1, Some(40)).to_string();
        assert_eq!(said, "2 parameters (1 discrete), 1 goal and 40 trials");
        let said = study(NUMBERS, 2, None).to_string();
        assert_eq!(said, "2 parameters, 2 goals and no limit of trials");
    }
}
