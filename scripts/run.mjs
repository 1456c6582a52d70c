// Runs a program to its end with our terminal; signals sent to us reach it, and its exit code becomes ours.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { root } from './fingerprint.mjs'

/** Resolves to the exit code; 128 + n when signal n ended it. `quiet` keeps the output and shows it only on failure. */
export function run(command, args, { cwd = root, env = {}, quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  })
  const kept = []
  child.stdout?.on('data', (chunk) => kept.push(chunk))
  child.stderr?.on('data', (chunk) => kept.push(chunk))
  const forward = (signal) => {
    // A terminal delivers Ctrl-C to the whole group: the program has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward)
      const exit = code ?? 128 + constants.signals[signal]
      if (quiet && exit !== 0) process.stderr.write(Buffer.concat(kept))
      resolve(exit)
    })
  })
}

/** A program that failed after showing why; carries its exit code. */
class Failed extends Error {
  constructor(exit) {
    super(`exit code ${exit}`)
    this.exit = exit
  }
}

/** Like `run`, but a failure is thrown. */
export async function mustRun(command, args, options) {
  const exit = await run(command, args, options)
  if (exit !== 0) throw new Failed(exit)
}

/** Runs `body` as a script's whole work: its result, or the exit code of the program that failed, becomes ours. */
export async function main(body) {
  process.exitCode = await exitOf(body)
}

export async function exitOf(body) {
  try {
    return (await body()) ?? 0
  } catch (e) {
    if (e instanceof Failed) return e.exit
    throw e
  }
}

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`
