#!/usr/bin/env node
import { processIo } from './io.ts'
import { run } from './run.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()))
process.on('SIGTERM', () => interrupt.abort())
// An awaited promise does not keep Node alive: without a handle of its own it could end in the middle, silently.
setInterval(() => {}, 1 << 30)
// Every write has been awaited, so leaving loses nothing; a stray handle must not keep the shell waiting.
process.exit(await run(process.argv.slice(2), processIo(interrupt.signal)))
