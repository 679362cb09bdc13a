//! `temper serve --stdio`: a strategy for programs in any language.
//!
//! One JSON object per line each way, one reply per request, in order:
//! `create`, `ask`, `tell`, `report`, `observe`. A request that can't be met is answered
//! `{"error": "..."}` and changes nothing. A value may be `NaN` or `Infinity`, as Python writes
//! them: then the trial has diverged. With `"constraints": ["latency_ms <= 50"]` in `create`,
//! `tell` and `observe` have `"metrics": {"latency_ms": 43}` beside the value.
//!
//! With a pruner (`"pruner": "asha", "pruner_options": {"mode": "promote"}, "max_resource": 27`),
//! `report` answers `{"prune": true}` if the trial is to be given up, and `{"prune": false, "pause":
//! true}` if it is to be saved and told as `"state": "paused"`: a later `ask` may answer it again,
//! with `"resume": true` and the `step` that it reported last. Once the program wants no new trials,
//! `{"op": "ask", "closed": true}` answers those that are left to go on.
//!
//! With the strategy `pbt` (`"max_resource": 100`), `ask` may answer a new trial with `"fork": 3` and
//! a `step`: it goes on from what trial 3 had saved at that step, and takes the place of the trial
//! that `replaces` names. What was saved has to stay until the new trial has reported.

mod request;
mod session;

use std::io::{self, BufRead, Write};

use miette::{IntoDiagnostic, Result};
use serde_json::{Value, json};
use temper_study::lenient;

use crate::args::ServeArgs;
use crate::exit::Exit;

use request::Request;
use session::Session;

pub(crate) fn run(_: &ServeArgs) -> Result<Exit> {
    let mut session = None;
    let mut replies = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.into_diagnostic()?;
        if line.trim().is_empty() {
            continue;
        }
        let reply = answer(&mut session, &line).unwrap_or_else(|error| json!({"error": error}));
        writeln!(replies, "{reply}").and_then(|()| replies.flush()).into_diagnostic()?;
    }
    Ok(Exit::Ok)
}

fn answer(session: &mut Option<Session>, line: &str) -> Result<Value, String> {
    let request: Request = lenient::from_str(line).map_err(|error| error.to_string())?;
    if let Request::Create(create) = request {
        *session = Some(Session::new(*create)?);
        return Ok(json!({"ok": true}));
    }
    let session = session.as_mut().ok_or("there is no study yet: send `create` first")?;
    match request {
        Request::Create(_) => unreachable!("answered above"),
        Request::Ask(ask) => session.ask(&ask),
        Request::Tell(tell) => session.tell(tell),
        Request::Report(report) => session.report(&report),
        Request::Observe(observe) => session.observe(observe),
    }
}
