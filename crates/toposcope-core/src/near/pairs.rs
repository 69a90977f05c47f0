//! All pairs within a distance.

use super::tree::{Rows, Tree};
use crate::memory::Held;
use crate::parallel::{Pulse, in_blocks};
use crate::{Control, Error};

/// Positions whose pairs are counted for an estimate.
const SAMPLE: usize = 32;
/// Leaves that one thread looks around from at a time.
const LEAVES: usize = 32;

/// What `keep` makes of every pair of points whose length is at most `largest`: of the larger point, the smaller and the length. The
/// order depends on the points alone.
pub(super) fn within<'a, R: Rows<'a>, E: Send>(
    tree: &Tree<R>,
    largest: f64,
    n_threads: usize,
    control: &Control,
    keep: impl Fn(usize, usize, f64) -> E + Sync,
) -> Result<Held<Held<E>>, Error> {
    let mut leaves = Held::new(control.budget());
    leaves.extend(tree.leaves())?;
    let limit = tree.ruler.largest_key(largest);
    let n_blocks = leaves.len().div_ceil(LEAVES);
    let look = |stack: &mut Vec<u32>, block: usize, pulse: &Pulse| {
        let mut kept = Held::new(pulse.budget());
        let last = leaves.len().min((block + 1) * LEAVES);
        for &leaf in &leaves[block * LEAVES..last] {
            pulse.beat(block, n_blocks)?;
            look_back(tree, leaf, limit, stack, pulse, |p, q, key| {
                let (i, j) = (tree.id(p) as usize, tree.id(q) as usize);
                kept.push(keep(i.max(j), i.min(j), tree.ruler.length(key)))
            })?;
        }
        Ok(kept)
    };
    let mut stacks = vec![Vec::new(); n_threads.min(n_blocks)];
    in_blocks(&mut stacks, 0..n_blocks, control, "distances", look)
}

/// About how many pairs there are: those of a few positions, multiplied.
pub(super) fn about<'a, R: Rows<'a>>(tree: &Tree<R>, largest: f64) -> usize {
    let limit = tree.ruler.largest_key(largest);
    let n = tree.n();
    if tree.largest_key() <= limit {
        return n * (n - 1) / 2;
    }
    let (step, mut count) = (n.div_ceil(SAMPLE), 0);
    let mut stack = Vec::new();
    for p in (0..n as u32).step_by(step) {
        stack.push(0);
        while let Some(node) = stack.pop() {
            if tree.nearest_key(p, node) > limit {
                continue;
            }
            if tree.farthest_key(p, node) <= limit {
                let block = tree.node(node).positions();
                count += block.len() - usize::from(block.contains(&p));
                continue;
            }
            if let Some(children) = tree.children(node) {
                stack.extend(children);
                continue;
            }
            let others = tree.node(node).positions().filter(|&q| q != p);
            count += others.filter(|&q| tree.key(p, q) <= limit).count();
        }
    }
    count * step / 2
}

/// Shows the pairs of a position in a leaf and one before it.
fn look_back<'a, R: Rows<'a>>(
    tree: &Tree<R>,
    leaf: u32,
    limit: f64,
    stack: &mut Vec<u32>,
    pulse: &Pulse,
    mut show: impl FnMut(u32, u32, f64) -> Result<(), Error>,
) -> Result<(), Error> {
    let own = tree.node(leaf);
    stack.clear();
    stack.push(0);
    while let Some(node) = stack.pop() {
        let block = tree.node(node);
        if block.start > own.start || tree.nearest_key_between(leaf, node) > limit {
            continue;
        }
        if let Some(children) = tree.children(node) {
            stack.extend(children);
            continue;
        }
        pulse.tick()?;
        for p in own.positions() {
            if tree.nearest_key(p, node) > limit {
                continue;
            }
            for q in block.start..block.end.min(p) {
                let key = tree.key(p, q);
                if key <= limit {
                    show(p, q, key)?;
                }
            }
        }
    }
    Ok(())
}
