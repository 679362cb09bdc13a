//! A population whose runner is killed.

use std::thread;
use std::time::Instant;

use crate::lab::Lab;
use crate::lab::trials::trials;
use crate::{assert_nothing_runs, assert_replays, moment, resume, run};

const STUDY: &str = r#"
[study]
metric = "loss"
trials = 4
workers = 2
seed = 3

[objective]
kind = "command"
command = ["sh", "trial.sh"]
max_steps = 6
grace = "5s"

[strategy]
name = "pbt"
interval = 2

[space]
x = { type = "int", low = 1, high = 999 }
"#;

/// Adds its parameter at each step, and saves the sum before it tells it. Where it is to pause it
/// waits until it is asked to, so that a copy begins just there.
const TRIAL: &str = r#"
cd "$TEMPER_TRIAL_DIR"; step=0; sum=0
if [ "$TEMPER_RESUME" ] && [ -e saved ]; then read step sum < saved; fi
told() {
    echo "{\"step\": $step, \"loss\": $sum}"
    while [ "$step" = "$TEMPER_UNTIL" ]; do sleep 0.01; done
}
trap 'exit 0' TERM
if [ "$step" = "$TEMPER_UNTIL" ] || [ "$step" = 6 ]; then told; fi
while [ $step -lt 6 ]; do
    step=$((step + 1)); sum=$((sum + TEMPER_PARAM_X))
    echo $step $sum > saved.new; mv saved.new saved
    sleep 0.01
    told
done
"#;

fn lab() -> Lab {
    let lab = Lab::with_study(STUDY);
    lab.write("trial.sh", TRIAL);
    lab
}

/// Checks that each trial's result is the sum over the schedule that led to it.
fn assert_exact(lab: &Lab) {
    let trials = trials(lab);
    let completed: Vec<_> = trials.values().filter(|it| it["state"] == "completed").collect();
    assert_eq!(completed.len(), 4, "{trials:?}");
    let copies = trials.values().filter(|it| it["fork"].is_object());
    assert_eq!(copies.count(), 2, "{trials:?}");
    for trial in completed {
        let mut sum = 0;
        let mut next = Some(trial);
        let mut end = 6;
        while let Some(trial) = next {
            let fork = &trial["fork"];
            let begin = fork["step"].as_u64().unwrap_or(0);
            sum += (end - begin) * trial["params"]["x"].as_u64().expect("it is whole");
            end = begin;
            next = fork["from"].as_u64().map(|from| &trials[&from]);
        }
        assert_eq!(trial["value"].as_f64(), Some(sum as f64), "{trial}");
    }
}

#[test]
fn a_population_killed_at_ten_moments_comes_to_its_end_and_copies_are_exact() {
    let whole = lab();
    let clock = Instant::now();
    whole.temper(&["run", "study.toml"]).ok();
    let duration = clock.elapsed();
    assert_exact(&whole);
    for number in 0..10 {
        let lab = lab();
        let runner = run(&lab);
        thread::sleep(duration.mul_f64(moment(number)));
        runner.kill();
        resume(&lab).succeed();
        assert_exact(&lab);
        assert_nothing_runs(&lab);
        assert_replays(&lab);
    }
}
