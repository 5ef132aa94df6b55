//! The primal network simplex for a transportation problem on given arcs, in whole numbers: it ends, and ends at an optimum.
//!
//! Nodes are sources, targets and a root. The basis is a spanning tree, kept strongly feasible (every tree arc without flow
//! points to the root), so that it cannot cycle (Cunningham 1976; Ahuja, Magnanti & Orlin 1993, section 11.6). The entering arc is
//! the best of a block, blocks taken in turn (Grigoriadis 1986; as measured by Kovács 2015 the best general rule).

/// No node, no arc.
const NONE: u32 = u32::MAX;

/// Least number of arcs that a block has.
const LEAST_BLOCK: usize = 64;

/// A tree node's place.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    /// The arc to the parent.
    arc: u32,
    depth: u32,
    first_child: u32,
    next: u32,
    previous: u32,
    /// Whether the arc leads from the node to its parent.
    is_up: bool,
}

#[derive(Debug, Clone, Copy)]
struct Arc {
    tail: u32,
    head: u32,
    cost: i64,
}

/// A transportation problem in the middle of its solution.
#[derive(Debug)]
pub(super) struct Simplex {
    sources: usize,
    nodes: Vec<Node>,
    potential: Vec<i64>,
    /// The first are artificial, one for each node but the root.
    arcs: Vec<Arc>,
    flow: Vec<i64>,
    /// Where the search for an entering arc goes on.
    next: usize,
    stack: Vec<u32>,
}

impl Simplex {
    /// Starts from a flow with the wanted marginals whose arcs form a forest: `(source, target, cost, flow > 0)`. Costs
    /// are in `0..=largest`.
    pub fn new(
        sources: usize,
        targets: usize,
        start: &[(u32, u32, i64, i64)],
        largest: i64,
    ) -> Self {
        let count = sources + targets;
        let root = count as u32;
        // Dearer than any path, so that potentials across parts that no arc joins tell them apart.
        let artificial = (largest + 1) * (count as i64 + 1);
        let mut nodes = vec![
            Node {
                parent: root,
                arc: NONE,
                depth: 1,
                first_child: NONE,
                next: NONE,
                previous: NONE,
                is_up: true,
            };
            count + 1
        ];
        nodes[count].parent = NONE;
        nodes[count].depth = 0;
        let mut arcs: Vec<Arc> = (0..root)
            .map(|node| Arc {
                tail: node,
                head: root,
                cost: artificial,
            })
            .collect();
        let mut flow = vec![0; count];
        for &(i, j, cost, amount) in start {
            arcs.push(Arc {
                tail: i,
                head: sources as u32 + j,
                cost,
            });
            flow.push(amount);
        }
        let mut simplex = Self {
            sources,
            nodes,
            potential: vec![0; count + 1],
            arcs,
            flow,
            next: count,
            stack: Vec::new(),
        };
        simplex.plant(start.len());
        simplex
    }

