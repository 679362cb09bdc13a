//! The arguments.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use temper_train::BestBy;

use crate::exit::EXIT_CODES;

/// Finds the hyperparameters with which a language model trains, fine-tunes or generates well.
#[derive(Debug, Parser)]
#[command(name = "temper", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a study file to start from
    Init(InitArgs),
    /// Check a study file and say what it would search
    Check(StudyArgs),
    /// Run a study, or join or continue one that was begun
    Run(RunArgs),
    /// Continue a study that was interrupted
    Resume(RunArgs),
    /// Show the trials of a study, best first
    Show(ShowArgs),
    /// Print the best configuration as TOML
    Best(BestArgs),
    /// Train one model, without tuning
    Train(TrainArgs),
    /// Write a trained model as a folder that transformers reads
    Export(ExportArgs),
    /// Let a pretrained model go on with a text
    Generate(GenerateArgs),
    /// List the learning-rate schedules, or draw one
    Schedule(ScheduleArgs),
    /// List what the trainer can compute on
    Devices,
    /// Check that each proposal of a study follows from its log, bit for bit
    Replay(StudyArgs),
    /// Remove the checkpoints that a study no longer needs
    Clean(StudyArgs),
    /// Save what can be read of a damaged study
    Repair(StudyArgs),
    /// List the strategies and the pruners
    Strategies,
    /// Serve a strategy to a program in any language
    Serve(ServeArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one page per command into a folder
    Man(ManArgs),
}

/// What a study file says that can be said otherwise.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Overrides {
    /// Where the study is recorded [default: what the file says, else NAME.db beside it]
    #[arg(long, value_name = "PATH")]
    pub(crate) storage: Option<PathBuf>,
    /// The number of trials in total
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) trials: Option<u64>,
    /// How many trials run at once
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) workers: Option<u16>,
    /// The seed of every random draw
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StudyArgs {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    pub(crate) study: PathBuf,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Print each event as a line of JSON on stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but errors and the result
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// One trial: what it reported, and what was decided about it
    #[arg(value_name = "TRIAL")]
    pub(crate) trial: Option<u64>,
    /// Print one JSON object: study, goals, trials, best; or the trial's
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Print one JSON object: the best trial, and how it compares under further seeds
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// What to tune
    #[arg(value_enum)]
    pub(crate) template: Template,
    /// Where to write it; `-` for stdout [default: TEMPLATE.toml]
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
}

/// The study files to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// A language model trained from nothing by the built-in trainer
    Pretrain,
    /// A language model fine-tuned by a program of yours
    Finetune,
    /// Any program
    Command,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// The settings: a TOML file such as `temper best` prints, or a study file of kind "train"
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) config: PathBuf,
    /// Another value for a setting; may be given many times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print each report as a line of JSON on stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Save checkpoints in this folder: every `save_steps`, at the end, and when interrupted
    #[arg(long, value_name = "FOLDER")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// Go on from the newest checkpoint in the folder, if there is one
    #[arg(long, requires = "checkpoints")]
    pub(crate) resume: bool,
    /// Start from this checkpoint of another run of the same model, or the newest in this folder
    #[arg(long, value_name = "PATH", conflicts_with = "resume")]
    pub(crate) fork: Option<PathBuf>,
    /// Write metrics.jsonl and a file for TensorBoard into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Save and end with the first evaluation at or after this step, as trials that pause do
    #[arg(long, value_name = "STEP", requires = "checkpoints", hide = true)]
    pub(crate) pause_at: Option<u64>,
    /// Keep the checkpoint of the best evaluation too, as best.checkpoint: by `eval_loss`, or by
    /// this metric
    #[arg(
        long,
        value_name = "METRIC",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "eval_loss",
        requires = "checkpoints"
    )]
    pub(crate) keep_best: Option<BestBy>,
    /// End once what --keep-best names has not improved for so many evaluations
    #[arg(
        long,
        value_name = "N",
        requires = "keep_best",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) patience: Option<u32>,
    /// What counts as an improvement: more than this
    #[arg(long, value_name = "D", requires = "patience", default_value_t = 0.0)]
    pub(crate) min_delta: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// A checkpoint, or a folder of checkpoints, of which the best is taken, or else the newest
    #[arg(value_name = "CHECKPOINT")]
    pub(crate) source: PathBuf,
    /// The folder to write, which is new or empty
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// How weights are written
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// Write the adapters alone, as PEFT reads them, in place of a model that they are merged into
    #[arg(long, conflicts_with_all = ["init", "dtype"])]
    pub(crate) adapter: bool,
    /// CHECKPOINT is the settings of a run: write the weights that it begins with
    #[arg(long)]
    pub(crate) init: bool,
    /// Another value for a setting of these; may be given many times
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "init")]
    pub(crate) set: Vec<String>,
}

/// How weights are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtype {
    /// 32 bits each
    F32,
    /// 16 bits each, in the range of 32
    Bf16,
    /// 16 bits each
    F16,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// The model: a folder in Hugging Face's form, a .gguf file, or a checkpoint of `temper train`, or a
    /// folder of these
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// A folder with an adapter of it, in PEFT's form
    #[arg(long, value_name = "FOLDER")]
    pub(crate) adapter: Option<PathBuf>,
    /// The text to go on with
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: String,
    /// The prompt is what a user says in a chat, written by the model's chat template
    #[arg(long)]
    pub(crate) chat: bool,
    /// The system message of the chat [default: what the template says]
    #[arg(long, value_name = "TEXT", requires = "chat")]
    pub(crate) system: Option<String>,
    /// End before this text; may be given many times
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// The most tokens to generate
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) max_new_tokens: usize,
    /// Divides the logits; 0 takes the most probable token
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub(crate) temperature: f64,
    /// Draw among this many of the most probable tokens
    #[arg(long, value_name = "K")]
    pub(crate) top_k: Option<usize>,
    /// Draw among the most probable tokens that together have this probability
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    pub(crate) top_p: f64,
    /// Draw among tokens with at least this share of the greatest probability
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub(crate) min_p: f64,
    /// Divides the positive logits of tokens that were there before, and multiplies the negative ones
    #[arg(long, value_name = "R", default_value_t = 1.0)]
    pub(crate) repetition_penalty: f64,
    /// Taken from a token's logit for each time that it was generated
    #[arg(long, value_name = "F", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) frequency_penalty: f64,
    /// Taken from a token's logit if it was generated
    #[arg(long, value_name = "F", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) presence_penalty: f64,
    /// The seed of the draws
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ScheduleArgs {
    /// A schedule, or a file with the settings that `temper train` reads [default: list them all]
    #[arg(value_name = "SCHEDULE|CONFIG.toml")]
    pub(crate) schedule: Option<String>,
    /// Optimizer steps of the run [default: what the file says, else 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// The peak [default: what the file says, else 0.001]
    #[arg(long, value_name = "LR")]
    pub(crate) learning_rate: Option<f64>,
    /// Optimizer steps of warmup
    #[arg(long, value_name = "N")]
    pub(crate) warmup_steps: Option<u64>,
    /// The lowest learning rate after warmup
    #[arg(long, value_name = "LR")]
    pub(crate) min_lr: Option<f64>,
    /// Another value for a setting, such as `lr_power=2`; may be given many times
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print `step,learning_rate` for each step
    #[arg(long, requires = "schedule")]
    pub(crate) csv: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Speak JSON lines on stdin and stdout
    #[arg(long, required = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder to write the pages into [default: print the main page]
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
