//! Several goals at once.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lab::trials::assert_all_completed;
use crate::{STUDY, lab};

/// The larger `x`, the lower the loss and the speed; kind `b` is slower for nothing.
const TRIAL: &str = r#"
loss=$(awk "BEGIN { print 1 - $1 }")
speed=$(awk "BEGIN { print 100 - 90 * $1 - (\"$2\" == \"b\") * 200 }")
echo "{\"loss\": $loss, \"speed\": $speed}"
"#;

#[test]
fn the_pareto_front_is_marked_and_listed() {
    let goals = r#"objectives = [
    { metric = "loss" },
    { metric = "speed", direction = "maximize" },
]"#;
    let study = STUDY.replace("metric = \"loss\"", goals).replace("\"{x}\"", "\"{x}\", \"{kind}\"");
    let lab = lab(&study.replace("trials = 6", "trials = 12"));
    lab.write("trial.sh", TRIAL);
    let run = lab.temper(&["run", "study.toml"]).ok();
    let trials = assert_all_completed(&lab, 12);
    let values = |trial: &Value| [0, 1].map(|goal| trial["values"][goal].as_f64().unwrap());
    let is_beaten = |trial: &Value| {
        let [loss, speed] = values(trial);
        let beats = |other: &Value| {
            let other = values(other);
            other != [loss, speed] && other[0] <= loss && other[1] >= speed
        };
        trials.values().any(beats)
    };
    let front: BTreeSet<u64> =
        trials.iter().filter(|(_, trial)| !is_beaten(trial)).map(|(id, _)| *id).collect();
    assert!((2..12).contains(&front.len()), "{front:?}");
    for (id, trial) in &trials {
        assert_eq!(trial["pareto"], front.contains(id), "{trial}");
    }
    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert_eq!(best, run.stdout);
    let config: toml::Table = best.parse().expect("it is TOML");
    assert!(config.contains_key("x"));
    let listed: BTreeSet<u64> = best
        .lines()
        .filter_map(|line| line.strip_prefix("#   trial ")?.split_once(':')?.0.parse().ok())
        .collect();
    assert_eq!(listed, front, "{best}");
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    assert_eq!(table.matches('*').count(), front.len(), "{table}");
    let header: Vec<_> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["trial", "state", "loss", "speed", "front", "seconds", "x", "kind"]);
}
