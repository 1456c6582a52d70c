/** What a model refuses. */
import type { ModelDef } from '@viewcast/compiler'
import { asBoolean, log1p, numeric, oneHot, standardize } from '@viewcast/sdk'
import { departures, ds, flight, model, p, profile } from './flights.ts'

// With and without inputs, a model is a definition.
export const definitions: ModelDef[] = [model, p.model('m', { dataset: ds, family: 'linear', label: 'delay' })]

// @ts-expect-error: dataset "departure" has no label "late51"
p.model('m', { dataset: ds, family: 'logistic', label: 'late51' })

// @ts-expect-error: dataset "departure" has no label "id"
p.model('m', { dataset: ds, family: 'logistic', label: 'id' })

// @ts-expect-error: "carrier" is neither a number nor a truth value
p.model('m', { dataset: ds, family: 'logistic', label: 'carrier' })

// @ts-expect-error: '"tweedie"' is not assignable
p.model('m', { dataset: ds, family: 'tweedie', label: 'delay' })

// @ts-expect-error: '"probit"' is not assignable
p.model('m', { dataset: ds, family: 'poisson', link: 'probit', label: 'delay' })

p.model('m', { dataset: ds, family: 'multinomial', label: 'delay' })

const open = p.model('m', { dataset: ds, family: 'logistic', label: 'late15' })

open.inputs({
  latitude: standardize(),
  state: oneHot(),
  tier: oneHot(),
  any_cancelled_7d: asBoolean(),
  flights_7d: log1p(),
  delay_avg_7d: numeric(),
  fare_7d: 'auto',
  dest_state: oneHot(),
  runway_surface: oneHot(),
  carrier: oneHot(),
})

// @ts-expect-error: dataset "departure" has no input "lattitude"
open.inputs({ lattitude: standardize() })

// @ts-expect-error: dataset "departure" has no input "iata2"
open.inputs({ latitude: standardize(), iata2: oneHot() })

// @ts-expect-error: dataset "departure" has no input "id"
open.inputs({ id: standardize() })

// @ts-expect-error: "late15" is the label
open.inputs({ late15: asBoolean() })

// @ts-expect-error: "state" is text; use oneHot()
open.inputs({ state: standardize() })

// @ts-expect-error: "latitude" is a number; use standardize(), log1p() or numeric()
open.inputs({ latitude: oneHot() })

// @ts-expect-error: "any_cancelled_7d" is a truth value; use asBoolean()
open.inputs({ any_cancelled_7d: numeric() })

// @ts-expect-error: 'string' is not assignable to type 'number'
oneHot({ maxCategories: '20' })

// A label of the sample, when there is no target; labels declared for a view of the database.
const sample = p
  .sample('s', { entity: flight })
  .query(({ db }) => db.selectFrom('flights').select(['id', 'origin as iata', 'delay']))
p.model('m', { dataset: p.dataset('d', { sample, features: [profile] }), family: 'linear', label: 'delay' })

const target = p
  .target('t', { entity: flight })
  .existing({ schema: 'public', name: 'vw_Outcome' })
  .label({ won: 'boolean' })
const declared = p.dataset('d', { sample: departures, target, features: [profile] })
p.model('m', { dataset: declared, family: 'logistic', label: 'won' })
// @ts-expect-error: dataset "d" has no label "wno"
p.model('m', { dataset: declared, family: 'logistic', label: 'wno' })
