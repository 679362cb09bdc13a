//! What the default strategy chooses, and when it says so.

use temper_core::{Event, Next, Origin, Setup};

use crate::spaces::bowl;
use crate::study::Study;

fn note(next: Next) -> Option<String> {
    let Next::Start { note, .. } = next else { panic!("{next:?}") };
    note
}

#[test]
fn a_choice_is_said_once_and_again_when_it_changes() {
    let mut study = Study::new("auto", "{}", &bowl(3).space, 7);
    let first = study.ask();
    let expected = "auto: bayes, which needs the fewest trials, for 3 parameters, 1 goal and no \
                    limit of trials";
    assert_eq!(note(first.clone()).unwrap(), expected);
    study.follow(first);
    assert_eq!(note(study.ask()), None);

    let setup = study.history.setup().unwrap().clone();
    study.add(Event::Opened(Setup { trials: Some(5000), ..setup }));
    let next = study.ask();
    assert!(note(next.clone()).unwrap().starts_with("auto: cmaes"), "{next:?}");
    study.follow(next);
    assert_eq!(note(study.ask()), None);
}

#[test]
fn it_asks_what_the_chosen_strategy_would() {
    let [mut auto, mut bayes] =
        ["auto", "bayes"].map(|name| Study::new(name, "{}", &bowl(3).space, 7));
    auto.run(15, 1, bowl(3).objective);
    bayes.run(15, 1, bowl(3).objective);
    assert!(auto.configs().eq(bayes.configs()));
}

#[test]
fn a_strategy_chosen_late_has_learned_from_all_trials() {
    let mut study = Study::new("auto", "{}", &bowl(3).space, 7);
    for index in 0..30 {
        let point = [0.3, 0.3, 0.3 + 1e-3 * f64::from(index)];
        let known = study.start(study.space.decode(&point), Origin::Strategy);
        study.finish(known, Ok(vec![f64::from(index)]));
    }
    let setup = study.history.setup().unwrap().clone();
    let goals = vec![setup.goals[0].clone(); 2];
    study.add(Event::Opened(Setup { trials: Some(5000), goals, ..setup }));
    assert!(note(study.ask()).unwrap().starts_with("auto: nsga2"));
}
