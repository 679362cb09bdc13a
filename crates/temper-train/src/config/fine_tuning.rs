//! How a pretrained model is trained further.

use serde::{Deserialize, Serialize};

use super::validate::{check_some, optional_size};
use crate::{TrainConfig, TrainError};

/// The rank where none is given: that of PEFT's `LoraConfig`.
const DEFAULT_RANK: usize = 8;

/// The layers that [`FinetuningType::LastLayers`] trains where their number is not given.
const DEFAULT_LAYERS: usize = 2;

/// The linear layers of a block, all of which are adapted where none are named: Dettmers et al.
/// 2023 (section 4, figure 2) find that the best.
const PROJECTIONS: [&str; 7] =
    ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/// What stands for all of them, as in PEFT.
const ALL_PROJECTIONS: &str = "all-linear";

/// What of a pretrained model is trained.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum FinetuningType {
    /// All of its weights.
    #[default]
    Full,
    /// Low-rank adapters of its linear layers (Hu et al. 2021); its own weights stay.
    Lora,
    /// The last layers, the norm after them, and an output layer that is not the embedding.
    LastLayers,
}

impl FinetuningType {
    /// Its name, as in TOML.
    pub const fn name(self) -> &'static str {
        match self {
            FinetuningType::Full => "full",
            FinetuningType::Lora => "lora",
            FinetuningType::LastLayers => "last_layers",
        }
    }
}

/// Names of linear layers: a list, or one text with commas, as a search space can hold it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(untagged)]
pub enum TargetModules {
    /// One by one.
    List(Vec<String>),
    /// With commas in between, or `all-linear`.
    Text(String),
}

impl TargetModules {
    fn names(&self) -> Vec<&str> {
        match self {
            TargetModules::List(names) => names.iter().map(String::as_str).collect(),
            TargetModules::Text(text) => text.split(',').map(str::trim).collect(),
        }
    }
}

impl TrainConfig {
    /// How many of the last layers are trained or adapted.
    pub fn trained_layers(&self) -> usize {
        let default = match self.finetuning_type {
            FinetuningType::Full | FinetuningType::Lora => self.num_layers,
            FinetuningType::LastLayers => DEFAULT_LAYERS.min(self.num_layers),
        };
        self.trained_layers.unwrap_or(default)
    }

    /// The rank of adapters.
    pub fn lora_rank(&self) -> usize {
        self.lora_rank.unwrap_or(DEFAULT_RANK)
    }

    /// The alpha of adapters.
    pub fn lora_alpha(&self) -> f64 {
        self.lora_alpha.unwrap_or(2.0 * self.lora_rank() as f64)
    }

    /// What the product of an adapter's matrices is multiplied by.
    pub fn lora_scale(&self) -> f64 {
        let rank = self.lora_rank() as f64;
        self.lora_alpha() / if self.use_rslora { rank.sqrt() } else { rank }
    }

