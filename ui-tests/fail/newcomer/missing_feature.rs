use session::RedisStore;

fn main() {}
