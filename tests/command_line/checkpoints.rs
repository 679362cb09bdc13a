//! What stays on the disk of the trainer's trials, and which of them are not started for want of
//! memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::trials;
use crate::trainer::{TRAIN, train_lab};

fn lab_of(from: &str, to: &str) -> Lab {
    let lab = train_lab();
    assert!(TRAIN.contains(from), "{from}");
    lab.write("study.toml", &TRAIN.replace(from, to));
    lab
}

/// The folders of checkpoints, by trial.
fn checkpoints(lab: &Lab) -> BTreeMap<u64, PathBuf> {
    let folder = |id: &u64| lab.path(&format!("study.trials/{id:04}/checkpoints"));
    let all = trials(lab).into_keys().map(|id| (id, folder(&id)));
    all.filter(|(_, folder)| folder.exists()).collect()
}

#[test]
fn the_best_trials_checkpoints_alone_are_kept_and_what_they_take_is_told() {
    let lab = lab_of("trials = 2", "trials = 4");
    let ended = lab.temper(&["run", "study.toml"]).ok();
    let show = lab.show();
    let best = show["best"]["id"].as_u64().unwrap();
    let kept = checkpoints(&lab);
    assert_eq!(kept.keys().copied().collect::<Vec<_>>(), [best]);
    let said = format!("# its model: temper export study.trials/{best:04}/checkpoints FOLDER\n");
    assert!(ended.stdout.contains(&said), "{}", ended.stdout);
    assert!(ended.stderr.contains("\ndisk: "), "{}", ended.stderr);
    let disk = |key: &str| show["disk"][key].as_u64().unwrap();
    assert!(0 < disk("checkpoints") && disk("checkpoints") < disk("trials"));
    assert!(disk("log") > 0);
    let shown = lab.temper(&["show", "study.toml"]).ok().stdout;
    let last = shown.lines().last().unwrap();
    assert!(last.starts_with("disk: ") && last.contains(" and checkpoints "), "{last}");
}

#[test]
fn all_are_kept_where_that_is_asked_for_and_cleaned_once_it_no_longer_is() {
    let lab = lab_of("kind = \"train\"", "kind = \"train\"\nkeep_checkpoints = \"all\"");
    lab.temper(&["run", "study.toml"]).ok();
    assert_eq!(checkpoints(&lab).len(), 2);
    lab.write("study.toml", TRAIN);
    let cleaned = lab.temper(&["clean", "study.toml"]).ok();
    assert!(cleaned.stdout.starts_with("freed "), "{}", cleaned.stdout);
    assert_eq!(checkpoints(&lab).len(), 1);
}

