//! `rename_all` renames members and variants as serde does: encoded values fit the shape of their type.

use serde::{Deserialize, Serialize};
use session::SessionValue;

use super::fits;

macro_rules! renamed {
    ($($module:ident $rule:literal)*) => {$(
        mod $module {
            use super::*;

            #[derive(Serialize, Deserialize, SessionValue)]
            #[serde(rename_all = $rule, rename_all_fields = $rule)]
            #[expect(non_snake_case, non_camel_case_types, reason = "the test is about their spelling")]
            pub(super) enum Any {
                Plain,
                TwoWords,
                HTTPShop,
                With2Digits,
                With_Underscore,
                lower,
                Members { a: u8, two_words: u8, _leading: u8, trailing_: u8, with__two: u8, camelCase: u8, n2_o: u8 },
                #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
                Own { two_words: u8, r#type: u8 },
                r#Raw,
            }

            #[derive(Serialize, Deserialize, SessionValue)]
            #[serde(rename_all(serialize = $rule, deserialize = $rule))]
            #[expect(non_snake_case, reason = "the test is about their spelling")]
            pub(super) struct Every {
                a: u8,
                two_words: u8,
                _leading: u8,
                trailing_: u8,
                with__two: u8,
                camelCase: u8,
                r#type: u8,
            }

            #[test]
            fn as_serde_does() {
                let values = [
                    Any::Plain,
                    Any::TwoWords,
                    Any::HTTPShop,
                    Any::With2Digits,
                    Any::With_Underscore,
                    Any::lower,
                    Any::r#Raw,
                    Any::Members {
                        a: 1,
                        two_words: 1,
                        _leading: 1,
                        trailing_: 1,
                        with__two: 1,
                        camelCase: 1,
                        n2_o: 1,
                    },
                    Any::Own { two_words: 1, r#type: 1 },
                ];
                for value in values {
                    fits(Any::SHAPE, &serde_json::to_value(value).unwrap()).unwrap();
                }
                let every = Every {
                    a: 1,
                    two_words: 1,
                    _leading: 1,
                    trailing_: 1,
                    with__two: 1,
                    camelCase: 1,
                    r#type: 1,
                };
                fits(Every::SHAPE, &serde_json::to_value(every).unwrap()).unwrap();
            }
        }
    )*};
}

renamed! {
    lower "lowercase"
    upper "UPPERCASE"
    pascal "PascalCase"
    camel "camelCase"
    snake "snake_case"
    screaming_snake "SCREAMING_SNAKE_CASE"
    kebab "kebab-case"
    screaming_kebab "SCREAMING-KEBAB-CASE"
}
