import type { Plan, PlannedChange } from '@viewcast/sdk'
import { expect, it } from 'vitest'
import { plainColors } from './palette.ts'
import { planScreen } from './plan.ts'

it('names the versions that are scored beside the one that is deployed', () => {
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
  const plan: Plan = {
    ...{ format: 'viewcast/plan@1', project: 'p', environment: '', database: 'd', createdAt: '', fingerprint: {} },
    changes: [change],
  }
  const text = planScreen(plan, { colors: plainColors, all: false, insight: () => [], say: () => '' })
  expect(text).toContain(
    '~ append   scores  view public.scores  late@1  in place\n' +
      '    + next_probability double precision\n    challenger next: late@2\n',
  )
})
