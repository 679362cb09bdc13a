//! What computes: chosen at run time, compiled in by cargo features.

mod found;
mod memory;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::TrainError;

pub use found::FoundDevice;
pub(crate) use memory::{catch_out_of_memory, device_failure};

/// What computes: `cpu`, `wgpu`, `cuda`, one of several as in `cuda:1`, or `auto`.
///
/// ```
/// use temper_train::Device;
///
/// let second: Device = "cuda:1".parse()?;
/// assert_eq!(second, Device::Cuda(1));
/// assert_eq!("cuda:0".parse(), Ok(Device::Cuda(0)));
/// # Ok::<(), temper_train::NotADevice>(())
/// ```
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The processor; always built.
    #[default]
    Cpu,
    /// The GPU of that number, by way of Vulkan, Metal, DirectX 12 or OpenGL; built with the
    /// feature `wgpu`.
    Wgpu(u16),
    /// The NVIDIA GPU of that number; built with the feature `cuda`.
    Cuda(u16),
    /// The best that is there: see [`Device::chosen`].
    Auto,
}

/// A text that names no device.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is no device: there are \"cpu\", \"wgpu\", \"cuda\" and \"auto\", and \"cuda:1\" is the \
     second of several"
)]
pub struct NotADevice(String);

impl Device {
    /// The first of each kind, whether it is built in or not.
    pub const KINDS: [Device; 3] = [Device::Cpu, Device::Wgpu(0), Device::Cuda(0)];

    /// Its kind, which is the name of the cargo feature that builds it.
    pub fn kind(self) -> &'static str {
        match self {
            Device::Cpu => "cpu",
            Device::Wgpu(_) => "wgpu",
            Device::Cuda(_) => "cuda",
            Device::Auto => "auto",
        }
    }

    /// What it comes to: of `auto`, the first CUDA device, or else the first GPU of `wgpu` that is
    /// no software, or else the processor; any other device is itself.
    #[must_use]
    pub fn chosen(self) -> Device {
        if self != Device::Auto {
            return self;
        }
        let gpus = [Device::Cuda(0), Device::Wgpu(0)];
        let found = gpus.into_iter().flat_map(|kind| kind.peers().unwrap_or_default());
        let mut real = found.filter(|found| !found.is_software());
        real.next().map_or(Device::Cpu, |found| found.device())
    }

    /// All devices of its kind that this machine has, software last.
    ///
    /// # Errors
    /// The kind is not built in.
    pub fn peers(self) -> Result<Vec<FoundDevice>, TrainError> {
        match self {
            Device::Auto => self.chosen().peers(),
            Device::Cpu => Ok(vec![FoundDevice::cpu()]),
            #[cfg(feature = "wgpu")]
            Device::Wgpu(_) => Ok(found::of_kind(burn::tensor::DeviceType::Wgpu, Device::Wgpu)),
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => Ok(found::of_kind(burn::tensor::DeviceType::Cuda, Device::Cuda)),
            #[cfg(not(all(feature = "wgpu", feature = "cuda")))]
            device => Err(TrainError::DeviceNotBuilt { device }),
        }
    }

    /// Opens the device, without gradients.
    ///
    /// # Errors
    /// The device is not built in, or this machine has none.
    pub fn open(self) -> Result<burn::tensor::Device, TrainError> {
        let device = self.chosen();
        // One that is not there would panic at its first use.
        let mut peers = device.peers()?;
        match peers.iter().position(|found| found.device() == device) {
            Some(index) => Ok(peers.swap_remove(index).into_handle()),
            None => Err(TrainError::DeviceNotFound { device, found: peers.len() }),
        }
    }

    /// Waits for what the device still computes, whatever comes of it.
    pub(crate) fn settle(self) {
        if let Ok(handle) = self.open() {
            let _ = handle.sync();
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())?;
        match self {
            Device::Wgpu(index @ 1..) | Device::Cuda(index @ 1..) => write!(formatter, ":{index}"),
            _ => Ok(()),
        }
    }
}

impl FromStr for Device {
    type Err = NotADevice;

    fn from_str(text: &str) -> Result<Device, NotADevice> {
        let unknown = || NotADevice(text.to_owned());
        let (kind, index) = match text.split_once(':') {
            None => (text, None),
            Some((kind, index)) => (kind, Some(index.parse().map_err(|_| unknown())?)),
        };
        match (kind, index) {
            ("cpu", None) => Ok(Device::Cpu),
            ("auto", None) => Ok(Device::Auto),
            ("wgpu", index) => Ok(Device::Wgpu(index.unwrap_or(0))),
            ("cuda", index) => Ok(Device::Cuda(index.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = NotADevice;

    fn try_from(text: String) -> Result<Device, NotADevice> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

#[cfg(test)]
mod tests;
