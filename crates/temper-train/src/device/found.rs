//! The devices that a machine has.

use burn::tensor::Device as Handle;

use super::Device;

/// A device of this machine.
#[derive(Clone, Debug)]
pub struct FoundDevice {
    device: Device,
    handle: Handle,
}

impl FoundDevice {
    pub(super) fn cpu() -> FoundDevice {
        FoundDevice { device: Device::Cpu, handle: Handle::flex() }
    }

    /// How settings name it.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Whether it is the processor in the place of a GPU, as Mesa's lavapipe and llvmpipe are.
    pub fn is_software(&self) -> bool {
        is_software(&self.handle)
    }

    /// What it calls itself, where it has a name: that of a GPU. This opens the device.
    pub fn name(&self) -> Option<String> {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        return self.handle.identity().map(|identity| identity.name);
        #[cfg(not(any(feature = "wgpu", feature = "cuda")))]
        None
    }

    pub(super) fn into_handle(self) -> Handle {
        self.handle
    }
}

/// Those of a kind, numbered as they are listed, software after GPUs.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(super) fn of_kind(
    kind: burn::tensor::DeviceType,
    numbered: fn(u16) -> Device,
) -> Vec<FoundDevice> {
    let mut handles = Handle::enumerate(kind).into_vec();
    handles.sort_by_key(is_software);
    let found = (0..).zip(handles);
    found.map(|(index, handle)| FoundDevice { device: numbered(index), handle }).collect()
}

#[cfg(feature = "wgpu")]
fn is_software(handle: &Handle) -> bool {
    use burn::backend::{CubeDevice, DispatchDevice, WgpuDeviceKind};

    match handle.as_dispatch() {
        DispatchDevice::Cube(CubeDevice::Wgpu(device)) => device.kind == WgpuDeviceKind::Cpu,
        _ => false,
    }
}

#[cfg(not(feature = "wgpu"))]
fn is_software(_: &Handle) -> bool {
    false
}
