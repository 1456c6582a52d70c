import { defineConfig } from 'tsup'
// Splitting keeps `--help` from loading what only a command needs.
export default defineConfig({ entry: ['src/bin.ts', 'src/index.ts'], format: 'esm', dts: false, clean: true, splitting: true, target: 'node20' })
