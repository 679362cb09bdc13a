//! `temper init`.

use crate::lab::Lab;
use crate::lab::trials::trials;

#[test]
fn every_template_passes_its_check() {
    for template in ["pretrain", "finetune", "command"] {
        let lab = Lab::new();
        let file = format!("{template}.toml");
        let ended = lab.temper(&["init", template]).ok();
        assert_eq!(ended.stdout, "");
        let advice = format!("next: temper check {file}, then temper run {file}\n");
        assert!(ended.stderr.ends_with(&advice), "{}", ended.stderr);
        let checked = lab.temper(&["check", &file]).ok().stdout;
        assert!(checked.starts_with(&format!("study {template}, minimize eval_loss\n")));
        assert!(checked.contains("first trial: "), "{checked}");
    }
}

#[test]
fn a_template_without_its_program_or_text_does_not() {
    let lab = Lab::new();
    for (template, program) in [("finetune", "finetune.py"), ("command", "train.py")] {
        lab.temper(&["init", template]).ok();
        std::fs::remove_file(lab.path(program)).expect("it came with the template");
        let ended = lab.temper(&["check", &format!("{template}.toml")]);
        let complaint = ended.with_code(2).stderr;
        assert!(complaint.contains(&format!("there is no file `{program}`")));
    }
    let template = lab.temper(&["init", "pretrain", "-"]).ok().stdout;
    let (before, rest) = template.split_once("data = ").expect("it names text");
    let (_, after) = rest.split_once('\n').expect("it goes on");
    lab.write("study.toml", &format!("{before}data = [\"*.text\"]\n{after}"));
    let complaint = lab.temper(&["check", "study.toml"]).with_code(2).stderr;
    assert!(complaint.contains("`data`: no text in the 0 files"), "{complaint}");
}

#[test]
fn a_template_does_not_overwrite_a_file() {
    let lab = Lab::new();
    lab.write("command.toml", "mine");
    let ended = lab.temper(&["init", "command"]).with_code(2);
    assert!(ended.stderr.contains("`command.toml` exists already"));
    assert_eq!(lab.read("command.toml"), "mine");
    assert_eq!(lab.files(), ["command.toml"]);
    lab.temper(&["init", "command", "study.toml"]).ok();
    let printed = lab.temper(&["init", "command", "-"]).ok().stdout;
    assert_eq!(printed, lab.read("study.toml"));
}

#[test]
fn the_command_template_runs() {
    let lab = Lab::new();
    lab.temper(&["init", "command", "study.toml"]).ok();
    lab.temper(&["run", "study.toml", "--trials", "2"]).ok();
    assert_eq!(trials(&lab).len(), 2);
}
