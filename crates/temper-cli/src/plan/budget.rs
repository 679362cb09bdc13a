//! What `[budget]` comes to.

use miette::Result;
use temper_core::{BudgetSetup, CostSetup, Goal, Measure};
use temper_generate::{Allowance, GenerateConfig};
use temper_strategy::COST_AWARE;
use temper_study::{Budget, Cost, Price, TOKENS};

use super::duration;
use crate::document::Document;
use crate::mistake::Mistake;
use crate::study_file::{BudgetSection, ObjectiveKind, StudyFile, UntilConverged};

/// After how many results in a row that promise nothing more a study ends, unless the file says.
const IN_A_ROW: u32 = 3;
/// What part of the budget a search may spend where its winner is compared afterwards.
const SEARCHED: f64 = 0.9;
/// What part of it trials may, where the winner's words are rewritten in between.
const TRIED: f64 = 0.7;
const SECONDS_IN_AN_HOUR: f64 = 3600.0;

/// Reads the section.
pub(super) fn budget(
    document: &Document,
    section: &BudgetSection,
    goal: &Goal,
    kind: &ObjectiveKind,
) -> Result<Budget> {
    allowance(document, section, kind)?;
    let wall_time = section.wall_time.as_deref();
    let wall_time = wall_time.map(|text| duration(document, &["budget", "wall_time"], text));
    let tokens = "write how many tokens all trials may train on: train_tokens = 1e9";
    let target = section.target.map(|target| {
        let help = format!("write a value of {} that is good enough", goal.metric);
        let message = format!("`target` is {target}");
        goal.loss(target).map_err(|_| mistake(document, "target", message, &help))
    });
    Ok(Budget {
        wall_time: wall_time.transpose()?,
        cost: cost(document, section, kind)?,
        train_tokens: positive(document, "train_tokens", section.train_tokens, tokens)?,
        target: target.transpose()?,
        purse: None,
    })
}

/// What evaluations may spend together, where that is what trials do.
pub(super) fn allowance(
    document: &Document,
    section: &BudgetSection,
    kind: &ObjectiveKind,
) -> Result<Allowance, Mistake> {
    let ObjectiveKind::Generate(config) = kind else {
        if section.tokens.is_none() {
            return Ok(Allowance::default());
        }
        let message = "`tokens` bounds what evaluations read and write".to_owned();
        return Err(mistake(document, "tokens", message, "write train_tokens, or leave it out"));
    };
    let others = [
        ("price_per_hour", section.price_per_hour.is_some()),
        ("cost_metric", section.cost_metric.is_some()),
        ("train_tokens", section.train_tokens.is_some()),
    ];
    if let Some((key, _)) = others.iter().find(|(_, is_there)| *is_there) {
        let message = format!("`{key}` is no budget of evaluations");
        let help = "write tokens = 200000, or cost = 5.0 with the prices in [objective]";
        return Err(mistake(document, key, message, help));
    }
    if section.tokens == Some(0) {
        let help = "write how many tokens may be read and written: tokens = 200000";
        return Err(mistake(document, "tokens", "`tokens` is 0".to_owned(), help));
    }
    let help = "write what may be spent: cost = 20.0";
    let cost = positive(document, "cost", section.cost, help)?;
    if cost.is_some() && !config.has_prices() {
        let help = "write what a million tokens cost in [objective]: input_price = 0.15 and \
                    output_price = 0.6";
        return Err(mistake(document, "cost", "`cost` has no price".to_owned(), help));
    }
    Ok(Allowance { tokens: section.tokens, cost })
}

/// What the search may spend of it: where items are held out, a part is kept for the comparison.
pub(crate) fn of_search(allowance: &Allowance, config: &GenerateConfig) -> Allowance {
    if config.held_out.is_none() && config.held_out_data.is_none() {
        return *allowance;
    }
    part(allowance, SEARCHED)
}

/// What trials may spend of it: of what the search may, a part is kept for a search of the prompt.
pub(super) fn of_trials(allowance: &Allowance, file: &StudyFile) -> Allowance {
    match (&file.objective.kind, &file.prompt_search) {
        (ObjectiveKind::Generate(_), Some(_)) => part(allowance, TRIED),
        (ObjectiveKind::Generate(config), None) => of_search(allowance, config),
        (ObjectiveKind::Command { .. } | ObjectiveKind::Train(_), _) => *allowance,
    }
}

fn part(allowance: &Allowance, share: f64) -> Allowance {
    let tokens = allowance.tokens.map(|tokens| (tokens as f64 * share) as u64);
    Allowance { tokens, cost: allowance.cost.map(|cost| cost * share) }
}

