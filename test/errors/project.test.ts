/** Names and records: what is not there, is damaged, or is something else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectProject, loadRecord, project, resolveDefinition, saveRecord } from '@viewcast/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linearRecord } from '../compiler/records.ts'
import { codesOf, diagnosticsOf } from './codes-of.ts'

const p = project<{ users: { user_id: number; country: string } }>('shop')
const user = p.entity('user', { user_id: 'int4' })
const profile = p
  .featureView('profile', { entity: user })
  .query(({ db }) => db.selectFrom('users').select(['user_id', 'country']))

const collect = (exports: Record<string, unknown>) => collectProject(exports, { directory: '.', file: 'project.ts' })

describe('names', () => {
  it('project/unknown-name proposes the nearest', async () => {
    const [first] = await diagnosticsOf(() => resolveDefinition(collect({ profile }), 'profil'))
    expect(first).toMatchObject({ code: 'project/unknown-name', hint: 'Did you mean "profile"?' })
  })

  it('project/wrong-kind says what it is and what was needed', async () => {
    const [first] = await diagnosticsOf(() => resolveDefinition(collect({ profile }), 'profile', 'model'))
    expect(first?.code).toBe('project/wrong-kind')
    expect(first?.message).toBe('"profile" is a feature view; this needs a model')
  })

  it('project/duplicate-name refuses two definitions, not one met twice', async () => {
    const other = p.target('profile', { entity: user }).existing('labels')
    expect(await codesOf(() => collect({ profile, other }))).toEqual(['project/duplicate-name'])
    expect(collect({ profile, again: profile }).definitions.size).toBe(2)
  })
})

describe('model records', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'viewcast-records-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('model/not-trained: there is none, or not of that version', async () => {
    expect(await codesOf(() => loadRecord(directory, 'buys'))).toEqual(['model/not-trained'])
    await saveRecord(directory, linearRecord('kept', ['age']))
    expect(await codesOf(() => loadRecord(directory, 'kept', 7))).toEqual(['model/not-trained'])
  })

  it('model/record: the file is not JSON, or not a record; every fault is named', async () => {
    const path = await saveRecord(directory, linearRecord('damaged', ['age']))
    await writeFile(path, '{"format":')
    expect(await codesOf(() => loadRecord(directory, 'damaged'))).toEqual(['model/record'])
    await writeFile(path, JSON.stringify({ ...linearRecord('damaged', ['age']), version: 'one', label: 3 }))
    const found = await diagnosticsOf(() => loadRecord(directory, 'damaged'))
    expect(found.map((d) => d.code)).toEqual(['model/record', 'model/record'])
    expect(found.map((d) => d.message).join()).toMatch(/version.*label/s)
  })
})
