//! Plans and costs of POT, stored with the versions and the seed that made them (`data/pot.py`).

use crate::common::{dense, tight};
use otinterp_ot::cost::{GibbsKernel, Separable};
use otinterp_ot::{Problem, Sinkhorn, Slack};
use serde_json::Value;

struct Case {
    kind: String,
    eps: f32,
    slack: Slack,
    a: Vec<f32>,
    b: Vec<f32>,
    cost: Vec<f32>,
    plan: Vec<f64>,
    grid: Option<(usize, usize)>,
}

fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(include_str!("../data/pot.json")).unwrap();
    assert_eq!(file["pot"], "0.9.7.post1");
    file["cases"].as_array().unwrap().iter().map(read).collect()
}

fn read(case: &Value) -> Case {
    let numbers = |v: &Value| -> Vec<f64> {
        v.as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    let rows = |v: &Value| -> Vec<f64> { v.as_array().unwrap().iter().flat_map(numbers).collect() };
    let masses = |side: &str| -> Vec<f32> {
        let total = case[format!("total_{side}")].as_f64().unwrap();
        numbers(&case[side])
            .iter()
            .map(|m| (m / total) as f32)
            .collect()
    };
    let rho = |side: usize| match &case["slack"] {
        Value::Null => f32::INFINITY,
        slack => slack[side].as_f64().map_or(f32::INFINITY, |s| s as f32),
    };
    Case {
        kind: case["kind"].as_str().unwrap().into(),
        eps: case["eps"].as_f64().unwrap() as f32,
        slack: Slack {
            source: rho(0),
            target: rho(1),
        },
        a: masses("a"),
        b: masses("b"),
        cost: rows(&case["cost"])
            .iter()
            .map(|c| (c / 1024.0) as f32)
            .collect(),
        plan: rows(&case["plan"]),
        grid: case["grid"].as_array().map(|g| {
            (
                g[0].as_u64().unwrap() as usize,
                g[1].as_u64().unwrap() as usize,
            )
        }),
    }
}

/// Every entry within 1e-4 of itself, or of a thousandth of the largest: in `f32`, costs up to 1 are off by 2^-24 and eps is at least 0.02, which makes
/// 3e-6; sweeps go on until `f32` shows no more progress, for in slow cases a marginal error of 3e-7 still leaves 3e-4 in
/// small entries. A wrong sign or a
/// missing factor moves entries by tens of percent.
fn compare<K: GibbsKernel>(case: &Case, index: usize, kernel: K, solver: &Sinkhorn) {
    let (a, b) = (case.a.clone(), case.b.clone());
    let m = b.len();
    let problem = Problem::unbalanced(kernel, a, b, case.eps, case.slack).unwrap();
    let solution = solver.solve(&problem).unwrap();
    let (_, error) = solution.report().errors[solution.report().errors.len() - 1];
    assert!(error < 1e-6, "case {index}, {}: {error}", case.kind);
    let largest = case.plan.iter().fold(0.0, |m: f64, &p| m.max(p));
    let mut truth = 0.0;
    for (k, (&p, &c)) in case.plan.iter().zip(&case.cost).enumerate() {
        let found = solution.plan_entry(k / m, k % m);
        assert!(
            (found - p).abs() <= 1e-4 * p.max(1e-3 * largest),
            "case {index}, {}: entry {k} is {found}, of POT {p}",
            case.kind
        );
        truth += p * f64::from(c);
    }
    let found = solution.transport_cost();
    assert!(
        (found - truth).abs() <= 1e-4 * truth + 1e-9,
        "case {index}, {}: cost {found}, of POT {truth}",
        case.kind
    );
}

#[test]
fn plans_and_costs_are_those_of_pot() {
    let cases = cases();
    assert_eq!(cases.len(), 50);
    for (index, case) in cases.iter().enumerate() {
        for log_domain in [false, true] {
            let solver = Sinkhorn {
                log_domain,
                tolerance: 0.0,
                max_sweeps: 5000,
                ..tight()
            };
            let kernel = dense(case.a.len(), case.b.len(), &case.cost);
            compare(case, index, kernel, &solver);
            if let Some((height, width)) = case.grid {
                let kernel = Separable::squared_distance(height, width, 0.25).unwrap();
                compare(case, index, kernel, &solver);
            }
        }
    }
}
