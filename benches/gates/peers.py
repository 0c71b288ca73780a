"""The peers of the gates that live in Python packages: DuckDB, reading the same Feather files.

Called by the gates bench as: peers.py DIRECTORY REPEATS [CSV-FILE]. Prints one JSON object: for each gate the
median of the repeats in seconds, for memory gates the growth of the resident peak in bytes. Loading
happens in a process of its own, so that its memory does not count.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import duckdb
import pyarrow.feather as feather

Q1 = """SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
    sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
    avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
  FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day
  GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus"""
Q6 = """SELECT sum(l_extendedprice * l_discount) FROM lineitem
  WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1994-01-01' + interval '1' year
    AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l_quantity < 24"""
DISCOUNT = """SELECT sum(CASE tier WHEN 'gold' THEN price * 0.8::DOUBLE
    WHEN 'silver' THEN price * 0.9::DOUBLE ELSE price END) FROM sales"""


def median(connection, query, repeats):
    connection.execute(query).fetchall()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        connection.execute(query).fetchall()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def memory(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0


def load(connection, directory, table):
    data = feather.read_table(f"{directory}/{table}.feather", memory_map=True)
    connection.register("incoming", data)
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def load_all(directory):
    connection = duckdb.connect(f"{directory}/peer.duckdb")
    tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    for table in ("sales", "lineitem"):
        if table not in tables:
            load(connection, directory, table)
    connection.close()


def load_csv(directory, repeats, file):
    times = []
    for _ in range(repeats + 1):
        for name in ("load.duckdb", "load.duckdb.wal"):
            if os.path.exists(f"{directory}/{name}"):
                os.remove(f"{directory}/{name}")
        connection = duckdb.connect(f"{directory}/load.duckdb")
        connection.execute("SET threads = 1")
        query = f"CREATE TABLE flights AS SELECT * FROM read_csv('{file}', nullstr = 'NA')"
        start = time.perf_counter()
        connection.execute(query)
        times.append(time.perf_counter() - start)
        connection.close()
    print(json.dumps({"load": statistics.median(times[1:])}))


def main():
    directory, repeats = sys.argv[1], sys.argv[2]
    if len(sys.argv) > 3:
        load_csv(directory, int(repeats), sys.argv[3])
        return
    if repeats == "load":
        load_all(directory)
        return
    subprocess.run([sys.executable, __file__, directory, "load"], check=True)
    repeats = int(repeats)
    results = {}
    connection = duckdb.connect(f"{directory}/peer.duckdb", read_only=True)
    connection.execute("SET threads = 1")
    # Writing 5 starts the peak of the resident memory again from here.
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")
    before = memory("VmRSS:")
    results["q1"] = median(connection, Q1, repeats)
    results["q1_peak_bytes"] = memory("VmHWM:") - before
    results["q6"] = median(connection, Q6, repeats)
    results["discount"] = median(connection, DISCOUNT, repeats)
    print(json.dumps(results))


main()
