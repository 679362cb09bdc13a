//! A search of the prompt for people.

use temper_generate::{Candidate, Ended, Fate, PromptSearchConfig, Rewrites};

use super::Record;
use crate::generate_settings::GenerateSettings;
use crate::held_out::{HeldOut, told_p};
use crate::people::{counted, number};
use crate::plan::Plan;

/// What a study will do, and what that takes: "then `tiny` proposes up to 10 rewrites ...".
pub(crate) fn intent(
    plan: &Plan,
    config: &PromptSearchConfig,
    settings: &GenerateSettings,
) -> String {
    let items = plan.setup.max_steps.unwrap_or_default();
    let start = settings.default();
    let proposer = config.proposer(start);
    let who = match &proposer.model {
        _ if config.asks_the_same() => "the winner's model".to_owned(),
        Some(model) => format!("`{model}`"),
        None => "the winner's model".to_owned(),
    };
    let rounds = u64::from(config.rounds);
    let requests = rounds * (1 + items * u64::from(start.samples));
    format!(
        "then {who} proposes {} of the winner's {} from its failures, each tried on up to {}: \
         about {} at most",
        counted(rounds, "rewrite"),
        config.rewrite.name(),
        counted(items, "item"),
        counted(requests, "request"),
    )
}

/// What came of a round.
pub(super) fn round(candidate: &Candidate, config: &PromptSearchConfig, metric: &str) -> String {
    let Candidate { round, parent, scores, fate, .. } = candidate;
    let fate = match fate {
        Fate::Kept { mean } => {
            let items = counted(scores.len() as u64, "item");
            format!("kept, {metric} {} on all {items}", short(*mean))
        }
        Fate::NoBetter { mean, mean_of_parent } => format!(
            "no better on {}, {metric} {} against {}",
            counted(scores.len() as u64, "item"),
            mean.map_or("unknown".to_owned(), short),
            mean_of_parent.map_or("unknown".to_owned(), short),
        ),
        Fate::Refused { because } => format!("refused, {because}"),
    };
    let from = match parent {
        None | Some(0) => "the winner's".to_owned(),
        Some(parent) => format!("that of round {parent}"),
    };
    let rounds = config.rounds;
    format!("rewrite {round} of {rounds} of the {}, from {from}: {fate}", config.rewrite.name())
}

/// What was found in the end.
pub(super) fn end(rewrites: &Rewrites) -> String {
    let what = rewrites.rewrite.name();
    let found = match super::rewritten(rewrites) {
        Some(found) => format!(
            "the {what} of round {} has {} {} on the items of the search, the winner's {}",
            found.round,
            rewrites.metric,
            short(found.mean),
            short(found.mean_before),
        ),
        None => nothing(rewrites),
    };
    match &rewrites.ended {
        Ended::Spent(message) => format!("{message}; {found}"),
        Ended::AllRounds | Ended::NothingFails => found,
    }
}

fn nothing(rewrites: &Rewrites) -> String {
    let what = rewrites.rewrite.name();
    if rewrites.ended == Ended::NothingFails {
        return format!("the winner fails nowhere: its {what} was not rewritten");
    }
    let proposed = counted(rewrites.candidates.len().saturating_sub(1) as u64, "proposal");
    format!(
        "none of {proposed} ({} refused) is a better {what} than the winner's",
        rewrites.refused
    )
}

/// Which text is the best configuration's and why, as a comment.
pub(crate) fn comment(record: &Record, held_out: Option<&HeldOut>) -> String {
    let Record { trial, rewrites, .. } = record;
    let Some(found) = super::rewritten(rewrites) else {
        return format!("# {}\n", nothing(rewrites));
    };
    let (what, round, metric) = (rewrites.rewrite.name(), found.round, &rewrites.metric);
    let Some(compared) = held_out.and_then(|held_out| held_out.of_rewritten(&found)) else {
        return format!(
            "# the {what} below is that of trial {trial}; that of round {round} is not compared \
             with it on held-out items yet\n"
        );
    };
    let of_winner = short(compared.winner);
    let of_found = short(compared.rewritten);
    let p = compared.leads_by.map(|it| format!(", p {}", told_p(it.p))).unwrap_or_default();
    if compared.is_better() {
        return format!(
            "# the {what} below is that of round {round} of the prompt search: on the held-out \
             items its {metric} is {of_found}, that of trial {trial} {of_winner}{p}\n"
        );
    }
    format!(
        "# the {what} below is that of trial {trial}: that of round {round} of the prompt search \
         is better on the items of the search ({} against {}), but not on the held-out ones \
         ({of_found} against {of_winner}{p})\n",
        short(found.mean),
        short(found.mean_before),
    )
}

/// Three decimals: scores are from 0 to 1.
fn short(value: f64) -> String {
    number((value * 1e3).round() / 1e3)
}
