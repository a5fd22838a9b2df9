//! What is asked of a service before sessions are trusted to it.

use opendal::Capability;

use super::objects::{Objects, When};
use crate::base::clock::{Rng as _, SystemRng};
use crate::data::token::SessionId;
use crate::port::StoreError;

/// Whether the service says that it has all that the contract takes.
pub(super) fn capable(service: &str, capability: Capability, conditional: bool) -> Result<(), StoreError> {
    let missing = |what: &str| Err(StoreError::Misconfigured(format!("the service {service} has no {what}")));
    for (has, what) in [
        (capability.read, "read"),
        (capability.stat, "stat"),
        (capability.write, "write"),
        (capability.delete, "delete"),
    ] {
        if !has {
            return missing(what);
        }
    }
    let replaces = capability.write_with_if_match || capability.write_with_if_version_match;
    match conditional && !(replaces && capability.write_with_if_not_exists) {
        true => missing(
            "conditional writes: of two processes that write one session, the later would undo what the earlier did, \
             a logout too; if there is one process only, say `OpendalStore::dangerous_last_writer_wins`",
        ),
        false => Ok(()),
    }
}

/// Tries all requests on an object that nobody else knows, and whether the service keeps what it says: some take a condition
/// and never look at it.
pub(super) async fn probe(objects: &Objects) -> Result<(), StoreError> {
    let mut bytes = [0; 16];
    SystemRng.fill(&mut bytes).map_err(StoreError::unavailable)?;
    let name = format!("probe-{}", SessionId::from_bytes(bytes));
    let outcome = try_all(objects, &name).await;
    if outcome.is_err() {
        // The first complaint is the one to tell.
        let _ = objects.call_on(&name).delete().await;
    }
    outcome
}

async fn try_all(objects: &Objects, name: &str) -> Result<(), StoreError> {
    let [first, second, third] = ["1", "2", "3"].map(|text| text.as_bytes().to_vec());
    let call = || objects.call_on(name);
    let hold = |holds: bool, complaint: &str| match holds {
        true => Ok(()),
        false => Err(StoreError::Misconfigured(format!("the service {} {complaint}", objects.service()))),
    };
    hold(call().read().await?.is_none(), "gives an object that nobody has written")?;
    hold(call().write(first.clone(), When::Absent).await?, "writes no new object")?;
    let found = call().read().await?;
    hold(found.as_ref().is_some_and(|found| found.bytes == first), "does not give what was written")?;
    let refused = !call().write(third.clone(), When::Absent).await?;
    hold(refused, "takes the condition that there be no object, and overwrites one")?;
    let seen = found.and_then(|found| found.seen);
    hold(
        call().write(second, When::Unchanged(seen.clone())).await?,
        "replaces no object on condition that it is unchanged",
    )?;
    if seen.is_some() {
        let refused = !call().write(third.clone(), When::Unchanged(seen)).await?;
        hold(refused, "takes the condition that an object be unchanged, and overwrites a changed one")?;
    }
    let seen = call().read().await?.and_then(|found| found.seen);
    call().delete().await?;
    hold(call().read().await?.is_none(), "gives an object that was deleted")?;
    if seen.is_some() {
        let refused = !call().write(third, When::Unchanged(seen)).await?;
        hold(refused, "takes the condition that an object be unchanged, and brings back a deleted one")?;
    }
    Ok(())
}
