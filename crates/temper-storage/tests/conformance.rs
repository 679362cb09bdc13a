//! What every storage must do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_core::{Event, Loss, Metrics, Pulse, Storage, StorageError, TrialId, WorkerId};
use temper_storage::{MemoryStorage, SqliteStorage};

/// Opens the same log again, as another process would.
type Open<'a> = &'a dyn Fn() -> Box<dyn Storage>;

fn each(check: impl Fn(Open<'_>)) {
    let memory = MemoryStorage::new();
    check(&|| Box::new(memory.clone()));
    let folder = tempfile::tempdir().unwrap();
    check(&|| Box::new(SqliteStorage::open(&folder.path().join("study.db")).unwrap()));
}

fn event(trial: u64) -> Event {
    Event::Reported {
        trial: TrialId(trial),
        lease: temper_core::Lease(0),
        step: 100,
        losses: vec![Loss::new(0.1 + 0.2).unwrap(), Loss::new(-1e-300).unwrap()],
        metrics: Metrics::from([("tokens \"seen\"\n".to_owned(), 1.0 / 3.0)]),
    }
}

#[test]
fn what_was_appended_is_read_back_bit_for_bit_and_in_order() {
    each(|open| {
        let mut storage = open();
        for seq in 0..5 {
            storage.append(seq, &event(seq)).unwrap();
        }
        let expected: Vec<_> = (0..5).map(event).collect();
        assert_eq!(open().read(0).unwrap(), expected);
        assert_eq!(storage.read(3).unwrap(), expected[3..]);
        assert_eq!(storage.read(5).unwrap(), []);
    });
}

#[test]
fn an_append_at_another_length_is_a_conflict_and_changes_nothing() {
    each(|open| {
        let (mut one, mut other) = (open(), open());
        one.append(0, &event(0)).unwrap();
        for at in [0, 2] {
            assert!(matches!(other.append(at, &event(9)), Err(StorageError::Conflict { .. })));
        }
        assert_eq!(other.read(0).unwrap(), [event(0)]);
        other.append(1, &event(1)).unwrap();
        assert_eq!(one.read(1).unwrap(), [event(1)]);
    });
}

#[test]
fn of_many_writers_at_one_position_one_wins() {
    each(|open| {
        let storages: Vec<_> = (0..4).map(|_| open()).collect();
        let won: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = storages
                .into_iter()
                .map(|mut storage| {
                    scope.spawn(move || {
                        (0..50).filter(|at| storage.append(*at, &event(*at)).is_ok()).count()
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(open().read(0).unwrap().len(), won);
    });
}

#[test]
fn beats_are_counted_and_a_stranger_has_none() {
    each(|open| {
        let (mut one, mut other) = (open(), open());
        let worker = WorkerId::new("laptop.1");
        assert!(matches!(other.pulse(&worker).unwrap(), Pulse::Dead | Pulse::Beats(0)));
        one.beat(&worker).unwrap();
        one.beat(&worker).unwrap();
        assert_eq!(other.pulse(&worker).unwrap(), Pulse::Beats(2));
        assert_eq!(one.pulse(&worker).unwrap(), Pulse::Beats(2));
    });
}
