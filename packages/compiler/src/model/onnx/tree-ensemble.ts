/** TreeEnsembleClassifier and TreeEnsembleRegressor of ai.onnx.ml, versions 1 to 3. */
import type { Trees } from '../../ir/trees.ts'
import { flatTree, type TreeNode, usedInputs } from '../import/tree-node.ts'
import type { Node } from './proto.ts'

interface Leaf {
  readonly score: number
  readonly weight: number
}

export interface Ensemble {
  readonly trees: Trees
  /** Places of the inputs among those of the node. */
  readonly used: readonly number[]
  /** Scores of a row of float32 values, NaN where missing, by the operator's definition. */
  readonly reference: (values: readonly number[]) => readonly number[]
}

/** `width` is the number of columns the node reads. Undefined, and refused, where a record cannot say it. */
export function readEnsemble(node: Node, width: number, refuse: (detail: string) => void): Ensemble | undefined {
  const ints = (name: string): readonly number[] => node.attributes.find((a) => a.name === name)?.ints ?? []
  const floats = (name: string): readonly number[] => node.attributes.find((a) => a.name === name)?.floats ?? []
  const strings = (name: string): readonly string[] => node.attributes.find((a) => a.name === name)?.strings ?? []
  const kind = node.op === 'TreeEnsembleClassifier' ? 'class' : 'target'
  const labels = Math.max(strings('classlabels_strings').length, ints('classlabels_int64s').length)
  const treeIds = ints('nodes_treeids')
  const nodeIds = ints('nodes_nodeids')
  const place = new Map(treeIds.map((t, i) => [`${t}/${nodeIds[i]}`, i]))
  const leaves = new Map<string, Leaf[]>()
  const ids = ints(`${kind}_ids`)
  const weights = floats(`${kind}_weights`)
  ints(`${kind}_treeids`).forEach((t, i) => {
    const key = `${t}/${ints(`${kind}_nodeids`)[i]}`
    leaves.set(key, [...(leaves.get(key) ?? []), { score: ids[i] ?? 0, weight: weights[i] ?? 0 }])
  })
  const modes = strings('nodes_modes')
  const branches = new Set(modes.filter((m) => m !== 'LEAF'))
  const [mode] = branches
  if (branches.size > 1 || (mode !== undefined && mode !== 'BRANCH_LEQ' && mode !== 'BRANCH_LT')) {
    refuse(`comparisons ${[...branches].join(', ')}`)
    return undefined
  }
  const aggregate = node.attributes.find((a) => a.name === 'aggregate_function')?.s ?? 'SUM'
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') {
    refuse(`aggregate_function ${aggregate}`)
    return undefined
  }
  const values = floats('nodes_values')
  const features = ints('nodes_featureids')
  const [yes, no] = [ints('nodes_truenodeids'), ints('nodes_falsenodeids')]
  const tracks = ints('nodes_missing_value_tracks_true')
  const roots = [...new Set(treeIds)].map((t) => `${t}/${nodeIds[treeIds.indexOf(t)]}`)
  // Of two classes a classifier may weigh the second alone.
  const isBinary = kind === 'class' && labels === 2 && ids.every((i) => i === (ids[0] ?? 0))
  const targets = node.attributes.find((a) => a.name === 'n_targets')?.i ?? 1
  const scores = isBinary ? 1 : kind === 'class' ? labels : targets
  const scoreOf = (id: number): number => (isBinary ? 0 : id)

  const nested = (key: string, score: number): TreeNode => {
    const i = place.get(key) ?? 0
    if (modes[i] === 'LEAF') {
      const own = (leaves.get(key) ?? []).filter((l) => scoreOf(l.score) === score)
      return { leaf: own.reduce((sum, l) => Math.fround(sum + l.weight), 0) }
    }
    const tree = key.slice(0, key.indexOf('/'))
    return {
      input: features[i] ?? 0,
      threshold: values[i] ?? 0,
      missingLeft: tracks[i] === 1,
      left: nested(`${tree}/${yes[i]}`, score),
      right: nested(`${tree}/${no[i]}`, score),
    }
  }
  const touches = (key: string, score: number): boolean => {
    const i = place.get(key) ?? 0
    if (modes[i] === 'LEAF') return (leaves.get(key) ?? []).some((l) => scoreOf(l.score) === score)
    const tree = key.slice(0, key.indexOf('/'))
    return touches(`${tree}/${yes[i]}`, score) || touches(`${tree}/${no[i]}`, score)
  }
  const all = roots.flatMap((root) =>
    Array.from({ length: scores }, (_, score) => score).flatMap((score) =>
      touches(root, score) ? [{ score, root: nested(root, score) }] : [],
    ),
  )
  const names = Array.from({ length: width }, (_, i) => String(i))
  const used = usedInputs(
    all.map((t) => t.root),
    names,
  )
  const base = floats('base_values')
  const start = Array.from({ length: scores }, (_, k) => base[k] ?? base[0] ?? 0)
  const divisor = aggregate === 'AVERAGE' ? roots.length : 1
  const trees: Trees = {
    inputs: used.inputs,
    values: 'float32',
    comparison: mode === 'BRANCH_LT' ? '<' : '<=',
    required: [],
    zero: 0,
    sums: 'float32',
    base: start,
    divisor,
    trees: all.map((t, i) => flatTree(used.roots[i] as TreeNode, t.score)),
  }
  const reference = (row: readonly number[]): readonly number[] => {
    const sums = start.map(Math.fround)
    for (const root of roots) {
      let key = root
      for (let i = place.get(key) ?? 0; modes[i] !== 'LEAF'; i = place.get(key) ?? 0) {
        const x = row[features[i] ?? 0] ?? Number.NaN
        const threshold = values[i] ?? 0
        const holds = Number.isNaN(x) ? tracks[i] === 1 : modes[i] === 'BRANCH_LT' ? x < threshold : x <= threshold
        key = `${root.slice(0, root.indexOf('/'))}/${holds ? yes[i] : no[i]}`
      }
      for (const l of leaves.get(key) ?? []) {
        const k = scoreOf(l.score)
        sums[k] = Math.fround((sums[k] ?? 0) + l.weight)
      }
    }
    return sums.map((s) => s / divisor)
  }
  return { trees, used: used.kept, reference }
}
