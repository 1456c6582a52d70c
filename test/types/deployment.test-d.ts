/** What a deployment refuses. */
import type { DeploymentDef } from '@viewcast/sdk'
import { model, p } from './flights.ts'

export const deployments: DeploymentDef[] = [
  p.deployment('delay15_now', { model }),
  p.deployment('delay15_table', { model, as: 'table', refresh: 'upsert', version: 'production', readers: ['etl'] }),
  p.deployment('delay15_of', { model, as: 'function', version: 3, owner: 'scorer' }),
  p.deployment('delay15_all', { model, security: 'owner', renamed: { probability: 'value' }, outputs: ['value'] }),
]

// @ts-expect-error: '"materialized"' is not assignable
p.deployment('delay15_now', { model, as: 'materialized' })

// @ts-expect-error: '"definer"' is not assignable
p.deployment('delay15_now', { model, security: 'definer' })

// @ts-expect-error: Property 'model' is missing
p.deployment('delay15_now', {})

// @ts-expect-error: 'string' is not assignable
p.deployment('delay15_now', { model, readers: 'etl' })

export const challenged: DeploymentDef = p.deployment('delay15_now', {
  model,
  challengers: { next: 'candidate', fourth: 4, other: { model, version: 'production' } },
})

// @ts-expect-error: 'string' is not assignable
p.deployment('delay15_now', { model, challengers: 'candidate' })

// @ts-expect-error: Property 'model' is missing
p.deployment('delay15_now', { model, challengers: { next: { version: 4 } } })
