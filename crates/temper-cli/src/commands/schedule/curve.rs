//! A schedule as a curve of characters, 80 columns wide at most.

use temper_train::Schedule;

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

/// The curve from 0 to the highest learning rate, with labels on both axes.
pub(super) fn draw(schedule: &Schedule) -> String {
    let steps = schedule.total_steps;
    let width = steps.min(WIDTH);
    let columns: Vec<_> = (0..width).map(|column| range(schedule, column, width)).collect();
    let top = columns.iter().map(|(_, high)| *high).fold(0.0, f64::max);
    // The line of a learning rate, counted from the axis.
    let line_of = |rate: f64| (rate / top * (HEIGHT - 1) as f64).round() as usize;
    let mut text = String::new();
    for line in (0..HEIGHT).rev() {
        let label = match line % LABEL_LINES {
            0 => number(top * line as f64 / (HEIGHT - 1) as f64) + " ┤",
            _ => "│".to_owned(),
        };
        let is_on = |(low, high): &(f64, f64)| (line_of(*low)..=line_of(*high)).contains(&line);
        let curve: String = columns.iter().map(|it| if is_on(it) { '*' } else { ' ' }).collect();
        text += format!("{label:>LABEL_WIDTH$}{curve}").trim_end();
        text.push('\n');
    }
    text + &axis(steps, width as usize)
}

/// The lowest and the highest learning rate of a column's steps.
fn range(schedule: &Schedule, column: u64, width: u64) -> (f64, f64) {
    let [start, end] = [column, column + 1].map(|it| part(schedule.total_steps, it, width));
    let samples = SAMPLES.min(end - start);
    let steps = (0..samples).map(|sample| start + part(end - start, sample, samples));
    let rates = steps.map(|step| schedule.learning_rate(step));
    rates.fold((f64::INFINITY, 0.0), |(low, high), rate| (low.min(rate), high.max(rate)))
}

/// That many `parts` of `whole`, rounded down; `parts` is at most `of`.
fn part(whole: u64, parts: u64, of: u64) -> u64 {
    (u128::from(whole) * u128::from(parts) / u128::from(of)) as u64
}

/// The axis of the steps, with the first and the last of them, which are numbered from 0.
fn axis(steps: u64, width: usize) -> String {
    let last = (steps - 1).to_string();
    let line = format!("{:>LABEL_WIDTH$}{}\n", "└", "─".repeat(width));
    let room = width.saturating_sub(1 + last.len());
    let indent = " ".repeat(LABEL_WIDTH);
    let labels = if steps == 1 { "0".to_owned() } else { format!("0{:room$}{last}", "") };
    format!("{line}{indent}{labels}\n{indent}{:^width$}", "step").trim_end().to_owned() + "\n"
}
