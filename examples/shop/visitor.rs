//! What the shop remembers about a visitor.
//!
//! This is the fourth release. `examples/sessions/shop.lock` lists what each release stores. The first had a switch for
//! dark colours instead of a theme, and a coupon; the first two had a list as cart, and called the notice a message.
//! Sessions that they stored stay valid: see `releases`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use session::{Secret, Session, SessionValue};

use crate::catalogue::{Price, Product, find};

/// The most of one product that a cart holds.
pub const MOST: u32 = 99;

#[derive(Session)]
#[session(version = 4, idle = "30m", absolute = "12h", reserved("coupon"))]
pub struct Shop {
    /// The name of the visitor who is logged in.
    #[session(user)]
    pub user: Option<String>,
    /// How often the catalogue was opened, in all tabs together.
    #[session(merge = counter, survive = login)]
    pub visits: u64,
    #[session(default = Theme::System, survive)]
    #[session(since = 2, upgrade(in = 2, from("dark": bool), with = Theme::of_switch))]
    pub theme: Theme,
    /// Quantities by product. A login keeps them, a logout does not.
    #[session(survive = login, merge = union)]
    #[session(upgrade(in = 3, from = Vec<String>, with = quantities))]
    pub cart: BTreeMap<String, u32>,
    #[session(since = 2, merge = log(20))]
    pub orders: Vec<Order>,
    /// Shown on the next page, once.
    #[session(flash, was = "message")]
    pub notice: Option<String>,
    /// What the login form must send back. Another site cannot know it.
    ///
    /// `SameSite` does not protect a login: a form on another site arrives without the cookie, but the response would
    /// set one and log the visitor in as a user of the attacker's choice. The token stays the same until a logout, so
    /// that forms in several tabs all work, also after one of them has logged in.
    #[session(survive = login)]
    pub login_token: Option<Secret<String>>,
    /// How often the button on the page `/promises` was pressed.
    #[session(since = 4, merge = counter, survive = login)]
    pub presses: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, SessionValue)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    Light,
    Dark,
    /// What the visitor's system prefers. Version 4 added it; older releases read the default instead.
    System,
}

#[derive(Clone, Debug, Serialize, Deserialize, SessionValue)]
pub struct Order {
    pub number: u32,
    pub items: u32,
    pub total: Price,
}

impl Theme {
    /// As the value of a form's field, and of the attribute that the style sheet looks at.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::System => "system",
        }
    }

    /// Release 1 had a switch.
    fn of_switch(dark: bool) -> Self {
        if dark { Self::Dark } else { Self::Light }
    }
}

/// Until release 2 the cart was a list, with one entry for each item.
fn quantities(products: Vec<String>) -> BTreeMap<String, u32> {
    products.into_iter().fold(BTreeMap::new(), |mut cart, product| {
        *cart.entry(product).or_default() += 1;
        cart
    })
}

impl Shop {
    /// The products in the cart that are still in the catalogue.
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

    /// Sets the quantity of a product; 0 removes it.
    pub fn put(&mut self, product: &Product, quantity: u32) {
        match quantity.min(MOST) {
            0 => self.cart.remove(product.sku),
            quantity => self.cart.insert(product.sku.into(), quantity),
        };
    }

    /// Makes an order of the cart and returns its number; `None` if the cart is empty.
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
