::core::compile_error! {
    "what the functions of `with` store is not known; write `#[session(opaque)]` on this member as well"
}
#[allow(deprecated, unused_qualifications, clippy::absolute_paths)]
const _: () = {
    use ::session::__private as __p;
    #[automatically_derived]
    impl<T> __p::SessionValue for Item<T> {
        const SHAPE: &'static __p::Shape = &__p::Shape::Opaque("Item");
    }
};
