//! The GGUF container: named values, and where tensors are.
//!
//! The layout is that of `docs/gguf.md` in ggml's repository: a header, key-value pairs, the
//! tensors' names, shapes and places, and then, aligned, their bytes. All is little-endian.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::pretrained::PretrainedError;
use crate::pretrained::encoding::Encoding;
use crate::pretrained::stored::Stored;

/// Bytes that the tensors' places are multiples of, where the file doesn't say.
const DEFAULT_ALIGNMENT: u64 = 32;

/// The most dimensions of a tensor (`GGML_MAX_DIMS`).
const MAX_DIMENSIONS: u32 = 4;

/// The contents of a file but for the tensors' numbers.
pub(super) struct Container {
    pub(super) metadata: BTreeMap<String, Value>,
    /// By the file's own names, and as its rows are ordered there.
    pub(super) tensors: BTreeMap<String, Stored>,
}

/// A value in the metadata.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Int(i64),
    /// Of 64 bits without sign, where it doesn't fit into the one before.
    Large(u64),
    Float(f64),
    Bool(bool),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    pub(super) fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Large(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(values) => Some(values),
            _ => None,
        }
    }
}

impl Container {
    /// Reads all but the tensors' numbers, and checks that those are there.
    ///
    /// # Errors
    /// The file can't be read, is not whole or no GGUF file, or an encoding is not supported.
    pub(super) fn read(path: &Path) -> Result<Container, PretrainedError> {
        let io_failed = |source| PretrainedError::Io { path: path.to_owned(), source };
        let damaged = |fault: String| PretrainedError::Damaged { path: path.to_owned(), fault };
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it ends early".to_owned()),
            io::ErrorKind::InvalidData => damaged(error.to_string()),
            _ => io_failed(error),
        };
        let file = File::open(path).map_err(io_failed)?;
        let size = file.metadata().map_err(io_failed)?.len();
        let mut source = Source { reader: BufReader::new(file), place: 0, size };
        let (metadata, places) = source.header().map_err(failed)?;
        let alignment = metadata.get("general.alignment").and_then(Value::as_u64);
        let alignment = alignment.unwrap_or(DEFAULT_ALIGNMENT).max(1);
        let data_starts = source.place.next_multiple_of(alignment);
        let mut tensors = BTreeMap::new();
        for Place { name, shape, kind, offset } in places {
            let encoding = encoding(kind)
                .map_err(|encoding| PretrainedError::Encoding { name: name.clone(), encoding })?;
            let count = shape.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
            let bytes = count.and_then(|count| encoding.bytes(count)).ok_or_else(|| {
                damaged(format!("tensor `{name}` of shape {shape:?} is not in whole blocks"))
            })?;
            let offset = data_starts.saturating_add(offset);
            if offset.saturating_add(bytes as u64) > size {
                return Err(damaged(format!("it ends before the end of tensor `{name}`")));
            }
            let file = path.to_owned();
            let stored = Stored { file, offset, shape, encoding, interleaved_heads: None };
            tensors.insert(name, stored);
        }
        Ok(Container { metadata, tensors })
    }
}

/// Where a tensor is.
struct Place {
    name: String,
    /// Row-major, the reverse of the file's.
    shape: Vec<usize>,
    kind: u32,
    /// Bytes from the start of the first tensor.
    offset: u64,
}

