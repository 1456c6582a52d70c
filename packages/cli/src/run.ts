import type { Command } from './command.ts'
import { commands } from './commands/index.ts'
import { exit, reportFailure } from './failure.ts'
import { commandData, commandHelp, overview } from './help.ts'
import type { Io } from './io.ts'
import { manifest } from './manifest.ts'
import { asksFor, parseRequest, type Request } from './parse/argv.ts'
import { printJson } from './render/json.ts'
import { createOutput } from './render/output.ts'
import { colorsFor } from './render/palette.ts'

/**
 * Runs one command line: everything `viewcast` does, with the process passed in.
 *
 * Data goes to `io.stdout`, everything else to `io.stderr`. Never throws and never exits: returns the exit code
 * (0 ok, 1 failed, 2 wrong usage or internal error, 3 changes pending, 130 interrupted after what ran was rolled back).
 *
 * @example
 * const code = await run(['compile', 'churn', '--out', 'churn.sql'], processIo(signal))
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const flags = {
    json: asksFor(argv, '--json'),
    verbose: asksFor(argv, '--verbose') || asksFor(argv, '-v'),
    noColor: asksFor(argv, '--no-color'),
  }
  let what = 'viewcast'
  try {
    const request = parseRequest(argv, commands)
    if (request.kind === 'command') {
      what = `viewcast ${request.command.name}`
      return await runCommand(request, io)
    }
    const colors = colorsFor(io, 'stdout', flags.noColor)
    if (request.kind === 'version') {
      const { version } = manifest()
      await io.stdout.write(flags.json ? printJson({ version }, io.isTTY.stdout) : `${version}\n`)
    } else if (flags.json) {
      const data = request.command ? commandData(request.command) : { commands: shown(request).map(commandData) }
      await io.stdout.write(printJson(data, io.isTTY.stdout))
    } else {
      const { command } = request
      await io.stdout.write(
        command
          ? commandHelp(command, colors, io.columns)
          : overview(shown(request), manifest().version, colors, io.columns),
      )
    }
    return exit.ok
  } catch (error) {
    return await reportFailure(error, io, { ...flags, what })
  }
}

const shown = ({ group }: Request & { kind: 'help' }): readonly Command[] =>
  group === undefined ? commands : commands.filter((c) => c.name.startsWith(`${group} `))

async function runCommand(request: Request & { kind: 'command' }, io: Io): Promise<number> {
  const { command, globals, options, positionals, more } = request
  const output = createOutput(io, globals)
  try {
    return await interruptible(command.run({ options, positionals, more, globals, io, output }), io.signal)
  } finally {
    output.progress.clear()
  }
}

/** How long running work may take to roll back after an interrupt. */
const graceMs = 10_000

/**
 * Work that takes the signal ends by itself. What cannot be stopped is left behind after the grace: the process then
 * ends, its connection with it, and the engine rolls back what was not committed.
 */
async function interruptible<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  const leaving = new Promise<never>((_, reject) => {
    stop = () => {
      timer = setTimeout(() => reject(new Error('The work did not stop in time')), graceMs)
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, leaving])
  } finally {
    clearTimeout(timer)
    if (stop) signal.removeEventListener('abort', stop)
  }
}
