//! How much memory a process and its children use.

use std::fs;

use rustix::param::page_size;

/// Bytes resident in a process and those that descend from it; 0 where the system does not tell
/// (outside of Linux). What several of them share counts for each.
pub(super) fn resident(process: u32) -> u64 {
    sum(process, resident_alone)
}

/// As [`resident`], but what they share counts once: a parent and the children that it forked have
/// most of their pages in common. The kernel takes longer to tell.
pub(super) fn shared_once(process: u32) -> u64 {
    sum(process, |process| proportional(process).unwrap_or_else(|| resident_alone(process)))
}

/// The sum over a process and those that descend from it.
fn sum(process: u32, bytes: fn(u32) -> u64) -> u64 {
    let descendants = children(process).into_iter();
    bytes(process) + descendants.map(|child| sum(child, bytes)).sum::<u64>()
}

fn resident_alone(process: u32) -> u64 {
    fs::read_to_string(format!("/proc/{process}/statm"))
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(0, |pages| pages * page_size() as u64)
}

/// The kernel's "proportional set size": a page that n processes share counts 1/n in each.
fn proportional(process: u32) -> Option<u64> {
    let summary = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let kibibytes = summary.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(kibibytes.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// How many processes the kernel has killed so far because memory had run out.
pub(super) fn kernel_kills() -> Option<u64> {
    let statistics = fs::read_to_string("/proc/vmstat").ok()?;
    statistics.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
}
