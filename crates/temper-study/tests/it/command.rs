//! Objectives that are programs: what they are given and how they report.

use std::fs;
use std::ops::ControlFlow;

use temper_core::{
    Config, FailureKind, Halt, History, Job, Metrics, Objective, Reporter, State, Step, TrialId,
};

use temper_study::StudyError;

use crate::lab::{Lab, escaped};
use crate::{open, open_hasty, setup, setup_of, start_as_lost_worker, states, trial};

/// The steps and values that trial 0 reported.
fn reports(history: &History) -> Vec<(Step, f64)> {
    trial(history, 0).reports().iter().map(|report| (report.step, report.losses[0].get())).collect()
}

/// The result of trial 0, which has completed.
#[track_caller]
fn result(history: &History) -> f64 {
    let trial = trial(history, 0);
    assert_eq!(trial.state(), State::Completed, "{:?}", trial.failures());
    trial.loss().expect("it has completed").get()
}

#[test]
fn a_program_gets_its_parameters_in_arguments_environment_and_a_file() {
    let space = r#"{
        "lr": {"type": "float", "low": 1e-6, "high": 1e-3, "log": true},
        "optimizer": {"type": "choice", "values": ["a b", "c'd"]},
        "layers": {"type": "const", "value": 3}
    }"#;
    let script = r#"
        printf '%s|' "$@" > "$TEMPER_TRIAL_DIR/arguments"
        printf '%s|' "$TEMPER_PARAM_LR" "$TEMPER_PARAM_OPTIMIZER" "$TEMPER_PARAM_LAYERS" \
            "$TEMPER_TRIAL" "$TEMPER_SEED" "$TEMPER_RESUME" "$EXTRA" > "$TEMPER_TRIAL_DIR/env"
        cp "$TEMPER_PARAMS_FILE" "$TEMPER_TRIAL_DIR/copy"
        pwd > "$TEMPER_TRIAL_DIR/pwd"
        echo '{"loss": 1}'
    "#;
    let mut lab = Lab::new(&[
        "/bin/sh",
        "-c",
        &escaped(script),
        "sh",
        "--lr={lr}",
        "{optimizer}",
        "--absent",
        "{absent}",
        "{trial_dir}",
    ]);
    lab.settings.env.insert("EXTRA".into(), "extra".into());
    let history = lab.run_study(setup_of(space, 1));
    result(&history);
    let config = trial(&history, 0).config();
    let (lr, optimizer) = (config.get("lr").unwrap(), config.get("optimizer").unwrap());
    let folder = lab.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    assert_eq!(lab.read("arguments"), format!("--lr={lr}|{optimizer}|{folder}|"));
    let env = lab.read("env");
    assert!(env.starts_with(&format!("{lr}|{optimizer}|3|0|")), "{env}");
    assert!(env.ends_with("||extra|"), "{env}");
    let file: Config = serde_json::from_str(&lab.read("copy")).unwrap();
    assert_eq!(&file, config);
    let pwd = fs::canonicalize(lab.folder.path()).unwrap();
    assert_eq!(lab.read("pwd").trim_end(), pwd.to_str().unwrap());
}

#[test]
fn the_last_report_on_stdout_counts_and_other_output_is_ignored() {
    let history = Lab::sh(
        r#"
        echo 'epoch 1'; echo '{"note": "no loss here"}'; echo '{"loss": '; echo '[1]' >&2
        echo '{"loss": 99}' >&2
        echo '{"step": 10, "loss": 3, "tokens": 512}'
        echo '{"step": 20, "loss": 2.5}'
        printf '{"step": 30, "loss": 2.75}' # without an end of line
        "#,
    )
    .run();
    assert_eq!(reports(&history), [(10, 3.0), (20, 2.5), (30, 2.75)]);
    assert_eq!(result(&history), 2.75);
    let metrics = &trial(&history, 0).reports()[0].metrics;
    assert_eq!(*metrics, Metrics::from([("tokens".to_owned(), 512.0)]));
}

#[test]
fn reports_in_the_report_file_count_as_those_on_stdout() {
    let history = Lab::sh(
        r#"
        echo '{"loss": 3}' >> "$TEMPER_REPORT_FILE"
        printf 'noise\n{"loss": 2' >> "$TEMPER_REPORT_FILE"
        printf '.5}\n{"loss": 2.75}' >> "$TEMPER_REPORT_FILE"
        "#,
    )
    .run();
    assert_eq!(reports(&history), [(1, 3.0), (2, 2.5), (3, 2.75)]);
    assert_eq!(result(&history), 2.75);
}

