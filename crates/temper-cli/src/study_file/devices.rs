//! `devices` and `trials_per_device`: where trials run.

use miette::Result;
use temper_train::Device;

use crate::document::{Document, Section};
use crate::mistake::Mistake;

/// The devices that trials share out.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceList {
    /// As they are written.
    names: Vec<String>,
    trials_per_device: u16,
}

impl DeviceList {
    /// Takes the two keys. Any name will do for a program; the trainer knows which there are.
    pub(super) fn read(document: &Document, section: &mut Section<'_>, kind: &str) -> Result<Self> {
        let names: Option<Vec<String>> = section.take("devices")?;
        let per_device: Option<u16> = section.take("trials_per_device")?;
        let mistake = |key, message: &str, help: &str| {
            document.mistake(&["objective", key], message).help(Some(help.to_owned()))
        };
        let Some(names) = names else {
            if per_device.is_some() {
                let help = "name the devices: devices = [\"cuda:0\"]";
                let message = "`trials_per_device` stands without `devices`";
                return Err(mistake("trials_per_device", message, help).into());
            }
            return Ok(Self::default());
        };
        if names.is_empty() {
            let help = "name some, such as devices = [\"cuda:0\", \"cuda:1\"], or leave it out";
            return Err(mistake("devices", "`devices` names none", help).into());
        }
        if per_device == Some(0) {
            let help = "write how many trials may share a device";
            return Err(mistake("trials_per_device", "`trials_per_device` is 0", help).into());
        }
        if section.has("device") {
            let help = "remove `device`: each trial gets one of `devices`";
            return Err(mistake("device", "`device` stands beside `devices`", help).into());
        }
        let list = Self { names, trials_per_device: per_device.unwrap_or(1) };
        list.check_names(document, kind == "train")?;
        Ok(list)
    }

    fn check_names(&self, document: &Document, of_trainer: bool) -> Result<(), Mistake> {
        let mut seen: Vec<Result<Device, &str>> = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let index = index.to_string();
            let mistake = |message| document.mistake(&["objective", "devices", &index], message);
            let known = match name.parse() {
                Ok(Device::Auto) if of_trainer => {
                    let help = "name the devices themselves: `temper devices` lists them";
                    let message = "`auto` is not one of several devices".to_owned();
                    return Err(mistake(message).help(Some(help.to_owned())));
                }
                Ok(device) => Ok(device),
                Err(error) if of_trainer => return Err(mistake(error.to_string())),
                Err(_) if name.trim().is_empty() => {
                    return Err(mistake("a device has no name".to_owned()));
                }
                Err(_) => Err(&**name),
            };
            if seen.contains(&known) {
                let help = "to let trials share it, write trials_per_device = 2";
                let mistake = mistake(format!("`{name}` is named twice"));
                return Err(mistake.help(Some(help.to_owned())));
            }
            seen.push(known);
        }
        Ok(())
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// A device for each trial that may run at once: all of them before any comes again.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        (0..self.trials_per_device).flat_map(|_| self.names.iter().map(String::as_str))
    }

    /// How many trials run at once: as many as are wanted, or else as there is room for.
    pub(crate) fn workers(&self, document: &Document, wanted: Option<u16>) -> Result<u16, Mistake> {
        let slots = self.slots().count();
        match wanted {
            Some(wanted) if slots > 0 && usize::from(wanted) > slots => {
                let message =
                    format!("{wanted} trials at once are too many: `devices` has room for {slots}");
                let help = "give fewer `workers`, or a larger `trials_per_device`";
                let mistake = document.mistake(&["objective", "devices"], message);
                Err(mistake.help(Some(help.to_owned())))
            }
            Some(wanted) => Ok(wanted),
            None => Ok(u16::try_from(slots).unwrap_or(u16::MAX).max(1)),
        }
    }
}
