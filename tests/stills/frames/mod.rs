//! `otinterp frames` from the outside: real files in, real files out, decoded and compared.

mod errors;
mod inputs;
mod outputs;
mod support;
