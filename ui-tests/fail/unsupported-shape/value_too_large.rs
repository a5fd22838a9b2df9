use session::{SessionValue, Shape, ShapeText};

struct Long;
impl SessionValue for Long {
    const SHAPE: &'static Shape = &Shape::Opaque("sixty-four letters, as many as there are squares on a chessboard");
}

type Eight<T> = (T, T, T, T, T, T, T, T);

const TEXT: ShapeText = <Eight<Eight<Eight<Long>>>>::SHAPE.text();

fn main() {
    println!("{}", TEXT.as_str());
}
