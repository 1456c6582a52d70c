export { openTestDatabase, withDatabase } from './test-database.ts'
