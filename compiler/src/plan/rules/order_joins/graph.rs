//! The sides of a tree of joins and the conditions between them, and the search for the best order.

use super::implied::Condition;
use crate::hir::{ColumnVar, Expr};
use crate::plan::PlanContext;
use crate::plan::estimate;
use crate::plan::logical::{LogicalPlan, free_columns};
use hashbrown::HashMap;
use std::rc::Rc;

/// Up to this many sides, all orders are weighed.
const MOST_WEIGHED: usize = 10;

/// A set of sides, a bit each.
pub type Set = u128;

/// The most sides that are ordered.
pub const MOST_SIDES: usize = Set::BITS as usize;

/// An order of joins.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A side.
    Side(usize),
    /// A join, and the sides below it.
    Join(Set, Rc<Tree>, Rc<Tree>),
}

impl Tree {
    fn set(&self) -> Set {
        match self {
            Tree::Side(index) => 1 << index,
            Tree::Join(set, ..) => *set,
        }
    }
}

/// A condition between sides.
struct Edge {
    sides: Set,
    selectivity: f64,
    condition: Condition,
}

/// A tree that has been weighed.
#[derive(Clone)]
struct Weighed {
    tree: Rc<Tree>,
    rows: f64,
    cost: f64,
}

/// Sides and conditions.
pub struct Graph {
    rows: Vec<f64>,
    edges: Vec<Edge>,
}

