use session::Session;

#[derive(Session)]
pub struct Shop {
    visits: u64,
}

#[axum::debug_handler]
async fn home(shop: Shop) -> String {
    shop.visits.to_string()
}

fn main() {}