#[test]
fn paused_trials_keep_their_checkpoints_until_the_study_is_cleaned() {
    let pruner = "[pruner]\nname = \"asha\"\nmode = \"promote\"\nmin_steps = 1\neta = 2\n\n[space]";
    let lab = train_lab();
    let study = TRAIN.replace("trials = 2", "trials = 4").replace("[space]", pruner);
    lab.write("study.toml", &study.replace("eval_tokens = 64", "eval_tokens = 64\neval_steps = 1"));
    lab.temper(&["run", "study.toml"]).ok();
    let count = |state: &str| trials(&lab).values().filter(|it| it["state"] == state).count();
    let (paused, completed) = (count("paused"), count("completed"));
    assert!(paused > 0 && completed > 0, "{paused} {completed}");
    assert_eq!(checkpoints(&lab).len(), paused + 1);
    let cleaned = lab.temper(&["clean", "study.toml"]).ok().stdout;
    assert!(cleaned.contains(&format!(", and gave up {paused} paused trial")), "{cleaned}");
    assert_eq!((count("paused"), count("completed")), (0, completed));
    assert_eq!(checkpoints(&lab).len(), 1);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn a_study_whose_budget_is_spent_keeps_what_goes_on_with_more() {
    let lab = train_lab();
    let population =
        "[budget]\ntrain_tokens = 1\n\n[strategy]\nname = \"pbt\"\ninterval = 2\n\n[space]";
    let study = TRAIN.replace("eval_tokens = 64", "eval_tokens = 64\neval_steps = 1");
    let study =
        study.replace("[space]", population).replace("trials = 2", "trials = 2\nworkers = 2");
    lab.write("study.toml", &study);
    lab.temper(&["run", "study.toml"]).with_code(1);
    let count = |state: &str| trials(&lab).values().filter(|it| it["state"] == state).count();
    let paused = count("paused");
    assert!(paused > 0);
    let cleaned = lab.temper(&["clean", "study.toml"]).ok().stdout;
    assert!(cleaned.contains("kept: the checkpoints of"), "{cleaned}");
    assert_eq!(count("paused"), paused);
    lab.write("study.toml", &study.replace("train_tokens = 1\n", "train_tokens = 1e9\n"));
    lab.temper(&["resume", "study.toml"]).ok();
    assert!(count("completed") > 0);
}

#[test]
fn under_early_stopping_the_best_evaluations_checkpoint_is_kept_and_exported() {
    // No evaluation after the first is an improvement by so much.
    let early = "[early_stopping]\npatience = 1\nmin_delta = 100.0\n\n[space]";
    let lab = train_lab();
    let study = TRAIN.replace("max_steps = 4", "max_steps = 40\neval_steps = 1");
    lab.write("study.toml", &study.replace("[space]", early).replace("trials = 2", "trials = 1"));
    lab.temper(&["run", "study.toml"]).ok();
    let trial = &trials(&lab)[&0];
    let reports = trial["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 2, "it ended by itself");
    let best = checkpoints(&lab)[&0].join("best.checkpoint");
    let header = std::fs::read(best).unwrap();
    let header = header.split(|byte| *byte == b'\n').next().unwrap();
    let header: Value = serde_json::from_slice(header).unwrap();
    assert_eq!(header["position"]["report"]["eval_loss"], trial["value"]);
    lab.temper(&["export", "study.trials/0000/checkpoints", "model"]).ok();
}

#[test]
fn a_run_keeps_its_best_evaluation_by_the_metric_that_is_named() {
    let lab = train_lab();
    let evaluated = TRAIN.replace("eval_tokens = 64", "eval_tokens = 64\neval_steps = 1");
    lab.write("study.toml", &evaluated);
    let keep = ["train", "study.toml", "--checkpoints", "kept", "--keep-best"];
    let ended = lab.temper(&keep).ok();
    assert!(ended.stdout.contains("best_checkpoint = \"kept/best.checkpoint\"\n"));
    let highest =
        ["train", "study.toml", "--checkpoints", "high", "--keep-best=eval_loss:maximize"];
    lab.temper(&highest).ok();
    let best = |folder: &str| {
        let header = std::fs::read(lab.path(&format!("{folder}/best.checkpoint"))).unwrap();
        let header = header.split(|byte| *byte == b'\n').next().unwrap();
        let header: Value = serde_json::from_slice(header).unwrap();
        header["position"]["report"]["eval_loss"].as_f64().unwrap()
    };
    assert!(best("high") > best("kept"), "{} {}", best("high"), best("kept"));
    let wrong = ["train", "study.toml", "--checkpoints", "kept", "--keep-best=loss"];
    let wrong = lab.temper(&wrong).with_code(2).stderr;
    assert!(wrong.contains("`loss` is none of eval_loss, accuracy"), "{wrong}");
}

#[test]
fn a_trial_that_certainly_does_not_fit_is_not_started() {
    let lab = lab_of("kind = \"train\"", "kind = \"train\"\nmemory_limit = \"1 MB\"");
    lab.temper(&["run", "study.toml"]).with_code(1);
    for (id, trial) in trials(&lab) {
        assert_eq!(trial["failure"]["kind"], "out_of_memory", "{trial}");
        let message = trial["failure"]["message"].as_str().unwrap();
        assert!(message.starts_with("it would need about "), "{message}");
        assert!(message.ends_with(", and 1 MB are allowed; it was not started"), "{message}");
        assert_eq!(trial["attempts"], 1);
        assert!(!lab.path(&format!("study.trials/{id:04}")).exists());
    }
}

#[test]
fn what_trials_were_measured_to_need_corrects_the_estimate_for_those_to_come() {
    let lab = train_lab();
    lab.temper(&["run", "study.toml"]).ok();
    let peaks = trials(&lab).into_values().map(|trial| trial["peak_memory"].as_u64().unwrap());
    let limit = format!("kind = \"train\"\nmemory_limit = \"{} B\"", peaks.min().unwrap() / 2);
    lab.write("study.toml", &TRAIN.replace("kind = \"train\"", &limit));
    lab.temper(&["resume", "study.toml", "--trials", "3"]).ok();
    let trial = &trials(&lab)[&2];
    let message = trial["failure"]["message"].as_str().unwrap();
    assert!(message.contains(" measured in 2 trials), and "), "{message}");
}
