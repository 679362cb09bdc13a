//! The places for programs: each that runs has one to itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, PoisonError};

/// A place for one program at a time, such as a GPU or a share of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Environment variables that tell the program of it.
    pub env: BTreeMap<String, String>,
}

/// All places.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// The numbers of those that are free.
    free: Mutex<BTreeSet<usize>>,
    freed: Condvar,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    slots: &'a Slots,
    index: usize,
}

impl Slots {
    pub(super) fn new(slots: Vec<Slot>) -> Self {
        let free = Mutex::new((0..slots.len()).collect());
        Self { slots, free, freed: Condvar::new() }
    }

    /// Takes the first place that is free, and waits for one if none is; `None` where there are no
    /// places to share out.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        if self.slots.is_empty() {
            return None;
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| free.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let index = free.pop_first().expect("one is free");
        Some(Claim { slots: self, index })
    }
}

impl Claim<'_> {
    pub(super) fn slot(&self) -> &Slot {
        &self.slots.slots[self.index]
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut free = self.slots.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.insert(self.index);
        self.slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn slots(names: &[&str]) -> Slots {
        let slot = |name: &&str| Slot { name: (*name).to_owned(), ..Slot::default() };
        Slots::new(names.iter().map(slot).collect())
    }

    fn name<'a>(claim: &'a Option<Claim<'_>>) -> &'a str {
        &claim.as_ref().unwrap().slot().name
    }

    #[test]
    fn the_first_free_place_is_taken_and_given_back() {
        let slots = slots(&["a", "b"]);
        let first = slots.claim();
        let second = slots.claim();
        assert_eq!((name(&first), name(&second)), ("a", "b"));
        drop(first);
        assert_eq!(name(&slots.claim()), "a");
    }

    #[test]
    fn who_finds_no_place_waits_for_one() {
        let slots = slots(&["a"]);
        let held = slots.claim();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| name(&slots.claim()).to_owned());
            drop(held);
            assert_eq!(waiting.join().unwrap(), "a");
        });
    }

    #[test]
    fn without_places_there_is_none_to_wait_for() {
        assert!(slots(&[]).claim().is_none());
    }
}
