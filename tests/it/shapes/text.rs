//! The text of shapes, and the macro by which generated code gets a shape.

use std::collections::HashMap;

use session::__private::same_text;
use session::{__shape_of, Member, SessionValue, Shape, ShapeText, Tagging, Variant};

#[test]
fn unusual_names_are_quoted() {
    const SHAPE: Shape = Shape::Struct(&[
        Member::new("", &Shape::Unit),
        Member::new("with-dash_1", &Shape::Unit),
        Member::new("a: b", &Shape::Unit),
        Member::new("\"quoted\\", &Shape::Unit),
        Member::new("line\nbreak", &Shape::Unit),
        Member::new("größe", &Shape::Unit),
    ]);
    const TEXT: ShapeText = SHAPE.text();
    assert_eq!(
        TEXT.as_str(),
        r#"{"": (), "\"quoted\\": (), "a: b": (), "größe": (), "line\x0abreak": (), with-dash_1: ()}"#
    );
}

#[test]
fn text_is_sorted_and_ordered_text_is_not() {
    const A: Shape = Shape::Struct(&[Member::new("b", &Shape::Bool), Member::new("a", &Shape::Unit).optional()]);
    const B: Shape = Shape::Struct(&[Member::new("a", &Shape::Unit).optional(), Member::new("b", &Shape::Bool)]);
    assert_eq!(A.text().as_str(), B.text().as_str());
    assert_eq!(A.ordered_text().as_str(), "{b: bool, a?: ()}");
    assert_eq!(B.ordered_text().as_str(), "{a?: (), b: bool}");
    const SHAPE: Shape =
        Shape::Enum { tagging: Tagging::External, variants: &[Variant::unit("b"), Variant::new("a", &Shape::Bytes)] };
    assert_eq!(SHAPE.text().as_str(), "enum {a: bytes, b}");
    assert_eq!(SHAPE.ordered_text().as_str(), "enum {b, a: bytes}");
}

#[test]
fn texts_can_be_compared_in_constants() {
    const TEXT: ShapeText = <HashMap<u8, Vec<Option<bool>>>>::SHAPE.text();
    const SAME: bool = same_text(&TEXT, "{u8 => [bool?]}");
    const SHORTER: bool = same_text(&TEXT, "{u8 => [bool?]");
    const LONGER: bool = same_text(&TEXT, "{u8 => [bool?]} ");
    const OTHER: bool = same_text(&TEXT, "{u8 => [bool?]]");
    assert_eq!([SAME, SHORTER, LONGER, OTHER], [true, false, false, false]);
}

#[test]
fn a_type_without_a_known_shape_is_opaque() {
    struct Unknown;
    const DEEP: &Shape = __shape_of!(Vec<u8>, "Vec<u8>");
    const OPAQUE: &Shape = __shape_of!(Vec<Unknown>, "Vec<Unknown>");
    assert_eq!(DEEP.text().as_str(), "[u8]");
    assert_eq!(OPAQUE.text().as_str(), "opaque <Vec<Unknown>>");
}

/// The text of a hundred members whose names differ at the end only can be computed in a constant.
#[test]
fn a_large_shape_is_a_constant() {
    macro_rules! large {
        ($($name:ident)*) => {
            #[derive(SessionValue)]
            #[expect(dead_code, reason = "only its shape is used")]
            struct Large { $($name: Vec<(String, Option<u64>)>),* }
        };
    }
    large! {
        a_long_name_99 a_long_name_98 a_long_name_97 a_long_name_96 a_long_name_95 a_long_name_94 a_long_name_93
        a_long_name_92 a_long_name_91 a_long_name_90 a_long_name_89 a_long_name_88 a_long_name_87 a_long_name_86
        a_long_name_85 a_long_name_84 a_long_name_83 a_long_name_82 a_long_name_81 a_long_name_80 a_long_name_79
        a_long_name_78 a_long_name_77 a_long_name_76 a_long_name_75 a_long_name_74 a_long_name_73 a_long_name_72
        a_long_name_71 a_long_name_70 a_long_name_69 a_long_name_68 a_long_name_67 a_long_name_66 a_long_name_65
        a_long_name_64 a_long_name_63 a_long_name_62 a_long_name_61 a_long_name_60 a_long_name_59 a_long_name_58
        a_long_name_57 a_long_name_56 a_long_name_55 a_long_name_54 a_long_name_53 a_long_name_52 a_long_name_51
        a_long_name_50 a_long_name_49 a_long_name_48 a_long_name_47 a_long_name_46 a_long_name_45 a_long_name_44
        a_long_name_43 a_long_name_42 a_long_name_41 a_long_name_40 a_long_name_39 a_long_name_38 a_long_name_37
        a_long_name_36 a_long_name_35 a_long_name_34 a_long_name_33 a_long_name_32 a_long_name_31 a_long_name_30
        a_long_name_29 a_long_name_28 a_long_name_27 a_long_name_26 a_long_name_25 a_long_name_24 a_long_name_23
        a_long_name_22 a_long_name_21 a_long_name_20 a_long_name_19 a_long_name_18 a_long_name_17 a_long_name_16
        a_long_name_15 a_long_name_14 a_long_name_13 a_long_name_12 a_long_name_11 a_long_name_10 a_long_name_09
        a_long_name_08 a_long_name_07 a_long_name_06 a_long_name_05 a_long_name_04 a_long_name_03 a_long_name_02
        a_long_name_01 a_long_name_00
    }
    const TEXT: ShapeText = Large::SHAPE.text();
    let words = TEXT.as_str().split(['{', ',', ':', ' ']);
    let names: Vec<&str> = words.filter(|word| word.contains("name")).collect();
    assert_eq!(names.len(), 100);
    assert!(names.is_sorted());
}
