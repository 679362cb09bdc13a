//! What a study may spend on answers.

use std::cmp::Ordering;

use crate::{GenerateError, Spending};

/// What a study may spend on answers; what is `None` is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// Tokens that are read or written.
    pub tokens: Option<u64>,
    /// Money, in the currency of the prices.
    pub cost: Option<f64>,
}

/// One of the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Of tokens.
    Tokens(u64),
    /// Of money.
    Cost(f64),
}

impl Allowance {
    /// Checks that something is left.
    ///
    /// # Errors
    ///
    /// [`GenerateError::Spent`] if it is not.
    pub fn check(&self, spent: Spending) -> Result<(), GenerateError> {
        let said = match self.reached(spent) {
            None => return Ok(()),
            Some(Limit::Tokens(tokens)) => {
                format!("the budget of {tokens} tokens is spent: {}", spent.tokens())
            }
            Some(Limit::Cost(cost)) => {
                // Sums of floats have digits that mean nothing.
                let shown = (spent.cost * 1e6).round() / 1e6;
                format!("the budget of {cost} for tokens is spent: {shown}")
            }
        };
        Err(GenerateError::Spent(said))
    }

    /// The limit that is reached, if one is.
    #[must_use]
    pub fn reached(&self, spent: Spending) -> Option<Limit> {
        let tokens = self.tokens.filter(|tokens| spent.tokens() >= *tokens);
        // What is not a number allows nothing.
        let is_spent = |cost: &f64| spent.cost.partial_cmp(cost) != Some(Ordering::Less);
        let cost = || self.cost.filter(is_spent).map(Limit::Cost);
        tokens.map(Limit::Tokens).or_else(cost)
    }

    /// Whether it matters what an answer costs.
    pub(crate) fn is_limited(&self) -> bool {
        self.tokens.is_some() || self.cost.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_is_named_with_its_limit() {
        let spent =
            Spending { requests: 3, input_tokens: 15_000, output_tokens: 5_031, cost: 0.1 + 0.2 };
        let said = |tokens, cost| Allowance { tokens, cost }.check(spent);
        assert_eq!(said(None, None), Ok(()));
        assert_eq!(said(Some(20_032), Some(0.31)), Ok(()));
        let tokens = "the budget of 20000 tokens is spent: 20031".to_owned();
        assert_eq!(said(Some(20_000), None), Err(GenerateError::Spent(tokens)));
        let cost = "the budget of 0.3 for tokens is spent: 0.3".to_owned();
        assert_eq!(said(None, Some(0.3)), Err(GenerateError::Spent(cost)));
        assert!(said(None, Some(f64::NAN)).is_err());
        assert!(Allowance { tokens: Some(0), cost: None }.check(Spending::default()).is_err());
    }
}