/// `ggml_type` of ggml.h.
fn encoding(kind: u32) -> Result<Encoding, String> {
    Ok(match kind {
        0 => Encoding::F32,
        1 => Encoding::F16,
        2 => Encoding::Q4_0,
        3 => Encoding::Q4_1,
        6 => Encoding::Q5_0,
        7 => Encoding::Q5_1,
        8 => Encoding::Q8_0,
        12 => Encoding::Q4K,
        14 => Encoding::Q6K,
        30 => Encoding::Bf16,
        _ => {
            let named = [
                (9, "Q8_1"),
                (10, "Q2_K"),
                (11, "Q3_K"),
                (13, "Q5_K"),
                (15, "Q8_K"),
                (16, "IQ2_XXS"),
                (17, "IQ2_XS"),
                (18, "IQ3_XXS"),
                (19, "IQ1_S"),
                (20, "IQ4_NL"),
                (21, "IQ3_S"),
                (22, "IQ2_S"),
                (23, "IQ4_XS"),
                (28, "F64"),
                (29, "IQ1_M"),
                (34, "TQ1_0"),
                (35, "TQ2_0"),
                (39, "MXFP4"),
            ];
            let name = named.iter().find(|(number, _)| *number == kind);
            return Err(name.map_or(format!("ggml type {kind}"), |(_, name)| (*name).to_owned()));
        }
    })
}

/// The file, and how far it was read.
struct Source {
    reader: BufReader<File>,
    place: u64,
    size: u64,
}

impl Source {
    fn header(&mut self) -> io::Result<(BTreeMap<String, Value>, Vec<Place>)> {
        if &self.bytes::<4>()? != b"GGUF" {
            return Err(invalid("it is no GGUF file"));
        }
        let version = self.u32()?;
        if !(2..=3).contains(&version) {
            return Err(invalid(&format!("it is of GGUF version {version}, not 2 or 3")));
        }
        let (tensors, values) = (self.u64()?, self.u64()?);
        let mut metadata = BTreeMap::new();
        for _ in 0..values {
            let (key, kind) = (self.text()?, self.u32()?);
            metadata.insert(key, self.value(kind)?);
        }
        let mut places = Vec::new();
        for _ in 0..tensors {
            let (name, dimensions) = (self.text()?, self.u32()?);
            if dimensions > MAX_DIMENSIONS {
                return Err(invalid(&format!("tensor `{name}` has {dimensions} dimensions")));
            }
            let shape = (0..dimensions).map(|_| Ok(self.u64()? as usize));
            let mut shape = shape.collect::<io::Result<Vec<_>>>()?;
            shape.reverse();
            places.push(Place { name, shape, kind: self.u32()?, offset: self.u64()? });
        }
        Ok((metadata, places))
    }

    /// A value of the given `gguf_metadata_value_type`.
    fn value(&mut self, kind: u32) -> io::Result<Value> {
        Ok(match kind {
            0 => Value::Int(self.bytes::<1>()?[0].into()),
            1 => Value::Int(self.bytes::<1>()?[0].cast_signed().into()),
            2 => Value::Int(u16::from_le_bytes(self.bytes()?).into()),
            3 => Value::Int(i16::from_le_bytes(self.bytes()?).into()),
            4 => Value::Int(self.u32()?.into()),
            5 => Value::Int(i32::from_le_bytes(self.bytes()?).into()),
            6 => Value::Float(f32::from_le_bytes(self.bytes()?).into()),
            7 => Value::Bool(self.bytes::<1>()?[0] != 0),
            8 => Value::Text(self.text()?),
            9 => {
                let (kind, count) = (self.u32()?, self.u64()?);
                if kind == 9 {
                    return Err(invalid("it has lists of lists"));
                }
                Value::List((0..count).map(|_| self.value(kind)).collect::<io::Result<_>>()?)
            }
            10 => {
                let number = self.u64()?;
                i64::try_from(number).map_or(Value::Large(number), Value::Int)
            }
            11 => Value::Int(i64::from_le_bytes(self.bytes()?)),
            12 => Value::Float(f64::from_le_bytes(self.bytes()?)),
            other => return Err(invalid(&format!("it has a value of unknown type {other}"))),
        })
    }

    fn text(&mut self) -> io::Result<String> {
        let length = self.u64()?;
        if length > self.size.saturating_sub(self.place) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut text = vec![0; length as usize];
        self.reader.read_exact(&mut text)?;
        self.place += length;
        String::from_utf8(text).map_err(|_| invalid("it has a text that is not UTF-8"))
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.place += N as u64;
        Ok(bytes)
    }
}

fn invalid(fault: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}
