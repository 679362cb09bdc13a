//! Runs a program with its group to its end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How much of a line is kept, in bytes.
const LINE_LIMIT: u64 = 1 << 16;

/// How long output may trail behind the end of the group, in processes that have left it.
const TRAIL: Duration = Duration::from_secs(1);

/// What a program did.
#[derive(Debug)]
pub(super) struct Ran {
    /// How it ended; nothing if it had to be killed.
    pub(super) status: Option<ExitStatus>,
    /// The last line that it printed, but for blank ones.
    pub(super) last_line: String,
    /// The same of its stderr, where most languages name an error last.
    pub(super) last_error: String,
}

/// Runs the command as the leader of a new process group, and kills what is left of the group once
/// the leader has ended or `longest` has passed.
pub(super) fn run(mut command: Command, input: Vec<u8>, longest: Duration) -> io::Result<Ran> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    die_with_parent(&mut command);
    let mut process = command.spawn()?;
    let mut stdin = process.stdin.take().expect("it is piped");
    // A program that knows without reading closes its end, which is no failure.
    thread::spawn(move || stdin.write_all(&input));
    let last_line = last_line(process.stdout.take().expect("it is piped"));
    let last_error = self::last_line(process.stderr.take().expect("it is piped"));

    let group = Pid::from_child(&process);
    let (sender, ended) = channel();
    let waiter = thread::spawn(move || {
        // It stays unwaited for: that would free its number, which is its group's too.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let end = retry_on_intr(|| waitid(WaitId::Pid(group), look));
        // Who waited may have gone on.
        let _ = sender.send(end.is_ok());
    });
    let in_time = ended.recv_timeout(longest).is_ok();
    // An error says that nobody is left in the group.
    let _ = kill_process_group(group, Signal::KILL);
    waiter.join().expect("a system call does not panic");
    let status = process.wait()?;
    Ok(Ran {
        status: in_time.then_some(status),
        last_line: last_line.recv_timeout(TRAIL).unwrap_or_default(),
        last_error: last_error.recv_timeout(TRAIL).unwrap_or_default(),
    })
}

/// Reads to the end, and sends the last line but for blank ones.
fn last_line(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, line) = channel();
    thread::spawn(move || {
        let (mut source, mut last, mut next) = (BufReader::new(source), Vec::new(), Vec::new());
        while let Ok(1..) = source.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut next) {
            if !next.trim_ascii().is_empty() {
                std::mem::swap(&mut last, &mut next);
            }
            next.clear();
        }
        // Nobody waits for what comes too late.
        let _ = sender.send(String::from_utf8_lossy(&last).into_owned());
    });
    line
}

/// Asks the kernel to kill the program when the thread that started it ends, however it ends: that
/// thread waits for the program.
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
