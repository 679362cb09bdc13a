//! The learning-rate schedules: their list, their curves and their tables.

use crate::lab::Lab;

/// `temper schedule` with these arguments.
fn schedule(arguments: &[&str]) -> String {
    Lab::new().temper(&[&["schedule"], arguments].concat()).ok().stdout
}

/// The learning rates of a table.
fn rates(table: &str) -> Vec<f64> {
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("step,learning_rate"));
    let rows = lines.enumerate().map(|(step, line)| {
        let (number, rate) = line.split_once(',').expect("a row has two columns");
        assert_eq!(number, step.to_string());
        rate.parse().expect("a learning rate is a number")
    });
    rows.collect()
}

#[test]
fn the_schedules_are_listed_with_their_formulas_and_sources() {
    insta::assert_snapshot!(schedule(&[]));
}

#[test]
fn curves_have_numbers_on_their_axes_and_fit_80_columns() {
    let run = ["--steps", "1000", "--learning-rate", "1e-3", "--warmup-steps", "100"];
    let curves: Vec<_> = [
        &["cosine", "--min-lr", "1e-5"][..],
        &["step", "--set", "lr_gamma=0.5", "--set", "lr_step_size=250"],
        &["cosine_with_restarts", "--set", "lr_num_cycles=3"],
    ]
    .into_iter()
    .map(|arguments| schedule(&[arguments, &run[..]].concat()))
    .collect();
    let curves = curves.join("\n");
    assert!(curves.lines().all(|line| line.chars().count() <= 80), "{curves}");
    insta::assert_snapshot!(curves);
}

#[test]
fn curves_of_any_length_and_height_keep_their_axis_straight() {
    for (steps, learning_rate, top) in [
        ("1", "0.001", "0.001"),
        ("2", "1e-300", "1.00000e-300"),
        ("63", "0.000333333", "0.000333333"),
        ("65", "1", "1"),
        ("18446744073709551615", "123456", "123456"),
    ] {
        let run = ["one_cycle", "--steps", steps, "--learning-rate", learning_rate];
        let curve = schedule(&run);
        assert!(curve.contains(&format!("{top} ┤")), "{curve}");
        assert!(curve.lines().all(|line| line.chars().count() <= 80), "{curve}");
        let axis = |line: &str| line.chars().position(|it| "┤│└".contains(it));
        let places: Vec<_> = curve.lines().filter_map(axis).collect();
        assert_eq!(places, [13; 18], "{curve}");
    }
}

#[test]
fn a_table_has_the_learning_rate_of_every_step() {
    let table =
        schedule(&["linear", "--steps", "5", "--learning-rate", "2", "--min-lr", "1", "--csv"]);
    assert_eq!(rates(&table), [2.0, 1.75, 1.5, 1.25, 1.0]);
}

#[test]
fn the_schedule_of_a_file_is_that_of_the_run() {
    let lab = Lab::new();
    lab.write(
        "config.toml",
        "data = ['*.txt']\nmax_steps = 4\nlearning_rate = 1.0\nlr_schedule = 'polynomial'\n\
         lr_power = 2.0\nmin_lr = 0.0\nwarmup_steps = 2",
    );
    let table = |arguments: &[&str]| {
        let arguments = [&["schedule", "config.toml", "--csv"], arguments].concat();
        rates(&lab.temper(&arguments).ok().stdout)
    };
    assert_eq!(table(&[]), [0.5, 1.0, 0.25, 0.0]);
    let changed = ["--steps", "3", "--set", "lr_power=1.0", "--learning-rate", "4"];
    assert_eq!(table(&changed), [2.0, 4.0, 0.0]);
}

#[test]
fn mistakes_are_named_with_the_way_out() {
    let lab = Lab::new();
    lab.write("epochs.toml", "data = ['*.txt']\nnum_epochs = 2.0");
    lab.write("other.toml", "data = ['*.txt']\nmax_steps = 9\nlr_power = 2.0");
    let refusals = [
        &["cosin"][..],
        &["missing.toml"],
        &["cosine", "--set", "lr_power=2"],
        &["polynomial", "--set", "lr_power=-1"],
        &["cosine", "--min-lr", "1"],
        &["epochs.toml"],
        &["other.toml"],
    ]
    .map(|arguments| {
        let ended = lab.temper(&[&["schedule"], arguments].concat()).with_code(2);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        format!("# {}\n\n{}\n", arguments.join(" "), ended.stderr)
    });
    insta::assert_snapshot!(refusals.concat());
}
