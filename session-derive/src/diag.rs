//! [`Errors`]: every mistake in a struct, reported in one compilation.
//!
//! A message says what is wrong, and then what to write instead. It is lower case, without a full stop, with backticks
//! around code.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Reports a mistake in `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Reports a mistake at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Reports the error of a parser.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// The number of mistakes.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// The mistakes as `compile_error!`s, if there are any.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        self.0.map(syn::Error::into_compile_error)
    }
}
