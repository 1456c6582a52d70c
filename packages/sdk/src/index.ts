/**
 * What a developer imports.
 *
 * Long because it is one list: every name that is public, by the file it comes from.
 */
export {
  type AggregatesView,
  type Catalog,
  type Code,
  type Column,
  type CompiledQuery,
  type CompileOptions,
  codes,
  type DatasetDef,
  type Definition,
  type Diagnostic,
  type Documented,
  diagnostic,
  type EntityDef,
  type Family,
  type FeatureUse,
  type FeatureView,
  type Form,
  fail,
  familyTitle,
  follow,
  type HistoryView,
  InternalError,
  instant,
  isFeatureView,
  isViewcastError,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageVertex,
  type LineageWalk,
  type Location,
  locate,
  type ModelDef,
  type ModelRecord,
  nearest,
  nearParameter,
  type OutputChoice,
  openLineage,
  outputChoice,
  type Palette,
  type PartitionKey,
  type PartitionSums,
  type Passes,
  type PredictionObject,
  type PredictionObjectOptions,
  parseModelRecord,
  plain,
  printModelRecord,
  type QueryPlan,
  quoteIdentifier,
  type RequestView,
  renderDiagnostic,
  renderDiagnostics,
  type SampleDef,
  type ScorecardRow,
  type Sla,
  type StaticView,
  scorecardRows,
  structuralColumns,
  type TargetDef,
  ViewcastError,
  type ViewPlan,
  verificationQuery,
  type WindowView,
} from '@viewcast/compiler'
export { type ConnectOptions, connect } from './database/connect.ts'
export type { CopyOptions, Database, QueryOptions, QueryResult, Value } from './database/database.ts'
export { DatabaseError, isDatabaseError } from './database/database-error.ts'
export type { NumberBatch, NumberColumn } from './database/number-batch.ts'
export { redact } from './database/redact.ts'
export { serverWords } from './database/server-words.ts'
export type { AggregateBuilder, AggregateOptions, TypedAggregate } from './define/aggregate.ts'
export type { Agrees, ColumnOf, ColumnsOf, QueryRow } from './define/agreement.ts'
export { type LogUniform, logSpace, logUniform } from './define/axis.ts'
export type { Dataset, DatasetTypes, RowOf } from './define/dataset.ts'
export {
  type DeploymentDef,
  type DeploymentKind,
  type DeploymentOptions,
  defineDeployment as deploymentOf,
  type RefreshKind,
} from './define/deployment.ts'
export { describedBy, type MetasOfSchema, type RowSchema } from './define/described-by.ts'
export type { Documentation } from './define/documentation.ts'
export type { Duration } from './define/duration.ts'
export {
  type BinOptions,
  type BSplineOptions,
  bins,
  bSpline,
  type PolynomialOptions,
  polynomial,
  type SplineOptions,
  spline,
} from './define/encoders/basis.ts'
export {
  asBoolean,
  type FrequencyOptions,
  frequency,
  type HashedOptions,
  hashed,
  type OneHotOptions,
  type OrdinalOptions,
  oneHot,
  ordinal,
  type TargetOptions,
  target,
} from './define/encoders/category.ts'
export {
  boxCox,
  type DatedSpec,
  days,
  log1p,
  maxAbs,
  minMax,
  type NumericOptions,
  numeric,
  type PowerOptions,
  robust,
  type ScaledOptions,
  standardize,
  yeoJohnson,
} from './define/encoders/numeric.ts'
export type { Entity } from './define/entity.ts'
export type { FeatureQuery } from './define/feature-view.ts'
export type { Folds, FoldsBuilder, HashFoldsOptions, TimeFoldsOptions } from './define/folds.ts'
export type { OpenModel, TypedModel } from './define/model.ts'
export type { FilteredOutcome, OutcomeBuilder, OutcomeOptions, TypedOutcome } from './define/outcome.ts'
export { type PenaltyPathOptions, penaltyPath } from './define/penalty.ts'
export { type ProjectBuilder, project } from './define/project.ts'
export type { Scope, SelectQuery } from './define/query.ts'
export type { Relation } from './define/relation.ts'
export type { RequestOptions, RequestQuery } from './define/request-view.ts'
export type { DeclaredSample, Sample, SampleQuery } from './define/sample.ts'
export type { ScorecardOptions } from './define/scorecard.ts'
export {
  type Axis,
  defineSelection as selectionOf,
  type InputChoice,
  isMoreBetter,
  type Pruning,
  random,
  type Search,
  type SelectionDef,
  type SelectionMetric,
  type SelectionOptions,
} from './define/selection.ts'
export type { Shares, SplitBuilder, TimeSplitOptions } from './define/split.ts'
export type { Numeric, SqlTypeName, SqlTypes } from './define/sql-types.ts'
export type { DeclaredView } from './define/sql-view.ts'
export type { DeclaredTarget, KnownUntilOption, OutcomesOptions, Target, TargetQuery } from './define/target.ts'
export type { FeatureViewDef, OpenView, Use, ViewOf, ViewTypes } from './define/view.ts'
export type { WindowQuery } from './define/window-view.ts'
export {
  type AppliedChange,
  type AppliedPlan,
  type ApplyPlanOptions,
  applyPlan,
} from './deploy/apply-plan.ts'
export { type Applied, type ApplyOptions, applyView } from './deploy/apply-view.ts'
export { type Carried, carry, type Heir } from './deploy/carry.ts'
export {
  type Collected,
  type CollectedVersion,
  type CollectOptions,
  collectKept,
  type Keeping,
  type KeepingOptions,
  type KeptSchema,
  type KeptStatus,
  type KeptVersion,
  keptVersions,
} from './deploy/collect.ts'
export { type DeployedObject, listDeployments } from './deploy/deployed-objects.ts'
export { type DeploymentEvent, deploymentHistory } from './deploy/deployment-history.ts'
export { type ArtefactOptions, deploymentArtefact } from './deploy/export/artefact.ts'
export {
  deploymentMigration,
  type MigrationFile,
  type MigrationOptions,
  type MigrationStyle,
  migrationStyles,
} from './deploy/export/migration.ts'
export { type FoundDeployment, findDeployment } from './deploy/find-deployment.ts'
export { type PlanOptions, planDeployments, type Wanted } from './deploy/plan.ts'
export type {
  AffectedColumn,
  AffectedModel,
  ChangeClass,
  CoefficientMoves,
  ColumnChange,
  DescribedVersion,
  Fingerprint,
  FingerprintPart,
  Insight,
  Movement,
  MovementEstimates,
  Plan,
  PlanCost,
  PlannedChange,
  Strategy,
  VersionChange,
} from './deploy/plan-data.ts'
export { parsePlan, planDigest, printPlan, readPlan, writePlan } from './deploy/plan-file.ts'
export { type PlanProjectOptions, planProject } from './deploy/plan-project.ts'
export { type PlanPromotionOptions, planPromotion } from './deploy/plan-promotion.ts'
export { type Refreshed, type RefreshOptions, refreshTable } from './deploy/refresh.ts'
export { planRollback, type RollbackOptions, type RollbackPlanOptions, rollback } from './deploy/rollback.ts'
export { type LiveDeployment, liveDeployment } from './deploy/state.ts'
export { type DeploymentVersion, type DeploymentVersions, deploymentVersions } from './deploy/versions.ts'
export type { BlockingSession, Waiting } from './deploy/waiting.ts'
export { type DoctorCheck, type DoctorReport, doctor } from './health/doctor.ts'
export type { Arrivals } from './health/leak/arrivals.ts'
export type { LeakCheck, LeakFinding, LeakKind } from './health/leak/finding.ts'
export { findLeaks, type LeakOptions, type LeakReport, type LeakSource } from './health/leak/leak.ts'
export type { FeatureStrength } from './health/leak/single-feature.ts'
export type { NamedEntity } from './import/candidate.ts'
export { type ImportFrom, type ImportOptions, type ImportResult, importViews } from './import/import-views.ts'
export type { Inferred, InferredEntity, InferredView } from './import/inferred.ts'
export { type ExportedRuns, type ExportRunsOptions, exportRuns } from './mlflow/export-runs.ts'
export { type MlflowServer, type ServeMlflowOptions, serveMlflow } from './mlflow/serve.ts'
export { type CompareOptions, comparisonQuery } from './predict/comparison.ts'
export { type ExplainOptions, type ExplainReport, explain } from './predict/explain.ts'
export { columnLineage } from './predict/lineage.ts'
export { type LoggedPrediction, loggedPrediction } from './predict/logged-prediction.ts'
export type { BranchCheck } from './predict/plan-branches.ts'
export { type Prediction, predict } from './predict/predict.ts'
export type { Scored } from './predict/prepared-together.ts'
export { projectLineage } from './predict/project-lineage.ts'
export {
  type ObjectOptions,
  type PredictOptions,
  predictionObject,
  predictionQuery,
  selfTest,
  trainingQuery,
} from './predict/queries.ts'
export { type LabelledByTarget, type LabelOptions, labelPredictions } from './predict/replay/label-predictions.ts'
export {
  type CalibratedBin,
  type MeasuredPeriod,
  type MetricsOptions,
  predictionMetrics,
} from './predict/replay/prediction-metrics.ts'
export { type ReplayOptions, replayPredictions } from './predict/replay/replay.ts'
export type { Replay, ReplayCause, ReplayedColumn } from './predict/replay/replay-report.ts'
export {
  type LabelMovement,
  type OutputMovement,
  type ScoreMovement,
  type ScoreMovementOptions,
  scoreMovement,
} from './predict/score-movement.ts'
export type { Interval } from './predict/share-interval.ts'
export { type ShowOptions, showRows } from './predict/show-rows.ts'
export { type Parity, type VerifyCheck, type VerifyReport, verifyModel } from './predict/verify.ts'
export { databaseTypes } from './project/database-types.ts'
export { describeAll, type Prepared, prepareDataset } from './project/facts.ts'
export { prepareModel } from './project/prepare-model.ts'
export { collectProject, kindWord, type Project, resolveDefinition } from './project/project.ts'
export { type GeneratedText, type ModuleExport, type ProjectTypes, projectTypes } from './project/project-types.ts'
export { applyRecorded } from './record/apply.ts'
export { type ApplyRecordedOptions, applyPlanRecorded } from './record/apply-plan.ts'
export { type ComparisonEntry, challengeRecorded, comparisons } from './record/challenge.ts'
export { type RecordedCheck, recordChecks } from './record/checks.ts'
export type { CoefficientComparison, CoefficientDifference } from './record/compare-coefficients.ts'
export {
  type ComparedVersion,
  type CompareVersionsOptions,
  compareVersions,
  type VersionComparison,
} from './record/compare-versions.ts'
export { evaluateRecorded } from './record/evaluate.ts'
export { importModelRecorded } from './record/import-model.ts'
export type { KeepRefreshed } from './record/keep-refreshed.ts'
export { measurePredictions } from './record/measure-predictions.ts'
export { predictRecorded } from './record/predict.ts'
export { type LogOptions, logPredicted } from './record/predict-logged.ts'
export type { ParamDifference } from './record/recorded-model.ts'
export {
  type InstantSeries,
  type RefreshedSeries,
  type RefreshSeriesOptions,
  refreshRecorded,
} from './record/refresh.ts'
export { hasFaults, replayRecorded } from './record/replay.ts'
export {
  type ReproducedData,
  type ReproducedModel,
  type ReproduceOptions,
  type Reproduction,
  reproduce,
} from './record/reproduce.ts'
export { rollbackRecorded } from './record/rollback.ts'
export { selectRecorded } from './record/select.ts'
export { type RecordedTraining, type RecordedTrainOptions, trainRecorded } from './record/train.ts'
export { findLeaksRecorded, verifyRecorded } from './record/verify.ts'
export {
  type Challenge,
  type ChallengeOptions,
  challenge,
  type DecileComparison,
  type LabelComparison,
  type MetricComparison,
  type ScoreComparison,
} from './report/challenge.ts'
export type { Estimate } from './report/estimate.ts'
export { type EvaluateOptions, type Evaluation, evaluateModel } from './report/evaluation.ts'
export { type ReportOptions, renderReport } from './report/report-page.ts'
export type { EvaluatedPart } from './report/scored-rows.ts'
export { type KeptPredictions, type KeptPredictionsOptions, keptPredictions } from './serve/kept-predictions.ts'
export type { Predicted } from './serve/respond.ts'
export {
  type AccessEntry,
  type PredictionServer,
  type ServePredictionsOptions,
  servePredictions,
} from './serve/serve-predictions.ts'
export { type ServedModelsOptions, servedModels } from './serve/served-models.ts'
export type { ServedModel } from './serve/served-version.ts'
export { type Access, type AccessOptions, grantAccess, listAccess } from './store/access/grant.ts'
export type { Drift } from './store/catalog/drift.ts'
export { type CatalogField, type Edited, type EditOptions, editCatalog } from './store/catalog/edit.ts'
export {
  type CatalogEntry,
  type CatalogPage,
  type CatalogPageOptions,
  catalogEntries,
  catalogPage,
  type EntryColumn,
} from './store/catalog/entry.ts'
export { type EntryName, findEntry } from './store/catalog/find-entry.ts'
export {
  assetFreshness,
  type Freshness,
  type FreshnessOptions,
  type FreshnessStatus,
  type SourceFreshness,
} from './store/catalog/freshness.ts'
export { type CatalogChange, catalogHistory } from './store/catalog/history.ts'
export { catalogDocument, catalogPages, type MarkdownPage } from './store/catalog/markdown.ts'
export {
  type CatalogFacet,
  type CatalogHit,
  type CatalogResult,
  type CatalogSearch,
  searchCatalog,
} from './store/catalog/search.ts'
export { type Synchronised, type SyncOptions, syncCatalog } from './store/catalog/sync.ts'
export type { AssetTexts, ColumnTexts } from './store/catalog/texts.ts'
export { atSnapshot } from './store/datasets/at-snapshot.ts'
export type { Precision } from './store/datasets/canonical.ts'
export {
  type ColumnDifference,
  changedViews,
  compareDigests,
  type DatasetDifference,
} from './store/datasets/compare.ts'
export { type ColumnDigest, type DatasetDigest, type DigestOptions, digestRows } from './store/datasets/digest.ts'
export { type ExportedFile, type ExportOptions, exportDataset } from './store/datasets/export-file.ts'
export {
  type DatasetContent,
  type DatasetVersion,
  type RegisterDatasetOptions,
  registerDataset,
} from './store/datasets/register-dataset.ts'
export {
  dropSnapshot,
  type SnapshotOptions,
  type SnapshotTable,
  snapshotDataset,
} from './store/datasets/snapshot-table.ts'
export { type TagInterval, tagDataset, tagHistory } from './store/datasets/tags.ts'
export {
  type DatasetCopy,
  type DatasetReader,
  type DatasetSummary,
  type DatasetVersionDetails,
  datasetHistory,
  datasetVersion,
  listDatasets,
} from './store/datasets/versions.ts'
export { listRecords, listVersions, loadRecord, removeRecord, saveRecord } from './store/files/records.ts'
export { loadSums, saveSums } from './store/files/sums.ts'
export { type Artifact, type ArtifactContent, recordEvent, registerArtifact } from './store/graph/artifacts.ts'
export { type AssetKind, type AssetName, ensureAsset, ensureAssets, findAsset } from './store/graph/assets.ts'
export {
  addConsumer,
  type Consumer,
  type ConsumerKind,
  type ConsumerOptions,
  consumerKinds,
  listConsumers,
  removeConsumer,
} from './store/lineage/consumers.ts'
export {
  type Impact,
  type ImpactOptions,
  impact,
  type ReachedAsset,
  type ReachedColumn,
} from './store/lineage/impact.ts'
export type { ReachedModel } from './store/lineage/impact-models.ts'
export { impactWalk } from './store/lineage/impact-walk.ts'
export { type ChangedEdge, lineageChanges } from './store/lineage/lineage-changes.ts'
export { registerDeployment } from './store/lineage/register-deployment.ts'
export { type RegisterLineageOptions, registerLineage } from './store/lineage/register-lineage.ts'
export type { LineageChange } from './store/lineage/write-graph.ts'
export { migrateStore, type StoreVersion, storeVersion } from './store/migrate.ts'
export { datasetEvents } from './store/openlineage/dataset.ts'
export type { Dataset as OpenLineageDataset, DatasetEvent, RunEvent } from './store/openlineage/event.ts'
export type { EventOptions } from './store/openlineage/naming.ts'
export { fileTarget } from './store/outbox/file-target.ts'
export { type HttpTargetOptions, httpTarget } from './store/outbox/http-target.ts'
export {
  type KeepSendingOptions,
  keepSending,
  type SendOptions,
  type SendReport,
  sendEvents,
} from './store/outbox/send.ts'
export { type OutboxReason, type OutboxStatus, outboxStatus, purgeEvents, retryEvents } from './store/outbox/status.ts'
export type { Delivery, EventTarget } from './store/outbox/target.ts'
export { withPassingStore } from './store/passing-store.ts'
export { type BufferOptions, type PredictionBuffer, predictionBuffer } from './store/predictions/buffer.ts'
export type { GivenLabel } from './store/predictions/given-labels.ts'
export { type LoggedVersion, listPredictions } from './store/predictions/list.ts'
export {
  type Logged,
  logPredictions,
  type PredictedRow,
  type PredictionSource,
} from './store/predictions/log-predictions.ts'
export type { InputPolicy, KeptInput, LoggedColumn, LogShape } from './store/predictions/log-shape.ts'
export { type LogAbout, openPredictionLog, type PredictionLog } from './store/predictions/open-log.ts'
export { type PurgePredictionsOptions, purgePredictions } from './store/predictions/purge.ts'
export { type Labelled, recordLabels } from './store/predictions/record-labels.ts'
export { openStoreToRead } from './store/read-store.ts'
export { type AdoptedRecords, adoptRecords, adoptRecordsIfAllowed } from './store/registry/adopt-records.ts'
export {
  type AliasChange,
  type AliasInterval,
  type AliasOptions,
  aliasAt,
  aliasesOf,
  aliasHistory,
  demoteModel,
  promoteModel,
} from './store/registry/aliases.ts'
export {
  type Change,
  type ComparedCoefficient,
  type ComparedInput,
  type ComparedMetric,
  type ComparedSetting,
  compareRecords,
  type Estimate as ComparedEstimate,
  type RecordComparison,
} from './store/registry/compare-records.ts'
export { type DeletedVersions, deleteModel, restoreModel } from './store/registry/delete-version.ts'
export { describeVersion, type VersionNotes } from './store/registry/describe-version.ts'
export type { KnownOfVersion } from './store/registry/keep-version.ts'
export { type LoadedModel, loadModel } from './store/registry/load-model.ts'
export { type ModelReference, type ModelSelector, modelReference } from './store/registry/model-selector.ts'
export {
  type ModelSignature,
  modelSignature,
  type SignatureColumn,
  type SignatureInput,
} from './store/registry/model-signature.ts'
export {
  listModels,
  listModelVersions,
  modelVersion,
  type RegisteredName,
  type RegisteredVersion,
  type VersionSummary,
} from './store/registry/model-versions.ts'
export {
  type ModelVersion,
  type RegisteredModel,
  type RegisterModelOptions,
  registerModel,
} from './store/registry/register-model.ts'
export { type PurgeOptions, purgeRuns } from './store/retention/purge.ts'
export { type Batch, logBatch, type MetricPoint, type Pairs } from './store/runs/batch.ts'
export {
  deleteRun,
  deleteRunTag,
  type RunChange,
  restoreRun,
  setRunTags,
  updateRun,
} from './store/runs/edit-run.ts'
export {
  type Experiment,
  type ExperimentRef,
  findExperiment,
  type ListExperimentsOptions,
  listExperiments,
} from './store/runs/experiment.ts'
export {
  createExperiment,
  deleteExperiment,
  type ExperimentText,
  ensureExperiment,
  getExperiment,
  restoreExperiment,
  updateExperiment,
} from './store/runs/experiments.ts'
export {
  deleteRunFile,
  type FileContent,
  listFiles,
  logFile,
  mostFileBytes,
  type RunFile,
  readRunFile,
} from './store/runs/files.ts'
export type { RunSource } from './store/runs/git.ts'
export { type HistoryOptions, type HistoryPage, type HistoryPoint, metricHistory } from './store/runs/history.ts'
export { type ForeignDataset, logInput, type RunInput } from './store/runs/inputs.ts'
export { markLostRuns, renewRun } from './store/runs/lease.ts'
export { attachRun, type LiveRun, openRun } from './store/runs/live-run.ts'
export { endRun, type RunOptions, reopenRun, startRun } from './store/runs/run.ts'
export {
  getRun,
  type LatestMetric,
  type RunArtifact,
  type RunChild,
  type RunDetails,
  type RunRow,
} from './store/runs/run-details.ts'
export type { RunError } from './store/runs/run-error.ts'
export type { Run, RunState } from './store/runs/started.ts'
export { withRun } from './store/runs/with-run.ts'
export { type BestRuns, type BestRunsOptions, bestRuns } from './store/search/best-runs.ts'
export {
  type ComparedNumbers,
  type ComparedRow,
  type ComparedRuns,
  compareRuns,
} from './store/search/compare-runs.ts'
export { type FindRunOptions, findRun, shortRunIds } from './store/search/find-run.ts'
export type { LoggedMetric } from './store/search/logged.ts'
export { metricTrends } from './store/search/metric-trends.ts'
export type { Page, PageOptions } from './store/search/search.ts'
export {
  type FoundExperiment,
  type SearchExperimentsOptions,
  searchExperiments,
} from './store/search/search-experiments.ts'
export {
  type FoundModel,
  type FoundModelVersion,
  type SearchModelsOptions,
  searchModels,
  searchModelVersions,
} from './store/search/search-models.ts'
export { type FoundRun, type SearchRunsOptions, searchRuns } from './store/search/search-runs.ts'
export {
  atomically,
  openStore,
  openStoreIfAllowed,
  openStoreToWrite,
  type Store,
  type StoreOptions,
} from './store/store.ts'
export { type ExportedModel, type ExportFormat, exportModel } from './train/exchange/export-model.ts'
export { type ImportModelOptions, type ImportModelResult, importModel } from './train/exchange/import-model.ts'
export { type PartitionSumsOptions, partitionSums } from './train/refit/partition-sums.ts'
export { type RefitOptions, type Refitted, refit } from './train/refit/refit.ts'
export type { ComparedCandidate, MetricSummary } from './train/select/choose.ts'
export { type SelectOptions, type SelectProgress, type SelectResult, selectModel } from './train/select/select.ts'
export { type Block, type ClassFit, type Design, type Fit, type FitOptions, scoresOf } from './train/solve/fit.ts'
export { fitGradientDescent } from './train/solve/gradient-descent.ts'
export { fitLinear } from './train/solve/linear.ts'
export { fitLogistic } from './train/solve/logistic.ts'
export { arrayDesign } from './train/solve/passes.ts'
export { type Solve, solverOf } from './train/solve/solvers.ts'
export { type TrainOptions, type TrainResult, trainModel } from './train/train.ts'
export { generateTypes, type TypesOptions } from './types/generate.ts'
