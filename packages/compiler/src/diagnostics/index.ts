/** `@viewcast/compiler/diagnostics`: problems as data, without the compiler; it loads nothing else. */
export { type Code, codes } from './codes.ts'
export {
  type Diagnostic,
  diagnostic,
  fail,
  InternalError,
  isViewcastError,
  type Location,
  throwIfErrors,
  ViewcastError,
} from './diagnostic.ts'
export { locate } from './locate.ts'
export { nearest, nearParameter } from './nearest.ts'
export { type Palette, plain, renderDiagnostic, renderDiagnostics } from './render.ts'
