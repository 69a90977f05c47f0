//! Many words looked at side by side.

/// The positions, of up to 64, at which something holds. Bytes of zeros and ones, which registers compare and narrow many at a time, are
/// then packed eight at a time by a multiplication that brings them side by side.
#[inline(always)]
pub(super) fn bits_where(items: &[u32], holds: impl Fn(u32) -> bool) -> u64 {
    const SIDE_BY_SIDE: u64 = 0x0102_0408_1020_4080;
    let mut bytes = [0u8; 64];
    for (byte, &item) in bytes.iter_mut().zip(items) {
        *byte = u8::from(holds(item));
    }
    let eights = bytes.as_chunks::<8>().0.iter().enumerate();
    eights.fold(0, |word, (at, &eight)| {
        let packed = u64::from_le_bytes(eight).wrapping_mul(SIDE_BY_SIDE) >> 56;
        word | packed << (8 * at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_has_its_bit() {
        for n in [0, 1, 7, 8, 9, 63, 64] {
            let items: Vec<u32> = (0..n).map(|at| at * 7919 % 5).collect();
            for least in 0..6 {
                let word = bits_where(&items, |x| x >= least);
                for (at, &x) in items.iter().enumerate() {
                    assert_eq!(word >> at & 1 == 1, x >= least);
                }
                assert!(n == 64 || word >> n == 0 || least == 0);
            }
        }
    }
}
