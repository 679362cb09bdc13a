//! The threads that the CPU computes with.

/// Makes the thread that calls this one of those that compute on the CPU, as many as
/// `RAYON_NUM_THREADS` says, or as there are cores.
///
/// Otherwise it would sleep while another thread computes, and be woken for each of the many short
/// operations of a step: about 4 % of the time of a small model. It holds for the whole process,
/// so a program calls it, at its start, on the thread that trains; [`train`](crate::train()) does
/// not. Once something has been computed, it does nothing.
pub fn compute_on_this_thread() {
    let pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    // The only error where no number of threads is asked for: the threads are there already.
    pool.build_global().ok();
}
