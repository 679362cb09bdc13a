//! Objectives that are programs: how they are ended, and that nothing of them is left.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use temper_core::{
    FailureKind, History, Job, Judgement, Objective, ObjectiveError, Pruner, Reporter, State, Step,
    TrialId, Verdict,
};
use temper_study::{Settings, Study};

use crate::command_ends::only_failure;
use crate::lab::{Lab, runs};
use crate::{
    Attempted, DEADLINE, Faulty, events, kinds, open, open_hasty, setup, states, trial, wait_until,
};

#[test]
fn a_program_that_hangs_is_ended_with_all_its_descendants() {
    let mut lab = Lab::sh(
        r#"
        cd "$TEMPER_TRIAL_DIR"
        sleep 1000 & echo $! > child
        (trap '' TERM; sleep 1000 & echo $! > deaf; wait) &
        setsid sh -c 'echo $$ > escaped; exec sleep 1000' &
        while ! [ -s escaped ] || ! [ -s deaf ]; do sleep 0.01; done
        echo $$ > program
        echo '{"loss": 1}'
        wait
        "#,
    );
    lab.settings.timeout = Some(Duration::from_secs(2));
    lab.settings.grace = Duration::from_millis(300);
    let failure = only_failure(&lab.run());
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.message, "it ran longer than 2 s");
    for process in ["program", "child", "deaf", "escaped"] {
        wait_until(process, || !runs(&lab.path(process)));
    }
}

#[test]
fn a_program_that_ignores_sigterm_is_killed_after_the_grace() {
    let mut lab = Lab::sh("trap '' TERM; while :; do sleep 0.02; done");
    lab.settings.timeout = Some(Duration::from_millis(200));
    lab.settings.grace = Duration::from_millis(500);
    let history = lab.run();
    assert_eq!(only_failure(&history).kind, FailureKind::Timeout);
    let seconds = trial(&history, 0).seconds();
    assert!((0.7..20.0).contains(&seconds), "{seconds}");
}

#[derive(Debug)]
struct StopAtOnce;

impl Pruner for StopAtOnce {
    fn judge(&self, _: TrialId, _: Step, _: &History) -> Judgement {
        Judgement { verdict: Verdict::Stop, reason: "enough".into() }
    }
}

/// Prunes trial 0 at its first report.
fn prune(lab: &Lab) -> History {
    let study = Study::open(
        setup(1),
        Box::new(temper_strategy::Random),
        Some(Box::new(StopAtOnce)),
        Box::new(lab.storage.clone()),
        Settings::default(),
    )
    .expect("the study opens");
    study.run(&lab.objective(), 1).expect("the study runs");
    study.history()
}

#[test]
fn a_pruned_program_is_asked_to_end_and_may_finish_what_it_does() {
    let lab = Lab::sh(
        r#"
        trap 'sleep 0.2; echo bye > "$TEMPER_TRIAL_DIR/bye"; exit 0' TERM
        echo '{"loss": 1}'
        while :; do sleep 0.02; done
        "#,
    );
    let history = prune(&lab);
    assert_eq!(states(&history), [State::Pruned]);
    assert_eq!(trial(&history, 0).reason(), Some("enough"));
    assert_eq!(lab.read("bye"), "bye\n");
}

#[test]
fn a_program_behind_a_wrapper_that_ends_at_once_has_its_grace_too() {
    let lab = Lab::sh(
        r#"
        sh -c '
            trap "sleep 0.5; echo bye > $TEMPER_TRIAL_DIR/bye; exit 0" TERM
            echo "{\"loss\": 1}"
            while :; do sleep 0.02; done
        '
        echo 'the wrapper has no trap: it ends at once'
        "#,
    );
    assert_eq!(states(&prune(&lab)), [State::Pruned]);
    assert_eq!(lab.read("bye"), "bye\n");
}

