/** A hot standby: a second server that replays what the first one writes, and answers who only reads. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinaries } from './postgres-binaries.ts'
import { launch, ownerOf, serverAccount, settingsOfTests, startServer } from './postgres-server.ts'

const copier = join(findBinaries() ?? '', 'pg_basebackup')

/** The servers that npm brings have no pg_basebackup; what needs it is skipped with them. */
export const hasStandby = existsSync(copier)

export interface Pair {
  /** URLs of a superuser. */
  readonly primary: string
  readonly standby: string
  stop(): Promise<void>
}

/** Both of one's own. `more` are settings of the standby such as `max_standby_streaming_delay=1s`. */
export async function startPair(more: readonly string[] = []): Promise<Pair> {
  const primary = await startServer(['wal_keep_size=256MB'])
  const root = await mkdtemp(join(tmpdir(), 'viewcast-standby-'))
  const remove = async () => {
    await primary.stop()
    await rm(root, { recursive: true, force: true })
  }
  try {
    const account = serverAccount()
    if (account) {
      await chmod(root, 0o755)
      await chown(root, account.uid, account.gid)
    }
    const data = join(root, 'data')
    execFileSync(copier, ['-d', primary.url, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'], {
      ...ownerOf(root),
      stdio: 'pipe',
    })
    const { port, end } = await launch(root, data, [...settingsOfTests, ...more])
    const url = new URL(primary.url)
    url.port = String(port)
    return {
      primary: primary.url,
      standby: url.href,
      async stop() {
        await end()
        await remove()
      },
    }
  } catch (e) {
    await remove()
    throw e
  }
}
