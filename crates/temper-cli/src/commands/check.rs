//! `temper check`.

use std::path::Path;

use miette::Result;
use temper_core::{Goal, Measure, StageSetup, StrategySetup};
use temper_generate::Allowance;
use temper_space::{Confidence, Domain, Param, Space};
use temper_strategy::{Grid, GridOptions, PbtOptions, narrow};
use temper_study::Price;
use temper_train::TrainConfig;

use crate::args::StudyArgs;
use crate::exit::Exit;
use crate::generate_settings::GenerateSettings;
use crate::memory::Room;
use crate::people::{counted, describe, short};
use crate::plan::{Plan, describe_warm_start};
use crate::prompt_search;

/// Up to this many combinations of a grid are checked one by one.
const COUNTED: u64 = 1_000_000;

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    plan.objective.check_surroundings(&plan.document, &plan.allowance)?;
    let warm_starts = plan.warm_starts()?;
    println!("study {}, {}", plan.setup.name, goals(&plan));
    println!("{}", size(&plan.space));
    for param in plan.space.params() {
        println!("  {}", param_line(param));
    }
    for derived in plan.space.derived() {
        println!("  {} = {}", derived.name(), derived.expression());
    }
    for require in plan.space.requires() {
        println!("  require {}: {}", require.name(), require.expression());
    }
    for constraint in &plan.setup.constraints {
        println!("  keep {constraint}");
    }
    if let Some(line) = default_line(&plan) {
        println!("{line}");
    }
    if let Some(generate) = plan.objective.generate() {
        println!("{}", items(&plan, generate));
    }
    if let Some(room) = default_settings(&plan).as_ref().and_then(Room::of) {
        println!("it {room}");
        room.warn(plan.workers as u64);
    }
    println!("{}", budget(&plan)?);
    ends(&plan).for_each(|line| println!("{line}"));
    honesty(&plan).for_each(|line| println!("{line}"));
    limits(&plan).for_each(|line| println!("{line}"));
    for stage in &plan.setup.stages {
        println!("  {}", stage_line(stage, &plan));
    }
    if !warm_starts.is_empty() {
        println!("{}", describe_warm_start(&warm_starts));
    }
    println!("recorded in {}", plan.storage.display());
    Ok(Exit::Ok)
}

fn goals(plan: &Plan) -> String {
    plan.setup.goals.iter().map(Goal::to_string).collect::<Vec<_>>().join(" and ")
}

fn size(space: &Space) -> String {
    match space.size() {
        Some(size) => format!("{} dimensions, at most {size} configurations", space.dims()),
        None => format!("{} dimensions", space.dims()),
    }
}

fn param_line(param: &Param) -> String {
    let mut line = format!("{}: {}", param.name(), domain(param.domain()));
    if let Some(default) = param.default() {
        line.push_str(&format!(", default {}", short(default)));
    }
    if let Some(confidence) = param.confidence() {
        let sure = match confidence {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        };
        line.push_str(&format!(" ({sure} confidence)"));
    }
    if let Some(condition) = param.condition() {
        line.push_str(&format!(", when {condition}"));
    }
    line
}

fn domain(domain: &Domain) -> String {
    format!("{} {domain}", domain.kind())
}

/// The default configuration, and the size of the model where the built-in trainer makes one.
fn default_line(plan: &Plan) -> Option<String> {
    let config = plan.space.complete(plan.space.default_config()?).ok()?;
    let mut line = format!("first trial: {}", describe(&config));
    if let Some(settings) = default_settings(plan)
        && let Ok(train) = settings.completed(Path::new("/"))
    {
        line.push_str(&format!("\nits model has {} parameters", train.num_parameters()));
    }
    Some(line)
}

/// What evaluations ask, and of whom.
fn items(plan: &Plan, settings: &GenerateSettings) -> String {
    let config = settings.shared();
    let who = match (&config.endpoint, &config.checkpoint) {
        (Some(endpoint), _) => format!("{} at {endpoint}", config.model.as_deref().unwrap_or("?")),
        (None, Some(checkpoint)) => format!("the model of {checkpoint}"),
        (None, None) => "nobody".to_owned(),
    };
    let items = plan.setup.max_steps.map(|items| counted(items, "item")).unwrap_or_default();
    format!(
        "a trial asks {who} for {items}, {} at once, and reports them {} by {}",
        config.requests_at_once(),
        config.batch_size,
        config.batch_size
    )
}

/// The settings of the first trial, where the built-in trainer runs it.
fn default_settings(plan: &Plan) -> Option<TrainConfig> {
    let config = plan.space.complete(plan.space.default_config()?).ok()?;
    plan.objective.train()?.with(&config).ok()
}

/// What a stage does: "coarse: grid, 12 trials, `learning_rate` 0.0001 to 0.01 (log), `max_steps=100`".
fn stage_line(stage: &StageSetup, plan: &Plan) -> String {
    let trials = match stage.trials {
        Some(trials) => format!("{trials} trials"),
        None => "the rest of the trials".to_owned(),
    };
    let mut line = format!("stage {}: {}, {trials}", stage.name, stage.strategy.name);
    if let Some(around) = stage.around {
        line.push_str(&format!(", around the best, {} of each range", around.shrink));
    }
    if let Ok(part) = narrow(&plan.space, &stage.space) {
        let narrowed = part.params().iter().filter(|it| stage.space.0.contains_key(it.name()));
        narrowed.for_each(|it| line.push_str(&format!(", {} {}", it.name(), it.domain())));
    }
    if !stage.settings.is_empty() {
        line.push_str(&format!(", with {}", describe(&stage.settings)));
    }
    line
}

