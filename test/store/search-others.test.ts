import {
  ensureAsset,
  ensureExperiment,
  logBatch,
  openStore,
  registerArtifact,
  type Store,
  searchExperiments,
  searchModels,
  searchModelVersions,
  startRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

describeEachEngine('searching experiments and models', (engine) => {
  let store: Store

  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'ann' })
    const { db } = store
    for (const [i, name] of ['delays', 'Delays 2', 'basket'].entries()) {
      const id = await ensureExperiment(store, name)
      for (let n = 0; n < i; n++) await startRun(store, { experiment: name })
      await db.query(
        `UPDATE viewcast.context SET created_at = timestamptz '2026-11-01Z' + make_interval(days => $2), tags = $3 WHERE id = $1`,
        [id, i, JSON.stringify(i === 1 ? {} : { team: i === 0 ? 'ops' : 'shop', "it's": 'x' })],
      )
    }
    for (const [i, name] of ['delay15', 'basket', 'Delay30'].entries()) {
      const asset = await ensureAsset(store, { kind: 'model', name })
      await db.query('UPDATE viewcast.asset SET props = $2 WHERE id = $1', [
        asset,
        JSON.stringify(i === 0 ? { tags: { stage: 'live' } } : {}),
      ])
      for (let version = 1; version <= i + 1; version++) {
        const artifact = await registerArtifact(store, asset, { uri: `file:///models/${name}/${version}` })
        const run = await startRun(store, { name: `${name} ${version}`, params: { lambda: version / 10 } })
        await logBatch(store, run.id, { metrics: [{ name: 'test.auc', value: 0.5 + version / 10 }] })
        await db.query(
          `INSERT INTO viewcast.model_version (artifact_id, record, signature, metrics, execution_id) VALUES ($1, '', '{}', '{}', $2)`,
          [artifact.id, run.id],
        )
        if (version === 2) {
          await db.query('INSERT INTO viewcast.alias (asset_id, alias, artifact_id) VALUES ($1, $2, $3)', [
            asset,
            'production',
            artifact.id,
          ])
          await db.query(`UPDATE viewcast.artifact SET tags = '{"approved": "yes"}' WHERE id = $1`, [artifact.id])
        }
      }
    }
    // Another project's, and what is no model.
    await ensureAsset({ ...store, project: 'other' }, { kind: 'model', name: 'delay15' })
    await ensureAsset(store, { kind: 'dataset', name: 'delay15' })
  })

  const experiments = async (filter: string, orderBy: string[] = ['name'], words?: 'mlflow'): Promise<string> =>
    (await searchExperiments(store, { filter, orderBy, ...(words ? { words } : {}) })).items
      .map((x) => x.name)
      .join(', ')

  test('finds experiments by name, tags, times and runs', async () => {
    expect(await experiments('', [])).toBe('basket, Delays 2, delays')
    expect(await experiments("name LIKE 'delay%'")).toBe('delays')
    expect(await experiments("name ILIKE 'delay%'")).toBe('Delays 2, delays')
    expect(await experiments("tags.team = 'ops' or tags.`it's` = 'x' and runs = 2")).toBe('basket, delays')
    expect(await experiments('tags.team is null')).toBe('Delays 2')
    expect(await experiments("created >= '2026-11-02'", ['runs DESC'])).toBe('basket, Delays 2')
    expect(await experiments('last_run is null')).toBe('delays')
    expect(await experiments(`creation_time < ${Date.UTC(2026, 10, 3)}`, ['creation_time DESC'], 'mlflow')).toBe(
      'Delays 2, delays',
    )
    expect(await experiments('', ['tags.team DESC', 'name'])).toBe('basket, delays, Delays 2')
    expect(await codesOf(() => experiments('metrics.x > 1 or state = 1'))).toEqual(['search/field', 'search/field'])
    expect(await codesOf(() => experiments('runs > 1', ['name'], 'mlflow'))).toEqual(['search/field'])
  })

  test('gives experiments with their runs', async () => {
    const { items } = await searchExperiments(store, { filter: "name = 'basket'" })
    expect(items).toMatchObject([
      {
        name: 'basket',
        lifecycle: 'active',
        tags: { team: 'shop' },
        runs: 2,
        running: 2,
        createdAt: '2026-11-03 00:00:00+00',
      },
    ])
    expect(typeof items[0]?.seq).toBe('number')
    expect(items[0]?.lastRunAt).toMatch(/^\d{4}-/)
  })

  test('pages experiments', async () => {
    const first = await searchExperiments(store, { orderBy: ['name'], limit: 2 })
    const second = await searchExperiments(store, {
      orderBy: ['name'],
      limit: 2,
      pageToken: first.nextPageToken as string,
    })
    expect([...first.items, ...second.items].map((x) => x.name)).toEqual(['Delays 2', 'basket', 'delays'])
    expect(second.nextPageToken).toBeUndefined()
    expect(await codesOf(() => searchModels(store, { pageToken: first.nextPageToken as string }))).toEqual([
      'search/page-token',
    ])
  })

  test('finds models of the project', async () => {
    const names = async (filter: string) => (await searchModels(store, { filter })).items.map((m) => m.name).join(' ')
    expect(await names('')).toBe('Delay30 basket delay15')
    expect(await names("name like 'delay%' and tags.stage = 'live'")).toBe('delay15')
    expect(await names('versions > 1 and not tags.stage is not null')).toBe('Delay30 basket')
    expect((await searchModels(store, { filter: "name = 'delay15'", words: 'mlflow' })).items).toMatchObject([
      { name: 'delay15', tags: { stage: 'live' }, versions: 1, description: null },
    ])
  })

  test('finds versions of models by what their runs measured', async () => {
    const versions = async (filter: string, orderBy: string[] = ['name', 'version']): Promise<string> =>
      (await searchModelVersions(store, { filter, orderBy })).items.map((v) => `${v.model}@${v.version}`).join(' ')
    expect(await versions("name = 'Delay30'", ['version DESC'])).toBe('Delay30@3 Delay30@2 Delay30@1')
    expect(await versions('metrics.test.auc >= 0.7')).toBe('Delay30@2 Delay30@3 basket@2')
    expect(await versions("params.lambda = 0.1 and name != 'basket'")).toBe('Delay30@1 delay15@1')
    expect(await versions("tags.approved = 'yes' and aliases like '%production%'")).toBe('Delay30@2 basket@2')
    expect(await versions("source_path ilike '%/DELAY15/%'")).toBe('delay15@1')
    const { items } = await searchModelVersions(store, { filter: 'version = 3', words: 'viewcast' })
    expect(items).toMatchObject([{ model: 'Delay30', version: 3, aliases: [], state: 'live', createdBy: 'ann' }])
    const run = items[0]?.runId ?? ''
    expect(await versions(`run_id = '${run.replaceAll('-', '')}'`)).toBe('Delay30@3')
    expect(await versions(`run = '${run}'`)).toBe('Delay30@3')
    expect(await versions('', ['metrics.test.auc DESC', 'name'])).toMatch(/^Delay30@3 Delay30@2 basket@2 /)
    const codes = codesOf(() => searchModelVersions(store, { filter: 'metrics.x > 1', words: 'mlflow' }))
    expect(await codes).toEqual(['search/field'])
  })
})
