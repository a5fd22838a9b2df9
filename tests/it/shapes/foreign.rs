//! Types of other crates.

use rust_decimal::Decimal;
use session::{SessionValue, session_value};
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime};
use url::Url;
use uuid::Uuid;

use super::check;

#[test]
fn uuid_url_decimal() {
    check("uuid", [Uuid::nil(), Uuid::max()]);
    check("url", [Url::parse("https://example.org/a?b#c").unwrap()]);
    check("decimal", [Decimal::MAX, Decimal::ZERO]);
    check("{uuid => decimal?}", [std::collections::BTreeMap::from([(Uuid::nil(), Some(Decimal::ONE))])]);
}

#[test]
fn times() {
    check("time::OffsetDateTime", [OffsetDateTime::UNIX_EPOCH]);
    check("time::UtcDateTime", [UtcDateTime::UNIX_EPOCH]);
    check("time::PrimitiveDateTime", [PrimitiveDateTime::MIN]);
    check("time::Date", [time::Date::MIN]);
    check("time::Time", [time::Time::MIDNIGHT]);
    check("time::UtcOffset", [time::UtcOffset::UTC]);
    check("time::Duration", [time::Duration::milliseconds(-1500)]);
    check("time::Weekday", [time::Weekday::Sunday]);
    check("time::Month", [time::Month::May]);
}

#[test]
fn chrono_times() {
    use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

    check("chrono::DateTime", [DateTime::<Utc>::UNIX_EPOCH]);
    check("chrono::DateTime", [DateTime::<FixedOffset>::default()]);
    check("chrono::NaiveDate", [NaiveDate::default()]);
    check("chrono::NaiveTime", [NaiveTime::default()]);
    check("chrono::NaiveDateTime", [NaiveDateTime::default()]);
    check("chrono::Weekday", [chrono::Weekday::Sun]);
    check("chrono::Month", [chrono::Month::May]);
}

/// Types with serde's traits written by hand, or derived with conversions.
mod by_hand {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    pub(super) struct Email(pub(super) String);

    impl From<Email> for String {
        fn from(email: Email) -> Self {
            email.0
        }
    }

    impl TryFrom<String> for Email {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.contains('@') { Ok(Self(text)) } else { Err("no @") }
        }
    }

    #[derive(Serialize, Deserialize)]
    pub(super) struct Cents(pub(super) i64);
}

session_value!(by_hand::Email as String, sample = "a@b.example");
session_value!(by_hand::Cents as i64);

#[test]
fn types_declared_with_session_value() {
    check("string", [by_hand::Email("a@b".into())]);
    check("[i64]", [vec![by_hand::Cents(-1)]]);
    let sample = <Vec<by_hand::Email>>::SHAPE.sample();
    assert_eq!(sample, serde_json::json!(["a@b.example"]));
}
