/** The comment on top of a prediction text: the model, its identity, what it reads, what its columns and instants mean. */
import type { BoundDataset } from '../analyse/bind.ts'
import { digest } from '../ir/digest.ts'
import { familyTitle } from '../ir/family.ts'
import type { ModelRecord } from '../ir/model-record.ts'
import { outputs } from '../model/outputs.ts'
import type { SpineBinding } from '../rewrite/bind-spine.ts'
import { header } from './header.ts'

/** Compiling 500 trees to machine code costs more than it saves: 100 trees of depth 6 took 9 times as long with it. */
const treesLine = ({ trees }: NonNullable<ModelRecord['trees']>): string =>
  `${trees.length}; for many rows run it with SET jit = off`

const unguardedLine = 'without a guard: no value of the inputs takes the linear predictor beyond ±700'

/** What a prediction is written as. */
export type PredictionForm = 'query' | 'view' | 'function' | 'scalar'

interface About {
  readonly record: ModelRecord
  readonly bound: BoundDataset
  readonly binding: SpineBinding
  readonly form: PredictionForm
  readonly distributed: boolean
  readonly unguarded: boolean
}

/** `more` are lines of the form's own, such as how a function is called. */
export function predictionHeader(about: About, more: readonly (readonly [string, string])[] = []): string {
  const { record, bound, distributed } = about
  const described = new Map(bound.features.map((f) => [f.name, f.meta]))
  const input = (name: string): string => {
    const unit = described.get(name)?.unit
    return unit === undefined ? name : `${name} (${unit})`
  }
  return header(`Prediction ${title[about.form]} of model "${record.name}", written by viewcast.`, [
    [
      'model',
      `${record.name} version ${record.version}, ${familyTitle(record.family, record.link)}, trained ${record.trainedAt}`,
    ],
    ['digest', `${digest(record).slice(0, 16)} (SHA-256 of the model record)`],
    [
      'dataset',
      `${record.dataset.name}, ${record.dataset.trainRows} training rows, query ${record.dataset.queryHash.slice(0, 12)}`,
    ],
    ['inputs', record.inputs.map((i) => input(i.feature)).join(', ')],
    ...outputs(record).map((o) => [o.name, o.description] as const),
    ['asked for', askedFor(about)],
    ...(bound.hasAsOf && !overColumns(about) ? [['as of', asOf(about)] as const] : []),
    ...(distributed ? [['dialect', 'citus: one distributed plan; plain PostgreSQL gives the same rows'] as const] : []),
    ...(about.unguarded ? [['link', unguardedLine] as const] : []),
    ...(record.trees === undefined ? [] : [['trees', treesLine(record.trees)] as const]),
    ...more,
  ])
}

const title: Readonly<Record<PredictionForm, string>> = {
  query: 'query',
  view: 'view',
  function: 'function',
  scalar: 'function',
}

const overColumns = ({ form, distributed }: About): boolean => form === 'scalar' && distributed

function askedFor(about: About): string {
  const { bound, binding, distributed } = about
  const { sample } = bound.dataset
  const { entity } = sample
  const missing = distributed ? `; a key that ${entity.from?.name ?? 'the relation'} does not have gives no row` : ''
  if (overColumns(about)) return 'the inputs given'
  switch (binding.kind) {
    case 'sample':
      return `each row of sample "${sample.name}"`
    case 'entities':
      return entity.from ? `each row of ${entity.from.name}` : `each ${entity.name} of sample "${sample.name}"`
    case 'keys':
      return `${binding.rows.length === 1 ? '1 key' : `${binding.rows.length} keys`} of ${entity.name}${missing}`
    case 'parameters':
      return `the ${entity.name} given${missing}`
  }
}

function asOf({ binding, form }: About): string {
  if (binding.kind === 'sample') return "each sample row's own as_of"
  if (binding.kind === 'parameters') return 'the instant given; the start of the transaction when none is'
  const edit = form === 'query' ? '; edit _as_of to ask for another instant' : ''
  return binding.at === undefined ? `the start of the transaction${edit}` : `${binding.at}${edit}`
}
