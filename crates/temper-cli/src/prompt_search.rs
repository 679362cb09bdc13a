//! `[prompt_search]`: rewrites of the winner's words, which are proposed from its failures on the
//! items of the search. The best of them is one more candidate on the held-out items.

mod told;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};
use temper_core::{Config, History, TrialId};
use temper_generate::{
    Account, EvaluationError, GenerateConfig, Part, PromptSearch, Rewrite, Rewrites,
};

use crate::generator::{Desk, Payer};
use crate::held_out::{HeldOut, deciding, winner};
use crate::plan::{Plan, of_search};
use crate::say::say;

pub(crate) use told::{comment, intent};

/// Where it is kept, beside the folders of the trials.
const FILE: &str = "prompt_search.json";

/// The trial that requests of the search are counted for.
const ACCOUNT: &str = "prompt_search";

/// What came of a search, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The winner that it started from.
    trial: TrialId,
    /// Its configuration.
    params: Config,
    #[serde(flatten)]
    rewrites: Rewrites,
}

/// A text with which the winner is better on the items of the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rewritten {
    /// What was rewritten.
    pub(crate) rewrite: Rewrite,
    /// The round that it is of.
    pub(crate) round: u32,
    /// The text.
    pub(crate) text: String,
    /// The mean of the deciding metric on the items of the search.
    pub(crate) mean: f64,
    /// That of the winner as it was.
    pub(crate) mean_before: f64,
}

/// What became of a search.
#[derive(Debug)]
pub(crate) enum Searched {
    /// It found a better text.
    Found(Rewritten),
    /// It found none, or there was none to be.
    Nothing,
    /// It was interrupted.
    Interrupted,
}

/// Rewrites the winner's words where the study asks for it, and keeps what comes of it. What was
/// asked before is known.
pub(crate) fn search(plan: &Plan, history: &History, stop: &AtomicBool) -> Result<Searched> {
    let (Some(config), Some(settings)) = (&plan.prompt_search, plan.objective.generate()) else {
        return Ok(Searched::Nothing);
    };
    let Some((best, start)) = winner(history, settings)? else { return Ok(Searched::Nothing) };
    let metric = deciding(plan, settings);
    let account = Account { study: plan.account()?, trial: ACCOUNT.to_owned() };
    let allowance = of_search(&plan.allowance, settings.shared());
    let desk = Desk::open(settings.shared(), Payer { account, allowance })?;
    let evaluation = desk
        .evaluation(&start, Part::Search, &plan.document.folder())
        .map_err(|error| miette!("{error}"))?;
    let answers = desk.generator(&start)?;
    let proposes = match config.asks_the_same() {
        true => Arc::clone(&answers),
        false => desk.generator(&config.proposer(&start))?,
    };
    let searched = PromptSearch {
        config,
        evaluation: &evaluation,
        metric: &metric,
        answers: &*answers,
        proposes: &*proposes,
        seed: plan.setup.seed,
    };
    let rewrites =
        searched.run(stop, &mut |candidate| say(told::round(candidate, config, &metric)));
    let rewrites = match rewrites {
        Ok(rewrites) => rewrites,
        Err(EvaluationError::Interrupted) => return Ok(Searched::Interrupted),
        Err(EvaluationError::Spent(message)) => {
            say(format!("{message}, before the winner's {} was rewritten", config.rewrite.name()));
            return Ok(Searched::Nothing);
        }
        Err(error) => {
            return Err(miette!("the {} can't be rewritten: {error}", config.rewrite.name()));
        }
    };
    say(told::end(&rewrites));
    let found = rewritten(&rewrites);
    let (trial, params) = (best.id(), best.config().clone());
    let text = serde_json::to_string_pretty(&Record { trial, params, rewrites });
    let path = path(plan)?;
    fs::write(&path, text.into_diagnostic()?)
        .map_err(|error| miette!("can't write `{}`: {error}", path.display()))?;
    Ok(found.map_or(Searched::Nothing, Searched::Found))
}

/// What was found for this winner; `None` if nothing was looked for yet.
pub(crate) fn known(plan: &Plan, history: &History) -> Result<Option<Record>> {
    let Some(settings) = plan.objective.generate().filter(|_| plan.prompt_search.is_some()) else {
        return Ok(None);
    };
    let Ok(text) = fs::read_to_string(path(plan)?) else { return Ok(None) };
    let winner = winner(history, settings)?;
    let known: Option<Record> = serde_json::from_str(&text).ok();
    Ok(known.filter(|it| {
        winner.is_some_and(|(best, _)| best.id() == it.trial && *best.config() == it.params)
    }))
}

impl Record {
    /// The text that was found, if it is better on the held-out items too.
    pub(crate) fn better_text(&self, held_out: Option<&HeldOut>) -> Option<Rewritten> {
        let found = rewritten(&self.rewrites)?;
        let is_better = held_out?.of_rewritten(&found)?.is_better();
        is_better.then_some(found)
    }
}

impl Rewritten {
    /// The settings with this text.
    pub(crate) fn within(&self, config: &GenerateConfig) -> GenerateConfig {
        config.rewritten(self.rewrite, &self.text)
    }
}

fn rewritten(rewrites: &Rewrites) -> Option<Rewritten> {
    let (start, found) = (rewrites.start()?, rewrites.found()?);
    Some(Rewritten {
        rewrite: rewrites.rewrite,
        round: found.round,
        text: found.text.clone(),
        mean: found.mean()?,
        mean_before: start.mean()?,
    })
}

fn path(plan: &Plan) -> Result<PathBuf> {
    Ok(plan.folders()?.root().join(FILE))
}
