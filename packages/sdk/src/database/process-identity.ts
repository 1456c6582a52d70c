import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names one process for good: pids are reused, and mean something only where they were given out. */
export interface ProcessIdentity {
  readonly pid: number
  /** The machine and, on Linux, the process namespace in it (a container has its own). */
  readonly host: string
  /** When the process started, in the system's own words; empty where the system does not tell. */
  readonly started: string
}

export const ownIdentity = (): ProcessIdentity => ({
  pid: process.pid,
  host: host(),
  started: startOf(process.pid),
})

/** Whether the process lives; undefined when it belongs to another machine or container, which cannot be asked. */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== host()) return undefined
  try {
    process.kill(identity.pid, 0)
  } catch (e) {
    // EPERM: it lives, and belongs to another user.
    if (e instanceof Error && 'code' in e && e.code === 'ESRCH') return false
  }
  const started = startOf(identity.pid)
  return started === '' || identity.started === '' || started === identity.started
}

const attempt = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

const host = (): string => `${hostname()} ${attempt(() => readlinkSync('/proc/self/ns/pid'))}`.trim()

function startOf(pid: number): string {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') {
    return attempt(() =>
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: 'pipe' })
        .toString()
        .trim(),
    )
  }
  // Field 22, in ticks since boot; the name in field 2 may hold blanks and parentheses.
  const ticks = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '')
  return ticks && `${ticks} ${attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())}`
}
