use session::SessionValue;

#[derive(SessionValue, Clone, Copy)]
union Item {
    a: u8,
    b: u8,
}

fn main() {
    let _ = <Item as SessionValue>::SHAPE;
}
