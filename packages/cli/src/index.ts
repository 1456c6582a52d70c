export { type Config, defineConfig } from './config/define.ts'
