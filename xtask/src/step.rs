//! One command of a task, mostly cargo's: shown as it could be typed, then run.

use std::fmt;
use std::io;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// A command, with the environment variables that it gets on top of the inherited ones.
#[derive(Debug)]
pub(crate) struct Step {
    variables: Vec<(&'static str, String)>,
    program: String,
    arguments: Vec<String>,
}

impl Step {
    /// `cargo` with these arguments.
    pub(crate) fn cargo(arguments: &[&str]) -> Self {
        Self::program("cargo", arguments)
    }

    /// A program with these arguments.
    pub(crate) fn program(program: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        Self { variables: Vec::new(), program: program.to_owned(), arguments: arguments.collect() }
    }

    /// The same command with more arguments.
    pub(crate) fn and(mut self, arguments: &[String]) -> Self {
        self.arguments.extend_from_slice(arguments);
        self
    }

    /// The same command with an environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Prints the command and runs it to its end.
    ///
    /// # Errors
    ///
    /// If it can't be started, or exits with a code other than 0: that code.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        eprintln!("\n$ {self}");
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        outcome(status.code())
    }

    /// Whether the command succeeds. It is not shown, and neither is what it prints.
    ///
    /// # Errors
    ///
    /// If it can't be started.
    pub(crate) fn succeeds(&self) -> Result<bool, Failure> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().map_err(|error| self.not_started(&error))?;
        Ok(status.success())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn not_started(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("`{self}` could not be started: {error}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        formatter.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

/// What an exit code means for the task; a command that a signal ended has none.
fn outcome(code: Option<i32>) -> Result<(), Failure> {
    match code {
        Some(0) => Ok(()),
        code => Err(Failure::Said(code.and_then(|code| code.try_into().ok()).unwrap_or(1))),
    }
}

/// The word as a shell reads it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_=./:,+@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_a_shell_would_read_it() {
        let step = Step::cargo(&["doc", "--no-deps"])
            .with("RUSTDOCFLAGS", "-D warnings")
            .and(&["it's".to_owned(), String::new()]);
        let expected = r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s' ''";
        assert_eq!(step.to_string(), expected);
    }

    #[test]
    fn a_failed_step_passes_on_its_exit_code() {
        assert!(outcome(Some(0)).is_ok());
        assert!(matches!(outcome(Some(101)), Err(Failure::Said(101))));
        assert!(matches!(outcome(None), Err(Failure::Said(1))));
    }
}
