"""The peer of train.ts: scikit-learn on the matrix it is given, one thread. A request per line on stdin, as JSON."""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[name] = "1"

import json
import sys
import time
import warnings

import numpy
import sklearn
from sklearn.linear_model import LogisticRegression

path, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = numpy.fromfile(path)
x = data[: rows * columns].reshape(rows, columns)
y = data[rows * columns :]
warnings.filterwarnings("ignore")
print(json.dumps({"version": sklearn.__version__}), flush=True)

for line in sys.stdin:
    request = json.loads(line)
    try:
        model = LogisticRegression(**request)
        cpu, wall = time.process_time(), time.perf_counter()
        model.fit(x, y)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        answer = {
            "wall": wall * 1e3,
            "cpu": cpu * 1e3,
            "iterations": int(model.n_iter_[0]),
            "theta": [float(model.intercept_[0]), *map(float, model.coef_[0])],
        }
    except (ValueError, TypeError) as e:
        answer = {"error": str(e)}
    print(json.dumps(answer), flush=True)
