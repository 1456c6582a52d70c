import { defineConfig } from 'tsup'

export default defineConfig({
  // `run` is no entry of the package: it is for our own tests, which call it without a new process.
  entry: ['src/bin.ts', 'src/index.ts', 'src/run.ts'],
  format: 'esm',
  dts: false,
  clean: true,
  // A command's code is a file of its own, so that --help does not load what only the command needs.
  splitting: true,
  target: 'node20',
})
