//! What a reader made of a view (its HTML, its JSON), kept with the view and dropped with it.

use std::{
    any::Any,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// A place for one thing made of a view. This room does not know what it is.
#[derive(Default)]
pub struct Made(RwLock<Option<Arc<dyn Any + Send + Sync>>>);

impl Made {
    /// What is kept, if it is of this kind and still `good`; else what `make` gives, which is then kept.
    pub fn get_or<T: Any + Send + Sync>(&self, good: impl FnOnce(&T) -> bool, make: impl FnOnce() -> T) -> Arc<T> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.and_then(|kept| kept.downcast::<T>().ok())
            && good(&kept)
        {
            return kept;
        }
        let made = Arc::new(make());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
        made
    }
}

/// A copy may be changed, so it begins with nothing made of it.
impl Clone for Made {
    fn clone(&self) -> Made {
        Made::default()
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
    }
}

#[cfg(test)]
mod tests {
    use super::Made;

    #[test]
    fn a_thing_is_made_once_until_it_is_no_longer_good() {
        let made = Made::default();
        assert_eq!(*made.get_or(|_| true, || 1_i32), 1);
        assert_eq!(*made.get_or(|_| true, || 2_i32), 1);
        assert_eq!(*made.get_or(|_| false, || 3_i32), 3);
        assert_eq!(*made.get_or::<String>(|_| true, || "another kind".to_owned()), "another kind");
        let copy = made.clone();
        assert_eq!(*copy.get_or(|_| true, || 4_i32), 4);
        assert_eq!(*made.get_or(|_| true, || 5_i32), 5, "what is kept is of one kind at a time");
    }
}
