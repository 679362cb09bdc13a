//! Mistakes in what ends or pauses trials.

use crate::{STUDY, TRAIN, changed, lab, refusals};

#[test]
fn a_mistake_in_early_stopping_or_in_a_pruner_is_pointed_at() {
    let early = |lines: &str| format!("[early_stopping]\n{lines}\n\n[space]");
    let pruner = |lines: &str| format!("[pruner]\n{lines}\n\n[space]");
    let cases = [
        ("no patience", early("patience = 0")),
        ("a negative margin", early("min_delta = -0.1")),
        ("an unknown key", early("patiense = 3")),
        ("another direction than the study's", early("direction = \"maximize\"")),
        ("no name", pruner("eta = 3")),
        ("an unknown pruner", pruner("name = \"ahsa\"")),
        ("an unknown option", pruner("name = \"asha\"\netta = 3")),
        ("nobody is left out", pruner("name = \"asha\"\neta = 1")),
        ("rungs before the first step", pruner("name = \"asha\"\nmin_steps = 0")),
        ("rungs behind the last step", pruner("name = \"asha\"\nmin_steps = 9\nmax_steps = 9")),
        ("an unknown mode", pruner("name = \"asha\"\nmode = \"pause\"")),
        ("slices without a last step", pruner("name = \"freeze_thaw\"\nmode = \"promote\"")),
    ];
    let changes: Vec<_> =
        cases.iter().map(|(name, section)| (*name, "[space]", section.as_str())).collect();
    insta::assert_snapshot!(refusals(STUDY, &changes));
}

#[test]
fn a_first_rung_behind_the_last_step_of_every_stage_is_pointed_at() {
    let study = changed(STUDY, "[objective]", "[objective]\nmax_steps = 27");
    let study = changed(&study, "[space]", "[pruner]\nname = \"asha\"\nmin_steps = 9\n\n[space]");
    let changes = [
        ("of asha", "min_steps = 9", "min_steps = 27"),
        ("of hyperband", "\"asha\"\nmin_steps = 9", "\"hyperband\"\nmin_steps = 50"),
    ];
    insta::assert_snapshot!(refusals(&study, &changes));
    let longer = "[[stage]]\nname = \"all\"\nsettings = { max_steps = 100 }\n";
    let lab = lab(&format!("{}{longer}", changed(&study, "min_steps = 9", "min_steps = 27")));
    lab.temper(&["check", "study.toml"]).ok();
}

#[test]
fn early_stopping_watches_what_the_trainer_reports() {
    let section = "[early_stopping]\nmetric = \"eval_los\"\n\n[space]";
    insta::assert_snapshot!(refusals(TRAIN, &[("an unknown metric", "[space]", section)]));
}

#[test]
fn a_mistake_in_the_budget_is_pointed_at() {
    let budget = |lines: &str| format!("[budget]\n{lines}\n\n[space]");
    let cases = [
        ("a time that is none", budget("wall_time = \"soon\"")),
        ("a cost without a price", budget("cost = 20.0")),
        ("a price without a cost", budget("price_per_hour = 2.5")),
        ("nothing to spend", budget("cost = 0\nprice_per_hour = 2.5")),
        ("no tokens", budget("train_tokens = -1")),
        ("a target that is no number", budget("target = nan")),
        ("two prices", budget("cost = 9\nprice_per_hour = 2.5\ncost_metric = \"dollars\"")),
        ("nothing to be aware of", budget("cost_aware = true")),
        ("no result in a row", budget("until_converged = 0")),
        ("no number of results", budget("until_converged = \"soon\"")),
        ("an unknown key", budget("walltime = \"2h\"")),
    ];
    let changes: Vec<_> =
        cases.iter().map(|(name, section)| (*name, "[space]", section.as_str())).collect();
    insta::assert_snapshot!(refusals(STUDY, &changes));
}

#[test]
fn a_search_with_several_goals_or_stages_has_no_convergence() {
    let goals = "objectives = [{ metric = \"loss\" }, { metric = \"size\" }]";
    let converging = "[budget]\nuntil_converged = true\n\n";
    let several = STUDY
        .replace("metric = \"loss\"", goals)
        .replace("[space]", &format!("{converging}[space]"));
    insta::assert_snapshot!(refusals(&several, &[("several goals", "[space]", "[space]")]));
    let stages = "[[stage]]\nname = \"coarse\"\ntrials = 4\n\n";
    let section = format!("{converging}{stages}[space]");
    insta::assert_snapshot!(refusals(STUDY, &[("stages", "[space]", section.as_str())]));
}

#[test]
fn the_cost_of_a_trial_is_a_metric_that_the_trainer_reports() {
    let section = "[budget]\ncost_metric = \"dollars\"\n\n[space]";
    insta::assert_snapshot!(refusals(TRAIN, &[("an unknown metric", "[space]", section)]));
}
