//! Arguments with parameters in them: `--lr={learning_rate}`.

use std::path::Path;

use temper_core::{Config, Step};

/// The name that stands for the trial's folder, unless a parameter is called so.
const TRIAL_DIR: &str = "trial_dir";

/// The name that stands for the step at which the trial is to pause, unless a parameter is called so.
const UNTIL: &str = "until";

/// What stands in the arguments of one trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) config: &'a Config,
    pub(super) settings: &'a Config,
    pub(super) folder: &'a Path,
    pub(super) until: Option<Step>,
}

/// An argument of a command, in which `{name}` stands for a parameter's value, `{trial_dir}` for
/// the trial's folder, `{until}` for the step at which it is to pause, if there is one, and `{{` and
/// `}}` for braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Param(String),
}

/// Why an argument is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that opens nothing or closes nothing.
    #[error("argument `{argument}`: unmatched `{brace}`")]
    Unmatched {
        /// The argument.
        argument: String,
        /// The brace.
        brace: char,
    },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// If a brace has no partner. A brace that is meant is written twice.
    pub fn parse(argument: &str) -> Result<Self, TemplateError> {
        let unmatched = |brace| TemplateError::Unmatched { argument: argument.to_owned(), brace };
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = argument.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '{' | '}' if rest.next_if_eq(&character).is_some() => text.push(character),
                '{' => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    let mut name = String::new();
                    loop {
                        match rest.next() {
                            Some('}') => break,
                            Some('{') | None => return Err(unmatched('{')),
                            Some(other) => name.push(other),
                        }
                    }
                    pieces.push(Piece::Param(name));
                }
                '}' => return Err(unmatched('}')),
                other => text.push(other),
            }
        }
        pieces.push(Piece::Text(text));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self(pieces))
    }

    /// The parameters named in it.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Param(name) if name != TRIAL_DIR && name != UNTIL => Some(name.as_str()),
            _ => None,
        })
    }

    /// The argument, or `None` if it names a parameter that the configuration does not have.
    fn fill(&self, values: Values<'_>) -> Option<String> {
        let Values { config, settings, folder, until } = values;
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Param(name) => match config.get(name).or_else(|| settings.get(name)) {
                    Some(value) => Some(value.to_string()),
                    None if name == TRIAL_DIR => Some(folder.display().to_string()),
                    None if name == UNTIL => until.map(|until| until.to_string()),
                    None => None,
                },
            })
            .collect()
    }

    /// Whether it is an option that takes its value from the argument after it.
    fn is_bare_option(&self) -> bool {
        matches!(&self.0[..], [Piece::Text(text)] if text.starts_with('-') && !text.contains('='))
    }

    fn is_bare_param(&self) -> bool {
        matches!(&self.0[..], [Piece::Param(_)])
    }
}

/// The arguments of one trial. One that names an inactive parameter is left out, and so is the
/// option before it if it is nothing but that parameter: `--momentum {momentum}`.
pub(super) fn fill(templates: &[Template], values: Values<'_>) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut before: Option<&Template> = None;
    for template in templates {
        match template.fill(values) {
            Some(argument) => arguments.push(argument),
            None if template.is_bare_param() && before.is_some_and(Template::is_bare_option) => {
                arguments.pop();
            }
            None => {}
        }
        before = Some(template);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(arguments: &[&str]) -> Vec<String> {
        let templates: Vec<_> =
            arguments.iter().map(|argument| Template::parse(argument).unwrap()).collect();
        let config = Config::from_iter([
            ("lr".to_owned(), 0.001.into()),
            ("optimizer".to_owned(), "adamw".into()),
        ]);
        let settings = Config::from_iter([("max_steps".to_owned(), temper_core::Value::Int(100))]);
        let (folder, until) = (Path::new("/trials/0003"), None);
        fill(&templates, Values { config: &config, settings: &settings, folder, until })
    }

    #[test]
    fn parameters_stand_in_arguments() {
        assert_eq!(
            filled(&["train", "--lr={lr}", "{optimizer}-{lr}", "{trial_dir}/out", "{{lr}}"]),
            ["train", "--lr=0.001", "adamw-0.001", "/trials/0003/out", "{lr}"]
        );
    }

    #[test]
    fn an_argument_with_the_step_of_the_pause_is_left_out_where_there_is_none() {
        assert_eq!(filled(&["train", "--pause-at={until}", "--until", "{until}"]), ["train"]);
        let templates = [Template::parse("--pause-at={until}").unwrap()];
        let config = Config::default();
        let values =
            Values { config: &config, settings: &config, folder: Path::new("/"), until: Some(9) };
        assert_eq!(fill(&templates, values), ["--pause-at=9"]);
    }

    #[test]
    fn a_setting_of_the_stage_stands_in_arguments() {
        assert_eq!(filled(&["train", "--steps", "{max_steps}"]), ["train", "--steps", "100"]);
        assert_eq!(filled(&["train", "--epochs", "{epochs}"]), ["train"]);
    }

    #[test]
    fn an_inactive_parameter_takes_its_option_with_it() {
        assert_eq!(
            filled(&["train", "--momentum", "{momentum}", "--m={momentum}", "--lr", "{lr}"]),
            ["train", "--lr", "0.001"]
        );
    }

    #[test]
    fn an_unmatched_brace_is_an_error() {
        for argument in ["{lr", "lr}", "{l{r}"] {
            assert!(Template::parse(argument).is_err(), "{argument}");
        }
    }
}
