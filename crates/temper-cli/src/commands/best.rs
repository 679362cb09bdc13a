//! `temper best`.

use miette::{IntoDiagnostic, Result, miette};
use temper_core::History;

use crate::args::StudyArgs;
use crate::exit::Exit;
use crate::people::number;
use crate::plan::Plan;
use crate::train_settings::toml_value;

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let plan = Plan::load(args)?;
    let history = plan.history()?;
    if history.best().is_none() {
        eprintln!("no trial has completed yet");
        return Ok(Exit::NothingFound);
    }
    print!("{}", best_toml(&plan, &history)?);
    Ok(Exit::Ok)
}

/// The best configuration as TOML: of the built-in trainer all settings, of a program its
/// parameters.
pub(crate) fn best_toml(plan: &Plan, history: &History) -> Result<String> {
    let best = history.best().ok_or_else(|| miette!("no trial has completed"))?;
    let table = match &plan.objective.train {
        Some(settings) => {
            let config = settings.with(best.config()).into_diagnostic()?;
            toml::Table::try_from(config).into_diagnostic()?
        }
        None => {
            let params = best.config().iter();
            params.map(|(name, value)| (name.to_owned(), toml_value(value))).collect()
        }
    };
    let goal = plan.goal();
    let value = best.loss().map(|loss| number(goal.value(loss))).unwrap_or_default();
    Ok(format!(
        "# trial {} of study {}: {} {value}\n{}",
        best.id(),
        plan.setup.name,
        goal.metric,
        toml::to_string(&table).into_diagnostic()?
    ))
}
