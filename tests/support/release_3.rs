//! The third release: two fields are joined, a type changes again, an enum gets a variant, and a removed field is
//! purged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use session::Session;
use session_tests::release::{Release, serve};

#[derive(Session)]
#[session(name = "shop", version = 3, purge("coupon"), lock = off)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
    #[session(merge = union)]
    added: BTreeSet<u32>,
    #[session(was = "username")]
    account: String,
    #[session(upgrade(in = 2, from = u32, with = to_cents), upgrade(in = 3, from = u64, with = Money::of))]
    total: Money,
    #[session(since = 2, upgrade(in = 2, from("address": String), with = street))]
    street: String,
    #[session(since = 2, upgrade(in = 2, from("address": String), with = city))]
    city: Option<String>,
    #[session(since = 3, upgrade(in = 3, from("first": String, "last": String), with = join))]
    name: String,
    item: Item,
    theme: Theme,
    #[session(since = 2, default = 20)]
    page: u32,
    #[session(since = 3)]
    news: Option<bool>,
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

fn join(first: String, last: String) -> String {
    format!("{first} {last}")
}

#[derive(Default, Serialize, Deserialize)]
struct Money {
    cents: u64,
}

impl Money {
    fn of(cents: u64) -> Self {
        Self { cents }
    }
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
    Sepia,
}

impl Release for Shop {
    fn set(&mut self, field: &str, n: u32) {
        match field {
            "visits" => self.visits += u64::from(n),
            "added" => drop(self.added.insert(n)),
            "account" => self.account = format!("user{n}"),
            "total" => self.total = Money::of(n.into()),
            "street" => self.street = format!("street{n}"),
            "city" => self.city = (!n.is_multiple_of(3)).then(|| format!("city{n}")),
            "name" => self.name = format!("name{n}"),
            "item" => self.item = Item { qty: n, gift: true },
            "theme" => self.theme = [Theme::Light, Theme::Dark, Theme::Sepia][n as usize % 3],
            "page" => self.page = n,
            "news" => self.news = [None, Some(true), Some(false)][n as usize % 3],
            _ => panic!("no field {field}"),
        }
    }

    fn show(&self) -> Vec<(&'static str, String)> {
        vec![
            ("visits", self.visits.to_string()),
            ("added", self.added.len().to_string()),
            ("account", self.account.clone()),
            ("total", self.total.cents.to_string()),
            ("street", self.street.clone()),
            ("city", self.city.clone().unwrap_or("none".into())),
            ("name", self.name.clone()),
            ("item", format!("{} {}", self.item.qty, self.item.gift)),
            ("theme", format!("{:?}", self.theme)),
            ("page", self.page.to_string()),
            ("news", format!("{:?}", self.news)),
        ]
    }
}

#[tokio::main]
async fn main() {
    serve::<Shop>().await;
}