#[test]
fn a_program_that_ends_just_when_it_is_pruned_is_pruned() {
    let history = prune(&Lab::sh(r#"echo '{"loss": 1}'"#));
    assert_eq!(states(&history), [State::Pruned]);
}

/// Reports a step and then hangs; when it is resumed, it ends with another value.
pub(crate) const RESUMABLE: &str = r#"
    echo "$$" > "$TEMPER_TRIAL_DIR/pid"
    if [ "$TEMPER_RESUME" ]; then echo '{"step": 2, "loss": 1}'; exit; fi
    echo '{"step": 1, "loss": 9}'
    sleep 1000
"#;

#[test]
fn an_interrupted_program_is_stopped_and_runs_again_when_the_study_is_resumed() {
    let lab = Lab::sh(RESUMABLE);
    let study = open(setup(1), lab.storage.clone());
    let objective = lab.objective();
    thread::scope(|scope| {
        let run = scope.spawn(|| study.run(&objective, 1));
        wait_until("a report", || {
            let history = study.history();
            history.trials().iter().any(|trial| trial.loss().is_some())
        });
        study.interrupt().store(true, Ordering::Relaxed);
        run.join().unwrap().unwrap();
    });
    assert_eq!(states(&study.history()), [State::Waiting]);
    assert!(!runs(&lab.path("pid")));
    let history = lab.run();
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(trial(&history, 0).loss().unwrap().get(), 1.0);
    assert_eq!(trial(&history, 0).reports().len(), 2);
}

#[test]
fn what_an_attempt_left_running_when_its_runner_died_is_killed() {
    let lab = Lab::sh(r#"echo '{"loss": 1}'"#);
    let folder = lab.objective().folders().path(TrialId(0));
    let mut left = Command::new("sleep")
        .arg("1000")
        .env("TEMPER_TRIAL_DIR", &folder)
        .process_group(0)
        .spawn()
        .unwrap();
    let neighbour = folder.with_file_name("00001");
    let mut other =
        Command::new("sleep").arg("1000").env("TEMPER_TRIAL_DIR", neighbour).spawn().unwrap();
    assert_eq!(states(&lab.run()), [State::Completed]);
    assert_eq!(left.wait().unwrap().signal(), Some(libc::SIGKILL));
    assert!(other.try_wait().unwrap().is_none(), "it is no business of ours");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn an_attempt_that_was_taken_over_leaves_the_program_of_its_successor_alone() {
    let lab = Lab::sh(
        r#"
        cd "$TEMPER_TRIAL_DIR"
        echo '{"loss": 1}'
        while ! [ "$TEMPER_RESUME" ] || ! [ -e go ]; do sleep 0.02; done
        "#,
    );
    let storage = Faulty::new(|_| false);
    storage.silent.store(true, Ordering::Relaxed);
    let lost = open_hasty(setup(1), storage.clone());
    let successor = open_hasty(setup(1), storage.inner.clone());
    let (objective, has_ended) = (lab.objective(), AtomicBool::new(false));
    let watched = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        let result = objective.run(job, reporter);
        has_ended.store(true, Ordering::SeqCst);
        result.map_err(|error| match error {
            ObjectiveError::Failed(failure) => failure,
            ObjectiveError::Unable(reason) => panic!("{reason}"),
        })
    });
    thread::scope(|scope| {
        scope.spawn(|| lost.run(&watched, 1));
        wait_until("a report", || events(&mut storage.clone()).len() > 2);
        let takeover = scope.spawn(|| successor.run(&objective, 1));
        wait_until("the takeover", || has_ended.load(Ordering::SeqCst));
        storage.silent.store(false, Ordering::Relaxed);
        fs::write(lab.path("go"), "").unwrap();
        takeover.join().unwrap().unwrap();
    });
    let history = successor.history();
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(kinds(trial(&history, 0)), [FailureKind::Preempted]);
}

#[test]
fn an_attempt_that_was_taken_over_before_it_began_leaves_its_successor_alone() {
    let lab = Lab::sh(
        r#"
        cd "$TEMPER_TRIAL_DIR"
        echo '{"loss": 1}'
        echo $$ > pid
        while ! [ -e go ]; do sleep 0.02; done
        "#,
    );
    let storage = Faulty::new(|_| false);
    storage.silent.store(true, Ordering::Relaxed);
    let lost = open_hasty(setup(1), storage.clone());
    let successor = open_hasty(setup(1), storage.inner.clone());
    let (objective, has_ended) = (lab.objective(), AtomicBool::new(false));
    let suspended = Attempted(|job: &Job, reporter: &mut dyn Reporter| {
        wait_until("the successor's program", || lab.path("pid").exists());
        let deadline = Instant::now() + DEADLINE;
        while reporter.poll().is_continue() {
            assert!(Instant::now() < deadline, "it never learned of that");
            thread::sleep(Duration::from_millis(5));
        }
        let result = objective.run(job, reporter);
        has_ended.store(true, Ordering::SeqCst);
        result.map_err(|error| panic!("{error}"))
    });
    thread::scope(|scope| {
        scope.spawn(|| lost.run(&suspended, 1));
        wait_until("the first attempt", || events(&mut storage.clone()).len() > 1);
        let takeover = scope.spawn(|| successor.run(&objective, 1));
        wait_until("the end of the first attempt", || has_ended.load(Ordering::SeqCst));
        storage.silent.store(false, Ordering::Relaxed);
        fs::write(lab.path("go"), "").unwrap();
        takeover.join().unwrap().unwrap();
    });
    let history = successor.history();
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(kinds(trial(&history, 0)), [FailureKind::Preempted]);
}

#[test]
fn neither_zombies_nor_descriptors_are_left_behind() {
    // A process of its own, so that other tests' children and files are not counted.
    let here = std::env::current_exe().unwrap();
    let status = Command::new(here)
        .args(["--exact", "command_stops::many_ends_in_one_process"])
        .env("COUNT_WHAT_IS_LEFT", "1")
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn many_ends_in_one_process() {
    let count = || {
        let children = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
        (children.split_whitespace().count(), descriptors)
    };
    let before = count();
    for script in [
        r#"echo '{"loss": 1}'"#,
        "sleep 1000 & exit 3",
        r#"setsid sleep 1000 & echo '{"loss": NaN}'; sleep 1000"#,
    ] {
        Lab::sh(script).run();
    }
    if std::env::var_os("COUNT_WHAT_IS_LEFT").is_some() {
        wait_until("the end of what was left", || count() == before);
    }
}
