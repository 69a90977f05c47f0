//! The one error type of this crate.

/// What can go wrong in the engine. Wrong input is [`Error::Invalid`]; the rest is the world's fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is not what the function needs.
    #[error("{argument}: expected {expected}, got {got}")]
    Invalid {
        /// The argument, as the caller knows it.
        argument: &'static str,
        /// What would have been accepted.
        expected: String,
        /// What came instead.
        got: String,
    },
    /// The work would need more memory than its limit.
    #[error("needs {requested} bytes, over the memory limit of {limit} bytes; {advice}")]
    MemoryLimit {
        /// Bytes that the operation would have held.
        requested: u64,
        /// Bytes that it may hold.
        limit: u64,
        /// What the caller can do about it.
        advice: &'static str,
    },
    /// The system does not have the memory that the work needs.
    #[error("needs at least {requested} bytes, which the system refuses; {advice}")]
    OutOfMemory {
        /// Bytes that the operation would have held at once, at least.
        requested: u64,
        /// What the caller can do about it.
        advice: &'static str,
    },
    /// The caller asked to stop. Nothing was changed.
    #[error("interrupted")]
    Interrupted,
    /// A snapshot could not be read back.
    #[error("snapshot: {reason}")]
    Snapshot {
        /// What is wrong with the bytes.
        reason: String,
    },
}

impl Error {
    /// An [`Error::Invalid`], from anything that can be shown.
    pub fn invalid(
        argument: &'static str,
        expected: impl std::fmt::Display,
        got: impl std::fmt::Display,
    ) -> Self {
        Self::Invalid {
            argument,
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    /// The same error about an argument that the caller knows by another name.
    #[must_use]
    pub fn of_argument(self, argument: &'static str) -> Self {
        match self {
            Self::Invalid { expected, got, .. } => Self::Invalid {
                argument,
                expected,
                got,
            },
            other => other,
        }
    }
}
