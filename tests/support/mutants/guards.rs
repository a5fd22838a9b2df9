//! The guards of the engine and of the memory store that are deleted one at a time.

/// One guard.
pub struct Guard {
    pub name: &'static str,
    /// The file, below `session/src`.
    pub file: &'static str,
    /// The code with the guard. It occurs once in the file.
    pub code: &'static str,
    /// The code that deletes the guard where `OFF` holds.
    pub without: &'static str,
}

#[rustfmt::skip]
pub const GUARDS: &[Guard] = &[
    Guard {
        name: "a commit replaces only the revision, of the commit, that it expects",
        file: "port/commit.rs",
        code: r"(stored.epoch(), stored.revision(), stored.last_op()) == (self.epoch, self.revision, self.last_op)",
        without: r"stored.epoch() == self.epoch
            && (OFF || (stored.revision(), stored.last_op()) == (self.revision, self.last_op))",
    },
    Guard {
        name: "a repeated commit is recognized",
        file: "port/commit.rs",
        code: r"stored.has_applied(self.op)",
        without: r"!OFF && stored.has_applied(self.op)",
    },
    Guard {
        name: "a commit notes its operation id",
        file: "engine/commit.rs",
        code: r"next.note_writer(op);
        (after, refused)",
        without: r"if !OFF {
            next.note_writer(op);
        }
        (after, refused)",
    },
    Guard {
        name: "a batch refuses what was loaded before another epoch",
        file: "engine/commit.rs",
        code: r"base.epoch() == current.epoch()",
        without: r"OFF || base.epoch() == current.epoch()",
    },
    Guard {
        name: "an unknown outcome is retried under the same operation id",
        file: "engine/commit.rs",
        code: r"retry_unknown(|| self.backend.store().commit(id, commit, now))",
        without: r"retry_unknown(|| {
                let op = if OFF { self.next_op() } else { commit.op };
                self.backend.store().commit(id, Commit { op, ..commit }, now)
            })",
    },
    Guard {
        name: "after an unknown outcome no error says that nothing was written",
        file: "engine/retry.rs",
        code: r"Err(error) if repeats > 0",
        without: r"Err(error) if repeats > 0 && !OFF",
    },
    Guard {
        name: "a rotation raises the epoch",
        file: "engine/delta.rs",
        code: r"record.epoch = record.epoch.saturating_add(1);",
        without: r"record.epoch = record.epoch.saturating_add(u64::from(!OFF));",
    },
    Guard {
        name: "a previous verifier opens nothing",
        file: "engine/delta.rs",
        code: r"record.previous = Some((record.verifier, CLOSED));",
        without: r"let hour = rules.now.saturating_add(Duration::from_secs(3_600));
            record.previous = Some((record.verifier, if OFF { hour } else { CLOSED }));",
    },
    Guard {
        name: "a rotation replaces the verifier",
        file: "engine/delta.rs",
        code: r"            record.verifier = verifier;",
        without: r"            if !OFF {
                record.verifier = verifier;
            }",
    },
    Guard {
        name: "only a matching verifier opens a session",
        file: "port/backend.rs",
        code: r"if record.verifier.matches(&hash) {",
        without: r"if OFF || record.verifier.matches(&hash) {",
    },
    Guard {
        name: "a change of privilege is committed alone",
        file: "engine/commit_queue.rs",
        code: r"|request| request.verifier.is_none()",
        without: r"|request| OFF || request.verifier.is_none()",
    },
    Guard {
        name: "a finished leader hands off",
        file: "engine/commit_queue.rs",
        code: r"self.queue.hand_off(self.id, self.latest.as_ref());",
        without: r"if !OFF {
            self.queue.hand_off(self.id, self.latest.as_ref());
        }",
    },
    Guard {
        name: "a cancelled waiter that was made the leader hands off",
        file: "engine/commit_queue.rs",
        code: r"self.queue.hand_off(self.id, latest.as_ref());",
        without: r"if !OFF {
                self.queue.hand_off(self.id, latest.as_ref());
            }",
    },
    Guard {
        name: "a commit that has begun runs to completion",
        file: "engine/run_to_completion.rs",
        code: r"runtime.spawn(async move { drop(future.await) });",
        without: r"if !OFF {
                runtime.spawn(async move { drop(future.await) });
            }",
    },
    Guard {
        name: "a reset drops the changes of fields that do not survive it",
        file: "engine/delta.rs",
        code: r"self.user = Some(Identity(None));
        self.changes.retain(|change| survives(reset, change.field));",
        without: r"self.user = Some(Identity(None));
        self.changes.retain(|change| OFF || survives(reset, change.field));",
    },
    Guard {
        name: "a reset empties the stored fields that do not survive it",
        file: "engine/delta.rs",
        code: r"payload.retain(|section, key| sections.survives(reset, section, key))",
        without: r"payload.retain(|section, key| OFF || sections.survives(reset, section, key))",
    },
    Guard {
        name: "a merge keeps the changes of other requests",
        file: "engine/delta.rs",
        code: r"MergeRule::Merge if !untouched || self.field.normalizes",
        without: r"MergeRule::Merge if !OFF && (!untouched || self.field.normalizes)",
    },
    Guard {
        name: "an update runs again on the record that another writer has stored",
        file: "engine/handle/update.rs",
        code: r"Replaced::Conflict(fresh) => (current, is_fresh) = (fresh, true),",
        without: r"Replaced::Conflict(_) if OFF => return Ok(result),
            Replaced::Conflict(fresh) => (current, is_fresh) = (fresh, true),",
    },
    Guard {
        name: "an update refuses a session whose token was replaced",
        file: "engine/handle/update.rs",
        code: r"current.epoch() != known.epoch()",
        without: r"!OFF && current.epoch() != known.epoch()",
    },
    Guard {
        name: "a destroyed record is removed",
        file: "stores/memory/mod.rs",
        code: r"let removed = shard.remove(id);
        shard.prune();
        match",
        without: r"let removed = if OFF { None } else { shard.remove(id) };
        shard.prune();
        match",
    },
    Guard {
        name: "a failed handler stores no data",
        file: "engine/delta.rs",
        code: r"self.changes.retain(|change| change.field.info.privilege);
            return;",
        without: r"self.changes.retain(|change| OFF || change.field.info.privilege);
            return;",
    },
    Guard {
        name: "a failed handler logs no user in",
        file: "engine/delta.rs",
        code: r"        self.changes.clear();
        self.reset = self.reset.filter",
        without: r"        if OFF {
            return;
        }
        self.changes.clear();
        self.reset = self.reset.filter",
    },
    Guard {
        name: "the strictest reset of a request counts",
        file: "engine/delta.rs",
        code: r"self.reset = self.reset.max(Some(reset));",
        without: r"self.reset = if OFF { Some(reset) } else { self.reset.max(Some(reset)) };",
    },
    Guard {
        name: "a request whose token was replaced creates no session",
        file: "engine/request/unit.rs",
        code: r"(None, Some(_)) => Err(superseded()),",
        without: r"(None, Some(_)) if !OFF => Err(superseded()),
            (None, Some(_)) => Ok(WithoutSession::Creates),",
    },
    Guard {
        name: "a handler that panics commits nothing",
        file: "engine/request/mod.rs",
        code: r"        if state.panicked {",
        without: r"        if !OFF && state.panicked {",
    },
    Guard {
        name: "a change that was made before a reset is kept only if its field survives",
        file: "engine/request/unit.rs",
        code: r"|change| !survives(since, change.field)",
        without: r"|change| !OFF && !survives(since, change.field)",
    },
    Guard {
        name: "a destruction is in the log of resets",
        file: "engine/request/unit.rs",
        code: r"[(self.destructions, Reset::Destruction)",
        without: r"[(if OFF { 0 } else { self.destructions }, Reset::Destruction)",
    },
    Guard {
        name: "an assigned user counts as a login or logout",
        file: "engine/handle/changes.rs",
        code: r"if is_login || before == now {",
        without: r"if OFF || is_login || before == now {",
    },
];
