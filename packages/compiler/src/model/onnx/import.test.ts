/** ONNX read as models. All graphs but the pipeline, whose shapes a converter would adjust, were also run by ONNX Runtime 1.30, with the same scores. */
import { describe, expect, it } from 'vitest'
import { isViewcastError } from '../../diagnostics/diagnostic.ts'
import { rowScorer } from '../../evaluate/score-row.ts'
import type { Literal } from '../../ir/expression.ts'
import { importedRecord } from '../import/imported-record.ts'
import { probeRows } from '../import/probe-rows.ts'
import { importOnnx } from './import.ts'
import { type Attribute, elementTypes, type Node, type Tensor, type ValueInfo, writeModel } from './proto.ts'

const ml = 'ai.onnx.ml'
const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, Omit<Attribute, 'name'>> = {},
  domain = ml,
): Node => ({
  op,
  name: `the ${op} of ${outputs.join(' and ')}`,
  domain,
  inputs,
  outputs,
  attributes: Object.entries(attributes).map(([name, a]) => ({ name, ...a })),
})
const input = (name: string, width = 1, type: number = elementTypes.float): ValueInfo => ({
  name,
  type,
  shape: [0, width],
})
const matrix = (name: string, dims: readonly number[], numbers: readonly number[]): Tensor => ({
  name,
  dims,
  type: elementTypes.double,
  numbers,
  texts: [],
})
const modelOf = (
  inputs: readonly ValueInfo[],
  nodes: readonly Node[],
  output: string,
  initializers: readonly Tensor[] = [],
  type: number = elementTypes.float,
): Uint8Array =>
  writeModel({
    producer: 'skl2onnx',
    producerVersion: '1.21',
    opsets: { '': 15, [ml]: 3 },
    graph: {
      name: 'g',
      nodes,
      initializers,
      inputs,
      outputs: [{ name: output, type, shape: [0, 0] }],
    },
  })

const read = (bytes: Uint8Array, more: object = {}) => importOnnx(bytes, { file: 'm.onnx', ...more })
const scorerOf = (bytes: Uint8Array, more: object = {}) => {
  const model = read(bytes, more)
  const about = { name: 'm', version: 1, at: '2026-01-01T00:00:00Z', label: 'y', threshold: 0.5 }
  const record = importedRecord(model, { ...about, dataset: { name: 'd', queryHash: 'f'.repeat(64) } })
  const { score } = rowScorer(record)
  for (const row of probeRows(model, 150)) {
    const theirs = model.reference?.(row) ?? []
    for (const [i, mine] of score(row).scores.entries()) {
      if (mine === null) expect(theirs[i]).toBeNull()
      else expect(Math.abs(mine - (theirs[i] as number))).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(mine)))
    }
  }
  return (row: Record<string, Literal>) => score(row).scores
}
const problemsOf = (bytes: Uint8Array): string => {
  try {
    read(bytes)
    return ''
  } catch (e) {
    return isViewcastError(e) ? e.diagnostics.map((d) => `${d.code} ${d.message}`).join('\n') : String(e)
  }
}

