//! Checks of a service at the start: what it claims to have, and whether it does what it claims.

use opendal::Capability;

use super::objects::{Condition, Objects};
use crate::base::clock::{Rng as _, SystemRng};
use crate::data::token::SessionId;
use crate::port::StoreError;

/// Checks that the service claims to have everything that the contract needs.
pub(super) fn check_capability(service: &str, capability: Capability, conditional: bool) -> Result<(), StoreError> {
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
            "conditional writes: of two processes that write to one session, the later would undo what the earlier \
             wrote, even a logout; if there is only one process, use `OpendalStore::dangerous_last_writer_wins`",
        ),
        false => Ok(()),
    }
}

/// Tries all kinds of requests on an object with a random name, and whether the service checks conditions: some accept
/// a condition and ignore it.
pub(super) async fn probe(objects: &Objects) -> Result<(), StoreError> {
    let mut bytes = [0; 16];
    SystemRng.fill(&mut bytes).map_err(StoreError::unavailable)?;
    let name = format!("probe-{}", SessionId::from_bytes(bytes));
    let outcome = try_all(objects, &name).await;
    if outcome.is_err() {
        // The error of the cleanup would hide the one that counts.
        let _ = objects.call_on(&name).delete().await;
    }
    outcome
}

async fn try_all(objects: &Objects, name: &str) -> Result<(), StoreError> {
    let [first, second, third] = ["1", "2", "3"].map(|text| text.as_bytes().to_vec());
    let call = || objects.call_on(name);
    let check = |holds: bool, complaint: &str| match holds {
        true => Ok(()),
        false => Err(StoreError::Misconfigured(format!("the service {} {complaint}", objects.service()))),
    };
    check(call().read().await?.is_none(), "returns an object that was never written")?;
    check(call().write(first.clone(), Condition::Absent).await?, "does not write a new object")?;
    let found = call().read().await?;
    check(found.as_ref().is_some_and(|found| found.bytes == first), "does not return what was written")?;
    let refused = !call().write(third.clone(), Condition::Absent).await?;
    check(refused, "accepts the condition that the object does not exist, and overwrites an existing one")?;
    let version = found.and_then(|found| found.version);
    check(
        call().write(second, Condition::Unchanged(version.clone())).await?,
        "does not replace an unchanged object on the condition that it is unchanged",
    )?;
    if version.is_some() {
        let refused = !call().write(third.clone(), Condition::Unchanged(version)).await?;
        check(refused, "accepts the condition that the object is unchanged, and overwrites a changed one")?;
    }
    let version = call().read().await?.and_then(|found| found.version);
    call().delete().await?;
    check(call().read().await?.is_none(), "returns an object that was deleted")?;
    if version.is_some() {
        let refused = !call().write(third, Condition::Unchanged(version)).await?;
        check(refused, "accepts the condition that the object is unchanged, and writes it although it was deleted")?;
    }
    Ok(())
}
