//! A tensor in a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::PretrainedError;
use super::encoding::Encoding;

/// Bytes that are decoded at once, so that a file is not held beside its numbers; rounded down to
/// whole blocks.
const PIECE: usize = 1 << 20;

/// A tensor in a file, as Hugging Face orders it: a linear layer is `outputs x inputs`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) file: PathBuf,
    /// Bytes before it.
    pub(super) offset: u64,
    /// Row-major.
    pub(super) shape: Vec<usize>,
    pub(super) encoding: Encoding,
    /// The heads whose rows are in the interleaved order, and must be put into that of halves.
    pub(super) interleaved_heads: Option<usize>,
}

impl Stored {
    /// Its numbers, row-major.
    ///
    /// # Errors
    /// The file can't be read.
    pub(super) fn read(&self) -> Result<Vec<f32>, PretrainedError> {
        let count = self.shape.iter().product();
        let failed = |source| PretrainedError::Io { path: self.file.clone(), source };
        let bytes = self.encoding.bytes(count).expect("it was checked when the file was opened");
        let mut file = File::open(&self.file).map_err(failed)?;
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        let block = self.encoding.block().1;
        let mut piece = vec![0; (PIECE / block * block).min(bytes)];
        let mut values = Vec::with_capacity(count);
        let mut left = bytes;
        while left > 0 {
            let size = left.min(piece.len());
            file.read_exact(&mut piece[..size]).map_err(failed)?;
            self.encoding.decode(&piece[..size], &mut values);
            left -= size;
        }
        Ok(match self.interleaved_heads {
            Some(heads) => halves(&values, heads, self.shape[0] / heads),
            None => values,
        })
    }
}

/// Puts the rows of each head from the order of the original Llama, where a pair's two features
/// are neighbours, into that of Hugging Face, where the second features follow all the first.
///
/// It turns around `permute` of `convert_hf_to_gguf.py` (llama.cpp): row 2i of a head becomes row
/// i, and row 2i + 1 row i + `head_dim` / 2.
fn halves(values: &[f32], heads: usize, head_dim: usize) -> Vec<f32> {
    let width = values.len() / (heads * head_dim);
    let mut ordered = Vec::with_capacity(values.len());
    for head in 0..heads {
        let rows = (0..head_dim).step_by(2).chain((1..head_dim).step_by(2));
        for row in rows {
            ordered.extend_from_slice(&values[(head * head_dim + row) * width..][..width]);
        }
    }
    ordered
}
