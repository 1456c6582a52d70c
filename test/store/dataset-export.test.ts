import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Database,
  datasetVersion,
  exportDataset,
  openStore,
  registerDataset,
  type Store,
  snapshotDataset,
} from '@viewcast/sdk'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { codesOf } from '../errors/codes-of.ts'

const rows = `
  SELECT 1 AS id, 9007199254740993::int8 AS large, 12345678901234567890.123456789::numeric AS price, 0.1::float8 AS x, 0.5::float4 AS y,
    true AS flag, 'a,"b"
c' AS word, timestamptz '2001-02-03 04:05:06.789012Z' AS at, timestamp '1969-12-31 23:59:59.999999' AS local, date '1969-12-31' AS day,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS key, '\\x00ff'::bytea AS raw, '{"a": 1}'::jsonb AS doc, ARRAY[1, NULL] AS list,
    'NaN'::numeric AS odd, 'infinity'::date AS never
  UNION ALL
  SELECT 2, -9223372036854775808, -0.5, 'NaN', '-Infinity', false, '', '0044-03-15 12:00:00Z BC', '2001-01-01', '9999-12-31',
    '00000000-0000-0000-0000-000000000000', '', '[]', '{}', 1.5, '2001-01-01'
  UNION ALL SELECT 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`

describeEachEngine('a dataset as a file', (engine) => {
  let db: Database
  let store: Store
  const folder = mkdtempSync(join(tmpdir(), 'viewcast-export-'))
  const file = (name: string) => join(folder, name)
  const md5 = (path: string) => createHash('md5').update(readFileSync(path)).digest('hex')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  beforeAll(async () => {
    db = engine.db
    await db.execute(`CREATE TABLE thing AS ${rows}`)
    store = await openStore(db, { project: 'p', actor: 'me' })
    await registerDataset(store, { name: 'things', query: 'SELECT * FROM thing ORDER BY id' })
  })

  test('is Parquet with types of its own, exact to the last digit', async () => {
    const path = file('things.parquet')
    const exported = await exportDataset(store, 'things', 1, path, { dvc: true })
    expect(exported).toMatchObject({
      path,
      format: 'parquet',
      version: 1,
      rows: 3,
      md5: md5(path),
      pointer: `${path}.dvc`,
    })
    const buffer = await asyncBufferFromFile(path)
    const { children } = parquetSchema(await parquetMetadataAsync(buffer))
    const types = Object.fromEntries(
      children.map(({ element: e }) => [e.name, e.logical_type?.type ?? e.converted_type ?? e.type]),
    )
    expect(types).toEqual({
      id: 'INT32',
      large: 'INT64',
      price: 'DECIMAL',
      x: 'DOUBLE',
      y: 'FLOAT',
      flag: 'BOOLEAN',
      word: 'UTF8',
      at: 'TIMESTAMP',
      local: 'TIMESTAMP',
      day: 'DATE',
      key: 'UUID',
      raw: 'BYTE_ARRAY',
      doc: 'UTF8',
      list: 'UTF8',
      odd: 'UTF8',
      never: 'UTF8',
    })
    const price = children.find((c) => c.element.name === 'price')?.element
    expect([price?.precision, price?.scale]).toEqual([29, 9])
    const parsers = {
      timestampFromMicroseconds: (micros: bigint) => micros,
      dateFromDays: (days: number) => days,
      stringFromBytes: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    }
    const read = await parquetReadObjects({ file: buffer, parsers: parsers as never, utf8: false })
    expect(read[0]).toMatchObject({
      id: 1,
      large: 9007199254740993n,
      x: 0.1,
      y: 0.5,
      flag: true,
      word: 'a,"b"\nc',
      at: 981173106789012n,
      local: -1n,
      day: -1,
      key: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      doc: '{"a": 1}',
      list: '{1,NULL}',
      odd: 'NaN',
      never: 'infinity',
    })
    expect([...((read[0]?.['raw'] ?? []) as Uint8Array)]).toEqual([0, 255])
    expect(read[1]).toMatchObject({
      large: -9223372036854775808n,
      x: Number.NaN,
      y: Number.NEGATIVE_INFINITY,
      word: '',
      odd: '1.5',
    })
    expect(Object.values(read[2] ?? {}).filter((v) => v !== null && v !== undefined)).toEqual([3])
    // The unscaled decimal, byte for byte: its reader makes a float of it.
    expect(
      readFileSync(path).includes(Buffer.from(12345678901234567890123456789n.toString(16).padStart(32, '0'), 'hex')),
    ).toBe(true)
  })

  test('has a pointer that DVC reads', () => {
    const path = file('things.parquet')
    expect(readFileSync(`${path}.dvc`, 'utf8')).toBe(
      `outs:\n- md5: ${md5(path)}\n  size: ${readFileSync(path).length}\n  hash: md5\n  path: things.parquet\n`,
    )
  })

  test('is CSV in which NULL is not the empty text', async () => {
    const path = file('things.csv')
    await registerDataset(store, { name: 'words', query: 'SELECT id, word, at, x, flag FROM thing ORDER BY id' })
    await exportDataset(store, 'words', undefined, path)
    expect(readFileSync(path, 'utf8')).toBe(
      'id,word,at,x,flag\r\n1,"a,""b""\nc",2001-02-03 04:05:06.789012+00,0.1,true\r\n2,"",0044-03-15 12:00:00+00 BC,NaN,false\r\n3,,,,\r\n',
    )
  })

  test('is the rows of the version or nothing', async () => {
    await registerDataset(store, { name: 'kept', query: 'SELECT id FROM thing' })
    await snapshotDataset(store, { name: 'safe', query: 'SELECT id FROM thing' })
    await db.execute('INSERT INTO thing (id) VALUES (4)')
    expect(await codesOf(() => exportDataset(store, 'kept', 1, file('kept.csv')))).toEqual(['dataset/copy'])
    expect(readdirSync(folder).filter((f) => f.startsWith('kept'))).toEqual([])
    expect(await exportDataset(store, 'safe', 1, file('safe.csv'))).toMatchObject({ rows: 3 })
    await db.execute('DELETE FROM thing WHERE id = 4')
  })

  test('replaces a copy, and no other file', async () => {
    const path = file('things.csv')
    const again = await exportDataset(store, 'kept', 1, path)
    expect((await datasetVersion(store, 'words')).copies).toEqual([])
    expect((await datasetVersion(store, 'kept')).copies).toMatchObject([
      { kind: 'csv', where: path, md5: again.md5, size: again.size },
    ])
    writeFileSync(file('mine.csv'), 'mine')
    expect(await codesOf(() => exportDataset(store, 'kept', 1, file('mine.csv')))).toEqual(['dataset/copy'])
    expect(readFileSync(file('mine.csv'), 'utf8')).toBe('mine')
    await exportDataset(store, 'kept', 1, file('mine.csv'), { overwrite: true })
    expect(readFileSync(file('mine.csv'), 'utf8')).toBe('id\r\n1\r\n2\r\n3\r\n')
  })

  test('is refused for a path that says no format, and for one that cannot be written', async () => {
    expect(await codesOf(() => exportDataset(store, 'kept', 1, file('kept.txt')))).toEqual(['dataset/copy'])
    expect(await codesOf(() => exportDataset(store, 'kept', 1, join(file('mine.csv'), 'below.csv')))).toEqual([
      'cli/file',
    ])
    expect(await codesOf(() => exportDataset(store, 'kept', 7, file('kept.csv')))).toEqual(['dataset/unknown-version'])
  })

  test('may have many rows, and none', async () => {
    const query =
      'SELECT i, i / 7.0::float8 AS x, repeat(chr(97 + i % 26), i % 9) AS t FROM generate_series(1, 120000) AS i'
    await registerDataset(store, { name: 'many', query })
    let told = 0
    await exportDataset(store, 'many', 1, file('many.parquet'), { onProgress: (n) => (told = n) })
    expect(told).toBe(120_000)
    const buffer = await asyncBufferFromFile(file('many.parquet'))
    const metadata = await parquetMetadataAsync(buffer)
    expect([Number(metadata.num_rows), metadata.row_groups.length]).toEqual([120_000, 3])
    const last = await parquetReadObjects({ file: buffer, rowStart: 119_999 })
    expect(last).toEqual([{ i: 120_000, x: 120_000 / 7, t: 'kkk' }])
    await registerDataset(store, { name: 'none', query: 'SELECT 1 AS a, 1.5 AS n WHERE false' })
    await exportDataset(store, 'none', 1, file('none.parquet'))
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(file('none.parquet')) })).toEqual([])
  })
})
