//! The comparison for people.

use comfy_table::{CellAlignment, Table, presets};
use temper_generate::Paired;

use super::HeldOut;
use crate::people::number;

/// Differences with a larger p are not told from noise.
const SIGNIFICANT: f64 = 0.05;

/// The table, as comments of a TOML file.
pub(crate) fn table(held_out: &HeldOut) -> String {
    let HeldOut { metric, items, rows, .. } = held_out;
    let has_cost = rows.iter().any(|row| row.metrics.contains_key("cost"));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec![
        format!("on {items} held-out items"),
        metric.clone(),
        "the winner leads by".to_owned(),
        "95 % interval".to_owned(),
        "p".to_owned(),
        "latency".to_owned(),
        "p95".to_owned(),
        "tokens".to_owned(),
    ];
    header.extend(has_cost.then(|| "cost".to_owned()));
    table.set_header(header);
    for row in rows {
        let known = |name: &str| row.metrics.get(name).copied();
        let told = |name: &str| known(name).map(short).unwrap_or_default();
        let seconds = |name: &str| known(name).map(|it| format!("{} s", short(it)));
        let paired = row.winner_leads_by.as_ref();
        let mut cells = vec![
            row.name.clone(),
            told(metric),
            paired.map(|it| signed(it.difference)).unwrap_or_default(),
            paired.map(interval).unwrap_or_default(),
            paired.map(|it| p(it.p).trim_start_matches("= ").to_owned()).unwrap_or_default(),
            seconds("latency").unwrap_or_default(),
            seconds("latency_p95").unwrap_or_default(),
            known("tokens").map(number).unwrap_or_default(),
        ];
        cells.extend(has_cost.then(|| known("cost").map(number).unwrap_or_default()));
        table.add_row(cells);
    }
    for column in (1..9).filter(|column| *column != 3) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt().lines().map(|line| format!("# {line}\n")).collect()
}

/// What it comes to, in one line.
pub(crate) fn line(held_out: &HeldOut) -> String {
    let HeldOut { metric, items, rows, .. } = held_out;
    let of = |name: &str| rows.iter().find(|row| row.name == name)?.winner_leads_by.as_ref();
    let said = ["the defaults", "greedy"].into_iter().filter_map(|name| Some((name, of(name)?)));
    let of_rewritten = rows.iter().filter_map(|row| {
        let rewritten = row.rewritten.as_ref()?;
        let name = format!("that with the rewritten {}", rewritten.rewrite.name());
        Some((name, row.winner_leads_by.as_ref()?))
    });
    let said = of_rewritten.chain(said.map(|(name, paired)| (name.to_owned(), paired)));
    let said = said.map(|(name, paired)| {
        let by = number((paired.difference.abs() * 1e4).round() / 1e4);
        let p = p(paired.p);
        match paired.difference {
            lead if paired.p >= SIGNIFICANT => {
                format!("not told from {name} ({}, p {p})", signed(lead))
            }
            lead if lead > 0.0 => format!("better than {name} by {by} (p {p})"),
            _ => format!("worse than {name} by {by} (p {p})"),
        }
    });
    let said = said.collect::<Vec<_>>().join(", ");
    format!("on {items} held-out items the winner's {metric} is {said}")
}

fn interval(paired: &Paired) -> String {
    format!("{} to {}", signed(paired.interval.0), signed(paired.interval.1))
}

/// Three decimals with a sign: scores are from 0 to 1.
fn signed(value: f64) -> String {
    format!("{value:+.3}")
}

fn short(value: f64) -> String {
    number((value * 1e3).round() / 1e3)
}

/// With the sign that it takes.
pub(crate) fn p(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") }
}
