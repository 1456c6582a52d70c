import { logBatch, openStore, type SearchRunsOptions, type Store, searchRuns, startRun, updateRun } from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

interface Given {
  readonly name: string
  readonly experiment?: string
  readonly kind?: string
  readonly metrics?: Readonly<Record<string, readonly number[]>>
  readonly params?: Readonly<Record<string, unknown>>
  readonly tags?: Readonly<Record<string, string>>
}

/** Logs runs a second apart, the first one the oldest. */
async function given(store: Store, runs: readonly Given[]): Promise<readonly string[]> {
  const ids: string[] = []
  for (const [i, { metrics = {}, name, experiment, kind, params, tags }] of runs.entries()) {
    const run = await startRun(store, {
      name,
      ...(experiment === undefined ? {} : { experiment }),
      ...(kind === undefined ? {} : { kind }),
    })
    await logBatch(store, run.id, {
      ...(params ? { params } : {}),
      ...(tags ? { tags } : {}),
      metrics: Object.entries(metrics).flatMap(([key, values]) =>
        values.map((value, step) => ({ name: key, value, step, at: 1_700_000_000_000 + step })),
      ),
    })
    await store.db.query(
      `UPDATE viewcast.execution SET started_at = timestamptz '2026-11-01 00:00:00Z' + make_interval(secs => $2) WHERE id = $1`,
      [run.id, i],
    )
    ids.push(run.id)
  }
  return ids
}

