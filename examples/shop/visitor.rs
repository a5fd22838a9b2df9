//! What the shop remembers about a visitor.
//!
//! It is the third release. `examples/sessions/shop.lock` has what the first two have stored: a switch instead of a theme, a cart
//! that was a list, a coupon that is gone, and a notice that was called a message. Their sessions live on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use session::{Secret, Session, SessionValue};

use crate::catalogue::{Price, Product, find};

/// More of one product than anybody drinks.
pub const MOST: u32 = 99;

#[derive(Session)]
#[session(version = 3, idle = "30m", absolute = "12h", reserved("coupon"))]
pub struct Shop {
    /// Who is logged in.
    #[session(user)]
    pub user: Option<String>,
    /// How often the catalogue was opened, in all tabs together.
    #[session(merge = counter)]
    pub visits: u64,
    #[session(default = Theme::Light, survive)]
    #[session(since = 2, upgrade(in = 2, from("dark": bool), with = Theme::of_switch))]
    pub theme: Theme,
    /// Quantities by product. Filled before a login, there after it; gone with a logout.
    #[session(survive = login, merge = union)]
    #[session(upgrade(in = 3, from = Vec<String>, with = quantities))]
    pub cart: BTreeMap<String, u32>,
    #[session(since = 2, merge = log(20))]
    pub orders: Vec<Order>,
    /// Shown on the next page, once.
    #[session(flash, was = "message")]
    pub notice: Option<String>,
    /// What the login form must send back: another site's form does not know it.
    pub login_token: Option<Secret<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, SessionValue)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    Light,
    Dark,
}

#[derive(Clone, Debug, Serialize, Deserialize, SessionValue)]
pub struct Order {
    pub number: u32,
    pub items: u32,
    pub total: Price,
}

impl Theme {
    /// The first release had a switch.
    fn of_switch(dark: bool) -> Self {
        if dark { Self::Dark } else { Self::Light }
    }
}

/// The cart was a list, with a product as often as it was put in.
fn quantities(products: Vec<String>) -> BTreeMap<String, u32> {
    products.into_iter().fold(BTreeMap::new(), |mut cart, product| {
        *cart.entry(product).or_default() += 1;
        cart
    })
}

impl Shop {
    /// What is in the cart and still in the catalogue.
    pub fn lines(&self) -> impl Iterator<Item = (&'static Product, u32)> {
        self.cart.iter().filter_map(|(sku, &quantity)| Some((find(sku)?, quantity)))
    }

    pub fn items(&self) -> u32 {
        self.lines().map(|(_, quantity)| quantity).sum()
    }

    pub fn total(&self) -> Price {
        self.lines().map(|(product, quantity)| product.price * quantity).sum()
    }

    pub fn add(&mut self, product: &Product) {
        let quantity = self.cart.get(product.sku).map_or(1, |quantity| quantity + 1);
        self.put(product, quantity);
    }

    /// None of it is not in the cart.
    pub fn put(&mut self, product: &Product, quantity: u32) {
        match quantity.min(MOST) {
            0 => self.cart.remove(product.sku),
            quantity => self.cart.insert(product.sku.into(), quantity),
        };
    }

    /// Makes an order of the cart. `None` if there is nothing in it.
    pub fn order(&mut self) -> Option<u32> {
        let (items, total) = (self.items(), self.total());
        if items == 0 {
            return None;
        }
        let number = self.orders.last().map_or(1, |last| last.number + 1);
        self.orders.push(Order { number, items, total });
        self.cart.clear();
        Some(number)
    }
}
