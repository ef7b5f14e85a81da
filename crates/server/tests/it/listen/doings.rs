//! How handlers and tests wait for each other.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// What handlers and tests tell each other, so that neither has to guess how long the other takes.
#[derive(Clone)]
pub struct Doings {
    /// One for each request that has come to a handler which does not answer at once.
    came: Arc<Semaphore>,
    /// One for each of them that may go on.
    may_go_on: Arc<Semaphore>,
}

impl Doings {
    pub fn new() -> Doings {
        Doings { came: Arc::new(Semaphore::new(0)), may_go_on: Arc::new(Semaphore::new(0)) }
    }

    /// A handler says that it was reached.
    pub fn come(&self) {
        self.came.add_permits(1);
    }

    /// A handler waits for the test.
    pub async fn wait(&self) {
        self.come();
        self.may_go_on.acquire().await.unwrap().forget();
    }

    /// The test waits until handlers were reached so many times.
    pub async fn came(&self, n: u32) {
        self.came.acquire_many(n).await.unwrap().forget();
    }

    /// So many handlers may go on.
    pub fn go_on(&self, n: usize) {
        self.may_go_on.add_permits(n);
    }
}
