#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otinterp_cli::targets::journal(bytes));