describe('linear operators', () => {
  const pipeline = modelOf(
    [input('age'), input('income'), input('state', 1, elementTypes.string)],
    [
      node('Concat', ['age', 'income'], ['numbers'], { axis: { i: 1 } }, ''),
      node('Imputer', ['numbers'], ['imputed'], {
        imputed_value_floats: { floats: [40, 1000] },
        replaced_value_float: { f: Number.NaN },
      }),
      node('Scaler', ['imputed'], ['scaled'], { offset: { floats: [40, 1000] }, scale: { floats: [0.5, 0.25] } }),
      node('OneHotEncoder', ['state'], ['levels'], { cats_strings: { strings: ['CA', 'NY'] }, zeros: { i: 1 } }),
      node('Concat', ['scaled', 'levels'], ['all'], { axis: { i: 1 } }, ''),
      node('LinearClassifier', ['all'], ['label', 'probabilities'], {
        classlabels_ints: { ints: [0, 1] },
        coefficients: { floats: [-1, -2, -3, -4, 1, 2, 3, 4] },
        intercepts: { floats: [-0.5, 0.5] },
        post_transform: { s: 'LOGISTIC' },
      }),
    ],
    'probabilities',
  )

  it('of a pipeline are a logistic regression of the second class', () => {
    expect(read(pipeline)).toMatchObject({
      family: 'binomial',
      link: 'logit',
      source: 'ONNX of skl2onnx 1.21',
      features: ['age', 'income', 'state'],
    })
    const score = scorerOf(pipeline)
    expect(score({ age: 42, income: 1008, state: 'NY' })).toEqual([0.5 + 1 + 4 + 4])
    expect(score({ age: null, income: null, state: null })).toEqual([0.5])
    expect(score({ age: 40, income: 1000, state: 'TX' })).toEqual([0.5])
  })

  it('of several classes are a softmax', () => {
    const bytes = modelOf(
      [input('x', 2)],
      [
        node('LinearClassifier', ['x'], ['label', 'p'], {
          classlabels_strings: { strings: ['a', 'b', 'c'] },
          coefficients: { floats: [1, 2, 3, 4, 5, 6] },
          intercepts: { floats: [0, 1, 2] },
          post_transform: { s: 'SOFTMAX' },
        }),
      ],
      'p',
    )
    expect(read(bytes, { features: ['u', 'v'] })).toMatchObject({
      family: 'multinomial',
      classes: ['a', 'b', 'c'],
      features: ['u', 'v'],
    })
    expect(scorerOf(bytes, { features: ['u', 'v'] })({ u: 10, v: 100 })).toEqual([210, 431, 652])
    expect(scorerOf(bytes)({ f0: 10, f1: null })).toEqual([null, null, null])
  })

  it('are matrix products and links, too', () => {
    const bytes = modelOf(
      [input('x', 2, elementTypes.double)],
      [
        node('Sub', ['x', 'means'], ['centred'], {}, ''),
        node('Div', ['centred', 'scales'], ['scaled'], {}, ''),
        node('Gemm', ['scaled', 'w', 'b'], ['z'], { transB: { i: 1 } }, ''),
        node('Exp', ['z'], ['mean'], {}, ''),
      ],
      'mean',
      [
        matrix('means', [1, 2], [1, 2]),
        matrix('scales', [2], [2, 4]),
        matrix('w', [1, 2], [3, 5]),
        matrix('b', [1], [0.5]),
      ],
      elementTypes.double,
    )
    expect(read(bytes)).toMatchObject({ family: 'poisson', link: 'log' })
    expect(scorerOf(bytes)({ f0: 5, f1: 10 })).toEqual([0.5 + 6 + 10])
    const regressor = modelOf(
      [input('x', 2)],
      [node('LinearRegressor', ['x'], ['y'], { coefficients: { floats: [2, -1] }, intercepts: { floats: [7] } })],
      'y',
    )
    expect(read(regressor)).toMatchObject({ family: 'gaussian', link: 'identity' })
    expect(scorerOf(regressor)({ f0: 1, f1: 4 })).toEqual([5])
  })
})