#[test]
fn a_report_file_written_at_once_is_never_missed() {
    let lab = Lab::sh(r#"echo '{"loss": 3}' > "$TEMPER_REPORT_FILE""#);
    let study = open(setup(120), lab.storage.clone());
    study.run(&lab.objective(), 4).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 120]);
}

#[test]
fn the_folder_survives_a_retry_which_is_told_to_resume() {
    let lab = Lab::sh(
        r#"
        echo "attempt ${TEMPER_RESUME:-new}, known ${TEMPER_REPORTED:-none}" >> \
            "$TEMPER_TRIAL_DIR/attempts"
        echo '{"step": 1, "loss": 5}' >> "$TEMPER_REPORT_FILE"
        if [ "$TEMPER_RESUME" = 1 ]; then
            echo "{\"loss\": $(cat "$TEMPER_TRIAL_DIR/checkpoint")}" >> "$TEMPER_REPORT_FILE"
        else
            echo 0.5 > "$TEMPER_TRIAL_DIR/checkpoint"; exit 3
        fi
        "#,
    );
    let history = lab.run();
    assert_eq!(result(&history), 0.5);
    assert_eq!(lab.read("attempts"), "attempt new, known none\nattempt 1, known 1\n");
    assert_eq!(trial(&history, 0).failures()[0].exit_code, Some(3));
    // Both attempts reported step 1, once each: the file is not read again from its start.
    assert_eq!(reports(&history), [(1, 5.0), (2, 0.5)]);
}

#[test]
fn output_that_is_not_text_and_lines_without_end_do_no_harm() {
    let lab = Lab::python(
        r#"
import sys
out = sys.stdout.buffer
out.write(b"\xff\xfe{\"loss\": 7}\n\x00\x80\n")
out.write(b"{" + b"x" * 3_000_000 + b"\n")
out.write(b"\xc3(" * 1_500_000 + b"\n")
out.write(b'{"step": 1, "loss": 2, "note": "\xff"}\n')
sys.stderr.buffer.write(b"\xff" * 10_000)
"#,
    );
    let history = lab.run();
    assert_eq!(reports(&history), [(1, 2.0)]);
    assert!(fs::metadata(lab.path("stdout.log")).unwrap().len() > 6_000_000);
}

#[test]
fn a_report_file_that_is_not_text_does_no_harm() {
    let history = Lab::python(
        r#"
import os
with open(os.environ["TEMPER_REPORT_FILE"], "ab") as file:
    file.write(b"\xff\n" + b"y" * 3_000_000 + b'\n{"step": 2, "loss": 1.5}\n')
"#,
    )
    .run();
    assert_eq!(reports(&history), [(2, 1.5)]);
}

#[test]
fn a_program_that_floods_its_output_is_not_held_up() {
    let history = Lab::python(
        r#"
for i in range(20_000):
    print('{"note": ' + str(i) + '}')
print('{"loss": 1}')
"#,
    )
    .run();
    assert_eq!(result(&history), 1.0);
    let seconds = trial(&history, 0).seconds();
    assert!(seconds < 20.0, "{seconds}");
}

#[test]
fn a_program_that_closes_its_stdout_runs_on() {
    let history = Lab::sh(
        r#"
        echo '{"step": 1, "loss": 3}'
        exec >&- 2>&-
        sleep 0.5
        echo '{"step": 2, "loss": 2}' >> "$TEMPER_REPORT_FILE"
        "#,
    )
    .run();
    assert_eq!(reports(&history), [(1, 3.0), (2, 2.0)]);
    assert!(trial(&history, 0).seconds() >= 0.5);
}

#[test]
fn output_that_trails_behind_the_end_is_read() {
    let history = Lab::sh(
        r#"
        (sleep 0.2; echo '{"loss": 2}') &
        echo '{"loss": 3}'
        "#,
    )
    .run();
    assert_eq!(result(&history), 2.0);
}

#[test]
fn a_process_that_is_left_behind_and_never_stops_writing_does_not_hold_up_the_study() {
    let history = Lab::sh(
        r#"
        (while :; do echo '{}'; done) &
        echo '{"loss": 3}'
        "#,
    )
    .run();
    assert_eq!(result(&history), 3.0);
}

/// A reporter for an objective that is run without a study.
struct Listening;

