//! Tests of the names of devices, and of those that are not there.

use super::*;

#[test]
fn names_and_devices_are_one() {
    let pairs = [
        ("cpu", Device::Cpu),
        ("wgpu", Device::Wgpu(0)),
        ("wgpu:1", Device::Wgpu(1)),
        ("cuda", Device::Cuda(0)),
        ("cuda:12", Device::Cuda(12)),
        ("auto", Device::Auto),
    ];
    for (name, device) in pairs {
        assert_eq!(name.parse(), Ok(device));
        assert_eq!(device.to_string(), name);
        assert_eq!(serde_json::to_value(device).unwrap(), name);
    }
    assert_eq!("cuda:0".parse(), Ok(Device::Cuda(0)));
}

#[test]
fn what_names_no_device_is_an_error_with_all_names() {
    for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:70000", "cpu:0", "auto:1", "CPU"] {
        let error = text.parse::<Device>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is no device: there are \"cpu\"")), "{error}");
    }
    let error = serde_json::from_value::<Device>("gpu".into()).unwrap_err();
    assert!(error.to_string().contains("\"cuda:1\" is the second of several"), "{error}");
}

#[test]
fn the_cpu_is_always_there() {
    assert!(Device::Cpu.open().is_ok());
    let peers = Device::Cpu.peers().unwrap();
    assert_eq!(peers.iter().map(FoundDevice::device).collect::<Vec<_>>(), [Device::Cpu]);
    assert_eq!(peers[0].name(), None);
}

#[test]
fn what_is_chosen_is_there_and_is_no_software() {
    let chosen = Device::Auto.chosen();
    let peers = chosen.peers().unwrap();
    let found = peers.iter().find(|found| found.device() == chosen).unwrap();
    assert!(!found.is_software());
    assert!(Device::Auto.open().is_ok());
    assert_eq!(Device::Cuda(7).chosen(), Device::Cuda(7));
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_built_is_an_error_that_names_the_feature() {
    let error = Device::Cuda(1).open().unwrap_err();
    assert_eq!(error.to_string(), "`device`: this build has no `cuda`");
    assert_eq!(error.key(), Some("device"));
    assert!(error.help().unwrap().contains("feature `cuda`"));
}

#[test]
fn a_number_that_no_device_has_is_an_error_that_counts_them() {
    let error = TrainError::DeviceNotFound { device: Device::Cuda(2), found: 2 };
    assert_eq!(error.to_string(), "`device`: there is no `cuda:2`, only 2 of its kind");
    assert_eq!(error.help().unwrap(), "they are numbered from 0: give a number below 2");
    let error = TrainError::DeviceNotFound { device: Device::Wgpu(0), found: 0 };
    assert_eq!(error.to_string(), "`device`: no `wgpu` device was found");
    assert_eq!(error.key(), Some("device"));
}

#[cfg(feature = "wgpu")]
#[test]
fn a_number_beyond_the_adapters_is_an_error() {
    let found = Device::Wgpu(0).peers().unwrap().len();
    let error = Device::Wgpu(99).open().unwrap_err();
    assert!(
        matches!(error, TrainError::DeviceNotFound { found: count, .. } if count == found),
        "{error}"
    );
}
