//! Watches a running program: reads its reports, and ends it when it is time.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{Failure, FailureKind, Halt, ObjectiveError, Reporter, Step};

use super::child::{Child, QUEUE};
use super::folder::TrialFolder;
use super::report::{Line, parse};
use super::report_file::ReportFile;
use super::{CommandSettings, Pausing, crash, disk_full, memory};

/// How often everything but stdout is looked at.
const POLL: Duration = Duration::from_millis(50);
/// How soon the end of a child is looked for once its stdout is closed, at first: most end then.
const END_POLL: Duration = Duration::from_millis(2);
/// How long output may trail behind the end of the child, in processes that it left behind.
const TRAIL: Duration = Duration::from_secs(1);

/// Signals by which machines are taken away.
const TAKEN: [i32; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Signals that are recognised when a shell passes them on.
const PASSED_ON: [i32; 4] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGKILL];

/// What programs say when memory has run out: Python, `PyTorch`, CUDA, Vulkan, C++, Rust, the C
/// library; in small letters, without marks between words.
const OUT_OF_MEMORY: [&str; 8] = [
    "memoryerror",
    "out of memory",
    "outofmemory",
    "out of device memory",
    "out of host memory",
    "std::bad alloc",
    "memory allocation of",
    "cannot allocate memory",
];

