/** What an item of a select list does to the rows. */
import { isAggregate, maySet } from '../../front/sql/functions.ts'
import type { Node } from '../../front/sql/parser.ts'
import { walk } from '../../front/sql/tree.ts'
import type { Catalog } from '../../ir/catalog.ts'

export function makesRows(value: Node | undefined, catalog: Catalog): boolean {
  let isSet = false
  walk(value, (type, node) => {
    if (type === 'FuncCall' && maySet(node, catalog)) isSet = true
    return type !== 'SelectStmt'
  })
  return isSet
}

export function aggregatesIn(value: Node | undefined): boolean {
  let found = false
  walk(value, (type, node) => {
    if (type === 'FuncCall' && isAggregate(node)) found = true
    return type !== 'SelectStmt'
  })
  return found
}
