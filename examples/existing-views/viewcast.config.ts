import { defineConfig } from 'viewcast'

// The embedded database lies in .viewcast/data beside this file; --database takes a server instead.
export default defineConfig({ project: './project.ts' })
