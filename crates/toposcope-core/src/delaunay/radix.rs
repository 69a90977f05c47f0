//! Sorting by integers, in linear time and within reach of an interrupt.

use crate::memory::Held;
use crate::{Control, Error};

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Up to here, comparing is faster.
const FEW: usize = 512;
/// Items between two looks at the clock.
const BLOCK: usize = 1 << 14;
/// About how many microseconds a block takes.
const TICKS_PER_BLOCK: u32 = 64;

/// Sorts `items` by `key`; equal ones stay in order. `room` is scratch space of any contents and the same length.
pub(crate) fn sort_by_key<T: Copy>(
    items: &mut [T],
    room: &mut [T],
    key: impl Fn(&T) -> u64,
    control: &Control,
) -> Result<(), Error> {
    if items.len() <= FEW {
        items.sort_by_key(key);
        return Ok(());
    }
    let varying = varying_bits(items, &key, control)?;
    let (mut from, mut to) = (&mut *items, &mut *room);
    let mut exchanged = false;
    for shift in (0..u64::BITS).step_by(DIGIT_BITS as usize) {
        let digit_of = |key: u64| (key >> shift) as usize % DIGITS;
        let digit = |item: &T| digit_of(key(item));
        if digit_of(varying) != 0 {
            distribute(from, to, digit, control)?;
            std::mem::swap(&mut from, &mut to);
            exchanged = !exchanged;
        }
    }
    if exchanged {
        for (target, source) in to.chunks_mut(BLOCK).zip(from.chunks(BLOCK)) {
            control.tick(TICKS_PER_BLOCK)?;
            target.copy_from_slice(source);
        }
    }
    Ok(())
}

/// The bits in which some keys differ.
fn varying_bits<T>(items: &[T], key: &impl Fn(&T) -> u64, control: &Control) -> Result<u64, Error> {
    let (mut all, mut any) = (u64::MAX, 0);
    for block in items.chunks(BLOCK) {
        control.tick(TICKS_PER_BLOCK)?;
        for item in block {
            all &= key(item);
            any |= key(item);
        }
    }
    Ok(any & !all)
}

fn distribute<T: Copy>(
    from: &[T],
    to: &mut [T],
    digit: impl Fn(&T) -> usize,
    control: &Control,
) -> Result<(), Error> {
    let mut places = [0; DIGITS];
    for block in from.chunks(BLOCK) {
        control.tick(TICKS_PER_BLOCK)?;
        for item in block {
            places[digit(item)] += 1;
        }
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    for block in from.chunks(BLOCK) {
        control.tick(TICKS_PER_BLOCK)?;
        for item in block {
            let place = &mut places[digit(item)];
            to[*place] = *item;
            *place += 1;
        }
    }
    Ok(())
}

/// Items that are ordered by a number of at least 0, with what they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Valued {
    pub(crate) value: f64,
    pub(crate) index: u32,
}

/// Sorts by value, equal ones by their present order. Values are not negative and not NaN.
pub(crate) fn sort_by_value(items: &mut Held<Valued>, control: &Control) -> Result<(), Error> {
    let nothing = Valued {
        value: 0.0,
        index: 0,
    };
    let tick = |work| control.tick(work);
    let mut room = Held::filled(control.budget(), nothing, items.len(), tick)?;
    // Bits of such numbers are in the order of the numbers.
    sort_by_key(items, &mut room, |item| item.value.to_bits(), control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_is_stable() {
        let mut seed = 7u64;
        for len in [0, 1, FEW, 5_000, 40_000] {
            let items = (0..len as u32).map(|index| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let value = f64::from((seed >> 40) as u32 % 1000) / 7.0;
                Valued { value, index }
            });
            let items: Vec<Valued> = items.collect();
            let mut expected = items.clone();
            expected.sort_by(|a, b| a.value.total_cmp(&b.value));
            let control = Control::none();
            let mut sorted = Held::new(control.budget());
            sorted.extend(items).unwrap();
            sort_by_value(&mut sorted, &control).unwrap();
            assert_eq!(sorted[..], expected[..]);
        }
    }
}
