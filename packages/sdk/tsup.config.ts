import { defineConfig } from 'tsup'
// The worker is loaded by URL, so it is an entry of its own.
export default defineConfig({
  entry: ['src/index.ts', 'src/testing/index.ts', 'src/database/pglite-worker.ts'],
  format: 'esm',
  dts: false,
  clean: true,
  target: 'node20',
})
