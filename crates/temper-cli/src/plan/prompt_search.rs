//! What of `[prompt_search]` can't be.

use temper_generate::{Allowance, EvaluationSet, Prompt, PromptSearchConfig, Rewrite};

use crate::document::Document;
use crate::generate_settings::GenerateSettings;
use crate::mistake::Mistake;

/// Checks the section beside the settings of the items, where there are such.
pub(super) fn check(
    document: &Document,
    section: &PromptSearchConfig,
    settings: Option<&GenerateSettings>,
    allowance: &Allowance,
) -> Result<(), Mistake> {
    let mistake = |path: &[&str], message: &str, help: &str| {
        Err(document.mistake(path, message).help(Some(help.to_owned())))
    };
    let Some(settings) = settings else {
        let message = "[prompt_search] rewrites the prompts of evaluations, and there are none";
        let help = "leave it out, or write kind = \"generate\" in [objective]";
        return mistake(&["prompt_search"], message, help);
    };
    let items = settings.default();
    section.validate(items).map_err(|error| {
        let path = ["prompt_search", error.key().unwrap_or_default()];
        document.mistake(&path, error.to_string()).help(error.help())
    })?;
    if !settings.compares() {
        let message = "a rewritten prompt is compared on held-out items, and there are none";
        let help = "keep a share of the items for that: held_out = 0.3 in [objective]";
        return mistake(&["prompt_search"], message, help);
    }
    // What is wrong with the file is told elsewhere.
    if section.rewrite == Rewrite::Template
        && let Ok(set) = EvaluationSet::read(&items.data)
        && set.items().iter().all(|item| matches!(item.prompt, Prompt::Messages(_)))
    {
        let message = "all items are messages, which are not put into the words of a template";
        let help = "rewrite the system text instead: rewrite = \"system\"";
        return mistake(&["prompt_search", "rewrite"], message, help);
    }
    if allowance.cost.is_some() && !section.proposer(items).has_prices() {
        let message = "`cost` counts proposals too, and the model that makes them has no price";
        let help = "write what a million tokens cost in [prompt_search]: input_price = 0.15 and \
                    output_price = 0.6";
        return mistake(&["prompt_search", "model"], message, help);
    }
    Ok(())
}
