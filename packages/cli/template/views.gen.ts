// Written by `viewcast types`. Do not edit: run it again after the database changes.
// Each line holds the type of a query against the database; a line that fails names the view and the column.

import type { Agrees, ColumnOf, ColumnsOf, QueryRow } from '@viewcast/sdk'
import type * as module1 from './project.js'

type Row1 = QueryRow<(typeof module1)['reordered']>
export type Check1 = [
  Agrees<ColumnsOf<Row1, 'target "reordered"', 'as_of' | 'customer_id' | 'reordered'>>,
  Agrees<ColumnOf<Row1, 'target "reordered"', 'as_of', 'timestamptz', Date>>,
  Agrees<ColumnOf<Row1, 'target "reordered"', 'customer_id', 'int4', number>>,
  Agrees<ColumnOf<Row1, 'target "reordered"', 'reordered', 'bool', boolean>>,
]

type Row2 = QueryRow<(typeof module1)['profile']>
export type Check2 = [
  Agrees<ColumnsOf<Row2, 'view "profile"', 'country' | 'customer_id' | 'plan'>>,
  Agrees<ColumnOf<Row2, 'view "profile"', 'country', 'text', string>>,
  Agrees<ColumnOf<Row2, 'view "profile"', 'customer_id', 'int4', number>>,
  Agrees<ColumnOf<Row2, 'view "profile"', 'plan', 'text', string>>,
]
