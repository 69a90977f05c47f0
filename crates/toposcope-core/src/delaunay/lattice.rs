//! Small integers in disguise. On grids, where determinants are zero again and again and no rounded computation can tell, differences of
//! coordinates are small multiples of one power of two, and machine integers do.

/// Determinants of so large entries and degree 6 fit in 127 bits.
const LARGEST: f64 = (1u32 << 18) as f64;

/// The vectors `heads - tail` divided by some power of two, if they are then integers of at most 18 bits.
pub(crate) fn integers<const N: usize>(
    tail: [f64; 3],
    heads: [[f64; 3]; N],
) -> Option<[[i128; 3]; N]> {
    let mut unit = f64::INFINITY;
    for head in &heads {
        for (x, y) in head.iter().zip(tail) {
            let difference = x - y;
            // Exact exactly if nothing was cut off either of the two.
            if y + difference != *x || x - difference != y {
                return None;
            }
            if difference != 0.0 {
                unit = unit.min(lowest_bit(difference));
            }
        }
    }
    let mut vectors = [[0; 3]; N];
    for (vector, head) in vectors.iter_mut().zip(heads) {
        for ((whole, x), y) in vector.iter_mut().zip(head).zip(tail) {
            let multiple = (x - y) / unit;
            if multiple.abs() > LARGEST {
                return None;
            }
            *whole = multiple as i128;
        }
    }
    Some(vectors)
}

/// The value of the last bit of a number that is not zero and not subnormal.
fn lowest_bit(x: f64) -> f64 {
    let bits = x.to_bits();
    let cut = f64::from_bits(bits & (bits - 1));
    // Without a bit in the mantissa, the number is a power of two itself, whose bits less one are another story.
    if bits & ((1 << 52) - 1) == 0 {
        x.abs()
    } else {
        (x - cut).abs()
    }
}

pub(crate) fn cross(a: [i128; 3], b: [i128; 3]) -> [i128; 3] {
    let [[a, b, c], [x, y, z]] = [a, b];
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

pub(crate) fn dot(a: [i128; 3], b: [i128; 3]) -> i128 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_found() {
        let tail = [0.5, 0.25, -3.0];
        assert_eq!(integers(tail, [[0.75, 0.25, 0.0]]), Some([[1, 0, 12]]));
        assert_eq!(integers(tail, [tail]), Some([[0; 3]]));
        assert_eq!(integers(tail, [[0.1, 0.25, -3.0]]), None);
        assert_eq!(integers([0.0; 3], [[1.0, 2f64.powi(19), 0.0]]), None);
        assert_eq!(integers([1.0, 0.0, 0.0], [[1e-30, 0.0, 0.0]]), None);
        assert_eq!(
            integers([0.3, 0.1, 0.0], [[0.3, 0.1 + 2f64.powi(-50), 0.0]]),
            Some([[0, 1, 0]])
        );
    }
}
