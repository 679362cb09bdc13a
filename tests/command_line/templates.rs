//! `temper init`.

use crate::lab::Lab;
use crate::lab::trials::trials;

#[test]
fn every_template_passes_its_check() {
    // What each needs: two bring it along.
    let needs = [
        ("pretrain", "notes.md", "no text"),
        ("finetune", "finetune.py", "there is no file `finetune.py`"),
        ("command", "train.py", "there is no file `train.py`"),
    ];
    for (template, need, complaint) in needs {
        let lab = Lab::new();
        let file = format!("{template}.toml");
        let ended = lab.temper(&["init", template]).ok();
        assert_eq!(ended.stdout, "");
        let advice = format!("next: temper check {file}, then temper run {file}\n");
        assert!(ended.stderr.ends_with(&advice), "{}", ended.stderr);
        if template == "pretrain" {
            lab.write(need, &"Text to train on.\n".repeat(1000));
        }
        let checked = lab.temper(&["check", &file]).ok().stdout;
        assert!(checked.starts_with(&format!("study {template}, minimize eval_loss\n")));
        assert!(checked.contains("first trial: "), "{checked}");
        std::fs::remove_file(lab.path(need)).expect("it is there");
        let ended = lab.temper(&["check", &file]).with_code(2);
        assert!(ended.stderr.contains(complaint), "{}", ended.stderr);
    }
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
