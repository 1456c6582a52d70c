/** What the operators of a graph make of linear forms. */
import type { Link } from '../../ir/family.ts'
import { added, atomForm, atomOf, constantForm, type Form, isConstant, scaled } from './linear-form.ts'
import type { Attribute, Node } from './proto.ts'
import { type Ensemble, readEnsemble } from './tree-ensemble.ts'

/** What a tensor of the graph is known to be. */
export type Value =
  | { readonly kind: 'columns'; readonly columns: readonly Form[] }
  | {
      readonly kind: 'scores'
      readonly columns: readonly Form[]
      readonly link: Link
      readonly classes?: readonly string[]
    }
  | {
      readonly kind: 'trees'
      readonly ensemble: Ensemble
      readonly columns: readonly Form[]
      readonly link: Link
      readonly classes?: readonly string[]
    }
  | { readonly kind: 'other' }

interface Constant {
  readonly dims: readonly number[]
  readonly numbers: readonly number[]
}

export interface Scope {
  readonly values: Map<string, Value>
  readonly constants: ReadonlyMap<string, Constant>
  readonly refuse: (node: Node, detail: string) => void
}

const attribute = (node: Node, name: string): Attribute | undefined => node.attributes.find((a) => a.name === name)
const numbers = (node: Node, name: string): readonly number[] =>
  attribute(node, name)?.floats ?? attribute(node, name)?.ints ?? []
const texts = (node: Node, name: string): readonly string[] => attribute(node, name)?.strings ?? []

type Operator = (node: Node, scope: Scope) => Value | undefined

const columnsOf = (node: Node, scope: Scope, at = 0): readonly Form[] | undefined => {
  const value = scope.values.get(node.inputs[at] ?? '')
  return value === undefined || value.kind === 'other' ? undefined : value.columns
}
const asColumns = (columns: readonly Form[]): Value => ({ kind: 'columns', columns })

/** Hands on what it is given: changes of type and shape that leave one row a row. */
const passes: Operator = (node, scope) => scope.values.get(node.inputs[0] ?? '')

const eachColumn =
  (change: (form: Form, i: number, node: Node, scope: Scope) => Form | undefined): Operator =>
  (node, scope) => {
    const columns = columnsOf(node, scope)
    if (columns === undefined) return undefined
    const made = columns.map((c, i) => change(c, i, node, scope))
    return made.some((m) => m === undefined) ? undefined : asColumns(made as Form[])
  }

const at = (list: readonly number[], i: number, otherwise: number): number =>
  (list.length === 1 ? list[0] : list[i]) ?? otherwise

/** Column by column, one side constant. */
const arithmetic =
  (op: 'Add' | 'Sub' | 'Mul' | 'Div'): Operator =>
  (node, scope) => {
    const side = (k: 0 | 1): readonly Form[] | undefined => {
      const constant = scope.constants.get(node.inputs[k] ?? '')
      return constant === undefined ? columnsOf(node, scope, k) : constant.numbers.map(constantForm)
    }
    const [a, b] = [side(0), side(1)]
    if (a === undefined || b === undefined) return undefined
    const width = Math.max(a.length, b.length)
    const pick = (list: readonly Form[], i: number): Form => (list.length === 1 ? list[0] : list[i]) as Form
    const columns = Array.from({ length: width }, (_, i) => {
      const [x, y] = [pick(a, i), pick(b, i)]
      if (op === 'Add') return added(x, y)
      if (op === 'Sub') return added(x, scaled(y, -1))
      if (op === 'Div' && isConstant(y)) return scaled(x, 1 / y.constant)
      if (op === 'Mul' && isConstant(y)) return scaled(x, y.constant)
      if (op === 'Mul' && isConstant(x)) return scaled(y, x.constant)
      scope.refuse(node, `${op} of two columns`)
      return x
    })
    return asColumns(columns)
  }

function product(columns: readonly Form[], matrix: Constant, transposed: boolean): readonly Form[] {
  const [rows = 0, width = 1] = transposed ? [matrix.dims[1], matrix.dims[0]] : matrix.dims
  return Array.from({ length: width }, (_, j) =>
    columns.reduce((sum, form, i) => {
      const w = matrix.numbers[transposed ? j * rows + i : i * width + j] ?? 0
      return added(sum, scaled(form, w))
    }, constantForm(0)),
  )
}

