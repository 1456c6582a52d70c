import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  deleteRunFile,
  listFiles,
  logFile,
  mostFileBytes,
  openStore,
  readRunFile,
  type Store,
  startRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf, diagnosticsOf } from '../errors/codes-of.ts'

describeEachEngine('files of a run', (engine) => {
  let store: Store
  let run = ''
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    run = (await startRun(store, { capture: false })).id
  })
  const text = async (path: string) => new TextDecoder().decode((await readRunFile(store, run, path)).content)

  test('come back byte for byte, with their hash and media type', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 256)
    await logFile(store, run, 'plots/all bytes.bin', bytes.subarray(3))
    expect((await readRunFile(store, run, 'plots/all bytes.bin')).content).toEqual(bytes.subarray(3))
    await logFile(store, run, 'plots/ünï.SVG', '<svg>ü</svg>')
    expect(await readRunFile(store, run, 'plots/ünï.SVG')).toMatchObject({
      mediaType: 'image/svg+xml',
      size: 13,
      sha256: createHash('sha256').update('<svg>ü</svg>').digest('hex'),
    })
    expect(await text('plots/ünï.SVG')).toBe('<svg>ü</svg>')
    await logFile(store, run, 'empty', '', { mediaType: 'text/plain' })
    expect(await readRunFile(store, run, 'empty')).toMatchObject({ size: 0, mediaType: 'text/plain' })
  })

  test('are taken from this machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'viewcast-'))
    try {
      await writeFile(join(folder, 'a.json'), '{}')
      await logFile(store, run, 'config.json', { file: join(folder, 'a.json') })
      expect(await text('config.json')).toBe('{}')
      expect(await codesOf(() => logFile(store, run, 'config.json', { file: join(folder, 'no') }))).toEqual([
        'run/file',
      ])
      expect(await codesOf(() => logFile(store, run, 'config.json', { file: folder }))).toEqual(['run/file'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('are replaced by other content, and left alone by the same', async () => {
    const first = await logFile(store, run, 'r.md', 'one')
    expect(await logFile(store, run, 'r.md', 'one')).toEqual(first)
    await logFile(store, run, 'r.md', 'two')
    expect(await text('r.md')).toBe('two')
  })

  test('are listed by folder', async () => {
    await logFile(store, run, 'list/b', '')
    await logFile(store, run, 'list/a/c', '')
    await logFile(store, run, 'list_', '')
    const paths = async (folder: string) => (await listFiles(store, run, folder)).map((f) => f.path)
    expect(await paths('list')).toEqual(['list/a/c', 'list/b'])
    expect(await paths('list/a/')).toEqual(['list/a/c'])
    expect(await paths('%')).toEqual([])
    expect(await listFiles(store, 'no id')).toEqual([])
    expect(await deleteRunFile(store, run, 'list/b')).toBe(true)
    expect(await deleteRunFile(store, run, 'list/b')).toBe(false)
    expect(await codesOf(() => readRunFile(store, run, 'list/b'))).toEqual(['run/file'])
  })

  test('stay in the folder of the run', async () => {
    for (const path of ['', '/a', '../a', 'a/../b', 'a/..', './a', 'a//b', 'a/', 'a\\b', 'a\0', 'x'.repeat(1001)]) {
      expect(await codesOf(() => logFile(store, run, path, ''))).toEqual(['run/file'])
    }
    await logFile(store, run, '..a/b..c/...', '')
  })

  test('of any size may be elsewhere, but not here', async () => {
    const big = new Uint8Array(mostFileBytes + 1)
    expect(await diagnosticsOf(() => logFile(store, run, 'big', big))).toMatchObject([
      { code: 'run/file', message: expect.stringContaining('67108865 bytes') },
    ])
    await logFile(store, run, 'big', { uri: 's3://b/big', size: 1e12, sha256: 'ab' })
    expect((await listFiles(store, run)).find((f) => f.path === 'big')).toMatchObject({ size: 1e12, uri: 's3://b/big' })
    expect(await codesOf(() => readRunFile(store, run, 'big'))).toEqual(['run/file'])
  })

  test('that were tampered with are told', async () => {
    await logFile(store, run, 'evidence', 'one')
    await store.db.query(`UPDATE viewcast.run_file SET content = 'two' WHERE path = 'evidence'`)
    expect(await diagnosticsOf(() => readRunFile(store, run, 'evidence'))).toMatchObject([
      { message: expect.stringContaining('the hash differs') },
    ])
  })
})
