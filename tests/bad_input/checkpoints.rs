//! Mistakes in what is said of checkpoints, and programs that find the disk full.

use crate::{STUDY, TRAIN, changed, complaint, lab, refusals};

#[test]
fn a_mistake_in_what_is_kept_is_pointed_at() {
    let keys = |lines: &str| format!("{lines}\nkind = \"command\"");
    let cases = [
        ("whose without what", keys("keep_checkpoints = \"best\"")),
        ("an unknown choice", keys("checkpoints = [\"saved\"]\nkeep_checkpoints = \"last\"")),
        ("no names", keys("checkpoints = []")),
        ("everything", keys("checkpoints = [\"*\"]")),
        ("another folder", keys("checkpoints = [\"saved\", \"../saved\"]")),
        ("a star in the middle", keys("checkpoints = [\"step-*.pt\"]")),
        ("the study's own files", keys("checkpoints = [\"st*\"]")),
        ("a slip", keys("checkpoint = [\"saved\"]")),
    ];
    let changes: Vec<_> =
        cases.iter().map(|(name, keys)| (*name, "kind = \"command\"", keys.as_str())).collect();
    insta::assert_snapshot!(refusals(STUDY, &changes));
}

#[test]
fn where_the_trainer_keeps_its_checkpoints_is_not_chosen() {
    let keys = "kind = \"train\"\ncheckpoints = [\"saved\"]";
    let slip = "kind = \"train\"\nkeep_checkpoints = \"none\"";
    let retries = "[retries]\ndisk_full = -1\n\n[space]";
    insta::assert_snapshot!(refusals(
        TRAIN,
        &[
            ("names", "kind = \"train\"", keys),
            ("an unknown choice", "kind = \"train\"", slip),
            ("fewer than no retries", "[space]", retries),
        ],
    ));
}

#[test]
fn a_clean_that_could_remove_nothing_says_why() {
    let unknown = complaint(&lab(STUDY), &["clean", "study.toml"]);
    let all = "kind = \"command\"\ncheckpoints = [\"saved\"]\nkeep_checkpoints = \"all\"";
    let kept = changed(STUDY, "kind = \"command\"", all);
    let kept = complaint(&lab(&kept), &["clean", "study.toml"]);
    insta::assert_snapshot!(unknown + &kept);
}

#[test]
fn a_disk_that_stays_full_ends_the_run_with_the_way_out() {
    let lab = lab(STUDY);
    lab.write("trial.sh", "head -c 9 /dev/zero > /dev/full");
    let ended = lab.temper(&["run", "study.toml"]).with_code(2);
    assert!(ended.stderr.contains("3 attempts in a row found the disk full"), "{}", ended.stderr);
    assert!(ended.stderr.contains("make room; what was found is safe: temper resume study.toml"));
    lab.write("trial.sh", crate::TRIAL);
    lab.temper(&["resume", "study.toml"]).ok();
    let states = lab.show()["trials"].as_array().unwrap().iter().fold([0; 2], |counts, trial| {
        let [completed, failed] = counts;
        match trial["state"].as_str() {
            Some("completed") => [completed + 1, failed],
            _ => [completed, failed + 1],
        }
    });
    assert_eq!(states, [3, 1]);
}