    /// The linear layers of a block that are adapted, in the block's order.
    pub fn lora_targets(&self) -> Vec<&'static str> {
        let there = self.projections().into_iter().map(|(name, _)| name);
        match self.lora_target_modules.as_ref().map(TargetModules::names) {
            None => there.collect(),
            Some(names) if names == [ALL_PROJECTIONS] => there.collect(),
            Some(names) => there.filter(|name| names.contains(name)).collect(),
        }
    }

    /// The exact number of parameters that are trained.
    pub fn num_trained_parameters(&self) -> u64 {
        let layers = self.trained_layers() as u64;
        match self.finetuning_type {
            FinetuningType::Full => self.num_parameters(),
            FinetuningType::LastLayers => {
                let output = (self.vocabulary() * self.hidden_size) as u64;
                let output = if self.tie_word_embeddings { 0 } else { output };
                layers * self.layer_parameters() + self.norm_parameters() + output
            }
            FinetuningType::Lora => {
                let (rank, targets) = (self.lora_rank() as u64, self.lora_targets());
                let adapted = self.projections().into_iter();
                let adapted = adapted.filter(|(name, _)| targets.contains(name));
                let numbers = adapted.map(|(_, [inputs, outputs])| {
                    rank * (inputs + outputs) + if self.use_dora { outputs } else { 0 }
                });
                layers * numbers.sum::<u64>()
            }
        }
    }

    /// What of a pretrained model is trained and how its adapters are made: what a checkpoint of
    /// its trained weights can be put into.
    pub(crate) fn fine_tuning(&self) -> [(&'static str, String); 7] {
        let of_lora = |text: String| match self.finetuning_type {
            FinetuningType::Lora => text,
            _ => "none".to_owned(),
        };
        [
            ("finetuning_type", self.finetuning_type.name().to_owned()),
            ("trained_layers", self.trained_layers().to_string()),
            ("lora_rank", of_lora(self.lora_rank().to_string())),
            ("lora_alpha", of_lora(self.lora_alpha().to_string())),
            ("use_rslora", of_lora(self.use_rslora.to_string())),
            ("lora_target_modules", of_lora(self.lora_targets().join(","))),
            ("use_dora", of_lora(self.use_dora.to_string())),
        ]
    }

    /// Checks the settings of fine-tuning that do not depend on the checkpoint.
    pub(super) fn validate_fine_tuning(&self) -> Result<(), TrainError> {
        let kind = self.finetuning_type;
        if kind != FinetuningType::Full && self.base_model.is_none() {
            return Err(TrainError::NothingToFinetune { finetuning_type: kind });
        }
        let is_lora = kind == FinetuningType::Lora;
        let given = [
            ("lora_rank", self.lora_rank.is_some(), is_lora),
            ("lora_alpha", self.lora_alpha.is_some(), is_lora),
            ("lora_dropout", self.lora_dropout.is_some(), is_lora),
            ("lora_target_modules", self.lora_target_modules.is_some(), is_lora),
            ("use_rslora", self.use_rslora, is_lora),
            ("use_dora", self.use_dora, is_lora),
            ("trained_layers", self.trained_layers.is_some(), kind != FinetuningType::Full),
        ];
        if let Some((key, ..)) =
            given.into_iter().find(|(_, is_given, has_use)| *is_given && !has_use)
        {
            return Err(TrainError::NotOfFinetuning { key, finetuning_type: kind });
        }
        optional_size("lora_rank", self.lora_rank)?;
        check_some("lora_alpha", self.lora_alpha, "not above 0", |alpha| alpha > 0.0)?;
        let is_probability = |probability| (0.0..1.0).contains(&probability);
        check_some(
            "lora_dropout",
            self.lora_dropout,
            "not at least 0 and below 1",
            is_probability,
        )?;
        optional_size("trained_layers", self.trained_layers)?;
        self.validate_targets()
    }

    /// Checks those that do: the layers that are named are there.
    pub(super) fn validate_trained_layers(&self) -> Result<(), TrainError> {
        check_some("trained_layers", self.trained_layers, "above the number of layers", |count| {
            count <= self.num_layers
        })
    }

    fn validate_targets(&self) -> Result<(), TrainError> {
        let names = self.lora_target_modules.as_ref().map(TargetModules::names);
        let refuse = |value: &str, fault| {
            let key = "lora_target_modules";
            Err(TrainError::OutOfBounds { key, value: format!("{value:?}"), fault })
        };
        match names.as_deref() {
            None | Some([ALL_PROJECTIONS]) => Ok(()),
            Some([]) => refuse("", "no linear layer"),
            Some(names) => match names.iter().find(|name| !PROJECTIONS.contains(name)) {
                Some(name) => refuse(name, "no linear layer of a block"),
                None => Ok(()),
            },
        }
    }
}

/// The names that adapted layers may have, for people.
pub(crate) fn projection_names() -> String {
    format!("\"{ALL_PROJECTIONS}\", {}", PROJECTIONS.join(", "))
}

#[cfg(test)]
mod tests;
