//! How much memory the system has left.

use std::fs::read_to_string;

/// Bytes that could be allocated now without anybody being killed for it, as far as the system says: what the kernel holds available,
/// swap included, and what the control group that the process is in still allows. `None` where it does not say.
pub(super) fn available() -> Option<u64> {
    let in_all = read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available_in(&text));
    let in_group = left_in_group(|file| read_to_string(file).ok());
    in_all.into_iter().chain(in_group).min()
}

/// From the text of `/proc/meminfo`.
fn available_in(meminfo: &str) -> Option<u64> {
    let kilobytes = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_end_matches("kB").trim().parse().ok()
    };
    let swap = kilobytes("SwapFree:").unwrap_or(0);
    Some((kilobytes("MemAvailable:")? + swap) * 1024)
}

/// From the files of the group at the root of what the process sees, in the two versions that there are.
fn left_in_group(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let bytes = |file: &str| read(file)?.trim().parse::<u64>().ok();
    let versions = [
        ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"],
        [
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ],
    ];
    let left = versions.map(|[limit, used]| Some(bytes(limit)?.saturating_sub(bytes(used)?)));
    left.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let text = "MemTotal:  100 kB\nMemFree:   7 kB\nMemAvailable:   40 kB\nSwapTotal: 9 kB\nSwapFree:  2 kB\n";
        assert_eq!(available_in(text), Some(42 * 1024));
        assert_eq!(available_in("MemFree: 7 kB\n"), None);
    }

    #[test]
    fn a_group_without_a_limit_has_none() {
        let group = |max: &'static str| {
            move |file: &str| match file {
                "/sys/fs/cgroup/memory.max" => Some(max.to_owned()),
                "/sys/fs/cgroup/memory.current" => Some("300\n".to_owned()),
                _ => None,
            }
        };
        assert_eq!(left_in_group(group("max\n")), None);
        assert_eq!(left_in_group(group("1000\n")), Some(700));
        assert_eq!(left_in_group(group("200\n")), Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_system_says_how_much() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
