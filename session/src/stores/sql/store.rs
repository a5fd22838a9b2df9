//! [`Core`]: what the stores in SQL databases do alike, which is everything but a few words of SQL.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Error, Pool};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::dialect::{Answer, Answers, Ask, Class, Engine, Row, Statement, Value};
use super::options::SqlOptions;
use crate::base::clock::Timestamp;
use crate::base::error::Corrupt;
use crate::data::token::SessionId;
use crate::port::options::check_size;
use crate::port::server_clock::ServerClock;
use crate::port::{
    BoxFuture, Commit, Committed, Created, Decision, Destroyed, Record, StoreError, Touched, UserIndex, UserKey,
};

/// How often a call is repeated that failed because others were in the way, and a read whose connection was a dead one. More
/// than a pool has connections by default, all of them dead after the database was restarted.
const REPEATS: u32 = 16;

/// A store. Cloning shares the pool.
pub(super) struct Core<E: Engine>(Arc<Shared<E>>);

struct Shared<E: Engine> {
    pool: Pool<E::Db>,
    options: SqlOptions,
    statements: Statements,
    clock: ServerClock,
    /// Where the database lets one write at a time, writers wait here: in their order, and without polling.
    writers: Semaphore,
}

struct Statements {
    insert: Statement,
    load: Statement,
    commit: Statement,
    touch: Statement,
    destroy: Statement,
    sweep: Statement,
    list: Statement,
    revoke: Statement,
    clock: Statement,
}

/// Why a call failed: what the error means, and what it says.
pub(super) struct Failed {
    name: &'static str,
    writes: bool,
    class: Class,
    cause: String,
}

type Line<E> = PoolConnection<<E as Engine>::Db>;

impl<E: Engine> Core<E> {
    /// Sends nothing.
    pub(super) fn lazy(pool: Pool<E::Db>, options: SqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        let statements = Statements::new::<E>(&options);
        let writers = Semaphore::new(if E::ONE_WRITER { 1 } else { Semaphore::MAX_PERMITS });
        Ok(Self(Arc::new(Shared { pool, options, statements, clock: ServerClock::default(), writers })))
    }

    /// Makes the table if it is not there, and tries every kind of statement.
    pub(super) async fn ready(pool: Pool<E::Db>, options: SqlOptions) -> Result<Self, StoreError> {
        let core = Self::lazy(pool, options)?;
        if let Err(failed) = core.probe().await {
            if failed.class != Class::NoTable {
                return Err(failed.at_start::<E>(&core.0.options));
            }
            let made = core.script(core.0.options.schema(E::SCHEMA)).await;
            // Of several processes that start at once one makes the table, and the others fail to.
            if let Err(failed) = core.probe().await {
                return Err(made.err().unwrap_or(failed).at_start::<E>(&core.0.options));
            }
        }
        core.fit().await?;
        Ok(core)
    }

    /// Tries statements of every kind, and of every column. None of them finds a row to write to.
    pub(super) async fn probe(&self) -> Result<(), Failed> {
        let asks = [
            ("SELECT", false, "SELECT handle, epoch, revision, expires, user_hash, data FROM {t} WHERE 1 = 0"),
            (
                "INSERT",
                true,
                "INSERT INTO {t} (handle, epoch, revision, expires, user_hash, data) \
                 SELECT handle, epoch, revision, expires, user_hash, data FROM {t} WHERE 1 = 0",
            ),
            ("UPDATE", true, "UPDATE {t} SET epoch = epoch, data = data WHERE 1 = 0"),
            ("DELETE", true, "DELETE FROM {t} WHERE 1 = 0"),
        ];
        for (name, writes, text) in asks {
            let ask = Ask { name, writes, answers: Answers::Count, text };
            self.ask(&ask.prepare::<E>(&self.0.options), &[]).await?;
        }
        self.ask(&self.0.statements.load, &[Value::Bytes(&[0; 16])]).await.map(|_| ())
    }

    async fn fit(&self) -> Result<(), StoreError> {
        let max_bytes = self.0.options.max_bytes;
        let (_permit, mut line) = self.line("SELECT", false).await.map_err(Failed::told)?;
        let unfit = timeout(self.0.options.deadline, E::unfit(&mut line, max_bytes)).await;
        match self.settle("SELECT", false, line, unfit).map_err(Failed::told)? {
            Some(complaint) => Err(StoreError::Misconfigured(complaint)),
            None => Ok(()),
        }
    }

    pub(super) async fn create(&self, id: SessionId, record: &Record, now: Timestamp) -> Result<Created, StoreError> {
        self.measure(now).await?;
        let outgoing = self.outgoing(record)?;
        let values = [
            Value::Bytes(id.as_bytes()),
            number(record.epoch()),
            number(record.revision()),
            outgoing.expires,
            outgoing.user(),
            Value::Bytes(&outgoing.bytes),
        ];
        match self.ask(&self.0.statements.insert, &values).await {
            Ok(_) => Ok(Created::Created),
            Err(failed) if failed.class == Class::Taken => Ok(Created::Exists),
            Err(failed) => Err(failed.told()),
        }
    }