    /// Makes the tree: each part of the forest hangs on the root by an artificial arc without flow.
    fn plant(&mut self, starts: usize) {
        let count = self.nodes.len() - 1;
        let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); count];
        for arc in count..count + starts {
            neighbours[self.arcs[arc].tail as usize].push(arc as u32);
            neighbours[self.arcs[arc].head as usize].push(arc as u32);
        }
        let mut seen = vec![false; count];
        for node in 0..count {
            if seen[node] {
                continue;
            }
            seen[node] = true;
            self.nodes[node].arc = node as u32;
            self.adopt(count as u32, node as u32);
            self.potential[node] = -self.arcs[node].cost;
            let mut stack = vec![node as u32];
            while let Some(parent) = stack.pop() {
                for &arc in &neighbours[parent as usize] {
                    let Arc { tail, head, cost } = self.arcs[arc as usize];
                    let is_up = head == parent;
                    let child = if is_up { tail } else { head };
                    if seen[child as usize] {
                        continue;
                    }
                    seen[child as usize] = true;
                    let sign = if is_up { -1 } else { 1 };
                    self.potential[child as usize] = self.potential[parent as usize] + sign * cost;
                    let depth = self.nodes[parent as usize].depth + 1;
                    let node = &mut self.nodes[child as usize];
                    (node.arc, node.is_up, node.depth) = (arc, is_up, depth);
                    self.adopt(parent, child);
                    stack.push(child);
                }
            }
        }
    }

    /// Offers another arc.
    pub fn add(&mut self, source: u32, target: u32, cost: i64) {
        self.arcs.push(Arc {
            tail: source,
            head: self.sources as u32 + target,
            cost,
        });
        self.flow.push(0);
    }

    /// Pivots until no arc would make the flow cheaper.
    pub fn solve(&mut self) {
        while let Some((arc, reduced)) = self.entering() {
            self.pivot(arc, reduced);
        }
    }

    /// The potentials: `f_i + g_j ≤ c_ij` on all arcs, with equality where there is flow.
    pub fn potentials(&self) -> (impl Iterator<Item = i64>, impl Iterator<Item = i64>) {
        let count = self.nodes.len() - 1;
        (
            self.potential[..self.sources].iter().map(|p| -p),
            self.potential[self.sources..count].iter().copied(),
        )
    }

    /// `(source, target, flow)` of all arcs with flow.
    pub fn flows(&self) -> impl Iterator<Item = (u32, u32, i64)> {
        let first = self.nodes.len() - 1;
        let used = (first..self.arcs.len()).filter(|&a| self.flow[a] > 0);
        used.map(|a| {
            let arc = self.arcs[a];
            (arc.tail, arc.head - self.sources as u32, self.flow[a])
        })
    }

    fn reduced(&self, arc: Arc) -> i64 {
        arc.cost + self.potential[arc.tail as usize] - self.potential[arc.head as usize]
    }

    /// The arc with the most negative reduced cost of the next block that has one.
    fn entering(&mut self) -> Option<(u32, i64)> {
        let first = self.nodes.len() - 1;
        let real = self.arcs.len() - first;
        let block = LEAST_BLOCK.max((real as f64).sqrt() as usize);
        let (mut best, mut least, mut left) = (None, 0, block);
        let mut at = if self.next < self.arcs.len() {
            self.next
        } else {
            first
        };
        for _ in 0..real {
            let reduced = self.reduced(self.arcs[at]);
            if reduced < least {
                (best, least) = (Some(at as u32), reduced);
            }
            at += 1;
            if at == self.arcs.len() {
                at = first;
            }
            left -= 1;
            if left == 0 {
                if best.is_some() {
                    break;
                }
                left = block;
            }
        }
        self.next = at;
        best.map(|arc| (arc, least))
    }

    /// Sends flow round the cycle that the arc closes, and exchanges it for the last arc that stops the flow.
    fn pivot(&mut self, entering: u32, reduced: i64) {
        let Arc { tail, head, .. } = self.arcs[entering as usize];
        let join = self.join(tail, head);
        let (mut amount, mut cut, mut at_tail) = (i64::MAX, NONE, true);
        let mut node = tail;
        while node != join {
            let n = self.nodes[node as usize];
            if n.is_up && self.flow[n.arc as usize] < amount {
                (amount, cut) = (self.flow[n.arc as usize], node);
            }
            node = n.parent;
        }
        node = head;
        while node != join {
            let n = self.nodes[node as usize];
            if !n.is_up && self.flow[n.arc as usize] <= amount {
                (amount, cut, at_tail) = (self.flow[n.arc as usize], node, false);
            }
            node = n.parent;
        }
        // Costs are not negative, so there is no cycle along which flow could grow for ever.
        debug_assert!(cut != NONE);
        if amount > 0 {
            self.push(tail, join, -amount);
            self.push(head, join, amount);
            self.flow[entering as usize] += amount;
        }
        if at_tail {
            self.reroot(tail, cut, head, entering, true);
            self.shift(tail, -reduced);
        } else {
            self.reroot(head, cut, tail, entering, false);
            self.shift(head, reduced);
        }
    }

    fn join(&self, mut u: u32, mut v: u32) -> u32 {
        while u != v {
            let (a, b) = (self.nodes[u as usize], self.nodes[v as usize]);
            if a.depth >= b.depth {
                u = a.parent;
            }
            if b.depth >= a.depth {
                v = b.parent;
            }
        }
        u
    }

    /// Adds to the flow of upward arcs from a node to one above it, and takes from that of downward ones.
    fn push(&mut self, mut node: u32, above: u32, amount: i64) {
        while node != above {
            let n = self.nodes[node as usize];
            self.flow[n.arc as usize] += if n.is_up { amount } else { -amount };
            node = n.parent;
        }
    }

    /// Cuts the subtree at `cut`, turns it so that `node` is its top, and hangs that under `parent`.
    fn reroot(&mut self, node: u32, cut: u32, parent: u32, arc: u32, is_up: bool) {
        let (mut at, mut above, mut link, mut up) = (node, parent, arc, is_up);
        loop {
            let old = self.nodes[at as usize];
            self.orphan(at);
            let n = &mut self.nodes[at as usize];
            (n.arc, n.is_up) = (link, up);
            self.adopt(above, at);
            if at == cut {
                break;
            }
            (above, at, link, up) = (at, old.parent, old.arc, !old.is_up);
        }
    }

    fn orphan(&mut self, node: u32) {
        let n = self.nodes[node as usize];
        if n.previous == NONE {
            self.nodes[n.parent as usize].first_child = n.next;
        } else {
            self.nodes[n.previous as usize].next = n.next;
        }
        if n.next != NONE {
            self.nodes[n.next as usize].previous = n.previous;
        }
    }

    fn adopt(&mut self, parent: u32, node: u32) {
        let first = std::mem::replace(&mut self.nodes[parent as usize].first_child, node);
        if first != NONE {
            self.nodes[first as usize].previous = node;
        }
        let n = &mut self.nodes[node as usize];
        (n.parent, n.previous, n.next) = (parent, NONE, first);
    }

    /// Adds to the potentials of a subtree, and sets its depths.
    fn shift(&mut self, top: u32, by: i64) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(top);
        while let Some(node) = stack.pop() {
            let parent = self.nodes[node as usize].parent;
            let depth = self.nodes[parent as usize].depth + 1;
            self.nodes[node as usize].depth = depth;
            self.potential[node as usize] += by;
            let mut child = self.nodes[node as usize].first_child;
            while child != NONE {
                stack.push(child);
                child = self.nodes[child as usize].next;
            }
        }
        self.stack = stack;
    }
}
