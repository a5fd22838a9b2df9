//! What replies and errors of the server mean to the store.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::client::is_untrusted;
use crate::base::error::Corrupt;
use crate::port::StoreError;

/// The first words of errors by which a server refuses a command before it has written anything. Every other error may
/// come from a proxy that has lost the reply.
const REFUSALS: [&str; 17] = [
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "DENIED",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOPERM",
    "NOREPLICAS",
    "NOSCRIPT",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "WRONGTYPE",
];
/// The same for errors that begin with `ERR`.
const REFUSED: [&str; 3] = ["unknown command", "max number of clients reached", "DB index is out of range"];

/// How the error of a script begins whose user lacks the permission for one of its commands. An earlier one may have
/// written.
const REFUSED_SCRIPT: &str = "The user executing the script can't run this command";

/// The text of a reply that is one, and nothing for other replies.
pub(super) fn text(reply: &Value) -> &[u8] {
    match reply {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.as_bytes(),
        _ => b"",
    }
}

#[cold]
pub(super) fn not_a_record() -> StoreError {
    Corrupt::new("the value under a session's key is not a record").into()
}

/// The error of a write whose reply is none that the server gives to it.
#[cold]
pub(super) fn unexpected(command: &str) -> StoreError {
    StoreError::unknown(format!("{command}: the reply is not one of a Redis server"))
}

/// Whether the server does not accept writes, because it is a replica now.
pub(super) fn is_demoted(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
}

/// Whether later replies on the connection may be those to other commands: a reply is missing, or cannot be read. The
/// client matches replies to commands by their order alone.
pub(super) fn is_out_of_step(error: &RedisError) -> bool {
    error.is_timeout() || error.kind() == ErrorKind::Parse
}

/// The word that says why the server has refused a command, if `error` proves that it has.
fn refusal(error: &RedisError) -> Option<&str> {
    let code = error.code()?;
    let detail = error.detail().unwrap_or_default();
    if REFUSALS.contains(&code) {
        return Some(code);
    }
    if code != "ERR" {
        return None;
    }
    // Before Redis 7, a script puts the error of its command into a text of its own: `…: -OOM command not allowed …`.
    if detail.starts_with("Error running script") {
        let (_, inner) = detail.rsplit_once(": -")?;
        return REFUSALS.into_iter().find(|word| inner.split(' ').next() == Some(word));
    }
    REFUSED.into_iter().find(|words| detail.starts_with(words))
}

/// Whether `error` proves that the command was not carried out.
fn is_refused(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io => error.is_connection_refusal() || is_untrusted(error),
        // These come before a command is sent.
        ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::Client
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::ClusterConnectionNotFound => true,
        _ => refusal(error).is_some(),
    }
}

/// The error as a text that quotes nothing that is stored: a server or a proxy may quote the arguments of a command,
/// and the client the reply that it cannot read.
pub(super) fn describe(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            format!("{}: not a reply to this command", error.category())
        },
        ErrorKind::Server(_) | ErrorKind::Extension => {
            let (code, detail) = (error.code().unwrap_or_default(), error.detail().unwrap_or_default());
            let is_plain = |letter: char| letter.is_ascii_alphabetic() || letter == ' ';
            let known = refusal(error).is_some() || detail.starts_with(REFUSED_SCRIPT);
            let detail = match known {
                // An unknown command is followed by its arguments.
                true => detail.split(", with args beginning with").next().unwrap_or_default(),
                false => detail.split(|letter| !is_plain(letter)).next().unwrap_or_default(),
            };
            let code = if code.bytes().all(|byte| byte.is_ascii_uppercase()) { code } else { "an unknown error" };
            format!("{code} {detail}").trim_end().chars().take(400).collect()
        },
        _ => error.to_string(),
    }
}

/// The error of a call that writes nothing, or whose error says that nothing was written.
#[cold]
pub(super) fn read_error(command: &str, error: &RedisError) -> StoreError {
    let (word, text) = (refusal(error).unwrap_or_default(), error.to_string());
    // A cluster client puts the errors of servers into a text of its own.
    let is_own_text = !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::Parse);
    let says = |words: &[&str]| words.iter().any(|words| word == *words || is_own_text && text.contains(words));
    let is_refused_script = error.detail().is_some_and(|detail| detail.starts_with(REFUSED_SCRIPT));
    let cause = describe(error);
    if word == "WRONGTYPE" {
        not_a_record()
    } else if says(&["NOPERM"]) || is_refused_script {
        let lacks = forbidden(&text).unwrap_or_else(|| format!("the permission for {command}"));
        StoreError::Misconfigured(format!("the Redis user lacks {lacks}; {command}: {cause}"))
    } else if word == "unknown command" {
        StoreError::Misconfigured(format!("this Redis server has no {command}, or has it disabled or renamed: {cause}"))
    } else if says(&["DB index is out of range"]) {
        StoreError::Misconfigured("the Redis server has no database with the number in the URL".into())
    } else if error.kind() == ErrorKind::AuthenticationFailed || says(&["NOAUTH", "WRONGPASS"]) {
        StoreError::Misconfigured(format!("Redis refuses the credentials of the URL: {cause}"))
    } else if is_untrusted(error) || says(&["invalid peer certificate"]) {
        let what = "Redis has no certificate that is trusted for the host of the URL";
        StoreError::Misconfigured(format!("{what}: {cause}"))
    } else if word == "OOM" {
        StoreError::full(format!("{command}: {cause}"))
    } else {
        StoreError::unavailable(format!("{command}: {cause}"))
    }
}

