/** Runs as a table: which columns, and what is in them. */
import type { FoundRun } from '@viewcast/sdk'
import { significant } from '../../render/number.ts'
import type { TableColumn } from '../../render/table.ts'
import { tookText, when } from '../../render/when.ts'

export interface RunColumn extends TableColumn {
  /** As it is chosen by --columns: `metrics.test.auc`. */
  readonly key: string
  /** For a program. */
  readonly value: (run: FoundRun) => unknown
  /** For a person. */
  readonly shown: (run: FoundRun) => string
}

type Read = (run: FoundRun) => string | number | null | undefined

const column = (key: string, value: Read, more: Partial<RunColumn> = {}): RunColumn => ({
  key,
  name: key,
  value: (run) => value(run) ?? null,
  shown: (run) => textOf(value(run)),
  ...more,
})

const textOf = (value: string | number | null | undefined): string =>
  value == null ? '' : typeof value === 'number' ? significant(value) : value

const seconds = ({ startedAt, endedAt }: FoundRun): number | undefined =>
  endedAt === null ? undefined : (Date.parse(iso(endedAt)) - Date.parse(iso(startedAt))) / 1000

/** JavaScript reads this form alone. */
const iso = (instant: string): string => instant.replace(' ', 'T').replace(/\+00$/, 'Z')

const attributes = (short: ReadonlyMap<string, string>): readonly RunColumn[] => [
  column('run', (r) => r.id, { shown: (r) => short.get(r.id) ?? r.id }),
  column('name', (r) => r.name),
  column('kind', (r) => r.kind),
  column('experiment', (r) => r.experiment),
  column('state', (r) => (r.lifecycle === 'deleted' ? 'deleted' : r.state)),
  column('started', (r) => r.startedAt, { shown: (r) => when(r.startedAt) }),
  column('took', seconds, {
    type: 'float8',
    shown: (r) => {
      const s = seconds(r)
      return s === undefined ? '' : tookText(s)
    },
  }),
  column('user', (r) => r.user),
  column('commit', (r) => r.commit, {
    shown: (r) => (r.commit === null ? '' : `${r.commit.slice(0, 8)}${r.isDirty ? '+' : ''}`),
  }),
  column('note', (r) => r.note, { shown: (r) => r.note?.split('\n')[0] ?? '' }),
]

/** Every column that one of the runs has something in. */
export function runColumns(runs: readonly FoundRun[], short: ReadonlyMap<string, string>): readonly RunColumn[] {
  return [
    ...attributes(short),
    ...keyed('params', runs, (run, key) => own(run.params, key)),
    ...keyed('metrics', runs, (run, key) => own(run.metrics, key)?.value, 'float8'),
    ...keyed('tags', runs, (run, key) => own(run.tags, key)),
  ]
}

const own = <T>(all: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(all, key) ? all[key] : undefined

function keyed(
  group: 'params' | 'metrics' | 'tags',
  runs: readonly FoundRun[],
  read: (run: FoundRun, key: string) => string | number | undefined,
  type?: string,
): readonly RunColumn[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run[group])))].sort()
  return names.map((name) =>
    column(`${group}.${name}`, (run) => read(run, name), { name, group, ...(type === undefined ? {} : { type }) }),
  )
}

const always: ReadonlySet<string> = new Set(['run', 'name', 'state', 'started', 'took'])

/** Those a table of runs is read for: what is not the same for all of them. All that is there, where there is one run. */
export function telling(columns: readonly RunColumn[], runs: readonly FoundRun[]): readonly RunColumn[] {
  return columns.filter((c) => {
    const values = new Set(runs.map((run) => String(c.value(run))))
    // A note of one run is not a difference one compares by.
    if (runs.length === 1) return c.value(runs[0] as FoundRun) !== null
    return always.has(c.key) || values.size > 1
  })
}
