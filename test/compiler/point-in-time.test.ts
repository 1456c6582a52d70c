/** Each row sees what was there before its own instant: against a reference written row by row. */
import { type CompileOptions, predictionQuery, trainingQuery } from '@viewcast/compiler'
import { prepareDataset } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import {
  asked,
  createPlaces,
  expectedLatest,
  expectedWindow,
  known,
  p,
  place,
  profile,
  questions,
  totals,
  wanted,
} from './places.ts'
import { linearRecord } from './records.ts'

const lengths = { '6h': 6, '2d': 48, '1w': 168 } as const

describeEachEngine('point in time', (engine) => {
  beforeAll(() => createPlaces(engine.db))

  const rowsOf = async (dataset: Parameters<typeof prepareDataset>[1], options: CompileOptions = {}) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(d, facts, options)
    const rows = await engine.db.rows(query.sql)
    return { sql: query.sql, rows: new Map(rows.map((r) => [r['question'] as number, r])) }
  }

  test.each([
    ['running totals', totals, false],
    ['the range join that knownAt needs', known, true],
  ] as const)('windows by %s equal the definition', async (form, view, late) => {
    const { sql, rows } = await rowsOf(p.dataset('d', { sample: asked, target: wanted, features: [view] }))
    expect(sql.includes('OVER past')).toBe(form === 'running totals')
    expect(rows.size).toBe(questions.length)
    for (const q of questions) {
      const row = rows.get(q.question)
      for (const [name, hours] of Object.entries(lengths)) {
        const expected = expectedWindow(q, hours, late)
        const found = { n: row?.[`n_${name}`], sum: row?.[`total_${name}`], avg: row?.[`mean_${name}`] }
        // A NULL key joins nothing: counts are filled with 0, the rest is NULL, the row stays.
        expect(found, `question ${q.question}, ${name}`).toEqual(expected)
      }
    }
  })

  test('both forms of a window return the same rows, to the bit', async () => {
    const dataset = p.dataset('d', { sample: asked, features: [totals] })
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const running = await engine.db.rows(trainingQuery(d, facts).sql)
    // A prediction over the sample's entities at one instant takes the other form.
    const labelled = p.dataset('l', { sample: asked, target: wanted, features: [totals] })
    const forPrediction = await prepareDataset(engine.db, labelled)
    const model = {
      ...p.model('m', { dataset: labelled, family: 'linear', label: 'wanted' }),
      dataset: forPrediction.dataset,
    }
    for (const q of questions.filter((x) => x.place !== null).slice(0, 25)) {
      const features = Object.keys(running[0] ?? {}).filter((k) => /_(6h|2d|1w)$/.test(k))
      const { sql } = predictionQuery(model, linearRecord('m', features), forPrediction.facts, {
        spine: { kind: 'keys', rows: [{ place: q.place }], at: new Date(q.asOf).toISOString() },
        withFeatures: true,
      })
      expect(sql).not.toContain('OVER past')
      const [joined] = await engine.db.rows(sql)
      const row = running.find((r) => r['question'] === q.question)
      for (const f of features) expect(joined?.[f], `${f} of question ${q.question}`).toBe(row?.[f])
    }
  })

  test('history takes the latest row before the instant, not older than maxAge', async () => {
    const level = p
      .featureView('level', { entity: place, time: 'at' })
      .query(({ db }) =>
        db
          .selectFrom('readings')
          .select(['place', 'at', 'level'])
          .where('place', 'is not', null)
          .$narrowType<{ place: string }>(),
      )
    const fresh = p
      .featureView('fresh', { entity: place, time: 'at', maxAge: '12 hours' })
      .query(({ db }) =>
        db
          .selectFrom('readings')
          .select(['place', 'at', 'level as fresh_level'])
          .where('place', 'is not', null)
          .$narrowType<{ place: string }>(),
      )
    const dataset = p.dataset('d', { sample: asked, features: [level, fresh] })
    const withoutIndex = await rowsOf(dataset)
    expect(withoutIndex.sql).not.toMatch(/LATERAL/)
    await engine.db.execute('CREATE INDEX readings_place_at ON readings (place, at)')
    const withIndex = await rowsOf(dataset)
    expect(withIndex.sql).toMatch(/LATERAL/)
    await engine.db.execute('DROP INDEX readings_place_at')
    for (const q of questions) {
      const a = withoutIndex.rows.get(q.question)
      const b = withIndex.rows.get(q.question)
      expect(b).toEqual(a)
      const latest = expectedLatest(q)
      const recent = expectedLatest(q, 12)
      if (!Number.isNaN(latest)) expect(a?.['level'] ?? null).toBe(latest)
      if (!Number.isNaN(recent)) expect(a?.['fresh_level'] ?? null).toBe(recent)
    }
    expect(questions.some((q) => expectedLatest(q) !== expectedLatest(q, 12))).toBe(true)
  })

  test('a static view that returns a key twice changes no row', async () => {
    const doubled = p
      .featureView('doubled', { entity: place })
      .query(({ db }) =>
        db
          .selectFrom('readings')
          .select(['place', 'level'])
          .where('place', 'is not', null)
          .$narrowType<{ place: string }>(),
      )
    const { sql, rows } = await rowsOf(p.dataset('d', { sample: asked, features: [doubled] }))
    expect(sql).toContain('DISTINCT ON')
    expect(rows.size).toBe(questions.length)
    const [count] = await engine.db.rows(`SELECT count(*)::int4 AS n FROM (${sql}) AS q`)
    expect(count).toEqual({ n: questions.length })
  })

  test('a key proven unique is joined as it is', async () => {
    const { sql } = await rowsOf(p.dataset('d', { sample: asked, features: [profile] }))
    expect(sql).not.toContain('DISTINCT')
  })

  const level = p
    .featureView('level', { entity: place, time: 'at' })
    .query(({ db }) =>
      db
        .selectFrom('readings')
        .select(['place', 'at', 'level'])
        .where('place', 'is not', null)
        .$narrowType<{ place: string }>(),
    )

  test('a history looked up in its index is joined to the questions themselves, in the order of their keys', async () => {
    await engine.db.execute('CREATE INDEX readings_place_at ON readings (place, at)')
    const dataset = p.dataset('d', { sample: asked, features: [level, totals] })
    const whole = await rowsOf(dataset)
    expect(whole.sql).toMatch(/ORDER BY\s+asked\.place,\s+asked\.as_of\s+\) AS asked\s+LEFT JOIN LATERAL/)
    const unordered = await rowsOf(dataset, { passes: { order: false } })
    expect(unordered.sql).not.toMatch(/\) AS asked/)
    expect(unordered.rows).toEqual(whole.rows)
    expect(whole.rows.size).toBe(questions.length)
    await engine.db.execute('DROP INDEX readings_place_at')
  })

  test('one history in two roles is asked by each of them', async () => {
    const swapped = p
      .sample('swapped', { entity: place, split: p.split.none() })
      .query(({ db }) =>
        db
          .selectFrom('questions')
          .select(({ ref, val }) => ['question', 'place', val('a').as('other'), ref('as_of').as('as_of')]),
      )
    const dataset = p.dataset('d', {
      sample: swapped,
      features: [level.prefix('own_'), level.prefix('other_').on({ place: 'other' })],
    })
    await engine.db.execute('CREATE INDEX readings_place_at ON readings (place, at)')
    const rows = []
    for (const form of ['lateral', 'distinct', 'merge', 'fill'] as const) {
      rows.push((await rowsOf(dataset, { forms: { level: form } })).rows)
    }
    await engine.db.execute('DROP INDEX readings_place_at')
    for (const other of rows.slice(1)) expect(other).toEqual(rows[0])
    expect([...(rows[0]?.values() ?? [])].some((r) => r['own_level'] !== r['other_level'])).toBe(true)
  })

  test('a form that cannot be had is refused with what can be done', async () => {
    const dataset = p.dataset('d', { sample: asked, features: [level, known, profile] })
    const refused = (forms: CompileOptions['forms']) =>
      rowsOf(dataset, forms ? { forms } : {}).catch((e) => e.diagnostics)
    expect(await refused({ levl: 'merge', known: 'join' })).toMatchObject([
      { code: 'form/unknown-view', hint: 'Did you mean "level"?' },
    ])
    expect(await refused({ level: 'lateral' })).toMatchObject([
      {
        code: 'form/no-index',
        hint: 'Create the index: CREATE INDEX CONCURRENTLY readings_place_at_idx ON public.readings (place, at) INCLUDE (level)',
      },
    ])
    expect(await refused({ known: 'running' })).toMatchObject([{ code: 'form/unsupported', hint: 'It can be join.' }])
    expect(await refused({ profile: 'fill' })).toMatchObject([{ code: 'form/unsupported', hint: 'It can be lookup.' }])
  })

  test('what an enforced row of a key is does not depend on which columns are asked for', async () => {
    const doubled = p
      .featureView('doubled', { entity: place })
      .query(({ db }) =>
        db
          .selectFrom('readings')
          .select(['place', 'amount', 'level as double_level'])
          .where('place', 'is not', null)
          .$narrowType<{ place: string }>(),
      )
    const both = await rowsOf(p.dataset('d', { sample: asked, features: [doubled] }))
    const one = await rowsOf(p.dataset('d', { sample: asked, features: [doubled.pick('double_level')] }))
    for (const [question, row] of one.rows) expect(row['double_level']).toBe(both.rows.get(question)?.['double_level'])
  })
})
