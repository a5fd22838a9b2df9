//! The session that every contestant keeps: 570 bytes as one JSON document.

use serde::{Deserialize, Serialize};
use session::Session;

#[derive(Clone, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub qty: u32,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    Light,
    Dark,
    Contrast,
}

macro_rules! visitor {
    ($name:ident, $(#[$derive:meta])*, $($visits:tt)*) => {
        $(#[$derive])*
        pub struct $name {
            pub user_id: Option<u64>,
            pub name: String,
            pub cart: Vec<Item>,
            pub theme: Theme,
            $($visits)*
        }

        impl $name {
            pub fn sample() -> Self {
                let item = |number| Item {
                    sku: format!("SKU-{number}-EU-BLACK-179190-XXL"),
                    qty: 2,
                };
                Self {
                    user_id: Some(90210),
                    name: "Maria Magdalena of Santa Cruz Tenerife".into(),
                    cart: (1030..1040).map(item).collect(),
                    theme: Theme::Dark,
                    visits: 0,
                }
            }
        }
    };
}

// By hand: one serde struct.
visitor!(Data, #[derive(Default, Serialize, Deserialize)], pub visits: u64);
visitor!(Shop, #[derive(Session)], pub visits: u64);
visitor!(Counted, #[derive(Session)], #[session(merge = counter)] pub visits: u64);
