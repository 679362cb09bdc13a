//! What `[budget]` comes to.

use miette::Result;
use temper_core::Goal;
use temper_study::{Budget, Cost};

use super::duration;
use crate::document::Document;
use crate::study_file::BudgetSection;

/// Reads the section.
pub(super) fn budget(document: &Document, section: &BudgetSection, goal: &Goal) -> Result<Budget> {
    let mistake = |key: &str, message: String, help: &str| {
        document.mistake(&["budget", key], message).help(Some(help.to_owned()))
    };
    let positive = |key: &str, value: Option<f64>, help: &str| match value {
        Some(value) if !(value > 0.0 && value.is_finite()) => {
            Err(mistake(key, format!("`{key}` is {value}"), help))
        }
        value => Ok(value),
    };
    let wall_time = section.wall_time.as_deref();
    let wall_time = wall_time.map(|text| duration(document, &["budget", "wall_time"], text));
    let limit = positive("cost", section.cost, "write what may be spent: cost = 20.0")?;
    let price = "write what an hour of one trial costs: price_per_hour = 2.5";
    let price_per_hour = positive("price_per_hour", section.price_per_hour, price)?;
    let cost = match (limit, price_per_hour) {
        (Some(limit), Some(price_per_hour)) => Some(Cost { limit, price_per_hour }),
        (Some(_), None) => {
            let message = "`cost` has no price".to_owned();
            return Err(mistake("cost", message, price).into());
        }
        (None, Some(_)) => {
            let message = "`price_per_hour` bounds nothing".to_owned();
            return Err(mistake("price_per_hour", message, "write cost = 20.0, too").into());
        }
        (None, None) => None,
    };
    let tokens = "write how many tokens all trials may train on: train_tokens = 1e9";
    let target = section.target.map(|target| {
        let help = format!("write a value of {} that is good enough", goal.metric);
        let message = format!("`target` is {target}");
        goal.loss(target).map_err(|_| mistake("target", message, &help))
    });
    Ok(Budget {
        wall_time: wall_time.transpose()?,
        cost,
        train_tokens: positive("train_tokens", section.train_tokens, tokens)?,
        target: target.transpose()?,
    })
}
