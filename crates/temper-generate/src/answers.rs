//! Answers that were given, and what they cost, in one SQLite file.
//!
//! An answer is reused by any trial of any study that asks the same. What a study has spent is kept
//! beside it, and written in the same transaction: a process that is killed at any moment leaves
//! both or neither. The journal is write-ahead, and is not flushed for every answer: a power failure
//! may cost the last ones.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::{Completion, RequestKey};

mod error;
mod file;
mod in_flight;
mod spending;
#[cfg(test)]
mod tests;

use in_flight::{Claim, InFlight};

pub use error::StoreError;
pub use spending::{Account, Spending};

/// Answers on disk, shared by threads and processes of one machine.
#[derive(Debug)]
pub struct AnswerStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    in_flight: InFlight,
}

impl AnswerStore {
    /// Opens the answers at `path`, or makes an empty file of them.
    ///
    /// # Errors
    ///
    /// If the file can't be opened, made or written, is something else, or has a newer format.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = file::open(path)?;
        let (path, connection) = (path.to_owned(), Mutex::new(connection));
        Ok(Self { path, connection, in_flight: InFlight::default() })
    }

    /// The answer of that key, if it was given before.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn answer(&self, key: RequestKey) -> Result<Option<Completion>, StoreError> {
        let text = find(&self.connection(), key).map_err(|error| self.failure(error))?;
        text.map(|text| self.parse(&text)).transpose()
    }

    /// Keeps an answer and what it cost, both or neither. An answer that is there already stays, and
    /// is what this returns: another process asked the same, and both have paid.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn record(
        &self,
        key: RequestKey,
        completion: &Completion,
        account: &Account,
        cost: f64,
    ) -> Result<Completion, StoreError> {
        let text = serde_json::to_string(completion).map_err(|error| {
            let location = self.path.display().to_string();
            StoreError::Other { location, source: error.into() }
        })?;
        let earlier = self
            .write(key, &text, account, Spending::of(completion, cost))
            .map_err(|error| self.failure(error))?;
        earlier.map_or_else(|| Ok(completion.clone()), |text| self.parse(&text))
    }

    /// Adds what was spent without an answer to what that account has.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub(crate) fn spend(&self, account: &Account, spent: Spending) -> Result<(), StoreError> {
        add(&self.connection(), account, spent).map_err(|error| self.failure(error))
    }

    /// What that account has spent.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn spent_by(&self, account: &Account) -> Result<Spending, StoreError> {
        let select = "SELECT requests, input_tokens, output_tokens, cost FROM spendings
             WHERE study = ? AND trial = ?";
        let spent = self
            .connection()
            .prepare_cached(select)
            .and_then(|mut select| {
                select.query_row([&account.study, &account.trial], spending).optional()
            })
            .map_err(|error| self.failure(error))?;
        Ok(spent.unwrap_or_default())
    }

    /// What all trials of that study have spent.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn spent_in(&self, study: &str) -> Result<Spending, StoreError> {
        let select = "SELECT coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0),
                 coalesce(sum(output_tokens), 0), coalesce(sum(cost), 0.0)
             FROM spendings WHERE study = ?";
        self.connection()
            .prepare_cached(select)
            .and_then(|mut select| select.query_row([study], spending))
            .map_err(|error| self.failure(error))
    }

    /// Forgets what a study has spent, and keeps the answers: another study begins under its name.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn forget(&self, study: &str) -> Result<(), StoreError> {
        self.connection()
            .execute("DELETE FROM spendings WHERE study = ?", [study])
            .map(drop)
            .map_err(|error| self.failure(error))
    }

    /// Waits until no other thread asks for that key, and asks for it as long as the claim lives.
    pub(crate) fn claim(&self, key: RequestKey) -> Claim<'_> {
        self.in_flight.claim(key)
    }

    /// Writes both, and returns the answer that was there before.
    fn write(
        &self,
        key: RequestKey,
        text: &str,
        account: &Account,
        spent: Spending,
    ) -> rusqlite::Result<Option<String>> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let earlier = find(&transaction, key)?;
        if earlier.is_none() {
            transaction
                .prepare_cached("INSERT INTO answers (key, completion) VALUES (?, ?)")?
                .execute(params![key.0, text])?;
        }
        add(&transaction, account, spent)?;
        transaction.commit()?;
        Ok(earlier)
    }

    fn parse(&self, text: &str) -> Result<Completion, StoreError> {
        serde_json::from_str(text).map_err(|error| {
            let location = self.path.display().to_string();
            StoreError::Damaged { location, detail: format!("an answer can't be read: {error}") }
        })
    }

    fn failure(&self, error: rusqlite::Error) -> StoreError {
        StoreError::of(&self.path, error)
    }

    /// A thread that panicked within a transaction has rolled it back.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to what an account has spent.
fn add(connection: &Connection, account: &Account, spent: Spending) -> rusqlite::Result<()> {
    let Spending { requests, input_tokens, output_tokens, cost } = spent;
    let Account { study, trial } = account;
    let add = "INSERT INTO spendings VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (study, trial) DO UPDATE SET
             requests = requests + excluded.requests,
             input_tokens = input_tokens + excluded.input_tokens,
             output_tokens = output_tokens + excluded.output_tokens,
             cost = cost + excluded.cost";
    let values = params![study, trial, requests, input_tokens, output_tokens, cost];
    connection.prepare_cached(add)?.execute(values).map(drop)
}

fn find(connection: &Connection, key: RequestKey) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT completion FROM answers WHERE key = ?")?
        .query_row([key.0], |row| row.get(0))
        .optional()
}

fn spending(row: &Row<'_>) -> rusqlite::Result<Spending> {
    Ok(Spending {
        requests: row.get(0)?,
        input_tokens: row.get(1)?,
        output_tokens: row.get(2)?,
        cost: row.get(3)?,
    })
}