/// What ends trials early.
fn ends(plan: &Plan) -> impl Iterator<Item = String> {
    let pruner = plan.setup.pruner.as_ref().map(|pruner| {
        let steps = plan.setup.max_steps.map(|steps| format!(", of {steps} steps a trial"));
        format!("pruner {}{}", pruner.name, steps.unwrap_or_default())
    });
    let early = plan.setup.early_stopping.as_ref().map(|it| {
        let (patience, metric) = (it.patience, &it.watched.metric);
        format!("a trial ends after {patience} reports without a better {metric}")
    });
    pruner.into_iter().chain(early)
}

/// What is done about noise.
fn honesty(plan: &Plan) -> impl Iterator<Item = String> {
    let repeat = plan.setup.repeat.map(|runs| {
        format!("each configuration that completes runs {runs} times and counts by the mean")
    });
    let confirm = plan.setup.confirm.map(|it| {
        let best = match it.top {
            1 => "the best".to_owned(),
            top => format!("the best {top}"),
        };
        let default = plan.space.default_config().map_or("", |_| " and the default configuration");
        let metric = &plan.goal().metric;
        format!(
            "then {best}{default} run under {} fresh seeds, and are compared by {metric}",
            it.seeds
        )
    });
    let compares = plan.objective.generate().filter(|settings| settings.compares()).map(|_| {
        let share = match plan.allowance {
            Allowance { tokens: None, cost: None } => "",
            _ => "; a tenth of the budget is kept for that",
        };
        format!("then the winner, the defaults and greedy compare on the held-out items{share}")
    });
    let prompts = plan.prompt_search.as_ref().zip(plan.objective.generate());
    let prompts = prompts.map(|(config, settings)| prompt_search::intent(plan, config, settings));
    repeat.into_iter().chain(confirm).chain(prompts).chain(compares)
}

/// What ends the study besides its trials, and what that means for what is proposed.
fn limits(plan: &Plan) -> impl Iterator<Item = String> {
    let (budget, setup) = (&plan.settings.budget, &plan.setup.budget);
    let time =
        budget.wall_time.map(|time| format!("after {} of a run", humantime::format_duration(time)));
    let cost = budget.cost.as_ref().map(|cost| match &cost.price {
        Price::PerHour(price) => {
            format!("at a cost of {}, {price} for each hour of a trial", cost.limit)
        }
        Price::Metric(metric) => format!("at a cost of {}, as trials report {metric}", cost.limit),
    });
    let tokens = budget.train_tokens.map(|tokens| format!("after {tokens} tokens"));
    let target =
        budget.target.map(|it| format!("at {} {}", plan.goal().metric, plan.goal().value(it)));
    let converged = setup.until_converged.map(|results| {
        format!("when {results} results in a row promise no improvement above the noise")
    });
    let Allowance { tokens: asked, cost: paid } = plan.allowance;
    let asked = asked.map(|tokens| format!("after {tokens} tokens that are read or written"));
    let paid = paid.map(|cost| format!("at a cost of {cost} by the prices of tokens"));
    let ends = [time, cost, tokens, asked, paid, target, converged].into_iter().flatten();
    let ends = ends.map(|end| format!("it also ends {end}"));
    let thrift = setup.costs.as_ref().map(|costs| {
        let unit = match &costs.measure {
            Measure::Seconds => "the seconds that trials take",
            Measure::Metric(metric) => metric,
        };
        format!("cheap trials are preferred while much of the budget is left, by {unit}")
    });
    ends.chain(thrift)
}

fn budget(plan: &Plan) -> Result<String> {
    let strategy = &plan.setup.strategy;
    let trials = match plan.setup.trials {
        Some(trials) if strategy.name == "pbt" => members(strategy, trials)?,
        Some(trials) => format!("{} in total", counted(trials, "trial")),
        None if strategy.name == "grid" => "as many trials as it has points".to_owned(),
        None => "as many trials as it has members".to_owned(),
    };
    let workers = plan.workers;
    if !plan.setup.stages.is_empty() {
        return Ok(format!("{} stages, {trials}, {workers} at once", plan.setup.stages.len()));
    }
    let line = format!("strategy {}, {trials}, {workers} at once", strategy.name);
    if strategy.name != "grid" {
        return Ok(line);
    }
    let options = serde_json::from_str(&strategy.options).unwrap_or_default();
    let grid = Grid::new(GridOptions::read(&options).map_err(|e| miette::miette!("{e}"))?);
    let mistake = |error| plan.document.mistake(&["strategy"], format!("{error}"));
    let combinations = grid.combinations(&plan.space).map_err(mistake)?;
    if combinations > COUNTED {
        return Ok(format!("{line}\nthe grid has at most {combinations} points"));
    }
    let points = grid.count(&plan.space).map_err(mistake)?;
    Ok(format!("{line}\nthe grid has {points} points ({combinations} combinations)"))
}

/// Of a population only the members begin, unless they all fail.
fn members(strategy: &StrategySetup, trials: u64) -> Result<String> {
    let options = serde_json::from_str(&strategy.options).unwrap_or_default();
    let options = PbtOptions::read(&options).map_err(|error| miette::miette!("{error}"))?;
    Ok(match options.population.filter(|population| *population < trials) {
        Some(population) => {
            let others = counted(trials - population, "more trial");
            format!("{population} members, and {others} only if all of them fail")
        }
        None => counted(trials, "member"),
    })
}
