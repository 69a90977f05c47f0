//! The intervals of one dimension of one diagram.

use toposcope_core::Error;

/// Births and deaths of one homology dimension: births finite, `birth <= death`, deaths finite or `inf`.
#[derive(Debug, Clone, Copy)]
pub struct Intervals<'a> {
    births: &'a [f64],
    deaths: &'a [f64],
}

impl<'a> Intervals<'a> {
    /// Takes two columns of the same length, in any order.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the lengths differ, a birth is not finite, a death is NaN or before its birth.
    pub fn new(births: &'a [f64], deaths: &'a [f64]) -> Result<Self, Error> {
        if births.len() != deaths.len() {
            return Err(Error::invalid(
                "deaths",
                format_args!("{} values, one for each birth", births.len()),
                format_args!("{} values", deaths.len()),
            ));
        }
        let wrong =
            |(_, (birth, death)): &(usize, (&f64, &f64))| !(birth.is_finite() && birth <= death);
        if let Some((at, (birth, death))) = births.iter().zip(deaths).enumerate().find(wrong) {
            return Err(Error::invalid(
                "intervals",
                "finite births and birth <= death",
                format_args!("[{birth}, {death}) at {at}"),
            ));
        }
        Ok(Self { births, deaths })
    }

    /// `(birth, death)` of every interval of positive length.
    pub fn iter(self) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.all().filter(|&(birth, death)| birth < death)
    }

    /// `(birth, death)` of every interval, those of zero length included.
    pub(crate) fn all(self) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.births.iter().copied().zip(self.deaths.iter().copied())
    }

    /// The intervals number `range.start` to `range.end - 1`; the caller has checked the range.
    pub(crate) fn slice(self, range: std::ops::Range<usize>) -> Self {
        Self {
            births: &self.births[range.clone()],
            deaths: &self.deaths[range],
        }
    }

    /// How many intervals, those of zero length included.
    pub fn len(self) -> usize {
        self.births.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.births.is_empty()
    }

    /// The first interval that never dies.
    pub(crate) fn first_essential(self) -> Option<usize> {
        self.deaths.iter().position(|death| death.is_infinite())
    }
}
