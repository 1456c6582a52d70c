/** Views that are valid SQL and still not what they are declared to be. */
import { applyView, type Database, doctor, predictionQuery, project, trainingQuery, trainModel } from '@viewcast/sdk'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'

interface DB {
  readonly stations: { station: string; height: number }
  readonly sightings: { station: string; bird: string; at: Date; count: number }
  readonly asked: { question: number; station: string; as_of: Date; rare: boolean }
  readonly heights: { station: string; height: number }
  readonly lower: { station: string; height: number }
}

const p = project<DB>('birds')
const station = p.entity('station', { station: 'text' }, { from: 'stations' })
const question = p.entity('question', { question: 'int4' })
const asked = p
  .sample('asked', { entity: station })
  .query(({ db }) => db.selectFrom('asked').select(['question', 'station', 'as_of']))
const rare = p
  .target('rare', { entity: question })
  .query(({ db }) => db.selectFrom('asked').select(['question', 'rare']))
const dataset = (...features: object[]) =>
  p.dataset('sightings', { sample: asked, target: rare, features: features as never })

const setup = `
  CREATE TABLE stations (station text PRIMARY KEY, height float8 NOT NULL);
  CREATE TABLE sightings (station text NOT NULL, bird text NOT NULL, at timestamptz NOT NULL, count int4 NOT NULL);
  CREATE TABLE asked (question int4 PRIMARY KEY, station text NOT NULL, as_of timestamptz NOT NULL, rare boolean NOT NULL);
  INSERT INTO stations SELECT 's' || i, i * 10 FROM generate_series(1, 20) i;
  INSERT INTO sightings SELECT 's' || 1 + i % 20, 'b' || i % 7, timestamptz '2024-01-01Z' + i * interval '1 hour', i % 5 FROM generate_series(1, 500) i;
  INSERT INTO asked SELECT i, 's' || 1 + i % 20, timestamptz '2024-01-10Z' + i * interval '1 hour', i % 3 = 0 OR i % 20 > 16 FROM generate_series(1, 300) i;
  CREATE VIEW heights AS SELECT station, height FROM stations;
  CREATE VIEW lower AS SELECT station, height FROM heights WHERE height < 100;
`

describeEachEngine('a view that', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = engine.db
    await db.execute(setup)
  })

  describe('is declared over the questions and does not read them (view/needs-spine)', () => {
    const counts = p.windowView('counts', { entity: station }).query(({ db }) =>
      db
        .selectFrom('sightings')
        .groupBy(['station', 'at'])
        .select(({ fn }) => ['station', 'at as as_of', fn.count<string>('bird').as('birds')]),
    )

    test('is refused by name, with a way out', async () => {
      const [first, ...others] = await diagnosticsOf(() => trainingQuery(db, dataset(counts)))
      expect(others).toEqual([])
      expect(first).toMatchObject({
        code: 'view/needs-spine',
        message: 'view "counts" is declared as a window view but does not read "spine"',
        location: { file: 'view "counts"', line: 1, column: 1 },
      })
      expect(first?.hint).toContain('spine')
    })

    test('is not excused by a table or a CTE of that name', async () => {
      const hidden = p.windowView('hidden', { entity: station }).query(({ db }) =>
        db
          .with('spine', (q) => q.selectFrom('asked').select(['station', 'as_of']))
          .selectFrom('spine')
          .select(['spine.station', 'spine.as_of', sql<number>`1`.as('one')]),
      )
      expect((await diagnosticsOf(() => trainingQuery(db, dataset(hidden)))).map((d) => d.code)).toEqual([
        'view/needs-spine',
      ])
    })
  })

  describe('has several rows for a key (view/duplicate-keys)', () => {
    const birds = p
      .featureView('birds', { entity: station })
      .query(({ db }) => db.selectFrom('sightings').select(['station', 'bird']))
    const model = p.model('seen', { dataset: dataset(birds), family: 'logistic', label: 'rare', penalty: 1 } as never)

    test('is told of by training, which still has exactly the rows of the sample', async () => {
      const { record, warnings } = await trainModel(db, model as never)
      expect(warnings.filter((w) => w.code === 'view/duplicate-keys')).toMatchObject([
        { severity: 'warning', parameters: { view: 'view "birds"', keys: 'station' } },
      ])
      expect(record.dataset.trainRows).toBe(300)
    })

    test('is told of by the doctor, as advice', async () => {
      const definitions = new Map([['sightings', dataset(birds)]])
      const report = await doctor(db, { name: 'birds', directory: '.', definitions } as never)
      const check = report.checks.find((c) => c.name === 'dataset sightings')
      expect(check?.ok).toBe(true)
      expect(check?.detail).toContain('view/duplicate-keys')
      expect(check?.detail).toContain('view "birds" returns more than one row for the same station')
    })

    test.each([
      ['grouped by the key', 'SELECT station, max(bird) AS bird FROM sightings GROUP BY station'],
      [
        'with NULL for some keys, which joins to nothing',
        "SELECT nullif(bird, 'b1') AS station, 1 AS n FROM sightings WHERE bird = 'b1'",
      ],
      [
        'unique by what the data happens to be',
        'SELECT a.station, a.height FROM stations a JOIN stations b USING (station)',
      ],
    ])('does not warn of a view %s', async (_, text) => {
      await db.execute(`DROP VIEW IF EXISTS plain; CREATE VIEW plain AS ${text}`)
      const plain = p.existingView('plain', { entity: station })
      const definitions = new Map([['sightings', dataset(plain)]])
      const report = await doctor(db, { name: 'birds', directory: '.', definitions } as never)
      expect(report.checks.find((c) => c.name === 'dataset sightings')).toMatchObject({ ok: true, detail: 'compiles' })
    })
  })

  describe('reads itself through others (view/cycle)', () => {
    beforeAll(() => db.execute('CREATE OR REPLACE VIEW heights AS SELECT station, height FROM lower'))

    test('is refused with the whole circle', async () => {
      const lower = p.existingView('lower', { entity: station })
      expect(await diagnosticsOf(() => trainingQuery(db, dataset(lower)))).toMatchObject([
        {
          code: 'view/cycle',
          message: 'Views refer to each other in a circle: public.heights → public.lower → public.heights',
        },
      ])
    })

    test('is refused where an entity lists its keys by it, and nothing is deployed', async () => {
      const turning = p.entity('station', { station: 'text' }, { from: 'lower' })
      const heights = p
        .featureView('height', { entity: turning })
        .query(({ db }) => db.selectFrom('stations').select(['station', 'height']))
      const sample = p
        .sample('asked', { entity: turning })
        .query(({ db }) => db.selectFrom('asked').select(['question', 'station', 'as_of']))
      const model = p.model('turns', {
        dataset: p.dataset('sightings', { sample, target: rare, features: [heights] }),
        family: 'logistic',
        label: 'rare',
        penalty: 1,
      })
      const { record } = await trainModel(db, model)
      for (const call of [() => predictionQuery(db, model, record), () => applyView(db, model, record)]) {
        expect((await diagnosticsOf(call)).map((d) => d.code)).toEqual(['view/cycle'])
      }
      expect((await db.introspect()).relations.map((r) => r.name)).not.toContain('turns')
    })
  })
})
