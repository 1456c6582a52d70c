/** The kind, the time and the features of one view whose key is known. */
import { type Diagnostic, diagnostic, featureKind, type SqlType } from '@viewcast/compiler'
import type { Candidate, CandidateColumn } from './candidate.ts'
import { type ChosenKey, isTime } from './infer-keys.ts'
import { looksLikeKey, looksLikeKnownAt, looksLikeUpdatedAt } from './infer-names.ts'
import type { InferredView } from './inferred.ts'

export type Role = 'view' | 'sample' | 'target'

type Timing = { readonly kind: 'static' | 'history' | 'window'; readonly time?: string; readonly checks: string[] }

/** The view, or the reason it is none; warnings about it either way. */
export function inferView(
  candidate: Candidate,
  key: ChosenKey,
  entity: string,
  role: Role,
): { view?: InferredView; findings: Diagnostic[] } {
  const title = `view "${candidate.name}"`
  const findings: Diagnostic[] = []
  const timing = role === 'view' ? timingOf(candidate, key) : { kind: 'static' as const, checks: [] }
  if ('refused' in timing) return { findings: [timing.refused] }
  const kind = role === 'view' ? timing.kind : role
  const checks = [...timing.checks, ...(candidate.remarks ?? []), ...roleChecks(candidate, role)]
  const apart = new Set([...key.columns, 'as_of', ...(timing.time === undefined ? [] : [timing.time])])
  const rest = candidate.columns.filter((c) => !apart.has(c.name))
  const leftOut = rest.flatMap((c) => {
    const reason = whyNot(c, candidate)
    return reason === undefined ? [] : [{ column: c.name, reason }]
  })
  const usable = rest.filter((c) => !leftOut.some((l) => l.column === c.name))
  if (role === 'view' && usable.length === 0) {
    return { findings: [diagnostic('import/left-out', { view: title, detail: 'no column of it can be a feature' })] }
  }
  if (role === 'view' && leftOut.length > 0) findings.push(notFeatures(title, leftOut))
  for (const detail of checks) findings.push(diagnostic('import/unsure', { view: title, detail }))
  return {
    findings,
    view: {
      kind,
      name: candidate.name,
      place: candidate.place,
      entity,
      keys: key.columns,
      query: candidate.query,
      ...(timing.time === undefined ? {} : { time: timing.time }),
      features: role === 'view' ? usable.map(featureOf) : [],
      columns: role === 'view' ? [] : columnsBeside(candidate, key, role),
      leftOut: role === 'view' ? leftOut : [],
      ...(candidate.description === undefined ? {} : { description: candidate.description }),
      checks,
    },
  }
}

function timingOf(candidate: Candidate, key: ChosenKey): Timing | { readonly refused: Diagnostic } {
  const view = `view "${candidate.name}"`
  if (candidate.spine) {
    if (candidate.columns.some((c) => c.name === 'as_of')) return { kind: 'window', checks: [] }
    return { refused: diagnostic('view/missing-as-of', { view }) }
  }
  const typeOf = (name: string) => candidate.columns.find((c) => c.name === name)?.type
  const keys = key.columns.join(', ')
  if (key.times) {
    const detail = `rows are unique on ${keys} with ${key.times.join(' and ')}, and only one column can tell the time`
    return { refused: diagnostic('import/left-out', { view, detail, hint: 'Keep one of them in the query.' }) }
  }
  const time = candidate.time ?? key.time
  if (time !== undefined) {
    const type = typeOf(time)
    if (type !== undefined && type !== 'timestamptz') return { refused: noInstant(view, time, type) }
    return { kind: 'history', time, checks: historyChecks(candidate, key, time) }
  }
  if (key.by !== undefined) return { kind: 'static', checks: staticChecks(candidate) }
  return unproven(candidate, keys)
}

/** Nothing says how many rows a key has. With one instant at hand the latest row is the safe reading: it cannot leak. */
function unproven(candidate: Candidate, keys: string): Timing {
  const instants = candidate.columns.filter((c) => c.type === 'timestamptz').map((c) => c.name)
  const plain = instants.filter((c) => !looksLikeKnownAt(c) && !looksLikeUpdatedAt(c))
  const doubt = `one row per ${keys} is not proven`
  const [time] = plain
  if (time !== undefined && plain.length === 1) {
    return {
      kind: 'history',
      time,
      checks: [`${doubt}; ${time} is taken for the time of a row`, ...knownAtChecks(candidate, time)],
    }
  }
  const others = candidate.columns.filter((c) => isTime(c.type)).map((c) => c.name)
  const more = others.length > 0 ? `; if there are several over time, one of ${others.join(', ')} is the time` : ''
  return { kind: 'static', checks: [`${doubt}${more}`, ...staticChecks(candidate)] }
}

