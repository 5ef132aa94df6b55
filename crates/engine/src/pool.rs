//! Pool: memory that is used again, for the next frame or pair, in place of being mapped and emptied anew.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was given back, up to a number; the oldest goes.
pub struct Pool<T> {
    spare: Mutex<VecDeque<T>>,
    most: usize,
}

impl<T> Pool<T> {
    /// A pool that keeps at most so many.
    pub const fn new(most: usize) -> Self {
        Self {
            spare: Mutex::new(VecDeque::new()),
            most,
        }
    }

    /// The first that fits, whatever it holds.
    pub fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut spare = self.spare();
        let found = spare.iter().position(fits)?;
        spare.remove(found)
    }

    /// Takes back what is needed no longer.
    pub fn give(&self, memory: T) {
        let mut spare = self.spare();
        spare.push_back(memory);
        let oldest = (spare.len() > self.most).then(|| spare.pop_front());
        // Memory is given back to the system while nobody waits.
        drop(spare);
        drop(oldest);
    }

    fn spare(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_used_again_and_the_oldest_goes() {
        let pool = Pool::new(2);
        for len in [3, 4, 5] {
            pool.give(vec![0; len]);
        }
        assert_eq!(pool.take(|memory| memory.len() == 3), None);
        assert_eq!(
            pool.take(|memory| memory.len() > 3).map(|m| m.len()),
            Some(4)
        );
        assert_eq!(
            pool.take(|memory| memory.len() > 3).map(|m| m.len()),
            Some(5)
        );
        assert_eq!(pool.take(|_| true), None);
    }
}
