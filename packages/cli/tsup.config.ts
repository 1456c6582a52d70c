import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/bin.ts', 'src/index.ts'],
  format: 'esm',
  dts: false,
  clean: true,
  // A command's code is a file of its own, so that --help does not load what only the command needs.
  splitting: true,
  target: 'node20',
})
