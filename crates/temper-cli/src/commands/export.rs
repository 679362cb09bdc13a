//! `temper export`: a model in Hugging Face's form.

use std::path::Path;

use miette::{Result, miette};
use temper_train::{
    TrainError, WeightType, export, export_adapter, export_initial, read_to_the_cpu,
};

use super::train::{explain_set, read, set};
use crate::args::{Dtype, ExportArgs};
use crate::document::Document;
use crate::exit::Exit;
use crate::say::say;
use crate::train_settings::resolve;

pub(crate) fn run(args: &ExportArgs) -> Result<Exit> {
    read_to_the_cpu();
    refuse_full(&args.folder)?;
    let precision = match args.dtype {
        Dtype::F32 => WeightType::F32,
        Dtype::Bf16 => WeightType::Bf16,
        Dtype::F16 => WeightType::F16,
    };
    // Checkpoints have absolute paths, as every run that this command line starts.
    let root = Path::new("/");
    if args.init {
        let document = Document::read(&args.source)?;
        let mut config = read(&document)?;
        resolve(&mut config, &document.folder());
        let config = set(&config, &args.set)?;
        export_initial(&config, root, &args.folder, precision)
            .map_err(|error| explain_set(&document, &args.set, &error))?;
    } else if args.adapter {
        export_adapter(&args.source, root, &args.folder).map_err(|error| tell(&error))?;
    } else {
        export(&args.source, root, &args.folder, precision).map_err(|error| tell(&error))?;
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

fn tell(error: &TrainError) -> miette::Report {
    match error.help() {
        Some(help) => miette!(help = help, "{error}"),
        None => miette!("{error}"),
    }
}
