import { cp } from 'node:fs/promises'
import { defineConfig } from 'tsup'

export default defineConfig({
  // Workers are loaded by URL, so they are entries of their own and must lie beside the chunk that starts them.
  entry: {
    index: 'src/index.ts',
    'database/index': 'src/database/index.ts',
    'testing/index': 'src/testing/index.ts',
    'pglite-worker': 'src/database/pglite-worker.js',
    'pass-thread': 'src/train/solve/pass-thread.js',
  },
  format: 'esm',
  dts: false,
  clean: true,
  target: 'node20',
  // Read beside the bundle when a store is opened.
  onSuccess: () => cp('src/store/migrations', 'dist/migrations', { recursive: true }),
})
