//! What can happen to a file, and to whom it is of use.

use std::fs::{self, OpenOptions};

use rusqlite::OpenFlags;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{GenerationSettings, Input, Request};

impl AnswerStore {
    /// Lets further writes fail, as on a file system that has become read-only.
    pub(crate) fn forbid_writing(&self) {
        self.connection().pragma_update(None, "query_only", "on").unwrap();
    }
}

fn key(number: u32) -> RequestKey {
    let input = Input::Text("1 + 1".to_owned());
    let settings = GenerationSettings::default();
    Request { input, settings, sample: number }.key(&json!("a model"))
}

fn completion(text: &str) -> Completion {
    Completion {
        text: text.to_owned(),
        input_tokens: Some(10),
        output_tokens: Some(2),
        latency: 0.1 + 0.2,
        finish_reason: Some("stop".to_owned()),
        refused: false,
    }
}

fn account(study: &str, trial: &str) -> Account {
    Account { study: study.to_owned(), trial: trial.to_owned() }
}

/// A folder with answers of the keys from 0 to 99, 1000 bytes each.
fn filled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.db");
    let store = AnswerStore::open(&path).unwrap();
    for number in 0..100 {
        store.record(key(number), &completion(&"x".repeat(1000)), &account("a", "0"), 0.5).unwrap();
    }
    (folder, path)
}

#[test]
fn a_study_begins_with_the_answers_of_an_earlier_one_and_without_its_spending() {
    let (_folder, path) = filled();
    let store = AnswerStore::open(&path).unwrap();
    store.record(key(7), &completion("x"), &account("b", "0"), 0.5).unwrap();
    store.forget("a").unwrap();
    assert_eq!(store.spent_in("a").unwrap(), Spending::default());
    assert_eq!(store.spent_in("b").unwrap().requests, 1);
    assert!(store.answer(key(0)).unwrap().is_some());
}

#[test]
fn what_is_recorded_is_there_after_the_file_is_opened_again() {
    let (_folder, path) = filled();
    let store = AnswerStore::open(&path).unwrap();
    assert_eq!(store.answer(key(0)).unwrap(), Some(completion(&"x".repeat(1000))));
    assert_eq!(store.answer(key(100)).unwrap(), None);
    let spent = Spending { requests: 100, input_tokens: 1000, output_tokens: 200, cost: 50.0 };
    assert_eq!(store.spent_in("a").unwrap(), spent);
}

#[test]
fn each_account_has_a_ledger_and_a_study_the_sum_of_its_trials() {
    let folder = tempfile::tempdir().unwrap();
    let store = AnswerStore::open(&folder.path().join("answers.db")).unwrap();
    let unknown = Completion { input_tokens: None, output_tokens: None, ..completion("3") };
    for (number, completion, study, trial, cost) in [
        (0, completion("1"), "a", "0", 0.25),
        (1, completion("2"), "a", "0", 0.25),
        (2, unknown, "a", "1", 0.0),
        (3, completion("4"), "b", "0", 1.0),
    ] {
        store.record(key(number), &completion, &account(study, trial), cost).unwrap();
    }
    let spending = |requests, input_tokens, output_tokens, cost| Spending {
        requests,
        input_tokens,
        output_tokens,
        cost,
    };
    assert_eq!(store.spent_by(&account("a", "0")).unwrap(), spending(2, 20, 4, 0.5));
    assert_eq!(store.spent_by(&account("a", "1")).unwrap(), spending(1, 0, 0, 0.0));
    assert_eq!(store.spent_by(&account("a", "2")).unwrap(), Spending::default());
    assert_eq!(store.spent_in("a").unwrap(), spending(3, 20, 4, 0.5));
    assert_eq!(store.spent_in("b").unwrap().tokens(), 12);
    assert_eq!(store.spent_in("c").unwrap(), Spending::default());
}

#[test]
fn an_answer_that_is_recorded_twice_is_paid_for_twice_and_stays_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.db");
    let (one, other) = (AnswerStore::open(&path).unwrap(), AnswerStore::open(&path).unwrap());
    let (first, second) = (completion("Paris"), completion("It is Paris."));
    assert_eq!(one.record(key(0), &first, &account("a", "0"), 0.5).unwrap(), first);
    assert_eq!(other.record(key(0), &second, &account("a", "1"), 0.5).unwrap(), first);
    assert_eq!(one.answer(key(0)).unwrap(), Some(first));
    assert_eq!(one.spent_in("a").unwrap().requests, 2);
}

#[test]
fn where_there_is_no_room_neither_answer_nor_spending_is_kept() {
    let (_folder, path) = filled();
    let store = AnswerStore::open(&path).unwrap();
    let spent = store.spent_in("a").unwrap();
    let limit = |pages: &str| {
        store.connection().query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    };
    limit("1").unwrap(); // those that are there stay
    let long = completion(&"x".repeat(100_000));
    let error = store.record(key(100), &long, &account("a", "0"), 0.5).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("answers.db"), "{error}");
    assert_eq!((store.answer(key(100)).unwrap(), store.spent_in("a").unwrap()), (None, spent));
    limit("10000").unwrap();
    assert_eq!(store.record(key(100), &long, &account("a", "0"), 0.5).unwrap(), long);
}

#[test]
fn what_cannot_be_written_is_not_opened() {
    let (_folder, path) = filled();
    let error = file::open_with(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap_err();
    assert_eq!(error.to_string(), format!("the answers in `{}` are read-only", path.display()));
    let nowhere = path.with_file_name("missing").join("answers.db");
    let error = AnswerStore::open(&nowhere).unwrap_err();
    assert!(error.to_string().contains("unable to open database file"), "{error}");
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (text, other) = (folder.path().join("notes.txt"), folder.path().join("other.db"));
    fs::write(&text, "x".repeat(5000)).unwrap();
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for path in [text, other] {
        let before = fs::read(&path).unwrap();
        let error = AnswerStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::NotAnswers { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_newer_format_is_refused() {
    let (_folder, path) = filled();
    let newer = file::FORMAT + 1;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", newer).unwrap();
    let error = AnswerStore::open(&path).unwrap_err();
    let said = "has format 2 of answers; this version reads up to 1";
    assert_eq!(error.to_string(), format!("`{}` {said}", path.display()));
}

#[test]
fn a_damaged_file_is_told_of_by_its_name() {
    let is_damaged = |result: Result<(), StoreError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("answers.db"), "{error}");
    };
    let (_folder, path) = filled();
    Connection::open(&path).unwrap().execute("UPDATE answers SET completion = '{'", []).unwrap();
    is_damaged(AnswerStore::open(&path).unwrap().answer(key(0)).map(drop));

    let (_folder, path) = filled();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xaa); // the first page knows the tables
    fs::write(&path, bytes).unwrap();
    let store = AnswerStore::open(&path).unwrap();
    is_damaged(store.answer(key(0)).map(drop));
    is_damaged(store.spent_in("a").map(drop));
    is_damaged(store.record(key(0), &completion("x"), &account("a", "0"), 0.0).map(drop));

    let (_folder, path) = filled();
    let length = fs::metadata(&path).unwrap().len();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    is_damaged(AnswerStore::open(&path).map(drop));
}
