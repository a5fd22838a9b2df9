use session::Session;

#[derive(Session)]
#[session(version = 2, reserved("coupon", "coupon"))]
pub struct Shop {
    visits: u64,
}

fn main() {}
