/** Each row sees what was there before its own instant: against a reference written row by row. */
import { predictionQuery, trainingQuery } from '@viewcast/compiler'
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

  const rowsOf = async (dataset: Parameters<typeof prepareDataset>[1]) => {
    const { dataset: d, facts } = await prepareDataset(engine.db, dataset)
    const query = trainingQuery(d, facts)
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

  test('history takes the latest row at or before the instant, not older than maxAge', async () => {
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
})
