//! The values of each parameter on a grid, and the order of their combinations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use temper_core::{Config, StrategyError};
use temper_space::{Param, Space};

use super::NAME;

/// How many values a numeric parameter without a `step` takes, unless it is said.
const DEFAULT_RESOLUTION: u32 = 5;

/// The number of values per numeric parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Resolution {
    /// The same for all.
    All(u32),
    /// By the parameter's name; the others take five.
    Each(BTreeMap<String, u32>),
}

impl Default for Resolution {
    fn default() -> Self {
        Self::All(DEFAULT_RESOLUTION)
    }
}

impl Resolution {
    fn of(&self, name: &str) -> u32 {
        match self {
            Self::All(all) => *all,
            Self::Each(each) => each.get(name).copied().unwrap_or(DEFAULT_RESOLUTION),
        }
    }
}

/// A grid over a space: per dimension of the unit cube, the places of its values.
pub(super) struct Axes {
    axes: Vec<Vec<f64>>,
    combinations: u64,
    stride: u64,
}

impl Axes {
    pub(super) fn new(space: &Space, resolution: &Resolution) -> Result<Self, StrategyError> {
        check(space, resolution)?;
        let axes: Vec<_> =
            space.axes().map(|param| places(space, param, resolution.of(param.name()))).collect();
        let combinations = axes
            .iter()
            .try_fold(1_u64, |product, axis| product.checked_mul(axis.len() as u64))
            .ok_or_else(|| unsuitable("the grid has more than 2^64 points".to_owned()))?;
        Ok(Self { axes, combinations, stride: spreading_stride(combinations) })
    }

    pub(super) fn combinations(&self) -> u64 {
        self.combinations
    }

    /// The combination at a place of the order.
    #[expect(clippy::cast_possible_truncation, reason = "remainders are below a Vec's length")]
    pub(super) fn config(&self, space: &Space, place: u64) -> Config {
        let spread = u128::from(place) * u128::from(self.stride) % u128::from(self.combinations);
        let mut index = spread as u64;
        let mut point = vec![0.0; self.axes.len()];
        for (coordinate, axis) in point.iter_mut().zip(&self.axes).rev() {
            let length = axis.len() as u64;
            *coordinate = axis[(index % length) as usize];
            index /= length;
        }
        space.decode(&point)
    }
}

fn check(space: &Space, resolution: &Resolution) -> Result<(), StrategyError> {
    let (names, numbers): (Vec<_>, Vec<_>) = match resolution {
        Resolution::All(all) => (vec![], vec![*all]),
        Resolution::Each(each) => (each.keys().collect(), each.values().copied().collect()),
    };
    if numbers.contains(&0) {
        return Err(unsuitable("a resolution of 0 leaves no values".to_owned()));
    }
    match names.into_iter().find(|name| space.axes().all(|param| param.name() != *name)) {
        Some(name) => Err(unsuitable(format!("`resolution`: there is no parameter `{name}`"))),
        None => Ok(()),
    }
}

fn unsuitable(reason: String) -> StrategyError {
    StrategyError::Unsuitable { strategy: NAME, reason }
}

/// Where the values of a parameter lie in its dimension.
fn places(space: &Space, param: &Param, resolution: u32) -> Vec<f64> {
    let stepped = space.spec().0.get(param.name()).is_some_and(|spec| spec.step.is_some());
    let takes_all = stepped || !param.domain().is_numeric();
    if let Some(levels) = param.domain().levels()
        && (takes_all || levels <= u64::from(resolution))
    {
        return (0..levels)
            .map(|level| param.domain().encode(&param.domain().level(level)))
            .collect();
    }
    let mut places: Vec<f64> = if resolution == 1 {
        vec![0.5]
    } else {
        (0..resolution).map(|k| f64::from(k) / f64::from(resolution - 1)).collect()
    };
    // Two places of an integer on a logarithmic scale may be the same value.
    places.dedup_by_key(|place| param.domain().decode(*place).to_string());
    places
}

/// A step through the numbers below `count` that visits each once and spreads from the start:
/// near the golden section of `count`, and without a common divisor with it (Weyl 1916; the golden
/// section spreads best, Knuth, TAOCP 3, section 6.4).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "any number near the golden section will do"
)]
fn spreading_stride(count: u64) -> u64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let start = ((count as f64 * GOLDEN) as u64).clamp(1, count.max(1));
    (start..=count).find(|stride| divisor(*stride, count) == 1).unwrap_or(1)
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}
