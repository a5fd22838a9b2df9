//! The shapes of types of the usual crates, each behind a feature of the crate's name.
//!
//! Several of these crates write something else when a feature of theirs is on, which any crate of a program may turn
//! on. Where that is so, our feature turns it on, and what is stored does not depend on who else is there.
//! `rust_decimal` is the exception: its `serde-float` writes numbers in place of text, and cannot be turned off from
//! here.

use crate::data::shape::{SessionValue, Shape};

macro_rules! texts {
    ($($feature:literal $type:ty = $name:literal, $sample:literal;)*) => {$(
        #[cfg(feature = $feature)]
        impl SessionValue for $type {
            const SHAPE: &'static Shape = &Shape::Text { name: $name, sample: $sample };
        }
    )*};
}

texts! {
    "uuid" uuid::Uuid = "uuid", "00000000-0000-4000-8000-000000000001";
    "url" url::Url = "url", "https://example.org/";
    "rust_decimal" rust_decimal::Decimal = "decimal", "1.5";

    "time" time::Date = "time::Date", "2000-01-31";
    "time" time::Time = "time::Time", "12:30:00.0";
    "time" time::PrimitiveDateTime = "time::PrimitiveDateTime", "2000-01-31 12:30:00.0";
    "time" time::OffsetDateTime = "time::OffsetDateTime", "2000-01-31 12:30:00.0 +00:00:00";
    "time" time::UtcDateTime = "time::UtcDateTime", "2000-01-31 12:30:00.0";
    "time" time::UtcOffset = "time::UtcOffset", "+00:00:00";
    "time" time::Duration = "time::Duration", "1.500000000";
    "time" time::Weekday = "time::Weekday", "Monday";
    "time" time::Month = "time::Month", "January";

    "chrono" chrono::NaiveDate = "chrono::NaiveDate", "2000-01-31";
    "chrono" chrono::NaiveTime = "chrono::NaiveTime", "12:30:00";
    "chrono" chrono::NaiveDateTime = "chrono::NaiveDateTime", "2000-01-31T12:30:00";
    "chrono" chrono::Weekday = "chrono::Weekday", "Mon";
    "chrono" chrono::Month = "chrono::Month", "January";
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> SessionValue for chrono::DateTime<Z> {
    const SHAPE: &'static Shape = &Shape::Text { name: "chrono::DateTime", sample: "2000-01-31T12:30:00Z" };
}
