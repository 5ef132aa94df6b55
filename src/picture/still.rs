//! Still-image files.
