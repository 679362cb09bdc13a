//! Who answers an evaluation's requests: an endpoint, or a model in this process.

mod local;

use std::path::Path;
use std::sync::Arc;

use miette::{IntoDiagnostic, Result};
use temper_generate::{
    Account, Allowance, AnswerStore, Cached, ConfigError, Endpoint, EndpointConfig, EndpointError,
    Evaluation, GenerateConfig, Generator, JudgeTarget, Part, Prices, Sleep, Spending,
    Surroundings,
};
use temper_train::{Device, is_on_hub};

use local::LocalModel;

/// Whoever pays, and what may be spent.
#[derive(Clone, Debug)]
pub(crate) struct Payer {
    pub(crate) account: Account,
    pub(crate) allowance: Allowance,
}

/// Answers that are remembered, and paid for once.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    store: Arc<AnswerStore>,
    payer: Payer,
}

impl Desk {
    /// Opens the store of answers that the settings name.
    pub(crate) fn open(config: &GenerateConfig, payer: Payer) -> Result<Self> {
        let store = AnswerStore::open(&config.cache).into_diagnostic()?;
        Ok(Self { store: Arc::new(store), payer })
    }

    /// Whoever answers by the settings.
    pub(crate) fn generator(&self, config: &GenerateConfig) -> Result<Arc<dyn Generator>> {
        let generator: Arc<dyn Generator> = match config.endpoint_config() {
            Some(endpoint) => asked(endpoint).into_diagnostic()?,
            None => Arc::new(LocalModel::open(config)?),
        };
        Ok(self.remembering(generator, config.prices()))
    }

    /// The evaluation of some settings, whose judges are remembered and paid for like the others;
    /// relative paths of scorers start from the folder.
    pub(crate) fn evaluation(
        &self,
        config: &GenerateConfig,
        part: Part,
        base_dir: &Path,
    ) -> Result<Evaluation, ConfigError> {
        let judge = |target: &JudgeTarget| {
            let judge = asked(target.endpoint.clone()).map_err(|error| error.to_string())?;
            Ok(self.remembering(judge, target.prices))
        };
        let surroundings = Surroundings { base_dir: base_dir.to_owned(), judge: &judge };
        Evaluation::new(config, part, &surroundings)
    }

    /// Forgets what the account's study has spent before.
    pub(crate) fn begin_anew(&self) -> Result<()> {
        self.store.forget(&self.payer.account.study).into_diagnostic()
    }

    /// What the account has spent so far.
    pub(crate) fn spent(&self) -> Result<Spending> {
        self.store.spent_by(&self.payer.account).into_diagnostic()
    }

    fn remembering(
        &self,
        generator: Arc<dyn Generator>,
        prices: Option<Prices>,
    ) -> Arc<dyn Generator> {
        let Payer { account, allowance } = self.payer.clone();
        let store = Arc::clone(&self.store);
        Arc::new(Cached { generator, store, prices, account, allowance })
    }
}

/// Checks an evaluation without asking anybody: that there are keys, too, and prices of what counts
/// by them.
pub(crate) fn check(
    config: &GenerateConfig,
    part: Part,
    base_dir: &Path,
    allowance: &Allowance,
) -> Result<(), ConfigError> {
    config.endpoint_config().map(asked).transpose()?;
    let judge = |target: &JudgeTarget| judge_within(allowance, target);
    let surroundings = Surroundings { base_dir: base_dir.to_owned(), judge: &judge };
    Evaluation::new(config, part, &surroundings).map(drop)
}

/// Checks that whoever is to answer can be asked: the variable with the key is set, or the checkpoint
/// is there. Otherwise the setting to blame, the message and the way out.
pub(crate) fn present(
    config: &GenerateConfig,
) -> Result<(), (&'static str, String, Option<String>)> {
    if let Some(endpoint) = config.endpoint_config() {
        return asked(endpoint).map(drop).map_err(|error| {
            let error = ConfigError::from(error);
            (error.key().unwrap_or("endpoint"), error.to_string(), error.help())
        });
    }
    if let Err(error) = config.device.parse::<Device>() {
        return Err(("device", error.to_string(), None));
    }
    match &config.checkpoint {
        Some(path) if !is_on_hub(path) && !Path::new(path).exists() => {
            let help = "name a checkpoint of `temper train`, a model's folder or a .gguf file; paths \
                        start from the study file's folder";
            Err(("checkpoint", format!("there is no `{path}`"), Some(help.to_owned())))
        }
        _ => Ok(()),
    }
}

/// A judge whose answers the allowance can count.
fn judge_within(allowance: &Allowance, target: &JudgeTarget) -> Result<Arc<dyn Generator>, String> {
    if allowance.cost.is_some() && target.prices.is_none() {
        let model = &target.endpoint.model;
        return Err(format!(
            "a budget of money needs `input_price` and `output_price` of `{model}`, too"
        ));
    }
    asked(target.endpoint.clone()).map_err(|error| error.to_string())
}

/// A client of the endpoint.
fn asked(endpoint: EndpointConfig) -> Result<Arc<dyn Generator>, EndpointError> {
    Ok(Arc::new(Endpoint::new(endpoint, Box::new(Sleep))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_without_prices_is_refused_under_a_budget_of_money_alone() {
        let endpoint = EndpointConfig::new("http://127.0.0.1:8080/v1", "strict");
        let free = JudgeTarget { endpoint, prices: None };
        let prices = Some(Prices { input: 0.5, output: 1.5 });
        let priced = JudgeTarget { prices, ..free.clone() };
        let money = Allowance { tokens: None, cost: Some(2.0) };
        let said = "a budget of money needs `input_price` and `output_price` of `strict`, too";
        assert_eq!(judge_within(&money, &free).unwrap_err(), said);
        judge_within(&money, &priced).unwrap();
        judge_within(&Allowance { tokens: Some(2000), cost: None }, &free).unwrap();
    }
}
