//! Devices that run out of memory.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::TrainError;

/// What CUDA, Vulkan, wgpu and cubecl say when memory has run out, in small letters without marks
/// between words. The last is of a buffer beyond what the device can ever hold.
const WORDS: [&str; 4] = [
    "out of memory",
    "out of device memory",
    "out of host memory",
    "can't allocate buffer of size",
];

/// The error of a device that failed with this message.
pub(crate) fn device_failure(message: String) -> TrainError {
    match out_of_memory(&message) {
        Some(message) => TrainError::OutOfMemory { message },
        None => TrainError::DeviceFailed { message },
    }
}

/// What `run` comes to; a panic for want of memory is an error of this run alone, any other goes on.
///
/// Devices compute later than they are asked to, so their failures are panics of whatever
/// operation waits for them.
pub(crate) fn catch_out_of_memory<T>(
    run: impl FnOnce() -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        match text(&*panic).and_then(out_of_memory) {
            Some(message) => Err(TrainError::OutOfMemory { message }),
            None => resume_unwind(panic),
        }
    })
}

/// The line that says so, if one does.
fn out_of_memory(message: &str) -> Option<String> {
    let says = |line: &&str| {
        let line = line.to_lowercase().replace(['-', '_'], " ");
        WORDS.iter().any(|words| line.contains(words))
    };
    message.lines().find(says).map(|line| line.trim().to_owned())
}

fn text(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cubecl 0.11, wgpu 30 and CUDA say.
    const SAID: [&str; 6] = [
        "out of device memory allocating 4294967296 bytes\n   0: backtrace",
        "An out-of-memory error happened during launch\nCaused by:\n  no room",
        "the read failed\nCaused by:\n  can't allocate buffer of size: 17179869184\n",
        "wgpu error: Out of Memory\n\nCaused by:\n  In Device::create_buffer",
        "CUDA allocation error: CUDA_ERROR_OUT_OF_MEMORY",
        "vkAllocateMemory: ERROR_OUT_OF_DEVICE_MEMORY",
    ];

    #[test]
    fn a_device_without_memory_is_known_by_its_words() {
        for said in SAID {
            let error = device_failure(said.to_owned());
            assert!(matches!(error, TrainError::OutOfMemory { .. }), "{said}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        let error = device_failure("the device was lost".to_owned());
        assert!(matches!(error, TrainError::DeviceFailed { .. }));
    }

    #[test]
    fn a_panic_for_want_of_memory_ends_one_run_and_another_panic_is_passed_on() {
        for said in SAID {
            let error = catch_out_of_memory::<()>(|| panic!("{said}")).unwrap_err();
            assert!(matches!(error, TrainError::OutOfMemory { .. }), "{said}");
        }
        let error = catch_out_of_memory::<()>(|| panic!("out of device memory")).unwrap_err();
        assert_eq!(error.to_string(), "the device has too little memory: out of device memory");
        let other = catch_unwind(|| catch_out_of_memory::<()>(|| panic!("index out of bounds")));
        let panic = other.expect_err("a mistake of ours is none of the device's");
        assert_eq!(text(&*panic), Some("index out of bounds"));
    }

    #[test]
    fn a_run_that_panics_not_is_as_it_is() {
        assert_eq!(catch_out_of_memory(|| Ok(3)).unwrap(), 3);
        let failed = catch_out_of_memory::<()>(|| Err(TrainError::NoGlobs));
        assert!(matches!(failed, Err(TrainError::NoGlobs)));
    }
}