    pub(super) async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let found = self.ask(&self.0.statements.load, &[Value::Bytes(id.as_bytes())]).await.map_err(Failed::told)?;
        let Some(row) = found.rows.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(self.incoming(row, now)?).filter(|record| !record.is_expired(now)))
    }

    pub(super) async fn commit(
        &self,
        id: SessionId,
        commit: Commit<'_>,
        now: Timestamp,
    ) -> Result<Committed, StoreError> {
        let record = commit.record;
        let outgoing = self.outgoing(record)?;
        let values = [
            Value::Bytes(id.as_bytes()),
            number(commit.epoch),
            number(commit.revision),
            number(record.epoch()),
            number(record.revision()),
            outgoing.expires,
            outgoing.user(),
            Value::Bytes(&outgoing.bytes),
            self.theirs(now),
        ];
        let statement = &self.0.statements.commit;
        for _ in 0..REPEATS {
            let answer = self.ask(statement, &values).await.map_err(Failed::told)?;
            let stored = match statement.answers {
                Answers::Rows => match answer.rows.into_iter().next() {
                    Some(row) if row.data.is_none() => return Ok(Committed::Applied),
                    Some(row) => Some(self.incoming(row, now)?).filter(|record| !record.is_expired(now)),
                    None => None,
                },
                Answers::Count if answer.count > 0 => return Ok(Committed::Applied),
                Answers::Count => self.load(id, now).await?,
            };
            let Some(stored) = stored else { return Ok(Committed::Gone) };
            return Ok(match commit.decide(&stored) {
                // It was made between the two statements, and is the one to replace.
                Decision::Replace => continue,
                Decision::AlreadyApplied => Committed::Applied,
                Decision::Superseded => Committed::Superseded,
                Decision::Conflict => Committed::Conflict(Box::new(stored)),
            });
        }
        Err(StoreError::unavailable("the record came and went while it was to be replaced"))
    }

    pub(super) async fn touch(&self, id: SessionId, idle: Timestamp, now: Timestamp) -> Result<Touched, StoreError> {
        let values = [Value::Bytes(id.as_bytes()), self.theirs(idle), self.theirs(now)];
        let answer = self.ask(&self.0.statements.touch, &values).await.map_err(Failed::told)?;
        Ok(if answer.count == 0 { Touched::Gone } else { Touched::Touched })
    }

    pub(super) async fn destroy(&self, id: SessionId) -> Result<Destroyed, StoreError> {
        let values = [Value::Bytes(id.as_bytes())];
        let answer = self.ask(&self.0.statements.destroy, &values).await.map_err(Failed::told)?;
        Ok(if answer.count == 0 { Destroyed::Absent } else { Destroyed::Existed })
    }

    pub(super) async fn sweep(&self, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
        self.measure(now).await?;
        let values = [self.theirs(now), number(limit as u64)];
        let answer = self.ask(&self.0.statements.sweep, &values).await.map_err(Failed::told)?;
        Ok(usize::try_from(answer.count).unwrap_or(usize::MAX))
    }

    async fn measure(&self, now: Timestamp) -> Result<(), StoreError> {
        if E::CLOCK.is_some() && self.0.clock.is_stale(now) {
            let answer = self.ask(&self.0.statements.clock, &[]).await.map_err(Failed::told)?;
            answer.rows.iter().for_each(|row| self.measured(row.clock, now));
        }
        Ok(())
    }

    /// The database answered that it is `theirs`, to a question asked at `now`.
    fn measured(&self, theirs: i64, now: Timestamp) {
        self.0.clock.measured(Timestamp::from_millis(u64::try_from(theirs).unwrap_or_default()), now);
    }

    fn theirs(&self, time: Timestamp) -> Value<'static> {
        number(self.0.clock.server_time(time).as_millis())
    }

    fn outgoing(&self, record: &Record) -> Result<Outgoing, StoreError> {
        check_size(record, self.0.options.max_bytes)?;
        Ok(Outgoing {
            expires: self.theirs(record.idle_deadline().min(record.absolute_deadline())),
            user_hash: record.user().map(UserKey::digest),
            bytes: record.clone().offset(self.0.clock.offset()).encode(),
        })
    }

    fn incoming(&self, row: Row, now: Timestamp) -> Result<Record, StoreError> {
        if E::CLOCK.is_some() {
            self.measured(row.clock, now);
        }
        let record = Record::decode(row.data.unwrap_or_default())?;
        let agrees = |column: i64, number: u64| u64::try_from(column) == Ok(number);
        let expires = u64::try_from(row.expires).map_err(|_| garbled())?;
        if !agrees(row.epoch, record.epoch()) || !agrees(row.revision, record.revision()) {
            return Err(Corrupt::new("epoch or revision is not the one in the record").into());
        }
        let record = record.with_idle_deadline(Timestamp::from_millis(expires));
        Ok(record.offset(self.0.clock.offset().saturating_neg()))
    }

    /// Sends `statement` and waits for the answer, once more where that can do no harm.
    async fn ask(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Answer, Failed> {
        let mut repeats = 0;
        loop {
            let outcome = self.ask_once(statement, values).await;
            match &outcome {
                Err(failed) if failed.is_worth_repeating() && repeats < REPEATS => repeats += 1,
                _ => return outcome,
            }
        }
    }

    async fn ask_once(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Answer, Failed> {
        let Statement { name, writes, .. } = *statement;
        let (_permit, mut line) = self.line(name, writes).await?;
        let answer = timeout(self.0.options.deadline, E::run(&mut line, statement, values)).await;
        self.settle(name, writes, line, answer)
    }

    pub(super) async fn script(&self, text: String) -> Result<(), Failed> {
        let (_permit, mut line) = self.line("CREATE TABLE", true).await?;
        // Making an index may take longer than a request may.
        let done = timeout(Duration::from_mins(1), E::script(&mut line, text)).await;
        self.settle("CREATE TABLE", true, line, done)
    }

    /// A connection, and leave to write. Nothing has been sent if there is none.
    async fn line(&self, name: &'static str, writes: bool) -> Result<(Option<SemaphorePermit<'_>>, Line<E>), Failed> {
        let failed = |class, cause| Failed { name, writes, class, cause };
        let waiting = async {
            let permit = if writes { self.0.writers.acquire().await.ok() } else { None };
            self.0.pool.acquire().await.map(|line| (permit, line))
        };
        match timeout(self.0.options.deadline, waiting).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(failed(unconnected::<E>(&error), error.to_string())),
            Err(_) => Err(failed(Class::Refused, "no connection within the deadline".into())),
        }
    }

    /// Puts a connection back into the pool if it is still good for something.
    fn settle<T>(
        &self,
        name: &'static str,
        writes: bool,
        line: Line<E>,
        outcome: Result<Result<T, Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, Failed> {
        let (class, cause) = match outcome {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => (class::<E>(&error), error.to_string()),
            Err(_) => {
                // The pool would wait for the answer before it gives the connection out again: for ever, if need be.
                drop(line.detach());
                let class = if writes { Class::Broken } else { Class::Refused };
                let cause = format!("no answer within {:?}", self.0.options.deadline);
                return Err(Failed { name, writes, class, cause });
            },
        };
        if matches!(class, Class::Broken | Class::ReadOnly) {
            drop(line.detach());
        }
        Err(Failed { name, writes, class, cause })
    }
}

impl<E: Engine> UserIndex for Core<E> {
    fn list_user<'a>(
        &'a self,
        user: &'a UserKey,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(SessionId, Record)>, StoreError>> {
        Box::pin(async move {
            self.measure(now).await?;
            let hash = user.digest();
            let values = [Value::Bytes(&hash), self.theirs(now), number(limit as u64)];
            let answer = self.ask(&self.0.statements.list, &values).await.map_err(Failed::told)?;
            let found = answer.rows.into_iter().filter_map(|row| {
                let id = SessionId::from_bytes(row.handle.as_deref()?.try_into().ok()?);
                // One record that cannot be read must not hide the others.
                let record = self.incoming(row, now).ok()?;
                (!record.is_expired(now) && record.user() == Some(user)).then_some((id, record))
            });
            Ok(found.collect())
        })
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a UserKey,
        except: Option<SessionId>,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<usize, StoreError>> {
        Box::pin(async move {
            let hash = user.digest();
            let except = except.as_ref().map_or(&[][..], |id| id.as_bytes());
            let values = [Value::Bytes(&hash), Value::Bytes(except)];
            let answer = self.ask(&self.0.statements.revoke, &values).await.map_err(Failed::told)?;
            Ok(usize::try_from(answer.count).unwrap_or(usize::MAX))
        })
    }
}

impl<E: Engine> Clone for Core<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Engine> fmt::Debug for Core<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the pool: its options hold the password.
        self.0.options.fmt(f)
    }
}

