//! Every optimizer beside PyTorch's: `reference/optimizers.py` says what the problem is.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamGroup};
use burn::optim::{GradientsParams, OptimizerRecord};
use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;
use temper_optim::{Groups, Optimizer, OptimizerKind, OptimizerSettings, RateFactors};

/// Single precision keeps 7 digits of weights near 1; 50 steps lose one of them.
const TOLERANCE: f64 = 1e-5;

const STEPS: usize = 50;

type Weights = BTreeMap<String, Vec<f64>>;

#[derive(Deserialize)]
struct Reference {
    curvature: f64,
    warmup_steps: usize,
    shapes: BTreeMap<String, Vec<usize>>,
    initial: Weights,
    noise: Vec<Weights>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    optimizer: OptimizerKind,
    learning_rate: f64,
    settings: Settings,
    /// By step: the weights to evaluate.
    weights: BTreeMap<usize, Weights>,
    /// By step: the weights where the next gradient is taken.
    training: BTreeMap<usize, Weights>,
}

#[derive(Deserialize)]
struct Settings {
    weight_decay: f64,
    beta1: Option<f64>,
    beta2: Option<f64>,
    adam_eps: Option<f64>,
    momentum: Option<f64>,
    nesterov: Option<bool>,
    decay_rate: Option<f64>,
    clip_threshold: Option<f64>,
}

#[derive(Module, Debug)]
struct Problem {
    tall: Param<Tensor<2>>,
    wide: Param<Tensor<2>>,
    gain: Param<Tensor<1>>,
    embedding: Param<Tensor<2>>,
    norm: Param<Tensor<1>>,
    output: Param<Tensor<2>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../reference/optimizers.json"))
        .expect("the file is beside the crate")
}

impl Case {
    fn init(&self) -> Optimizer {
        self.init_at(RateFactors::default())
    }

    fn init_at(&self, rates: RateFactors) -> Optimizer {
        let settings = OptimizerSettings {
            weight_decay: self.settings.weight_decay,
            beta1: self.settings.beta1,
            beta2: self.settings.beta2,
            adam_eps: self.settings.adam_eps,
            momentum: self.settings.momentum,
            nesterov: self.settings.nesterov,
            decay_rate: self.settings.decay_rate,
            clip_threshold: self.settings.clip_threshold,
        };
        let groups = Groups {
            output: ParamGroup::from_path("output"),
            norms_and_biases: ParamGroup::from_path("norm"),
            embeddings: ParamGroup::from_path("embedding"),
            rates,
        };
        self.optimizer.init(&settings, groups)
    }
}

impl Reference {
    fn tensor<const D: usize>(&self, weights: &Weights, name: &str, device: &Device) -> Tensor<D> {
        let values: Vec<f32> = weights[name].iter().map(|value| *value as f32).collect();
        Tensor::from_data(TensorData::new(values, self.shapes[name].clone()), device)
    }

    fn problem(&self) -> Problem {
        let device = Device::flex().autodiff();
        let vector = |name| Param::from_tensor(self.tensor::<1>(&self.initial, name, &device));
        let matrix = |name| Param::from_tensor(self.tensor::<2>(&self.initial, name, &device));
        Problem {
            tall: matrix("tall"),
            wide: matrix("wide"),
            gain: vector("gain"),
            embedding: matrix("embedding"),
            norm: vector("norm"),
            output: matrix("output"),
        }
    }

    fn gradients(&self, problem: &Problem, step: usize) -> GradientsParams {
        let mut gradients =
            Gradients { reference: self, step, all: GradientsParams::new(), path: Vec::new() };
        problem.visit(&mut gradients);
        gradients.all
    }

    fn step(
        &self,
        case: &Case,
        optimizer: &mut Optimizer,
        problem: Problem,
        step: usize,
    ) -> Problem {
        let warmup = ((step + 1) as f64 / self.warmup_steps as f64).min(1.0);
        let gradients = self.gradients(&problem, step);
        optimizer.step(case.learning_rate * warmup, problem, gradients)
    }
}

/// The noise of a step plus the curvature times the weights.
struct Gradients<'a> {
    reference: &'a Reference,
    step: usize,
    all: GradientsParams,
    path: Vec<String>,
}

impl ModuleVisitor for Gradients<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let noise = &self.reference.noise[self.step];
        let noise = self.reference.tensor::<D>(noise, &self.path.join("."), &Device::flex());
        let gradient = noise + param.val().inner() * self.reference.curvature;
        self.all.register(param.id, gradient);
    }
}

fn values<const D: usize>(param: &Param<Tensor<D>>) -> Vec<f64> {
    let values = param.val().into_data().try_to_vec::<f32>().expect("weights have 32 bits");
    values.into_iter().map(f64::from).collect()
}

