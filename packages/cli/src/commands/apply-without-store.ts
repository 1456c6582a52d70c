/** A view where nothing may be kept of it: it is made, or replaced in place, and that is all that is known. */

import type { Database } from '@viewcast/sdk'
import { diagnosticData } from '../failure.ts'
import type { Opened } from '../open.ts'
import { UsageError } from '../parse/usage.ts'
import type { Output } from '../render/output.ts'
import { chosenModel } from './chosen-model.ts'

interface Request {
  readonly names: readonly string[]
  readonly as?: string | undefined
  readonly name?: string | undefined
  readonly at?: string | undefined
  readonly version?: number | undefined
}

/** Errors: those of `applyView`; `UsageError` for what needs a store. */
export async function applyWithoutStore(
  opened: Opened & { readonly db: Database },
  { names, as, name, at, version }: Request,
  output: Output,
): Promise<number> {
  const [given, ...more] = names
  if (as !== 'view' || given === undefined || more.length > 0) {
    throw new UsageError('Without a store one model can be made a view: viewcast apply delay15 --as view')
  }
  const { applyView } = await import('@viewcast/sdk')
  const { model, record, warnings } = await chosenModel({ ...opened, store: undefined }, given, version, output)
  output.progress.step(`apply ${model.name} version ${record.version}`)
  const { view, sql, replaced, verification } = await applyView(opened.db, model, record, {
    directory: opened.project.directory,
    ...(name === undefined ? {} : { name }),
    ...(at === undefined ? {} : { at }),
  })
  output.progress.clear()
  const about = {
    model: model.name,
    version: record.version,
    view,
    replaced,
    verification,
    engine: opened.db.description,
  }
  await output.result({ ...about, sql, warnings: warnings.map(diagnosticData) }, (colors) => {
    return `${colors.good(replaced ? 'replaced' : 'created')}  view ${view}  ${colors.dim(`(${verification})`)}\n`
  })
  await output.note(`next: select * from ${view} limit 10`)
  return 0
}
