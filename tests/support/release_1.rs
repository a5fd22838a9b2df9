//! The first of three releases of one struct. Each is a program of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use session::Session;
use session_tests::release::{Release, serve};

#[derive(Session)]
#[session(name = "shop", lock = off)]
struct Shop {
    #[session(merge = counter)]
    visits: u64,
    #[session(merge = union)]
    added: BTreeSet<u32>,
    username: String,
    coupon: String,
    total: u32,
    address: String,
    first: String,
    last: String,
    item: Item,
    theme: Theme,
}

#[derive(Default, Serialize, Deserialize)]
struct Item {
    qty: u32,
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
            "username" => self.username = format!("user{n}"),
            "coupon" => self.coupon = format!("coupon{n}"),
            "total" => self.total = n,
            "address" => self.address = format!("street{n}, city{n}"),
            "first" => self.first = format!("first{n}"),
            "last" => self.last = format!("last{n}"),
            "item" => self.item = Item { qty: n },
            "theme" => self.theme = [Theme::Light, Theme::Dark][n as usize % 2],
            _ => panic!("no field {field}"),
        }
    }

    fn show(&self) -> Vec<(&'static str, String)> {
        vec![
            ("visits", self.visits.to_string()),
            ("added", self.added.len().to_string()),
            ("username", self.username.clone()),
            ("coupon", self.coupon.clone()),
            ("total", self.total.to_string()),
            ("address", self.address.clone()),
            ("first", self.first.clone()),
            ("last", self.last.clone()),
            ("item", self.item.qty.to_string()),
            ("theme", format!("{:?}", self.theme)),
        ]
    }
}

#[tokio::main]
async fn main() {
    serve::<Shop>().await;
}
