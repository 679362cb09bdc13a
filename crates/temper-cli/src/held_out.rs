//! The honest end of a study of evaluations: the winner, the endpoint's defaults and the greedy
//! setting on items that the search has not seen.

mod table;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};
use temper_core::{Config, History, Trial, TrialId};
use temper_generate::{
    Account, EvaluationError, GenerateConfig, GenerationSettings, Outcome, Paired, Part,
};
use temper_report::{best_trial, confirmation};

use crate::commands::best::stage;
use crate::generate_settings::GenerateSettings;
use crate::generator::{Desk, Payer};
use crate::plan::Plan;
use crate::prompt_search::Rewritten;
use crate::say::say;

pub(crate) use table::{line, p as told_p, table};

/// Where it is kept, beside the folders of the trials.
const FILE: &str = "held_out.json";

/// The trial that requests of the comparison are counted for.
const ACCOUNT: &str = "held_out";

/// How the winner compares.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeldOut {
    /// The winner.
    pub(crate) trial: TrialId,
    /// Its configuration.
    params: Config,
    /// What decides: a metric of the scorers.
    metric: String,
    /// How many items were held out.
    items: usize,
    /// The winner first.
    pub(crate) rows: Vec<Row>,
}

/// One of the settings that are compared.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// What was asked for, but what the study's file fixes.
    sampling: GenerationSettings,
    metrics: BTreeMap<String, f64>,
    /// How much better the winner is; of the winner itself, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) winner_leads_by: Option<Paired>,
    /// The text that the winner has here in place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewritten: Option<Rewritten>,
}

/// How the winner compares with itself with a rewritten text.
#[derive(Debug)]
pub(crate) struct OfRewritten<'a> {
    /// The means of the deciding metric.
    pub(crate) winner: f64,
    pub(crate) rewritten: f64,
    pub(crate) leads_by: Option<&'a Paired>,
}

impl OfRewritten<'_> {
    /// Whether the rewritten text is the better one: by the mean, whether or not that is told from
    /// noise. Choosing between two by it makes the better mean look a little better than it is.
    pub(crate) fn is_better(&self) -> bool {
        self.rewritten > self.winner
    }
}

impl HeldOut {
    /// How that text compares, if it was there.
    pub(crate) fn of_rewritten(&self, text: &Rewritten) -> Option<OfRewritten<'_>> {
        let is_of = |it: &Rewritten| it.rewrite == text.rewrite && it.text == text.text;
        let row = self.rows.iter().find(|row| row.rewritten.as_ref().is_some_and(is_of))?;
        let mean = |row: &Row| row.metrics.get(&self.metric).copied();
        let leads_by = row.winner_leads_by.as_ref();
        Some(OfRewritten { winner: mean(self.rows.first()?)?, rewritten: mean(row)?, leads_by })
    }
}

/// What became of a comparison.
#[derive(Debug)]
pub(crate) enum Compared {
    /// It is done.
    Done(HeldOut),
    /// There is nothing to compare, or nothing to compare on.
    Nothing,
    /// It was interrupted.
    Interrupted,
    /// The budget was spent before its end.
    Spent(String),
}

/// Compares the best trial, also with a rewritten text if there is one, and keeps what comes of it.
/// What was asked before is known.
pub(crate) fn compare(
    plan: &Plan,
    history: &History,
    rewritten: Option<&Rewritten>,
    stop: &AtomicBool,
) -> Result<Compared> {
    let Some(settings) = plan.objective.generate().filter(|settings| settings.compares()) else {
        return Ok(Compared::Nothing);
    };
    let Some((best, winner)) = winner(history, settings)? else { return Ok(Compared::Nothing) };
    let metric = deciding(plan, settings);
    let account = Account { study: plan.account()?, trial: ACCOUNT.to_owned() };
    let payer = Payer { account, allowance: plan.allowance };
    let desk = Desk::open(settings.shared(), payer)?;
    let mut rows: Vec<(Row, Vec<Outcome>)> = Vec::new();
    for (name, config, rewritten) in candidates(best.id(), &winner, rewritten, settings) {
        say(format!("on the held-out items: {name}"));
        let outcomes = match evaluate(&desk, &config, plan, stop)? {
            Ok(outcomes) => outcomes,
            Err(unfinished) => return Ok(unfinished),
        };
        let (metrics, outcomes) = outcomes;
        let winner_leads_by =
            rows.first().and_then(|(_, winner)| Paired::new(winner, &outcomes, &metric));
        let (sampling, rewritten) = (config.sampling(), rewritten.cloned());
        rows.push((Row { name, sampling, metrics, winner_leads_by, rewritten }, outcomes));
    }
    let items = rows.first().map_or(0, |(_, outcomes)| outcomes.len());
    let rows = rows.into_iter().map(|(row, _)| row).collect();
    let (trial, params) = (best.id(), best.config().clone());
    let held_out = HeldOut { trial, params, metric, items, rows };
    let path = path(plan)?;
    let text = serde_json::to_string_pretty(&held_out).into_diagnostic()?;
    fs::write(&path, text).map_err(|error| miette!("can't write `{}`: {error}", path.display()))?;
    Ok(Compared::Done(held_out))
}

