//! The products. A larger shop has them in a database.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul};

use Shape::{Cup, Jar, Teapot, Tin};
use serde::{Deserialize, Serialize};
use session::SessionValue;

/// An amount of euro cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SessionValue)]
pub struct Price(pub u32);

pub struct Product {
    pub sku: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub price: Price,
    pub shape: Shape,
    pub colour: &'static str,
}

/// The kind of picture.
pub enum Shape {
    Tin,
    Cup,
    Teapot,
    Jar,
}

pub fn find(sku: &str) -> Option<&'static Product> {
    CATALOGUE.iter().find(|product| product.sku == sku)
}

pub const CATALOGUE: [Product; 12] = [
    product(Tin, "#5f9e52", "sencha", "Sencha", "Green and grassy, 100 g", 890),
    product(Tin, "#4a6fa5", "earl-grey", "Earl Grey", "Black tea with bergamot, 100 g", 750),
    product(Tin, "#8a79c9", "jasmine", "Jasmine Pearls", "Rolled by hand, 50 g", 1490),
    product(Teapot, "#4b7f86", "teapot", "Stoneware Teapot", "Holds four cups", 3900),
    product(Cup, "#c2693e", "cup", "Morning Cup", "Large, with a proper handle", 1450),
    product(Jar, "#d99a2b", "honey", "Heather Honey", "From the hills, 250 g", 680),
    product(Tin, "#b5482f", "rooibos", "Rooibos", "Red, and no caffeine, 100 g", 620),
    product(Tin, "#3a9a84", "peppermint", "Peppermint", "Whole leaves, 60 g", 540),
    product(Tin, "#8d5a3b", "assam", "Assam", "Malty, takes milk well, 100 g", 790),
    product(Teapot, "#a8577e", "small-teapot", "Teapot for One", "Does not drip", 2650),
    product(Cup, "#6b8f3f", "tasting-cup", "Tasting Cup", "Small and thin", 980),
    product(Jar, "#bfa58a", "sugar", "Rock Sugar", "Crackles in the cup, 250 g", 420),
];

const fn product(
    shape: Shape,
    colour: &'static str,
    sku: &'static str,
    name: &'static str,
    about: &'static str,
    cents: u32,
) -> Product {
    Product { sku, name, about, price: Price(cents), shape, colour }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "€{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Mul<u32> for Price {
    type Output = Self;

    fn mul(self, quantity: u32) -> Self {
        Self(self.0 * quantity)
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Self>>(prices: I) -> Self {
        prices.fold(Self::default(), Add::add)
    }
}
