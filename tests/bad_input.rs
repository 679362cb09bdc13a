//! Tests of the binary, as a person or a program uses it.
