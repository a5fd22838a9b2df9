//! Values as a person reads them.

use std::time::Duration;

use session::Timestamp;

use crate::visitor::{Order, Shop, Theme};

pub fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A date and time of day in UTC.
pub fn date(time: Timestamp) -> String {
    let minutes = time.as_millis() / 60_000;
    let (mut days, minutes) = (minutes / 1440, minutes % 1440);
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = "December";
    for (name, usual) in MONTHS {
        let length = if name == "February" && is_leap(year) { 29 } else { usual };
        if days < length {
            month = name;
            break;
        }
        days -= length;
    }
    format!("{} {month} {year}, {:02}:{:02} UTC", days + 1, minutes / 60, minutes % 60)
}

const MONTHS: [(&str, u64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

pub fn times(count: u64) -> String {
    match count {
        0 => "never".into(),
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

pub fn count(count: u32, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

/// The answer to "logged in?".
pub fn user(shop: &Shop) -> &str {
    shop.user.as_deref().unwrap_or("no")
}

pub fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
        Theme::System => "as the system",
    }
}

pub fn cart(shop: &Shop) -> Vec<String> {
    shop.lines().map(|(product, quantity)| format!("{quantity} × {}", product.name)).collect()
}

pub fn orders(shop: &Shop) -> Vec<String> {
    let order =
        |order: &Order| format!("No. {}: {} for {}", order.number, count(order.items, "item", "items"), order.total);
    shop.orders.iter().map(order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1 January 1970, 00:00 UTC"),
            (68_169_599, "28 February 1972, 23:59 UTC"),
            (68_169_600, "29 February 1972, 00:00 UTC"),
            (951_868_800, "1 March 2000, 00:00 UTC"),
            (1_767_225_599, "31 December 2025, 23:59 UTC"),
            (4_107_542_400, "1 March 2100, 00:00 UTC"),
        ] {
            assert_eq!(date(Timestamp::from_millis(seconds * 1000)), expected);
        }
    }
}
