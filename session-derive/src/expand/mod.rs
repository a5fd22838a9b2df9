//! Model to tokens. Items have a fixed order, fields the order of the struct.
//!
//! Every path is absolute, and every generated name begins with `__`, so the expansion is independent of what is in
//! scope. The user's tokens keep their spans: `rustc` reports a wrong type where it is written.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::lock::Locked;
use crate::model::{Model, Stored};

mod access;
mod lock;
mod older;
mod schema;
mod stub;

pub(crate) use self::stub::stub;

/// Whether function bodies are real, or placeholders beside an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    Real,
    Stub,
}

impl Bodies {
    fn of(self, real: TokenStream) -> TokenStream {
        match self {
            Self::Real => real,
            Self::Stub => quote!(::core::unimplemented!()),
        }
    }
}

/// Everything that the derive emits.
pub(crate) fn expand(model: &Model, locked: Option<&Locked>) -> TokenStream {
    let access = access::items(model, Bodies::Real);
    let schema = schema::items(model, locked);
    let shapes = lock::assertions(model, locked);
    let items = enclosed(model, &quote!(#access #schema #shapes));
    let test = lock::test(model, locked);
    quote!(#items #test)
}

/// The handle type, and `items` where their names and their lints concern nothing else.
fn enclosed(model: &Model, items: &TokenStream) -> TokenStream {
    let Model { krate, ident, handle, .. } = model;
    let face = access::handle(model);
    quote! {
        #face
        // A struct or a field that its author deprecated is still stored; an application does not use every accessor;
        // names and visibilities are those of the author's fields, where the compiler reports them. Lints that are off
        // in the expansion of a macro are not listed.
        #[allow(deprecated, dead_code, non_snake_case, private_interfaces)]
        const _: () = {
            use #krate::__private::{self as __p, DebugFallback as _};
            #items
            #krate::__impl_extractor!(#handle, #ident);
            #krate::__not_serializable!(#handle);
        };
    }
}

/// The zero-sized type of a stored field.
fn marker(stored: &Stored) -> Ident {
    format_ident!("__Field{}", stored.index)
}

fn index(index: usize) -> Literal {
    Literal::usize_suffixed(index)
}
