use session::SessionValue;

#[derive(SessionValue)]
struct Item<T = u8> {
    item: T,
    rest: Option<Box<Item<Vec<T>>>>,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
