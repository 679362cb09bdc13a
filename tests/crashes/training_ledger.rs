//! What programs themselves write of what they train, and what must hold of it.

/// A line of the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) trial: u64,
    pub(crate) attempt: u64,
    pub(crate) said: Said,
    pub(crate) number: u64,
}

/// What a line says of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The process of the attempt.
    Process,
    /// The step of the checkpoint that the attempt goes on from; 0 without one.
    Begins,
    /// The step that is trained now.
    Trains,
    /// The step of a checkpoint that is there now.
    Saved,
}

/// Reads `trial attempt said number` from each line that is whole.
pub(crate) fn entries(ledger: &str) -> Vec<Entry> {
    ledger.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(entry).collect()
}

fn entry(line: &str) -> Entry {
    let words: Vec<_> = line.split_whitespace().collect();
    let [trial, attempt, said, number] = words[..] else { panic!("not an entry: {line}") };
    let said = match said {
        "process" => Said::Process,
        "begins" => Said::Begins,
        "trains" => Said::Trains,
        "saved" => Said::Saved,
        _ => panic!("not an entry: {line}"),
    };
    let number_of = |word: &str| word.parse().unwrap_or_else(|_| panic!("not an entry: {line}"));
    Entry { trial: number_of(trial), attempt: number_of(attempt), said, number: number_of(number) }
}

/// Checks the entries of one trial: attempts follow one another, each goes on from the last
/// checkpoint, and each step follows the one before it.
#[track_caller]
pub(crate) fn assert_no_step_is_trained_twice(entries: &[Entry]) {
    let (mut attempt, mut at, mut saved) = (0, 0, 0);
    for entry in entries {
        assert!(entry.attempt >= attempt, "an earlier attempt runs on: {entry:?}");
        let is_new = entry.attempt > attempt;
        assert_eq!(is_new, entry.said == Said::Process, "two run at once: {entry:?}");
        attempt = entry.attempt;
        match entry.said {
            Said::Process => {}
            Said::Begins => {
                // The kill may have come before the ledger knew of a checkpoint.
                assert!((saved..=at).contains(&entry.number), "saved {saved}, at {at}: {entry:?}");
                (at, saved) = (entry.number, entry.number);
            }
            Said::Trains => {
                assert_eq!(entry.number, at + 1, "{entry:?}");
                at = entry.number;
            }
            Said::Saved => {
                // Asked to end while it trained a step, it saves the one before.
                assert!(entry.number <= at && entry.number + 1 >= at, "at {at}: {entry:?}");
                saved = entry.number;
            }
        }
    }
}
