export { type Config, defineConfig, type Environment } from './config/define.ts'
