//! Mistakes in how often configurations run and how the best are confirmed.

use crate::{STUDY, refusals};

#[test]
fn a_mistake_in_confirm_or_in_repeat_is_pointed_at() {
    let confirm = |lines: &str| format!("[confirm]\n{lines}\n\n[space]");
    let cases = [
        ("one seed", confirm("seeds = 1")),
        ("no seed", confirm("seeds = 0")),
        ("more seeds than anybody has time for", confirm("seeds = 1_000_000_000")),
        ("seeds that are no number", confirm("seeds = \"five\"")),
        ("a negative number of seeds", confirm("seeds = -5")),
        ("nobody is compared", confirm("top = 0")),
        ("everybody is compared", confirm("top = 1001")),
        ("an unknown key", confirm("seed = 5")),
    ];
    let mut changes: Vec<_> =
        cases.iter().map(|(name, section)| (*name, "[space]", section.as_str())).collect();
    changes.extend([
        ("no run", "seed = 1", "repeat = 0"),
        ("more runs than anybody has time for", "seed = 1", "repeat = 1001"),
        ("a part of a run", "seed = 1", "repeat = 2.5"),
    ]);
    insta::assert_snapshot!(refusals(STUDY, &changes));
}
