# Reference values of generalised linear models, to 40 digits and more: /usr/bin/python3 packages/sdk/src/train/solve/reference/glm.py > packages/sdk/src/train/solve/reference/glm.json
#
# Fisher's scoring in 60 digits until the step is below 1e-50: with eta = Xb + offset, mu = g^-1(eta), d = dmu/deta and
# W = weight d^2 / V(mu), the step solves (X'WX) s = X' (weight (y - mu) d / V(mu)). Standard errors are the roots of the
# diagonal of phi (X'WX)^-1, phi = sum weight (y - mu)^2 / V(mu) / (n - p) for gaussian, gamma and inverse gaussian, else 1.
# Multinomial: the same with the block matrix weight (diag(p) - pp') (x) xx', the first class without coefficients.
import json, random
from mpmath import mp, mpf, matrix, exp, log, sqrt, erfc, pi, lu_solve, loggamma, diag
mp.dps = 60

LINKS = {
    'identity': (lambda e: e, lambda e: mpf(1), lambda m: m),
    'log': (exp, exp, log),
    'inverse': (lambda e: 1 / e, lambda e: -1 / e**2, lambda m: 1 / m),
    'inverse-square': (lambda e: 1 / sqrt(e), lambda e: -1 / (2 * e * sqrt(e)), lambda m: 1 / m**2),
    'sqrt': (lambda e: e**2, lambda e: 2 * e, sqrt),
    'logit': (lambda e: 1 / (1 + exp(-e)), lambda e: exp(-e) / (1 + exp(-e))**2, lambda m: log(m / (1 - m))),
    'probit': (lambda e: erfc(-e / sqrt(2)) / 2, lambda e: exp(-e * e / 2) / sqrt(2 * pi), lambda m: mp.sqrt(2) * mp.erfinv(2 * m - 1)),
    'cloglog': (lambda e: 1 - exp(-exp(e)), lambda e: exp(e - exp(e)), lambda m: log(-log(1 - m))),
}
xlogy = lambda x, y: mpf(0) if x == 0 else x * log(y)
FAMILIES = {
    'gaussian': (lambda m: mpf(1), lambda y, m: (y - m)**2),
    'binomial': (lambda m: m * (1 - m), lambda y, m: 2 * (xlogy(y, y / m) + xlogy(1 - y, (1 - y) / (1 - m)))),
    'poisson': (lambda m: m, lambda y, m: 2 * (xlogy(y, y / m) - (y - m))),
    'gamma': (lambda m: m**2, lambda y, m: 2 * ((y - m) / m - log(y / m))),
    'inverse-gaussian': (lambda m: m**3, lambda y, m: (y - m)**2 / (m * m * y)),
}
DISPERSED = {'gaussian', 'gamma', 'inverse-gaussian'}

def fit(family, link, x, y, w, o):
    variance, unit = FAMILIES[family]
    inv, slope, g = LINKS[link]
    n, p = len(y), len(x[0])
    mean = sum(a * b for a, b in zip(w, y)) / sum(w)
    b = [mpf(0)] * p
    b[0] = g(mean) - sum(o) / n
    def state(b):
        h, v, dev, pearson = matrix(p, p), matrix(p, 1), mpf(0), mpf(0)
        for r in range(n):
            eta = sum(x[r][j] * b[j] for j in range(p)) + o[r]
            if link not in ('identity', 'log', 'logit', 'probit', 'cloglog', 'inverse') and eta <= 0: return None
            m = inv(eta)
            if family != 'gaussian' and m <= 0: return None
            V, d = variance(m), slope(eta)
            dev += w[r] * unit(y[r], m)
            pearson += w[r] * (y[r] - m)**2 / V
            for i in range(p):
                v[i] += w[r] * (y[r] - m) * d / V * x[r][i]
                for j in range(i + 1):
                    h[i, j] += w[r] * d * d / V * x[r][i] * x[r][j]
        for i in range(p):
            for j in range(i): h[j, i] = h[i, j]
        return h, v, dev, pearson
    s = state(b)
    for _ in range(3000):
        step = lu_solve(s[0], s[1])
        k = mpf(1)
        while True:
            nb = [b[i] + k * step[i] for i in range(p)]
            t = state(nb)
            if t is not None and t[2] <= s[2] * (1 + mpf(10)**-55): break
            k /= 2
        b, s = nb, t
        if max(abs(step[i]) / (abs(b[i]) + mpf(10)**-9) for i in range(p)) < mpf(10)**-48: break
    else:
        raise Exception('no convergence ' + family + link)
    inverse = s[0]**-1
    phi = s[3] / (n - p) if family in DISPERSED else mpf(1)
    return b, [sqrt(phi * inverse[i, i]) for i in range(p)], s[2], phi

