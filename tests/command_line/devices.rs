//! Devices: listed, shared out among trials, and missing.

use std::collections::BTreeSet;

use crate::lab::Lab;
use crate::lab::trials::assert_all_completed;
use crate::trainer::{TRAIN, train_lab};

const STUDY: &str = r#"[study]
metric = "loss"
trials = 6

[objective]
kind = "command"
command = ["sh", "trial.sh"]
devices = ["cuda:0", "cuda:3", "mps"]

[space]
x = { type = "float", low = 0.0, high = 1.0 }
"#;

#[test]
fn devices_are_listed_with_what_is_missing() {
    let ended = Lab::new().temper(&["devices"]).ok();
    let lines: Vec<&str> = ended.stdout.lines().map(str::trim).collect();
    let cpu = lines.iter().find(|line| line.starts_with("cpu ")).expect("there is a CPU");
    assert!(cpu.ends_with("threads"), "{cpu}");
    for kind in ["wgpu ", "cuda "] {
        assert!(lines.iter().any(|line| line.starts_with(kind)), "{}", ended.stdout);
    }
    assert!(lines.last().is_some_and(|line| line.starts_with("auto is ")), "{}", ended.stdout);
}

#[test]
fn programs_are_told_their_devices_and_run_as_many_as_there_are() {
    let lab = Lab::with_study(STUDY);
    lab.write(
        "trial.sh",
        r#"
mkdir "lock-$TEMPER_DEVICE" || exit 3
echo "$TEMPER_DEVICE $CUDA_VISIBLE_DEVICES" >> told
echo '{"loss": 1}'
rmdir "lock-$TEMPER_DEVICE"
"#,
    );
    let run = |arguments: &[&str]| {
        let mut command = lab.command(arguments);
        command.env_remove("CUDA_VISIBLE_DEVICES");
        crate::lab::end(command.spawn())
    };
    let checked = run(&["check", "study.toml"]).ok();
    assert!(checked.stdout.contains("3 at once"), "{}", checked.stdout);
    run(&["run", "study.toml"]).ok();
    assert_all_completed(&lab, 6);
    let told = lab.read("told");
    let told: BTreeSet<&str> = told.lines().map(str::trim).collect();
    assert!(told.is_subset(&BTreeSet::from(["cuda:0 0", "cuda:3 3", "mps"])), "{told:?}");
    // Within the GPUs that the study was given itself.
    let mut command = lab.command(&["check", "study.toml"]);
    let ended = crate::lab::end(command.env("CUDA_VISIBLE_DEVICES", "4,7").spawn()).with_code(2);
    assert!(
        ended.stderr.contains("`cuda:3` is not among the 2 of CUDA_VISIBLE_DEVICES"),
        "{}",
        ended.stderr
    );
}

#[test]
fn trials_of_the_trainer_get_devices_from_the_list() {
    let lab = train_lab();
    let devices = "kind = \"train\"\ndevices = [\"cpu\"]\ntrials_per_device = 2";
    lab.write("study.toml", &TRAIN.replace("kind = \"train\"", devices));
    let checked = lab.temper(&["check", "study.toml"]).ok();
    assert!(checked.stdout.contains("2 at once"), "{}", checked.stdout);
    let ended = lab.temper(&["run", "study.toml"]).ok();
    assert_all_completed(&lab, 2);
    assert!(lab.read("study.trials/0000/config.toml").contains("device = \"cpu\""));
    let best: toml::Table = ended.stdout.parse().expect("stdout is TOML");
    assert_eq!(best["device"].as_str(), Some("cpu"));
    let trained = lab.temper(&["train", "study.toml"]).ok();
    assert!(trained.stdout.lines().any(|line| line == "device = \"cpu\""), "{}", trained.stdout);
}

#[test]
fn auto_says_what_it_comes_to() {
    let trained = train_lab().temper(&["train", "study.toml", "--set", "device=auto"]).ok();
    let line = trained.stdout.lines().find(|line| line.starts_with("device = ")).unwrap();
    let chosen = line.trim_start_matches("device = ").trim_matches('"');
    assert_ne!(chosen, "auto");
    // Drivers have words of their own.
    let said = format!("auto: {chosen}");
    assert!(trained.stderr.lines().any(|line| line == said), "{}", trained.stderr);
}

#[test]
fn mistakes_in_lists_of_devices_are_told_with_the_way_out() {
    let of_program =
        |list: &str| STUDY.replace("devices = [\"cuda:0\", \"cuda:3\", \"mps\"]", list);
    let of_trainer =
        |list: &str| TRAIN.replace("kind = \"train\"", &format!("kind = \"train\"\n{list}"));
    let too_many = of_program("devices = [\"a\"]\ntrials_per_device = 2");
    let too_many = too_many.replace("trials = 6", "trials = 6\nworkers = 3");
    let param = of_trainer("devices = [\"cpu\"]").replace(
        "[space]",
        "[space]\ndevice = { type = \"choice\", values = [\"cpu\", \"cuda\"] }",
    );
    for (study, said) in [
        (of_program("devices = []"), "`devices` names none"),
        (of_program("devices = [\"a\", \"\"]"), "a device has no name"),
        (of_program("devices = [\"cuda\", \"cuda:0\"]"), "`cuda:0` is named twice"),
        (of_program("trials_per_device = 2"), "`trials_per_device` stands without `devices`"),
        (of_program("devices = [\"a\"]\ntrials_per_device = 0"), "`trials_per_device` is 0"),
        (too_many, "3 trials at once are too many: `devices` has room for 2"),
        (of_trainer("devices = [\"gpu\"]"), "`gpu` is no device"),
        (of_trainer("devices = [\"auto\"]"), "`auto` is not one of several devices"),
        (of_trainer("devices = [\"cpu\"]\ndevice = \"cpu\""), "`device` stands beside `devices`"),
        (of_trainer("device = \"cuda:x\""), "`cuda:x` is no device"),
        (param, "the parameter `device` stands beside `devices`"),
    ] {
        let ended = Lab::with_study(&study).temper(&["check", "study.toml"]).with_code(2);
        let stderr = ended.stderr.replace("\n  │ ", " ");
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn a_study_is_looked_at_where_its_devices_are_not() {
    let lab = train_lab();
    lab.temper(&["run", "study.toml"]).ok();
    let missing = "kind = \"train\"\ndevices = [\"cuda:98\", \"cuda:99\"]";
    lab.write("study.toml", &TRAIN.replace("kind = \"train\"", missing));
    let ended = lab.temper(&["check", "study.toml"]).with_code(2);
    assert!(ended.stderr.contains("cuda") && ended.stderr.contains("help"), "{}", ended.stderr);
    lab.temper(&["show", "study.toml"]).ok();
}
