//! Records as TensorFlow frames them, so that a reader notices where a file ends or is damaged.

/// Bits of a byte's remainder by the polynomial of CRC-32C, reversed (Castagnoli et al. 1993).
const CRC32C: u32 = 0x82f6_3b78;

/// What is added to a checksum that is stored with what it is of (`kMaskDelta` of
/// `tensorflow/core/lib/hash/crc32c.h`).
const MASK: u32 = 0xa282_ead8;

/// The record's length in 8 bytes, their checksum, the record, and its checksum, all of the lowest
/// byte first (`tensorflow/core/lib/io/record_writer.h`).
pub(super) fn framed(record: &[u8]) -> Vec<u8> {
    let length = (record.len() as u64).to_le_bytes();
    let checksum = |bytes: &[u8]| masked(crc32c(bytes)).to_le_bytes();
    [&length[..], &checksum(&length), record, &checksum(record)].concat()
}

fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(MASK)
}

/// CRC-32C of the bytes (RFC 3720, appendix B.4).
fn crc32c(bytes: &[u8]) -> u32 {
    let next = |crc: u32, byte: &u8| {
        let bit = |crc: u32, _| (crc >> 1) ^ (CRC32C & (crc & 1).wrapping_neg());
        (0..8).fold(crc ^ u32::from(*byte), bit)
    };
    !bytes.iter().fold(!0, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, appendix B.4; the last is the customary check value.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
