import {
  deleteExperiment,
  deleteRun,
  deleteRunTag,
  endRun,
  ensureAsset,
  getRun,
  logBatch,
  logFile,
  logInput,
  metricHistory,
  openStore,
  recordEvent,
  registerArtifact,
  restoreRun,
  type Store,
  setRunTags,
  startRun,
  updateRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

const nobody = '01900000-0000-7000-8000-000000000000'

describeEachEngine('what is kept of a run', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  const start = (options: Parameters<typeof startRun>[1] = {}) => startRun(store, { capture: false, ...options })

  test('is read whole', async () => {
    const parent = await start({ experiment: 'whole', name: 'parent' })
    const run = await start({
      experiment: 'whole',
      parent: parent.id,
      job: 'nightly',
      key: 'whole',
      params: {
        lambda: 0.1,
        none: null,
        bad: Number.NaN,
        deep: { a: [Number.POSITIVE_INFINITY, 1n] },
        at: new Date(0),
      },
      tags: { team: 'ops' },
      note: '# Why',
      props: { a: 1 },
      user: 'someone',
      startedAt: 1_000_000_000_123,
      source: { uri: 'https://example.org/x.git', commit: 'abc', branch: 'main', dirty: true },
    })
    const asset = await ensureAsset(store, { kind: 'dataset', name: 'rows' })
    const { id: artifact } = await registerArtifact(store, asset, { digest: 'd' })
    await logInput(store, run.id, { artifact }, 'training')
    await recordEvent(store, run.id, artifact, 'out')
    await logFile(store, run.id, 'a.md', 'text')
    await logBatch(store, run.id, { metrics: [{ name: 'loss', value: 0.5, step: 3, at: 7 }] })
    expect(await getRun(store, run.id)).toMatchObject({
      id: run.id,
      kind: 'run',
      name: 'run',
      experiment: { name: 'whole' },
      parent: parent.id,
      job: 'nightly',
      key: 'whole',
      attempt: 1,
      state: 'running',
      startedAt: '2001-09-09 01:46:40.123+00',
      endedAt: null,
      seconds: null,
      worker: run.worker,
      user: 'someone',
      source: { uri: 'https://example.org/x.git', commit: 'abc', branch: 'main', dirty: true },
      environment: {},
      lifecycle: 'active',
      error: null,
      note: '# Why',
      props: { a: 1 },
      params: {
        lambda: '0.1',
        none: 'null',
        bad: 'NaN',
        deep: '{"a":["Infinity","1"]}',
        at: '1970-01-01T00:00:00.000Z',
      },
      tags: { team: 'ops' },
      metrics: [{ name: 'loss', value: 0.5, step: 3, at: 7, min: 0.5, max: 0.5, n: 1 }],
      files: [{ path: 'a.md', mediaType: 'text/markdown', size: 4 }],
      inputs: [{ id: artifact, kind: 'dataset', namespace: 'shop', name: 'rows', version: 1, role: 'training' }],
      outputs: [{ id: artifact, direction: 'out', role: '' }],
      children: [],
    })
    expect((await getRun(store, parent.id)).children).toEqual([
      { id: run.id, kind: 'run', name: 'run', state: 'running' },
    ])
  })

  test('notes by itself what it runs on', async () => {
    const { environment, source } = await getRun(store, (await startRun(store)).id)
    expect(environment).toMatchObject({
      node: process.version,
      platform: process.platform,
      engine: engine.name,
      viewcast: expect.stringMatching(/^\d+\.\d+\.\d+/),
      server: expect.stringMatching(/^\d+/),
      packages: { '@viewcast/compiler': expect.stringMatching(/^\d/), pg: expect.stringMatching(/^\d/) },
    })
    // These tests may run from an archive without its history.
    if (source.commit !== undefined) expect(source.commit).toMatch(/^[0-9a-f]{40,64}$/)
  })

  test('is renamed, noted and ended by whoever knows its id', async () => {
    const { id } = await start({ startedAt: 10_000 })
    await updateRun(store, id, { name: 'better', note: 'why' })
    expect(await getRun(store, id)).toMatchObject({ name: 'better', note: 'why', state: 'running', endedAt: null })
    await updateRun(store, id, { state: 'finished', endedAt: 12_500 })
    expect(await getRun(store, id)).toMatchObject({ name: 'better', note: 'why', state: 'finished', seconds: 2.5 })
    await updateRun(store, id, { note: null, state: 'failed' })
    expect(await getRun(store, id)).toMatchObject({ note: null, state: 'failed', seconds: 2.5 })
    await updateRun(store, id, { state: 'running' })
    expect(await getRun(store, id)).toMatchObject({ state: 'running', endedAt: null, leaseUntil: null })
    await updateRun(store, id, { state: 'killed', endedAt: 1 })
    expect(await getRun(store, id)).toMatchObject({ state: 'killed', seconds: 0 })
    for (const wrong of [nobody, 'no id', '']) {
      expect(await codesOf(() => updateRun(store, wrong, { name: 'x' }))).toEqual(['run/not-active'])
      expect(await codesOf(() => getRun(store, wrong))).toEqual(['run/not-active'])
      expect(await codesOf(() => deleteRun(store, wrong))).toEqual(['run/not-active'])
      expect(await codesOf(() => restoreRun(store, wrong))).toEqual(['run/not-active'])
      expect(await codesOf(() => start({ parent: wrong }))).toEqual(['run/not-active'])
    }
  })

  test('keeps the words of an error only when they are given as text', async () => {
    const errors = [
      new TypeError('value of a row'),
      'full: postgres://me:secret@host/db, password=secret',
      undefined,
    ] as const
    const kept = []
    for (const error of errors) {
      const run = await start()
      expect(await endRun(store, run, 'failed', error)).toBe(true)
      expect(await endRun(store, run, 'finished')).toBe(false)
      kept.push((await getRun(store, run.id)).error)
    }
    expect(kept).toEqual([{ message: 'TypeError' }, { message: 'full: postgres://me@host/db, password=…' }, null])
  })

  test('takes tags away, and says whether they were there', async () => {
    const { id } = await start({ tags: { a: '1', b: '2' } })
    await setRunTags(store, id, [
      ['a', 'x'],
      ['a', 'y'],
    ])
    expect(await deleteRunTag(store, id, 'b')).toBe(true)
    expect(await deleteRunTag(store, id, 'b')).toBe(false)
    expect((await getRun(store, id)).tags).toEqual({ a: 'y' })
  })

  test('is closed while it is deleted, with its parts, and comes back as it was', async () => {
    const run = await start({ tags: { a: '1' } })
    const part = await start({ parent: run.id })
    const gone = await start({ parent: run.id })
    await deleteRun(store, gone.id)
    await deleteRun(store, run.id)
    await deleteRun(store, run.id)
    expect((await getRun(store, part.id)).lifecycle).toBe('deleted')
    const writes = [
      () => logBatch(store, run.id, { tags: { a: '2' } }),
      () => logBatch(store, part.id, {}),
      () => deleteRunTag(store, run.id, 'a'),
      () => updateRun(store, run.id, { name: 'x' }),
      () => logFile(store, run.id, 'a', ''),
      () => logInput(store, run.id, { name: 'a', digest: 'b' }),
      () => start({ parent: run.id }),
    ]
    for (const write of writes) expect(await codesOf(write)).toEqual(['run/not-active'])
    await restoreRun(store, run.id)
    await restoreRun(store, run.id)
    expect(await getRun(store, run.id)).toMatchObject({ lifecycle: 'active', deletedAt: null, tags: { a: '1' } })
    expect((await getRun(store, part.id)).lifecycle).toBe('active')
    expect((await getRun(store, gone.id)).lifecycle).toBe('deleted')
  })

  test('comes back only with its experiment', async () => {
    const { id } = await start({ experiment: 'leaving' })
    await deleteExperiment(store, 'leaving')
    expect(await codesOf(() => restoreRun(store, id))).toEqual(['experiment/not-found'])
  })

  test('is too long, empty or no text: all of it is told, and nothing kept', async () => {
    const { id } = await start()
    const long = 'x'.repeat(251)
    const told = await diagnosticsOf(() =>
      logBatch(store, id, {
        params: [
          [long, 'a'],
          ['', 'b'],
          ['p', 'y'.repeat(6001)],
          ['nul', 'a\0'],
          ['two', 1],
          ['two', 2],
          ['same', 1],
          ['same', '1'],
        ],
        tags: { t: 'z'.repeat(8001), fine: 'z'.repeat(8000) },
        metrics: [
          { name: 'm', value: '1' as never },
          { name: 'half', value: 1, step: 0.5 },
          { name: 'never', value: 1, at: Number.NaN },
          { name: long, value: 1 },
          { name: long, value: 2 },
        ],
      }),
    )
    expect(told.map((d) => d.message)).toEqual([
      `param "${'x'.repeat(59)}…" cannot be kept: it has 251 characters, and 250 is the most`,
      'param "" cannot be kept: its name is empty',
      'param "p" cannot be kept: of its value, it has 6001 characters, and 6000 is the most',
      'param "nul" cannot be kept: of its value, it holds the character U+0000',
      `A param of a run does not change: param "two" of run ${id} has two values in one batch`,
      'tag "t" cannot be kept: of its value, it has 8001 characters, and 8000 is the most',
      `metric "${'x'.repeat(59)}…" cannot be kept: it has 251 characters, and 250 is the most`,
      'metric "m" cannot be kept: its value is no number',
      'metric "half" cannot be kept: step 0.5 is no whole number',
      'metric "never" cannot be kept: NaN is no time in milliseconds',
    ])
    expect(await getRun(store, id)).toMatchObject({ params: {}, tags: {}, metrics: [] })
    // Characters, as the server counts them.
    await logBatch(store, id, { params: { ['🙂'.repeat(250)]: '🙂'.repeat(6000) }, tags: { fine: '🙂'.repeat(8000) } })
  })

  test('has inputs of this store and of others', async () => {
    const { id } = await start()
    const other = { name: 'rows', digest: 'sha256:1', source: 's3://b/rows.parquet', props: { rows: 3 } }
    const first = await logInput(store, id, other, 'training')
    expect(await logInput(store, id, other, 'training')).toBe(first)
    expect(await logInput(store, id, { ...other, digest: 'sha256:2' }, 'test')).not.toBe(first)
    expect((await getRun(store, id)).inputs).toMatchObject([
      {
        name: 'rows',
        namespace: 'external:datasets',
        version: 1,
        role: 'training',
        uri: other.source,
        props: { rows: 3 },
      },
      { name: 'rows', namespace: 'external:datasets', version: 2, role: 'test', digest: 'sha256:2' },
    ])
    for (const wrong of [
      { artifact: nobody },
      { artifact: 'x' },
      { name: '', digest: 'x' },
      { name: 'x', digest: '' },
    ]) {
      expect(await codesOf(() => logInput(store, id, wrong))).toEqual(['run/value'])
    }
  })

  test('gives the points of a metric page by page, whatever is added meanwhile', async () => {
    const { id } = await start()
    const values = [Number.NaN, Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY]
    const points = [-1, 0, 2 ** 53 - 1].flatMap((step) => values.map((value) => ({ name: 'm', step, at: 5, value })))
    await logBatch(store, id, { metrics: points })
    const seen = []
    let page = await metricHistory(store, id, 'm', { limit: 4 })
    for (;;) {
      seen.push(...page.points)
      await logBatch(store, id, { metrics: [{ name: 'm', step: -1, at: 0, value: seen.length }] })
      if (!page.next) break
      page = await metricHistory(store, id, 'm', { limit: 4, after: page.next })
    }
    const order = [Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY, Number.NaN]
    expect(seen).toEqual([-1, 0, 2 ** 53 - 1].flatMap((step) => order.map((value) => ({ step, at: 5, value }))))
    expect(await metricHistory(store, id, 'other')).toEqual({ points: [], next: undefined })
    expect(await metricHistory(store, 'no id', 'm')).toEqual({ points: [], next: undefined })
    for (const limit of [0, 1.5, 100_001]) {
      expect(await codesOf(() => metricHistory(store, id, 'm', { limit }))).toEqual(['run/value'])
    }
  })
})