impl Reporter for Listening {
    fn report(&mut self, _: Step, _: &[f64], _: &Metrics) -> ControlFlow<Halt> {
        ControlFlow::Continue(())
    }

    fn poll(&mut self) -> ControlFlow<Halt> {
        ControlFlow::Continue(())
    }

    fn forked(&mut self) -> ControlFlow<Halt> {
        ControlFlow::Continue(())
    }

    fn memory(&mut self, _: u64) {}
}

fn first_job(config: &Config) -> Job {
    Job {
        trial: TrialId(0),
        attempt: 1,
        reported: None,
        config: config.clone(),
        is_repeat: false,
        seed: 1,
        until: None,
        fork: None,
        begins_after: 0,
        settings: Config::new(),
    }
}

#[test]
fn a_program_that_ended_well_is_not_run_again_if_its_runner_was_lost() {
    let mut lab = Lab::sh(
        r#"
        echo ran >> "$TEMPER_TRIAL_DIR/runs"
        echo '{"loss": 1.5}'
        "#,
    );
    let config = Config::from_iter([("x", 0.5.into())]);
    let values = lab.objective().run(&first_job(&config), &mut Listening);
    assert_eq!(values, Ok(vec![1.5]));
    // The runner is lost before it can record that; another one takes over.
    let study = open_hasty(setup(1), lab.storage.clone());
    start_as_lost_worker(&mut lab.storage, config);
    study.run(&lab.objective(), 1).unwrap();
    assert_eq!(result(&study.history()), 1.5);
    assert_eq!(lab.read("runs"), "ran\n");
}

#[test]
fn what_a_study_of_the_same_name_left_in_the_folder_is_not_taken_for_a_result() {
    let lab = Lab::sh(r#"echo ran >> "$TEMPER_TRIAL_DIR/runs"; echo '{"loss": 1.5}'"#);
    let objective = lab.objective();
    let config = |x: f64| Config::from_iter([("x", x.into())]);
    for x in [0.5, 0.5, 0.7] {
        let values = objective.run(&first_job(&config(x)), &mut Listening);
        assert_eq!(values, Ok(vec![1.5]));
        assert_eq!(lab.read("runs"), "ran\n");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_a_crash_that_names_it() {
    let history = Lab::new(&["/no/such/program", "--lr={x}"]).run();
    let failure = trial(&history, 0).failure().unwrap();
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert!(failure.message.contains("`/no/such/program`"), "{failure}");
}

#[test]
fn a_folder_that_cannot_be_made_ends_the_run_and_costs_no_trial() {
    let lab = Lab::sh("echo '{\"loss\": 1.5}'");
    let folder = lab.objective().folders().path(TrialId(0));
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let study = open(setup(2), lab.storage.clone());
    let error = study.run(&lab.objective(), 1).unwrap_err();
    assert!(matches!(error, StudyError::Unable { trial: TrialId(0), .. }), "{error}");
    drop(study);
    fs::remove_file(folder).unwrap();
    let study = open_hasty(setup(2), lab.storage.clone());
    study.run(&lab.objective(), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 2]);
}

#[test]
fn a_program_that_asks_for_it_is_told_after_each_report_to_go_on() {
    let script = r#"
        for step in 1 2 3; do
            echo "{\"step\": $step, \"loss\": $step}"
            read told || exit 1
            echo "$told" >> "$TEMPER_TRIAL_DIR/told"
        done
    "#;
    let mut lab = Lab::sh(script);
    lab.settings.acknowledges = true;
    assert_eq!(result(&lab.run()), 3.0);
    assert_eq!(fs::read_to_string(lab.path("told")).unwrap(), "1\n2\n3\n");
}

#[test]
fn a_program_that_can_run_no_trial_ends_the_run_and_its_trial_goes_on_later() {
    let script = r#"
        test -e "$PWD/mended" && { echo '{"loss": 4}'; exit; }
        echo '{"failure": "unable", "message": "there is no server"}'
        exit 1
    "#;
    let lab = Lab::sh(script);
    let study = open(setup(2), lab.storage.clone());
    let error = study.run(&lab.objective(), 1).unwrap_err();
    assert_eq!(error.to_string(), "trial 0 can't be run: there is no server");
    drop(study);
    fs::write(lab.path("../../mended"), "").unwrap();
    let study = open_hasty(setup(2), lab.storage.clone());
    study.run(&lab.objective(), 1).unwrap();
    assert_eq!(states(&study.history()), [State::Completed; 2]);
}
