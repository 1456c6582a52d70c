/** Sample, views and target that fit together, as a dataset: only where exactly one sample was found. */
import { type Diagnostic, diagnostic } from '@viewcast/compiler'
import { freeName } from './infer-names.ts'
import type { InferredDataset, InferredEntity, InferredUse, InferredView } from './inferred.ts'

export function inferDataset(
  views: readonly InferredView[],
  entities: readonly InferredEntity[],
  taken: Set<string>,
): { dataset?: InferredDataset; findings: Diagnostic[] } {
  const samples = views.filter((v) => v.kind === 'sample')
  const [sample] = samples
  if (!sample || samples.length > 1) return { findings: [] }
  const findings: Diagnostic[] = []
  const columns = new Set([...sample.keys, ...sample.columns.map((c) => c.name)])
  const timed = sample.columns.some((c) => c.name === 'as_of' && c.type === 'timestamptz')
  const keysOf = (v: InferredView) => entities.find((e) => e.name === v.entity)?.keys.map((k) => k.name) ?? v.keys
  const joins = (v: InferredView) => keysOf(v).every((k) => columns.has(k))
  const targets = views.filter((v) => v.kind === 'target' && joins(v))
  const target = targets.length === 1 ? targets[0] : undefined
  const used = new Set([...columns, ...(target?.columns.map((c) => c.name) ?? [])])
  const features: InferredUse[] = []
  for (const view of views) {
    if (view.kind === 'sample' || view.kind === 'target') continue
    const reason = !joins(view)
      ? `sample "${sample.name}" has no column ${keysOf(view).find((k) => !columns.has(k))}`
      : view.kind !== 'static' && !timed
        ? `sample "${sample.name}" has no as_of`
        : undefined
    if (reason !== undefined) {
      const detail = `is not in the dataset: ${reason}`
      findings.push(diagnostic('import/unsure', { view: `view "${view.name}"`, detail }))
      continue
    }
    features.push(useOf(view, used))
  }
  if (features.length === 0) return { findings }
  return {
    findings,
    dataset: {
      name: freeName('training', taken),
      sample: sample.name,
      ...(target === undefined ? {} : { target: target.name }),
      features,
    },
  }
}

/** A view whole where it can be; in part where it returns what is no feature; with a prefix where names meet. */
function useOf(view: InferredView, used: Set<string>): InferredUse {
  const names = view.features.map((f) => f.name)
  const prefix = prefixes(view.name).find((p) => names.every((n) => !used.has(p + n) && fits(p + n))) ?? ''
  for (const n of names) used.add(prefix + n)
  return {
    view: view.name,
    ...(view.leftOut.length > 0 ? { pick: names } : {}),
    ...(prefix === '' ? {} : { prefix }),
  }
}

/** None, the view's name, or a number where that would be too long. */
const prefixes = (view: string): string[] => ['', `${view}_`, ...Array.from({ length: 99 }, (_, i) => `v${i + 2}_`)]

const fits = (name: string): boolean => new TextEncoder().encode(name).length <= 63
