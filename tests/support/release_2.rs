//! The second release: a field added, one removed, one renamed, one with another type, one split, a member added.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use session::Session;
use session_tests::release::{Release, serve};

#[derive(Session)]
#[session(name = "shop", version = 2, reserved("coupon"), lock = off)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
    #[session(merge = union)]
    added: BTreeSet<u32>,
    #[session(was = "username")]
    account: String,
    /// In cents.
    #[session(upgrade(in = 2, from = u32, with = to_cents))]
    total: u64,
    #[session(since = 2, upgrade(in = 2, from("address": String), with = street))]
    street: String,
    #[session(since = 2, upgrade(in = 2, from("address": String), with = city))]
    city: Option<String>,
    first: String,
    last: String,
    item: Item,
    theme: Theme,
    #[session(since = 2, default = 20)]
    page: u32,
}

fn to_cents(euros: u32) -> u64 {
    u64::from(euros) * 100
}

fn street(address: String) -> String {
    address.split(", ").next().unwrap_or_default().into()
}

fn city(address: String) -> Option<String> {
    address.split(", ").nth(1).map(Into::into)
}

#[derive(Default, Serialize, Deserialize)]
struct Item {
    qty: u32,
    #[serde(default)]
    gift: bool,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Theme {
    #[default]
    Light,
    Dark,
}

impl Release for Shop {
    fn set(&mut self, field: &str, n: u32) {
        match field {
            "visits" => self.visits += u64::from(n),
            "added" => drop(self.added.insert(n)),
            "account" => self.account = format!("user{n}"),
            "total" => self.total = n.into(),
            "street" => self.street = format!("street{n}"),
            "city" => self.city = (!n.is_multiple_of(3)).then(|| format!("city{n}")),
            "first" => self.first = format!("first{n}"),
            "last" => self.last = format!("last{n}"),
            "item" => self.item = Item { qty: n, gift: true },
            "theme" => self.theme = [Theme::Light, Theme::Dark][n as usize % 2],
            "page" => self.page = n,
            _ => panic!("no field {field}"),
        }
    }

    fn show(&self) -> Vec<(&'static str, String)> {
        vec![
            ("visits", self.visits.to_string()),
            ("added", self.added.len().to_string()),
            ("account", self.account.clone()),
            ("total", self.total.to_string()),
            ("street", self.street.clone()),
            ("city", self.city.clone().unwrap_or("none".into())),
            ("first", self.first.clone()),
            ("last", self.last.clone()),
            ("item", format!("{} {}", self.item.qty, self.item.gift)),
            ("theme", format!("{:?}", self.theme)),
            ("page", self.page.to_string()),
        ]
    }
}

#[tokio::main]
async fn main() {
    serve::<Shop>().await;
}
