import { createHmac } from 'node:crypto'
import {
  connect,
  type Database,
  grantAccess,
  listAccess,
  listPredictions,
  loggedPrediction,
  logPredicted,
  logPredictions,
  type ModelRecord,
  openPredictionLog,
  openStore,
  predict,
  predictionBuffer,
  predictRecorded,
  purgePredictions,
  type Store,
  trainRecorded,
} from '@viewcast/sdk'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'
import { model, tables } from '../scenarios/shop.ts'

const at = '2024-03-05T00:00:00Z'

describeEachEngine('the prediction log', (engine) => {
  let store: Store
  let record: ModelRecord
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    record = (await trainRecorded(store, model)).record
  })
  beforeEach(async () => {
    await purgePredictions(store, { before: '9000-01-01T00:00Z' })
  })
  const held = (sql: string) => store.db.rows(sql)
  const count = async (table = 'prediction') =>
    Number((await held(`SELECT count(*) AS n FROM viewcast.${table}`))[0]?.['n'])

  test('keeps what the database says, without a row leaving it', async () => {
    const { rows, logged, run } = await logPredicted(store, model, record, { at })
    expect([rows, logged]).toEqual([200, 200])
    const said = new Map<string, unknown>()
    for await (const batch of (await predict(store.db, model, record, { at })).rows) {
      for (const [customer, , probability] of batch) said.set(String(customer), probability)
    }
    const kept = await held('SELECT * FROM viewcast.predictions')
    expect(new Map(kept.map((k) => [k['key_text'], (k['outputs'] as { probability: number }).probability]))).toEqual(
      said,
    )
    expect(kept[0]).toMatchObject({
      project: 'shop',
      model: 'replies',
      version: 1,
      deployment: null,
      as_of: '2024-03-05 00:00:00+00',
      run_id: run.id,
      label: null,
      question: {},
    })
    expect(kept[0]?.['key']).toEqual({ customer: kept[0]?.['key_text'] })
    expect(await count('prediction_input')).toBe(0)
  })

  test('logs a prediction once, whichever way it comes, and again for another request or version', async () => {
    await logPredicted(store, model, record, { at, keys: [{ customer: 7 }, { customer: 7 }, { customer: 8 }] })
    expect(await count()).toBe(2)
    const again = await logPredicted(store, model, record, { at: '2024-03-05T01:00+01:00' })
    expect(again).toMatchObject({ rows: 200, logged: 198 })
    const shown = await predictRecorded(store, model, record, { at, limit: 5, log: {} })
    for await (const batch of shown.rows) expect(batch[0]).toHaveLength(3)
    expect(await count()).toBe(200)
    await logPredicted(store, model, record, { at, keys: [{ customer: 7 }], log: { requestId: "it's second" } })
    expect(await count()).toBe(201)
    // What is logged stays as it is: it gets no inputs either.
    await logPredicted(store, model, record, { at, log: { inputs: 'all' } })
    expect([await count(), await count('prediction_input')]).toEqual([201, 0])
    const elsewhere = await openStore(engine.db, { project: 'another' })
    expect(await listPredictions(elsewhere)).toEqual([])
    expect((await listPredictions(store)).map((l) => l.predictions)).toEqual([201])
  })

  test('gives out the rows it keeps, with inputs as they were read', async () => {
    const { rows, columns } = await predictRecorded(store, model, record, { at, log: { inputs: 'all' } })
    const out: (readonly unknown[])[] = []
    for await (const batch of rows) out.push(...batch)
    expect(columns.map((c) => c.name)).toEqual(['customer', 'as_of', 'probability'])
    expect(out).toHaveLength(200)
    const direct = await logPredicted(store, model, record, { at, log: { inputs: 'all', requestId: 'inside' } })
    expect(direct.logged).toBe(200)
    const differing = await held(
      `SELECT FROM viewcast.prediction a JOIN viewcast.prediction b ON a.key = b.key AND a.id <> b.id
       JOIN viewcast.prediction_input ai ON ai.id = a.id JOIN viewcast.prediction_input bi ON bi.id = b.id
       WHERE (a.outputs, ai.inputs, a.key_text) IS DISTINCT FROM (b.outputs, bi.inputs, b.key_text)`,
    )
    expect(differing).toEqual([])
    expect(
      Object.keys((await held('SELECT inputs FROM viewcast.prediction_input LIMIT 1'))[0]?.['inputs'] as object).sort(),
    ).toEqual(record.inputs.map((i) => i.feature).sort())
  })

  test('leaves out and hashes what is redacted', async () => {
    const log = { inputs: 'all', redact: { country: 'hash', n_7d: 'absent' }, hashKey: 'a secret' } as const
    await logPredicted(store, model, record, { at, keys: [{ customer: 3 }], log })
    const [row] = await held(
      'SELECT inputs, hash_key FROM viewcast.prediction_input CROSS JOIN viewcast.prediction_batch b WHERE b.hash_key IS NOT NULL',
    )
    const hashed = createHmac('sha256', 'a secret').update('de').digest('hex')
    expect(row?.['inputs']).toEqual({ country: hashed, amount_7d: expect.any(Number) })
    expect(JSON.stringify(await held('SELECT b FROM viewcast.prediction_batch b'))).not.toContain('a secret')
    expect(await codesOf(() => logPredicted(store, model, record, { at, log: { redact: ['contry'] } }))).toEqual([
      'define/option',
    ])
    expect(await codesOf(() => logPredicted(store, model, record, { at, log: { inputs: ['nobody'] } }))).toEqual([
      'define/option',
    ])
    expect(String(row?.['hash_key'])).toHaveLength(16)
    // As long as a block of the hash, one byte more, and several blocks.
    for (const length of [64, 65, 200]) {
      const hashKey = 'k'.repeat(length)
      const requestId = String(length)
      await logPredicted(store, model, record, { at, keys: [{ customer: 3 }], log: { ...log, hashKey, requestId } })
      const found = await held(
        `SELECT i.inputs ->> 'country' AS c FROM viewcast.prediction p JOIN viewcast.prediction_input i USING (id) WHERE p.request_id = '${length}'`,
      )
      expect(found).toEqual([{ c: createHmac('sha256', hashKey).update('de').digest('hex') }])
    }
    const keyless = { inputs: 'all', redact: { country: 'hash' } } as const
    expect(await codesOf(() => logPredicted(store, model, record, { at, log: keyless }))).toEqual(['define/option'])
  })

  test('takes rows of a server, with what numbers can be', async () => {
    const { shape } = await loggedPrediction(store.db, model, record, {}, { inputs: 'all' })
    const log = await openPredictionLog(store, {
      model: 'replies',
      version: 1,
      shape,
      deployment: 'public.replies_now',
    })
    const rows = [
      {
        key: { customer: '11' },
        asOf: at,
        outputs: { probability: 0.1 + 0.2 },
        inputs: { country: 'it', n_7d: Number.NaN, amount_7d: null },
        requestId: 'r1',
      },
      {
        key: { customer: 12 },
        asOf: new Date(at),
        outputs: { probability: null },
        inputs: { secret: 1, n_7d: Number.NEGATIVE_INFINITY },
        requestId: 'r2',
      },
    ]
    expect(await logPredictions(store, log, { rows })).toEqual({ rows: 2, logged: 2 })
    expect(await logPredictions(store, log, { rows })).toEqual({ rows: 2, logged: 0 })
    expect(await logPredictions(store, log, { rows: [] })).toEqual({ rows: 0, logged: 0 })
    expect(await logPredictions(store, log, { rows: [] })).toEqual({ rows: 0, logged: 0 })
    expect(
      await held(
        'SELECT key_text, deployment, outputs, inputs FROM viewcast.predictions JOIN viewcast.prediction_input USING (id, as_of) ORDER BY 1',
      ),
    ).toEqual([
      {
        key_text: '11',
        deployment: 'public.replies_now',
        outputs: { probability: 0.30000000000000004 },
        inputs: { country: 'it', n_7d: 'NaN', amount_7d: null },
      },
      {
        key_text: '12',
        deployment: 'public.replies_now',
        outputs: { probability: null },
        inputs: { country: null, n_7d: '-Infinity', amount_7d: null },
      },
    ])
    expect(await codesOf(() => openPredictionLog(store, { model: 'replies', version: 9, shape }))).toEqual([
      'model/not-trained',
    ])
  })

  test('makes the months its rows need, in any zone, and takes old ones away', async () => {
    await store.db.transaction(async (tx) => {
      await tx.execute("SET LOCAL timezone = 'Pacific/Kiritimati'")
      for (const month of ['2024-01-31T23:30:00Z', '2024-02-29T23:59:59.999Z', '2024-03-01T00:00:00Z'])
        await logPredicted({ ...store, db: tx }, model, record, {
          at: month,
          keys: [{ customer: 1 }],
          log: { inputs: 'all' },
        })
    })
    await logPredicted(store, model, record, { spine: 'sample' })
    const months = await held(
      `SELECT tableoid::regclass::text AS month, count(*)::int AS n FROM viewcast.prediction GROUP BY 1 ORDER BY 1`,
    )
    expect(months).toEqual([
      { month: 'viewcast.prediction_2024_01', n: 1 },
      { month: 'viewcast.prediction_2024_02', n: 201 },
      { month: 'viewcast.prediction_2024_03', n: 1 },
    ])
    expect(await purgePredictions(store, { before: '2024-03-01T00:00Z', dryRun: true })).toBe(202)
    expect(await count()).toBe(203)
    expect(await purgePredictions(store, { before: '2024-03-01T00:00Z' })).toBe(202)
    expect([await count(), await count('prediction_input')]).toEqual([1, 1])
    expect(await codesOf(() => purgePredictions(store, { before: 'tomorrow' }))).toEqual(['time/instant'])
  })

  test.skipIf(engine.name === 'pglite')(
    'makes a month once, though another session makes it at the same time',
    async () => {
      const months = (of: Database) =>
        of.rows<{ n: number }>(`SELECT viewcast.make_prediction_months(ARRAY[timestamptz '2041-05-05Z']) AS n`)
      const [one, other] = [await connect(engine.url ?? ''), await connect(engine.url ?? '')]
      try {
        let waiting: Promise<{ n: number }[]> | undefined
        await one.transaction(async (tx) => {
          expect(await months(tx)).toEqual([{ n: 3 }])
          waiting = months(other)
          waiting.catch(() => {})
          const blocked = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
          await vi.waitFor(async () => expect(await held(blocked)).toHaveLength(1), { timeout: 30_000 })
        })
        expect(await waiting).toEqual([{ n: 0 }])
        expect(await months(other)).toEqual([{ n: 0 }])
      } finally {
        await Promise.all([one.close(), other.close()])
      }
    },
  )

  test('may be added to by a role that may neither change nor purge it', async () => {
    const [row] = await engine.db.rows<{ n: string }>(`SELECT current_database() || '_logger' AS n`)
    const role = row?.n ?? ''
    await engine.db.execute(
      `CREATE ROLE "${role}"; GRANT USAGE ON SCHEMA public TO "${role}"; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}"`,
    )
    await grantAccess(engine.db, role, 'append')
    const as = <T>(body: (inside: Store) => Promise<T>) =>
      store.db.transaction(async (tx) => {
        await tx.execute(`SET LOCAL ROLE "${role}"`)
        return body({ ...store, db: tx })
      })
    // A month that nobody has made yet.
    await as((inside) => logPredicted(inside, model, record, { at: '2031-07-01T00:00Z', log: { inputs: 'all' } }))
    expect(await count()).toBe(200)
    for (const sql of [
      "UPDATE viewcast.prediction SET outputs = '{}'",
      'DELETE FROM viewcast.prediction_input',
      'TRUNCATE viewcast.prediction_2031_07',
    ])
      await expect(
        as((inside) => inside.db.execute(sql)),
        sql,
      ).rejects.toThrow(/permission denied|must be owner/)
    await expect(as((inside) => purgePredictions(inside, { before: '9000-01-01T00:00Z' }))).rejects.toThrow()
    const inputs = (inside: Store) => inside.db.rows('SELECT inputs FROM viewcast.prediction_input LIMIT 1')
    expect(await as(inputs)).toHaveLength(1)
    await grantAccess(engine.db, role, 'append', { inputs: false })
    expect((await listAccess(engine.db)).find((a) => a.role === role)).toEqual({
      role,
      access: 'append',
      inputs: false,
    })
    for (const at of ['2031-07-02T00:00Z', '2031-08-02T00:00Z'])
      await as((inside) => logPredicted(inside, model, record, { at, keys: [{ customer: 1 }], log: { inputs: 'all' } }))
    for (const table of ['prediction_input', 'prediction_input_2031_07', 'prediction_input_2031_08'])
      await expect(
        as(({ db }) => db.rows(`SELECT inputs FROM viewcast.${table}`)),
        table,
      ).rejects.toThrow('permission denied')
    // What is granted again for later tables leaves it out, too.
    await engine.db.execute('SELECT viewcast.apply_access()')
    await expect(as(inputs)).rejects.toThrow('permission denied')
    await grantAccess(engine.db, role, 'append')
    expect(await as(inputs)).toHaveLength(1)
    await store.db.execute("DELETE FROM viewcast.prediction WHERE as_of > '2031-07-01Z'")
    expect(await count()).toBe(200)
  })
  test('takes what a server answers behind its back, and again when it could not be written', async () => {
    const { shape } = await loggedPrediction(store.db, model, record)
    const log = await openPredictionLog(store, { model: 'replies', version: 1, shape })
    const errors: unknown[] = []
    const buffer = predictionBuffer(store, log, { rows: 10, milliseconds: 5, most: 25, onError: (e) => errors.push(e) })
    const add = (n: number) =>
      buffer.add({ key: { customer: n }, asOf: at, outputs: { probability: n / 100 }, requestId: `r${n}` })
    for (let n = 0; n < 5; n++) expect(add(n)).toBe(true)
    await buffer.flush()
    expect([await count(), buffer.waiting()]).toEqual([5, 0])
    await store.db.execute('ALTER TABLE viewcast.prediction RENAME COLUMN outputs TO elsewhere')
    for (let n = 5; n < 35; n++) add(n)
    await expect(buffer.flush()).rejects.toThrow('outputs')
    expect([buffer.waiting(), buffer.refused()]).toEqual([25, 5])
    await store.db.execute('ALTER TABLE viewcast.prediction RENAME COLUMN elsewhere TO outputs')
    await buffer.close()
    expect([await count(), buffer.waiting()]).toEqual([30, 0])
    expect(add(99)).toBe(false)
    await buffer.close()
    expect(await count()).toBe(30)
  })

  test('of a server takes each of its predictions once, whoever has it written at the same time, and tries again by itself', async () => {
    const { shape } = await loggedPrediction(store.db, model, record)
    const log = await openPredictionLog(store, { model: 'replies', version: 1, shape, deployment: 'scoring.replies' })
    const errors: unknown[] = []
    const buffer = predictionBuffer(store, log, { rows: 10, milliseconds: 1, onError: (e) => errors.push(e) })
    const add = (n: number) =>
      buffer.add({ key: { customer: n }, asOf: at, outputs: { probability: n / 100 }, requestId: `r${n}` })
    for (let n = 0; n < 5; n++) add(n)
    const [first, second] = [buffer.flush(), buffer.flush()]
    await first
    add(5)
    await second
    await vi.waitFor(async () => expect(await count()).toBe(6), { timeout: 30_000 })
    await store.db.execute('ALTER TABLE viewcast.prediction RENAME COLUMN outputs TO elsewhere')
    add(6)
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), { timeout: 30_000 })
    await store.db.execute('ALTER TABLE viewcast.prediction RENAME COLUMN elsewhere TO outputs')
    await vi.waitFor(async () => expect(await count()).toBe(7), { timeout: 30_000 })
    await buffer.close()
    expect(await held('SELECT DISTINCT deployment FROM viewcast.predictions')).toEqual([
      { deployment: 'scoring.replies' },
    ])
    // A job says of which deployment its predictions are, too.
    await logPredicted(store, model, record, { at: '2024-03-06T00:00:00Z', log: { deployment: 'scoring.other' } })
    expect(
      await held("SELECT DISTINCT deployment FROM viewcast.predictions WHERE as_of > '2024-03-05 12:00Z'"),
    ).toEqual([{ deployment: 'scoring.other' }])
  })
})
