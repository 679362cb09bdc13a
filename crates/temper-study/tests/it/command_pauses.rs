//! Objectives that are programs: how they pause.

use std::time::Duration;

use temper_core::{FailureKind, History, Next, Rng, State, Strategy, StrategyError, Trial, draw};
use temper_space::Space;
use temper_study::Pausing;

use crate::command_stops::RESUMABLE;
use crate::lab::Lab;
use crate::{kinds, open_strategy, setup, states, trial};

/// Pauses a trial at step 1 and then lets it run to its end.
#[derive(Debug)]
struct PauseOnce;

impl Strategy for PauseOnce {
    fn resumes(&self) -> bool {
        true
    }

    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        let paused = history.in_state(State::Paused).next().map(Trial::id);
        match (history.trials(), paused) {
            ([], _) => Ok(Next::Start {
                config: draw(space, rng)?,
                until: Some(1),
                fork: None,
                note: None,
                stage: None,
            }),
            (_, Some(trial)) => Ok(Next::Resume { trial, until: None, note: None }),
            (_, None) => Ok(Next::Done),
        }
    }
}

/// Runs a trial that is paused at step 1.
fn run(lab: &Lab) -> History {
    let study = open_strategy(setup(1), PauseOnce, lab.storage.clone());
    study.run(&lab.objective(), 1).expect("the study runs");
    study.history()
}

#[test]
fn a_paused_program_is_stopped_and_runs_again_when_it_is_resumed() {
    // The second program ends by itself at the very step of its pause.
    for script in [RESUMABLE, &RESUMABLE.replace("sleep 1000", "exit 0")] {
        let history = run(&Lab::sh(script));
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(trial(&history, 0).loss().unwrap().get(), 1.0);
        assert_eq!(trial(&history, 0).attempts().len(), 2);
    }
}

/// Ends like this where its first attempt is to pause, and well in those that follow.
fn saving(how: &str) -> Lab {
    let mut lab = Lab::sh(&format!(
        r#"
        cd "$TEMPER_TRIAL_DIR"
        if ! [ "$TEMPER_UNTIL" ]; then echo '{{"step": 2, "loss": 1}}'; exit; fi
        save() {{ exit 0; }}
        if [ "$TEMPER_ATTEMPT" = 1 ]; then save() {{ {how}; }}; fi
        trap save TERM
        echo '{{"step": 1, "loss": 9}}'
        while ! [ -e pause ]; do sleep 0.02; done
        save
        "#
    ));
    lab.settings.grace = Duration::from_secs(2);
    lab
}

#[test]
fn a_program_that_fails_as_it_saves_has_not_paused_and_is_tried_again() {
    for (how, kind) in [
        ("exit 3", FailureKind::Crashed),
        ("kill -SEGV $$", FailureKind::Crashed),
        ("echo 'model.pt: No space left on device' >&2; exit 1", FailureKind::DiskFull),
        (r#"echo '{"failure": "disk_full"}'; exit 0"#, FailureKind::DiskFull),
        (r#"echo '{"failure": "disk_full"}' > "$TEMPER_REPORT_FILE"; exit"#, FailureKind::DiskFull),
    ] {
        for pausing in [Pausing::Signal, Pausing::File] {
            let mut lab = saving(how);
            lab.settings.pausing = pausing;
            let history = run(&lab);
            assert_eq!(states(&history), [State::Completed], "{how}");
            assert_eq!(kinds(trial(&history, 0)), [kind], "{how}");
            assert_eq!(trial(&history, 0).attempts().len(), 3, "{how}");
        }
    }
}

#[test]
fn a_program_whose_state_does_not_fit_into_memory_as_it_saves_is_not_tried_again() {
    let history = run(&saving("echo MemoryError >&2; exit 1"));
    assert_eq!(states(&history), [State::Failed]);
    assert_eq!(kinds(trial(&history, 0)), [FailureKind::OutOfMemory]);
}

#[test]
fn a_program_that_crashed_before_it_could_be_asked_to_save_has_crashed() {
    for (pausing, failures) in
        [(Pausing::Signal, &[FailureKind::Crashed][..]), (Pausing::Restart, &[])]
    {
        let mut lab = Lab::sh(
            r#"
            trap '' TERM
            echo '{"step": 1, "loss": 9}'
            [ "$TEMPER_ATTEMPT" = 1 ] && exit 3
            exit 0
            "#,
        );
        lab.settings.pausing = pausing;
        let history = run(&lab);
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(kinds(trial(&history, 0)), failures);
    }
}

#[test]
fn a_program_that_the_signal_ends_or_that_is_killed_after_the_grace_has_paused() {
    for how in ["exit 143", "exit 130", "trap - TERM; kill $$", "trap '' TERM; sleep 1000"] {
        let mut lab = saving(how);
        lab.settings.grace = Duration::from_millis(300);
        let history = run(&lab);
        assert_eq!(states(&history), [State::Completed], "{how}");
        assert_eq!(kinds(trial(&history, 0)), [], "{how}");
        assert_eq!(trial(&history, 0).attempts().len(), 2, "{how}");
    }
}

#[test]
fn a_program_that_can_only_begin_again_pauses_however_it_ends() {
    let mut lab = saving("exit 3");
    lab.settings.pausing = Pausing::Restart;
    assert_eq!(kinds(trial(&run(&lab), 0)), []);
}
