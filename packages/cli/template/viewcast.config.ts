import { defineConfig } from 'viewcast'

export default defineConfig({
  project: './project.ts',
  // Without a database here, the embedded one in .viewcast/data is used. For a server:
  // database: { env: 'DATABASE_URL' },
})
