//! What trials report: curves of several kinds, drawn by seed.

use rand::RngExt;
use temper_core::{Step, stream};

/// How losses go over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    /// Each falls towards a floor of its own.
    Decaying,
    /// Who begins well ends badly.
    Crossing,
    /// No order from one step to the next.
    Noisy,
    /// Each stays where it began.
    Flat,
    /// All are the same.
    Equal,
    /// The largest numbers there are, and small ones.
    Extreme,
}

pub(crate) const CURVES: &[Curve] =
    &[Curve::Decaying, Curve::Crossing, Curve::Noisy, Curve::Flat, Curve::Equal, Curve::Extreme];

/// What happens to trials besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They report each step to the last.
    Even,
    /// They leave out steps, by chance.
    Uneven,
    /// They are of different lengths.
    Short,
    /// Some fail half way.
    Failing,
    /// Some are preempted, and tried again from a few steps before.
    Preempted,
    /// They report the steps 0, 1 and the largest number.
    Leaping,
}

pub(crate) const FATES: &[Fate] =
    &[Fate::Even, Fate::Uneven, Fate::Short, Fate::Failing, Fate::Preempted];

impl Curve {
    /// The value of the goal at a step: the same however often it is asked for.
    pub(crate) fn at(self, seed: u64, trial: u64, step: Step) -> f64 {
        let mut own = stream(seed, trial);
        let (start, floor, rate): (f64, f64, f64) = (own.random(), own.random(), own.random());
        let mut now = stream(seed ^ 0xC0FE, (trial << 20) ^ step);
        let gone = step as f64;
        match self {
            Self::Decaying => floor + (start + 1.0) * (-rate * gone).exp(),
            Self::Crossing => start + (0.5 - start) * gone / 10.0,
            Self::Noisy => now.random(),
            Self::Flat => floor,
            Self::Equal => 1.0,
            Self::Extreme => {
                [1e300, -1e300, f64::MAX, f64::MIN, 0.0, 1e-300][now.random_range(0..6)]
            }
        }
    }
}
