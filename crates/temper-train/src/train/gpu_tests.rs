//! Tests of runs on a GPU, or on what a driver such as Mesa's lavapipe makes of the processor.

use super::tests::{folder, run_in, small};
use super::*;
use crate::{Architecture, Device, Precision, PretrainedModel, Sampling, TextPrompt};

/// The GPU, where there is none, is a driver to install: a test that passes without one says
/// nothing.
fn gpu() -> Device {
    let found = Device::Wgpu(0).peers().unwrap();
    assert!(!found.is_empty(), "no Vulkan driver: on Debian, install mesa-vulkan-drivers");
    Device::Wgpu(0)
}

/// A model so small that most of the time is the compilation of its kernels.
fn tiny(architecture: Architecture) -> TrainConfig {
    TrainConfig {
        architecture,
        hidden_size: 16,
        num_layers: 1,
        max_seq_length: 16,
        batch_size: Some(4),
        micro_batch_size: Some(2),
        max_steps: Some(4),
        eval_steps: Some(2),
        eval_tokens: Some(100),
        ..small()
    }
}

#[test]
fn a_gpu_trains_as_the_cpu_does() {
    let folder = folder();
    for architecture in Architecture::ALL {
        let config = tiny(architecture);
        let (_, on_cpu) = run_in(folder.path(), &config);
        let (summary, on_gpu) =
            run_in(folder.path(), &TrainConfig { device: gpu(), ..config.clone() });
        assert_eq!(summary.device, gpu());
        assert_eq!(on_cpu.len(), 2);
        for (cpu, gpu) in on_cpu.iter().zip(&on_gpu) {
            let pairs = [
                (cpu.eval_loss, gpu.eval_loss),
                (cpu.train_loss, gpu.train_loss),
                (cpu.grad_norm, gpu.grad_norm),
            ];
            for (cpu, gpu) in pairs {
                assert!((cpu - gpu).abs() < 1e-4, "{architecture:?}: {cpu} {gpu}");
            }
        }
    }
}

#[test]
fn a_gpu_writes_what_the_cpu_does() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/tiny/f32");
    let prompt = TextPrompt::Text("the loss falls".to_owned());
    let written = |device| {
        let model = PretrainedModel::load(&model, device).unwrap();
        // Greedy; what begins alike is read once.
        [5, 12]
            .map(|count| model.complete(&prompt, Some(count), &Sampling::default(), &[]).unwrap())
    };
    assert_eq!(written(gpu()), written(Device::Cpu));
}

#[test]
fn a_precision_that_the_gpu_lacks_is_an_error_before_the_first_step() {
    let folder = folder();
    let precision = Precision::Bf16;
    let config = TrainConfig { device: gpu(), precision, ..tiny(Architecture::Llama) };
    let trained = train(&config, folder.path(), &mut |_| ControlFlow::Continue(()));
    if gpu().open().unwrap().supports_dtype(precision.float_type()) {
        trained.unwrap();
        return;
    }
    let error = trained.unwrap_err();
    assert_eq!(error.to_string(), "`precision`: `wgpu` does not compute in bf16");
    assert!(error.help().is_some_and(|help| help.contains("precision = \"f32\"")));
}

#[test]
fn a_run_too_large_for_the_gpu_is_out_of_memory_and_the_next_one_trains() {
    let folder = folder();
    // 137 GB of activations of one layer, from few weights.
    let config = TrainConfig {
        device: gpu(),
        hidden_size: 4,
        num_heads: 1,
        intermediate_size: Some(65_536),
        max_seq_length: 128,
        batch_size: Some(4_096),
        micro_batch_size: None,
        ..tiny(Architecture::Llama)
    };
    let trained = train(&config, folder.path(), &mut |_| ControlFlow::Continue(()));
    let error = trained.unwrap_err();
    assert!(matches!(error, TrainError::OutOfMemory { .. }), "{error}");
    let config = TrainConfig { device: gpu(), ..tiny(Architecture::Llama) };
    train(&config, folder.path(), &mut |_| ControlFlow::Continue(())).unwrap();
}
