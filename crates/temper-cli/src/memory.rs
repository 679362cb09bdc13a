//! Whether a training run fits into this machine's memory.

mod correction;

use std::fs;
use std::path::Path;

use temper_train::{Device, MemoryEstimate, TrainConfig};

use crate::say::say;

pub(crate) use correction::Correction;

/// What a run needs and what there is, in bytes.
pub(crate) struct Room {
    pub(crate) needed: u64,
    /// `None` where the system does not say.
    pub(crate) free: Option<u64>,
}

impl Room {
    /// That of a run on the CPU whose paths are absolute; `None` where it can't be estimated, as
    /// on other devices, whose memory is their own.
    pub(crate) fn of(config: &TrainConfig) -> Option<Room> {
        Some(Room { needed: estimate(config)?.peak(), free: free_memory() })
    }

    /// Says so where `runs` of them at once do not fit.
    pub(crate) fn warn(&self, runs: u64) {
        let Some(free) = self.free.filter(|free| self.needed.saturating_mul(runs) > *free) else {
            return;
        };
        let needed = in_words(self.needed.saturating_mul(runs));
        let who = if runs == 1 { "it".to_owned() } else { format!("{runs} at once") };
        say(format!(
            "warning: {who} will need about {needed} of memory, and {} are free; a smaller \
             `micro_batch_size` needs less",
            in_words(free)
        ));
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "needs about {} of memory", in_words(self.needed))
    }
}

/// What a run on the CPU needs whose paths are absolute.
pub(crate) fn estimate(config: &TrainConfig) -> Option<MemoryEstimate> {
    let root = Path::new("/");
    let config = config.completed(root).ok().filter(|config| config.device == Device::Cpu)?;
    let files = config.find_data(root).ok()?;
    let bytes = files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len());
    config.estimated_memory(bytes.sum()).ok()
}

/// The memory that programs may still take without others being moved out.
fn free_memory() -> Option<u64> {
    told("MemAvailable:")
}

/// The memory that this machine, or this container, has.
pub(crate) fn memory_of_machine() -> Option<u64> {
    let of_container = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let of_container = of_container.and_then(|text| text.trim().parse().ok());
    Some(told("MemTotal:")?.min(of_container.unwrap_or(u64::MAX)))
}

/// What the kernel says under this name, in bytes.
fn told(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

pub(crate) fn in_words(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", bytes as f64 / 1e9),
        1_000_000.. => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.0} kB", bytes as f64 / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_in_units_of_their_size() {
        assert_eq!(in_words(118_400_000), "118 MB");
        assert_eq!(in_words(12_340_000_000), "12.3 GB");
        assert_eq!(in_words(40_960), "41 kB");
    }
}
