/** Which columns views and questions are joined on, and whether their types let an index serve the join. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { nearParameter } from '../diagnostics/nearest.ts'
import type { DatasetDef, EntityDef, RequestView } from '../ir/definition.ts'
import { type Column, featureKind, type SqlType } from '../ir/type.ts'

export type KeyPairs = readonly (readonly [key: string, sampleColumn: string])[]

/** What is joined to the questions. */
export interface Keyed {
  /** `view "profile"`. */
  readonly title: string
  readonly entity: EntityDef
  /** Entity key → sample column; identity when absent. */
  readonly on?: Readonly<Record<string, string>>
  /** The columns it returns; undefined where its keys are checked elsewhere. */
  readonly described?: readonly Column[]
  /** Entity key → its own column; identity when absent. */
  readonly columns?: Readonly<Record<string, string>>
}

/** Pairs of view key and sample column; tells what is missing and what has another type. */
export function bindKeys(
  { title, entity, on, described, columns }: Keyed,
  dataset: DatasetDef,
  sample: readonly Column[],
  diagnostics: Diagnostic[],
): [string, string][] {
  const names = sample.map((c) => c.name)
  return entity.keys.map(({ name, type }): [string, string] => {
    const own = described?.find((c) => c.name === (columns?.[name] ?? name))
    if (described && !own && columns === undefined) {
      const near = nearParameter(
        name,
        described.map((c) => c.name),
      )
      diagnostics.push(diagnostic('view/missing-key', { view: title, column: name, entity: entity.name, ...near }))
    }
    const column = on?.[name] ?? name
    const asked = sample.find((c) => c.name === column)
    if (!asked) {
      const near = nearParameter(column, names)
      diagnostics.push(
        diagnostic('dataset/key-not-in-sample', { view: title, column, sample: dataset.sample.name, ...near }),
      )
    }
    const declared = { name, type, nullable: false }
    const wrongOwn = own && mismatch(title, own, `entity "${entity.name}"`, declared)
    const wrongSample = asked && mismatch(`sample "${dataset.sample.name}"`, asked, `entity "${entity.name}"`, declared)
    // A type of the user's own, such as a domain, is known to the database only; then the two columns must agree.
    const wrongJoin =
      own && asked && !wrongOwn && !wrongSample
        ? mismatch(title, own, `sample "${dataset.sample.name}"`, asked)
        : undefined
    for (const d of [wrongOwn, wrongSample, wrongJoin]) {
      if (d && !diagnostics.some((known) => known.message === d.message)) diagnostics.push(d)
    }
    return [name, column]
  })
}

/** The keys of the sample itself. */
export function bindSampleKeys(dataset: DatasetDef, sample: readonly Column[], diagnostics: Diagnostic[]): void {
  const { entity, name: sampleName } = dataset.sample
  const title = `sample "${sampleName}"`
  for (const { name, type } of entity.keys) {
    const found = sample.find((c) => c.name === name)
    const declared = { name, type, nullable: false }
    const wrong = found
      ? mismatch(title, found, `entity "${entity.name}"`, declared)
      : diagnostic('view/missing-key', {
          view: title,
          column: name,
          entity: entity.name,
          ...nearParameter(
            name,
            sample.map((c) => c.name),
          ),
        })
    if (wrong) diagnostics.push(wrong)
  }
}

/** The columns a request view is asked with. */
export function bindBrought(
  view: RequestView,
  dataset: DatasetDef,
  sample: readonly Column[],
  diagnostics: Diagnostic[],
): void {
  const title = `view "${view.name}"`
  for (const { name, type } of view.columns) {
    const found = sample.find((c) => c.name === name)
    if (found) {
      // Numbers of one type are cast to another where a query asks for it.
      if (featureKind(found.type) === 'numeric' && featureKind(type) === 'numeric') continue
      const wrong = mismatch(`sample "${dataset.sample.name}"`, found, title, { name, type, nullable: true })
      if (wrong) diagnostics.push(wrong)
      continue
    }
    const near = nearParameter(
      name,
      sample.map((c) => c.name),
    )
    diagnostics.push(
      diagnostic('dataset/request-column', { view: title, column: name, sample: dataset.sample.name, ...near }),
    )
  }
}

/** Types of one family are compared without a cast of the column, so that an index on it serves. */
const family: Readonly<Record<SqlType, string>> = {
  int2: 'int',
  int4: 'int',
  int8: 'int',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
}

const others = 'numeric float4 float8 citext uuid date timestamp timestamptz time timetz interval bool bytea inet cidr'
const builtIn: ReadonlySet<SqlType> = new Set([...Object.keys(family), ...others.split(' ')])

function mismatch(view: string, own: Column, other: string, theirs: Column): Diagnostic | undefined {
  const known = [own, theirs].every((c) => builtIn.has(c.type) || c.isEnum === true)
  if (own.type === theirs.type || !known) return undefined
  if (family[own.type] !== undefined && family[own.type] === family[theirs.type]) return undefined
  const column = `"${own.name}"`
  const cast =
    theirs.type === 'timestamptz' && own.type === 'timestamp'
      ? `${column} AT TIME ZONE 'UTC' AS ${column}`
      : `${column}::${theirs.type} AS ${column}`
  return diagnostic('dataset/key-type', {
    view,
    column: own.name,
    type: own.type,
    other,
    otherColumn: theirs.name === own.name ? 'it' : `"${theirs.name}"`,
    otherType: theirs.type,
    cast,
  })
}
