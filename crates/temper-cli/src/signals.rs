//! Signals that ask the program to end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use miette::{IntoDiagnostic, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// The first signal raises `stop` and the flag that comes back, so that work ends in good order; a
/// second one ends the program at once.
pub(crate) fn raise_on_signals(stop: &Arc<AtomicBool>) -> Result<Arc<AtomicBool>> {
    let seen = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        register_conditional_shutdown(signal, 130, Arc::clone(&seen))
            .and_then(|_| register(signal, Arc::clone(&seen)))
            .and_then(|_| register(signal, Arc::clone(stop)))
            .into_diagnostic()?;
    }
    Ok(seen)
}
