//! Watches a running program: reads its reports, and ends it when it is time.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{Failure, FailureKind, Halt, Reporter, Step};

use super::child::Child;
use super::folder::{REPORTS, TrialFolder};
use super::report::{Line, parse};
use super::{CommandSettings, crash, memory};

/// How often everything but stdout is looked at.
const POLL: Duration = Duration::from_millis(50);
/// How often the end of a child is looked for once its stdout is closed.
const END_POLL: Duration = Duration::from_millis(2);
/// How long output may trail behind the end of the child, in processes that it left behind.
const TRAIL: Duration = Duration::from_secs(1);

/// Signals by which machines are taken away.
const TAKEN: [i32; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// What programs say when memory has run out: Python, PyTorch, CUDA, C++, Rust, the C library.
const OUT_OF_MEMORY: [&str; 6] = [
    "MemoryError",
    "out of memory",
    "OutOfMemory",
    "std::bad_alloc",
    "memory allocation of",
    "Cannot allocate memory",
];

/// The state of one watch.
pub(super) struct Supervisor<'a> {
    settings: &'a CommandSettings,
    file: ReportFile,
    last: Option<(Step, Vec<f64>)>,
    said: Option<Failure>,
    started: Instant,
    kernel_kills: Option<u64>,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(settings: &'a CommandSettings, folder: &TrialFolder) -> Self {
        Self {
            settings,
            file: ReportFile::at_end(folder),
            last: None,
            said: None,
            started: Instant::now(),
            kernel_kills: memory::kernel_kills(),
        }
    }

    /// Watches the child to its end, and returns the values of its last report. If the reporter
    /// wants an end, the child is stopped, and what is returned does not matter.
    pub(super) fn watch(
        mut self,
        child: &mut Child,
        reporter: &mut dyn Reporter,
    ) -> Result<Vec<f64>, Failure> {
        let status = loop {
            if let ControlFlow::Break(_) = self.look(child, reporter)? {
                child.stop(self.settings.grace);
                return Ok(self.last.map(|(_, values)| values).unwrap_or_default());
            }
            if let Some(status) = child.ended().map_err(|e| crash("can't wait for it", &e))? {
                break status;
            }
        };
        if self.read_rest(child, reporter).is_break() {
            child.kill();
            return Ok(Vec::new());
        }
        child.kill(); // what it left behind in its group
        self.judge(status, child.stderr_tail())
    }

    /// One look at everything, which takes up to [`POLL`].
    fn look(
        &mut self,
        child: &mut Child,
        reporter: &mut dyn Reporter,
    ) -> Result<ControlFlow<Halt>, Failure> {
        match child.lines().recv_timeout(POLL) {
            Ok(line) => {
                if let ControlFlow::Break(halt) = self.take(&line, reporter) {
                    return Ok(ControlFlow::Break(halt));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(END_POLL),
        }
        for line in self.file.new_lines() {
            if let ControlFlow::Break(halt) = self.take(&line, reporter) {
                return Ok(ControlFlow::Break(halt));
            }
        }
        self.check_limits(child, reporter)?;
        Ok(reporter.poll())
    }

    fn check_limits(&self, child: &mut Child, reporter: &mut dyn Reporter) -> Result<(), Failure> {
        let resident = memory::resident(child.id());
        reporter.memory(resident);
        let failure = match (self.settings.memory_limit, self.settings.timeout) {
            (Some(limit), _) if resident > limit => {
                let message = format!("it used {resident} bytes of memory, the limit is {limit}");
                Failure::new(FailureKind::OutOfMemory, message)
            }
            (_, Some(timeout)) if self.started.elapsed() > timeout => {
                let message = format!("it ran longer than {} s", timeout.as_secs_f64());
                Failure::new(FailureKind::Timeout, message)
            }
            _ => return Ok(()),
        };
        if failure.kind == FailureKind::Timeout {
            child.stop(self.settings.grace);
        }
        child.kill();
        Err(Failure {
            stderr: child.stderr_tail(),
            ..failure
        })
    }

    /// Reads what was still on its way when the child ended.
    fn read_rest(&mut self, child: &Child, reporter: &mut dyn Reporter) -> ControlFlow<Halt> {
        let deadline = Instant::now() + TRAIL;
        while let Ok(line) = child
            .lines()
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.take(&line, reporter)?;
        }
        for line in self.file.new_lines() {
            self.take(&line, reporter)?;
        }
        ControlFlow::Continue(())
    }

    /// Acts on one line.
    fn take(&mut self, line: &str, reporter: &mut dyn Reporter) -> ControlFlow<Halt> {
        match parse(line, &self.settings.goals) {
            None => ControlFlow::Continue(()),
            Some(Line::Failure { kind, message }) => {
                self.said = Some(Failure::new(kind, message));
                ControlFlow::Continue(())
            }
            Some(Line::Report {
                step,
                values,
                metrics,
            }) => {
                let next = self.last.as_ref().map_or(1, |(last, _)| last + 1);
                let step = step.unwrap_or(next);
                self.last = Some((step, values.clone()));
                reporter.report(step, &values, &metrics)
            }
        }
    }

    /// What became of a child that ended by itself.
    fn judge(self, status: ExitStatus, stderr: Vec<String>) -> Result<Vec<f64>, Failure> {
        let failure = match (self.said, self.last, status.signal()) {
            (Some(said), ..) => said,
            (None, Some((_, values)), None) if status.success() => return Ok(values),
            (None, None, None) if status.success() => {
                let goals: Vec<_> = self
                    .settings
                    .goals
                    .iter()
                    .map(|goal| format!("`{}`", goal.metric))
                    .collect();
                let message = format!("it ended without a report of {}", goals.join(" and "));
                Failure::new(FailureKind::Crashed, message)
            }
            (.., Some(signal)) if TAKEN.contains(&signal) => Failure::new(
                FailureKind::Preempted,
                format!("it was ended by signal {signal}"),
            ),
            (.., Some(libc::SIGKILL)) if memory::kernel_kills() > self.kernel_kills => {
                Failure::new(
                    FailureKind::OutOfMemory,
                    "the kernel killed it for want of memory",
                )
            }
            _ if says_out_of_memory(&stderr) => {
                Failure::new(FailureKind::OutOfMemory, "it ran out of memory")
            }
            (.., Some(signal)) => Failure::new(
                FailureKind::Crashed,
                format!("it was killed by signal {signal}"),
            ),
            (.., None) => {
                let code = status.code().unwrap_or_default();
                Failure::new(FailureKind::Crashed, format!("it exited with code {code}"))
            }
        };
        Err(Failure {
            exit_code: status.code(),
            signal: status.signal(),
            stderr,
            ..failure
        })
    }
}

fn says_out_of_memory(stderr: &[String]) -> bool {
    stderr
        .iter()
        .any(|line| OUT_OF_MEMORY.iter().any(|word| line.contains(word)))
}

/// The file that a program may report to, read as it grows.
struct ReportFile {
    file: Option<File>,
    path: std::path::PathBuf,
    at: u64,
    partial: Vec<u8>,
}

impl ReportFile {
    /// What an earlier attempt wrote there is not read again.
    fn at_end(folder: &TrialFolder) -> Self {
        let path = folder.path().join(REPORTS);
        let at = path.metadata().map_or(0, |metadata| metadata.len());
        Self {
            file: None,
            path,
            at,
            partial: Vec::new(),
        }
    }

    /// The whole lines that have been added; nothing while the file is not there.
    fn new_lines(&mut self) -> Vec<String> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else {
            return Vec::new();
        };
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if length < self.at {
            (self.at, self.partial) = (0, Vec::new()); // it was begun anew
        }
        let mut bytes = std::mem::take(&mut self.partial);
        if length > self.at && file.seek(SeekFrom::Start(self.at)).is_ok() {
            // What can't be read now is read at the next look.
            self.at += file.read_to_end(&mut bytes).unwrap_or(0) as u64;
        }
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        self.partial = bytes.split_off(whole);
        String::from_utf8_lossy(&bytes)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}