/// What a row is made of.
struct Outgoing {
    expires: Value<'static>,
    user_hash: Option<[u8; 32]>,
    bytes: Vec<u8>,
}

impl Outgoing {
    fn user(&self) -> Value<'_> {
        self.user_hash.as_ref().map_or(Value::Null, |hash| Value::Bytes(hash))
    }
}

impl Statements {
    fn new<E: Engine>(options: &SqlOptions) -> Self {
        let ask = |name, writes, answers, text| Ask { name, writes, answers, text }.prepare::<E>(options);
        Self {
            insert: ask(
                "INSERT",
                true,
                Answers::Count,
                "INSERT INTO {t} (handle, epoch, revision, expires, user_hash, data) VALUES ($1, $2, $3, $4, $5, $6)",
            ),
            load: ask("SELECT", false, Answers::Rows, "SELECT {row} FROM {t} WHERE handle = $1"),
            commit: E::COMMIT.prepare::<E>(options),
            touch: ask(
                "UPDATE",
                true,
                Answers::Count,
                "UPDATE {t} SET expires = CASE WHEN expires > $2 THEN expires ELSE $2 END \
                 WHERE handle = $1 AND expires > $3",
            ),
            destroy: ask("DELETE", true, Answers::Count, "DELETE FROM {t} WHERE handle = $1"),
            sweep: ask("DELETE", true, Answers::Count, E::SWEEP),
            list: ask(
                "SELECT",
                false,
                Answers::Rows,
                "SELECT {row} FROM {t} WHERE user_hash = $1 AND expires > $2 ORDER BY expires DESC LIMIT $3",
            ),
            revoke: ask("DELETE", true, Answers::Count, "DELETE FROM {t} WHERE user_hash = $1 AND handle <> $2"),
            clock: ask("SELECT", false, Answers::Rows, "SELECT {clock}"),
        }
    }
}

