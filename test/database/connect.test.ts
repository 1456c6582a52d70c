import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { connect, redact } from '@viewcast/sdk'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { engineNames } from '../engines/engine-names.ts'

const secret = 'hunter2'
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A port of this machine with `talk` behind it. */
function listen(talk: (socket: Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.unref()
      talk(socket)
    })
    servers.push(server)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

const diagnosticOf = async (target: string) => {
  const error = await connect(target).then(
    () => expect.fail('it connected'),
    (e) => e,
  )
  expect(JSON.stringify({ ...error, text: String(error), stack: error.stack, cause: error.cause })).not.toContain(
    secret,
  )
  return error.diagnostics?.[0]
}

describe('targets', () => {
  test.each([
    ['mysql://root@localhost/shop', 'does not speak mysql'],
    [`mysql://root:${secret}@localhost/shop`, 'does not speak mysql'],
    ['sqlite:shop.db', 'does not speak sqlite'],
    ['localhost:5432/shop', 'begins with postgres://'],
    [`host=localhost password=${secret}`, 'written as a URL'],
    ['', 'empty'],
    [`postgres://me:${secret}@[nonsense/shop`, 'does not parse'],
  ])('%s is no database', async (target, detail) => {
    const diagnostic = await diagnosticOf(target)
    expect(diagnostic).toMatchObject({ code: 'engine/target' })
    expect(diagnostic.message).toContain(detail)
  })
})

describe('servers that cannot be reached', () => {
  const url = (host: string) => `postgres://me:${secret}@${host}/shop`

  test('nobody listens', async () => {
    const port = await listen(() => undefined)
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
    expect(await diagnosticOf(url(`127.0.0.1:${port}`))).toMatchObject({
      code: 'engine/unreachable',
      message: `No database answers at postgres://me@127.0.0.1:${port}/shop: the connection is refused (ECONNREFUSED)`,
    })
  })

  test('the host is unknown', async () => {
    expect(await diagnosticOf(url('nowhere.invalid:5432'))).toMatchObject({ code: 'engine/unreachable' })
  })

  test('the socket is missing', async () => {
    const target = `postgres://me:${secret}@/shop?host=/nonexistent`
    expect(await diagnosticOf(target)).toMatchObject({ code: 'engine/unreachable' })
  })

  test('somebody listens and says nothing', async () => {
    const port = await listen(() => undefined)
    const diagnostic = await diagnosticOf(`${url(`127.0.0.1:${port}`)}?connect_timeout=1`)
    expect(diagnostic).toMatchObject({ code: 'engine/unreachable' })
    expect(diagnostic.message).toContain('no answer in time')
  })

  test('somebody hangs up', async () => {
    const port = await listen((socket) => socket.destroy())
    expect(await diagnosticOf(url(`127.0.0.1:${port}`))).toMatchObject({ code: 'engine/unreachable' })
  })

  test('the server is too old', async () => {
    const port = await listen((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]))
        socket.on('data', () =>
          socket.write(
            Buffer.concat([
              message(
                'T',
                int16(1),
                text('server_version_num'),
                int32(0),
                int16(0),
                int32(25),
                int16(-1),
                int32(-1),
                int16(0),
              ),
              message('D', int16(1), int32(6), Buffer.from('140009')),
              message('C', text('SHOW')),
              message('Z', Buffer.from('I')),
            ]),
          ),
        )
      })
    })
    expect(await diagnosticOf(url(`127.0.0.1:${port}`))).toMatchObject({
      code: 'engine/version',
      message: 'The server is PostgreSQL 14; viewcast needs 15 or later',
    })
  })
})

const int32 = (n: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}
const int16 = (n: number) => int32(n).subarray(2)
const text = (s: string) => Buffer.from(`${s}\0`)
const message = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

