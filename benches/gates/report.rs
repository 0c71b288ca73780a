//! The table of gates: ours, the peer's, the ratio, what must be reached.

use std::fmt::Write;

/// A measured gate.
pub struct Gate {
    /// What is measured.
    pub name: &'static str,
    /// The limit in words.
    pub must: &'static str,
    /// Our figure, in the unit.
    pub ours: f64,
    /// The peer's name and figure, where the peer is installed.
    pub peer: Option<(String, f64)>,
    /// The unit.
    pub unit: &'static str,
    /// The greatest figure of ours that passes, given the peer's.
    pub limit: fn(f64) -> f64,
}

impl Gate {
    fn verdict(&self) -> &'static str {
        match &self.peer {
            None => "no peer",
            Some((_, peer)) if self.ours <= (self.limit)(*peer) => "pass",
            Some(_) => "MISS",
        }
    }
}

/// The table in Markdown.
pub fn table(gates: &[Gate]) -> String {
    let mut out = String::from(
        "| gate | must reach | ours | peer | ratio | verdict |\n|---|---|---:|---:|---:|---|\n",
    );
    for gate in gates {
        let (peer, ratio) = match &gate.peer {
            Some((name, figure)) => {
                (format!("{name} {} {}", short(*figure), gate.unit), short(gate.ours / figure))
            }
            None => ("not installed".into(), "–".into()),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} {} | {peer} | {ratio} | {} |",
            gate.name,
            gate.must,
            short(gate.ours),
            gate.unit,
            gate.verdict()
        );
    }
    out
}

fn short(figure: f64) -> String {
    match figure {
        f if f >= 100.0 => format!("{f:.0}"),
        f if f >= 10.0 => format!("{f:.1}"),
        f => format!("{f:.2}"),
    }
}

/// The median of the seconds that `run` takes over so many runs, after one that does not count.
pub fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = std::time::Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
