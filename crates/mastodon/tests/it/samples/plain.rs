//! Values that are no entity.

use std::collections::BTreeMap;

use phiomia_mastodon::entities::{IsoDay, IsoMillis, Quote, StatusQuote, Written};
use phiomia_model::{NotificationType, Time};

use super::{Make, Size};

impl Make for String {
    fn make(_: Size, field: &str) -> String {
        field.to_owned()
    }
}

impl Make for () {
    fn make(_: Size, _: &str) {}
}

impl Make for bool {
    fn make(_: Size, _: &str) -> bool {
        true
    }
}

impl Make for i64 {
    fn make(_: Size, _: &str) -> i64 {
        7
    }
}

impl Make for f64 {
    fn make(_: Size, _: &str) -> f64 {
        0.5
    }
}

impl<T: Make> Make for Box<T> {
    fn make(size: Size, field: &str) -> Box<T> {
        Box::new(T::make(size, field))
    }
}

impl<T: Make + serde::Serialize> Make for Written<T> {
    fn make(size: Size, field: &str) -> Written<T> {
        Written::new(T::make(size, field))
    }
}

impl<T: Make> Make for Option<T> {
    fn make(size: Size, field: &str) -> Option<T> {
        match size {
            Size::Full => Some(T::make(Size::Bare, field)),
            Size::Bare => None,
        }
    }
}

impl<T: Make> Make for Vec<T> {
    fn make(size: Size, field: &str) -> Vec<T> {
        Option::<T>::make(size, field).into_iter().collect()
    }
}

impl<T: Make> Make for BTreeMap<String, T> {
    fn make(size: Size, field: &str) -> BTreeMap<String, T> {
        Option::<T>::make(size, field).into_iter().map(|item| ("de".to_owned(), item)).collect()
    }
}

impl Make for IsoMillis {
    fn make(_: Size, _: &str) -> IsoMillis {
        IsoMillis(Time::from_millis(1_780_000_000_120))
    }
}

impl Make for IsoDay {
    fn make(_: Size, _: &str) -> IsoDay {
        IsoDay(Time::from_millis(1_780_000_000_120))
    }
}

impl Make for StatusQuote {
    fn make(size: Size, field: &str) -> StatusQuote {
        StatusQuote::Whole(Quote::make(size, field))
    }
}

impl Make for NotificationType {
    fn make(_: Size, _: &str) -> NotificationType {
        NotificationType::Mention
    }
}
