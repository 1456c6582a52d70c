import type { Plan, PlannedChange } from '@viewcast/sdk'
import { expect, it } from 'vitest'
import { insightsOf } from './insight.ts'
import { plainColors } from './palette.ts'
import { planScreen } from './plan.ts'

const change: PlannedChange = {
  ...{
    class: 'append',
    strategy: 'in place',
    name: 'scores',
    object: { schema: 'public', name: 'scores' },
    as: 'view',
  },
  ...{ isDeclared: true, metadata: [], granted: [], reads: [], statements: [], creation: [], query: '', digest: '' },
  ...{ blockers: [], warnings: [], parameters: [], spec: {} },
  from: { model: 'late', version: 1, deployment: 1 },
  to: { model: 'late', version: 1, deployment: null },
  challengers: [{ label: 'next', model: 'late', version: 2 }],
  columns: [{ name: 'next_probability', type: 'double precision', change: 'appended' }],
}
const planOf = (...changes: PlannedChange[]): Plan => ({
  ...{ format: 'viewcast/plan@1', project: 'p', environment: '', database: 'd', createdAt: '', fingerprint: {} },
  changes,
})
const screenOf = (...changes: PlannedChange[]) =>
  planScreen(planOf(...changes), { colors: plainColors, all: false, insight: insightsOf(plainColors), say: () => '' })

it('names the versions that are scored beside the one that is deployed', () => {
  const text = screenOf(change)
  expect(text).toContain(
    '~ append   scores  view public.scores  late@1  in place\n' +
      '    + next_probability double precision\n    challenger next: late@2\n',
  )
})

const lacking = (name: string, as: PlannedChange['class'] = 'add'): PlannedChange => {
  const grant = 'GRANT USAGE ON SCHEMA s TO bi;'
  const privileges = [`role bi, who reads s.${name}, may not use schema s: ${grant}`]
  const insight = { affected: [], unchanged: [], privileges, indexes: [], notes: [] }
  const { challengers: _, ...rest } = change
  return { ...rest, class: as, name, object: { schema: 's', name }, insight }
}

it('names a privilege that many deployments lack once, and counts the statements that mend it', () => {
  const text = screenOf(lacking('one'), lacking('two'), lacking('three'))
  expect(text.match(/GRANT USAGE/g)).toHaveLength(1)
  expect(text.match(/1 of the privileges above, here too/g)).toHaveLength(2)
  expect(text).toMatch(/^3 add; 1 privilege missing$/m)
  const done = screenOf(lacking('one', 'none'), lacking('two', 'none'))
  expect(done).toMatch(/^Nothing to change: 2 as declared; 1 privilege missing \(--all names them\)$/m)
})

it('says what looks like a new name: viewcast does not rename deployments', () => {
  const { to: _, ...rest } = change
  const gone: PlannedChange = { ...rest, class: 'remove', name: 'scores_old' }
  const come: PlannedChange = { ...change, class: 'add' }
  expect(screenOf(come, gone)).toMatch(
    /scores_old goes and scores comes, of the same model: .* until nobody reads scores_old\.$/m,
  )
  const other: PlannedChange = { ...come, to: { model: 'early', version: 1, deployment: null } }
  expect(screenOf(other, gone)).not.toContain('goes and')
})
