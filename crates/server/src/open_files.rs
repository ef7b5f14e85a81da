//! How many files and sockets this process may hold open: as many as the system grants.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to the hardest one that is granted and gives what is in force then; `None`: there is no limit.
///
/// Systems begin with about a thousand for the sake of old programs that use `select`, and grant many times that to who asks.
/// Source: <https://0pointer.net/blog/file-descriptor-limits.html>.
pub fn raise() -> Option<u64> {
    let granted = getrlimit(Resource::Nofile);
    let wish = Rlimit { current: granted.maximum, maximum: granted.maximum };
    if granted.current != granted.maximum
        && let Err(error) = setrlimit(Resource::Nofile, wish)
    {
        // As macOS does, whose hard limit is one that it does not grant.
        tracing::debug!("the limit of open files stays at {:?}: {error}", granted.current);
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn afterwards_the_limit_is_what_the_system_grants() {
        let granted = getrlimit(Resource::Nofile);
        let low = Rlimit { current: Some(granted.maximum.map_or(512, |most| most.min(512))), ..granted };
        assert!(setrlimit(Resource::Nofile, low).is_ok());
        assert_eq!(raise(), granted.maximum);
        assert_eq!(getrlimit(Resource::Nofile), Rlimit { current: granted.maximum, ..granted });
    }
}
