//! A script of a given size, as varied as people's scripts: for the speed of the front end.

use std::fmt::Write;

/// A script of at least `bytes` bytes.
pub fn generate(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + 4096);
    let mut n = 0;
    while out.len() < bytes {
        n += 1;
        let _ = write!(
            out,
            "-- part {n} of the script\n\
             CREATE TABLE customers_{n} (id INT64 PRIMARY KEY, name TEXT NOT NULL, tier TEXT, \
             balance DECIMAL(12,2) DEFAULT 0.00, created TIMESTAMP);\n\
             INSERT INTO customers_{n} (id, name, tier) VALUES ({n}, 'customer ''{n}''', 'gold'), \
             ({n}1, \"second\\t{n}\", NULL);\n\
             CREATE FUNCTION discount_{n}(price: DOUBLE, tier: TEXT = \"basic\") RETURNS DOUBLE \
             RAISES ValidationError {{\n    \
             LET factor = IF price > 1_000.5 {{ 0.75 }} ELSE {{ 0.9 }};\n    \
             WHILE factor < 0.5 {{ SET factor = factor + 0.1; }}\n    \
             MATCH tier {{ \"gold\" => price * factor, \"silver\" | \"bronze\" => price * 0.95, \
             _ IF price < 0 => 0.0, _ => price }}\n}}\n\
             FROM customers_{n} c JOIN orders o \
             ON c.id = o.customer_id AND o.total BETWEEN {n} AND 900\n\
             SELECT c.name, sum(discount_{n}(o.total, c.tier)) AS pays, count(*) AS orders\n\
             WHERE o.status IN ('open', 'paid') AND c.name LIKE 'A%' OR NOT c.created IS NULL\n\
             GROUP BY c.name HAVING count(*) > {n} ORDER BY pays DESC NULLS LAST LIMIT 10;\n\
             UPDATE customers_{n} SET balance = balance * 1.05 + {n} WHERE id = {n};\n\
             SET threshold = {n}.5;\nPRINT 'part {n}: ' || (1 + 2 * 3 - {n} / 7)::TEXT;\n\
             SELECT CASE WHEN balance > {{threshold}} THEN 'rich' ELSE 'poor' END, \
             {{ id, name: upper(name), tags: [1, 2, {n}] }} FROM customers_{n} |> WHERE id > 3;\n"
        );
    }
    out
}
