//! Which rows an optimizer step sees.

use rand::RngExt;

use crate::rng::{Draw, stream};

/// The `count` rows of a step, of `rows` in all: a function of the seed and the step alone.
///
/// Rows are taken in an order of each epoch's own, drawn anew; a step at its end goes on with the
/// next epoch, so that all rows have been seen equally often after each.
pub(super) fn rows_of_step(rows: usize, count: usize, seed: u64, step: u64) -> Vec<usize> {
    let first = step * count as u64;
    let mut order = (u64::MAX, Vec::new());
    let places = (first..first + count as u64).map(|place| {
        let epoch = place / rows as u64;
        if order.0 != epoch {
            order = (epoch, permutation(rows, seed, epoch));
        }
        order.1[(place % rows as u64) as usize]
    });
    places.collect()
}

/// All orders are equally likely (Durstenfeld 1964, algorithm 235).
fn permutation(rows: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = stream(seed, Draw::Order { epoch });
    let mut order: Vec<usize> = (0..rows).collect();
    for end in (1..rows).rev() {
        order.swap(end, rng.random_range(0..=end as u64) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_every_row_once_in_an_order_of_its_own() {
        let seen: Vec<usize> = (0..10).flat_map(|step| rows_of_step(15, 6, 3, step)).collect();
        let epochs: Vec<&[usize]> = seen.chunks(15).collect();
        assert_eq!(epochs.len(), 4);
        for epoch in &epochs {
            let mut rows = epoch.to_vec();
            rows.sort_unstable();
            assert_eq!(rows, (0..15).collect::<Vec<_>>());
        }
        assert_ne!(epochs[0], epochs[1]);
        assert_ne!(rows_of_step(15, 6, 3, 0), rows_of_step(15, 6, 4, 0));
    }

    #[test]
    fn a_step_may_be_larger_than_an_epoch() {
        let mut seen = rows_of_step(2, 6, 0, 1);
        seen.sort_unstable();
        assert_eq!(seen, [0, 0, 0, 1, 1, 1]);
    }
}
