//! Keys, sessions that live in their cookie, and records encrypted at rest.

mod keys;
