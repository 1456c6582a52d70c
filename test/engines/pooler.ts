/** PgBouncer in front of the server of the tests, where it is installed. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { answers, ended, freePort, serverAccount } from './postgres-server.ts'

const binary = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
  .map((directory) => join(directory, 'pgbouncer'))
  .find((path) => existsSync(path))

/** Debian's package pgbouncer; what needs it is skipped without it. */
export const hasPooler = binary !== undefined

export interface Pooler {
  /** The same database over the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * A pooler that gives a session to each transaction, another one each time, so that whatever is left in a session is found by
 * somebody else. Each session begins with what other applications may have left there.
 *
 * @param url of a database of the server. `more` are settings such as `query_wait_timeout = 1`.
 */
export async function startPooler(url: string, left = '', more: readonly string[] = []): Promise<Pooler> {
  if (binary === undefined) throw new Error('pgbouncer is not installed')
  const { hostname, port: serverPort, username, password, pathname } = new URL(url)
  const root = await mkdtemp(join(tmpdir(), 'viewcast-pooler-'))
  const account = serverAccount()
  const port = await freePort()
  const users = join(root, 'users')
  const config = join(root, 'pgbouncer.ini')
  const query = left === '' ? '' : ` connect_query='${left.replaceAll("'", "''")}'`
  await writeFile(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`)
  await writeFile(
    config,
    [
      '[databases]',
      `* = host=${hostname} port=${serverPort}${query}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      'server_round_robin = 1',
      'min_pool_size = 4',
      'default_pool_size = 6',
      ...more,
      '',
    ].join('\n'),
  )
  if (account) {
    await chmod(root, 0o755)
    for (const path of [root, users, config]) await chown(path, account.uid, account.gid)
  }
  const pooler = spawn(binary, ['-q', config], { ...account, cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  pooler.stderr?.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-10_000)
  })
  const stop = async () => {
    // At once, whoever is connected.
    await ended(pooler, () => pooler.kill('SIGQUIT'))
    await rm(root, { recursive: true, force: true })
  }
  const pooled = new URL(url)
  pooled.port = String(port)
  pooled.pathname = pathname
  try {
    await answers(pooled.href, pooler)
  } catch {
    await stop()
    throw new Error(`The pooler for the tests did not start:\n${said}`)
  }
  return { url: pooled.href, stop }
}
