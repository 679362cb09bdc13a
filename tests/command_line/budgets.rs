//! What a study's budget does, from its file to what is said at its end.

use crate::{STUDY, lab};

fn with_budget(lines: &str) -> String {
    STUDY.replace("[space]", &format!("[budget]\n{lines}\n\n[space]"))
}

#[test]
fn check_says_what_the_budget_does() {
    let lines = [
        "wall_time = \"8h\"\ncost = 20.0\nprice_per_hour = 2.5\ntarget = 0.1",
        "cost = 3.0\ncost_metric = \"dollars\"\nuntil_converged = true",
        "train_tokens = 1e9\ncost_aware = false\nuntil_converged = 5",
    ];
    let said = lines.map(|lines| {
        let check = lab(&with_budget(lines)).temper(&["check", "study.toml"]).ok();
        let is_of_budget = |line: &&str| line.starts_with("it also") || line.contains("budget");
        check.stdout.lines().filter(is_of_budget).collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_budget_too_small_for_one_trial_says_so_and_the_trial_goes_on_with_more() {
    // An hour costs so much that no time is short enough, and the trial waits for longer.
    let lab = lab(&with_budget("cost = 0.001\nprice_per_hour = 3600"));
    lab.write("trial.sh", "[ -e go ] || sleep 600\necho '{\"loss\": 1}'");
    let run = lab.temper(&["run", "study.toml", "--quiet"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("the budget ended before any trial was complete"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("the budget of 0.001 is spent"), "{}", run.stderr);
    lab.write("go", "");
    lab.write("study.toml", &with_budget("cost = 1e9\nprice_per_hour = 1"));
    let resumed = lab.temper(&["resume", "study.toml"]).ok();
    assert!(resumed.stdout.contains("loss"), "{}", resumed.stdout);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn trials_that_do_not_report_their_cost_fail_and_say_how_to() {
    let lab = lab(&with_budget("cost = 3.0\ncost_metric = \"dollars\""));
    lab.write("trial.sh", "echo '{\"loss\": 1}'");
    lab.temper(&["run", "study.toml", "--trials", "1"]);
    let show = lab.temper(&["show", "study.toml", "0"]).stdout;
    assert!(show.contains("without a report of `dollars`, by which `cost` is counted"), "{show}");
}

#[test]
fn a_search_that_has_converged_says_so_and_replays() {
    let study = with_budget("until_converged = true");
    assert!(study.contains("trials = 6"));
    let study = study.replace("trials = 6", "trials = 100");
    let lab = lab(&study);
    // Noise that follows from the value, as far as anybody can tell.
    lab.write(
        "trial.sh",
        "awk -v x=\"$1\" 'BEGIN { srand(int(x * 1e6)); rand(); \
         print \"{\\\"loss\\\": \" (x - 0.4) ^ 2 + 0.1 * rand() \"}\" }'",
    );
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert!(run.stderr.contains("converged: no configuration is likely to be"), "{}", run.stderr);
    let replayed = lab.temper(&["replay", "study.toml"]).ok();
    assert!(replayed.stdout.contains(" 0 differ"), "{}", replayed.stdout);
}
