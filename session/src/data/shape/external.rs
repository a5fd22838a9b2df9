//! The shapes of the types of some widely used crates, each behind a feature with the crate's name.
//!
//! A feature of such a crate can change what its types write, and any crate of a program can turn that feature on.
//! Where this is so, our feature turns it on too, so that the stored form does not depend on other crates. The
//! exception is `serde-float` of `rust_decimal`, which writes numbers instead of text: this crate cannot turn it off.

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