impl Ask {
    fn prepare<E: Engine>(&self, options: &SqlOptions) -> Statement {
        let quote = E::QUOTE;
        let clock = E::CLOCK.unwrap_or("0");
        let text = self
            .text
            .replace("{row}", &format!("handle, epoch, revision, expires, data, {clock}"))
            .replace("{t}", &format!("{quote}{}{quote}", options.name()))
            .replace("{clock}", &format!("NULL, {clock}, {clock}, {clock}, NULL, {clock}"));
        let Self { name, writes, answers, .. } = *self;
        let statement = Statement { name, writes, answers, text: text.into(), order: None };
        if E::NUMBERED { statement } else { statement.unnumbered() }
    }
}

impl Failed {
    fn is_worth_repeating(&self) -> bool {
        self.class == Class::Clash || (self.class == Class::Broken && !self.writes)
    }

    /// As the caller of a store is told.
    pub(super) fn told(self) -> StoreError {
        let Self { name, writes, class, cause } = self;
        let cause = format!("{name}: {cause}");
        match class {
            Class::Denied | Class::Stranger | Class::Untrusted | Class::NoTable | Class::Misfit => {
                StoreError::Misconfigured(cause)
            },
            Class::Garbled => garbled(),
            Class::Broken if writes => StoreError::unknown(cause),
            Class::Broken | Class::Taken | Class::Clash | Class::Refused | Class::ReadOnly => {
                StoreError::unavailable(cause)
            },
        }
    }

    /// As whoever starts the server is told: with what to do.
    pub(super) fn at_start<E: Engine>(self, options: &SqlOptions) -> StoreError {
        let (name, table, engine) = (self.name, options.name(), E::NAME);
        let advice = match self.class {
            Class::Denied => format!("the {engine} user may not {name} (table {table})"),
            Class::Stranger => format!("{engine} refuses the user or the password of its URL, or wants TLS"),
            Class::Untrusted => {
                format!("{engine} is not who its URL says, or speaks no TLS; look at `{}` in the URL", E::TLS)
            },
            Class::NoTable => format!("there is no table {table} in {engine}; run the published schema"),
            Class::Misfit => {
                format!("{name} does not fit the table {table} in {engine}; compare with the published schema")
            },
            Class::ReadOnly => format!("this {engine} takes no writes"),
            _ => return self.told(),
        };
        StoreError::Misconfigured(format!("{advice}: {}", self.cause))
    }
}

fn class<E: Engine>(error: &Error) -> Class {
    match error {
        Error::Database(error) if error.is_unique_violation() => Class::Taken,
        Error::Database(error) => E::class(&**error),
        Error::Configuration(_) | Error::InvalidArgument(_) => Class::Misfit,
        Error::ColumnDecode { .. } | Error::Decode(_) => Class::Garbled,
        Error::PoolTimedOut | Error::PoolClosed => Class::Refused,
        _ => Class::Broken,
    }
}

/// The class of an error before anything was asked.
fn unconnected<E: Engine>(error: &Error) -> Class {
    match error {
        Error::Tls(_) => Class::Untrusted,
        // So fails a handshake whose certificate is refused.
        Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => Class::Untrusted,
        error => match class::<E>(error) {
            class @ (Class::Denied | Class::Stranger | Class::Misfit) => class,
            _ => Class::Refused,
        },
    }
}

fn number(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cold]
fn garbled() -> StoreError {
    Corrupt::new("a column holds something that was not written there").into()
}