describe('tree ensembles', () => {
  const tree = {
    nodes_treeids: { ints: [0, 0, 0, 1, 1, 1] },
    nodes_nodeids: { ints: [0, 1, 2, 0, 1, 2] },
    nodes_featureids: { ints: [1, 0, 0, 0, 0, 0] },
    nodes_modes: { strings: ['BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'] },
    nodes_values: { floats: [0.1, 0, 0, 5, 0, 0] },
    nodes_truenodeids: { ints: [1, 0, 0, 1, 0, 0] },
    nodes_falsenodeids: { ints: [2, 0, 0, 2, 0, 0] },
    nodes_missing_value_tracks_true: { ints: [1, 0, 0, 0, 0, 0] },
  }
  const leaves = (kind: 'target' | 'class', weights: readonly number[], ids: readonly number[] = [0, 0, 0, 0]) => ({
    [`${kind}_treeids`]: { ints: [0, 0, 1, 1] },
    [`${kind}_nodeids`]: { ints: [1, 2, 1, 2] },
    [`${kind}_ids`]: { ints: ids },
    [`${kind}_weights`]: { floats: weights },
  })

  it('of a regression go where single precision sends them, and missing values where their node says', () => {
    const bytes = modelOf(
      [input('x', 2)],
      [
        node('TreeEnsembleRegressor', ['x'], ['y'], {
          ...tree,
          ...leaves('target', [1, 2, 10, 20]),
          n_targets: { i: 1 },
          base_values: { floats: [100] },
        }),
      ],
      'y',
    )
    const score = scorerOf(bytes)
    expect(score({ f0: 5, f1: Math.fround(0.1) })).toEqual([111])
    expect(score({ f0: 5.1, f1: 0.10000001 })).toEqual([122])
    // 0.1 itself is below the float32 of it.
    expect(score({ f0: 0, f1: 0.1 })).toEqual([111])
    expect(score({ f0: null, f1: null })).toEqual([121])
  })

  it('of two and of several classes have a score for each they tell apart', () => {
    const classes = (labels: readonly string[], ids: readonly number[], post: string) =>
      modelOf(
        [input('x', 2)],
        [
          node('TreeEnsembleClassifier', ['x'], ['label', 'p'], {
            ...tree,
            ...leaves('class', [1, 2, 10, 20], ids),
            classlabels_strings: { strings: labels },
            post_transform: { s: post },
          }),
        ],
        'p',
      )
    expect(read(classes(['no', 'yes'], [0, 0, 0, 0], 'LOGISTIC'))).toMatchObject({ family: 'binomial', link: 'logit' })
    expect(scorerOf(classes(['no', 'yes'], [0, 0, 0, 0], 'LOGISTIC'))({ f0: 6, f1: 0 })).toEqual([21])
    const three = classes(['a', 'b', 'c'], [0, 1, 2, 1], 'SOFTMAX')
    expect(read(three)).toMatchObject({ family: 'multinomial', classes: ['a', 'b', 'c'] })
    expect(scorerOf(three)({ f0: 6, f1: 1 })).toEqual([0, 22, 0])
    expect(problemsOf(classes(['a', 'b', 'c'], [0, 1, 2, 1], 'LOGISTIC'))).toMatch(
      /post_transform LOGISTIC of 3 classes/,
    )
  })

  it('average where they are told to, and refuse what no record says', () => {
    const with_ = (more: Record<string, Omit<Attribute, 'name'>>) =>
      modelOf(
        [input('x', 2)],
        [node('TreeEnsembleRegressor', ['x'], ['y'], { ...tree, ...leaves('target', [1, 2, 10, 20]), ...more })],
        'y',
      )
    expect(scorerOf(with_({ aggregate_function: { s: 'AVERAGE' }, n_targets: { i: 1 } }))({ f0: 5, f1: 0 })).toEqual([
      5.5,
    ])
    expect(problemsOf(with_({ aggregate_function: { s: 'MIN' } }))).toMatch(
      /the TreeEnsembleRegressor of y: aggregate_function MIN/,
    )
    expect(
      problemsOf(with_({ nodes_modes: { strings: ['BRANCH_GT', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'] } })),
    ).toMatch(/comparisons/)
  })
})

describe('a graph that is more than that', () => {
  it('is refused by operator and node, all at once', () => {
    const bytes = modelOf(
      [input('x', 2)],
      [node('Tanh', ['x'], ['t'], {}, ''), node('Mul', ['x', 'x'], ['m'], {}, ''), node('Normalizer', ['m'], ['y'])],
      'y',
    )
    const found = problemsOf(bytes)
    expect(found).toMatch(/node the Tanh of t: the operator Tanh/)
    expect(found).toMatch(/node the Mul of m: Mul of two columns/)
    expect(found).toMatch(/node the Normalizer of y/)
  })

  it('or is none, is said to be none', () => {
    expect(problemsOf(new TextEncoder().encode('PK not onnx'))).toMatch(/model\/import .*it is no ONNX model/)
    expect(() =>
      read(
        modelOf([input('x', 2)], [node('LinearRegressor', ['x'], ['y'], { coefficients: { floats: [1, 1] } })], 'y'),
        { features: ['a'] },
      ),
    ).toThrow(/1 names are given for 2 features/)
  })
})
