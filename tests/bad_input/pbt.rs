//! Mistakes in studies that train populations.

use crate::{STUDY, TRAIN, refusals};

#[test]
fn a_mistake_in_a_population_is_pointed_at() {
    let with = |lines: &str| format!("[strategy]\nname = \"pbt\"\n{lines}\n\n[space]");
    let cases = [
        ("nobody to copy", with("population = 1\ninterval = 2")),
        ("more than half", with("quantile = 0.6\ninterval = 2")),
        ("more members than trials", with("population = 900\ninterval = 2")),
        ("an unknown parameter", with("parameters = [\"xx\"]\ninterval = 2")),
        ("an unknown option", with("intervall = 2")),
        (
            "a pruner that promotes",
            with("interval = 2\n[pruner]\nname = \"asha\"\nmode = \"promote\""),
        ),
        ("a confirmation", with("interval = 2\n[confirm]\nseeds = 3")),
        ("early stopping", with("interval = 2\n[early_stopping]\npatience = 3")),
        ("an end by convergence", with("interval = 2\n[budget]\nuntil_converged = true")),
        ("costs", with("interval = 2\n[budget]\ntrain_tokens = 1e6\ncost_aware = true")),
        (
            "stages",
            with(
                "interval = 2\n[[stage]]\nname = \"first\"\ntrials = 5\n[[stage]]\nname = \"second\"",
            ),
        ),
    ];
    let changes: Vec<_> =
        cases.iter().map(|(name, section)| (*name, "[space]", section.as_str())).collect();
    let study = STUDY.replace("[space]", "max_steps = 20\n\n[space]");
    insta::assert_snapshot!(refusals(&study, &changes));
    let (first, second) = (with(""), with("interval = 2"));
    insta::assert_snapshot!(refusals(
        STUDY,
        &[("no interval", "[space]", &first), ("no last step", "[space]", &second)]
    ));
    let restart = with("interval = 2").replace("[strategy]", "pause = \"restart\"\n[strategy]");
    let late = with("interval = 9").replace("[strategy]", "max_steps = 9\n[strategy]");
    insta::assert_snapshot!(refusals(
        STUDY,
        &[("nothing is saved", "[space]", &restart), ("never compared", "[space]", &late)]
    ));
}

#[test]
fn what_can_not_change_in_mid_training_is_pointed_at() {
    let with = |lines: &str| {
        format!(
            "[strategy]\nname = \"pbt\"\ninterval = 2\n{lines}\n[space]\nnum_layers = {{ type = \"int\", low = 1, high = 2 }}"
        )
    };
    let fixed = with("parameters = [\"num_layers\"]");
    insta::assert_snapshot!(refusals(
        &TRAIN.replace("num_layers = 1\n", ""),
        &[("a shape", "[space]", &fixed)]
    ));
}
