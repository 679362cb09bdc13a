//! What the process has needed.

use std::fs;

/// The most memory that this process has held at once so far, in bytes; `None` where the system
/// does not say. All runs of a process count together.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_grows_with_what_is_held() {
        let before = peak_memory().unwrap();
        let held = vec![1_u8; before as usize + (64 << 20)];
        let after = peak_memory().unwrap();
        assert!(after >= held.len() as u64, "{before} {after}");
    }
}
