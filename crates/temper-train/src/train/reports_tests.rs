//! Tests of what a run says on its way, and of the end of one that has diverged.

use super::tests::{folder, run_in, small};
use super::*;
use crate::StepReport;

/// All that a run says, in order.
#[derive(Default)]
struct Said {
    starts: Vec<Start>,
    steps: Vec<StepReport>,
    evaluations: Vec<Report>,
}

impl Said {
    /// The steps and the losses of its lines, bit for bit.
    fn bits(&self) -> Vec<(u64, u64, u64)> {
        let bits = |report: &StepReport| {
            (report.step, report.train_loss.to_bits(), report.grad_norm.to_bits())
        };
        self.steps.iter().map(bits).collect()
    }
}

impl Observer for Said {
    fn start(&mut self, start: &Start) -> ControlFlow<()> {
        self.starts.push(start.clone());
        ControlFlow::Continue(())
    }

    fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.steps.push(report.clone());
        ControlFlow::Continue(())
    }

    fn evaluation(&mut self, report: &Report) -> ControlFlow<()> {
        self.evaluations.push(report.clone());
        ControlFlow::Continue(())
    }
}

fn logging() -> TrainConfig {
    TrainConfig { log_steps: 3, max_steps: Some(10), eval_steps: Some(4), ..small() }
}

#[test]
fn a_run_says_where_it_begins_and_how_it_goes_between_evaluations() {
    let text = folder();
    let mut said = Said::default();
    Run::new(&logging(), text.path()).train_watched(&mut said).unwrap();
    let start = Start { step: 0, total_steps: 10, parameters: logging().num_parameters() };
    assert_eq!(said.starts, [start]);
    let evaluated: Vec<u64> = said.evaluations.iter().map(|report| report.step).collect();
    assert_eq!(evaluated, [4, 8, 10]);
    let steps: Vec<u64> = said.steps.iter().map(|report| report.step).collect();
    assert_eq!(steps, [3, 6, 9]);
    assert_eq!(said.steps[1].tokens, 6 * 8 * 32);

    // Every step's loss, of which the others' are means.
    let mut each = Said::default();
    let config = TrainConfig { log_steps: 1, eval_steps: Some(10), ..logging() };
    Run::new(&config, text.path()).train_watched(&mut each).unwrap();
    let mean = |range: std::ops::Range<usize>| {
        let steps = &each.steps[range];
        steps.iter().map(|report| report.train_loss).sum::<f64>() / steps.len() as f64
    };
    assert!((said.steps[0].train_loss - mean(0..3)).abs() < 1e-12);
    assert!((said.steps[1].train_loss - mean(4..6)).abs() < 1e-12);
    assert!((said.evaluations[1].train_loss - mean(4..8)).abs() < 1e-12);
}

#[test]
fn a_run_interrupted_after_every_step_says_the_same_bit_for_bit() {
    let (text, kept) = (folder(), tempfile::tempdir().unwrap());
    let config = logging();
    let (mut whole, mut pieces) = (Said::default(), Said::default());
    Run::new(&config, text.path()).train_watched(&mut whole).unwrap();
    let stop = AtomicBool::new(true);
    let run = Run::new(&config, text.path()).with_checkpoints(Checkpoints::new(kept.path()));
    let run = run.resume().stop_when(&stop);
    for _ in 0..10 {
        run.train_watched(&mut pieces).unwrap();
    }
    assert_eq!(pieces.bits(), whole.bits());
    let starts: Vec<u64> = pieces.starts.iter().map(|start| start.step).collect();
    assert_eq!(starts, (0..10).collect::<Vec<_>>());
}

