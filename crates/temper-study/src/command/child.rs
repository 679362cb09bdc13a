//! A child process with its group and its output.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use temper_core::Step;

use super::folder::Output;

/// Lines longer than this are cut; none of them is a report.
const LINE_LIMIT: u64 = 1 << 20;
/// How many lines wait to be read before the child waits too.
pub(super) const QUEUE: usize = 1024;
/// How many lines of stderr a failure keeps, and how many bytes of each.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: usize = 500;
/// How long output may trail behind the end of the child, in processes that it left behind.
const TRAIL: Duration = Duration::from_secs(1);
/// How often a group that was asked to end is looked at.
const STOP_POLL: Duration = Duration::from_millis(10);

/// The variables that tell which attempt a process belongs to, whatever group it is in.
pub(super) const FOLDER: &str = "TEMPER_TRIAL_DIR";
pub(super) const ATTEMPT: &str = "TEMPER_ATTEMPT";

pub(super) struct Child {
    process: std::process::Child,
    /// Where it reads that it may go on, if it does.
    stdin: Option<ChildStdin>,
    killed: bool,
    lines: Receiver<String>,
    tail: Arc<Mutex<VecDeque<String>>>,
    stderr: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts the command as the leader of a new process group. Its output is copied to the files.
    pub(super) fn spawn(
        mut command: Command,
        output: Output,
        acknowledges: bool,
    ) -> io::Result<Self> {
        let Output { stdout: stdout_log, stderr: stderr_log } = output;
        let stdin = if acknowledges { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        die_with_parent(&mut command);
        let mut process = command.spawn()?;
        let stdin = process.stdin.take();
        let (sender, lines) = sync_channel(QUEUE);
        let stdout = process.stdout.take().expect("it is piped");
        thread::spawn(move || copy_lines(stdout, stdout_log, |line| sender_send(&sender, line)));
        let tail = Arc::<Mutex<VecDeque<String>>>::default();
        let stderr = process.stderr.take().expect("it is piped");
        let keeper = Arc::clone(&tail);
        let stderr = thread::spawn(move || {
            copy_lines(stderr, stderr_log, |line| keep(&keeper, line));
        });
        Ok(Self { process, stdin, killed: false, lines, tail, stderr: Some(stderr) })
    }

    /// Tells a child that reads it to go on after a step.
    pub(super) fn acknowledge(&mut self, step: Step) {
        if let Some(stdin) = &mut self.stdin {
            // One that doesn't read any more has ended, or is about to.
            let _ = writeln!(stdin, "{step}");
        }
    }

    /// The lines of its stdout; disconnected once that is closed.
    pub(super) fn lines(&self) -> &Receiver<String> {
        &self.lines
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has ended. It is not waited for yet: that would free its number, which is its
    /// group's too, for another process.
    pub(super) fn has_ended(&self) -> io::Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.group()), look)?.is_some())
    }

    /// Asks the group to end, waits for `grace`, then kills what is left. How the child ended, unless
    /// it had to be killed.
    pub(super) fn stop(
        &mut self,
        grace: Duration,
        heard: impl FnMut(&str),
    ) -> io::Result<Option<ExitStatus>> {
        self.stdin = None; // or else it might wait to be told to go on
        self.signal(Signal::TERM);
        self.wait(grace, heard);
        let by_itself = self.has_ended()?;
        let status = self.kill()?;
        Ok(by_itself.then_some(status))
    }

    /// Waits for the end of the group, but not longer than this.
    pub(super) fn wait(&self, longest: Duration, mut heard: impl FnMut(&str)) {
        let deadline = Instant::now() + longest;
        while Instant::now() < deadline && group_runs(self.group()) {
            thread::sleep(STOP_POLL);
            // Reading goes on, so that a child that is writing can come to its end.
            self.lines.try_iter().take(QUEUE).for_each(|line| heard(&line));
        }
    }

    /// Kills what is left of the group, and says how the child ended.
    pub(super) fn kill(&mut self) -> io::Result<ExitStatus> {
        if !self.killed {
            self.signal(Signal::KILL);
            self.killed = true; // from the wait on, its number may be another's
        }
        self.process.wait()
    }

    /// The last lines of its stderr, once the child has ended.
    pub(super) fn stderr_tail(&mut self) -> Vec<String> {
        if let Some(reader) = self.stderr.take() {
            let deadline = Instant::now() + TRAIL;
            while !reader.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn signal(&self, signal: Signal) {
        // An error says that nobody is left in the group.
        let _ = kill_process_group(self.group(), signal);
    }

    /// Its group, whose leader it is.
    fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Nobody is there to be told.
        let _ = self.kill();
    }
}

/// Asks the kernel to kill the child when the thread that started it ends, however it ends: that
/// thread waits for the child.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let die = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
    #[expect(unsafe_code, reason = "prctl is async-signal-safe, and nothing else runs there")]
    // SAFETY: the closure makes one system call and allocates nothing.
    unsafe {
        command.pre_exec(die);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

/// Whether a process of the group runs. Those that have ended and were not waited for don't count
/// where there is a /proc to tell.
fn group_runs(group: Pid) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return rustix::process::test_kill_process_group(group).is_ok();
    };
    let group = group.as_raw_nonzero().to_string();
    processes
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
        .any(|stat| {
            // `number (name) state parent group ...`, and the name may hold anything.
            let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            let fields: Vec<_> = after_name.split_whitespace().take(3).collect();
            matches!(fields[..], [state, _, of] if of == group && !matches!(state, "Z" | "X"))
        })
}

/// Kills every process whose environment names this trial's folder, or only those of one attempt:
/// what has left its group, or outlived its runner. Does nothing where there is no /proc.
pub(super) fn kill_leftovers(folder: &Path, attempt: Option<u32>) {
    let variable = |name: &str, value: &[u8]| [name.as_bytes(), b"=", value].concat();
    let mut marks = vec![variable(FOLDER, folder.as_os_str().as_encoded_bytes())];
    marks.extend(attempt.map(|attempt| variable(ATTEMPT, attempt.to_string().as_bytes())));
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = process.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(id) = id.and_then(Pid::from_raw) else {
            continue;
        };
        let Ok(environment) = fs::read(process.path().join("environ")) else {
            continue;
        };
        let variables: Vec<_> = environment.split(|byte| *byte == 0).collect();
        let is_marked = marks.iter().all(|mark| variables.contains(&&mark[..]));
        if id != rustix::process::getpid() && is_marked {
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
        match source.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
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
