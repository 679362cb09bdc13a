//! A study whose trials run in another program.

use serde_json::{Value, json};
use temper_core::{
    Config, Constraint, Event, Failure, FailureKind, Fork, Goal, History, Intake, Judgement, Lease,
    Loss, Metrics, Next, Origin, Outcome, Pruner, Seq, Setup, State, Step, Strategy, StrategySetup,
    TrialId, Verdict, WorkerId, judge, propose, stream,
};
use temper_space::Space;
use temper_strategy::build_pruner;

use super::request::{Ask, Create, Observe, Report, Tell, TellState, values};

/// A study in memory.
pub(super) struct Session {
    space: Space,
    goals: Vec<Goal>,
    constraints: Vec<Constraint>,
    seed: u64,
    strategy: Box<dyn Strategy>,
    pruner: Option<Box<dyn Pruner>>,
    history: History,
}

/// How a trial begins, beside its configuration.
#[derive(Default)]
struct Begins {
    until: Option<Step>,
    fork: Option<Fork>,
    note: Option<String>,
}

type Reply = Result<Value, String>;

impl Session {
    pub(super) fn new(create: Create) -> Result<Self, String> {
        let space = Space::new(&create.space, &create.require).map_err(|e| e.to_string())?;
        let name = create.sampler.unwrap_or_else(|| temper_strategy::DEFAULT.to_owned());
        let strategy =
            temper_strategy::build(&name, &create.options).map_err(|error| error.to_string())?;
        let pruner = create.pruner.filter(|name| name != "none");
        let pruner =
            pruner.map(|name| build_pruner(&name, &create.pruner_options).map(|it| (name, it)));
        let (pruner_name, pruner) = pruner.transpose().map_err(|error| error.to_string())?.unzip();
        let directions = create.directions.unwrap_or_else(|| vec![create.direction]);
        if directions.is_empty() {
            return Err("`directions` is empty".to_owned());
        }
        let goals: Vec<_> = (0..)
            .zip(directions)
            .map(|(index, direction)| Goal { metric: format!("value{index}"), direction })
            .collect();
        let options = Value::Object(create.options).to_string();
        let pruner_options = Value::Object(create.pruner_options).to_string();
        let setup = Setup {
            name: "serve".to_owned(),
            space: create.space,
            require: create.require,
            goals: goals.clone(),
            constraints: create.constraints.clone(),
            seed: create.seed,
            strategy: StrategySetup { name, options },
            pruner: pruner_name.map(|name| StrategySetup { name, options: pruner_options }),
            early_stopping: None,
            max_steps: create.max_resource,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: create.n_trials,
        };
        pruner.as_deref().map_or(Ok(()), |pruner| pruner.suits(&setup))?;
        let (constraints, history) = (create.constraints, History::new());
        let seed = create.seed;
        let mut session = Self { space, goals, constraints, seed, strategy, pruner, history };
        session.add(&Event::Opened(setup))?;
        Ok(session)
    }

    pub(super) fn ask(&mut self, ask: &Ask) -> Reply {
        let seen = self.history.len();
        let intake = if ask.closed { Intake::Closed } else { Intake::Open };
        let mut rng = stream(self.seed, self.history.proposals());
        let (strategy, pruner) = (&mut *self.strategy, self.pruner.as_deref());
        let next = propose(strategy, pruner, intake, &self.space, &self.history, &mut rng)
            .map_err(|error| error.to_string())?;
        match next {
            Next::Start { config, until, fork, note, .. } => {
                let mut answer = json!({"params": config});
                let begins = Begins { until, fork, note: note.clone() };
                let id = self.start(config, Origin::Strategy, seen, begins)?;
                if let (Some(fork), Some(trial)) = (fork, self.history.trial(id)) {
                    answer["fork"] = json!(fork.from);
                    answer["replaces"] = json!(fork.replaces);
                    answer["step"] = json!(trial.begins_after());
                }
                Ok(with_news(answer, id, until, note))
            }
            Next::Resume { trial, until, note } => {
                let (seen, worker) = (Some(seen), WorkerId::new("client"));
                let told = note.clone();
                self.add(&Event::Continued { trial, seen, worker, until, note })?;
                let known = self.history.trial(trial).ok_or("it is in the history")?;
                let step = known.reports().last().map(|report| report.step);
                let answer = json!({"params": known.config(), "resume": true, "step": step});
                Ok(with_news(answer, trial, until, told))
            }
            Next::Wait => Err("nothing to ask until a running trial has been told".to_owned()),
            Next::Repeat { .. } => Err("no study that is served repeats trials".to_owned()),
            Next::Done => Err("the strategy has nothing more to ask".to_owned()),
        }
    }

