/** Declarations over views that exist: names and types only, no SQL. */
import { numeric, oneHot, project } from '@viewcast/sdk'

// biome-ignore lint/complexity/noBannedTypes: no query is written here, so no table need be known
const p = project<{}>('existing-views')

export const customer = p.entity('customer', { Key: 'int4' }, { from: { name: 'Customer' } })

export const sample = p
  .sample('vw_TrainSample', { entity: customer, split: p.split.none() })
  .existing('public.vw_TrainSample')
  .columns({})

export const behaviour = p.existingView('public.vw_BehaviourFeatures', { entity: customer }).features({
  AverageTimeSpent: { kind: 'numeric', unit: 'minutes' },
  NumberOfClicks: { kind: 'numeric' },
})

export const profile = p
  .existingView('public.vw_ProfileFeatures', { entity: customer })
  .features({ Country: { kind: 'category' } })

export const target = p
  .target('vw_TargetFeatures', { entity: customer })
  .existing('public.vw_TargetFeatures')
  .label({ Purchase: 'boolean' })

export const customers = p.dataset('customers', { sample, target, features: [behaviour, profile] })

// Numbers as they are, not standardised: coefficients are per minute and per click.
export const purchase = p.model('purchase', { dataset: customers, family: 'logistic', label: 'Purchase' }).inputs({
  AverageTimeSpent: numeric(),
  NumberOfClicks: numeric(),
  Country: oneHot(),
})
