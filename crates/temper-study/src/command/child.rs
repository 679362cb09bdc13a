//! A child process with its group and its output.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::folder::{STDERR, STDOUT, TrialFolder};

/// Lines longer than this are cut; none of them is a report.
const LINE_LIMIT: u64 = 1 << 20;
/// How many lines wait to be read before the child waits too.
const QUEUE: usize = 1024;
/// How many lines of stderr a failure keeps, and how many bytes of each.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: usize = 500;
/// How long output may trail behind the end of the child, in processes that it left behind.
const TRAIL: Duration = Duration::from_secs(1);

pub(super) struct Child {
    process: std::process::Child,
    lines: Receiver<String>,
    tail: Arc<Mutex<VecDeque<String>>>,
    stderr: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts the command as the leader of a new process group. Its output is copied to files in
    /// the folder.
    pub(super) fn spawn(mut command: Command, folder: &TrialFolder) -> io::Result<Self> {
        let (stdout_log, stderr_log) = (folder.append(STDOUT)?, folder.append(STDERR)?);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        die_with_parent(&mut command);
        let mut process = command.spawn()?;
        let (sender, lines) = sync_channel(QUEUE);
        let stdout = process.stdout.take().expect("it is piped");
        thread::spawn(move || copy_lines(stdout, stdout_log, |line| sender_send(&sender, line)));
        let tail = Arc::<Mutex<VecDeque<String>>>::default();
        let stderr = process.stderr.take().expect("it is piped");
        let keeper = Arc::clone(&tail);
        let stderr = thread::spawn(move || {
            copy_lines(stderr, stderr_log, |line| keep(&keeper, line));
        });
        Ok(Self {
            process,
            lines,
            tail,
            stderr: Some(stderr),
        })
    }

    /// The lines of its stdout; disconnected once that is closed.
    pub(super) fn lines(&self) -> &Receiver<String> {
        &self.lines
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its status, if it has ended.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// Asks the group to end, waits for `grace`, then kills what is left.
    pub(super) fn stop(&mut self, grace: Duration) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
            // Reading goes on, so that a child that is writing can come to its end.
            let _ = self.lines.recv_timeout(Duration::from_millis(5));
        }
        self.kill();
    }

    /// Kills the group.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        // The status is of no interest, and an error says that it has been read before.
        let _ = self.process.wait();
    }

    /// The last lines of its stderr, once the child has ended.
    pub(super) fn stderr_tail(&mut self) -> Vec<String> {
        if let Some(reader) = self.stderr.take() {
            let deadline = Instant::now() + TRAIL;
            while !reader.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.tail
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            // An error says that nobody is left in the group.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks the kernel to kill the child when the thread that started it ends, however it ends: that
/// thread waits for the child.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let die = || {
        Ok(rustix::process::set_parent_process_death_signal(Some(
            Signal::KILL,
        ))?)
    };
    #[expect(
        unsafe_code,
        reason = "prctl is async-signal-safe, and nothing else runs there"
    )]
    // SAFETY: the closure makes one system call and allocates nothing.
    unsafe {
        command.pre_exec(die);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

/// Kills what an attempt whose runner died left running: every process whose environment names
/// this trial's folder. Does nothing where there is no /proc.
pub(super) fn kill_leftovers(folder: &Path) {
    let mut mark = b"TEMPER_TRIAL_DIR=".to_vec();
    mark.extend_from_slice(folder.as_os_str().as_encoded_bytes());
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(id) = id.and_then(Pid::from_raw) else {
            continue;
        };
        let Ok(environment) = fs::read(process.path().join("environ")) else {
            continue;
        };
        if id != rustix::process::getpid()
            && environment.split(|byte| *byte == 0).any(|v| v == mark)
        {
            // An error says that it has just ended.
            let _ = rustix::process::kill_process(id, Signal::KILL);
        }
    }
}

/// Copies lines to a log and hands them on, until the end or until nobody listens.
fn copy_lines(source: impl Read, mut log: File, mut each: impl FnMut(&str) -> bool) {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    let mut heard = true;
    loop {
        line.clear();
        match source
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        // A log that can't be written (a full disk) must not hold up the trial.
        let _ = log.write_all(&line);
        if heard {
            heard = each(&String::from_utf8_lossy(&line));
        }
    }
}

fn sender_send(sender: &SyncSender<String>, line: &str) -> bool {
    !line.trim_start().starts_with('{') || sender.send(line.to_owned()).is_ok()
}

fn keep(tail: &Mutex<VecDeque<String>>, line: &str) -> bool {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    if tail.len() == TAIL_LINES {
        tail.pop_front();
    }
    tail.push_back(line.trim_end().chars().take(TAIL_BYTES).collect());
    true
}