/// What was found out about this winner; `None` if nothing was yet.
pub(crate) fn known(plan: &Plan, history: &History) -> Result<Option<HeldOut>> {
    let Ok(text) = fs::read_to_string(path(plan)?) else { return Ok(None) };
    let best = best_trial(history, confirmation(history).as_ref());
    let known: Option<HeldOut> = serde_json::from_str(&text).ok();
    Ok(known
        .filter(|it| best.is_some_and(|best| best.id() == it.trial && *best.config() == it.params)))
}

/// The best trial with its settings.
pub(crate) fn winner<'a>(
    history: &'a History,
    settings: &GenerateSettings,
) -> Result<Option<(&'a Trial, GenerateConfig)>> {
    let confirmed = confirmation(history);
    let Some(best) = best_trial(history, confirmed.as_ref()) else { return Ok(None) };
    let of_stage = history.settings_of(stage(best, confirmed.as_ref(), history));
    let of_stage = of_stage.cloned().unwrap_or_default();
    let winner = settings.with_both(best.config(), &of_stage).into_diagnostic()?;
    Ok(Some((best, winner)))
}

/// Settings under a name, and with a rewritten text the text.
type Candidate<'a> = (String, GenerateConfig, Option<&'a Rewritten>);

/// The settings that are compared, the winner first, each once.
fn candidates<'a>(
    trial: TrialId,
    winner: &GenerateConfig,
    rewritten: Option<&'a Rewritten>,
    settings: &GenerateSettings,
) -> Vec<Candidate<'a>> {
    let fixed = settings.shared().sampling();
    let greedy = GenerationSettings { temperature: Some(0.0), ..fixed.clone() };
    let default = settings.default();
    let mut candidates = vec![(format!("trial {trial}, the winner"), winner.clone(), None)];
    candidates.extend(rewritten.map(|text| {
        let name = format!("trial {trial} with the rewritten {}", text.rewrite.name());
        (name, text.within(winner), Some(text))
    }));
    candidates.extend([
        ("the defaults".to_owned(), default.with_sampling(fixed), None),
        ("greedy".to_owned(), default.with_sampling(greedy.clone()), None),
    ]);
    // What is due to the prompt, and what to the sampling.
    let with_its_prompt = winner.with_sampling(greedy.clone());
    if with_its_prompt != default.with_sampling(greedy) {
        candidates.push(("greedy, with the winner's prompt".to_owned(), with_its_prompt, None));
    }
    candidates
}

type Evaluated = (BTreeMap<String, f64>, Vec<Outcome>);

fn evaluate(
    desk: &Desk,
    config: &GenerateConfig,
    plan: &Plan,
    stop: &AtomicBool,
) -> Result<Result<Evaluated, Compared>> {
    let evaluation = desk
        .evaluation(config, Part::HeldOut, &plan.document.folder())
        .map_err(|error| miette!("{error}"))?;
    let generator = desk.generator(config)?;
    match evaluation.run(&*generator, None, stop, &mut |_, _| ControlFlow::Continue(())) {
        Ok(tally) => Ok(Ok((tally.metrics(config.prices()), tally.outcomes().to_vec()))),
        Err(EvaluationError::Interrupted) => Ok(Err(Compared::Interrupted)),
        Err(EvaluationError::Spent(message)) => Ok(Err(Compared::Spent(message))),
        Err(error) => Err(miette!(
            help = format!(
                "mend that; nothing is lost: temper resume {}",
                plan.document.path().display()
            ),
            "the winner can't be compared on held-out items: {error}"
        )),
    }
}

/// The first goal that is a metric of the scorers, or else the first of these.
pub(crate) fn deciding(plan: &Plan, settings: &GenerateSettings) -> String {
    let metrics = settings.shared().metrics();
    let mut goals = plan.setup.goals.iter().map(|goal| goal.metric.as_str());
    let of_goals = goals.find(|goal| metrics.contains(goal));
    of_goals.or(metrics.first().copied()).unwrap_or_default().to_owned()
}

fn path(plan: &Plan) -> Result<PathBuf> {
    Ok(plan.folders()?.root().join(FILE))
}