/// What a user may not do, from the text of an error: a command, keys, or channels.
fn forbidden(text: &str) -> Option<String> {
    let after = |words| Some(text.split_once(words)?.1);
    if let Some(rest) = after("no permissions to run the '").or_else(|| after("can't run '")) {
        let command = rest.split('\'').next()?.to_ascii_uppercase();
        return Some(format!("the permission for the command {command}"));
    }
    let channels = "the permission for the store's channel, `&` and the prefix of the keys";
    let keys = "the permission for the store's keys, `~` and their prefix and `*`";
    if text.contains("channel") {
        return Some(channels.into());
    }
    text.contains(" key").then(|| keys.into())
}

/// The error of a constructor or a probe: says what to change.
#[cold]
pub(super) fn startup_error(command: &str, error: &RedisError) -> StoreError {
    if refusal(error) == Some("READONLY") || refusal(error) == Some("MASTERDOWN") {
        let advice = "this Redis server is a replica and accepts no writes; use the URL of its primary, or \
                      `RedisStore::sentinel`";
        return StoreError::Misconfigured(format!("{advice}; {command}: {}", describe(error)));
    }
    read_error(command, error)
}

/// The error of a call that writes: [`StoreError::Unknown`], unless it proves that nothing was written.
#[cold]
pub(super) fn write_error(command: &str, error: &RedisError) -> StoreError {
    match is_refused(error) {
        true => read_error(command, error),
        false => StoreError::unknown(format!("{command}: {}", describe(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> RedisError {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        reply.extract_error().unwrap_err()
    }

    #[test]
    fn an_error_of_a_write_is_unknown_unless_it_proves_a_refusal() {
        for line in [
            "ERR upstream connection lost",
            "ERR",
            "WEIRD",
            "ERR the server ran out of OOM, NOPERM or READONLY",
            "ERR: -OOM",
            "OOMPH no",
            "ERR Error running script (call to f_1): @user_script:1: an -OOM of another kind",
            "ERR Error running script (call to f_1): @user_script:1: -ERR wrong number of arguments",
            "EXECABORT Transaction discarded because of previous errors.",
        ] {
            assert!(matches!(write_error("SET", &error(line)), StoreError::Unknown(_)), "{line}");
        }
        let kind = |line| match write_error("SET", &error(line)) {
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Full(_) => "full",
            StoreError::Corrupt(_) => "corrupt",
            StoreError::Misconfigured(_) => "misconfigured",
            _ => "unknown",
        };
        for (line, expected) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", "full"),
            (
                "ERR Error running script (call to f_1): @user_script:16: @user_script: 16: -OOM command not allowed \
                 when used memory > 'maxmemory'.",
                "full",
            ),
            ("READONLY You can't write against a read only replica.", "unavailable"),
            ("NOSCRIPT No matching script. Please use EVAL.", "unavailable"),
            ("LOADING Redis is loading the dataset in memory", "unavailable"),
            ("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist on disk.", "unavailable"),
            ("NOREPLICAS Not enough good replicas to write.", "unavailable"),
            ("BUSY Redis is busy running a script.", "unavailable"),
            ("MASTERDOWN Link with MASTER is down", "unavailable"),
            ("CLUSTERDOWN Hash slot not served", "unavailable"),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "corrupt"),
            ("NOPERM this user has no permissions to run the 'set' command", "misconfigured"),
            ("NOAUTH Authentication required.", "misconfigured"),
            ("ERR unknown command 'SET', with args beginning with: 'hunter2' ", "misconfigured"),
        ] {
            assert_eq!(kind(line), expected, "{line}");
        }
    }

    #[test]
    fn no_argument_of_a_command_is_in_the_text_of_an_error() {
        for line in [
            "ERR unknown command 'SET', with args beginning with: 'hunter2' ",
            "ERR syntax error near 'hunter2'",
            "hunter2",
            "ERR {\"password\":\"hunter2\"}",
        ] {
            let (read, write) = (read_error("SET", &error(line)), write_error("SET", &error(line)));
            assert!(!format!("{read} {read:?} {write} {write:?}").contains("hunter2"), "{line}: {read:?} {write:?}");
        }
    }
}
