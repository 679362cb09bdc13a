//! One thing that a rule has found.

use std::fmt;

/// One thing that a rule has found, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the workspace's root.
    pub(crate) path: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// Whether it fails the task.
    pub(crate) severity: Severity,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

/// Whether a finding fails the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// It does.
    Error,
    /// It is only printed.
    Warning,
}

impl Finding {
    /// A finding that fails the task.
    pub(crate) fn error(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, severity: Severity::Error, message: message.into() }
    }

    /// A finding that is only printed.
    pub(crate) fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, line, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(formatter, "{}:{}: {severity}: {}", self.path, self.line, self.message)
    }
}

/// What the findings say, for a test to compare.
#[cfg(test)]
pub(crate) fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}