/// The state of one watch.
pub(super) struct Supervisor<'a> {
    settings: &'a CommandSettings,
    folder: &'a TrialFolder,
    has_reported: bool,
    file: ReportFile,
    last: Option<(Step, Vec<f64>)>,
    said: Option<ObjectiveError>,
    /// How it is to end, once it is told to.
    halt: Option<Halt>,
    started: Instant,
    kernel_kills: Option<u64>,
    end_poll: Duration,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(
        settings: &'a CommandSettings,
        folder: &'a TrialFolder,
        has_reported: bool,
    ) -> Self {
        Self {
            settings,
            folder,
            has_reported,
            file: ReportFile::at_end(folder),
            last: None,
            said: None,
            halt: None,
            started: Instant::now(),
            kernel_kills: memory::kernel_kills(),
            end_poll: END_POLL,
        }
    }

    /// Watches the child to its end, and returns the values of its last report; `None` if the
    /// reporter wanted an end before that, and the child was stopped.
    pub(super) fn watch(
        mut self,
        child: &mut Child,
        reporter: &mut dyn Reporter,
    ) -> Result<Option<Vec<f64>>, ObjectiveError> {
        loop {
            self.look(child, reporter)?;
            if let Some(halt) = self.halt {
                return self.stop(child, halt, reporter).map(|()| None);
            }
            if child.has_ended().map_err(unawaited)? {
                break;
            }
        }
        self.read_rest(child, reporter);
        let status = child.kill().map_err(unawaited)?;
        match self.halt {
            None => self.judge(status, child.stderr_tail()).map(Some),
            Some(Halt::Pause) => self.judge_pause(status, child, reporter).map(|()| None),
            Some(Halt::Stop | Halt::Interrupt) => Ok(None),
        }
    }

    /// Ends the child as it is to be told.
    fn stop(
        mut self,
        child: &mut Child,
        halt: Halt,
        reporter: &mut dyn Reporter,
    ) -> Result<(), ObjectiveError> {
        let CommandSettings { grace, pausing, .. } = *self.settings;
        if halt != Halt::Pause || pausing == Pausing::Restart {
            // Nobody asks how a child ended that has nothing to save.
            let _ = child.stop(if halt == Halt::Pause { Duration::ZERO } else { grace }, |_| ());
            return Ok(());
        }
        // Where the file can't be written, the signal has to do.
        if pausing == Pausing::File && self.folder.ask_to_pause().is_ok() {
            child.wait(grace, |line| self.take_late(line, reporter));
        }
        let ended = child.stop(grace, |line| self.take_late(line, reporter));
        let ended = ended.map_err(unawaited)?;
        ended.map_or(Ok(()), |status| self.judge_pause(status, child, reporter))
    }

    /// What became of a child that ended by itself when it was to pause. One that the signal ended
    /// has saved what it wanted to; any other failure befell it as it saved, if it can.
    fn judge_pause(
        mut self,
        status: ExitStatus,
        child: &mut Child,
        reporter: &mut dyn Reporter,
    ) -> Result<(), ObjectiveError> {
        self.read_rest(child, reporter);
        let saves = self.settings.pausing != Pausing::Restart;
        match self.judge(status, child.stderr_tail()) {
            Err(ObjectiveError::Failed(failure))
                if !saves || failure.kind == FailureKind::Preempted =>
            {
                Ok(())
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// One look at everything, which takes up to [`POLL`].
    fn look(&mut self, child: &mut Child, reporter: &mut dyn Reporter) -> Result<(), Failure> {
        match child.lines().recv_timeout(POLL) {
            Ok(line) => {
                if let Some(step) = self.take(&line, reporter) {
                    child.acknowledge(step);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(self.end_poll);
                self.end_poll = POLL.min(self.end_poll * 2);
            }
        }
        for line in self.file.new_lines() {
            self.take(&line, reporter);
        }
        if self.halt.is_none() {
            self.check_limits(child, reporter)?;
            self.halt = reporter.poll().break_value();
        }
        Ok(())
    }

    fn check_limits(&self, child: &mut Child, reporter: &mut dyn Reporter) -> Result<(), Failure> {
        let mut used = memory::resident(child.id());
        if self.settings.memory_limit.is_some_and(|limit| used > limit) {
            used = memory::shared_once(child.id());
        }
        reporter.memory(used);
        let failure = match (self.settings.memory_limit, self.settings.timeout) {
            (Some(limit), _) if used > limit => {
                let message = format!("it used {used} bytes of memory, the limit is {limit}");
                Failure::new(FailureKind::OutOfMemory, message)
            }
            (_, Some(timeout)) if self.started.elapsed() > timeout => {
                let message = format!("it ran longer than {} s", timeout.as_secs_f64());
                Failure::new(FailureKind::Timeout, message)
            }
            _ => return Ok(()),
        };
        if failure.kind == FailureKind::Timeout {
            // What counts is that it took too long.
            let _ = child.stop(self.settings.grace, |_| ());
        }
        child.kill().map_err(|e| crash("can't kill it", &e))?;
        Err(Failure { stderr: child.stderr_tail(), ..failure })
    }

    /// Reads what was still on its way when the child ended.
    fn read_rest(&mut self, child: &Child, reporter: &mut dyn Reporter) {
        let deadline = Instant::now() + TRAIL;
        let left = || deadline.saturating_duration_since(Instant::now());
        while !left().is_zero()
            && let Ok(line) = child.lines().recv_timeout(left())
        {
            self.take(&line, reporter);
        }
        // A process that it left behind may write without end: not more than was on its way.
        for line in child.lines().try_iter().take(QUEUE) {
            self.take(&line, reporter);
        }
        for line in self.file.new_lines().iter().chain(&self.file.last_line()) {
            self.take(line, reporter);
        }
    }

    /// Acts on a line of a child that is to end.
    fn take_late(&mut self, line: &str, reporter: &mut dyn Reporter) {
        let _ = self.take(line, reporter);
    }

    /// Acts on one line, and returns the step of a report after which the child is to go on. Reports
    /// of a child that is to end come too late.
    fn take(&mut self, line: &str, reporter: &mut dyn Reporter) -> Option<Step> {
        match parse(line, &self.settings.goals) {
            Some(Line::Failure { kind, message }) => {
                self.said = Some(Failure::new(kind, message).into());
            }
            Some(Line::Unable { message }) => self.said = Some(ObjectiveError::Unable(message)),
            Some(Line::Report { step, values, metrics }) if self.halt.is_none() => {
                let next = self.last.as_ref().map_or(1, |(last, _)| last + 1);
                let step = step.unwrap_or(next);
                self.last = Some((step, values.clone()));
                self.halt = reporter.report(step, &values, &metrics).break_value();
                return self.halt.is_none().then_some(step);
            }
            Some(Line::Incomplete { step }) if self.halt.is_none() => return Some(step),
            Some(Line::Report { .. } | Line::Incomplete { .. }) | None => {}
        }
        None
    }

    /// What became of a child that ended by itself.
    fn judge(self, status: ExitStatus, stderr: Vec<String>) -> Result<Vec<f64>, ObjectiveError> {
        // A shell whose child was ended by a signal exits with 128 and the signal's number.
        let shell = status.code().map(|code| code - 128).filter(|it| PASSED_ON.contains(it));
        let failure = match (self.said, self.last, status.signal().or(shell)) {
            (Some(ObjectiveError::Failed(said)), ..) => said,
            (Some(unable), ..) => return Err(unable),
            (None, Some((_, values)), None) if status.success() => return Ok(values),
            // It had nothing left to do but to end: the last report of the attempt before counts.
            (None, None, None) if status.success() && self.has_reported => return Ok(Vec::new()),
            (None, None, None) if status.success() => {
                let goals: Vec<_> =
                    self.settings.goals.iter().map(|goal| format!("`{}`", goal.metric)).collect();
                let message = format!("it ended without a report of {}", goals.join(" and "));
                Failure::new(FailureKind::Crashed, message)
            }
            (.., Some(signal)) if TAKEN.contains(&signal) => {
                Failure::new(FailureKind::Preempted, format!("it was ended by signal {signal}"))
            }
            (.., Some(libc::SIGKILL)) if memory::kernel_kills() > self.kernel_kills => {
                Failure::new(FailureKind::OutOfMemory, "the kernel killed it for want of memory")
            }
            _ if says_out_of_memory(&stderr) => {
                Failure::new(FailureKind::OutOfMemory, "it ran out of memory")
            }
            _ if disk_full::says_so(&stderr) => {
                Failure::new(FailureKind::DiskFull, "it found no room on the disk")
            }
            (.., Some(signal)) => {
                Failure::new(FailureKind::Crashed, format!("it was killed by signal {signal}"))
            }
            (.., None) => {
                let code = status.code().unwrap_or_default();
                Failure::new(FailureKind::Crashed, format!("it exited with code {code}"))
            }
        };
        let (exit_code, signal) = (status.code(), status.signal());
        Err(Failure { exit_code, signal, stderr, ..failure }.into())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn unawaited(error: io::Error) -> Failure {
    crash("can't wait for it", &error)
}

fn says_out_of_memory(stderr: &[String]) -> bool {
    stderr.iter().any(|line| {
        let line = line.to_lowercase().replace(['-', '_'], " ");
        OUT_OF_MEMORY.iter().any(|words| line.contains(words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_memory_is_known_by_its_words() {
        for line in [
            "MemoryError",
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes.",
            "CUDA_ERROR_OUT_OF_MEMORY",
            "vk::Result::ERROR_OUT_OF_DEVICE_MEMORY",
            "out of device memory allocating 4294967296 bytes",
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "memory allocation of 800000000000 bytes failed",
            "OSError: [Errno 12] Cannot allocate memory",
        ] {
            assert!(says_out_of_memory(&[line.to_owned()]), "{line}");
        }
        assert!(!says_out_of_memory(&["peak memory: 3 GB".to_owned()]));
    }
}
