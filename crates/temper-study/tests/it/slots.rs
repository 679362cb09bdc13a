//! Slots, which programs that run at once share out.

use std::collections::BTreeMap;
use std::fs;

use temper_core::State;
use temper_study::Slot;

use crate::lab::Lab;
use crate::{open, setup_of, states};

#[test]
fn programs_that_run_at_once_have_slots_of_their_own() {
    let space = r#"{"x": {"type": "float", "low": 0.0, "high": 1.0}}"#;
    // A slot that is taken twice at once makes mkdir fail.
    let script = r#"
        mkdir "../../$DEVICE" || exit 1
        [ "$DEVICE" = "$(cat slot)" ] || exit 1
        echo "$DEVICE" >> ../../seen
        echo '{"loss": 1}'
        rmdir "../../$DEVICE"
    "#;
    let mut lab = Lab::sh(&format!("cd \"$TEMPER_TRIAL_DIR\"; {script}"));
    let slot = |name: &str| Slot {
        name: name.to_owned(),
        env: BTreeMap::from([("DEVICE".to_owned(), name.to_owned())]),
    };
    lab.settings.slots = ["gpu0", "gpu1"].map(slot).into();
    let study = open(setup_of(space, 12), lab.storage.clone());
    let objective = lab.objective().with_files(Box::new(|_, slot, folder| {
        fs::write(folder.join("slot"), &slot.expect("there are some").name)
    }));
    study.run(&objective, 2).expect("the study runs");
    assert_eq!(states(&study.history()), [State::Completed; 12]);
    let seen = fs::read_to_string(lab.folder.path().join("seen")).unwrap();
    assert_eq!(seen.lines().count(), 12);
    assert!(seen.lines().all(|name| ["gpu0", "gpu1"].contains(&name)), "{seen}");
}
