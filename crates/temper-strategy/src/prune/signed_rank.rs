//! The one-sided signed-rank test of paired differences.
//!
//! | symbol | meaning |
//! |---|---|
//! | `n` | the number of pairs |
//! | `W` | the sum of the ranks of positive differences, the ranks being of absolute values |
//!
//! | `t` | the size of a group of equal absolute values, which share the mean of their ranks |
//!
//! Sources: Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1(6), 1945;
//! the counts of the exact distribution by recursion over the ranks, as in Hollander and Wolfe,
//! "Nonparametric Statistical Methods", 1973, section 3.1, whose equation (3.12) corrects the
//! variance for ties. Zeros are ranked with the others and then have no sign (Pratt, "Remarks on
//! Zeros and Ties in the Wilcoxon Signed Rank Procedures", JASA 54(287), 1959); in the normal
//! approximation half of their ranks counts on each side, as by `SciPy`'s `zero_method="zsplit"`.
//!
//! With ties and zeros `SciPy` is exact up to 13 pairs, by trying all signs. Here the recursion takes
//! them too: scores of items are often 0 or 1, and the approximation finds three of three wins
//! of the same size three times as unlikely as they are.

/// Up to so many pairs the distribution is exact. All its counts are below 2^53.
const MOST_EXACT: usize = 50;

/// The probability that `W` is at least as large as it is, if positive and negative differences are
/// equally likely: the smaller, the more surely they are positive. 1 of no differences.
pub(super) fn p_greater(differences: &[f64]) -> f64 {
    let count = differences.len();
    let Ranked { signed, positive, zeros, ties } = rank(differences);
    if count <= MOST_EXACT {
        return exact(&signed, positive);
    }
    let n = count as f64;
    let w = positive as f64 / 2.0 + zeros as f64 / 4.0;
    let mean = n * (n + 1.0) / 4.0;
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    let z = (w - mean) / variance.sqrt();
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// Ranks counted from 1 and doubled: then those of ties are whole numbers as well.
#[derive(Default)]
struct Ranked {
    /// Of the differences that are not zero.
    signed: Vec<usize>,
    /// The sum of those of positive differences: twice `W`.
    positive: usize,
    /// The sum of those of zeros.
    zeros: usize,
    /// The sum of `t^3 - t`.
    ties: f64,
}

fn rank(differences: &[f64]) -> Ranked {
    let mut sorted = differences.to_vec();
    sorted.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()));
    let (mut ranked, mut before) = (Ranked::default(), 0);
    #[expect(clippy::float_cmp, reason = "ties are equal numbers")]
    for group in sorted.chunk_by(|one, other| one.abs() == other.abs()) {
        // Twice the mean of the ranks that the group takes together.
        let rank = 2 * before + group.len() + 1;
        for difference in group {
            match *difference {
                0.0 => ranked.zeros += rank,
                _ => ranked.signed.push(rank),
            }
            ranked.positive += if *difference > 0.0 { rank } else { 0 };
        }
        let size = group.len() as f64;
        ranked.ties += size * size * size - size;
        before += group.len();
    }
    ranked
}

/// The same by the exact distribution: the share of all choices of signs whose sum of ranks is no
/// smaller.
fn exact(ranks: &[usize], positive: usize) -> f64 {
    let many: u64 = ways(ranks).iter().skip(positive).sum();
    many as f64 / 2f64.powi(i32::try_from(ranks.len()).unwrap_or(i32::MAX))
}

/// In how many ways some of the ranks sum to each number, from 0 to the sum of all.
fn ways(ranks: &[usize]) -> Vec<u64> {
    let mut ways = vec![0; ranks.iter().sum::<usize>() + 1];
    ways[0] = 1;
    for rank in ranks {
        // From above, so that no rank is taken twice.
        for sum in (*rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// What `SciPy` says: `reference/signed_rank.py` writes it.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        method: String,
        differences: Vec<f64>,
        p: f64,
    }

    #[test]
    fn p_values_are_those_of_scipy() {
        let cases = include_str!("../../reference/signed_rank.json");
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        for method in ["exact", "permutation", "asymptotic"] {
            assert!(cases.iter().filter(|case| case.method == method).count() > 5, "{method}");
        }
        for Case { method, differences, p } in cases {
            let own = p_greater(&differences);
            // Both divide sums of whole numbers, or evaluate one erfc.
            assert!((own - p).abs() <= 1e-12 * p, "{method} of {differences:?}: {own}, not {p}");
        }
    }

    #[test]
    fn the_exact_distribution_sums_to_one_and_is_symmetric() {
        for count in 1..=MOST_EXACT {
            let different: Vec<_> = (1..=count).map(|rank| 2 * rank).collect();
            for ranks in [different, vec![count + 1; count]] {
                let ways = ways(&ranks);
                assert_eq!(ways.iter().sum::<u64>(), 1 << count, "{count}");
                assert!(ways.iter().eq(ways.iter().rev()), "{count}");
            }
        }
    }

    #[test]
    fn wins_of_the_same_size_count_as_often_as_they_come_by_chance() {
        assert_eq!(p_greater(&[1.0; 3]), 1.0 / 8.0);
        assert_eq!(p_greater(&[1.0, 0.0, 1.0, 1.0]), 1.0 / 8.0);
        // Of four signs one at most is negative: five of sixteen choices.
        assert_eq!(p_greater(&[1.0, 1.0, -1.0, 1.0]), 5.0 / 16.0);
    }

    #[test]
    fn differences_of_no_sign_say_nothing() {
        assert_eq!(p_greater(&[]), 1.0);
        assert_eq!(p_greater(&[0.0; 5]), 1.0);
        assert_eq!(p_greater(&[0.0; 60]), 0.5);
        // Of two signs one at least is positive: three of four choices.
        assert_eq!(p_greater(&[-1.0, 1.0]), 0.75);
        assert!(p_greater(&[f64::INFINITY, 1e300, -1e300]).is_finite());
    }
}
