/** What in a user's SQL gives another answer when it is asked again. */
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts'
import { locate } from '../../diagnostics/locate.ts'
import type { SqlFacts } from './facts.ts'
import { type FunctionFacts, functionName, volatility } from './functions.ts'
import { characterOffsets, type Speaker } from './parser.ts'
import { list, number, text as str, walk } from './tree.ts'

const clockFunctions = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'age'])

/** Warnings `sql/volatile` and `sql/clock`, each at its place. */
export function unrepeatable({ select, text }: SqlFacts, speaker: Speaker, functions?: FunctionFacts): Diagnostic[] {
  const at = characterOffsets(text)
  const out: Diagnostic[] = []
  walk(select, (type, node) => {
    const place = (length: number) => locate(speaker.file, text, at(number(node, 'location') ?? 0), length)
    const clock = (name: string, length: number) =>
      out.push(diagnostic('sql/clock', { view: speaker.view, function: name }, place(length)))
    if (type === 'RangeTableSample' && node.repeatable === undefined)
      out.push(diagnostic('sql/volatile', { view: speaker.view, function: 'TABLESAMPLE', ...repeatable }, place(11)))
    if (type === 'FuncCall') {
      const { name } = functionName(node)
      const by = volatility(node, functions)
      if (by !== undefined) {
        const hint = by === 'declared' ? declared : {}
        out.push(diagnostic('sql/volatile', { view: speaker.view, function: `${name}()`, ...hint }, place(name.length)))
      }
      // age(a, b) compares two values; only age(a) reads the clock.
      else if (clockFunctions.has(name) && !(name === 'age' && list(node, 'args').length > 1))
        clock(`${name}()`, name.length)
    }
    if (type === 'SQLValueFunction') {
      const op = str(node, 'op')?.replace('SVFOP_', '').replace(/_N$/, '').toLowerCase() ?? ''
      if (/date|time/.test(op)) clock(op, op.length)
    }
    return undefined
  })
  return out
}

const repeatable = { hint: 'Write TABLESAMPLE … REPEATABLE (seed), or take a hash of the key.' }
const declared = {
  hint: 'It is declared VOLATILE, as functions are that do not say otherwise; declare it STABLE or IMMUTABLE if it is.',
}
