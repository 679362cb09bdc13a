//! How numbers are written in files: plainly, or as ggml's blocks of small integers.

use burn::tensor::{bf16, f16};

/// How the numbers of a tensor are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q6K,
}

/// Numbers in a block of ggml's K-quants (`QK_K` of ggml-common.h).
const K: usize = 256;

impl Encoding {
    pub(super) const ALL: [Encoding; 10] = [
        Encoding::F32,
        Encoding::F16,
        Encoding::Bf16,
        Encoding::Q4_0,
        Encoding::Q4_1,
        Encoding::Q5_0,
        Encoding::Q5_1,
        Encoding::Q8_0,
        Encoding::Q4K,
        Encoding::Q6K,
    ];

    /// The name in ggml.
    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::F32 => "F32",
            Encoding::F16 => "F16",
            Encoding::Bf16 => "BF16",
            Encoding::Q4_0 => "Q4_0",
            Encoding::Q4_1 => "Q4_1",
            Encoding::Q5_0 => "Q5_0",
            Encoding::Q5_1 => "Q5_1",
            Encoding::Q8_0 => "Q8_0",
            Encoding::Q4K => "Q4_K",
            Encoding::Q6K => "Q6_K",
        }
    }

    /// Numbers in a block and the bytes that they take (ggml-common.h, `block_q4_0` and others).
    pub(super) fn block(self) -> (usize, usize) {
        match self {
            Encoding::F32 => (1, 4),
            Encoding::F16 | Encoding::Bf16 => (1, 2),
            Encoding::Q4_0 => (32, 2 + 16),
            Encoding::Q4_1 => (32, 4 + 16),
            Encoding::Q5_0 => (32, 2 + 4 + 16),
            Encoding::Q5_1 => (32, 4 + 4 + 16),
            Encoding::Q8_0 => (32, 2 + 32),
            Encoding::Q4K => (K, 4 + 12 + 128),
            Encoding::Q6K => (K, 128 + 64 + 16 + 2),
        }
    }

    /// The bytes of `count` numbers, if they are whole blocks.
    pub(super) fn bytes(self, count: usize) -> Option<usize> {
        let (numbers, bytes) = self.block();
        count.is_multiple_of(numbers).then(|| count / numbers).and_then(|n| n.checked_mul(bytes))
    }

    /// Appends the numbers of whole blocks to `values`.
    ///
    /// The formulas are those of ggml-quants.c, `dequantize_row_q4_0` and others.
    pub(super) fn decode(self, bytes: &[u8], values: &mut Vec<f32>) {
        let blocks = bytes.chunks_exact(self.block().1);
        match self {
            Encoding::F32 => blocks.for_each(|block| {
                values.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]]));
            }),
            Encoding::F16 => values.extend(blocks.map(half)),
            Encoding::Bf16 => blocks.for_each(|block| {
                values.push(bf16::from_le_bytes([block[0], block[1]]).to_f32());
            }),
            Encoding::Q4_0 => blocks.for_each(|block| {
                let scale = half(block);
                values.extend(nibbles(&block[2..]).map(|q| scale * (f32::from(q) - 8.0)));
            }),
            Encoding::Q4_1 => blocks.for_each(|block| {
                let (scale, min) = (half(block), half(&block[2..]));
                values.extend(nibbles(&block[4..]).map(|q| scale * f32::from(q) + min));
            }),
            Encoding::Q5_0 => blocks.for_each(|block| {
                let scale = half(block);
                let numbers = five_bits(&block[2..]);
                values.extend(numbers.map(|q| scale * (f32::from(q) - 16.0)));
            }),
            Encoding::Q5_1 => blocks.for_each(|block| {
                let (scale, min) = (half(block), half(&block[2..]));
                values.extend(five_bits(&block[4..]).map(|q| scale * f32::from(q) + min));
            }),
            Encoding::Q8_0 => blocks.for_each(|block| {
                let scale = half(block);
                values.extend(block[2..].iter().map(|q| scale * f32::from(q.cast_signed())));
            }),
            Encoding::Q4K => blocks.for_each(|block| q4_k(block, values)),
            Encoding::Q6K => blocks.for_each(|block| q6_k(block, values)),
        }
    }
}

fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// The low halves of all bytes, then the high ones.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.iter().map(|byte| byte & 15).chain(bytes.iter().map(|byte| byte >> 4))
}

/// Four bytes with the fifth bit of each number, then the other four bits.
fn five_bits(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let fifth = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let fifth_of = move |index: usize| ((fifth >> index & 1) as u8) << 4;
    nibbles(&bytes[4..]).enumerate().map(move |(index, low)| low | fifth_of(index))
}

/// 8 runs of 32 numbers, each with a scale and a minimum of 6 bits, and one scale for each of the
/// two.
fn q4_k(block: &[u8], values: &mut Vec<f32>) {
    let (scale, min_scale) = (half(block), half(&block[2..]));
    let (packed, numbers) = (&block[4..16], &block[16..]);
    // `get_scale_min_k4` of ggml-quants.c.
    let scale_and_min = |run: usize| {
        if run < 4 {
            (packed[run] & 63, packed[run + 4] & 63)
        } else {
            let low = packed[run + 4];
            (low & 15 | packed[run - 4] >> 6 << 4, low >> 4 | packed[run] >> 6 << 4)
        }
    };
    for run in 0..8 {
        let (run_scale, run_min) = scale_and_min(run);
        let (run_scale, run_min) = (scale * f32::from(run_scale), min_scale * f32::from(run_min));
        let bytes = &numbers[run / 2 * 32..][..32];
        let shift = run % 2 * 4;
        values.extend(bytes.iter().map(|q| run_scale * f32::from(q >> shift & 15) - run_min));
    }
}

/// 16 runs of 16 numbers with 8-bit scales; of each number 4 bits are in one place and 2 in
/// another.
fn q6_k(block: &[u8], values: &mut Vec<f32>) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let scale = half(&block[208..]);
    for half in 0..2 {
        for quarter in 0..4 {
            for index in 0..32 {
                let low = low[half * 64 + quarter % 2 * 32 + index] >> (quarter / 2 * 4) & 15;
                let high = high[half * 32 + index] >> (quarter * 2) & 3;
                let run_scale = scales[half * 8 + quarter * 2 + index / 16].cast_signed();
                let number = f32::from(low | high << 4) - 32.0;
                values.push(scale * f32::from(run_scale) * number);
            }
        }
    }
}