function historyChecks(candidate: Candidate, key: ChosenKey, time: string): string[] {
  const column = candidate.columns.find((c) => c.name === time)
  const summed = key.by === 'group by' && column?.source === undefined
  return [
    ...(summed
      ? [`${time} looks like the start of a period whose rows are summed up; a row is known only when the period ends`]
      : []),
    ...knownAtChecks(candidate, time),
  ]
}

const knownAtChecks = (candidate: Candidate, time: string): string[] =>
  candidate.columns
    .filter((c) => c.name !== time && c.type === 'timestamptz' && looksLikeKnownAt(c.name))
    .map((c) => `${c.name} may say when a row became known; if so, add knownAt: '${c.name}'`)

function staticChecks(candidate: Candidate): string[] {
  const overwritten = candidate.columns.find((c) => isTime(c.type) && looksLikeUpdatedAt(c.name))
  return [
    ...(candidate.sumsUp ?? []).map(
      (relation) => `sums up ${relation} whatever the instant; to train on the past, ask spine.as_of in a window view`,
    ),
    ...(overwritten
      ? [`${overwritten.name} suggests that rows are overwritten; the past would be trained on today's values`]
      : []),
  ]
}

const roleChecks = (candidate: Candidate, role: Role): string[] =>
  role === 'view'
    ? []
    : [
        role === 'sample'
          ? `taken for the sample by its ${candidate.columns.some((c) => c.name === 'as_of') ? 'column as_of' : 'name'}`
          : 'taken for the target by its name',
      ]

function noInstant(view: string, column: string, type: SqlType): Diagnostic {
  const written = /^[a-z_][a-z0-9_]*$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`
  const moment = type === 'date' ? `${written}::timestamp` : written
  const cast = `(${moment} AT TIME ZONE 'UTC') AS ${written}`
  return diagnostic('import/time-zone', { view, column, type, cast })
}

const moments = new Set(['timestamptz', 'timestamp', 'date', 'time', 'timetz', 'interval'])

/** Why a column is no feature; undefined when it is one. */
function whyNot(column: CandidateColumn, candidate: Candidate): string | undefined {
  if (candidate.reserved?.includes(column.name)) return 'not known at the time'
  if (column.type === undefined) return undefined
  if (featureKind(column.type, column.isEnum) === undefined) return column.type.replace(/^_(.+)$/, '$1[]')
  return looksLikeKey(column.name) ? 'named like a key' : undefined
}

function notFeatures(view: string, leftOut: InferredView['leftOut']): Diagnostic {
  const columns = leftOut.map((l) => `${l.column} (${l.reason})`).join(', ')
  const time = leftOut.find((l) => moments.has(l.reason))
  const other = leftOut.find((l) => !moments.has(l.reason) && !l.reason.startsWith('n'))
  const hint = time
    ? `Return an age instead, such as extract(epoch from … - ${time.column}).`
    : other
      ? `Return what counts of it, such as a length or one field of ${other.column}.`
      : 'Declare it in .features({ … }) by hand if it is a category.'
  return diagnostic('import/not-a-feature', { view, columns, hint })
}

function featureOf(c: CandidateColumn): InferredView['features'][number] {
  const kind = c.type === undefined ? undefined : featureKind(c.type, c.isEnum)
  return {
    name: c.name,
    ...(kind === undefined ? {} : { kind }),
    ...(c.description === undefined ? {} : { description: c.description }),
    ...(c.unit === undefined ? {} : { unit: c.unit }),
  }
}

/** What a sample or a target declares for the type checker; a target's label may not be an instant. */
function columnsBeside(candidate: Candidate, key: ChosenKey, role: Role): InferredView['columns'] {
  return candidate.columns.flatMap((c) => {
    const own = key.columns.includes(c.name) || (role === 'target' && c.name === 'as_of')
    return own || c.type === undefined ? [] : [{ name: c.name, type: c.type }]
  })
}
