//! A file of events as TensorBoard reads it: framed protocol buffers.
//!
//! The numbers of fields are those of tensorboard/compat/proto: event.proto, summary.proto,
//! tensor.proto and `tensor_shape.proto`. The encoding is that of
//! <https://protobuf.dev/programming-guides/encoding>.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::metrics::named;
use super::record::framed;

/// `SessionLog.status` of a beginning.
const SESSION_START: u64 = 1;

/// `SummaryMetadata.data_class` of tensors, `TensorProto.dtype` of strings.
const DATA_CLASS_TENSOR: u64 = 2;
const DT_STRING: u64 = 7;

/// The file, open.
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A new file in the folder, of a run that has done `step` steps.
    pub(super) fn create(folder: &Path, step: u64) -> io::Result<Self> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let host = host.replace(['/', '.'], "-");
        let prefix = format!("events.out.tfevents.{:010}.{host}", now().as_secs());
        // As TensorBoard's own writer does it: an unlikely name, and the next if it is taken.
        let mut number = 0_u32;
        let (path, file) = loop {
            let path = folder.join(format!("{prefix}.{}.{number}", process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                opened => break (path.clone(), opened.map_err(named(&path))?),
            }
        };
        let mut events = Self { path, file };
        let seconds = now().as_secs_f64();
        events.append(&version(seconds, step))?;
        events.append(&start(seconds, step))?;
        Ok(events)
    }

    /// Adds numbers and a text, each by its tag.
    pub(super) fn write(
        &mut self,
        step: u64,
        scalars: &[(&str, f64)],
        text: Option<(&str, &str)>,
    ) -> io::Result<()> {
        self.append(&summary(now().as_secs_f64(), step, scalars, text))
    }

    fn append(&mut self, event: &Message) -> io::Result<()> {
        self.file.write_all(&framed(&event.0)).map_err(named(&self.path))
    }
}

/// An `Event` with its time, in seconds since 1970, and its step.
fn event(seconds: f64, step: u64) -> Message {
    Message::default().double(1, seconds).integer(2, step)
}

/// The first event of a file.
fn version(seconds: f64, step: u64) -> Message {
    event(seconds, step).text(3, "brain.Event:2")
}

/// A `SessionLog`: what other files have of the steps after `step` counts no more, they are done
/// again.
fn start(seconds: f64, step: u64) -> Message {
    event(seconds, step + 1).message(7, &Message::default().integer(1, SESSION_START))
}

/// A `Summary` of numbers and a text, each by its tag.
fn summary(
    seconds: f64,
    step: u64,
    scalars: &[(&str, f64)],
    text: Option<(&str, &str)>,
) -> Message {
    let scalar =
        |(tag, value): &(&str, f64)| Message::default().text(1, tag).float(2, *value as f32);
    let values = scalars.iter().map(scalar).chain(text.map(|(tag, text)| text_value(tag, text)));
    let values = values.fold(Message::default(), |summary, value| summary.message(1, &value));
    event(seconds, step).message(5, &values)
}

/// A `Summary.Value` for the plugin for texts, which shows Markdown: the text as it is.
fn text_value(tag: &str, text: &str) -> Message {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    let plugin = Message::default().text(1, "text");
    let metadata = Message::default().message(1, &plugin).integer(4, DATA_CLASS_TENSOR);
    let shape = Message::default().message(2, &Message::default().integer(1, 1));
    let tensor = Message::default().integer(1, DT_STRING).message(2, &shape);
    let tensor = tensor.text(8, &lines.join("\n"));
    Message::default().text(1, tag).message(8, &tensor).message(9, &metadata)
}

fn now() -> Duration {
    // A clock before 1970 counts as one that stands there.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A message of protocol buffers, one field after the other.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// Appends an integer of any width, seven bits to a byte, the lowest first.
    fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn key(self, field: u64, wire_type: u64) -> Self {
        self.varint(field << 3 | wire_type)
    }

    fn integer(self, field: u64, value: u64) -> Self {
        self.key(field, 0).varint(value)
    }

    fn double(self, field: u64, value: f64) -> Self {
        let mut message = self.key(field, 1);
        message.0.extend(value.to_le_bytes());
        message
    }

    fn float(self, field: u64, value: f32) -> Self {
        let mut message = self.key(field, 5);
        message.0.extend(value.to_le_bytes());
        message
    }

    fn bytes(self, field: u64, bytes: &[u8]) -> Self {
        let mut message = self.key(field, 2).varint(bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Message) -> Self {
        self.bytes(field, &message.0)
    }
}

#[cfg(test)]
mod tests;
