//! The device on which burn puts what it reads before it knows where it belongs.

use std::env;

/// Lets that be the processor, in programs that call this before they start a thread.
///
/// burn reads the state of an optimizer to its default device, and moves it at the next step. Where
/// GPU backends are built in, that is a GPU, whether there is one or not: a build with `cuda` could
/// not resume a run on a machine without. What `BURN_DEVICE` names already stays.
pub fn read_to_the_cpu() {
    if env::var_os("BURN_DEVICE").is_some() {
        return;
    }
    #[expect(unsafe_code, reason = "no other thread reads the environment yet")]
    // SAFETY: as the documentation asks, there is no other thread.
    unsafe {
        env::set_var("BURN_DEVICE", "flex");
    }
}
