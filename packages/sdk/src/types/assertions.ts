/** Assertions that the types of Kysely queries tell what the database returns: `views.gen.ts`. */
import type { Catalog } from '@viewcast/compiler'
import { compare, written } from './names.ts'
import type { ResultColumn } from './sql-files.ts'
import { typeScript } from './type-script.ts'

export interface AssertedView {
  /** `view "late"`. */
  readonly title: string
  /** Specifier of the module that exports it, from the file that is written. */
  readonly module: string
  /** Name of the export. */
  readonly name: string
  readonly columns: readonly AssertedColumn[]
}

export interface AssertedColumn extends ResultColumn {
  /** A dataset adds null to it, so that what Kysely leaves out is harmless: it types aggregates without null. */
  readonly mayLackNull: boolean
}

/**
 * Writes a type per view and column that `tsc` refuses when the query's type promises what the database does not return.
 * Sorted by title and column. `unchecked` are titles of views that no module exports.
 *
 * ```ts
 * type Row1 = QueryRow<(typeof module1)['late']>
 * export type Check1 = [
 *   Agrees<ColumnsOf<Row1, 'view "late"', 'iata' | 'n'>>,
 *   Agrees<ColumnOf<Row1, 'view "late"', 'n', 'int8', string>>,
 * ]
 * ```
 */
export function printAssertions(
  views: readonly AssertedView[],
  unchecked: readonly string[],
  catalog: Pick<Catalog, 'enums'>,
): string {
  const sorted = [...views].sort((a, b) => compare(a.title, b.title))
  const modules = [...new Set(sorted.map((v) => v.module))].sort(compare)
  const moduleName = (module: string) => `module${modules.indexOf(module) + 1}`
  const head = [
    written,
    '// Each line holds the type of a query against the database; a line that fails names the view and the column.',
    ...[...unchecked].sort(compare).map((title) => `// Not exported by any module, and so not checked: ${title}.`),
  ]
  if (sorted.length === 0) return `${[...head, 'export {}'].join('\n')}\n`
  const imports = [
    "import type { Agrees, ColumnOf, ColumnsOf, QueryRow } from '@viewcast/sdk'",
    ...modules.map((m) => `import type * as ${moduleName(m)} from ${quoted(m)}`),
  ]
  const checks = sorted.map((view, i) => {
    const row = `Row${i + 1}`
    const title = quoted(view.title)
    const columns = [...view.columns].sort((a, b) => compare(a.name, b.name))
    const names = columns.length === 0 ? 'never' : columns.map((c) => quoted(c.name)).join(' | ')
    return [
      `type ${row} = QueryRow<(typeof ${moduleName(view.module)})[${quoted(view.name)}]>`,
      `export type Check${i + 1} = [`,
      `  Agrees<ColumnsOf<${row}, ${title}, ${names}>>,`,
      ...columns.map((c) => {
        const isNull = c.nullability === 'possible' && !c.mayLackNull ? ', null' : ''
        const value = arrives(c.type, catalog)
        return `  Agrees<ColumnOf<${row}, ${title}, ${quoted(c.name)}, ${quoted(c.type)}, ${value}${isNull}>>,`
      }),
      ']',
    ].join('\n')
  })
  return `${[head.join('\n'), imports.join('\n'), ...checks].join('\n\n')}\n`
}

/** What drivers return: int8 and numeric as strings, whatever else they may be compared with. */
function arrives(type: string, catalog: Pick<Catalog, 'enums'>): string {
  if (freely.has(type)) return 'unknown'
  const found = typeScript(type, catalog)
  return (
    { Int8: 'string', Numeric: 'string', Json: 'unknown', 'Int8[]': 'string[]', 'Json[]': 'unknown[]' }[found] ??
    elements(found)
  )
}

/** Drivers disagree about the elements of `numeric[]`. */
const elements = (type: string): string => (type === 'Numeric[]' ? '(string | number)[]' : type)

/** Types of which every driver makes objects of its own. */
const freely = new Set(['interval', 'point', 'circle', 'void', 'record'])

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
