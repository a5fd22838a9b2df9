//! What the attributes of a struct and of its fields say, as plain constants.

use crate::data::codec::Codec;

/// What the attributes of a field say.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldInfo {
    /// The field's name in the struct.
    pub name: &'static str,
    /// The key it is stored under.
    pub key: &'static str,
    /// Whether it is the user or a right. A change of it is a change of privilege: the commit rotates the token, and an
    /// unreadable value fails the load instead of becoming the default.
    pub privilege: bool,
    /// Which resets it survives.
    pub survive: Survive,
    /// What happens when two requests change it.
    pub merge: MergeRule,
    /// Whether an unreadable stored value fails the load. Otherwise it reads as the default.
    pub rejects: bool,
    /// The keys of older releases that its value may be stored under.
    pub sources: &'static [&'static str],
}

impl FieldInfo {
    /// A field without attributes.
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self {
            name,
            key,
            privilege: false,
            survive: Survive::Neither,
            merge: MergeRule::LastWriter,
            rejects: false,
            sources: &[],
        }
    }

    /// Marks it as the user or a right.
    #[must_use]
    pub const fn privilege(mut self) -> Self {
        self.privilege = true;
        self.rejects = true;
        self
    }

    /// Makes an unreadable stored value fail the load.
    #[must_use]
    pub const fn rejects(mut self) -> Self {
        self.rejects = true;
        self
    }

    /// Sets the keys of older releases.
    #[must_use]
    pub const fn sources(mut self, sources: &'static [&'static str]) -> Self {
        self.sources = sources;
        self
    }

    /// Sets which resets it survives.
    #[must_use]
    pub const fn survive(mut self, survive: Survive) -> Self {
        self.survive = survive;
        self
    }

    /// Sets what happens when two requests change it.
    #[must_use]
    pub const fn merge(mut self, merge: MergeRule) -> Self {
        self.merge = merge;
        self
    }
}

/// Which resets a field survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code names the variants")]
pub enum Survive {
    /// Login and logout reset it.
    Neither,
    /// Login keeps it, logout resets it.
    Login,
    /// Login and logout keep it.
    Both,
}

/// What happens when two requests change one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code names the variants")]
pub enum MergeRule {
    /// The value of the later commit stays.
    LastWriter,
    /// The later commit fails with [`ErrorKind::Conflict`](crate::ErrorKind::Conflict).
    Reject,
    /// [`Field::merge`](super::field::Field::merge) decides.
    Merge,
}

/// What the attributes of a struct say about its section of a record.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SectionInfo {
    /// The name of the section.
    pub name: &'static str,
    /// The version of the stored form.
    pub version: u32,
    /// What this code does with sections that newer code has written.
    pub newer: Newer,
    /// The oldest version that may read what this one writes.
    pub min_reader: u32,
    /// The keys of removed fields. The next commit deletes them.
    pub purge: &'static [&'static str],
    /// How the values of a new section are encoded.
    pub codec: Codec,
}

impl SectionInfo {
    /// A section with the default policies.
    pub const fn new(name: &'static str, version: u32) -> Self {
        Self { name, version, newer: Newer::Accept, min_reader: 1, purge: &[], codec: Codec::Json }
    }

    /// Sets the policy for sections that newer code has written.
    #[must_use]
    pub const fn newer(mut self, newer: Newer) -> Self {
        self.newer = newer;
        self
    }

    /// Sets the oldest version that may read what this one writes.
    #[must_use]
    pub const fn min_reader(mut self, version: u32) -> Self {
        self.min_reader = version;
        self
    }

    /// Sets the keys of removed fields.
    #[must_use]
    pub const fn purge(mut self, keys: &'static [&'static str]) -> Self {
        self.purge = keys;
        self
    }

    /// Sets how the values of a new section are encoded.
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }
}

/// What this code does with a section that newer code has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "generated code names the variants")]
pub enum Newer {
    /// Reads and writes the fields that it knows, and carries the others through unchanged.
    #[default]
    Accept,
    /// Reads it, and refuses any change.
    Readonly,
    /// Refuses to read it.
    Reject,
}
