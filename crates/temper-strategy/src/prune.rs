//! The pruners, one file each.

pub(crate) mod asha;
pub(crate) mod freeze_thaw;
mod halving;
pub(crate) mod hyperband;
pub(crate) mod median;

pub use asha::{Asha, AshaOptions};
pub use freeze_thaw::{FreezeThaw, FreezeThawOptions};
pub use halving::Mode;
pub use hyperband::Hyperband;
pub use median::{Median, MedianOptions};

use temper_core::{Goal, History, Loss};

/// A primary loss in the user's direction, with the metric's name: "accuracy 0.8".
fn told(history: &History, loss: Loss) -> String {
    let metric = goal(history).map_or("loss", |goal| &goal.metric);
    format!("{metric} {}", value(history, loss))
}

/// A primary loss in the user's direction.
fn value(history: &History, loss: Loss) -> f64 {
    goal(history).map_or(loss.get(), |goal| goal.value(loss))
}

fn goal(history: &History) -> Option<&Goal> {
    history.setup().and_then(|setup| setup.goals.first())
}
