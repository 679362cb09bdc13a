//! `temper export`: a model in Hugging Face's form.

use std::path::Path;

use miette::{Result, miette};
use temper_train::{
    TrainError, WeightType, export, export_adapter, export_initial, read_to_the_cpu,
};

use super::train::{explain, settings};
use crate::args::{Dtype, ExportArgs};
use crate::document::Document;
use crate::exit::Exit;
use crate::mistake::told;
use crate::say::say;

pub(crate) fn run(args: &ExportArgs) -> Result<Exit> {
    read_to_the_cpu();
    refuse_full(&args.folder)?;
    let weight_type = match args.dtype {
        Dtype::F32 => WeightType::F32,
        Dtype::Bf16 => WeightType::Bf16,
        Dtype::F16 => WeightType::F16,
    };
    let tell = |error: TrainError| told(&error, error.help());
    // Checkpoints have absolute paths, as every run that this command line starts.
    let root = Path::new("/");
    if args.init {
        let document = Document::read(&args.source)?;
        let config = settings(&document, &args.set)?;
        export_initial(&config, root, &args.folder, weight_type)
            .map_err(|error| explain(&document, &args.set, &error))?;
    } else if args.adapter {
        export_adapter(&args.source, root, &args.folder).map_err(tell)?;
    } else {
        export(&args.source, root, &args.folder, weight_type).map_err(tell)?;
    }
    say(format!("wrote {}", args.folder.display()));
    Ok(Exit::Ok)
}

/// A folder with files in it may be the very checkpoint that is read.
fn refuse_full(folder: &Path) -> Result<()> {
    let failed = |error| miette!(help = "name a new folder", "`{}`: {error}", folder.display());
    if folder.exists() && folder.read_dir().map_err(failed)?.next().is_some() {
        return Err(miette!(help = "name a new folder", "`{}` is not empty", folder.display()));
    }
    Ok(())
}
