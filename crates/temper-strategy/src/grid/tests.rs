use temper_core::{Lease, Loss, Origin, Outcome, TrialId, WorkerId, stream};

use super::*;

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-1, "log": true},
    "hidden_size": {"type": "int", "low": 128, "high": 512, "step": 64},
    "num_heads": {"type": "ordinal", "values": [2, 4, 8]},
    "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
    "momentum": {"type": "float", "low": 0, "high": 0.9, "when": {"optimizer": "sgd"}}
}"#;

fn space(require: &[(&str, &str)]) -> Space {
    let require = require.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let require = temper_space::RequireSpec(require);
    Space::new(&serde_json::from_str(SPACE).unwrap(), &require).unwrap()
}

/// Runs the grid to its end, or for `limit` trials, over what `events` already tell.
fn run(grid: &mut Grid, space: &Space, history: &mut History, limit: usize) -> Vec<Config> {
    let mut configs = Vec::new();
    while configs.len() < limit {
        let next = grid.ask(space, history, &mut stream(0, history.proposals())).unwrap();
        let Next::Start { config, .. } = next else {
            return configs;
        };
        let trial = TrialId(history.trials().len() as u64);
        let lease = Lease(history.len());
        let started = Event::Started {
            trial,
            config: config.clone(),
            origin: Origin::Strategy,
            seen: history.len(),
            worker: WorkerId::new("test"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        };
        let losses = vec![Loss::new(1.0).unwrap()];
        let outcome = Outcome::completed(losses);
        let finished = Event::Finished { trial, lease, outcome, seconds: 0.0, peak_memory: None };
        for event in [started, finished] {
            history.apply(&event).unwrap();
            grid.tell(&event);
        }
        configs.push(config);
    }
    configs
}

#[test]
fn a_grid_visits_every_allowed_point_once() {
    let space = space(&[("heads_divide", "hidden_size % (num_heads * 32) == 0")]);
    let mut grid = Grid::new(GridOptions { resolution: Resolution::All(3) });
    // Seven widths: all are multiples of 64, four of 128, two of 256.
    let shapes = 7 + 4 + 2;
    // adamw has no momentum, sgd has three.
    assert_eq!(grid.count(&space).unwrap(), 3 * shapes * (1 + 3));
    assert_eq!(grid.combinations(&space).unwrap(), 3 * 7 * 3 * 2 * 3);
    let configs = run(&mut grid, &space, &mut History::new(), usize::MAX);
    let keys: BTreeSet<_> = configs.iter().map(Config::key).collect();
    assert_eq!((configs.len() as u64, keys.len()), (3 * shapes * 4, configs.len()));
}

#[test]
fn a_grid_continues_where_it_stopped() {
    let space = space(&[]);
    let whole = run(&mut Grid::default(), &space, &mut History::new(), usize::MAX);
    let mut history = History::new();
    let mut grid = Grid::default();
    let mut parts = run(&mut grid, &space, &mut history, 17);
    let mut fresh = Grid::default();
    fresh.seen.clone_from(&grid.seen); // what the log tells it
    parts.extend(run(&mut fresh, &space, &mut history, usize::MAX));
    assert_eq!(parts, whole);
}

#[test]
fn a_part_of_a_grid_has_seen_every_part_of_each_parameter() {
    let space = space(&[]);
    let configs = run(&mut Grid::default(), &space, &mut History::new(), 60);
    for (param, values) in [("learning_rate", 5), ("hidden_size", 7), ("num_heads", 3)] {
        let seen: BTreeSet<_> =
            configs.iter().map(|config| config.get(param).unwrap().to_string()).collect();
        assert_eq!(seen.len(), values, "{param}");
    }
}

#[test]
fn resolutions_are_per_parameter_and_include_both_ends() {
    let space = space(&[]);
    let options = serde_json::json!({"resolution": {"learning_rate": 2, "momentum": 1}});
    let options = GridOptions::read(options.as_object().unwrap()).unwrap();
    let mut grid = Grid::new(options);
    let configs = run(&mut grid, &space, &mut History::new(), usize::MAX);
    let rates: BTreeSet<_> =
        configs.iter().map(|config| config.get("learning_rate").unwrap().to_string()).collect();
    assert_eq!(rates, BTreeSet::from(["0.1".to_owned(), "1e-5".to_owned()]));
    assert_eq!(configs.len(), 2 * 7 * 3 * 2);
}

#[test]
fn a_wrong_resolution_is_refused() {
    for (resolution, message) in [
        (r#"{"lr": 3}"#, "strategy `grid`: `resolution`: there is no parameter `lr`"),
        ("0", "strategy `grid`: a resolution of 0 leaves no values"),
    ] {
        let resolution = serde_json::from_str(resolution).unwrap();
        let grid = Grid::new(GridOptions { resolution });
        assert_eq!(grid.combinations(&space(&[])).unwrap_err().to_string(), message);
    }
    let unknown = serde_json::json!({"resolutions": 3});
    assert!(GridOptions::read(unknown.as_object().unwrap()).is_err());
}
