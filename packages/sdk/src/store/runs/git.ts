/** The commit that the code of a run is at, as git tells it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface RunSource {
  /** Where the code can be had; never with credentials. */
  readonly uri?: string
  readonly commit?: string
  /** Missing when no branch is checked out. */
  readonly branch?: string
  /** Whether files differ from the commit, new ones included. */
  readonly dirty?: boolean
}

const run = promisify(execFile)

/** What git says of a folder; nothing where there is no git, no repository, no commit or no answer within two seconds. */
export async function gitSource(folder: string): Promise<RunSource> {
  const [status, remote] = await Promise.all([
    git(folder, ['status', '--porcelain=v2', '--branch']),
    git(folder, ['config', '--get', 'remote.origin.url']),
  ])
  if (status === undefined) return {}
  const source = sourceOf(status)
  return remote === undefined || source.commit === undefined
    ? source
    : { uri: withoutCredentials(remote.trim()), ...source }
}

async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  try {
    // A monitor of the file system is a program that the repository names; a run must not start it.
    const { stdout } = await run('git', ['-c', 'core.fsmonitor=false', ...args], {
      cwd: folder,
      timeout: 2000,
      maxBuffer: 16 * 1024 * 1024,
      // The lock on the index would be in the way of whoever commits at the moment.
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    })
    return stdout
  } catch {
    return undefined
  }
}

/** Reads `git status --porcelain=v2 --branch`. */
export function sourceOf(status: string): RunSource {
  const header = (name: string) => new RegExp(`^# branch\\.${name} (.+)$`, 'm').exec(status)?.[1]
  const commit = header('oid')
  const branch = header('head')
  if (commit === undefined || commit === '(initial)') return {}
  return {
    commit,
    ...(branch === undefined || branch === '(detached)' ? {} : { branch }),
    dirty: status.split('\n').some((line) => line !== '' && !line.startsWith('#')),
  }
}

/**
 * An address without user, password, query and fragment: any of them may be a token. `git@host:path` stays, as ssh takes no
 * password there. Up to the last `@`, as a password may hold one, and a slash, that nobody escaped.
 */
export function withoutCredentials(uri: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^?#]*)/i.exec(uri)
  if (!match) return uri
  const [, scheme = '', address = ''] = match
  return `${scheme}${address.slice(address.lastIndexOf('@') + 1)}`
}
