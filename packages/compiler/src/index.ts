export { type Code, codes } from './diagnostics/codes.ts'
export {
  type Diagnostic,
  diagnostic,
  fail,
  InternalError,
  isViewcastError,
  type Location,
  throwIfErrors,
  ViewcastError,
} from './diagnostics/diagnostic.ts'
export { locate } from './diagnostics/locate.ts'
export { nearest, nearParameter } from './diagnostics/nearest.ts'
export { type Palette, plain, renderDiagnostic, renderDiagnostics } from './diagnostics/render.ts'
export {
  type Catalog,
  type CatalogIndex,
  type CatalogRelation,
  columnType,
  emptyCatalog,
  findRelation,
} from './ir/catalog.ts'
export type {
  Aggregate,
  AggregateFunction,
  AggregatesSpec,
  AggregatesView,
  DatasetDef,
  Definition,
  EncoderSpec,
  EntityDef,
  FeatureMeta,
  FeatureUse,
  FeatureView,
  HistoryView,
  KeyColumn,
  ModelDef,
  Origin,
  RelationName,
  SampleDef,
  Split,
  StaticView,
  TargetDef,
  ViewQuery,
  WindowView,
} from './ir/definition.ts'
export { isFeatureView } from './ir/definition.ts'
export { balanced, type CaseArm, children, type Expr, expr, type Fold, fold, mapChildren } from './ir/expression.ts'
export {
  type Coefficient,
  type LearnedEncoder,
  type LearnedInput,
  type Metrics,
  type ModelRecord,
  modelRecordSchema,
  parseModelRecord,
  printModelRecord,
} from './ir/model-record.ts'
export {
  type Column,
  featureKind,
  isBoolean,
  isExact,
  isFloat,
  isInteger,
  isNumber,
  isText,
  type SqlType,
  sqlType,
} from './ir/type.ts'
