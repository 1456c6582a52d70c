/** The rules of a distributed plan, held on text: each is broken once on purpose, in our text and in a user's. */
import {
  distributedProblems,
  isViewcastError,
  loadParser,
  type ModelDef,
  type PredictionOptions,
  predictionQuery,
  trainingQuery,
} from '@viewcast/compiler'
import { type Database, prepareDataset } from '@viewcast/sdk'
import { openTestDatabase } from '@viewcast/sdk/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asked, createPlaces, known, p, place, profile, totals } from './places.ts'
import { linearRecord } from './records.ts'

let db: Database
let training = ''
let prediction = ''
beforeAll(async () => {
  db = await openTestDatabase()
  await loadParser()
  await createPlaces(db)
  const dataset = p.dataset('all', { sample: asked, features: [profile, totals, known.prefix('known_')] })
  const { dataset: d, facts } = await prepareDataset(db, dataset)
  training = trainingQuery(d, facts, { dialect: 'citus' }).sql
  const options = {
    spine: { kind: 'keys', rows: [{ place: 'a' }], at: '2024-03-08T12:00Z' },
    dialect: 'citus',
  } as const
  prediction = predictionQuery(model(d), linearRecord('m', ['size', 'n_6h']), facts, options).sql
})
afterAll(() => db.close())

const model = (dataset: ModelDef['dataset']): ModelDef => ({
  kind: 'model',
  name: 'm',
  dataset,
  family: 'gaussian',
  link: 'identity',
  label: 'x',
  inputs: {},
  penalty: { l1: 0, l2: 0 },
  solver: 'cholesky',
  threshold: 0.5,
})
const problems = (sql: string) => distributedProblems(sql).map((d) => d.parameters['problem'])
/** The text with one place changed; the place has to be there. */
const planted = (text: string, from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to)
  expect(changed).not.toBe(text)
  return changed
}

describe('generated text', () => {
  it('keeps every rule', () => {
    expect(problems(training)).toEqual([])
    expect(problems(prediction)).toEqual([])
  })

  it.each<[string, 'training' | 'prediction', string | RegExp, string, RegExp]>([
    ['an unmarked stage', 'prediction', '_spine AS NOT MATERIALIZED', '_spine AS', /"_spine" without NOT MAT/],
    ['a kept stage', 'training', 'profile AS NOT MATERIALIZED', 'profile AS MATERIALIZED', /"profile" without NOT MAT/],
    ['an OFFSET fence', 'prediction', 'AS _fence (_linear)', 'AS _fence (_linear) OFFSET 0', /LIMIT or OFFSET/],
    ['a limit in a stage', 'training', /from\s+places/, 'from places limit 5', /LIMIT or OFFSET/],
    ['the clock', 'prediction', /timestamptz '[^']*'/, 'now()', /calls now\(\)/],
    ['the clock as a value function', 'prediction', /timestamptz '[^']*'/, 'CURRENT_TIMESTAMP', /reads the clock/],
    [
      'a random number',
      'prediction',
      /timestamptz '[^']*'/,
      "'2024-01-01Z'::timestamptz + random() * interval '1 s'",
      /calls random/,
    ],
    [
      'a key joined as text',
      'prediction',
      'profile.place = _spine.place',
      'profile.place::text = _spine.place',
      /bare key/,
    ],
    ['a join without the key', 'training', /profile\.place = asked\.place/, 'true', /bare key/],
    ['a join on the instant alone', 'training', /totals\.place = asked\.place\s+AND /, '', /bare key/],
    ['a computed key', 'training', /select\s+place,/, 'select upper(place) as place,', /computes the key "place"/],
    ['questions from nowhere', 'prediction', /places AS e\s+JOIN \(/, '(', /not anchored/],
    ['DISTINCT ON', 'training', 'SELECT DISTINCT', 'SELECT DISTINCT ON (asked.place)', /DISTINCT ON/],
    ['a UNION', 'training', /from\s+places/, 'from places union all select place, region, size from places', /UNION/],
    [
      'grouping sets',
      'training',
      /GROUP BY\s+s\.place,\s+s\.as_of/,
      'GROUP BY GROUPING SETS ((s.place, s.as_of))',
      /GROUPING SETS/,
    ],
    ['recursion', 'training', /^WITH/m, 'WITH RECURSIVE', /RECURSIVE/],
    [
      'a window over all keys',
      'training',
      /select\s+place,/,
      'select place, rank() over (order by size) as r,',
      /window/,
    ],
  ])('is caught with %s', (_, which, from, to, problem) => {
    const text = which === 'training' ? training : prediction
    let sql = planted(text, from, to)
    // What stood between is left open by the simple replacements.
    if (to === '(') sql = sql.replace(/ON k\.place = e\.place/, '').replace(/\be\.place\b/g, 'k.place')
    expect(problems(sql).join('\n')).toMatch(problem)
  })

  it('takes one value of the clock, the end of the statement, and what is inside LATERAL', () => {
    expect(problems('SELECT t.k, (SELECT now()) AS t FROM t ORDER BY 1 LIMIT 5')).toEqual([])
    const lateral =
      'SELECT t.k, l.x FROM t LEFT JOIN LATERAL (SELECT u.x FROM u WHERE u.k = t.k ORDER BY u.at DESC LIMIT 1) AS l ON true'
    expect(problems(lateral)).toEqual([])
  })

  it('takes a list of constants that rows look up, and nothing else of it', () => {
    const list =
      "l AS NOT MATERIALIZED (SELECT v.level, v.weight FROM (VALUES ('a', 1), ('b', 2)) AS v (level, weight))"
    expect(problems(`WITH ${list} SELECT t.k, l.weight FROM t LEFT JOIN l ON l.level = t.region COLLATE "C"`)).toEqual(
      [],
    )
    expect(problems(`WITH ${list} SELECT l.weight FROM l`).join()).toMatch(/not anchored/)
    expect(problems(`WITH ${list} SELECT l.weight FROM l LEFT JOIN t ON t.region = l.level || ''`).join()).toMatch(
      /bare key/,
    )
    expect(problems(`WITH ${list} SELECT t.k FROM t JOIN l ON l.level = t.region COLLATE "C"`).join()).toMatch(
      /bare key/,
    )
  })

  it('gives the place', () => {
    const [only] = distributedProblems('SELECT t.k\nFROM t\nCROSS JOIN LATERAL (SELECT random() AS r) AS l')
    expect(only).toMatchObject({ code: 'compile/distributed', severity: 'warning', location: { line: 3, column: 28 } })
  })
})

