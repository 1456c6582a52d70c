import {
  createExperiment,
  deleteExperiment,
  deleteRun,
  ensureExperiment,
  findExperiment,
  getExperiment,
  getRun,
  listExperiments,
  openStore,
  restoreExperiment,
  type Store,
  startRun,
  updateExperiment,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

describeEachEngine('an experiment', (engine) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
  })
  const start = (experiment: string) => startRun(store, { experiment, capture: false })

  test('is created once, and found by name, id and number', async () => {
    const made = await createExperiment(store, 'o\'hare "delays"', { description: '# Why', tags: { team: 'ops' } })
    expect(made).toMatchObject({ description: '# Why', tags: { team: 'ops' }, lifecycle: 'active', runs: 0 })
    expect(await codesOf(() => createExperiment(store, made.name))).toEqual(['experiment/exists'])
    expect(await getExperiment(store, made.name)).toEqual(made)
    expect(await getExperiment(store, { id: made.id.replaceAll('-', '') })).toEqual(made)
    expect(await getExperiment(store, { seq: made.seq })).toEqual(made)
    expect(await ensureExperiment(store, made.name)).toBe(made.id)
  })

  test('that is not there is told, by whatever it is named', async () => {
    for (const which of ['nobody', { id: 'no id' }, { id: '01900000-0000-7000-8000-000000000000' }, { seq: 1e18 }]) {
      expect(await codesOf(() => getExperiment(store, which))).toEqual(['experiment/not-found'])
      expect(await codesOf(() => deleteExperiment(store, which))).toEqual(['experiment/not-found'])
      expect(await codesOf(() => restoreExperiment(store, which))).toEqual(['experiment/not-found'])
    }
    expect(await codesOf(() => startRun(store, { experiment: { id: 'nobody' } }))).toEqual(['experiment/not-found'])
  })

  test('has a name', async () => {
    for (const name of ['', '  ', 'x'.repeat(501), 'a\0b']) {
      expect(await codesOf(() => createExperiment(store, name))).toEqual(['run/value'])
      expect(await codesOf(() => startRun(store, { experiment: name, capture: false }))).toEqual(['run/value'])
    }
    expect((await createExperiment(store, '🙂'.repeat(500))).name).toHaveLength(1000)
  })

  test('changes its name, description and tags, and nothing that is not named', async () => {
    const { id } = await createExperiment(store, 'before', { description: 'kept', tags: { a: '1', b: '2' } })
    await updateExperiment(store, 'before', { name: 'after', tags: { a: null, c: '3' } })
    expect(await getExperiment(store, 'after')).toMatchObject({ id, description: 'kept', tags: { b: '2', c: '3' } })
    await updateExperiment(store, { id }, { description: null })
    expect(await getExperiment(store, { id })).toMatchObject({ name: 'after', description: null })
    await createExperiment(store, 'taken')
    expect(await codesOf(() => updateExperiment(store, { id }, { name: 'taken' }))).toEqual(['experiment/exists'])
    const both = { ['x'.repeat(251)]: 'a', long: 'y'.repeat(8001) }
    expect(await codesOf(() => updateExperiment(store, { id }, { tags: both }))).toEqual(['run/value', 'run/value'])
  })

  test('is deleted with its runs, and comes back with those and no others', async () => {
    const runs = [await start('short'), await start('short')]
    const [kept, gone] = runs as [(typeof runs)[0], (typeof runs)[0]]
    await deleteRun(store, gone.id)
    const { id } = await getExperiment(store, 'short')
    await deleteExperiment(store, 'short')
    await deleteExperiment(store, { id })
    expect(await findExperiment(store, 'short')).toBeUndefined()
    expect(await getExperiment(store, { id })).toMatchObject({ lifecycle: 'deleted', runs: 1 })
    expect((await getRun(store, kept.id)).lifecycle).toBe('deleted')
    expect(await codesOf(() => startRun(store, { experiment: { id }, capture: false }))).toEqual([
      'experiment/not-found',
    ])
    expect(await codesOf(() => updateExperiment(store, { id }, { name: 'x' }))).toEqual(['experiment/not-found'])
    await restoreExperiment(store, 'short')
    await restoreExperiment(store, 'short')
    expect(await getExperiment(store, 'short')).toMatchObject({ id, runs: 1, deletedAt: null })
    expect((await getRun(store, kept.id)).lifecycle).toBe('active')
    expect((await getRun(store, gone.id)).lifecycle).toBe('deleted')
  })

  test('leaves its name to another when it is deleted, and then cannot have it back', async () => {
    const first = await createExperiment(store, 'again')
    await deleteExperiment(store, 'again')
    const second = await createExperiment(store, 'again')
    expect(await diagnosticsOf(() => restoreExperiment(store, { id: first.id }))).toMatchObject([
      { code: 'experiment/exists', message: 'There is an experiment named "again" already' },
    ])
    await deleteExperiment(store, 'again')
    await restoreExperiment(store, 'again')
    expect((await getExperiment(store, 'again')).id).toBe(second.id)
  })

  test('cannot come back while another run has the key of one of its runs', async () => {
    await startRun(store, { experiment: 'keyed', key: 'work', capture: false })
    await deleteExperiment(store, 'keyed')
    const other = await startRun(store, { experiment: 'other', key: 'work', capture: false })
    expect(await diagnosticsOf(() => restoreExperiment(store, 'keyed'))).toMatchObject([
      { code: 'run/key', message: `The key "work" is that of run ${other.id}, which is running` },
    ])
    expect(await findExperiment(store, 'keyed')).toBeUndefined()
    await deleteRun(store, other.id)
    await restoreExperiment(store, 'keyed')
    expect((await getExperiment(store, 'keyed')).runs).toBe(1)
  })

  test('is listed with its runs, the one used last first', async () => {
    await createExperiment(store, 'quiet')
    await start('busy')
    const last = await start('busy')
    await deleteExperiment(store, 'taken')
    const active = await listExperiments(store)
    expect(active[0]).toMatchObject({ name: 'busy', runs: 2, running: 2 })
    expect(active[0]?.lastRunAt).toBe((await getRun(store, last.id)).startedAt)
    expect(active.find((e) => e.name === 'quiet')).toMatchObject({ runs: 0, running: 0, lastRunAt: null })
    expect(active.some((e) => e.name === 'taken')).toBe(false)
    expect((await listExperiments(store, { lifecycle: 'deleted' })).map((e) => e.name)).toContain('taken')
    expect((await listExperiments(store, { lifecycle: 'all' })).length).toBeGreaterThan(active.length)
  })
})
