//! A study that begins with what earlier ones have found.

use crate::lab::trials::{assert_kept, trials};
use crate::{STUDY, lab};

#[test]
fn a_study_begins_with_the_trials_of_an_earlier_one() {
    let lab = lab(STUDY);
    lab.temper(&["run", "study.toml"]).ok();
    let earlier = trials(&lab);
    let next = STUDY
        .replace("\"parabola\"", "\"next\"")
        .replace("trials = 6", "trials = 3")
        .replace("default = 0.5", "default = 0.75")
        .replace("low = 0.0", "low = 0.45")
        .replace("[space]", "[warm_start]\nfrom = \"parabola.db\"\n\n[space]");
    lab.write("study.toml", &next);
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    let run = lab.temper(&["run", "study.toml"]).ok();
    let fit = earlier.values().filter(|trial| trial["params"]["x"].as_f64() >= Some(0.45)).count();
    assert!((1..6).contains(&fit), "the seed gives both kinds");
    let line = format!(
        "warm start: {fit} earlier trials; {0} left out ({0}: `x` was not among 0.45 to 1.0)\n",
        6 - fit
    );
    assert!(checked.contains(&line), "{checked}");
    assert!(run.stderr.starts_with(&line), "{}", run.stderr);
    let begun = trials(&lab);
    assert_eq!(begun.len(), fit + 3, "they cost it none of its own");
    let observed: Vec<_> = begun.values().filter(|trial| trial["origin"] == "observed").collect();
    assert_eq!(observed.len(), fit);
    for trial in observed {
        let note = trial["note"].as_str().expect("it says where it is from");
        let source =
            note.strip_prefix("trial ").and_then(|note| note.strip_suffix(" of parabola.db"));
        let source = &earlier[&source.unwrap().parse().unwrap()];
        assert_eq!((&trial["params"], &trial["value"]), (&source["params"], &source["value"]));
    }
    // Going on takes over nothing again, and does not need the earlier study.
    std::fs::remove_file(lab.path("parabola.db")).unwrap();
    let again = lab.temper(&["resume", "study.toml", "--trials", "5"]).ok();
    assert!(!again.stderr.contains("warm start"), "{}", again.stderr);
    let after = trials(&lab);
    assert_kept(&begun, &after);
    assert_eq!(after.len(), fit + 5);
    lab.temper(&["replay", "study.toml"]).ok();
}
