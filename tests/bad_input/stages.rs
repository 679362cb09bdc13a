//! Mistakes in `[[stage]]`.

use crate::{STUDY, TRAIN, changed, refusals};

const STAGES: &str = r#"
[[stage]]
name = "coarse"
trials = 2
strategy = { name = "grid", resolution = 2 }

[[stage]]
name = "fine"
around = "best"
shrink = 0.3
"#;

#[test]
fn a_mistake_in_a_stage_is_pointed_at() {
    let study = format!("{STUDY}{STAGES}");
    let refusals = refusals(
        &study,
        &[
            ("nothing to start from", "trials = 2", "trials = 2\naround = \"best\""),
            ("around what there is not", "around = \"best\"", "around = \"default\""),
            ("shrink without around", "around = \"best\"\n", ""),
            ("nothing left", "shrink = 0.3", "shrink = 0.0"),
            ("wider than the whole", "shrink = 0.3", "shrink = 1.5"),
            ("a wider space", "trials = 2", "trials = 2\nspace = { x = { low = -1.0 } }"),
            ("a value outside", "trials = 2", "trials = 2\nspace = { kind = \"c\" }"),
            ("an unknown parameter", "trials = 2", "trials = 2\nspace = { y = { low = 0.5 } }"),
            (
                "an empty range",
                "trials = 2",
                "trials = 2\nspace = { x = { low = 0.5, high = 0.5 } }",
            ),
            ("what can't be narrowed", "trials = 2", "trials = 2\nspace = { x = { log = true } }"),
            ("a setting that is searched", "trials = 2", "trials = 2\nsettings = { x = 0.5 }"),
            ("missing trials", "trials = 2\n", ""),
            ("no trials", "trials = 2", "trials = 0"),
            ("more trials than the study", "trials = 2", "trials = 4"),
            ("another number of trials", "shrink = 0.3", "shrink = 0.3\ntrials = 3"),
            ("two of one name", "\"fine\"", "\"coarse\""),
            ("without a name", "name = \"fine\"\n", ""),
            ("an unknown key", "shrink = 0.3", "shrnk = 0.3"),
            ("an unknown strategy", "\"grid\", resolution = 2", "\"gird\""),
            ("a grid of no parameter", "resolution = 2", "resolution = { y = 2 }"),
            ("one table", "[[stage]]\nname = \"fine\"", "[[stage]]\nname = \"fine\"\nstrategy = 3"),
        ],
    );
    insta::assert_snapshot!(refusals);
}

#[test]
fn a_mistake_in_the_settings_of_a_stage_is_pointed_at() {
    let study = format!("{TRAIN}{STAGES}");
    let study = changed(&study, "trials = 2", "trials = 2\nsettings = { max_steps = 5 }");
    let refusals = refusals(
        &study,
        &[
            ("an unknown setting", "{ max_steps = 5 }", "{ max_step = 5 }"),
            ("a setting out of bounds", "{ max_steps = 5 }", "{ num_heads = 0 }"),
            ("a setting of another type", "{ max_steps = 5 }", "{ max_steps = \"few\" }"),
        ],
    );
    insta::assert_snapshot!(refusals);
}
