//! Sorting within reach of an interrupt.

use std::cmp::Ordering;

use crate::memory::Held;
use crate::{Control, Error};

/// Items sorted, or merged, between two looks at the clock: a few milliseconds.
const RUN: usize = 1 << 15;
/// About how many items are sorted in a microsecond.
const ITEMS_PER_TICK: u32 = 16;

/// [`sort_slice`] for a vector on its way to somebody else.
pub(crate) fn sort_under<T: Copy>(
    mut items: Held<T>,
    compare: impl Fn(&T, &T) -> Ordering,
    control: &Control,
) -> Result<Held<T>, Error> {
    sort_slice(&mut items, compare, control)?;
    Ok(items)
}

/// Sorts `items`, in no particular order among equals: runs first, each at once, then pairs of runs into one, until one is left. Many
/// items are held twice for the time being.
pub(crate) fn sort_slice<T: Copy>(
    items: &mut [T],
    compare: impl Fn(&T, &T) -> Ordering,
    control: &Control,
) -> Result<(), Error> {
    for run in items.chunks_mut(RUN) {
        control.tick(1 + run.len() as u32 / ITEMS_PER_TICK)?;
        run.sort_unstable_by(&compare);
    }
    if items.len() <= RUN {
        return Ok(());
    }
    let mut merged = Held::with_capacity(control.budget(), items.len())?;
    let mut width = RUN;
    while width < items.len() {
        merged.clear();
        for pair in items.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, &compare, control)?;
        }
        for (to, from) in items.chunks_mut(RUN).zip(merged.chunks(RUN)) {
            control.tick(1 + RUN as u32 / ITEMS_PER_TICK)?;
            to.copy_from_slice(from);
        }
        width *= 2;
    }
    Ok(())
}

/// Appends two sorted runs to `merged`, as one.
fn merge<T: Copy>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Held<T>,
    compare: &impl Fn(&T, &T) -> Ordering,
    control: &Control,
) -> Result<(), Error> {
    while let ([first, ..], [second, ..]) = (left, right) {
        if merged.len().is_multiple_of(RUN) {
            control.tick(1 + RUN as u32 / ITEMS_PER_TICK)?;
        }
        if compare(second, first).is_lt() {
            merged.push(*second)?;
            right = &right[1..];
        } else {
            merged.push(*first)?;
            left = &left[1..];
        }
    }
    for rest in [left, right].iter().flat_map(|rest| rest.chunks(RUN)) {
        control.tick(1 + RUN as u32 / ITEMS_PER_TICK)?;
        merged.extend_from_slice(rest)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_into_one() {
        let control = Control::none();
        for n in [0, 1, 7, RUN, RUN + 1, 3 * RUN + 5, 4 * RUN] {
            for spread in [1, 17, u64::MAX] {
                let scrambled =
                    (0..n as u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % spread);
                let mut expected: Vec<u64> = scrambled.clone().collect();
                expected.sort_unstable();
                let mut items = Held::new(control.budget());
                items.extend(scrambled).unwrap();
                let items = sort_under(items, u64::cmp, &control).unwrap();
                assert_eq!(*items, *expected);
            }
        }
        assert_eq!(control.budget().live(), 0);
    }
}
