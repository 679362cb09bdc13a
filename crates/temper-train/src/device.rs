//! What computes: chosen at run time, compiled in by cargo features.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// What computes.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor; always built.
    #[default]
    Cpu,
    /// A GPU by way of Vulkan, Metal, DirectX 12 or WebGPU; built with the feature `wgpu`.
    Wgpu,
    /// An NVIDIA GPU; built with the feature `cuda`.
    Cuda,
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Device::Cpu => "cpu",
            Device::Wgpu => "wgpu",
            Device::Cuda => "cuda",
        })
    }
}

impl Device {
    /// All of them, whether they are built in or not.
    pub const ALL: [Device; 3] = [Device::Cpu, Device::Wgpu, Device::Cuda];

    /// Opens the device, without gradients.
    ///
    /// # Errors
    /// The device is not built in, or this machine has none.
    pub fn open(self) -> Result<burn::tensor::Device, TrainError> {
        match self {
            Device::Cpu => Ok(burn::tensor::Device::flex()),
            #[cfg(feature = "wgpu")]
            Device::Wgpu => self.first(burn::tensor::DeviceType::Wgpu),
            #[cfg(feature = "cuda")]
            Device::Cuda => self.first(burn::tensor::DeviceType::Cuda),
            #[cfg(not(all(feature = "wgpu", feature = "cuda")))]
            device => Err(TrainError::DeviceNotBuilt { device }),
        }
    }

    /// The first device that is really there: opening one that is not would panic at first use.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    fn first(self, kind: burn::tensor::DeviceType) -> Result<burn::tensor::Device, TrainError> {
        let devices = burn::tensor::Device::enumerate(kind).into_vec();
        devices.into_iter().next().ok_or(TrainError::DeviceNotFound { device: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there() {
        assert!(Device::Cpu.open().is_ok());
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_is_not_built_is_an_error_that_names_the_feature() {
        let error = Device::Cuda.open().unwrap_err();
        assert_eq!(error.to_string(), "`device`: this build has no `cuda`");
        assert_eq!(error.key(), Some("device"));
        assert!(error.help().unwrap().contains("feature `cuda`"));
    }
}
