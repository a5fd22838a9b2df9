#[allow(deprecated, unused_qualifications, clippy::absolute_paths)]
const _: () = {
    use ::session::__private as __p;
    #[automatically_derived]
    impl __p::SessionValue for Item {
        const SHAPE: &'static __p::Shape = &__p::Shape::Struct(
            &[
                __p::Member::new("sku", <String as __p::SessionValue>::SHAPE),
                __p::Member::new("listPrice", <Option<u32> as __p::SessionValue>::SHAPE),
                __p::Member::new("gift", <bool as __p::SessionValue>::SHAPE).optional(),
                __p::Member::new(
                    "colours",
                    &__p::Shape::Opaque("HashMap<String, [u8; 3]>"),
                ),
            ],
        );
    }
};
