//! The one error type of this crate.

use std::fmt;
use std::path::{Path, PathBuf};

/// What can go wrong between a text and its vector. Wrong arguments are [`Error::Invalid`], wrong texts [`Error::Text`];
/// everything else names the file it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// One of the texts cannot be embedded.
    #[error("texts[{index}]: {reason}")]
    Text {
        /// Which of the texts of this call.
        index: usize,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// No ONNX Runtime library could be loaded.
    #[error("ONNX Runtime 1.23 or later is needed; install it with `pip install \"toposcope[embed]\"`. Tried: {}", list(.tried))]
    RuntimeMissing {
        /// Every candidate with what was wrong with it.
        tried: Vec<Attempt>,
    },
    /// A model file is missing, broken, or of a kind that is not supported.
    #[error("{}: {reason}", .path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tokenizer file is missing, broken, or does not belong to the model.
    #[error("{}: {reason}", .path.display())]
    Tokenizer {
        /// The tokenizer file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// ONNX Runtime refused to run the model.
    #[error("{}: run failed: {reason}", .path.display())]
    Run {
        /// The model file.
        path: PathBuf,
        /// What ONNX Runtime says.
        reason: String,
    },
    /// The model gave NaN or infinity for a text.
    #[error("{}: output {output:?} ({dtype}) is not finite for texts[{index}]{}", .path.display(), overflow_hint(.dtype))]
    NotFinite {
        /// The model file.
        path: PathBuf,
        /// Name of the output.
        output: String,
        /// Its element type.
        dtype: &'static str,
        /// Which of the texts of this call.
        index: usize,
    },
    /// The history may not forget and has no room left.
    #[error("{}: the history holds {held} tokens, {more} more would pass the limit of {limit}; reset it, or choose another `on_full`", .path.display())]
    HistoryFull {
        /// The model file.
        path: PathBuf,
        /// Tokens in the history.
        held: usize,
        /// Tokens that were to be added.
        more: usize,
        /// Tokens that it may hold.
        limit: usize,
    },
    /// A loaded model was used in a child process after a fork.
    #[error("{}: loaded in process {parent}, cannot be used in its fork {child}; load it again there, or start workers with \"spawn\"", .path.display())]
    Forked {
        /// The model file.
        path: PathBuf,
        /// The process that loaded it.
        parent: u32,
        /// The process that tried to use it.
        child: u32,
    },
    /// The caller asked to stop. Nothing was changed.
    #[error("interrupted")]
    Interrupted,
}

/// One library that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where the candidate came from: an argument, a variable, the installed wheel.
    pub origin: &'static str,
    /// Its path; empty if this origin offered none.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.as_os_str().is_empty() {
            write!(f, "{} ({})", self.origin, self.reason)
        } else {
            write!(
                f,
                "{} {} ({})",
                self.origin,
                self.path.display(),
                self.reason
            )
        }
    }
}

impl Error {
    /// An [`Error::Invalid`], from anything that can be shown.
    pub(crate) fn invalid(
        argument: &'static str,
        expected: impl fmt::Display,
        got: impl fmt::Display,
    ) -> Self {
        Self::Invalid {
            argument,
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    pub(crate) fn model(path: &Path, reason: impl fmt::Display) -> Self {
        Self::Model {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn tokenizer(path: &Path, reason: impl fmt::Display) -> Self {
        Self::Tokenizer {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn text(index: usize, reason: impl fmt::Display) -> Self {
        Self::Text {
            index,
            reason: reason.to_string(),
        }
    }
}

fn list(tried: &[Attempt]) -> String {
    if tried.is_empty() {
        return "nothing, as no path was given and no `onnxruntime` wheel is installed".to_owned();
    }
    let shown: Vec<String> = tried.iter().map(Attempt::to_string).collect();
    shown.join("; ")
}

/// Half precision ends at 65,504.
fn overflow_hint(dtype: &str) -> &'static str {
    if dtype == "float16" {
        "; half precision may have overflowed, try a float32 export"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_come_with_a_hint_where_it_helps() {
        let message = |dtype| {
            let error = Error::NotFinite {
                path: PathBuf::from("m.onnx"),
                output: "logits".to_owned(),
                dtype,
                index: 3,
            };
            error.to_string()
        };
        let plain = "m.onnx: output \"logits\" (float32) is not finite for texts[3]";
        assert_eq!(message("float32"), plain);
        assert!(
            message("float16")
                .ends_with("half precision may have overflowed, try a float32 export")
        );
    }
}
