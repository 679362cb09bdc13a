//! Answers that are asked for once, within a budget.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    Account, Allowance, AnswerStore, Completion, GenerateError, Generator, Prices, Request,
    Spending, StoreError,
};

#[cfg(test)]
mod tests;

/// Looks answers up before it asks another generator for them, on an account. What was answered once
/// costs nothing. A request is sent only if something of the study's allowance is left, so it is
/// exceeded by no more than what is asked for at the same time.
#[derive(Clone, Debug)]
pub struct Cached {
    /// Who is asked.
    pub generator: Arc<dyn Generator>,
    /// Where answers are.
    pub store: Arc<AnswerStore>,
    /// What tokens cost, if that is known.
    pub prices: Option<Prices>,
    /// Who spends.
    pub account: Account,
    /// What the account's study may spend.
    pub allowance: Allowance,
}

impl Cached {
    /// Counts what answers of no use have taken.
    fn count_waste(&self) -> Result<(), StoreError> {
        let (input_tokens, output_tokens) = self.generator.take_waste();
        if input_tokens == 0 && output_tokens == 0 {
            return Ok(());
        }
        let cost = self.prices.map_or(0.0, |prices| prices.of(input_tokens, output_tokens));
        let waste = Spending { requests: 0, input_tokens, output_tokens, cost };
        self.store.spend(&self.account, waste)
    }

    fn check_allowance(&self) -> Result<(), GenerateError> {
        if self.allowance.cost.is_some() && self.prices.is_none() {
            let said = "a budget of money counts by the prices of tokens, which are not given";
            return Err(GenerateError::Unable(said.to_owned()));
        }
        self.allowance.check(self.store.spent_in(&self.account.study)?)
    }
}

impl Generator for Cached {
    fn identity(&self) -> Value {
        self.generator.identity()
    }

    /// Looks the answer up, or asks for it and records it. Of threads that ask the same at once, one
    /// asks and the others wait.
    ///
    /// # Errors
    ///
    /// [`GenerateError::Spent`] if nothing of the allowance is left, [`GenerateError::Unable`] if the
    /// store is, or what an answer cost can't be counted, or as the generator.
    fn complete(&self, request: &Request) -> Result<Completion, GenerateError> {
        let key = request.key(&self.generator.identity());
        let _claim = self.store.claim(key);
        if let Some(completion) = self.store.answer(key)? {
            return Ok(completion);
        }
        if self.allowance.is_limited() {
            self.check_allowance()?;
        }
        let given = self.generator.complete(request);
        self.count_waste()?;
        let given = given?;
        let cost = self.prices.and_then(|prices| prices.cost(&given)).unwrap_or(0.0);
        let completion = self
            .store
            .record(key, &given, &self.account, cost)
            .map_err(|error| not_kept(&error, &given))?;
        if self.allowance.is_limited() && !is_counted(&given) {
            let said = "the endpoint does not say how many tokens it used, which the budget counts";
            return Err(GenerateError::Unable(said.to_owned()));
        }
        Ok(completion)
    }
}

fn is_counted(completion: &Completion) -> bool {
    completion.input_tokens.is_some() && completion.output_tokens.is_some()
}

/// An answer was paid for, and will have to be again.
fn not_kept(error: &StoreError, completion: &Completion) -> GenerateError {
    let paid = match (completion.input_tokens, completion.output_tokens) {
        (Some(read), Some(written)) => format!("{} tokens", read.saturating_add(written)),
        _ => "some tokens".to_owned(),
    };
    GenerateError::Unable(format!("{error}; an answer that took {paid} is not kept"))
}
