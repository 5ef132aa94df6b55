//! `otinterp frames` from the outside: real files in, real files out, decoded and compared.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod errors;
mod inputs;
mod outputs;
mod support;
