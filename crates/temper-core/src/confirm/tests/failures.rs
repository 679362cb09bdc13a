//! Runs without a result.

use super::*;

#[test]
fn a_failed_run_is_not_tried_again_and_who_only_fails_is_out() {
    let mut bench = Bench::new(SPACE, confirm(5, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    bench.run(1, |x, seed| match x {
        1.0 => failed(FailureKind::Crashed),
        2.0 if seed == 1 => failed(FailureKind::Crashed),
        _ => completed(common(seed) + own(x, seed)),
    });
    let confirmation = bench.confirmation();
    assert_eq!(confirmation.candidates[0].out, Some(Out::Failed { seeds: 3, failed: 3 }));
    assert_eq!(confirmation.candidates[0].losses().len(), 0);
    assert_eq!(confirmation.candidates[1].losses().len(), 4);
    let above = confirmation.candidates[1].above(&confirmation.candidates[2]).unwrap();
    assert_eq!(above.count(), 4, "pairs are of seeds under which both have a result");
    assert_ne!(bench.winner(), Some(1.0));
}

#[test]
fn one_that_diverges_under_all_seeds_but_a_lucky_one_does_not_win() {
    for seeds in [2, 3, 5] {
        let mut bench = Bench::new(SPACE, confirm(seeds, 2), &[(1.0, 1.0), (2.0, 1.5)]);
        bench.run(1, |x, seed| match x {
            1.0 if seed > 0 => failed(FailureKind::Diverged),
            1.0 => completed(-9.0),
            _ => completed(x + own(x, seed)),
        });
        let lucky = bench.confirmation().candidates[0].out;
        assert!(matches!(lucky, Some(Out::Failed { .. })), "{lucky:?}");
        assert_eq!(bench.winner(), Some(2.0), "{seeds} seeds");
    }
}

#[test]
fn two_are_compared_over_the_seeds_under_which_both_have_a_result() {
    let mut bench = Bench::new(SPACE, confirm(5, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    bench.run(1, |x, seed| match (x, seed) {
        // Its mean is lower, as it failed under the seeds that are hard for all.
        (1.0, 0 | 4) => failed(FailureKind::OutOfMemory),
        (1.0, _) => completed([0.5, 0.9, 2.3][seed - 1]),
        (2.0, _) => completed([10.0, 0.0, 1.0, 2.0, 10.0][seed]),
        _ => failed(FailureKind::Diverged),
    });
    assert!(bench.confirmation().candidates[..2].iter().all(|it| it.out.is_none()));
    assert_eq!(bench.winner(), Some(2.0));
}

#[test]
fn a_run_that_was_interrupted_for_good_or_found_the_disk_full_says_nothing() {
    let mut bench = Bench::new(SPACE, confirm(5, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    bench.run(1, |x, seed| match (x, seed) {
        (1.0, 0) => failed(FailureKind::DiskFull),
        (1.0, 1 | 2) => failed(FailureKind::Preempted),
        _ => completed(x + own(x, seed)),
    });
    let confirmation = bench.confirmation();
    assert_eq!((confirmation.candidates[0].out, bench.winner()), (None, Some(1.0)));
    // Without any result nobody wins.
    let mut bench = Bench::new(SPACE, confirm(4, 2), &[(1.0, 1.0)]);
    bench.run(1, |_, _| failed(FailureKind::DiskFull));
    assert!(bench.confirmation().is_over());
    assert_eq!(bench.winner(), None);
}

#[test]
fn a_default_without_a_result_is_nobodys_rival() {
    let mut bench = Bench::new(SPACE, confirm(4, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    bench.run(1, |x, seed| match x {
        5.0 => failed(FailureKind::Diverged),
        _ => completed(common(seed) + own(x, seed)),
    });
    let confirmation = bench.confirmation();
    assert!(confirmation.candidates[2].is_default);
    assert_eq!((confirmation.rival(0), confirmation.rival(1)), (Some(1), Some(0)));
    assert!(confirmation.chance(0).is_some());
}

#[test]
fn a_default_that_failed_by_no_fault_of_its_own_is_compared() {
    for (kind, candidates) in [(FailureKind::DiskFull, 2), (FailureKind::Diverged, 1)] {
        let mut bench = Bench::new(SPACE, confirm(3, 1), &[]);
        let default = bench.start(config(5.0), Origin::Default);
        bench.end(default, failed(kind));
        let other = bench.start(config(1.0), Origin::Strategy);
        bench.end(other, completed(1.0));
        bench.run(1, |x, seed| completed(own(x, seed)));
        assert_eq!(bench.confirmation().candidates.len(), candidates, "{kind}");
    }
}
