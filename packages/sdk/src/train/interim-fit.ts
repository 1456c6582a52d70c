/** Interim fitting, in memory, until fit-model.ts lands. */
import { type Coefficient, type Column, type Diagnostic, encodedColumns, fail, featureKind, type LearnedInput, type Literal, type Metrics, type ModelDef, type ModelRecord } from '@viewcast/compiler'
export type FitProgress = (stage: 'reading' | 'fitting' | 'evaluating', done: number, total?: number) => void
export interface FittedModel { inputs: LearnedInput[]; coefficients: Coefficient[]; fit: ModelRecord['fit']; rows: { train: number; test: number }; metrics: { train: Metrics; test: Metrics; baseline: Metrics }; warnings: Diagnostic[]; exampleRows: Record<string, Literal>[] }
export async function fitModel(model: ModelDef, columns: readonly Column[], batches: AsyncIterable<readonly (readonly unknown[])[]>, options: { onProgress?: FitProgress; signal?: AbortSignal; memoryBudgetBytes?: number } = {}): Promise<FittedModel> {
  const at = (name: string) => columns.findIndex((c) => c.name === name)
  const names = Object.keys(model.inputs)
  const idx = names.map(at), li = at(model.label), si = at('_split')
  const rows: { v: Literal[]; y: number; test: boolean }[] = []
  for await (const batch of batches) {
    for (const r of batch) {
      const split = si < 0 ? 'train' : r[si]
      if (split === null || r[li] === null) continue
      rows.push({ v: idx.map((i, k) => { const x = r[i] as Literal; const kind = featureKind(columns[i]!.type); return x === null ? null : kind === 'numeric' ? Number(x) : (x as Literal) }), y: Number(r[li]), test: split === 'test' })
    }
    options.onProgress?.('reading', rows.length)
  }
  const train = rows.filter((r) => !r.test), test = rows.filter((r) => r.test)
  if (train.length === 0) fail('train/no-rows', { dataset: model.dataset.name, part: 'training' })
  const inputs: LearnedInput[] = names.map((feature, k) => {
    const type = columns[idx[k]!]!.type
    const kind = featureKind(type)
    const spec = model.inputs[feature]!
    if (kind === 'boolean') return { feature, type, encoder: { kind: 'boolean' } }
    if (kind === 'category') {
      const counts = new Map<string, number>()
      for (const r of train) if (r.v[k] !== null) counts.set(String(r.v[k]), (counts.get(String(r.v[k])) ?? 0) + 1)
      const s = spec === 'auto' || spec.kind !== 'onehot' ? { maxCategories: 20, minCount: 10 } : spec
      const levels = [...counts].filter(([, n]) => n >= s.minCount).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, s.maxCategories).map(([l]) => l)
      return { feature, type, encoder: { kind: 'onehot', base: levels[0] ?? '', levels: levels.slice(1) } }
    }
    const s = spec === 'auto' || spec.kind !== 'numeric' ? { transform: 'identity' as const, standardize: true, indicator: false } : spec
    const t = (x: number) => (s.transform === 'log1p' ? Math.log(1 + Math.max(0, x)) : x)
    const vals = train.flatMap((r) => (typeof r.v[k] === 'number' && !Number.isNaN(r.v[k]) ? [r.v[k] as number] : []))
    if (vals.length === 0) fail('train/all-null', { input: feature })
    const impute = vals.reduce((a, b) => a + b, 0) / vals.length
    const all = train.map((r) => t(typeof r.v[k] === 'number' && !Number.isNaN(r.v[k]) ? (r.v[k] as number) : impute))
    const center = all.reduce((a, b) => a + b, 0) / all.length
    const scale = Math.sqrt(all.reduce((a, b) => a + (b - center) ** 2, 0) / all.length) || 1
    return { feature, type, encoder: { kind: 'numeric', transform: s.transform, impute, indicator: s.indicator, center: s.standardize ? center : 0, scale: s.standardize ? scale : 1 } }
  })
  const encode = (r: { v: Literal[] }): number[] => [1, ...inputs.flatMap(({ encoder: e }, k) => { const x = r.v[k] ?? null
    if (e.kind === 'boolean') return [x === true ? 1 : 0]
    if (e.kind === 'onehot') return e.levels.map((l) => (x === l ? 1 : 0))
    const miss = typeof x !== 'number' || Number.isNaN(x); const z = miss ? e.impute : (x as number); const tz = e.transform === 'log1p' ? Math.log(1 + Math.max(0, z)) : z
    return [(tz - e.center) / e.scale, ...(e.indicator ? [miss ? 1 : 0] : [])] })]
  const X = train.map(encode), p = X[0]!.length
  const b = new Array<number>(p).fill(0)
  let iterations = 0, H: number[][] = []
  for (; iterations < 25; iterations++) {
    options.onProgress?.('fitting', iterations)
    H = Array.from({ length: p }, () => new Array<number>(p).fill(0)); const g = new Array<number>(p).fill(0)
    X.forEach((x, n) => { let z = 0; for (let j = 0; j < p; j++) z += x[j]! * b[j]!; const m = model.family === 'logistic' ? 1 / (1 + Math.exp(-z)) : z, w = model.family === 'logistic' ? m * (1 - m) : 1, d = train[n]!.y - m
      for (let i = 0; i < p; i++) { g[i]! += d * x[i]!; const wx = w * x[i]!; for (let j = 0; j <= i; j++) H[i]![j]! += wx * x[j]! } })
    for (let i = 0; i < p; i++) { for (let j = 0; j < i; j++) H[j]![i] = H[i]![j]!; if (i > 0) { H[i]![i]! += model.penalty + 1e-9; g[i]! -= model.penalty * b[i]! } }
    const s = solve(H, g); s.forEach((v, i) => { b[i]! += v }); if (Math.max(...s.map(Math.abs)) < 1e-10) break
  }
  const inv = H.map((_, i) => Math.sqrt(solve(H, H.map((__, j) => (i === j ? 1 : 0)))[i]!))
  const cols = encodedColumns(inputs)
  const predictAll = (rs: typeof rows) => rs.map((r) => { const x = encode(r); let z = 0; for (let j = 0; j < p; j++) z += x[j]! * b[j]!; return model.family === 'logistic' ? 1 / (1 + Math.exp(-z)) : z })
  const base = train.reduce((a, r) => a + r.y, 0) / train.length
  return { inputs, coefficients: b.map((estimate, i) => ({ name: i === 0 ? '(intercept)' : cols[i - 1]!.name, feature: i === 0 ? null : cols[i - 1]!.feature, estimate, standardError: inv[i]!, statistic: estimate / inv[i]!, pValue: null })),
    fit: { solver: 'interim', penalty: model.penalty, iterations, converged: true, deviance: null, nullDeviance: null, sigma: null }, rows: { train: train.length, test: test.length },
    metrics: { train: metrics(predictAll(train), train.map((r) => r.y)), test: metrics(predictAll(test), test.map((r) => r.y)), baseline: metrics(test.map(() => base), test.map((r) => r.y)) },
    warnings: [], exampleRows: [...train.slice(0, 10).map((r) => Object.fromEntries(names.map((n, k) => [n, r.v[k] ?? null]))), Object.fromEntries(names.map((n) => [n, null]))] }
}
function solve(A: number[][], g: number[]): number[] { const n = g.length, M = A.map((r, i) => [...r, g[i]!]); for (let i = 0; i < n; i++) { let q = i; for (let k = i + 1; k < n; k++) if (Math.abs(M[k]![i]!) > Math.abs(M[q]![i]!)) q = k; [M[i], M[q]] = [M[q]!, M[i]!]; for (let k = i + 1; k < n; k++) { const f = M[k]![i]! / M[i]![i]!; for (let j = i; j <= n; j++) M[k]![j]! -= f * M[i]![j]! } } const x = new Array<number>(n).fill(0); for (let i = n - 1; i >= 0; i--) { let s = M[i]![n]!; for (let j = i + 1; j < n; j++) s -= M[i]![j]! * x[j]!; x[i] = s / M[i]![i]! } return x }
function metrics(p: number[], y: number[]): Metrics { const o = p.map((v, i) => [v, y[i]!] as const).sort((a, b) => a[0] - b[0]); const P = y.reduce((a, b) => a + b, 0), N = y.length - P; let rank = 0, i = 0; while (i < o.length) { let j = i; while (j < o.length && o[j]![0] === o[i]![0]) j++; for (let k = i; k < j; k++) if (o[k]![1] === 1) rank += (i + j + 1) / 2; i = j } const c = (v: number) => Math.min(1 - 1e-15, Math.max(1e-15, v)); return { auc: P && N ? (rank - (P * (P + 1)) / 2) / (P * N) : null, logLoss: p.reduce((a, v, k) => a - (y[k] ? Math.log(c(v)) : Math.log(1 - c(v))), 0) / p.length, brier: p.reduce((a, v, k) => a + (v - y[k]!) ** 2, 0) / p.length, accuracy: p.filter((v, k) => (v >= 0.5 ? 1 : 0) === y[k]).length / p.length } }
