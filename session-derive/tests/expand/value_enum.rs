#[allow(deprecated, unused_qualifications, clippy::absolute_paths)]
const _: () = {
    use ::session::__private as __p;
    #[automatically_derived]
    impl __p::SessionValue for Payment {
        const SHAPE: &'static __p::Shape = &__p::Shape::Enum {
            tagging: __p::Tagging::Adjacent {
                tag: "type",
                content: "of",
            },
            variants: &[
                __p::Variant::unit("cash"),
                __p::Variant::new("on_account", <u32 as __p::SessionValue>::SHAPE),
                __p::Variant::new(
                    "split",
                    const {
                        &__p::Shape::Tuple(
                            &[
                                <u8 as __p::SessionValue>::SHAPE,
                                <Item as __p::SessionValue>::SHAPE,
                            ],
                        )
                    },
                ),
                __p::Variant::new(
                    "card",
                    const {
                        &__p::Shape::Struct(
                            &[
                                __p::Member::new(
                                    "number",
                                    <String as __p::SessionValue>::SHAPE,
                                ),
                            ],
                        )
                    },
                ),
            ],
        };
    }
};
