//! What the command line of `cargo xtask peers` says.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

const SUITES: &str = "bbob-shared,mixint-shared,hpo-shared,yahpo-shared,moo-shared,llm-shared";

/// What to measure, and by what.
#[derive(Debug)]
pub(crate) struct Options {
    /// The folder of the harness.
    pub(crate) harness: PathBuf,
    /// The names of our strategies.
    pub(crate) strategies: Vec<String>,
    /// How many seeds each gets.
    pub(crate) seeds: String,
    /// The harness's names of the suites, with commas.
    pub(crate) suites: String,
    /// The Python to use, if not the harness's own.
    pub(crate) python: Option<PathBuf>,
    /// A `temper` that is built already.
    pub(crate) binary: Option<PathBuf>,
}

impl Options {
    /// Reads pairs of a name and a value; paths start at `folder`.
    ///
    /// # Errors
    ///
    /// If a name is unknown, a value is missing or wrong, or there is no harness.
    pub(crate) fn read(arguments: &[String], folder: &Path) -> Result<Self, Failure> {
        let mut harness = None;
        let mut strategies = "auto,bayes".to_owned();
        let mut seeds = "5".to_owned();
        let mut suites = SUITES.to_owned();
        let (mut python, mut binary) = (None, None);
        for pair in arguments.chunks(2) {
            let [name, value] = pair else {
                return Err(Failure::Unmet(format!("`{}` needs a value", pair[0])));
            };
            match name.as_str() {
                "--harness" => harness = Some(folder.join(value)),
                "--strategies" => strategies.clone_from(value),
                "--seeds" => seeds.clone_from(value),
                "--suites" => suites.clone_from(value),
                "--python" => python = Some(folder.join(value)),
                "--binary" => binary = Some(folder.join(value)),
                _ => return Err(Failure::Unmet(format!("there is no argument `{name}`"))),
            }
        }
        let Some(harness) = harness else {
            let need = "`--harness DIR` is needed: CONTRIBUTING.md says what it is";
            return Err(Failure::Unmet(need.to_owned()));
        };
        let strategies = strategies.split(',').map(strategy).collect::<Result<_, _>>()?;
        Ok(Self { harness, strategies, seeds, suites, python, binary })
    }
}

/// The name of a strategy: it also names a folder.
fn strategy(name: &str) -> Result<String, Failure> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(Failure::Unmet(format!("`{name}` is no name of a strategy")));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, Failure> {
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        Options::read(&arguments, Path::new("/home"))
    }

    #[test]
    fn paths_start_where_the_command_was_given() {
        let options = read(&["--strategies", "tpe,cmaes", "--harness", "bench"]);
        let options = options.expect("nothing is missing");
        assert_eq!(options.harness, Path::new("/home/bench"));
        assert_eq!(options.strategies, ["tpe", "cmaes"]);
        assert_eq!(options.suites, SUITES);
    }

    #[test]
    fn what_is_missing_unknown_or_no_name_is_refused() {
        for wrong in
            ["--seeds 2", "--harness", "--harness x --seed 2", "--harness x --strategies .."]
        {
            let words: Vec<_> = wrong.split(' ').collect();
            assert!(matches!(read(&words), Err(Failure::Unmet(_))), "{wrong}");
        }
    }
}
