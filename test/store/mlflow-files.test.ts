import { logFile, openStore, type Store, startRun } from '@viewcast/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { serveForTest, type TestServer } from './mlflow-server.ts'

describeEachEngine('files of MLflow clients', (engine) => {
  let store: Store
  let server: TestServer & { failures: unknown[] }
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    server = await serveForTest(store, { bodyLimit: 5_000_000 })
  })
  afterAll(async () => {
    await server.close()
    expect(server.failures).toEqual([])
  })
  const start = async (): Promise<string> => (await server.post('runs/create')).body.run.info.run_id
  const at = (path: string) => `${server.url}/api/2.0/mlflow-artifacts/artifacts${path}`
  const put = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'text/plain') =>
    fetch(at(path), { method: 'PUT', body, headers: { 'Content-Type': type } })
  const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31) % 256)

  test('come back as they were sent, byte by byte', async () => {
    const run = await start()
    const content = bytes(3_000_000)
    expect((await put(`/0/${run}/artifacts/model/weights é.bin`, content, 'application/octet-stream')).status).toBe(200)
    const response = await fetch(at(`/0/${run}/artifacts/model/${encodeURIComponent('weights é.bin')}`))
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    })
    const [row] = await store.db.rows(
      `SELECT path, size, sha256 = encode(sha256(content), 'hex') AS same FROM viewcast.run_file
       WHERE replace(execution_id::text, '-', '') = $1`,
      [run],
    )
    expect(row).toEqual({ path: 'model/weights é.bin', size: '3000000', same: true })
  })

  test('are listed by folder, from the root for a run and by name for the proxy', async () => {
    const run = await start()
    for (const path of ['a.txt', 'model/MLmodel', 'model/data/x.csv', 'models.txt']) {
      await put(`/0/${run}/artifacts/${path}`, path)
    }
    await put(`/0/${run}/artifacts/empty`, '')
    const list = async (path?: string) =>
      (await server.get('artifacts/list', { run_id: run, ...(path === undefined ? {} : { path }) })).body
    expect(await list()).toEqual({
      root_uri: `mlflow-artifacts:/0/${run}/artifacts`,
      files: [
        { path: 'a.txt', is_dir: false, file_size: 5 },
        { path: 'empty', is_dir: false, file_size: 0 },
        { path: 'model', is_dir: true },
        { path: 'models.txt', is_dir: false, file_size: 10 },
      ],
    })
    expect((await list('model')).files).toEqual([
      { path: 'model/MLmodel', is_dir: false, file_size: 13 },
      { path: 'model/data', is_dir: true },
    ])
    expect((await list('a.txt')).files).toEqual([])
    const proxied = await fetch(`${at('')}?path=0/${run}/artifacts/model`)
    expect(await proxied.json()).toEqual({
      files: [
        { path: 'MLmodel', is_dir: false, file_size: 13 },
        { path: 'data', is_dir: true },
      ],
    })
  })

  test('are replaced and deleted, folders with what is in them', async () => {
    const run = await start()
    const root = `/0/${run}/artifacts`
    await put(`${root}/a`, 'one')
    await put(`${root}/a`, 'two')
    expect(await (await fetch(at(`${root}/a`))).text()).toBe('two')
    expect((await put(`${root}/a/b`, 'x')).status).toBe(400)
    await put(`${root}/d/e`, 'x')
    await put(`${root}/dd`, 'x')
    expect((await fetch(at(`${root}/d`), { method: 'DELETE' })).status).toBe(200)
    const { files } = (await server.get('artifacts/list', { run_id: run })).body
    expect(files.map((f: { path: string }) => f.path)).toEqual(['a', 'dd'])
    expect((await fetch(at(`${root}/d/e`))).status).toBe(404)
  })

  test('stay below their run', async () => {
    const run = await start()
    for (const path of [
      `/0/${run}/artifacts/..%2F..%2Fx`,
      `/0/${run}/artifacts/a%2F%2Fb`,
      `/0/${run}/artifacts/a%5Cb`,
      `/0/${run}/artifacts/a%00b`,
      `/0/${run}/artifacts/`,
      `/0/${run}/x`,
      '/etc/passwd',
      '/viewcast/versions/x',
    ]) {
      expect([path, (await put(path, 'x')).status]).toEqual([path, 400])
    }
    expect((await put(`/0/${'0'.repeat(32)}/artifacts/a`, 'x')).status).toBe(404)
    expect((await server.get('artifacts/list', { run_id: run, path: '../x' })).body.message).toBe('Invalid path')
    await server.post('runs/delete', { run_id: run })
    expect((await put(`/0/${run}/artifacts/a`, 'x')).status).toBe(400)
    expect((await server.get('artifacts/list', { run_id: run })).body.files).toEqual([])
  })

  test('have a media type that can be a header, whatever was said of them', async () => {
    const run = await startRun(store, { capture: false })
    await logFile(store, run.id, 'x', 'text', { mediaType: 'text/plain\r\nSet-Cookie: a=b' })
    const response = await fetch(at(`/0/${run.id.replaceAll('-', '')}/artifacts/x`))
    expect([response.status, response.headers.get('content-type'), response.headers.get('set-cookie')]).toEqual([
      200,
      'application/octet-stream',
      null,
    ])
    expect(await response.text()).toBe('text')
  })

  test('have a limit, told before they are read', async () => {
    const run = await start()
    const response = await put(`/0/${run}/artifacts/big`, bytes(5_000_001))
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 413,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'The body of a request may have 5000000 bytes.' },
    })
  })
})
