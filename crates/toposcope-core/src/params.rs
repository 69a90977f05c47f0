//! What a computation is asked to do.

use crate::Error;

/// Largest homology dimension that can be asked for.
pub const LARGEST_MAX_DIM: usize = 12;
/// Largest order of a coefficient field; products of two residues then fit in 32 bits.
pub const LARGEST_FIELD: u32 = 65_521;

/// The engines behind [`rips`](crate::rips). They differ in speed alone, never in the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// The lune Morse reduction: it is the slower one on some inputs, and never by as much as the other may be.
    #[default]
    Auto,
    /// Lune Morse reduction.
    Lune,
    /// Implicit persistent cohomology: faster where nearly all lunes are hollow and no class lives long.
    Cohomology,
}

impl Method {
    /// The method of this name: `auto`, `lune` or `cohomology`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "lune" => Ok(Self::Lune),
            "cohomology" => Ok(Self::Cohomology),
            _ => Err(Error::invalid(
                "method",
                "\"auto\", \"lune\" or \"cohomology\"",
                format!("\"{name}\""),
            )),
        }
    }
}

/// Parameters of [`rips`](crate::rips).
#[derive(Debug, Clone, PartialEq)]
pub struct RipsParams {
    /// Largest homology dimension computed.
    pub max_dim: usize,
    /// Largest edge built, itself included; `None` = the enclosing radius, beyond which nothing changes.
    pub threshold: Option<f64>,
    /// Order of the coefficient field, a prime.
    pub field: u32,
    /// Which engine to use.
    pub method: Method,
    /// Worker threads; `None` = as many as the machine has. Never changes a result.
    pub n_threads: Option<usize>,
}

impl Default for RipsParams {
    fn default() -> Self {
        Self {
            max_dim: 1,
            threshold: None,
            field: 2,
            method: Method::Auto,
            n_threads: None,
        }
    }
}

impl RipsParams {
    /// Refuses what no engine could do.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        if self.max_dim > LARGEST_MAX_DIM {
            return Err(Error::invalid(
                "max_dim",
                format!("0 to {LARGEST_MAX_DIM}"),
                self.max_dim,
            ));
        }
        if let Some(threshold) = self.threshold
            && (threshold.is_nan() || threshold < 0.0)
        {
            return Err(Error::invalid(
                "threshold",
                "a length of at least 0",
                threshold,
            ));
        }
        let p = self.field;
        // No divisor up to the square root of the largest field: 255² < 65521 < 256².
        let prime = p >= 2 && (2..=255).all(|d| p == d || !p.is_multiple_of(d));
        if !prime || p > LARGEST_FIELD {
            return Err(Error::invalid(
                "field",
                format!("a prime up to {LARGEST_FIELD}"),
                p,
            ));
        }
        if self.n_threads == Some(0) {
            return Err(Error::invalid("n_threads", "at least 1", 0));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked_by_name() {
        let defaults = RipsParams::default;
        assert_eq!(defaults().check(), Ok(()));
        for field in [2, 3, 5, 7, 65_521] {
            assert_eq!(
                RipsParams {
                    field,
                    ..defaults()
                }
                .check(),
                Ok(())
            );
        }
        for field in [0, 1, 4, 9, 65_537] {
            let error = RipsParams {
                field,
                ..defaults()
            }
            .check()
            .unwrap_err();
            assert!(error.to_string().starts_with("field: expected a prime"));
        }
        for threshold in [-1.0, f64::NAN] {
            assert!(
                RipsParams {
                    threshold: Some(threshold),
                    ..defaults()
                }
                .check()
                .is_err()
            );
        }
        assert!(
            RipsParams {
                max_dim: 13,
                ..defaults()
            }
            .check()
            .is_err()
        );
        assert!(
            RipsParams {
                n_threads: Some(0),
                ..defaults()
            }
            .check()
            .is_err()
        );
        assert!(Method::from_name("fast").is_err());
    }
}
