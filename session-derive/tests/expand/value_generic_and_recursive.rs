#[allow(deprecated, unused_qualifications, clippy::absolute_paths)]
const _: () = {
    use crate::web::session::__private as __p;
    /// Replaces the type inside itself.
    struct __Recursive;
    #[automatically_derived]
    impl __p::SessionValue for __Recursive {
        const SHAPE: &'static __p::Shape = &__p::Shape::Back(
            ::core::concat!(::core::module_path!(), "::List"),
        );
    }
    #[automatically_derived]
    impl<T, const N: usize> __p::SessionValue for List<T, N>
    where
        T: Clone,
        T: __p::SessionValue,
    {
        const SHAPE: &'static __p::Shape = &__p::Shape::Recursive {
            id: ::core::concat!(::core::module_path!(), "::List"),
            shape: &__p::Shape::Struct(
                &[
                    __p::Member::new("head", <[T; N] as __p::SessionValue>::SHAPE),
                    __p::Member::new(
                        "tail",
                        <Option<Box<__Recursive>> as __p::SessionValue>::SHAPE,
                    ),
                ],
            ),
        };
    }
};
