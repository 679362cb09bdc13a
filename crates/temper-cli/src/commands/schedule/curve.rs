//! A schedule as a curve of characters, 80 columns wide at most.

use crate::people::number;

/// Columns of the curve, beside its axis.
const WIDTH: u64 = 64;

/// Lines of the curve.
const HEIGHT: usize = 17;

/// Lines from one label of the axis to the next: they are quarters.
const LABEL_LINES: usize = 4;

/// Columns of a label with its mark; the longest is that of 1.00000e-300.
const LABEL_WIDTH: usize = 14;

/// Steps of a column that are looked at: more are not, however long the run is.
const SAMPLES: u64 = 1_000;

/// A value that follows from the step, numbered from 0.
pub(in crate::commands) struct Curve<'a> {
    pub(in crate::commands) steps: u64,
    pub(in crate::commands) value: &'a dyn Fn(u64) -> f64,
    /// The number of the first step on the axis.
    pub(in crate::commands) first: u64,
}

/// The curve between its lowest and its highest value and 0, with labels on both axes.
pub(in crate::commands) fn draw(curve: &Curve<'_>) -> String {
    let steps = curve.steps;
    let width = steps.min(WIDTH);
    let columns: Vec<_> = (0..width).map(|column| range(curve, column, width)).collect();
    let top = columns.iter().map(|(_, high)| *high).fold(0.0, f64::max);
    let bottom = columns.iter().map(|(low, _)| *low).fold(0.0, f64::min);
    let line_height = (top - bottom) / (HEIGHT - 1) as f64;
    // The line of a value, counted from the axis.
    let line_of = |value: f64| ((value - bottom) / line_height).round() as usize;
    let mut text = String::new();
    for line in (0..HEIGHT).rev() {
        let label = match line % LABEL_LINES {
            0 => number(bottom + line_height * line as f64) + " ┤",
            _ => "│".to_owned(),
        };
        let is_on = |(low, high): &(f64, f64)| (line_of(*low)..=line_of(*high)).contains(&line);
        let curve: String = columns.iter().map(|it| if is_on(it) { '*' } else { ' ' }).collect();
        text += format!("{label:>LABEL_WIDTH$}{curve}").trim_end();
        text.push('\n');
    }
    text + &axis(curve, width as usize)
}

/// The lowest and the highest value of a column's steps.
fn range(curve: &Curve<'_>, column: u64, width: u64) -> (f64, f64) {
    let [start, end] = [column, column + 1].map(|it| part(curve.steps, it, width));
    let samples = SAMPLES.min(end - start);
    let steps = (0..samples).map(|sample| start + part(end - start, sample, samples));
    let rates = steps.map(|step| (curve.value)(step));
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    rates.fold(none, |(low, high), rate| (low.min(rate), high.max(rate)))
}

/// That many `parts` of `whole`, rounded down; `parts` is at most `of`.
fn part(whole: u64, parts: u64, of: u64) -> u64 {
    (u128::from(whole) * u128::from(parts) / u128::from(of)) as u64
}

/// The axis of the steps, with the first and the last of them.
fn axis(curve: &Curve<'_>, width: usize) -> String {
    let (steps, first) = (curve.steps, curve.first.to_string());
    let last = (curve.first + steps - 1).to_string();
    let line = format!("{:>LABEL_WIDTH$}{}\n", "└", "─".repeat(width));
    let room = width.saturating_sub(first.len() + last.len());
    let indent = " ".repeat(LABEL_WIDTH);
    let labels = if steps == 1 { first } else { format!("{first}{:room$}{last}", "") };
    format!("{line}{indent}{labels}\n{indent}{:^width$}", "step").trim_end().to_owned() + "\n"
}
