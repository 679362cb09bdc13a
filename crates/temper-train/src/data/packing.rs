//! Several short examples in one row.

use std::collections::BTreeSet;

/// Divides examples of these lengths among rows that hold `capacity` each; gives the numbers of
/// the examples in each row. An example longer than that is alone.
///
/// Best fit, the longest first: each example goes where it leaves the least room. In the long
/// run it needs at most 11/9 of the fewest rows (Johnson et al. 1974).
pub(super) fn pack(lengths: &[usize], capacity: usize) -> Vec<Vec<usize>> {
    let mut longest_first: Vec<usize> = (0..lengths.len()).collect();
    longest_first.sort_by_key(|example| std::cmp::Reverse(lengths[*example])); // stable
    let mut rows: Vec<Vec<usize>> = Vec::new();
    // The room that is left in a row, and its number.
    let mut open: BTreeSet<(usize, usize)> = BTreeSet::new();
    for example in longest_first {
        let length = lengths[example];
        let (room, row) = match open.range((length, 0)..).next().copied() {
            Some(fit) => {
                open.remove(&fit);
                fit
            }
            None => {
                rows.push(Vec::new());
                (capacity.max(length), rows.len() - 1)
            }
        };
        rows[row].push(example);
        open.insert((room - length, row));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_in_one_row_and_no_row_is_overfull() {
        let lengths: Vec<usize> = (0..200).map(|index| 1 + index * index % 13).collect();
        let rows = pack(&lengths, 16);
        let mut all: Vec<usize> = rows.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
        let filled = |row: &Vec<usize>| row.iter().map(|example| lengths[*example]).sum::<usize>();
        assert!(rows.iter().all(|row| filled(row) <= 16));
        // No two of more than half a row share one.
        let large = lengths.iter().filter(|length| **length > 8).count();
        let fewest = large.max(lengths.iter().sum::<usize>().div_ceil(16));
        assert!(rows.len() <= fewest + 1, "{} rows, at least {fewest}", rows.len());
    }

    #[test]
    fn an_example_goes_where_it_leaves_the_least_room() {
        assert_eq!(pack(&[3, 7, 6, 4, 3], 10), [vec![1, 0], vec![2, 3], vec![4]]);
    }
}
