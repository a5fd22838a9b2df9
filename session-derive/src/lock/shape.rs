//! Parses the text of a shape into an expression of that shape.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Path;

use super::lock_grammar::{read_bare_name, read_name};

const INTEGERS: &[&str] = &["u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"];

/// An expression of type `&'static Shape`; `None` if `text` is not the text of a shape, or uses a form that this
/// version does not know.
pub(super) fn tokens(krate: &Path, text: &str) -> Option<TokenStream> {
    let mut reader = Reader { krate, rest: text, depth: 0 };
    let shape = reader.shape()?;
    reader.rest.is_empty().then_some(shape)
}

struct Reader<'a> {
    krate: &'a Path,
    rest: &'a str,
    /// The number of enclosing recursive shapes. The id of each is its depth.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            },
            None => false,
        }
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.eat(text).then_some(())
    }

    fn shape(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        let mut shape = self.primary()?;
        while self.eat("?") {
            shape = quote!(&#krate::Shape::Optional(#shape));
        }
        Some(shape)
    }

    fn primary(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        if self.eat("opaque <") {
            let end = closing(self.rest)?;
            let (text, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest.strip_prefix('>')?;
            return Some(quote!(&#krate::Shape::Opaque(#text)));
        }
        for (word, variant) in [("set<", quote!(Set)), ("secret<", quote!(Redacted))] {
            if self.eat(word) {
                let inner = self.shape()?;
                self.expect(">")?;
                return Some(quote!(&#krate::Shape::#variant(#inner)));
            }
        }
        if self.eat("rec ") {
            let id = self.depth.to_string();
            self.depth += 1;
            let inner = self.shape()?;
            self.depth -= 1;
            return Some(quote!(&#krate::Shape::Recursive { id: #id, shape: #inner }));
        }
        if self.eat("enum ") {
            return self.enumeration();
        }
        if self.eat("()") {
            return Some(quote!(&#krate::Shape::Unit));
        }
        if self.eat("(") {
            return self.tuple();
        }
        if self.eat("[") {
            let item = self.shape()?;
            if self.eat("; ") {
                let len = self.number()?;
                self.expect("]")?;
                return Some(quote!(&#krate::Shape::Array(#item, #len)));
            }
            self.expect("]")?;
            return Some(quote!(&#krate::Shape::Seq(#item)));
        }
        if self.eat("{") {
            return self.braces();
        }
        self.word()
    }

    fn word(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        let word = self.bare_name()?;
        Some(match word {
            "nonzero" if self.eat(" ") => {
                let name = format!("nonzero {}", self.bare_name().filter(|name| INTEGERS.contains(name))?);
                quote!(&#krate::Shape::Integer(#name))
            },
            "self" => {
                let levels: usize = if self.eat("^") { self.bare_name()?.parse().ok()? } else { 0 };
                let id = self.depth.checked_sub(levels + 1)?.to_string();
                quote!(&#krate::Shape::Back(#id))
            },
            "bool" => quote!(&#krate::Shape::Bool),
            "char" => quote!(&#krate::Shape::Char),
            "string" => quote!(&#krate::Shape::Str),
            "bytes" => quote!(&#krate::Shape::Bytes),
            "f32" | "f64" => quote!(&#krate::Shape::Float(#word)),
            _ if INTEGERS.contains(&word) => quote!(&#krate::Shape::Integer(#word)),
            _ => quote!(&#krate::Shape::Text { name: #word, sample: "" }),
        })
    }

    fn bare_name(&mut self) -> Option<&'a str> {
        let (name, rest) = read_bare_name(self.rest)?;
        self.rest = rest;
        Some(name)
    }

    fn number(&mut self) -> Option<Literal> {
        self.bare_name()?.parse().ok().map(Literal::usize_unsuffixed)
    }

    fn name(&mut self) -> Option<String> {
        let (name, rest) = read_name(self.rest)?;
        self.rest = rest;
        Some(name)
    }

    fn tuple(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        let mut items = Vec::new();
        while !self.eat(")") {
            if self.eat(",)") {
                break;
            }
            items.push(self.shape()?);
            self.eat(", ");
        }
        Some(quote!(&#krate::Shape::Tuple(&[#(#items),*])))
    }

    /// A struct or a map, after its `{`.
    fn braces(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        let (start, depth) = (self.rest, self.depth);
        if let Some(members) = self.members() {
            return Some(quote!(&#krate::Shape::Struct(&[#(#members),*])));
        }
        (self.rest, self.depth) = (start, depth);
        let key = self.shape()?;
        self.expect(" => ")?;
        let value = self.shape()?;
        self.expect("}")?;
        Some(quote!(&#krate::Shape::Map { key: #key, value: #value }))
    }

    fn members(&mut self) -> Option<Vec<TokenStream>> {
        let krate = self.krate;
        let mut members = Vec::new();
        while !self.eat("}") {
            let name = self.name()?;
            let optional = self.eat("?").then(|| quote!(.optional()));
            self.expect(": ")?;
            let shape = self.shape()?;
            members.push(quote!(#krate::__private::Member::new(#name, #shape) #optional));
            self.eat(", ");
        }
        Some(members)
    }

    /// An enum, after that word.
    fn enumeration(&mut self) -> Option<TokenStream> {
        let krate = self.krate;
        let tagging = match self.eat("tag=") {
            false => quote!(External),
            true => {
                let tag = self.setting()?;
                match self.eat("content=") {
                    false => quote!(Internal { tag: #tag }),
                    true => {
                        let content = self.setting()?;
                        quote!(Adjacent { tag: #tag, content: #content })
                    },
                }
            },
        };
        self.expect("{")?;
        let mut variants = Vec::new();
        while !self.eat("}") {
            let name = self.name()?;
            variants.push(match self.eat(": ") {
                true => {
                    let shape = self.shape()?;
                    quote!(#krate::__private::Variant::new(#name, #shape))
                },
                false => quote!(#krate::__private::Variant::unit(#name)),
            });
            self.eat(", ");
        }
        Some(
            quote!(&#krate::Shape::Enum { tagging: #krate::__private::Tagging::#tagging, variants: &[#(#variants),*] }),
        )
    }

    /// A name and a space.
    fn setting(&mut self) -> Option<String> {
        let name = self.name()?;
        self.expect(" ")?;
        Some(name)
    }
}

/// The index of the `>` that closes a `<` before the start of `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut before = ' ';
    for (index, letter) in text.char_indices() {
        match letter {
            '<' => open += 1,
            // The `>` of an arrow closes nothing.
            '>' if before != '-' => {
                open -= 1;
                if open == 0 {
                    return Some(index);
                }
            },
            _ => {},
        }
        before = letter;
    }
    None
}
