//! Where the tensors of a safetensors file are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::PretrainedError;
use super::encoding::Encoding;
use super::stored::Stored;

/// Bytes of the number at the start of a file that says how long its header is.
const LENGTH_BYTES: u64 = 8;

/// Adds the tensors of a file to `tensors`, by name; only its header is read.
///
/// # Errors
/// The file can't be read or is not whole, or a tensor is neither of f32, f16 and bf16.
pub(super) fn find(
    path: &Path,
    tensors: &mut BTreeMap<String, Stored>,
) -> Result<(), PretrainedError> {
    let failed = |source| PretrainedError::Io { path: path.to_owned(), source };
    let damaged =
        |fault: &str| PretrainedError::Damaged { path: path.to_owned(), fault: fault.to_owned() };
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut length = [0; LENGTH_BYTES as usize];
    file.read_exact(&mut length).map_err(|_| damaged("it has no header"))?;
    let length = u64::from_le_bytes(length);
    if length > size.saturating_sub(LENGTH_BYTES) {
        return Err(damaged("it ends within its header"));
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(failed)?;
    let header: Metadata = serde_json::from_slice(&header)
        .map_err(|error| damaged(&format!("its header can't be read: {error}")))?;
    let data_starts = LENGTH_BYTES + length;
    if size < data_starts + header.data_len() as u64 {
        let missing = data_starts + header.data_len() as u64 - size;
        return Err(damaged(&format!("it ends {missing} bytes early")));
    }
    for (name, tensor) in header.tensors() {
        let encoding = match tensor.dtype {
            Dtype::F32 => Encoding::F32,
            Dtype::F16 => Encoding::F16,
            Dtype::BF16 => Encoding::Bf16,
            other => {
                return Err(PretrainedError::Encoding { name, encoding: format!("{other:?}") });
            }
        };
        let stored = Stored {
            file: path.to_owned(),
            offset: data_starts + tensor.data_offsets.0 as u64,
            shape: tensor.shape.clone(),
            encoding,
            interleaved_heads: None,
        };
        tensors.insert(name, stored);
    }
    Ok(())
}
