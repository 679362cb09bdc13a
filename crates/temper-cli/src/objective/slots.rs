//! What programs are told of their devices.

use std::collections::BTreeMap;
use std::env;

use temper_study::Slot;
use temper_train::Device;

use crate::document::Document;
use crate::mistake::Mistake;
use crate::study_file::DeviceList;

/// The device of a program, as the study names it.
const DEVICE: &str = "TEMPER_DEVICE";

/// The only GPUs that CUDA shows to a program.
const VISIBLE: &str = "CUDA_VISIBLE_DEVICES";

/// The slots of the trainer, which finds its device in its settings.
pub(super) fn of_trainer(devices: &DeviceList) -> Vec<Slot> {
    let slot = |name: &str| Slot { name: name.to_owned(), env: BTreeMap::new() };
    devices.slots().map(slot).collect()
}

/// The slots of a program, which finds its device in its environment. A CUDA device is the only
/// one that it sees.
pub(super) fn of_program(devices: &DeviceList) -> Vec<Slot> {
    let visible = visible();
    let slot = |name: &str| {
        let mut env = BTreeMap::from([(DEVICE.to_owned(), name.to_owned())]);
        if let Ok(Device::Cuda(index)) = name.parse() {
            let gpu = match &visible {
                Some(visible) => visible.get(usize::from(index)).cloned().unwrap_or_default(),
                None => index.to_string(),
            };
            env.insert(VISIBLE.to_owned(), gpu);
        }
        Slot { name: name.to_owned(), env }
    };
    devices.slots().map(slot).collect()
}

/// Checks that the CUDA devices of programs are among those that this process may use itself.
pub(super) fn check_visible(document: &Document, devices: &DeviceList) -> Result<(), Mistake> {
    let Some(visible) = visible() else { return Ok(()) };
    for (index, name) in devices.names().iter().enumerate() {
        let Ok(Device::Cuda(number)) = name.parse() else { continue };
        if usize::from(number) >= visible.len() {
            let path = ["objective", "devices", &index.to_string()];
            let message = format!("`{name}` is not among the {} of {VISIBLE}", visible.len());
            let help = format!("CUDA devices are numbered within {VISIBLE}, from 0");
            return Err(document.mistake(&path, message).help(Some(help)));
        }
    }
    Ok(())
}

/// The GPUs that this process was given itself, if it was given some.
fn visible() -> Option<Vec<String>> {
    let visible = env::var(VISIBLE).ok()?;
    Some(visible.split(',').map(|gpu| gpu.trim().to_owned()).filter(|it| !it.is_empty()).collect())
}