describe.runIf(engineNames().includes('postgres'))('a server of flesh and blood', () => {
  const server = () => new URL(inject('postgres'))

  test('gives a session back clean though its state comes late after the error', async () => {
    const url = server()
    const { hostname, port } = url
    url.host = `127.0.0.1:${await listen((socket) => {
      const far = createConnection(Number(port), hostname)
      socket.on('data', (bytes) => far.write(bytes)).on('close', () => far.destroy())
      let sent = Promise.resolve()
      const send = (bytes: Buffer, wait: number) => {
        sent = sent.then(() => new Promise((done) => void setTimeout(() => done(void socket.write(bytes)), wait)))
      }
      far
        .on('error', () => undefined)
        .on('data', (bytes: Buffer) => {
          // The state of the session is the last message of an answer, and has six bytes.
          send(bytes.subarray(0, -6), 0)
          send(bytes.subarray(-6), 20)
        })
    })}`
    url.searchParams.set('sslmode', 'disable')
    const db = await connect(url.href)
    try {
      await expect(db.execute('BEGIN; SELECT 1/0; COMMIT')).rejects.toThrow('division by zero')
      expect(await db.rows('SELECT 1 AS n')).toEqual([{ n: 1 }])
    } finally {
      await db.close()
    }
  })

  test('refuses a wrong password without repeating it', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const before = sockets()
    const url = server()
    url.password = secret
    expect(await diagnosticOf(url.href)).toMatchObject({
      code: 'engine/authentication',
      message: `The server at postgres://postgres@${url.host}/postgres refuses the login of "postgres"`,
    })
    url.username = 'nobody-here'
    expect(await diagnosticOf(url.href)).toMatchObject({ code: 'engine/authentication' })
    url.password = ''
    expect(await diagnosticOf(url.href)).toMatchObject({ code: 'engine/authentication' })
    // The driver gives up and hangs on; the server would wait for a minute, and others for the server.
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), { timeout: 10_000 })
  })

  test('has no such database', async () => {
    const url = server()
    url.pathname = '/not%20there'
    expect(await diagnosticOf(url.href)).toMatchObject({
      code: 'engine/no-database',
      parameters: { database: 'not there' },
    })
  })

  test('a session that is ended from outside is replaced', async () => {
    const db = await connect(server().href)
    await expect(db.execute('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
      sqlState: '57P01',
    })
    expect(await db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(db.description).toBe(`postgres://postgres@${server().host}/postgres`)
    await db.close()
    await expect(db.rows('SELECT 1')).rejects.toThrow('after it was closed')
  })

  test('settings of the server do not change text or plans', async () => {
    const db = await connect(server().href)
    const names = ['TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'jit', 'application_name']
    const settings = await db.rows<{ s: string }>('SELECT current_setting(n) AS s FROM unnest($1::text[]) AS n', [
      names,
    ])
    expect(settings.map((r) => r.s)).toEqual(['UTC', 'ISO, MDY', 'postgres', '1', 'off', 'viewcast'])
    await db.close()
  })

  test('notices reach whoever asked', async () => {
    const notices: string[] = []
    for (const target of [server().href, 'memory:']) {
      const db = await connect(target, { onNotice: (text) => notices.push(text) })
      await db.execute("DO $$ BEGIN RAISE NOTICE 'hello'; END $$")
      await db.close()
    }
    expect(notices).toEqual(['hello', 'hello'])
  })
})

describe('redact', () => {
  test.each([
    ['postgres://me:secret@host:5432/shop', 'postgres://me@host:5432/shop'],
    ['postgres://me@host/shop', 'postgres://me@host/shop'],
    ['postgres://host/shop?password=secret&sslmode=require', 'postgres://host/shop'],
    ['postgres://me:se@cr/et@host/shop', 'postgres://me@host/shop'],
    ['postgresql://:secret@host/shop', 'postgresql://@host/shop'],
    ["host=x password='a secret' user=me", 'host=x password=… user=me'],
    ['.viewcast/data', '.viewcast/data'],
  ])('%s', (given, shown) => {
    expect(redact(given)).toBe(shown)
  })
})