    pub(super) fn tell(&mut self, tell: Tell) -> Reply {
        let lease = self.lease(tell.id)?;
        let values = values(tell.value, tell.values);
        let outcome = match tell.state {
            TellState::Completed => {
                let values = values.ok_or("`value` is missing")?;
                self.completed(&values, tell.metrics)?
            }
            TellState::Pruned => Outcome::Pruned,
            TellState::Paused => Outcome::Paused,
            TellState::Failed => failed(tell.failure.unwrap_or(FailureKind::Crashed)),
        };
        self.finish(tell.id, lease, outcome)
    }

    pub(super) fn report(&mut self, report: &Report) -> Reply {
        let lease = self.lease(report.id)?;
        let losses = self.losses(&[report.value.0])?;
        let metrics = Metrics::new();
        self.add(&Event::Reported { trial: report.id, lease, step: report.step, losses, metrics })?;
        let (trial, step) = (report.id, report.step);
        let Judgement { verdict, reason } =
            judge(self.pruner.as_deref(), trial, step, &self.history);
        let mut answer = json!({"prune": verdict == Verdict::Stop});
        if verdict == Verdict::Pause {
            answer["pause"] = true.into();
        }
        if verdict != Verdict::Continue {
            answer["reason"] = reason.as_str().into();
            self.add(&Event::Judged { trial, lease, step, verdict, reason })?;
        }
        Ok(answer)
    }

    pub(super) fn observe(&mut self, observe: Observe) -> Reply {
        let config = self.space.complete(observe.params).map_err(|error| error.to_string())?;
        self.space.validate(&config).map_err(|error| error.to_string())?;
        let values = values(observe.value, observe.values).ok_or("`value` is missing")?;
        let outcome = self.completed(&values, observe.metrics)?;
        let id = self.start(config, Origin::Observed, self.history.len(), Begins::default())?;
        let lease = self.lease(id)?;
        self.finish(id, lease, outcome)
    }

    fn start(
        &mut self,
        config: Config,
        origin: Origin,
        seen: Seq,
        begins: Begins,
    ) -> Result<TrialId, String> {
        let trial = TrialId(self.history.trials().len() as u64);
        let worker = WorkerId::new("client");
        let Begins { until, fork, note } = begins;
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
        })?;
        Ok(trial)
    }

    fn finish(&mut self, trial: TrialId, lease: Lease, outcome: Outcome) -> Reply {
        let (seconds, peak_memory) = (0.0, None);
        self.add(&Event::Finished { trial, lease, outcome, seconds, peak_memory })?;
        Ok(json!({"ok": true}))
    }

    /// A result; one that is not finite is a trial that diverged.
    fn completed(&self, values: &[f64], mut metrics: Metrics) -> Result<Outcome, String> {
        if values.len() == self.goals.len() && values.iter().any(|value| !value.is_finite()) {
            return Ok(failed(FailureKind::Diverged));
        }
        let losses = self.losses(values)?;
        metrics.retain(|_, value| value.is_finite());
        let is_known = |name: &str| {
            metrics.contains_key(name) || self.goals.iter().any(|goal| goal.metric == name)
        };
        match self.constraints.iter().find(|constraint| !is_known(constraint.metric())) {
            None => Ok(Outcome::Completed { losses, metrics }),
            Some(constraint) => {
                let metric = constraint.metric();
                Err(format!("`metrics` has no `{metric}`, which `{constraint}` is about"))
            }
        }
    }

    fn losses(&self, values: &[f64]) -> Result<Vec<Loss>, String> {
        if values.len() != self.goals.len() {
            return Err(format!("{} values for {} objectives", values.len(), self.goals.len()));
        }
        let losses = self.goals.iter().zip(values).map(|(goal, value)| goal.loss(*value));
        losses.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    fn lease(&self, trial: TrialId) -> Result<Lease, String> {
        let known = self.history.trial(trial).filter(|trial| trial.state() == State::Running);
        known
            .and_then(|trial| trial.attempts().last())
            .map(|attempt| attempt.lease)
            .ok_or_else(|| format!("trial {trial} is not running"))
    }

    fn add(&mut self, event: &Event) -> Result<(), String> {
        self.history.apply(event).map_err(|error| error.to_string())?;
        self.strategy.tell(event);
        Ok(())
    }
}

/// The answer to `ask`, with what more there is to say.
fn with_news(mut answer: Value, id: TrialId, until: Option<Step>, note: Option<String>) -> Value {
    answer["id"] = json!(id);
    if let Some(until) = until {
        answer["until"] = until.into();
    }
    if let Some(note) = note {
        answer["note"] = note.into();
    }
    answer
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::Failed { failure: Failure::new(kind, "told by the client"), retry: false }
}
