//! When a pool defragments itself, and what it says of itself.

use crate::Error;

/// At which share of holes a pool closes them by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoolParams {
    /// From this share on they are closed at the next [`maintain`](super::SimplexPool::maintain).
    pub soft_share: f64,
    /// From this share on they are closed at once, in [`retire`](super::SimplexPool::retire).
    pub hard_share: f64,
}

impl Default for PoolParams {
    fn default() -> Self {
        Self {
            soft_share: 0.5,
            hard_share: 0.95,
        }
    }
}

impl PoolParams {
    /// Refuses what is not `0 < soft_share <= hard_share <= 1`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the share.
    pub fn check(&self) -> Result<(), Error> {
        let (soft, hard) = (self.soft_share, self.hard_share);
        if !(soft > 0.0 && soft <= 1.0) {
            let expected = "a share above 0 and at most 1";
            return Err(Error::invalid("soft_share", expected, soft));
        }
        if !(soft <= hard && hard <= 1.0) {
            let expected = format!("a share from soft_share, which is {soft}, to 1");
            return Err(Error::invalid("hard_share", expected, hard));
        }
        Ok(())
    }
}

/// What a pool holds, and what has happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PoolStats {
    /// Simplices in it.
    pub live: usize,
    /// Slots in use: simplices and holes.
    pub slots: usize,
    /// Bytes that the simplices and their ids take themselves.
    pub live_bytes: u64,
    /// Bytes set aside in the budget, holes and spare room included.
    pub bytes: u64,
    /// The most bytes that were ever set aside at once: an array that grows or shrinks is there twice for a moment.
    pub peak_bytes: u64,
    /// Share of holes among the slots in use; 0 if there are none.
    pub fragmentation: f64,
    /// How often holes were closed, whoever asked.
    pub n_defragmented: u64,
    /// Simplices ever inserted.
    pub n_inserted: u64,
    /// Simplices ever retired, those that [`clear`](super::SimplexPool::clear) removed included.
    pub n_retired: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(soft_share: f64, hard_share: f64) -> Result<(), String> {
        let params = PoolParams {
            soft_share,
            hard_share,
        };
        params.check().map_err(|error| error.to_string())
    }

    #[test]
    fn shares_are_checked() {
        assert_eq!(PoolParams::default().check(), Ok(()));
        assert_eq!(checked(1.0, 1.0), Ok(()));
        assert_eq!(checked(f64::MIN_POSITIVE, 0.5), Ok(()));
        for soft in [0.0, -0.5, 1.5, f64::NAN] {
            let refusal = checked(soft, 1.0).unwrap_err();
            let expected = "soft_share: expected a share above 0 and at most 1, got ";
            assert!(refusal.starts_with(expected), "{refusal}");
        }
        for hard in [0.4, 1.5, f64::NAN] {
            let refusal = checked(0.5, hard).unwrap_err();
            let expected = "hard_share: expected a share from soft_share, which is 0.5, to 1, got ";
            assert!(refusal.starts_with(expected), "{refusal}");
        }
    }
}
