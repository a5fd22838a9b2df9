use session::Session;

use std::rc::Rc;

#[derive(Session)]
pub struct Shop {
    conn: Rc<u8>,
}

fn main() {}