#[test]
fn samples_are_said_and_change_nothing_else() {
    let text = folder();
    let sampling = TrainConfig { sample_prompt: Some("the ".into()), ..small() };
    let (plain, with) = (run_in(text.path(), &small()).1, run_in(text.path(), &sampling).1);
    let bits =
        |report: &Report| [report.eval_loss, report.train_loss, report.grad_norm].map(f64::to_bits);
    assert_eq!(with.len(), 2);
    for (plain, with) in plain.iter().zip(&with) {
        assert_eq!(bits(plain), bits(with));
        assert_eq!(plain.sample, None);
        let sample = with.sample.as_ref().unwrap();
        assert!(sample.starts_with("the ") && sample.len() > 4, "{sample}");
    }
    assert_eq!(run_in(text.path(), &sampling).1[1].sample, with[1].sample);
    assert!(!serde_json::to_string(&plain[0]).unwrap().contains("sample"));
}

#[test]
fn utilisation_is_the_share_of_the_peak_and_unknown_without_one() {
    let text = folder();
    let config = TrainConfig { peak_flops: Some(2e12), ..small() };
    let reports = run_in(text.path(), &config).1;
    for report in &reports {
        // 32 tokens a sequence; 2 layers of 2 heads that are 16 wide.
        let per_token = 6.0 * config.num_parameters() as f64 + 12.0 * 2.0 * 32.0 * 32.0;
        let flops = report.tokens_per_second * per_token;
        assert!((report.model_flops_per_second / flops - 1.0).abs() < 1e-12);
        assert_eq!(report.mfu, Some(report.model_flops_per_second / 2e12));
    }
    assert!(run_in(text.path(), &small()).1.iter().all(|report| report.mfu.is_none()));
}

/// Learns while it warms up, and then comes to a learning rate that destroys it.
fn exploding() -> TrainConfig {
    TrainConfig {
        learning_rate: 3.0,
        lr_schedule: Some("constant".parse().unwrap()),
        warmup_steps: Some(600),
        max_steps: Some(600),
        divergence_steps: Some(20),
        eval_steps: Some(600),
        ..small()
    }
}

/// The error of a run that diverges.
fn divergence(run: &Run<'_>) -> TrainError {
    run.train(&mut |_| ControlFlow::Continue(())).unwrap_err()
}

#[test]
fn a_run_that_stays_far_above_its_best_ends_with_the_step_the_loss_and_the_best() {
    let text = folder();
    let error = divergence(&Run::new(&exploding(), text.path()));
    let TrainError::FarAboveBest { step, loss, best, steps: 20, .. } = error else {
        panic!("{error}");
    };
    println!("{error}");
    assert!(loss > best + 1.0 && best < 2.6, "{error}");
    assert_eq!(error.key(), Some("learning_rate"));

    // How often it looks and what it saves makes no difference.
    let message = error.to_string();
    let others =
        TrainConfig { log_steps: 7, eval_steps: Some(11), eval_tokens: Some(40), ..exploding() };
    assert_eq!(divergence(&Run::new(&others, text.path())).to_string(), message);
    let kept = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(kept.path());
    let half = TrainConfig { save_steps: Some((step - 10) as usize), ..exploding() };
    let run = Run::new(&half, text.path()).with_checkpoints(checkpoints.clone());
    assert_eq!(divergence(&run).to_string(), message);
    assert_eq!(checkpoints.files().unwrap().len(), 1);
    assert_eq!(divergence(&run.resume()).to_string(), message);

    // Without the rule it trains on.
    let last = step as usize + 20;
    let never = TrainConfig {
        divergence_threshold: 0.0,
        divergence_steps: None,
        max_steps: Some(last),
        ..exploding()
    };
    assert_eq!(run_in(text.path(), &never).0.steps, last as u64);
}

#[test]
fn a_run_that_learns_does_not_end_even_by_a_strict_rule() {
    // Single sequences are a noisy measure: about 0.1 nats from one to the next.
    let config = TrainConfig {
        batch_size: Some(1),
        max_steps: Some(200),
        eval_steps: Some(200),
        divergence_threshold: 0.3,
        divergence_steps: Some(10),
        ..small()
    };
    assert_eq!(run_in(folder().path(), &config).0.steps, 200);
}
