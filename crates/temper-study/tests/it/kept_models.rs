//! Whose checkpoints stay while it is open which configuration is the best.

use temper_core::{
    Config, Confirm, Confirmation, Event, History, Intake, Lease, Loss, Metrics, Next, Origin,
    Outcome, Rng, Setup, Strategy, StrategyError, TrialId, WorkerId, propose, stream,
};
use temper_space::Space;
use temper_study::needed_checkpoints;

use crate::{setup_of, x};

const SPACE: &str = r#"{"x": {"type": "float", "low": 0, "high": 9, "default": 9}}"#;

/// A strategy that has nothing to propose.
#[derive(Debug)]
struct Silent;

impl Strategy for Silent {
    fn ask(&mut self, _: &Space, _: &History, _: &mut Rng) -> Result<Next, StrategyError> {
        Ok(Next::Done)
    }
}

/// A log that is written by hand.
struct Log {
    space: Space,
    history: History,
}

impl Log {
    fn new(setup: Setup) -> Self {
        let space = Space::new(&setup.space, &setup.require).expect("the test's space is valid");
        let mut log = Self { space, history: History::new() };
        log.add(&Event::Opened(setup));
        log
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).expect("it follows from the log");
    }

    fn run(&mut self, config: Config, origin: Origin, loss: f64, size: f64) -> TrialId {
        let trial = TrialId(self.history.trials().len() as u64);
        let lease = Lease(self.history.len());
        self.add(&Event::Started {
            trial,
            config,
            origin,
            seen: self.history.len(),
            worker: WorkerId::new("a"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        });
        let outcome = Outcome::Completed {
            losses: vec![Loss::new(loss).expect("it is finite")],
            metrics: Metrics::from([("size".to_owned(), size)]),
        };
        self.add(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
        trial
    }

    fn search(&mut self, x: f64, loss: f64) -> TrialId {
        self.run(Config::from_iter([("x", x.into())]), Origin::Strategy, loss, 1.0)
    }

    fn repeat(&mut self, of: TrialId, loss: f64, size: f64) {
        let config = self.history.trial(of).expect("it has run").config().clone();
        let seed = self.history.trials().len() as u32;
        self.run(config, Origin::Repeat { of, seed }, loss, size);
    }

    /// Runs all that is to be confirmed, with these losses at `x`.
    fn confirm(&mut self, loss: impl Fn(f64) -> f64) {
        loop {
            let (space, history) = (&self.space, &self.history);
            let mut rng = stream(7, history.proposals());
            let next = propose(&mut Silent, None, Intake::Closed, space, history, &mut rng);
            let Ok(Next::Repeat { config, origin, .. }) = next else { return };
            let loss = loss(x(&config));
            self.run(config, origin, loss, 1.0);
        }
    }

    fn needed(&self) -> Vec<u64> {
        needed_checkpoints(&self.history).into_iter().map(|id| id.0).collect()
    }

    /// The trial that stands for the winner.
    fn winner(&self) -> Option<TrialId> {
        let confirmation = Confirmation::of(&self.space, &self.history)?;
        Some(confirmation.best(&self.history)?.id())
    }
}

fn confirming(top: u32) -> Setup {
    let confirm = Some(Confirm { seeds: 3, top, target: None });
    Setup { confirm, ..setup_of(SPACE, 4) }
}

#[test]
fn those_that_may_be_confirmed_are_needed_and_then_the_winner_is() {
    let mut log = Log::new(confirming(2));
    for (x, loss) in [(9.0, 8.0), (3.0, 3.0), (2.0, 2.0), (1.0, 1.0)] {
        log.search(x, loss);
    }
    assert_eq!(log.needed(), [0, 2, 3], "the default and the two best");
    log.confirm(|x| if x == 2.0 { 0.0 } else { 1.0 });
    assert_eq!(log.winner(), Some(TrialId(2)));
    assert_eq!(log.needed(), [2, 3], "the winner, and the best as the search saw it");
}

#[test]
fn of_a_default_that_the_search_never_tried_a_run_that_confirms_it_is_needed() {
    let mut log = Log::new(confirming(1));
    log.search(1.0, 1.0);
    assert_eq!(log.needed(), [0]);
    log.confirm(|x| -x);
    let confirms = log.winner().expect("the default is better");
    assert_eq!(log.needed(), [0, confirms.0]);
    let run = log.history.trial(confirms).expect("it ran");
    assert_eq!(x(run.config()), 9.0);
}

#[test]
fn a_lucky_first_run_costs_the_best_no_checkpoint_and_an_unlucky_one_not_its_own() {
    let size = vec!["size <= 5".parse().expect("it is a constraint")];
    let confirm = [None, Some(Confirm { seeds: 3, top: 1, target: None })];
    for confirm in confirm {
        let constraints = size.clone();
        let space = r#"{"x": {"type": "float", "low": 0, "high": 9}}"#;
        let repeating = Setup { repeat: Some(2), constraints, confirm, ..setup_of(space, 4) };
        let mut log = Log::new(repeating);
        let best = log.search(1.0, 1.0);
        log.repeat(best, 1.0, 1.0);
        let lucky = log.search(2.0, 0.0);
        assert_eq!(log.needed(), [best.0, lucky.0]);
        log.repeat(lucky, 9.0, 1.0);
        assert_eq!(log.needed(), [best.0]);
        let breaks = log.search(3.0, 0.0);
        log.repeat(breaks, 0.0, 20.0);
        assert_eq!(log.needed(), [best.0], "it does not keep the constraint in the mean");
        let unlucky = log.search(4.0, 2.0);
        log.repeat(unlucky, -2.0, 1.0);
        assert_eq!(log.needed(), [unlucky.0]);
    }
}