def likelihood(family, link, x, y, w, o, b, dev):
    inv = LINKS[link][0]
    n = len(y); W = sum(w); ll = mpf(0)
    if family == 'gaussian':
        return -mpf(n) / 2 * (log(2 * pi * dev / n) + 1) + sum(log(a) for a in w) / 2
    phi = dev / W
    for r in range(n):
        m = inv(sum(x[r][j] * b[j] for j in range(len(b))) + o[r])
        if family == 'binomial': ll += w[r] * (xlogy(y[r], m) + xlogy(1 - y[r], 1 - m))
        if family == 'poisson': ll += w[r] * (xlogy(y[r], m) - m - loggamma(y[r] + 1))
        if family == 'gamma': ll += w[r] * (-log(y[r]) + (log(y[r] / (m * phi)) - y[r] / m) / phi - loggamma(1 / phi))
        if family == 'inverse-gaussian': ll -= w[r] * (log(2 * pi * phi * y[r]**3) + (y[r] - m)**2 / (phi * m * m * y[r])) / 2
    return ll

def softmax(classes, x, y, w):
    n, p, k = len(y), len(x[0]), classes - 1
    q = p * k
    b = matrix(q, 1)
    for _ in range(200):
        h, v, loss = matrix(q, q), matrix(q, 1), mpf(0)
        for r in range(n):
            e = [mpf(0)] + [sum(x[r][j] * b[c * p + j] for j in range(p)) for c in range(k)]
            z = [exp(a) for a in e]; t = sum(z); pr = [a / t for a in z]
            loss -= w[r] * log(pr[y[r]])
            for c in range(k):
                res = w[r] * ((1 if y[r] == c + 1 else 0) - pr[c + 1])
                for i in range(p):
                    v[c * p + i] += res * x[r][i]
                    for c2 in range(k):
                        f = w[r] * pr[c + 1] * ((1 if c == c2 else 0) - pr[c2 + 1])
                        for j in range(p): h[c * p + i, c2 * p + j] += f * x[r][i] * x[r][j]
        step = lu_solve(h, v)
        b = b + step
        if max(abs(a) for a in step) < mpf(10)**-45: break
    inverse = h**-1
    return [b[i] for i in range(q)], [sqrt(inverse[i, i]) for i in range(q)], 2 * loss

num = lambda v: mp.nstr(v, 25)
out = []
rnd = random.Random(20260101)
CASES = [
    ('gaussian', 'identity', [3.0, 1.5, -0.8, 0.02], 'normal'), ('gaussian', 'log', [1.0, 0.4, -0.2, 0.002], 'normal'),
    ('gaussian', 'inverse', [0.5, 0.1, 0.05, 0.0005], 'small'),
    ('binomial', 'logit', [-0.3, 0.9, -0.5, 0.004], 'outcome'), ('binomial', 'probit', [-0.2, 0.5, -0.3, 0.002], 'outcome'),
    ('binomial', 'cloglog', [-0.7, 0.5, -0.3, 0.002], 'outcome'), ('binomial', 'probit', [-0.2, 0.5, -0.3, 0.002], 'share'),
    ('binomial', 'logit', [-0.3, 0.9, -0.5, 0.004], 'share'),
    ('poisson', 'log', [1.0, 0.4, -0.3, 0.003], 'count'), ('poisson', 'identity', [6.0, 1.0, 0.5, 0.01], 'count'),
    ('poisson', 'sqrt', [2.5, 0.3, -0.2, 0.003], 'count'),
    ('gamma', 'inverse', [0.5, 0.1, 0.05, 0.0005], 'positive'), ('gamma', 'log', [1.0, 0.4, -0.3, 0.003], 'positive'),
    ('gamma', 'identity', [6.0, 1.0, 0.5, 0.01], 'positive'),
    ('inverse-gaussian', 'inverse-square', [0.5, 0.1, 0.05, 0.0005], 'positive'),
    ('inverse-gaussian', 'inverse', [0.5, 0.1, 0.05, 0.0005], 'positive'),
    ('inverse-gaussian', 'log', [1.0, 0.4, -0.3, 0.003], 'positive'),
    ('inverse-gaussian', 'identity', [6.0, 1.0, 0.5, 0.01], 'positive'),
]
def columns(n):
    return [[round(rnd.uniform(0, 2), 2), round(rnd.uniform(-1, 1), 3), float(rnd.randrange(0, 120))] for _ in range(n)]
