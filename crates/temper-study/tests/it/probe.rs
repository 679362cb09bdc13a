use crate::command::Lab;
use crate::*;
use temper_core::*;

#[test]
fn probe_shift() {
    let whole = open(setup(8), MemoryStorage::new());
    whole.run(&Attempted(parabola), 1).unwrap();
    let study = open(setup(8), MemoryStorage::new());
    let objective = Attempted(|job: &Job, r: &mut dyn Reporter| {
        if job.trial.0 == 3 && job.attempt == 1 {
            return Err(failure(FailureKind::Preempted));
        }
        parabola(job, r)
    });
    study.run(&objective, 1).unwrap();
    let (a, b) = (configs(&whole.history()), configs(&study.history()));
    for (a, b) in a.iter().zip(&b) {
        println!("PROBE {a} {b}");
    }
    assert_eq!(a, b);
}

#[test]
fn probe_cow() {
    let mut lab = Lab::python(
        r#"
import os, time
data = b"x" * 80_000_000
for i in range(4):
    if os.fork() == 0:
        time.sleep(1.5); os._exit(0)
time.sleep(1)
print('{"loss": 1}')
"#,
    );
    lab.settings.memory_limit = Some(200_000_000);
    let h = lab.run();
    assert_eq!(
        states(&h),
        [State::Completed],
        "{:?}",
        trial(&h, 0).failures()
    );
}

#[test]
fn probe_nothing_left_to_do() {
    let lab = Lab::sh(
        r#"
    [ "$TEMPER_RESUME" ] && exit 0
    echo '{"step": 9, "loss": 1}'
    sleep 0.2
    kill -TERM $$
    "#,
    );
    let h = lab.run();
    assert_eq!(
        states(&h),
        [State::Completed],
        "{:?}",
        trial(&h, 0).failures()
    );
}

#[derive(Debug)]
struct Thoughtful;
impl Strategy for Thoughtful {
    fn ask(
        &mut self,
        s: &temper_space::Space,
        h: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        if h.trials().len() == 1 {
            thread::sleep(Duration::from_millis(3000));
        }
        draw(s, rng).map(Next::start)
    }
}
#[test]
fn probe_slow_ask() {
    let storage = MemoryStorage::new();
    let settings = Settings {
        lease: SHORT_LEASE,
        ..Settings::default()
    };
    let a = Study::open(
        setup(2),
        Box::new(Thoughtful),
        None,
        Box::new(storage.clone()),
        settings.clone(),
    )
    .unwrap();
    let b = open_hasty(setup(2), storage.clone());
    thread::scope(|s| {
        s.spawn(|| {
            a.run(
                &Attempted(|_: &Job, _: &mut dyn Reporter| {
                    thread::sleep(Duration::from_millis(3500));
                    Ok(vec![1.0])
                }),
                2,
            )
        });
        wait_until("start", || events(&mut storage.clone()).len() > 1);
        thread::sleep(Duration::from_millis(50));
        b.run(&Attempted(parabola), 1).unwrap();
    });
    let h = history_of(&mut storage.clone());
    for t in h.trials() {
        println!("PROBE {} {:?}", t.attempts().len(), t.failures());
    }
    assert!(h.trials().iter().all(|t| t.attempts().len() == 1));
}

#[test]
fn probe_overwritten_report_file() {
    let lab = Lab::sh(
        r#"
    echo '{"step": 1, "loss": 1}' > $TEMPER_REPORT_FILE; sleep 0.3
    echo '{"step": 2, "loss": 2}' > $TEMPER_REPORT_FILE; sleep 0.3
    "#,
    );
    let h = lab.run();
    assert_eq!(trial(&h, 0).reports().len(), 2);
}

#[test]
fn probe_wrapped_term() {
    let lab = Lab::sh(
        r#"[ "$TEMPER_RESUME" ] || sh -c 'kill -TERM $$; sleep 1'; E=$?; echo '{"loss": 1}'; exit $E"#,
    );
    let h = lab.run();
    assert_eq!(kinds(trial(&h, 0)), [FailureKind::Preempted]);
}

#[test]
fn probe_bad_resume() {
    #[derive(Debug)]
    struct Bad;
    impl Strategy for Bad {
        fn ask(
            &mut self,
            s: &temper_space::Space,
            h: &History,
            rng: &mut Rng,
        ) -> Result<Next, StrategyError> {
            if h.trials().is_empty() {
                return draw(s, rng).map(Next::start);
            }
            Ok(Next::Resume {
                trial: TrialId(0),
                until: None,
            })
        }
    }
    let study = open_strategy(setup(3), Bad, MemoryStorage::new());
    let (tx, rx) = std::sync::mpsc::channel();
    thread::scope(|s| {
        s.spawn(|| {
            let r = study.run(&Attempted(parabola), 1);
            tx.send(r.is_err()).unwrap();
        });
        let got = rx.recv_timeout(Duration::from_secs(3));
        study.interrupt().store(true, Ordering::Relaxed);
        println!("PROBE {got:?}");
        assert!(got.is_ok());
    });
}