/// What strategies know of it.
pub(super) fn setup(
    document: &Document,
    section: &BudgetSection,
    budget: &Budget,
    goals: &[Goal],
    strategies: &[&str],
) -> Result<BudgetSetup, Mistake> {
    let is_cost_aware = strategies.iter().any(|strategy| COST_AWARE.contains(strategy));
    if section.cost_aware == Some(true) && !is_cost_aware {
        let strategy = strategies.first().copied().unwrap_or_default();
        let message = format!("`cost_aware`: strategy `{strategy}` does not look at costs");
        let help = format!("leave it out, or use one of these: {}", COST_AWARE.join(", "));
        return Err(mistake(document, "cost_aware", message, &help));
    }
    let costs = costs(section, budget).filter(|_| is_cost_aware);
    if section.cost_aware == Some(true) && costs.is_none() {
        let help = "write a budget of cost, train_tokens or wall_time, or a cost_metric";
        let message = "`cost_aware` has no cost to go by".to_owned();
        return Err(mistake(document, "cost_aware", message, help));
    }
    let until_converged = match section.until_converged {
        None | Some(UntilConverged::Whether(false)) => None,
        Some(UntilConverged::Whether(true)) => Some(IN_A_ROW),
        Some(UntilConverged::Results(0)) => {
            let help = "write true, or how many results in a row are to promise nothing more";
            let message = "`until_converged` is 0".to_owned();
            return Err(mistake(document, "until_converged", message, help));
        }
        Some(UntilConverged::Results(results)) => Some(results),
    };
    if until_converged.is_some() && goals.len() > 1 {
        let message = format!("`until_converged` is for one goal, and there are {}", goals.len());
        let help = "leave it out, or name the goal that counts: metric = \"loss\"";
        return Err(mistake(document, "until_converged", message, help));
    }
    let costs = costs.filter(|_| section.cost_aware != Some(false));
    Ok(BudgetSetup { costs, until_converged })
}

/// Refuses what stages can't keep.
pub(super) fn check_stages(
    document: &Document,
    setup: &BudgetSetup,
    has_stages: bool,
) -> Result<(), Mistake> {
    if setup.until_converged.is_none() || !has_stages {
        return Ok(());
    }
    let message = "`until_converged` ends no stage".to_owned();
    let help = "leave it out: each stage has its number of trials";
    Err(mistake(document, "until_converged", message, help))
}

/// What trials cost and may cost; what has a limit comes first. The time of a run says little of what
/// all runs may cost, so it counts only where that is asked for.
fn costs(section: &BudgetSection, budget: &Budget) -> Option<CostSetup> {
    let seconds = |limit| CostSetup { measure: Measure::Seconds, limit };
    let metric = |name: &str, limit| CostSetup { measure: Measure::Metric(name.to_owned()), limit };
    let reported = section.cost_metric.as_deref().map(|name| metric(name, section.cost));
    let hours = budget.cost.as_ref().and_then(|cost| match cost.price {
        Price::PerHour(price) => Some(seconds(Some(cost.limit / price * SECONDS_IN_AN_HOUR))),
        Price::Metric(_) => None,
    });
    let tokens = budget.train_tokens.map(|tokens| metric(TOKENS, Some(tokens)));
    let evaluated = match (&budget.purse, section.cost, section.tokens) {
        (None, ..) => None,
        (Some(_), Some(cost), _) => Some(metric("cost", Some(cost))),
        (Some(_), None, tokens) => Some(metric(TOKENS, tokens.map(|tokens| tokens as f64))),
    };
    let time = budget.wall_time.filter(|_| section.cost_aware == Some(true)).map(|_| seconds(None));
    let limited = reported.clone().filter(|costs| costs.limit.is_some());
    limited.or(hours).or(tokens).or(evaluated).or(reported).or(time)
}

fn cost(
    document: &Document,
    section: &BudgetSection,
    kind: &ObjectiveKind,
) -> Result<Option<Cost>, Mistake> {
    let mistake = |key: &str, message: &str, help: &str| {
        Err(mistake(document, key, message.to_owned(), help))
    };
    if matches!(kind, ObjectiveKind::Generate(_)) {
        return Ok(None); // they have an allowance
    }
    let limit = positive(document, "cost", section.cost, "write what may be spent: cost = 20.0")?;
    let price = "write what an hour of one trial costs: price_per_hour = 2.5";
    let per_hour = positive(document, "price_per_hour", section.price_per_hour, price)?;
    if let (ObjectiveKind::Train(_), Some(metric)) = (kind, &section.cost_metric)
        && metric != TOKENS
    {
        let message = format!("`{metric}` is no cost that the trainer reports");
        return mistake("cost_metric", &message, "write \"tokens\", or a price_per_hour");
    }
    if let (Some(_), None, Some(false)) = (&section.cost_metric, limit, section.cost_aware) {
        let help = "write what may be spent, cost = 20.0, or leave it out";
        return mistake("cost_metric", "`cost_metric` bounds nothing, and nothing weighs it", help);
    }
    match (limit, per_hour, &section.cost_metric) {
        (_, Some(_), Some(_)) => {
            let help = "leave one of them out: a cost is reported, or follows from the time";
            mistake("cost_metric", "`cost_metric` stands beside `price_per_hour`", help)
        }
        (Some(limit), Some(price), None) => Ok(Some(Cost { limit, price: Price::PerHour(price) })),
        (Some(limit), None, Some(metric)) => {
            Ok(Some(Cost { limit, price: Price::Metric(metric.clone()) }))
        }
        (Some(_), None, None) => mistake("cost", "`cost` has no price", price),
        (None, Some(_), None) => {
            mistake("price_per_hour", "`price_per_hour` bounds nothing", "write cost = 20.0, too")
        }
        (None, None, _) => Ok(None),
    }
}

fn positive(
    document: &Document,
    key: &str,
    value: Option<f64>,
    help: &str,
) -> Result<Option<f64>, Mistake> {
    match value {
        Some(value) if !(value > 0.0 && value.is_finite()) => {
            Err(mistake(document, key, format!("`{key}` is {value}"), help))
        }
        value => Ok(value),
    }
}

fn mistake(document: &Document, key: &str, message: String, help: &str) -> Mistake {
    document.mistake(&["budget", key], message).help(Some(help.to_owned()))
}
