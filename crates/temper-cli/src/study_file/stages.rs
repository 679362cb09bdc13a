//! `[[stage]]`

use miette::Result;
use temper_core::Config;
use temper_space::SpaceSpec;

use crate::document::Section;

use super::Named;

/// One of the tables, as it is written.
#[derive(Debug)]
pub(crate) struct StageSection {
    pub(crate) name: String,
    pub(crate) trials: Option<u64>,
    pub(crate) strategy: Option<Named>,
    pub(crate) space: SpaceSpec,
    pub(crate) around: Option<String>,
    pub(crate) shrink: Option<f64>,
    pub(crate) settings: Config,
}

impl StageSection {
    pub(super) fn read_all(root: &mut Section<'_>) -> Result<Vec<Self>> {
        root.sections("stage")?.into_iter().map(Self::read).collect()
    }

    fn read(mut section: Section<'_>) -> Result<Self> {
        section.only(&["name", "trials", "strategy", "space", "around", "shrink", "settings"])?;
        let has_strategy = section.has("strategy");
        Ok(Self {
            name: section.need("name", "give each stage a name: name = \"coarse\"")?,
            trials: section.take("trials")?,
            strategy: has_strategy
                .then(|| Named::strategy(section.section("strategy")?))
                .transpose()?,
            space: section.take("space")?.unwrap_or_default(),
            around: section.take("around")?,
            shrink: section.take("shrink")?,
            settings: section.take("settings")?.unwrap_or_default(),
        })
    }
}
