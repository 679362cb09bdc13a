//! Amounts of memory, as people write them.

/// Reads bytes: `"512 MiB"`, `"2GB"`, `"1.5 GiB"`, `"4096"`.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 9] = [
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("B", 1.0),
    ];
    let text = text.trim();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
        .unwrap_or((text, 1.0));
    let bytes = number.trim().parse::<f64>().ok()? * unit;
    // Below 2^53 a float holds every byte; more memory than that there is nowhere.
    ((1.0..9e15).contains(&bytes)).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_and_without_units() {
        assert_eq!(parse_bytes("2 GiB"), Some(2 << 30));
        assert_eq!(parse_bytes("1.5GB"), Some(1_500_000_000));
        assert_eq!(parse_bytes("4096"), Some(4096));
        for wrong in ["", "GiB", "-1 MB", "2 XB", "nan", "0"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }
}