const posts: Readonly<Record<string, Link>> = {
  NONE: 'identity',
  LOGISTIC: 'logit',
  SOFTMAX: 'softmax',
  PROBIT: 'probit',
}

/** The link a score has, when it is used as `op` says. */
const linked =
  (link: Link): Operator =>
  (node, scope) => {
    const columns = columnsOf(node, scope)
    return columns === undefined ? undefined : { kind: 'scores', columns, link }
  }

/** By name; what is not here is refused. */
export const operators: Readonly<Record<string, Operator>> = {
  Identity: passes,
  Cast: passes,
  Reshape: passes,
  Flatten: passes,
  Squeeze: passes,
  ZipMap: passes,
  ArgMax: () => undefined,
  ArrayFeatureExtractor: (node, scope) => {
    const columns = columnsOf(node, scope)
    const places = scope.constants.get(node.inputs[1] ?? '')
    // Of labels, by the place of the best: no number comes of it.
    return columns === undefined || places === undefined
      ? undefined
      : asColumns(places.numbers.map((i) => columns[i] ?? constantForm(0)))
  },
  Concat: (node, scope) => {
    const parts = node.inputs.map((_, i) => columnsOf(node, scope, i))
    return parts.some((p) => p === undefined) ? undefined : asColumns(parts.flatMap((p) => p ?? []))
  },
  FeatureVectorizer: (node, scope) => operators.Concat?.(node, scope),
  Scaler: eachColumn((form, i, node) =>
    scaled(added(form, constantForm(-at(numbers(node, 'offset'), i, 0))), at(numbers(node, 'scale'), i, 1)),
  ),
  Imputer: eachColumn((form, i, node, scope) => {
    const atom = atomOf(form)
    const replaced = attribute(node, 'replaced_value_float')?.f ?? 0
    if (atom?.kind !== 'number' || !Number.isNaN(replaced)) {
      scope.refuse(node, 'Imputer of something else than missing values of a feature')
      return form
    }
    return atomForm({ ...atom, impute: at(numbers(node, 'imputed_value_floats'), i, 0) })
  }),
  OneHotEncoder: (node, scope) => {
    const columns = columnsOf(node, scope)
    const levels = [...texts(node, 'cats_strings'), ...(attribute(node, 'cats_int64s')?.ints ?? []).map(String)]
    if (columns === undefined) return undefined
    return asColumns(
      columns.flatMap((form) => {
        const atom = atomOf(form)
        if (atom === undefined) scope.refuse(node, 'OneHotEncoder of something else than a feature')
        return levels.map((level) => atomForm({ kind: 'level', feature: atom?.feature ?? 0, level }))
      }),
    )
  },
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Mul: arithmetic('Mul'),
  Div: arithmetic('Div'),
  Neg: eachColumn((form) => scaled(form, -1)),
  MatMul: (node, scope) => {
    const columns = columnsOf(node, scope)
    const matrix = scope.constants.get(node.inputs[1] ?? '')
    return columns === undefined || matrix === undefined ? undefined : asColumns(product(columns, matrix, false))
  },
  Gemm: (node, scope) => {
    const columns = columnsOf(node, scope)
    const matrix = scope.constants.get(node.inputs[1] ?? '')
    if (columns === undefined || matrix === undefined) return undefined
    if (attribute(node, 'transA')?.i === 1) scope.refuse(node, 'Gemm of a transposed input')
    const [alpha, beta] = [attribute(node, 'alpha')?.f ?? 1, attribute(node, 'beta')?.f ?? 1]
    const bias = scope.constants.get(node.inputs[2] ?? '')?.numbers ?? []
    const made = product(columns, matrix, attribute(node, 'transB')?.i === 1)
    return asColumns(made.map((f, i) => added(scaled(f, alpha), constantForm(beta * at(bias, i, 0)))))
  },
  Sigmoid: linked('logit'),
  Softmax: linked('softmax'),
  Exp: linked('log'),
  LinearRegressor: (node, scope) => {
    const columns = columnsOf(node, scope)
    if (columns === undefined) return undefined
    const link = posts[attribute(node, 'post_transform')?.s ?? 'NONE']
    if (link === undefined) scope.refuse(node, `post_transform ${attribute(node, 'post_transform')?.s}`)
    return {
      kind: 'scores',
      columns: rowsTimes(node, columns, attribute(node, 'targets')?.i ?? 1),
      link: link ?? 'identity',
    }
  },
  LinearClassifier: (node, scope) => {
    const columns = columnsOf(node, scope)
    if (columns === undefined) return undefined
    const classes = [
      ...texts(node, 'classlabels_strings'),
      ...(attribute(node, 'classlabels_ints')?.ints ?? []).map(String),
    ]
    const count =
      numbers(node, 'intercepts').length || Math.round(numbers(node, 'coefficients').length / columns.length)
    return classified(node, scope, rowsTimes(node, columns, count), classes)
  },
  TreeEnsembleRegressor: (node, scope) => ensemble(node, scope, []),
  TreeEnsembleClassifier: (node, scope) =>
    ensemble(node, scope, [
      ...texts(node, 'classlabels_strings'),
      ...(attribute(node, 'classlabels_int64s')?.ints ?? []).map(String),
    ]),
}

