import type { FunctionFacts } from './functions.ts'
import { volatility } from './functions.ts'
import { parseStatements } from './parser.ts'
import { walk } from './tree.ts'

/** Whether a text of ours calls what gives another value each time it is called; the clock of the transaction does not. */
export function readsAnew(sql: string, functions: FunctionFacts): boolean {
  let found = false
  walk(parseStatements(sql, { view: 'the query', file: 'generated.sql' }), (type, node) => {
    if (type === 'FuncCall' && volatility(node, functions) !== undefined) found = true
    if (type === 'RangeTableSample') found = true
    return undefined
  })
  return found
}