describeEachEngine('searching runs', (engine) => {
  let store: Store
  const names = async (options: SearchRunsOptions = {}): Promise<string> =>
    (await searchRuns(store, options)).items.map((r) => r.name).join(' ')
  const found = (filter: string, more: SearchRunsOptions = {}): Promise<string> =>
    names({ filter, orderBy: ['started'], ...more })

  beforeAll(async () => {
    store = await openStore(await engine.open(), { project: 'shop', actor: 'ann' })
    await given(store, [
      {
        name: 'a',
        experiment: 'delays',
        metrics: { 'test.auc': [0.5, 0.7], loss: [3, 1, 2] },
        params: { depth: 3, model: 'tree' },
        tags: { team: 'ops', '50%_a\\b': 'x' },
      },
      {
        name: 'b',
        experiment: 'delays',
        metrics: { 'test.auc': [0.9], loss: [Number.NaN] },
        params: { depth: 10, model: 'Tree' },
      },
      {
        name: 'c',
        experiment: 'other',
        kind: 'train',
        metrics: { 'test.auc': [Number.NEGATIVE_INFINITY], loss: [Number.POSITIVE_INFINITY] },
        params: { depth: '1e1', model: 'linear' },
        tags: { team: 'Data' },
      },
      { name: 'd', params: { depth: 'deep', model: '' } },
      { name: '%_\\', experiment: 'delays', metrics: { loss: [-0] }, tags: { team: 'a_b' } },
    ])
  })

  test('compares what was logged; what a run does not have matches neither a comparison nor its NOT', async () => {
    expect(await found('')).toBe('a b c d %_\\')
    expect(await found('metrics.test.auc > 0.6')).toBe('a b')
    expect(await found('not metrics.test.auc > 0.6')).toBe('c')
    expect(await found('metrics.test.auc != 0.9')).toBe('a c')
    expect(await found('metrics.test.auc is null')).toBe('d %_\\')
    expect(await found('metrics.test.auc is not null and tags.team is null')).toBe('b')
    expect(await found('metrics.nobody_logged_this < 1 or not metrics.nobody_logged_this < 1')).toBe('')
    expect(await found('metrics.nobody_logged_this is null and name = "a"')).toBe('a')
    expect(await found('min(metrics.loss) = 1 and max(metrics.loss) = 3 and count(metrics.loss) = 3')).toBe('a')
    expect(await found('metrics.loss in (2, NaN, 7)')).toBe('a b')
    expect(await found('metrics.loss between 0 and 2')).toBe('a %_\\')
  })

  test('takes NaN for no number, and infinities for numbers', async () => {
    expect(await found('metrics.loss = NaN')).toBe('b')
    expect(await found('metrics.loss != NaN')).toBe('a c %_\\')
    expect(await found('metrics.loss > 0')).toBe('a c')
    expect(await found('metrics.loss >= -Infinity')).toBe('a c %_\\')
    expect(await found('metrics.loss < 1000')).toBe('a %_\\')
    expect(await found('not metrics.loss < 1000')).toBe('b c')
    expect(await found('metrics.loss = Infinity or metrics.test.auc = -inf')).toBe('c')
    // Nothing but NaN was logged, so there is no least.
    expect(await found('min(metrics.loss) is null and metrics.loss is not null')).toBe('b')
    expect(await codesOf(() => found('metrics.loss < NaN'))).toEqual(['search/value'])
  })

  test('compares a param as a number with a number, as a text with a text', async () => {
    expect(await found('params.depth = 10')).toBe('b c')
    expect(await found("params.depth = '10'")).toBe('b')
    expect(await found('params.depth > 3')).toBe('b c')
    expect(await found('not params.depth > 3')).toBe('a')
    expect(await found("params.depth >= 'd'")).toBe('d')
    expect(await found('params.depth in (3, 10)')).toBe('a b c')
    expect(await found("params.depth in ('3', 'deep')")).toBe('a d')
    expect(await found("params.model = ''")).toBe('d')
    const [problem] = await diagnosticsOf(() => found("params.depth > '3'"))
    expect(problem).toMatchObject({ code: 'search/value', hint: 'Write the number without quotes.' })
    expect(await codesOf(() => found("params.depth in (3, '3')"))).toEqual(['search/value'])
  })

  test('compares with patterns, letters by case or not, signs of patterns by backslash', async () => {
    expect(await found("params.model like 't%'")).toBe('a')
    expect(await found("params.model ilike 't%'")).toBe('a b')
    expect(await found("params.model not ilike 't%'")).toBe('c d')
    expect(await found("tags.team like '%\\_%'")).toBe('%_\\')
    expect(await found("name = '%_\\'")).toBe('%_\\')
    expect(await found("name like '\\%\\_\\\\'")).toBe('%_\\')
    expect(await found("tags.`50%_a\\b` = 'x'")).toBe('a')
    expect(await codesOf(() => found("name like 'a\\'"))).toEqual(['search/value'])
    expect(await codesOf(() => found("metrics.loss like '1%' or started like '2%'"))).toEqual([
      'search/value',
      'search/value',
    ])
  })

  test('binds every value', async () => {
    const nasty = `'; DROP TABLE viewcast.param; -- $1 \\ " \0`
    const quoted = nasty.replaceAll("'", "''")
    expect(await found(`params.model = '${quoted}' or tags.\`${nasty.replaceAll('`', '')}\` = '${quoted}'`)).toBe('')
    expect(await found(`not params.model = '${quoted}'`)).toBe('a b c d')
    expect(await found(`metrics.\`${nasty}\` is null`)).toBe('a b c d %_\\')
  })

  test('knows attributes of its own and those of MLflow', async () => {
    expect(await found("experiment = 'delays' and kind = 'run' and state = 'running'")).toBe('a b %_\\')
    expect(await found("kind = 'train'")).toBe('c')
    expect(await found("attributes.status = 'RUNNING' and run_name in ('a', 'd')")).toBe('a d')
    expect(await found("started > '2026-11-01T00:00:02Z'")).toBe('d %_\\')
    expect(await found("started >= '2026-11-01' and started < '2026-11-01T01:00:01+01:00'")).toBe('a')
    expect(await found(`start_time <= ${Date.UTC(2026, 10, 1, 0, 0, 1)}`)).toBe('a b')
    expect(await found("experiment is null and user = 'ann'")).toBe('d')
    const [run] = (await searchRuns(store, { filter: "name = 'c'" })).items
    const hex = run?.id.replaceAll('-', '') ?? ''
    expect(await found(`run_id = '${hex}'`)).toBe('c')
    expect(await found(`id = '${run?.id.toUpperCase()}'`)).toBe('c')
    expect(await found(`run_id in ('${hex}', 'no id at all')`)).toBe('c')
    expect(await found("run_id = 'no id at all'")).toBe('')
    expect(await found("run_id != 'no id at all'")).toBe('a b c d %_\\')
    expect(await found(`run_id like '${hex.slice(0, 30)}%' and name = 'c'`)).toBe('c')
    expect(await found("parent = 'no id' or not parent = 'no id'")).toBe('')
    expect(await names({ filter: "status = 'RUNNING'", words: 'mlflow', experiments: ['other'] })).toBe('c')
    const [problem] = await diagnosticsOf(() => names({ filter: "sttus = 'x'", words: 'mlflow' }))
    expect(problem).toMatchObject({
      code: 'search/field',
      hint: 'Did you mean "status"?',
      location: { line: 1, column: 1 },
    })
    expect(await codesOf(() => names({ filter: "state = 'finished'", words: 'mlflow' }))).toEqual(['search/field'])
  })

  test('tells all mistakes at once, each with its place', async () => {
    const mistakes = await diagnosticsOf(() =>
      searchRuns(store, {
        filter:
          "metrics.loss = 'low' and state = 3 or started > 'soon' and dirty = 'maybe' and nothing = 1 and id > 'a'",
        orderBy: ['nobody', 'metrics.loss'],
      }),
    )
    expect(mistakes.map((d) => [d.code, d.location?.file, d.location?.column])).toEqual([
      ['search/value', 'filter', 16],
      ['search/value', 'filter', 34],
      ['search/value', 'filter', 49],
      ['search/value', 'filter', 68],
      ['search/field', 'filter', 80],
      ['search/field', 'order', 1],
    ])
    expect(await codesOf(() => found('metrics.loss <'))).toEqual(['search/filter'])
    expect(await codesOf(() => names({ orderBy: ['loss sideways'] }))).toEqual(['search/order'])
    expect(await codesOf(() => names({ limit: 0 }))).toEqual(['search/limit'])
    expect(await codesOf(() => names({ limit: 50_001 }))).toEqual(['search/limit'])
    expect(await codesOf(() => names({ limit: 1.5 }))).toEqual(['search/limit'])
  })

  test('sorts, with NaN and then what is missing last in either direction', async () => {
    expect(await names()).toBe('%_\\ d c b a')
    expect(await names({ orderBy: ['metrics.loss'] })).toBe('%_\\ a c b d')
    expect(await names({ orderBy: ['metrics.loss DESC'] })).toBe('c a %_\\ b d')
    expect(await names({ orderBy: ['params.depth'] })).toBe('a b c d %_\\')
    expect(await names({ orderBy: ['params.depth desc', 'name'] })).toBe('b c a d %_\\')
    expect(await names({ orderBy: ['params.model'] })).toBe('d b c a %_\\')
    expect(await names({ orderBy: ['experiment DESC', 'name DESC'] })).toBe('c b a %_\\ d')
  })

  test('returns what was logged, with the least, the greatest and how many', async () => {
    const { items, nextPageToken } = await searchRuns(store, { filter: "name = 'a'" })
    expect(nextPageToken).toBeUndefined()
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({
      name: 'a',
      kind: 'run',
      state: 'running',
      experiment: 'delays',
      user: 'ann',
      startedAt: '2026-11-01 00:00:00+00',
      endedAt: null,
      metrics: {
        loss: { value: 2, step: 2, at: 1_700_000_000_002, min: 1, max: 3, n: 3 },
        'test.auc': { value: 0.7, step: 1, min: 0.5, max: 0.7, n: 2 },
      },
      params: { depth: '3', model: 'tree' },
      tags: { team: 'ops' },
    })
    const [b] = (await searchRuns(store, { filter: "name = 'b'" })).items
    expect(b?.metrics['loss']).toMatchObject({ value: Number.NaN, min: null, max: null, n: 1 })
  })

  test('asks within experiments and by lifecycle', async () => {
    expect(await names({ experiments: ['delays'] })).toBe('%_\\ b a')
    expect(await names({ experiments: ['delays', 'other'], filter: "name in ('c', 'd')" })).toBe('c')
    expect(await names({ experiments: [] })).toBe('')
    const [c] = (await searchRuns(store, { experiments: ['other'] })).items
    expect(await names({ experimentIds: [c?.experimentId ?? ''] })).toBe('c')
    await store.db.query(`UPDATE viewcast.execution SET lifecycle = 'deleted' WHERE id = $1`, [c?.id])
    expect(await names()).toBe('%_\\ d b a')
    expect(await names({ lifecycle: 'deleted' })).toBe('c')
    expect(await names({ lifecycle: 'all' })).toBe('%_\\ d c b a')
    await store.db.query(`UPDATE viewcast.execution SET lifecycle = 'active' WHERE id = $1`, [c?.id])
  })

  test('finds runs by the datasets they read', async () => {
    const { ensureAsset, recordEvent, registerArtifact } = await import('@viewcast/sdk')
    const [a] = (await searchRuns(store, { filter: "name = 'a'" })).items
    for (const [name, role] of [
      ['flights', 'training'],
      ['weather', 'validation'],
    ] as const) {
      const asset = await ensureAsset(store, { kind: 'dataset', name })
      const { id } = await registerArtifact(store, asset, { digest: `of ${name}` })
      await recordEvent(store, a?.id ?? '', id, 'in', role)
    }
    expect(await found("datasets.name = 'flights' and dataset.context = 'validation'")).toBe('a')
    expect(await found("datasets.digest like 'of %' and datasets.version = 1")).toBe('a')
    expect(await found("datasets.name != 'flights'")).toBe('a')
    expect(await found("not datasets.name = 'flights'")).toBe('b c d %_\\')
    expect(await found('datasets.name is null')).toBe('b c d %_\\')
    expect(await codesOf(() => names({ orderBy: ['datasets.name'] }))).toEqual(['search/order'])
  })

  test('measures how long runs took', async () => {
    const [run] = (await searchRuns(store, { filter: "name = 'b'" })).items
    await updateRun(store, run?.id ?? '', { state: 'finished' })
    await store.db.query(`UPDATE viewcast.execution SET ended_at = started_at + interval '90.5 s' WHERE id = $1`, [
      run?.id,
    ])
    expect(await found('seconds > 90 and seconds <= 90.5')).toBe('b')
    expect(await found("status = 'FINISHED' and ended > '2026-11-01'")).toBe('b')
    expect(await names({ orderBy: ['seconds', 'name'] })).toBe('b %_\\ a c d')
  })
})

describeEachEngine('pages of runs', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(await engine.open(), { project: 'shop', actor: 'ann' })
    const values = [1, 2, 2, Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0.1 + 0.2, 5e-324]
    await given(
      store,
      Array.from({ length: 40 }, (_, i) => ({
        name: `run ${i % 7}`,
        ...(i % 3 === 0 ? {} : { experiment: `x${i % 2}` }),
        metrics: i % 11 === 10 ? {} : { m: [values[i % values.length] as number] },
        params: i % 5 === 0 ? {} : { p: ['1', '10', '9', 'ten', '', 'Ä', '1.0'][i % 7] },
      })),
    )
    // Ties, to the microsecond.
    await store.db.query(
      `UPDATE viewcast.execution SET started_at = timestamptz '2026-11-01 00:00:00.123456Z' WHERE name IN ('run 1', 'run 2')`,
    )
  })

  const paged = async (options: SearchRunsOptions): Promise<readonly string[]> => {
    const ids: string[] = []
    for (let token: string | undefined; ; ) {
      const page = await searchRuns(store, { ...options, ...(token === undefined ? {} : { pageToken: token }) })
      ids.push(...page.items.map((r) => r.id))
      if (page.nextPageToken === undefined) return ids
      expect(page.items).toHaveLength(options.limit ?? 0)
      token = page.nextPageToken
    }
  }

  describe.each([
    [[]],
    [['started']],
    [['metrics.m']],
    [['metrics.m DESC']],
    [['params.p']],
    [['params.p DESC', 'metrics.m']],
    [['name DESC', 'metrics.m', 'started DESC']],
    [['experiment', 'run_id desc']],
    [['experiment DESC']],
    [['ended', 'dirty DESC']],
    [['start_time', 'min(metrics.m) DESC']],
    [['metrics.m', 'metrics.m DESC']],
  ])('by %j', (orderBy) => {
    test.each([1, 7, 39])('of %i are the whole, cut', async (limit) => {
      const whole = (await searchRuns(store, { orderBy, limit: 1000 })).items.map((r) => r.id)
      expect(new Set(whole).size).toBe(40)
      expect(await paged({ orderBy, limit })).toEqual(whole)
    })
  })

  test('stay as they are when runs are added meanwhile', async () => {
    const before = (await searchRuns(store, { limit: 1000 })).items.map((r) => r.id)
    const first = await searchRuns(store, { limit: 10 })
    const [added] = await given(store, [{ name: 'new' }])
    await store.db.query('UPDATE viewcast.execution SET started_at = clock_timestamp() WHERE id = $1', [added])
    const second = await searchRuns(store, { limit: 1000, pageToken: first.nextPageToken as string })
    expect([...first.items, ...second.items].map((r) => r.id)).toEqual(before)
    await store.db.query(`UPDATE viewcast.execution SET lifecycle = 'deleted' WHERE id = $1`, [added])
  })

  test('belong to their query', async () => {
    const query: SearchRunsOptions = { filter: 'metrics.m >= 0', orderBy: ['metrics.m'], limit: 3 }
    const { nextPageToken: pageToken = '' } = await searchRuns(store, query)
    expect(pageToken).toMatch(/^[\w-]+$/)
    const others: SearchRunsOptions[] = [
      { ...query, filter: 'metrics.m >= 1' },
      { ...query, orderBy: ['metrics.m DESC'] },
      { ...query, experiments: ['x1'] },
      { ...query, lifecycle: 'all' },
      { ...query, words: 'mlflow' },
    ]
    for (const other of others) {
      expect(await codesOf(() => searchRuns(store, { ...other, pageToken }))).toEqual(['search/page-token'])
    }
    const parts = JSON.parse(Buffer.from(pageToken, 'base64url').toString())
    const forged = [...parts.slice(0, 3), "1' OR true", ...parts.slice(4)]
    const bad = [
      '',
      'x',
      '!!',
      Buffer.from('{}').toString('base64url'),
      Buffer.from(JSON.stringify(forged)).toString('base64url'),
    ]
    for (const token of bad) {
      expect(await codesOf(() => searchRuns(store, { ...query, pageToken: token }))).toEqual(['search/page-token'])
    }
    // The length of a page is not the query's.
    expect((await searchRuns(store, { ...query, limit: 5, pageToken })).items).toHaveLength(5)
  })
})
