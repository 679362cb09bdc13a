//! What the harness's report says of a strategy, as the Markdown tables of `benches/peers.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::failure::Failure;

/// A suite of problems, looked at after so many trials.
#[derive(Debug, Deserialize)]
pub(crate) struct Section {
    #[serde(skip)]
    suite: String,
    #[serde(skip)]
    trials: u64,
    /// How many optimizers finished every problem, and have a rank.
    ranked: usize,
    rows: Vec<Row>,
}

/// What an optimizer came to; lower is better everywhere.
#[derive(Debug, Deserialize)]
struct Row {
    optimiser: String,
    /// The number of problems that it finished.
    problems: usize,
    /// The geometric mean over problems of the regret divided by that of random search.
    gmean: f64,
    /// The mean over problems of its rank, if it finished all.
    rank: Option<f64>,
    /// The mean regret in percent of the best loss; only of language models.
    percent: Option<f64>,
}

/// The name under which the harness stores the runs of a strategy.
pub(crate) fn label(strategy: &str) -> String {
    format!("temper-{strategy}")
}

/// Reads the report's JSON; the sections come in the order of `suites`, a list with commas.
///
/// # Errors
///
/// If it is not such a report.
pub(crate) fn read(json: &str, suites: &str) -> Result<Vec<Section>, Failure> {
    let strange = |what: String| Failure::Unmet(format!("the harness's report is strange: {what}"));
    let sections: BTreeMap<String, Section> =
        serde_json::from_str(json).map_err(|error| strange(error.to_string()))?;
    let mut sections = sections
        .into_iter()
        .map(|(key, section)| {
            let parts = key.split_once('@');
            let parts = parts.and_then(|(suite, trials)| Some((suite, trials.parse().ok()?)));
            let (suite, trials) = parts.ok_or_else(|| strange(format!("section `{key}`")))?;
            Ok(Section { suite: suite.to_owned(), trials, ..section })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let place = |suite: &str| suites.split(',').position(|name| name == suite);
    sections.sort_by_key(|it| (place(&it.suite), it.suite.clone(), it.trials));
    Ok(sections)
}

/// The tables of a strategy: ranks, and for language models regrets in percent.
///
/// # Errors
///
/// If the strategy has not finished a suite.
pub(crate) fn render(strategy: &str, sections: &[Section]) -> Result<String, Failure> {
    let has_percents = |section: &&Section| section.rows.iter().any(|row| row.percent.is_some());
    let (percents, ranks): (Vec<_>, Vec<_>) = sections.iter().partition(has_percents);
    let mut tables = Vec::new();
    if !ranks.is_empty() {
        let head = format!("`{strategy}` | its rank | best peer | rank of that peer");
        tables.push(table(&head, 4, &ranks, |section| section.rank_cells(strategy))?);
    }
    if !percents.is_empty() {
        let head = format!("`{strategy}`, regret in % of the best loss | best peer");
        tables.push(table(&head, 2, &percents, |section| section.percent_cells(strategy))?);
    }
    Ok(tables.join("\n\n"))
}

/// A table with a row per section: its problems, its trials and `columns` cells besides.
fn table(
    head: &str,
    columns: usize,
    sections: &[&Section],
    cells: impl Fn(&Section) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut lines =
        vec![format!("| problems | trials | {head} |"), format!("|{}", "---|".repeat(columns + 2))];
    let mut above = "";
    for section in sections {
        let suite = section.suite.as_str();
        let name = if suite == above { String::new() } else { format!(" {suite}") };
        above = suite;
        lines.push(format!("|{name} | {} | {} |", section.trials, cells(section)?));
    }
    Ok(lines.join("\n"))
}

impl Section {
    fn rank_cells(&self, strategy: &str) -> Result<String, Failure> {
        let (own, peer) = self.own_and_best(strategy, |row| row.gmean)?;
        let shown = |row: &Row| row.rank.map_or_else(String::new, |rank| format!("{rank:.2}"));
        let ours = format!("{:.3} | {} of {}", own.gmean, shown(own), self.ranked);
        Ok(format!("{ours} | {} {:.3} | {}", peer.optimiser, peer.gmean, shown(peer)))
    }

    fn percent_cells(&self, strategy: &str) -> Result<String, Failure> {
        let percent = |row: &Row| row.percent.unwrap_or(f64::INFINITY);
        let (own, peer) = self.own_and_best(strategy, percent)?;
        Ok(format!("{:.3} | {} {:.3}", percent(own), peer.optimiser, percent(peer)))
    }

    /// The row of the strategy, and that of the best peer, of those that finished the suite.
    fn own_and_best(
        &self,
        strategy: &str,
        figure: impl Fn(&Row) -> f64,
    ) -> Result<(&Row, &Row), Failure> {
        let label = label(strategy);
        let at = format!("{} at {} trials", self.suite, self.trials);
        let finished = || self.rows.iter().filter(|row| row.rank.is_some());
        let own = finished().find(|row| row.optimiser == label).ok_or_else(|| {
            let row = self.rows.iter().find(|row| row.optimiser == label);
            let done = row.map_or(0, |row| row.problems);
            Failure::Unmet(format!("`{strategy}` has finished only {done} problems of {at}"))
        })?;
        let peers = finished().filter(|row| row.optimiser != label);
        let best = peers.min_by(|one, other| figure(one).total_cmp(&figure(other)));
        let best = best.ok_or_else(|| Failure::Unmet(format!("no peer has finished {at}")))?;
        Ok((own, best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with two suites, as the harness writes it: in no order, with fields of its own.
    const REPORT: &str = r#"{
        "llm@8": {"problems": ["a"], "ranked": 2, "rows": [
            {"optimiser": "temper-bayes", "percent": 0.1434, "problems": 1, "gmean": 0.2, "rank": 1.0},
            {"optimiser": "random", "percent": 0.9, "problems": 1, "gmean": 1.0, "rank": 2.0}]},
        "bbob@100": {"problems": ["a", "b"], "ranked": 3, "rows": [
            {"optimiser": "cma", "percent": null, "problems": 2, "gmean": 0.16, "rank": 1.25},
            {"optimiser": "temper-bayes", "percent": null, "problems": 2, "gmean": 0.035, "rank": 1.75},
            {"optimiser": "random", "percent": null, "problems": 2, "gmean": 1.0, "rank": 3.0},
            {"optimiser": "half", "percent": null, "problems": 1, "gmean": 0.001, "rank": null}]},
        "bbob@50": {"problems": ["a", "b"], "ranked": 2, "rows": [
            {"optimiser": "temper-bayes", "percent": null, "problems": 2, "gmean": 0.045, "rank": 1.0},
            {"optimiser": "random", "percent": null, "problems": 2, "gmean": 1.0, "rank": 2.0}]}
    }"#;

    #[test]
    fn a_report_becomes_tables_in_the_order_of_suites_and_trials() {
        let sections = read(REPORT, "bbob,llm").expect("it is a report");
        let expected = "\
| problems | trials | `bayes` | its rank | best peer | rank of that peer |
|---|---|---|---|---|---|
| bbob | 50 | 0.045 | 1.00 of 2 | random 1.000 | 2.00 |
| | 100 | 0.035 | 1.75 of 3 | cma 0.160 | 1.25 |

| problems | trials | `bayes`, regret in % of the best loss | best peer |
|---|---|---|---|
| llm | 8 | 0.143 | random 0.900 |";
        assert_eq!(render("bayes", &sections).expect("all is finished"), expected);
    }

    #[test]
    fn a_suite_that_was_not_finished_is_an_error() {
        let sections = read(REPORT, "bbob,llm").expect("it is a report");
        let said = |strategy| match render(strategy, &sections) {
            Err(Failure::Unmet(said)) => said,
            other => panic!("{other:?}"),
        };
        assert_eq!(said("tpe"), "`tpe` has finished only 0 problems of bbob at 50 trials");
    }

    #[test]
    fn a_report_of_another_form_is_refused() {
        for json in ["", "[]", r#"{"bbob": {"ranked": 1, "rows": []}}"#] {
            assert!(matches!(read(json, "bbob"), Err(Failure::Unmet(_))), "{json}");
        }
    }
}
