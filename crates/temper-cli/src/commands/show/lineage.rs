//! What led to a fork: whose steps they were, and what was changed on the way.

use comfy_table::{CellAlignment, Table, presets};
use temper_core::{Goal, History, Trial, Value};
use temper_report::{Segment, lineage, value_at};

use crate::commands::schedule::curve::{Curve, draw};
use crate::people::{number, short};

/// The schedule as a table, and a curve for each number that changed.
pub(in crate::commands) fn tell(trial: &Trial, history: &History, goals: &[Goal]) -> String {
    let segments = lineage(goals, history, trial);
    let mut names: Vec<&str> =
        segments.iter().flat_map(|it| it.params.iter().map(|(name, _)| name)).collect();
    names.sort_unstable();
    names.dedup();
    let mut text = table(&segments, &names, goals);
    let steps = segments.last().map_or(0, |segment| segment.until);
    for name in names {
        let is_number = |it: &Segment| it.params.get(name).and_then(Value::as_f64).is_some();
        if steps > 0 && segments.iter().all(is_number) {
            let value = |step| {
                value_at(&segments, name, step + 1).and_then(Value::as_f64).unwrap_or_default()
            };
            let curve = Curve { steps, value: &value, first: 1 };
            text.push_str(&format!("\n{name}\n{}", draw(&curve).trim_end()));
        }
    }
    text
}

fn table(segments: &[Segment], names: &[&str], goals: &[Goal]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let metric = goals.first().map_or("loss", |goal| &goal.metric);
    table.set_header(["steps", "trial"].into_iter().chain(names.iter().copied()).chain([metric]));
    for segment in segments {
        let steps = format!("{}-{}", segment.after + 1, segment.until);
        let params =
            names.iter().map(|name| segment.params.get(name).map(short).unwrap_or_default());
        let value = segment.value.map(number).unwrap_or_default();
        table.add_row([steps, segment.trial.to_string()].into_iter().chain(params).chain([value]));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
