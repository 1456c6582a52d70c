/** What a model refuses. */
import type { ModelDef } from '@viewcast/compiler'
import {
  asBoolean,
  days,
  frequency,
  hashed,
  log1p,
  logSpace,
  numeric,
  oneHot,
  random,
  spline,
  standardize,
} from '@viewcast/sdk'
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

// Whole numbers are categories too; which numbers are whole is known to the database.
open.inputs({ latitude: oneHot() })

// @ts-expect-error: "latitude" is a number; use standardize(), log1p() or numeric()
open.inputs({ latitude: asBoolean() })

// @ts-expect-error: "any_cancelled_7d" is a truth value; use asBoolean()
open.inputs({ any_cancelled_7d: numeric() })

// @ts-expect-error: "latitude" is a number; use standardize(), log1p() or numeric()
open.inputs({ latitude: days('2001-01-01') })

// @ts-expect-error: "state" is text; use oneHot()
open.inputs({ state: spline({ knots: 4 }) })

// @ts-expect-error: "latitude" is a number; use standardize(), log1p() or numeric()
open.inputs({ latitude: hashed() })

open.inputs({ latitude: spline(), state: frequency(), any_cancelled_7d: oneHot({ missing: 'level' }) })

// @ts-expect-error: Type '"lattitude"' is not assignable to type
p.model('m', { dataset: ds, family: 'logistic', label: 'late15', interactions: [['lattitude', 'state']] })

// @ts-expect-error: Type '"missing"' is not assignable to type
oneHot({ missing: 'missing' })

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

// A selection knows the features, the encoders that suit them, the family's links and metrics.
const chosen = open.inputs({ latitude: standardize(), state: oneHot() })
p.selection('s', {
  model: chosen,
  folds: p.folds.group(['carrier'], 5),
  over: {
    penalty: { l2: logSpace(0.1, 10, 3) },
    link: ['logit', 'probit'],
    classWeights: ['none', 'balanced', { true: 5 }],
    inputs: { latitude: [standardize(), log1p(), 'out'], state: ['auto', oneHot({ maxCategories: 5 }), 'out'] },
  },
  search: random(10),
  metric: 'auc',
  rule: 'oneStandardError',
  pruning: { after: 2 },
})
p.selection('s', { model: open, metric: 'brier' })

// @ts-expect-error: dataset "departure" has no input "lattitude"
p.selection('s', { model: chosen, over: { inputs: { lattitude: [standardize()] } } })

// @ts-expect-error: "state" is text; use oneHot()
p.selection('s', { model: chosen, over: { inputs: { state: [oneHot(), standardize()] } } })

// @ts-expect-error: "late15" is the label
p.selection('s', { model: chosen, over: { inputs: { late15: ['auto', 'out'] } } })

// @ts-expect-error: '"rmse"' is not assignable
p.selection('s', { model: chosen, metric: 'rmse' })

// @ts-expect-error: '"log"' is not assignable
p.selection('s', { model: chosen, over: { link: ['log'] } })

// Labels have weights of their own, and thresholds rules.
p.model('m', { dataset: ds, family: 'logistic', label: 'late15', classWeights: { true: 5 }, threshold: 'f1' })
p.model('m', { dataset: ds, family: 'multinomial', label: 'delay', classWeights: { '1': 5, '2': 1 } })

// @ts-expect-error: 'yes' does not exist
p.model('m', { dataset: ds, family: 'logistic', label: 'late15', classWeights: { yes: 5 } })

// @ts-expect-error: '"cheap"' is not assignable
p.model('m', { dataset: ds, family: 'logistic', label: 'late15', threshold: 'cheap' })
