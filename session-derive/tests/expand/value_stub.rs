::core::compile_error! {
    "the stored form of `with` is not known; also write `#[session(opaque)]` on this member"
}
#[allow(deprecated, unused_qualifications, clippy::absolute_paths)]
const _: () = {
    use ::session::__private as __p;
    #[automatically_derived]
    impl<T> __p::SessionValue for Item<T> {
        const SHAPE: &'static __p::Shape = &__p::Shape::Opaque("Item");
    }
};