fn all_values(problem: &Problem) -> Weights {
    BTreeMap::from([
        ("tall".to_owned(), values(&problem.tall)),
        ("wide".to_owned(), values(&problem.wide)),
        ("gain".to_owned(), values(&problem.gain)),
        ("embedding".to_owned(), values(&problem.embedding)),
        ("norm".to_owned(), values(&problem.norm)),
        ("output".to_owned(), values(&problem.output)),
    ])
}

fn largest_difference(left: &Weights, right: &Weights) -> f64 {
    assert!(left.keys().eq(right.keys()));
    let pairs = left.values().flatten().zip(right.values().flatten());
    pairs.map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

#[test]
fn fifty_steps_of_every_optimizer_are_those_of_pytorch() {
    let reference = reference();
    for kind in OptimizerKind::ALL {
        assert!(reference.cases.iter().any(|case| case.optimizer == kind), "{}", kind.name());
    }
    for (number, case) in reference.cases.iter().enumerate() {
        let mut optimizer = case.init();
        let mut problem = reference.problem();
        for step in 0..STEPS {
            problem = reference.step(case, &mut optimizer, problem, step);
            let done = step + 1;
            let (Some(weights), Some(training)) =
                (case.weights.get(&done), case.training.get(&done))
            else {
                continue;
            };
            let evaluated = all_values(&optimizer.evaluation_module(&problem));
            let name = case.optimizer.name();
            for (ours, theirs) in [(evaluated, weights), (all_values(&problem), training)] {
                let difference = largest_difference(&ours, theirs);
                println!("case {number}, {name}, step {done}: {difference:.1e}");
                assert!(difference < TOLERANCE, "case {number}, {name}, step {done}: {difference}");
            }
        }
    }
}

#[test]
fn an_optimizer_goes_on_from_its_record_bit_for_bit() {
    let reference = reference();
    for case in &reference.cases {
        let mut optimizer = case.init();
        let mut problem = reference.problem();
        for step in 0..5 {
            problem = reference.step(case, &mut optimizer, problem, step);
        }
        let bytes = optimizer.to_record().into_bytes().unwrap();
        let mut resumed = case.init().load_record(OptimizerRecord::from_bytes(bytes).unwrap());
        let mut copy = problem.clone();
        for step in 5..8 {
            problem = reference.step(case, &mut optimizer, problem, step);
            copy = reference.step(case, &mut resumed, copy, step);
        }
        assert_eq!(all_values(&problem), all_values(&copy), "{}", case.optimizer.name());
        let evaluated = all_values(&optimizer.evaluation_module(&problem));
        assert_eq!(evaluated, all_values(&resumed.evaluation_module(&copy)));
    }
}

#[test]
fn only_schedule_free_adamw_evaluates_elsewhere_than_it_trains() {
    let reference = reference();
    for case in &reference.cases {
        let mut optimizer = case.init();
        let mut problem = reference.problem();
        let untrained = all_values(&optimizer.evaluation_module(&problem));
        assert_eq!(untrained, all_values(&problem));
        for step in 0..3 {
            problem = reference.step(case, &mut optimizer, problem, step);
        }
        let evaluated = all_values(&optimizer.evaluation_module(&problem));
        let is_elsewhere = largest_difference(&evaluated, &all_values(&problem)) > 1e-4;
        assert_eq!(is_elsewhere, case.optimizer == OptimizerKind::ScheduleFreeAdamW);
    }
}

#[test]
fn each_group_moves_at_its_own_rate_and_decays_at_that_of_all() {
    let reference = reference();
    for case in &reference.cases {
        if case.optimizer == OptimizerKind::Adafactor {
            continue; // Its rate has a limit, which a factor comes after.
        }
        let after = |rates| {
            let mut optimizer = case.init_at(rates);
            all_values(&reference.step(case, &mut optimizer, reference.problem(), 0))
        };
        let plain = after(RateFactors::default());
        let rates =
            RateFactors { hidden: 0.5, output: 3.0, norms_and_biases: 2.0, embeddings: 0.25 };
        let scaled = after(rates);
        let decay = case.learning_rate / reference.warmup_steps as f64 * case.settings.weight_decay;
        for (name, factor, decay) in [
            ("tall", 0.5, decay),
            ("output", 3.0, decay),
            ("norm", 2.0, 0.0),
            ("embedding", 0.25, 0.0),
        ] {
            let initial = &reference.initial[name];
            for (index, start) in initial.iter().enumerate() {
                let kept = start * (1.0 - decay);
                let (one, other) = (plain[name][index] - kept, scaled[name][index] - kept);
                let name = case.optimizer.name();
                assert!((other - factor * one).abs() < 1e-6, "{name}: {other} of {one}");
            }
        }
    }
}