def draw(kind, m):
    if kind == 'normal': return round(m + rnd.gauss(0, 0.7), 3)
    if kind == 'small': return round(m + rnd.gauss(0, 0.1), 3)
    if kind == 'positive': return round(m * rnd.gammavariate(8, 1 / 8) + 0.01, 3)
    if kind == 'outcome': return float(rnd.random() < m)
    if kind == 'share': return rnd.choice([0.0, 0.25, 0.5, 0.75, 1.0]) if rnd.random() < 0.5 else (1.0 if rnd.random() < m else 0.0)
    t, k = rnd.random(), 0
    q = float(exp(-m)); s = q
    while s < t: k += 1; q *= float(m) / k; s += q
    return float(k)
for weighted in (False, True):
    for family, link, beta, kind in CASES:
        n = 60
        x = columns(n)
        w = [float(rnd.choice([1, 2, 4])) if weighted or kind == 'share' else 1.0 for _ in range(n)]
        if kind == 'share': w = [4.0] * n
        scale = {'log': 0.2, 'logit': 0.5, 'probit': 0.3, 'cloglog': 0.3}.get(link, 0.1)
        o = [round(rnd.uniform(0, scale), 3) if weighted else 0.0 for _ in range(n)]
        if link in ('inverse', 'inverse-square'): o = [round(a / 10, 4) for a in o]
        y = [draw(kind, float(LINKS[link][0](mpf(beta[0] + sum(a * c for a, c in zip(r, beta[1:])) + f)))) for r, f in zip(x, o)]
        X = [[mpf(1)] + [mpf(a) for a in r] for r in x]
        Y, Wt, O = [mpf(a) for a in y], [mpf(a) for a in w], [mpf(a) for a in o]
        b, se, dev, phi = fit(family, link, X, Y, Wt, O)
        null = fit(family, link, [[mpf(1)]] * n, Y, Wt, O)[2]
        case = dict(family=family, link=link, problem=kind + (', weights, offset' if weighted else ''), x=x, y=y,
                    estimates=[num(v) for v in b], standardErrors=[num(v) for v in se], deviance=num(dev), nullDeviance=num(null), dispersion=num(phi))
        if kind != 'share': case['logLikelihood'] = num(likelihood(family, link, X, Y, Wt, O, b, dev))
        if weighted or kind == 'share': case['weight'] = w
        if weighted: case['offset'] = o
        out.append(case)
for weighted in (False, True):
    n = 80
    x = columns(n)
    w = [float(rnd.choice([1, 2, 4])) if weighted else 1.0 for _ in range(n)]
    y = []
    for r in x:
        e = [0, 0.4 + 0.6 * r[0] - 0.01 * r[2], -0.5 + 0.8 * r[1] + 0.004 * r[2]]
        z = [float(exp(a)) for a in e]
        y.append(rnd.choices([0, 1, 2], z)[0])
    X = [[mpf(1)] + [mpf(a) for a in r] for r in x]
    b, se, dev = softmax(3, X, y, [mpf(a) for a in w])
    shares = [sum(a for a, c in zip(w, y) if c == k) / sum(w) for k in range(3)]
    case = dict(family='multinomial', link='softmax', problem='3 classes' + (', weights' if weighted else ''), x=x, y=y,
                estimates=[num(v) for v in b], standardErrors=[num(v) for v in se], deviance=num(dev),
                nullDeviance=num(-2 * sum(mpf(s) * sum(w) * log(mpf(s)) for s in shares)), dispersion='1', logLikelihood=num(-dev / 2))
    if weighted: case['weight'] = w
    out.append(case)
lines = ',\n'.join(json.dumps(c, separators=(',', ':')) for c in out)
print('[\n' + lines + '\n]')
