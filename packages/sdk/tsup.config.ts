import { defineConfig } from 'tsup'

export default defineConfig({
  // The worker is loaded by URL, so it is an entry of its own and must lie beside the chunk that starts it.
  entry: {
    index: 'src/index.ts',
    'database/index': 'src/database/index.ts',
    'testing/index': 'src/testing/index.ts',
    'pglite-worker': 'src/database/pglite-worker.js',
  },
  format: 'esm',
  dts: false,
  clean: true,
  target: 'node20',
})