describe("a user's text", () => {
  const compile = async (text: string, more: Partial<PredictionOptions> = {}) => {
    const view = p
      .featureView('own', { entity: place })
      .query(() => sql<{ place: string; x: number }>`${sql.raw(text)}` as never)
    const dataset = p.dataset('own', { sample: asked, features: [view as never] })
    const { dataset: d, facts } = await prepareDataset(db, dataset)
    const options = { spine: { kind: 'entities', at: '2024-03-08T12:00Z' }, dialect: 'citus', ...more } as const
    return predictionQuery(model(d), linearRecord('m', ['x']), facts, options)
  }

  it.each([
    ['select place, size as x from places limit 2', ['has LIMIT or OFFSET outside LATERAL']],
    [
      'select r.place, max(q.question) as x from readings r join questions q on q.question = r.id group by 1',
      ['joins rows without an equality of bare key columns'],
    ],
    [
      'select p.place, q.question as x from places p, questions q where q.question = p.size',
      ['joins rows without an equality of bare key columns'],
    ],
    ['select lower(place) as place, max(size) as x from places group by 1', ['computes the key "place"']],
    [
      'select place, size as x from places union select place, id from readings',
      ['combines rows with UNION, INTERSECT or EXCEPT'],
    ],
    [
      'with a as (select * from places) select a.place, b.size as x from a join a as b on a.place = b.place',
      ['reads stage "a" without NOT MATERIALIZED'],
    ],
    ['select place, rank() over (order by size) as x from places', ['has a window that is not within a key']],
    ["select v.place, 1 as x from (values ('a')) as v (place)", ['reads values that are not anchored on a table']],
  ])('is named: %s', async (text, expected) => {
    const { warnings, sql: own } = await compile(text)
    expect(warnings.map((w) => [w.code, w.parameters['view'], w.parameters['problem']])).toEqual(
      expected.map((problem) => ['compile/distributed', 'view "own"', problem]),
    )
    expect(warnings.every((w) => w.hint !== undefined && w.location !== undefined)).toBe(true)
    // Told, not rewritten: it still runs.
    await db.query(own)
  })

  it.each([
    'select place, size as x from places',
    'select r.place, count(*) as x from readings r left join questions q on q.question = r.id group by r.place',
    'select r.place, count(*) as x from readings r join questions q on q.question = r.id group by r.place',
    'select r.place, max(p.size) as x from readings r join places p on p.place = r.place group by r.place',
    'select place, x from (select place, level as x, row_number() over (partition by place order by at, id) as n from readings) r where n = 1',
    'select p.place, (select r.level from readings r where r.place = p.place order by r.at, r.id limit 1) as x from places p',
    'select p.place, r.level as x from places p left join lateral (select * from readings r where r.place = p.place order by r.at, r.id limit 1) r on true',
  ])('is fine: %s', async (text) => {
    // A view whose one row per key cannot be proven is kept to one by a window within the key.
    const { warnings, sql: own } = await compile(text)
    if (!text.includes('join questions') || text.includes('left join')) expect(warnings).toEqual([])
    await db.query(own)
  })

  it('is told of views of another entity', async () => {
    const region = p.entity('region', { region: 'text' })
    const size = p.featureView('size_of_region', { entity: region }).query(({ db }) =>
      db
        .selectFrom('places')
        .groupBy('region')
        .select(({ fn }) => ['region', fn.max('size').as('x')]),
    )
    const sample = p
      .sample('with_region', { entity: place, split: p.split.none() })
      .query(({ db }) => db.selectFrom('places').select(['place', 'region']))
    const dataset = p.dataset('regions', { sample, features: [size] })
    const { dataset: d, facts } = await prepareDataset(db, dataset)
    const { warnings } = trainingQuery(d, facts, { dialect: 'citus' })
    expect(warnings.map((w) => w.message)).toEqual([
      'view "size_of_region" is joined on region, which is not a key of "place"',
    ])
  })

  it('has to be asked for an instant', async () => {
    const refused = await compile('select place, size as x from places', { spine: { kind: 'entities' } }).catch(
      (e) => e,
    )
    expect(isViewcastError(refused) && refused.diagnostics.map((d) => d.code)).toEqual(['compile/needs-instant'])
  })
})
