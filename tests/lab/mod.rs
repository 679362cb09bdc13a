//! A folder with a study in it, and the binary to run on it.
#![allow(dead_code, reason = "it is compiled into each target, and none needs all of it")]

pub(crate) mod trials;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Nothing that is waited for takes longer, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked for.
const POLL: Duration = Duration::from_millis(5);

/// A folder of its own, in which `temper` runs.
pub(crate) struct Lab {
    folder: TempDir,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("the system has a folder for temporary files") }
    }

    /// A folder with a study file `study.toml` in it.
    pub(crate) fn with_study(text: &str) -> Self {
        let lab = Self::new();
        lab.write("study.toml", text);
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// The text of a file; empty if there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The names of the files and folders, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut names: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// `temper`, in the folder, in surroundings that are the same everywhere.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.settled(Command::new(env!("CARGO_BIN_EXE_temper")), arguments)
    }

    /// `sh -c SCRIPT temper ARGUMENTS`: a script that ends with `exec "$0" "$@"`.
    pub(crate) fn shell(&self, script: &str, arguments: &[&str]) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_temper")]);
        self.settled(shell, arguments)
    }

    fn settled(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "80")
            .env("LC_ALL", "C.UTF-8")
            // Drivers complain where there is none.
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `temper` to its end.
    pub(crate) fn temper(&self, arguments: &[&str]) -> Ended {
        end(self.command(arguments).spawn())
    }

    /// Starts `temper`, whose messages are kept for the case that it fails.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let messages = tempfile::tempfile().expect("a temporary file can be made");
        let stderr = messages.try_clone().expect("it can be shared");
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(stderr);
        Running { child: command.spawn().expect("temper can be started"), messages }
    }

    /// What `temper show --json` says of `study.toml`.
    pub(crate) fn show(&self) -> Value {
        self.temper(&["show", "study.toml", "--json"]).ok().json()
    }
}

/// Waits for the end of a command.
pub(crate) fn end(child: std::io::Result<Child>) -> Ended {
    let output = child.and_then(Child::wait_with_output);
    let Output { status, stdout, stderr } = output.expect("the command can be run");
    Ended {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
    }
}

impl Ended {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.with_code(0)
    }

    /// Stdout as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("stdout is JSON")
    }
}

/// A `temper` that runs; killed if the test ends before it does.
pub(crate) struct Running {
    child: Child,
    messages: File,
}

impl Running {
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs, or was not waited for");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end, which must be a good one.
    #[track_caller]
    pub(crate) fn succeed(mut self) {
        let status = self.wait();
        let mut messages = String::new();
        self.messages
            .rewind()
            .and_then(|()| self.messages.read_to_string(&mut messages))
            .expect("the file can be read");
        assert!(status.success(), "{status}: {messages}");
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "temper does not end");
            thread::sleep(POLL);
        }
    }

    /// Kills it as the kernel does when memory has run out.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(POLL);
    }
}

/// The processes of trials whose folders are inside of `folder`. Linux only: elsewhere none is
/// found.
pub(crate) fn trial_processes(folder: &Path) -> Vec<u32> {
    let mark = format!("TEMPER_TRIAL_DIR={}", folder.display());
    let is_marked = |process: &Path| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes()))
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|process| is_marked(&process.path()))
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .collect()
}
