//! Settings of the process: glibc's allocator, the logs of libraries below FFmpeg, and its end.

/// Blocks of so many bytes and more are taken from the system and given back one by one: planes of 1080p and above.
const SINGLE_BLOCK_BYTES: i32 = 4 << 20;
/// So much free memory at the heap's end goes back, too: glibc's own choice.
const TRIMMED_BYTES: i32 = 128 << 10;
/// Blocks below this stay with the process when they are freed: planes of every picture that is not far above 4K.
const KEPT_BLOCK_BYTES: i32 = 1 << 30;

/// Lets freed memory be used again instead of giving it back: the system clears every page that it hands out, which
/// takes longer than what is then written there (measured: 2 ms of CPU time for each plane of 1080p). For programs, before
/// they start other threads.
pub fn reuse_memory() {
    set_thresholds(KEPT_BLOCK_BYTES, KEPT_BLOCK_BYTES);
}

/// Keeps the memory of a long run flat. Left to itself, glibc raises that size up to 32 MiB as blocks are freed, and the
/// holes that are left between large blocks grow: at 3840×2160 a run stood at 1.4 GiB after 75 s and rose, and at 1.1 GiB with
/// this. Costs about 2 % of the CPU time of 1080p with the preset `fast`.
pub fn keep_memory_flat() {
    set_thresholds(SINGLE_BLOCK_BYTES, TRIMMED_BYTES);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set_thresholds(mmap_bytes: i32, trim_bytes: i32) {
    // SAFETY: sets two numbers of the allocator, which takes its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, mmap_bytes);
        libc::mallopt(libc::M_TRIM_THRESHOLD, trim_bytes);
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn set_thresholds(_mmap_bytes: i32, _trim_bytes: i32) {}

/// Keeps libraries quiet that write to stderr whatever FFmpeg is told. For programs, before they start other threads.
///
/// The AV1 encoder SVT-AV1 prints its settings on stderr. FFmpeg does not reach its log; this variable of its own does,
/// unless the user has set it.
pub fn quiet_libraries() {
    const LOG: &str = "SVT_LOG";
    if std::env::var_os(LOG).is_none() {
        // Fatal errors alone: all others come back through FFmpeg.
        // SAFETY: no other thread runs yet that could read the environment; the caller sees to it.
        unsafe { std::env::set_var(LOG, "0") };
    }
}

/// Ends the process at once, whatever its threads are at: what libraries want to do at an orderly end, they would do under the
/// hands of those threads.
#[cfg(unix)]
pub fn leave(code: u8) -> ! {
    // SAFETY: it takes any number, and touches no memory of the process.
    unsafe { libc::_exit(code.into()) }
}

/// Ends the process at once.
#[cfg(not(unix))]
pub fn leave(code: u8) -> ! {
    std::process::exit(code.into())
}
