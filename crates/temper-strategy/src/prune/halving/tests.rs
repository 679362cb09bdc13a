use rand::RngExt;
use temper_core::{
    Config, Event, Failure, FailureKind, Lease, Metrics, Origin, Outcome, WorkerId, stream,
};

use super::*;

/// A log in the making; the worker of each trial is its own.
#[derive(Default)]
struct Log(History);

impl Log {
    fn add(&mut self, event: &Event) {
        self.0.apply(event).unwrap();
    }

    fn start(&mut self, until: Option<Step>) -> TrialId {
        let trial = TrialId(self.0.trials().len() as u64);
        let (config, origin, seen) = (Config::default(), Origin::Strategy, self.0.len());
        let (worker, fork, note) = (WorkerId::new("a"), None, None);
        self.add(&Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until,
            fork,
            note,
            stage: None,
        });
        trial
    }

    fn lease(&self, trial: TrialId) -> Lease {
        self.0.trial(trial).unwrap().attempts().last().unwrap().lease
    }

    fn report(&mut self, trial: TrialId, step: Step, loss: f64) {
        let (lease, metrics) = (self.lease(trial), Metrics::new());
        let losses = vec![Loss::new(loss).unwrap()];
        self.add(&Event::Reported { trial, lease, step, losses, metrics });
    }

    fn end(&mut self, trial: TrialId, outcome: Outcome) {
        let lease = self.lease(trial);
        self.add(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }

    /// Goes on with a paused trial.
    fn resume(&mut self, promotion: &Promotion) {
        let (trial, until) = (promotion.trial, promotion.until);
        let (seen, worker, note) = (Some(self.0.len()), WorkerId::new("a"), None);
        self.add(&Event::Continued { trial, seen, worker, until, note });
    }

    /// A trial that ran to the first rung and paused there.
    fn paused(&mut self, step: Step, loss: f64) -> TrialId {
        let trial = self.start(Some(step));
        self.report(trial, step, loss);
        self.end(trial, Outcome::Paused);
        trial
    }
}

fn halving(min_steps: Option<Step>, eta: u32, max_steps: Option<Step>) -> Halving {
    Halving::new(min_steps, NonZeroU32::new(eta).unwrap(), max_steps)
}

const ALL: &dyn Fn(TrialId) -> bool = &|_| true;

#[test]
fn rungs_are_fractions_of_the_last_step_or_multiples_of_the_first() {
    let rungs = |min, eta, max| halving(min, eta, max).rungs;
    assert_eq!(rungs(None, 3, Some(27)), [1, 3, 9]);
    assert_eq!(rungs(Some(3), 3, Some(27)), [3, 9]);
    // Rungs that don't divide are rounded up.
    assert_eq!(rungs(None, 3, Some(52)), [2, 6, 18]);
    assert_eq!(rungs(None, 4, Some(1000)), [16, 63, 250]);
    assert_eq!(rungs(Some(1), 2, Some(8)), [1, 2, 4]);
    // Too short to be cut.
    assert_eq!(rungs(None, 3, Some(1)), [0; 0]);
    assert_eq!(rungs(None, 3, Some(2)), [1]);
    assert_eq!(rungs(Some(2), 4, None)[..4], [2, 8, 32, 128]);
}

#[test]
fn a_trial_that_is_not_among_the_best_of_a_rung_is_stopped_where_it_crosses_it() {
    let halving = halving(Some(2), 3, Some(18));
    let mut log = Log::default();
    for loss in [3.0, 1.0, 2.0] {
        let trial = log.start(None);
        log.report(trial, 1, 9.0);
        log.report(trial, 3, loss);
    }
    let judge = |log: &Log, trial, step| halving.judge(TrialId(trial), step, &log.0, ALL);
    assert_eq!(judge(&log, 1, 3), Judgement::go_on());
    assert_eq!(judge(&log, 1, 1), Judgement::go_on());
    let stopped = judge(&log, 2, 3);
    let said = "loss 2 by step 3 is not among the best 1 of 3 at step 2: up to 1";
    assert_eq!(stopped, Judgement::stop(said));
    // Between rungs nobody is judged.
    log.report(TrialId(2), 4, 8.0);
    assert_eq!(judge(&log, 2, 4), Judgement::go_on());
    // Its best so far counts.
    log.report(TrialId(2), 5, 0.5);
    log.report(TrialId(2), 6, 8.0);
    assert_eq!(judge(&log, 2, 6), Judgement::go_on());
}

#[test]
fn the_best_paused_trial_goes_on_once_enough_others_are_there() {
    let halving = halving(Some(1), 2, Some(8));
    let mut log = Log::default();
    log.paused(1, 2.0);
    assert_eq!(halving.promote(&log.0, Intake::Open, ALL), None);
    log.paused(1, 1.0);
    let first = halving.promote(&log.0, Intake::Open, ALL).unwrap();
    assert_eq!((first.trial, first.until), (TrialId(1), Some(2)));
    assert_eq!(first.reason, "loss 1 is place 1 of 2 at step 1");
    log.resume(&first);
    // It is on its way, and its place is taken.
    assert_eq!(halving.promote(&log.0, Intake::Open, ALL), None);
    log.paused(1, 3.0);
    log.paused(1, 4.0);
    let second = halving.promote(&log.0, Intake::Open, ALL).unwrap();
    assert_eq!((second.trial, second.until), (TrialId(0), Some(2)));
}

