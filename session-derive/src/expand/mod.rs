//! Model to tokens. Items in a fixed order, fields in the struct's.
//!
//! Every path is absolute and every name that is not the user's begins with `__`, so that it does not matter what is in scope.
//! User tokens keep their spans: `rustc` reports a wrong type where it was written.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::lock::Locked;
use crate::model::Model;

mod access;
mod lifecycle;
mod lock;
mod older;
mod schema;
mod stub;

pub(crate) use self::stub::stub;

/// What bodies are for: to run, or to be there beside an error.
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
    let krate = &model.krate;
    let (ident, handle) = (&model.ident, &model.handle);
    let allow = allow_list();
    let access = access::items(model, Bodies::Real);
    let schema = schema::items(model, locked);
    let shapes = lock::assertions(model, locked);
    let test = lock::test(model, locked);
    quote! {
        #access
        #allow
        const _: () = {
            use #krate::__private as __p;
            #schema
            #shapes
            #krate::__impl_extractor!(#handle, #ident);
        };
        #test
    }
}

/// The one list of lints that generated code is free from.
fn allow_list() -> TokenStream {
    quote! {
        #[allow(
            // A struct or a field that its author deprecated is still stored.
            deprecated,
            // Nobody uses every accessor of every field.
            dead_code,
            // Names and visibilities are the author's, who was told once.
            non_snake_case,
            non_upper_case_globals,
            private_interfaces,
            unreachable_pub,
            // Absolute paths, so that it does not matter what is in scope.
            unused_qualifications,
            clippy::absolute_paths,
        )]
    }
}

fn index(index: usize) -> Literal {
    Literal::usize_suffixed(index)
}
