//! Places along Hilbert's curve through a cube.

/// Bits of a coordinate; three of them fill a key.
pub(crate) const BITS: u32 = 21;

/// The place along the curve of a cell of the cube of side `2^BITS`, after Skilling (AIP Conf. Proc. 707, 2004).
pub(crate) fn key(mut cell: [u32; 3]) -> u64 {
    // From the coarsest bit down: what the curve does in an octant is the whole curve, exchanged or inverted.
    for bit in (1..BITS).rev() {
        let (mask, low) = (1 << bit, (1 << bit) - 1);
        for axis in 0..3 {
            if cell[axis] & mask != 0 {
                cell[0] ^= low;
            } else {
                let exchanged = (cell[0] ^ cell[axis]) & low;
                cell[0] ^= exchanged;
                cell[axis] ^= exchanged;
            }
        }
    }
    cell[1] ^= cell[0];
    cell[2] ^= cell[1];
    let mut parity = 0;
    for bit in (1..BITS).rev() {
        if cell[2] & (1 << bit) != 0 {
            parity ^= (1 << bit) - 1;
        }
    }
    interleaved(cell.map(|x| x ^ parity))
}

/// The bits of three numbers in turn, from the highest.
fn interleaved(cell: [u32; 3]) -> u64 {
    let spread = |x: u32| {
        let mut x = u64::from(x);
        x = (x | x << 32) & 0x001F_0000_0000_FFFF;
        x = (x | x << 16) & 0x001F_0000_FF00_00FF;
        x = (x | x << 8) & 0x100F_00F0_0F00_F00F;
        x = (x | x << 4) & 0x10C3_0C30_C30C_30C3;
        (x | x << 2) & 0x1249_2492_4924_9249
    };
    spread(cell[0]) << 2 | spread(cell[1]) << 1 | spread(cell[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_in_the_cube() {
        // The coarsest three bits of each coordinate: 512 cells.
        let side = 1 << (BITS - 3);
        let cells = (0..512u32).map(|i| [i & 7, i >> 3 & 7, i >> 6]);
        let mut along: Vec<([u32; 3], u64)> =
            cells.map(|c| (c, key(c.map(|x| x * side)))).collect();
        along.sort_unstable_by_key(|&(_, key)| key);
        for pair in along.windows(2) {
            let apart: u32 = (0..3).map(|k| pair[0].0[k].abs_diff(pair[1].0[k])).sum();
            assert_eq!(apart, 1, "{pair:?}");
        }
    }
}
