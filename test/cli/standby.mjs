// Answers command lines one after the other with the built package. Started without --conditions: what users get.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { run } = await import(pathToFileURL(join(process.argv[2], 'dist/run.js')).href)

/** A sink that keeps what it is given. */
function kept() {
  const parts = []
  const write = async (text) => {
    parts.push(text)
    return true
  }
  return { write, text: () => parts.join('') }
}

process.on('disconnect', () => process.exit())
process.on('message', async ({ id, cwd, args, answer }) => {
  const [stdout, stderr] = [kept(), kept()]
  // For whoever asks the process and not the call, as git does.
  process.chdir(cwd)
  const code = await run(args, {
    stdout,
    stderr,
    env: process.env,
    cwd,
    isTTY: { stdout: false, stderr: false },
    columns: 80,
    signal: new AbortController().signal,
    ...(answer === undefined
      ? {}
      : {
          ask: async (question) => {
            await stderr.write(`${question}\n`)
            return answer
          },
        }),
  })
  process.send({ id, code, out: stdout.text(), err: stderr.text() })
})
