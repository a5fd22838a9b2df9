//! The statements of a store, prepared for its table and dialect.

use super::dialect::Dialect;
use super::options::SqlOptions;
use super::statement::{ResultKind, Statement, Template};

pub(super) struct Statements {
    pub(super) insert: Statement,
    pub(super) load: Statement,
    pub(super) commit: Statement,
    pub(super) touch: Statement,
    pub(super) destroy: Statement,
    pub(super) sweep: Statement,
    pub(super) list: Statement,
    pub(super) revoke: Statement,
    pub(super) clock: Statement,
    /// One for each privilege and each column. They find no row.
    pub(super) probes: [Statement; 4],
}

impl Statements {
    pub(super) fn new<D: Dialect>(options: &SqlOptions) -> Self {
        let read = |text| prepare::<D>(&template("SELECT", false, ResultKind::Rows, text), options);
        let write = |name, text| prepare::<D>(&template(name, true, ResultKind::Count, text), options);
        Self {
            insert: write(
                "INSERT",
                "INSERT INTO {t} (handle, epoch, revision, expires, user_hash, data) VALUES ($1, $2, $3, $4, $5, $6)",
            ),
            load: read("SELECT {row} FROM {t} WHERE handle = $1"),
            commit: prepare::<D>(&D::COMMIT, options),
            touch: write(
                "UPDATE",
                "UPDATE {t} SET expires = CASE WHEN expires > $2 THEN expires ELSE $2 END \
                 WHERE handle = $1 AND expires > $3",
            ),
            destroy: write("DELETE", "DELETE FROM {t} WHERE handle = $1"),
            sweep: write("DELETE", D::SWEEP),
            list: read("SELECT {row} FROM {t} WHERE user_hash = $1 AND expires > $2 ORDER BY expires DESC LIMIT $3"),
            revoke: write("DELETE", "DELETE FROM {t} WHERE user_hash = $1 AND handle <> $2"),
            clock: read("SELECT {clock}"),
            probes: [
                prepare::<D>(
                    &template(
                        "SELECT",
                        false,
                        ResultKind::Count,
                        "SELECT handle, epoch, revision, expires, user_hash, data FROM {t} WHERE 1 = 0",
                    ),
                    options,
                ),
                write(
                    "INSERT",
                    "INSERT INTO {t} (handle, epoch, revision, expires, user_hash, data) \
                     SELECT handle, epoch, revision, expires, user_hash, data FROM {t} WHERE 1 = 0",
                ),
                write("UPDATE", "UPDATE {t} SET epoch = epoch, data = data WHERE 1 = 0"),
                write("DELETE", "DELETE FROM {t} WHERE 1 = 0"),
            ],
        }
    }
}

fn template(name: &'static str, writes: bool, result: ResultKind, text: &'static str) -> Template {
    Template { name, writes, result, text }
}

fn prepare<D: Dialect>(template: &Template, options: &SqlOptions) -> Statement {
    let quote = D::QUOTE;
    let clock = D::CLOCK.unwrap_or("0");
    let text = template
        .text
        .replace("{row}", &format!("handle, epoch, revision, expires, data, {clock}"))
        .replace("{t}", &format!("{quote}{}{quote}", options.table_name()))
        .replace("{clock}", &format!("NULL, {clock}, {clock}, {clock}, NULL, {clock}"));
    let Template { name, writes, result, .. } = *template;
    let statement = Statement { name, writes, result, text: text.into(), order: None };
    if D::NUMBERED { statement } else { statement.unnumbered() }
}
