"""The peer of train-end-to-end.ts: rows by binary COPY into numpy, then scikit-learn. A request per line on stdin, as JSON."""
import io
import json
import sys
import time
import warnings

import numpy
import psycopg2
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

url = sys.argv[1]
warnings.filterwarnings("ignore")
print(json.dumps({"version": sklearn.__version__}), flush=True)

models = {
    "newton-cholesky": lambda: LogisticRegression(solver="newton-cholesky", penalty=None, max_iter=1000),
    "lbfgs": lambda: LogisticRegression(penalty=None, max_iter=1000),
    "LinearRegression": LinearRegression,
    "Ridge, cholesky": lambda: Ridge(alpha=0, solver="cholesky"),
}


def fetch(columns, label):
    """No column is NULL, so every row has the same length and numpy reads them where they lie."""
    names = ", ".join([*columns, label])
    out = io.BytesIO()
    connection = psycopg2.connect(url)
    connection.cursor().copy_expert(f"COPY (SELECT {names} FROM rows) TO STDOUT (FORMAT binary)", out)
    connection.close()
    fields = [("count", ">i2")]
    for i in range(len(columns) + 1):
        fields += [(f"length{i}", ">i4"), (f"value{i}", ">f8")]
    row = numpy.dtype(fields)
    data = out.getbuffer()
    rows = numpy.frombuffer(data, dtype=row, offset=19, count=(len(data) - 21) // row.itemsize)
    x = numpy.empty((len(rows), len(columns)))
    for i in range(len(columns)):
        x[:, i] = rows[f"value{i}"]
    return x, rows[f"value{len(columns)}"].astype(float)


for line in sys.stdin:
    request = json.loads(line)
    cpu, wall = time.process_time(), time.perf_counter()
    x, y = fetch(request["columns"], request["label"])
    model = models[request["model"]]()
    model.fit(x, y)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    theta = [float(numpy.ravel(model.intercept_)[0]), *map(float, numpy.ravel(model.coef_))]
    print(json.dumps({"wall": wall * 1e3, "cpu": cpu * 1e3, "iterations": 0, "theta": theta}), flush=True)