#[test]
fn the_highest_rung_goes_first_and_the_last_one_leads_to_the_end() {
    let halving = halving(Some(1), 2, Some(4));
    let mut log = Log::default();
    for loss in [1.0, 2.0, 3.0, 4.0] {
        log.paused(1, loss);
    }
    for _ in 0..2 {
        let promotion = halving.promote(&log.0, Intake::Open, ALL).unwrap();
        log.resume(&promotion);
        log.report(promotion.trial, 2, 0.5);
        log.end(promotion.trial, Outcome::Paused);
        log.paused(1, 0.1);
    }
    let promotion = halving.promote(&log.0, Intake::Open, ALL).unwrap();
    assert_eq!((promotion.trial, promotion.until), (TrialId(4), None));
}

#[test]
fn once_no_more_trials_come_the_best_goes_on_however_few_there_are() {
    let halving = halving(Some(1), 3, Some(9));
    let mut log = Log::default();
    log.paused(1, 2.0);
    let under_way = log.start(Some(1));
    assert_eq!(halving.promote(&log.0, Intake::Open, ALL), None);
    // One that still runs may be better.
    assert_eq!(halving.promote(&log.0, Intake::Closed, ALL), None);
    log.report(under_way, 1, 3.0);
    log.end(under_way, Outcome::Paused);
    for until in [Some(3), None] {
        let promotion = halving.promote(&log.0, Intake::Closed, ALL).unwrap();
        assert_eq!((promotion.trial, promotion.until), (TrialId(0), until));
        log.resume(&promotion);
        assert_eq!(halving.promote(&log.0, Intake::Closed, ALL), None);
        log.report(TrialId(0), 3, 1.0);
        log.end(TrialId(0), Outcome::Paused);
    }
}

#[test]
fn who_failed_leaves_its_place_to_the_next_once_no_more_trials_come() {
    let halving = halving(Some(1), 3, Some(9));
    let mut log = Log::default();
    let best = log.paused(1, 1.0);
    let next = log.paused(1, 2.0);
    let promotion = halving.promote(&log.0, Intake::Closed, ALL).unwrap();
    assert_eq!(promotion.trial, best);
    log.resume(&promotion);
    let failure = Failure::new(FailureKind::Crashed, "bad luck");
    log.end(best, Outcome::Failed { failure, retry: false });
    assert_eq!(halving.promote(&log.0, Intake::Open, ALL), None);
    let promotion = halving.promote(&log.0, Intake::Closed, ALL).unwrap();
    assert_eq!((promotion.trial, promotion.until), (next, Some(3)));
}

/// Promotes until nobody is due, and returns who left the first rung. `loss` says what a trial
/// reports at a rung.
fn climb(halving: &Halving, log: &mut Log, loss: impl Fn(TrialId, Step) -> f64) -> Vec<TrialId> {
    let mut left = Vec::new();
    while let Some(promotion) = halving.promote(&log.0, Intake::Open, ALL) {
        let Promotion { trial, until, .. } = promotion;
        if log.0.trial(trial).unwrap().until() == halving.rungs.first().copied() {
            left.push(trial);
        }
        log.resume(&promotion);
        let step = until.unwrap_or(1000);
        log.report(trial, step, loss(trial, step));
        let losses = vec![Loss::new(loss(trial, step)).unwrap()];
        log.end(trial, until.map_or(Outcome::completed(losses), |_| Outcome::Paused));
    }
    left
}

#[test]
fn of_a_whole_rung_exactly_the_best_of_synchronous_halving_go_on() {
    for seed in 0..50 {
        let mut rng = stream(seed, 0);
        let (count, eta) = (rng.random_range(1..40_usize), rng.random_range(2..5_u32));
        let halving = halving(Some(1), eta, Some(Step::from(eta).pow(3)));
        let losses: Vec<f64> = (0..count).map(|_| rng.random()).collect();
        let mut ranking: Vec<_> = (0..count as u64).map(TrialId).collect();
        ranking.sort_by(|one, other| losses[one.0 as usize].total_cmp(&losses[other.0 as usize]));
        // Later losses, which do not matter for the first rung.
        let fresh = |trial: TrialId, step| stream(step, trial.0).random();
        let mut log = Log::default();
        for loss in &losses {
            log.paused(1, *loss);
        }
        let quota = count / eta as usize;
        assert_eq!(climb(&halving, &mut log, fresh), ranking[..quota], "seed {seed}");
        // Where the order stays, so it is at each rung, and at the end.
        let same = |trial: TrialId, _| losses[trial.0 as usize];
        let mut log = Log::default();
        for loss in &losses {
            log.paused(1, *loss);
        }
        climb(&halving, &mut log, same);
        let mut left = count;
        for rung in halving.rungs.iter().skip(1).copied().chain([1000]) {
            left /= eta as usize;
            let mut there: Vec<_> = standings(&log.0, rung, ALL).iter().map(|it| it.1).collect();
            there.sort_by_key(|it| ranking.iter().position(|other| other == it));
            assert_eq!(there, ranking[..left], "seed {seed}, step {rung}");
        }
    }
}