impl Graph {
    /// The graph of at most [`MOST_SIDES`] sides.
    pub fn new(
        sides: &[LogicalPlan],
        conditions: Vec<Condition>,
        context: &PlanContext<'_>,
    ) -> Graph {
        let rows: Vec<f64> = sides.iter().map(|side| estimate::rows(side, context)).collect();
        let columns: Vec<Vec<ColumnVar>> = sides.iter().map(LogicalPlan::columns).collect();
        let mut edges = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let mut set: Set = 0;
            for var in free_columns(&condition.expr) {
                let side = columns.iter().position(|columns| columns.contains(&var));
                set |= side.map_or(0, |index| 1 << index);
            }
            let selectivity = selectivity(&condition.expr, set, sides, &rows, context);
            edges.push(Edge { sides: set, selectivity, condition });
        }
        Graph { rows, edges }
    }

    /// The conditions and the sides that they need.
    pub fn into_conditions(self) -> Vec<(Set, Condition)> {
        self.edges.into_iter().map(|edge| (edge.sides, edge.condition)).collect()
    }

    /// The best order.
    pub fn best(&self) -> Rc<Tree> {
        let sides: Vec<Weighed> =
            self.rows.iter().enumerate().map(|(index, rows)| side(index, *rows)).collect();
        let mut parts = Vec::new();
        for component in self.components() {
            let members: Vec<Weighed> =
                sides.iter().filter(|s| s.tree.set() & component != 0).cloned().collect();
            parts.push(match members.len() {
                0..=MOST_WEIGHED => self.weigh_all(members),
                _ => self.greedy(members),
            });
        }
        // Unconnected parts: the smallest pairs first.
        self.greedy(parts).tree
    }

    /// The connected sets of sides.
    fn components(&self) -> Vec<Set> {
        let mut components: Vec<Set> = (0..self.rows.len()).map(|index| 1 << index).collect();
        for edge in &self.edges {
            let (joined, apart): (Vec<Set>, Vec<Set>) =
                components.into_iter().partition(|component| component & edge.sides != 0);
            components = apart;
            let united = joined.into_iter().fold(0, |all, component| all | component);
            components.extend((united != 0).then_some(united));
        }
        components
    }

    /// The rows that a join of two sets makes, and whether a condition connects them.
    fn join(&self, a: &Weighed, b: &Weighed) -> (Weighed, bool) {
        // The side that was written first stays on the left, for plans that read like the query.
        let a_first = a.tree.set().trailing_zeros() < b.tree.set().trailing_zeros();
        let (left, right) = if a_first { (a, b) } else { (b, a) };
        let (l, r) = (left.tree.set(), right.tree.set());
        let set = l | r;
        let mut rows = left.rows * right.rows;
        let mut connected = false;
        // Of equalities that follow from each other, one narrows.
        let mut classes: Vec<usize> = Vec::new();
        for edge in &self.edges {
            let spans = edge.sides & !set == 0 && edge.sides & l != 0 && edge.sides & r != 0;
            if !spans {
                continue;
            }
            connected = true;
            if let Some(class) = edge.condition.class {
                if classes.contains(&class) {
                    continue;
                }
                classes.push(class);
            }
            rows *= edge.selectivity;
        }
        let rows = rows.max(1.0);
        let cost = left.cost + right.cost + rows;
        // The smaller side is built, which costs more than probing.
        let cost = cost + left.rows.min(right.rows) * 0.5;
        let tree = Rc::new(Tree::Join(set, left.tree.clone(), right.tree.clone()));
        (Weighed { tree, rows, cost }, connected)
    }

    /// Dynamic programming over the connected sets of a connected graph.
    fn weigh_all(&self, members: Vec<Weighed>) -> Weighed {
        let all = members.iter().fold(0, |all, member| all | member.tree.set());
        let bits: Vec<Set> = members.iter().map(|member| member.tree.set()).collect();
        let mut best: HashMap<Set, Weighed> = HashMap::new();
        for member in &members {
            best.insert(member.tree.set(), member.clone());
        }
        // Sets in rising order of their numbers: every part of a set comes before it.
        for number in 1..(1 as Set) << bits.len() {
            let set = bits
                .iter()
                .enumerate()
                .filter(|(at, _)| number >> at & 1 == 1)
                .fold(0, |set, (_, bit)| set | bit);
            let mut part = (number - 1) & number;
            while part > 0 {
                let rest = number & !part;
                // Each pair of parts once.
                if part > rest {
                    self.weigh_pair(set, spread(part, &bits), spread(rest, &bits), &mut best);
                }
                part = (part - 1) & number;
            }
        }
        match best.remove(&all) {
            Some(weighed) => weighed,
            // Conditions over three sides connect no two of them.
            None => self.greedy(members),
        }
    }

    fn weigh_pair(&self, set: Set, part: Set, rest: Set, best: &mut HashMap<Set, Weighed>) {
        let (Some(left), Some(right)) = (best.get(&part), best.get(&rest)) else { return };
        let (joined, connected) = self.join(left, right);
        if connected && best.get(&set).is_none_or(|known| joined.cost < known.cost) {
            best.insert(set, joined);
        }
    }

    /// Joins the pair that makes the fewest rows, until one tree is left; connected pairs first.
    fn greedy(&self, mut parts: Vec<Weighed>) -> Weighed {
        while parts.len() > 1 {
            let mut found: Option<(bool, f64, usize, usize, Weighed)> = None;
            for (i, left) in parts.iter().enumerate() {
                for (j, right) in parts.iter().enumerate().skip(i + 1) {
                    let (joined, connected) = self.join(left, right);
                    let better = found.as_ref().is_none_or(|(known, rows, ..)| {
                        (connected, -joined.rows) > (*known, -*rows)
                    });
                    if better {
                        found = Some((connected, joined.rows, i, j, joined));
                    }
                }
            }
            let Some((_, _, i, j, joined)) = found else { break };
            parts.swap_remove(j);
            parts.swap_remove(i);
            parts.push(joined);
        }
        parts.pop().unwrap_or_else(|| side(0, 1.0))
    }
}

fn side(index: usize, rows: f64) -> Weighed {
    Weighed { tree: Rc::new(Tree::Side(index)), rows, cost: 0.0 }
}

/// The set of the members that the bits of a number name.
fn spread(number: Set, bits: &[Set]) -> Set {
    let named = bits.iter().enumerate().filter(|(at, _)| number >> at & 1 == 1);
    named.fold(0, |set, (_, bit)| set | bit)
}

fn selectivity(
    condition: &Expr,
    set: Set,
    sides: &[LogicalPlan],
    rows: &[f64],
    context: &PlanContext<'_>,
) -> f64 {
    let mut named = (0..sides.len()).filter(|index| set >> index & 1 == 1);
    let side = |index: usize| sides.get(index).zip(rows.get(index).copied());
    let pair = (named.next().and_then(side), named.next().and_then(side));
    match pair {
        (Some(left), Some(right)) => estimate::join_selectivity(condition, left, right, context),
        _ => 0.5,
    }
}
