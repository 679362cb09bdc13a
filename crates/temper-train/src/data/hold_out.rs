//! Which examples are evaluated on where no others are given.

/// Chooses about `fraction` of examples by the hashes of their content, those with the lowest.
///
/// So the choice does not depend on the order of the lines or the seed, follows no pattern in
/// them, and examples that are the same are on one side. At least one is chosen.
pub(super) fn hold_out(hashes: &[u64], fraction: f64) -> Vec<bool> {
    let mut sorted = hashes.to_vec();
    sorted.sort_unstable();
    let count = ((fraction * hashes.len() as f64).round() as usize).max(1);
    let Some(last) = sorted.get(count - 1) else { return Vec::new() };
    hashes.iter().map(|hash| hash <= last).collect()
}

/// A hash of texts: FNV-1a in 64 bits (Fowler, Noll & Vo 1991), mixed by the last steps of
/// `SplitMix64` (Steele et al. 2014) because FNV's high bits hardly depend on the last bytes.
pub(super) fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = texts.flat_map(|text| text.bytes().chain([0xff])); // in no UTF-8 text
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_met_and_spread_over_the_lines() {
        let texts: Vec<String> = (0..1000).map(|index| format!("example {index}")).collect();
        let hashes: Vec<u64> = texts.iter().map(|text| hash([&**text].into_iter())).collect();
        let held_out = hold_out(&hashes, 0.2);
        let count = |part: &[bool]| part.iter().filter(|is_held_out| **is_held_out).count();
        assert_eq!(count(&held_out), 200);
        // 40 of each 200 and 20 of each tenth; 3 standard deviations of a fair draw are 17 and 12.
        assert!(held_out.chunks(200).all(|part| count(part).abs_diff(40) <= 17));
        for digit in 0..10 {
            let part: Vec<bool> = held_out.iter().skip(digit).step_by(10).copied().collect();
            assert!(count(&part).abs_diff(20) <= 12, "{digit}: {}", count(&part));
        }
    }

    #[test]
    fn examples_that_are_the_same_are_on_one_side() {
        let hashes: Vec<u64> = (0..40).map(|index| index % 4).collect();
        assert_eq!(hold_out(&hashes, 0.1)[..8], [true, false, false, false].repeat(2));
        assert_ne!(hash(["a", "b"].into_iter()), hash(["ab"].into_iter()));
    }
}
