//! An asynchronous study whose trials pause and go on, while its runners and trials are killed.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::lab::trials::trials;
use crate::lab::{Lab, Running, trial_processes, wait_until};
use crate::training_ledger::{Entry, Said, assert_no_step_is_trained_twice, entries};
use crate::{assert_nothing_runs, assert_replays, moment, resume};

const TRIALS: u64 = 36;
const LAST_STEP: u64 = 54;
const KILLS: u32 = 20;

/// Rungs at steps 2, 6 and 18.
const STUDY: &str = r#"
[study]
metric = "loss"
trials = 36
workers = 2
seed = 3

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}"]
max_steps = 54
pause = "signal"

[pruner]
name = "asha"
mode = "promote"

[retries]
preempted = 1000
crashed = 1000

[space]
x = { type = "int", low = 0, high = 999 }
"#;

/// Writes each step to a ledger before it is trained, saves every fourth one and when it is asked to
/// end, and reports the step that it goes on from again: that report may have been lost.
const TRIAL: &str = r#"
saved="$TEMPER_TRIAL_DIR/saved"; step=0
tell() { echo "$TEMPER_TRIAL $TEMPER_ATTEMPT $1 $2" >> ledger.log; }
save() { echo $step > "$saved.new"; mv "$saved.new" "$saved"; tell saved $step; }
report() { echo "{\"step\": $step, \"loss\": $((x + 1000 / step))}"; }
x=$1
if [ "$TEMPER_RESUME" ] && [ -e "$saved" ]; then step=$(cat "$saved"); fi
trap 'save; exit 0' TERM
tell process $$
tell begins $step
if [ $step -gt 0 ]; then report; fi
while [ $step -lt 54 ]; do
    tell trains $((step + 1))
    sleep 0.02
    step=$((step + 1))
    if [ $((step % 4)) = 0 ]; then save; fi
    report
done
"#;

fn ledger(lab: &Lab) -> Vec<Entry> {
    entries(&lab.read("ledger.log"))
}

fn steps(lab: &Lab) -> usize {
    ledger(lab).iter().filter(|entry| entry.said == Said::Trains).count()
}

/// Kills the program of a trial, one of those that run; whether there was one.
fn kill_trial(lab: &Lab, number: u32) -> bool {
    let entries = ledger(lab);
    let programs = entries.iter().filter(|entry| entry.said == Said::Process);
    let running = trial_processes(&lab.path("study.trials"));
    let programs: Vec<_> = programs
        .filter_map(|entry| u32::try_from(entry.number).ok())
        .filter(|id| running.contains(id))
        .collect();
    let Some(index) = (number as usize).checked_rem(programs.len()) else { return false };
    let id = i32::try_from(programs[index]).ok().and_then(Pid::from_raw);
    id.is_some_and(|id| kill_process(id, Signal::KILL).is_ok())
}

/// Kills a runner or a trial whenever a few more steps are trained; how many of each.
fn kill_again_and_again(lab: &Lab, runners: &mut Vec<Running>) -> [u32; 2] {
    let mut killed = [0, 0];
    let mut trained = 0;
    for number in 0..KILLS {
        // At most 8 steps: all trials together train 200 and more.
        trained += 2 + (7.0 * moment(number)) as usize;
        wait_until("some steps are trained", || steps(lab) >= trained);
        thread::sleep(Duration::from_millis(20).mul_f64(moment(7 * number))); // within a step
        if number % 2 == 1 && kill_trial(lab, number) {
            killed[1] += 1;
            continue;
        }
        let runner = runners.remove(0);
        runner.kill();
        killed[0] += 1;
        runners.push(resume(lab));
    }
    killed
}

#[test]
fn runners_and_trials_of_a_promoting_study_are_killed_and_nothing_is_lost_or_trained_twice() {
    let lab = Lab::with_study(STUDY);
    lab.write("trial.sh", TRIAL);
    let mut runners = vec![resume(&lab)];
    wait_until("the study has begun", || steps(&lab) > 0);
    runners.push(resume(&lab));
    let [of_runners, of_trials] = kill_again_and_again(&lab, &mut runners);
    assert!(of_runners + of_trials == KILLS && of_trials >= 5, "{of_trials} trials were killed");
    for runner in runners {
        runner.succeed();
    }
    assert_nothing_runs(&lab);
    assert_replays(&lab);
    let trials = trials(&lab);
    assert!(trials.keys().copied().eq(0..TRIALS), "{:?}", trials.keys());
    assert!(trials.values().any(|trial| trial["state"] == "completed"));
    let mut by_trial = BTreeMap::<u64, Vec<Entry>>::new();
    for entry in ledger(&lab) {
        by_trial.entry(entry.trial).or_default().push(entry);
    }
    for (id, trial) in &trials {
        let entries = &by_trial[id];
        assert_no_step_is_trained_twice(entries);
        let attempts = entries.last().map(|entry| entry.attempt);
        assert!(attempts <= trial["attempts"].as_u64(), "trial {id}: {attempts:?}, {trial}");
        // A report that was on its way to a killed runner is lost, and not what was trained.
        let reports = trial["reports"].as_array().expect("`reports` is a list");
        let x = trial["params"]["x"].as_u64().expect("`x` is an integer");
        let mut came_to = 0;
        for report in reports {
            let step = report["step"].as_u64().expect("`step` is an integer");
            assert!(step > came_to, "trial {id}: {reports:?}");
            assert_eq!(report["value"].as_f64(), Some((x + 1000 / step) as f64), "trial {id}");
            came_to = step;
        }
        let trained = entries.iter().filter(|it| it.said == Said::Trains).map(|it| it.number).max();
        match trial["state"].as_str() {
            Some("completed") => {
                assert_eq!((came_to, trained), (LAST_STEP, Some(LAST_STEP)), "trial {id}");
                assert_eq!(trial["value"].as_f64(), Some((x + 1000 / LAST_STEP) as f64));
            }
            Some("paused") => {
                // It may have begun one more step when it was asked to pause.
                assert!(trained.is_some_and(|it| it >= came_to && came_to >= 2), "trial {id}");
            }
            _ => panic!("trial {id}: {trial}"),
        }
    }
}
