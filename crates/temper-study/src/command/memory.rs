//! How much memory a process and its children use.

use std::fs;

use rustix::param::page_size;

/// Bytes resident in a process and those that descend from it; 0 where the system does not tell
/// (outside of Linux).
pub(super) fn resident(process: u32) -> u64 {
    let own = fs::read_to_string(format!("/proc/{process}/statm"))
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(0, |pages| pages * page_size() as u64);
    own + children(process).into_iter().map(resident).sum::<u64>()
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// How many processes the kernel has killed so far because memory had run out.
pub(super) fn kernel_kills() -> Option<u64> {
    let statistics = fs::read_to_string("/proc/vmstat").ok()?;
    statistics
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
}
