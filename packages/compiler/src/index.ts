export { aggregateColumns } from './analyse/aggregate-columns.ts'
export {
  type BoundDataset,
  type BoundFeature,
  type BoundUse,
  bindDataset,
  type Facts,
} from './analyse/bind.ts'
export { type BoundInput, bindModel } from './analyse/bind-model.ts'
export { viewsReading } from './analyse/dependents.ts'
export { distributedProblems } from './analyse/distributed.ts'
export {
  type ColumnLineage,
  columnsRead,
  type Influence,
  influences,
  isDirect,
  lineageOf,
  openLineage,
  type SourceColumn,
} from './analyse/lineage.ts'
export {
  type ColumnNullability,
  columnNullability,
  type Nullability,
  relationNullability,
} from './analyse/nullability.ts'
export type { SourceInstants } from './analyse/source-instants.ts'
export { type SpineColumn, spineColumns } from './analyse/spine-columns.ts'
export { type UniqueKey, uniqueKeys } from './analyse/unique-keys.ts'
export { viewCycle } from './analyse/view-cycle.ts'
export { columnMeanings } from './compile/column-meanings.ts'
export {
  type Challenger,
  type ComparedOutput,
  type ComparisonOptions,
  type ComparisonQuery,
  type Contender,
  comparisonQuery,
} from './compile/comparison-query.ts'
export type { CompiledQuery, QueryPlan } from './compile/compiled-query.ts'
export { definitionPlace } from './compile/definition-place.ts'
export { type DescribeQuery, describeQuery, queryOf, titleOf } from './compile/describe-query.ts'
export { duplicateKeysQuery } from './compile/duplicate-keys-query.ts'
export { type EvaluationQuery, evaluationQuery } from './compile/evaluation-query.ts'
export { explainView } from './compile/explain-report.ts'
export { foldKeyed } from './compile/fold-keyed.ts'
export { type Callable, createFunction, dollarTag, functionSignature } from './compile/function-text.ts'
export type { KnownColumns } from './compile/known-columns.ts'
export { type LeakProbe, leakProbe } from './compile/leak-probe.ts'
export {
  follow,
  type LineageEdge,
  type LineageGraph,
  type LineageOfModel,
  type LineageVertex,
  type LineageVertexKind,
  type LineageWalk,
  lineageGraph,
} from './compile/lineage-graph.ts'
export { featureLineage, type LineageNode, predictionLineage, viewLineage } from './compile/lineage-report.ts'
export {
  objectComment,
  type PredictionObject,
  type PredictionObjectOptions,
  predictionObject,
} from './compile/prediction-object.ts'
export { besideKeys, type PredictionOptions, predictionQuery, questionName } from './compile/prediction-query.ts'
export { type QueryPart, queryParts } from './compile/query-parts.ts'
export { type QuestionStage, questionStage } from './compile/question-stage.ts'
export { scoredQuery } from './compile/scored-query.ts'
export { type SelfTest, selfTest } from './compile/self-test.ts'
export { type ServingQuery, type ServingQueryOptions, servingQuery } from './compile/serving-query.ts'
export { showQuery } from './compile/show-query.ts'
export { type ColumnScaling, surveyQuery, type TrainingDesign, trainingDesign } from './compile/training/design.ts'
export { type ExactPowers, exactSumsQuery } from './compile/training/exact-sums.ts'
export { type FitSumsRequest, fitSums } from './compile/training/fit-sums.ts'
export { goodnessSums } from './compile/training/goodness-sums.ts'
export {
  levelsQuery,
  type MomentRequest,
  momentsQuery,
  partsQuery,
  type QuantileRequest,
  quantilesQuery,
} from './compile/training/input-statistics.ts'
export { devianceMetrics, numberMetrics, outcomeMetrics, type Predictor } from './compile/training/metric-sums.ts'
export {
  type PartitionKey,
  partitionExpression,
  partitionFactsQuery,
  periods,
  withPartitions,
} from './compile/training/partitions.ts'
export { rowFacts } from './compile/training/row-facts.ts'
export { type MovingLabels, separationQuery } from './compile/training/separation.ts'
export { type TrainingInput, type TrainingRows, trainingRows } from './compile/training/training-rows.ts'
export { type TrainingQueryOptions, trainingQuery } from './compile/training-query.ts'
export { type VerificationQuery, verificationQuery } from './compile/verification-query.ts'
export { type ViewSource, viewSources } from './compile/view-sources.ts'
export { withOutputs } from './compile/with-outputs.ts'
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
export { printExpression } from './emit/expression.ts'
export { quoteIdentifier, quoteName } from './emit/identifier.ts'
export { instant, instantOfDate } from './emit/instant.ts'
export { layout } from './emit/layout.ts'
export { printLiteral } from './emit/literal.ts'
export { quoteText } from './emit/text-literal.ts'
export { printType } from './emit/type-name.ts'
export { calibrationProbability } from './evaluate/calibration-probability.ts'
export { ArithmeticError, evaluate, type Row, type Scope, sigmoid } from './evaluate/evaluate.ts'
export { type ImportParity, importParity } from './evaluate/import-parity.ts'
export { type RowScorer, rowScorer, type ScoredRow } from './evaluate/score-row.ts'
export { ulpDistance } from './evaluate/ulp.ts'
export { compileOnlyKysely } from './front/kysely/compile-only.ts'
export { type KyselyQuery, kyselyText } from './front/kysely/text.ts'
export type { SqlFacts } from './front/sql/facts.ts'
export { loadParser } from './front/sql/parser.ts'
export {
  type Aggregate,
  type AggregateFunction,
  type Filter,
  type FilterValue,
  type Measure,
  type Ratio,
  windowSeconds,
} from './ir/aggregate.ts'
export type { Calibration, CalibrationCurve, CalibrationMethod, CalibrationQuality } from './ir/calibration.ts'
export {
  type Catalog,
  type CatalogEnum,
  type CatalogFunction,
  type CatalogIndex,
  type CatalogRelation,
  type ColumnStatistics,
  columnType,
  emptyCatalog,
  findRelation,
  inlineMaterialised,
} from './ir/catalog.ts'
export { decode, encode } from './ir/codec.ts'
export { type CompileOptions, type DialectName, type Form, type Passes, passNames } from './ir/compile-options.ts'
export type {
  AggregatesSpec,
  AggregatesView,
  Censored,
  ClassWeights,
  DatasetDef,
  Definition,
  Documented,
  EntityDef,
  FeatureMeta,
  FeatureUse,
  FeatureView,
  FoldKey,
  HashSplit,
  HistoryView,
  KeyColumn,
  KnownUntil,
  ModelDef,
  Origin,
  Outcome,
  OutcomeFunction,
  OutcomesSpec,
  Penalty,
  RelationName,
  RequestView,
  SampleDef,
  Sla,
  Solver,
  SourceNote,
  SourceTime,
  Split,
  StaticView,
  TargetDef,
  ThresholdRule,
  TimeSplit,
  ViewQuery,
  WindowView,
} from './ir/definition.ts'
export { isFeatureView, structuralColumns } from './ir/definition.ts'
export { digest } from './ir/digest.ts'
export { durationSeconds } from './ir/duration.ts'
export type {
  BasisSpec,
  BooleanSpec,
  Breaks,
  Clip,
  EncoderSpec,
  FrequencySpec,
  HashedSpec,
  LevelsSpec,
  NumericSpec,
  OneHotSpec,
  OrdinalSpec,
  Scaling,
  TargetSpec,
} from './ir/encoder-spec.ts'
export type { Literal } from './ir/expression.ts'
export { type CaseArm, children, type Expr, expr, type Fold, fold, inGroups, mapChildren } from './ir/expression.ts'
export { type Family, familyTitle, type LabelKind, type Link, labelKind, links } from './ir/family.ts'
export type { LearnedBasis, LearnedEncoder, LearnedInput } from './ir/learned-encoder.ts'
export { hash32 } from './ir/md5.ts'
export {
  type Coefficient,
  type Metrics,
  type ModelRecord,
  modelRecordSchema,
  parseModelRecord,
  printModelRecord,
} from './ir/model-record.ts'
export { type OutputChoice, outputChoice, outputTitle } from './ir/output.ts'
export { type PartitionSum, type PartitionSums, parsePartitionSums } from './ir/partition-sums.ts'
export type { PathRecord, PenaltyPath } from './ir/penalty-path.ts'
export type { HistoryForm, TieBreak } from './ir/relation.ts'
export type { Scorecard, ScorecardSpec } from './ir/scorecard.ts'
export type { SelectionRecord } from './ir/selection-record.ts'
export type { Tree, Trees } from './ir/trees.ts'
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
export { largestUsable, smallestUsable, usableNumber } from './ir/usable-number.ts'
export { bounded, largestFactor } from './model/encoders/bounded.ts'
export { type EncodedColumn, encodedColumns } from './model/encoders/columns.ts'
export { contribution } from './model/encoders/contribution.ts'
export { encodedRange } from './model/encoders/encoded-range.ts'
export { encodedValues } from './model/encoders/encoded-values.ts'
export { interactionContribution, interactionValues } from './model/encoders/interaction.ts'
export { type Cells, type LevelTable, levelTable } from './model/encoders/level-table.ts'
export { numberEncoder, scaleOf, transformOf } from './model/encoders/number-encoder.ts'
export { hasLogarithm } from './model/encoders/transform.ts'
export { exportJavascript } from './model/export/javascript.ts'
export { javascriptPrinter } from './model/export/javascript-expression.ts'
export { runtimeText } from './model/export/javascript-runtime.ts'
export type {
  ImportedModel,
  ImportOptions,
  ParityRow,
} from './model/import/imported-model.ts'
export { type ImportAbout, importedRecord } from './model/import/imported-record.ts'
export { importLightgbm } from './model/import/lightgbm.ts'
export { type ParityFile, parityRows, readParityFile } from './model/import/parity-file.ts'
export { probeRows } from './model/import/probe-rows.ts'
export { readImportedModel } from './model/import/read-model.ts'
export { importXgboost } from './model/import/xgboost.ts'
export { exportOnnx } from './model/onnx/export.ts'
export { defaultOutputs, outputName, outputs } from './model/outputs.ts'
export type { Output } from './model/planned-outputs.ts'
export { exportPmml } from './model/pmml/export.ts'
export { coefficientsByScore, scoreColumns } from './model/score-columns.ts'
export { refuseScorecard, type ScorecardRow, scorecardOf, scorecardRows } from './model/scorecard.ts'
export { linearPredictors } from './model/scoring.ts'
export { betaFraction, logGamma, stirlingSeries } from './model/special-functions.ts'
export { linearTerms } from './model/terms.ts'
export { preparedInputs } from './model/trees/inputs.ts'
export { questionColumns, type SpineBinding } from './rewrite/bind-spine.ts'
export type { CutInstant } from './rewrite/cut-sources.ts'
export { boundaryType } from './rewrite/feature-boundary.ts'
export type { ViewPlan } from './rewrite/point-in-time.ts'
export { type Gap, gapOf } from './rewrite/split.ts'
export { type WindowForm, type WindowQuestion, windowForm } from './rewrite/windows/forms.ts'
export { windowSql } from './rewrite/windows/window-sql.ts'
