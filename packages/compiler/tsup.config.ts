import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', 'diagnostics/index': 'src/diagnostics/index.ts' },
  format: 'esm',
  dts: false,
  clean: true,
  target: 'node20',
})