/** A form per row of the coefficients. */
function rowsTimes(node: Node, columns: readonly Form[], count: number): readonly Form[] {
  const coefficients = numbers(node, 'coefficients')
  const intercepts = numbers(node, 'intercepts')
  return Array.from({ length: count }, (_, k) =>
    columns.reduce(
      (sum, form, i) => added(sum, scaled(form, coefficients[k * columns.length + i] ?? 0)),
      constantForm(intercepts[k] ?? 0),
    ),
  )
}

/** Scores of classes; of two, one score for the second. */
function classified(node: Node, scope: Scope, scores: readonly Form[], classes: readonly string[]): Value {
  const post = attribute(node, 'post_transform')?.s ?? 'NONE'
  const link = posts[post]
  const [first = constantForm(0), second] = scores
  if (classes.length === 2) {
    if (link === undefined) scope.refuse(node, `post_transform ${post}`)
    if (second === undefined)
      return { kind: 'scores', columns: [first], link: link === 'softmax' ? 'logit' : (link ?? 'logit') }
    // A softmax of two is the logistic function of their difference; each alone has its own row otherwise.
    const own = post === 'SOFTMAX' ? added(second, scaled(first, -1)) : second
    return { kind: 'scores', columns: [own], link: link === 'softmax' ? 'logit' : (link ?? 'logit') }
  }
  if (link !== 'softmax') scope.refuse(node, `post_transform ${post} of ${classes.length} classes`)
  return { kind: 'scores', columns: scores, link: 'softmax', classes }
}

function ensemble(node: Node, scope: Scope, classes: readonly string[]): Value | undefined {
  const columns = columnsOf(node, scope)
  if (columns === undefined) return undefined
  const read = readEnsemble(node, columns.length, (detail) => scope.refuse(node, detail))
  if (read === undefined) return undefined
  const post = attribute(node, 'post_transform')?.s ?? 'NONE'
  const scores = read.trees.base.length
  const link = posts[post]
  if (link === undefined || (classes.length > 2 && link !== 'softmax')) {
    scope.refuse(node, `post_transform ${post}${classes.length > 0 ? ` of ${classes.length} classes` : ''}`)
  }
  if (classes.length === 2 && scores === 2) scope.refuse(node, 'leaves that weigh both of two classes')
  if (classes.length === 0 && scores > 1) scope.refuse(node, `${scores} targets`)
  for (const i of read.used) {
    if (atomOf(columns[i] ?? constantForm(0))?.kind !== 'number')
      scope.refuse(node, 'trees over something else than features')
  }
  const several = classes.length > 2 ? { classes } : {}
  return {
    kind: 'trees',
    ensemble: read,
    columns,
    link: classes.length === 2 && link === 'softmax' ? 'logit' : (link ?? 'identity'),
    ...several,
  }
}
