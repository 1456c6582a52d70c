/** Every step of the builder is a value that can be exported from a package that emits declarations. */
import { airport, ds, flight, late, p, profile } from './flights.ts'

export const staticQuery = p.featureView('v', { entity: airport })
export const staticView = staticQuery.query(({ db }) => db.selectFrom('airports').select(['iata', 'latitude']))
export const windowQuery = p.windowView('w', { entity: airport })
export const sampleQuery = p.sample('s', { entity: airport })
export const sampleFile = sampleQuery.file('views/s.sql')
export const sampleColumns = sampleFile.columns({ weight: 'float8' })
export const targetQuery = p.target('t', { entity: flight })
export const targetView = targetQuery.existing('vw_Outcome')
export const targetLabels = targetView.label({ won: 'bool' })
export const picked = profile.pick('state')
export const renamed = picked.prefix('dest_').on({ iata: 'dest' })
export const windows = late.pick('n_7d').prefix('origin_')
export const existing = p.existingView('vw_x', { entity: airport, time: 'at' })
export const declared = existing.features({ visits: { kind: 'numeric' } })
export const dataset = p.dataset('d', { sample: sampleColumns, features: [staticView] })
export const model = p.model('m', { dataset: ds, family: 'logistic', label: 'late15' })
