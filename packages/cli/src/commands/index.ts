import type { Command } from '../command.ts'
import { applyCommand } from './apply.ts'
import { catalogExportCommand } from './catalog/export.ts'
import { catalogSearchCommand } from './catalog/search.ts'
import { catalogSetCommand } from './catalog/set.ts'
import { catalogShowCommand } from './catalog/show.ts'
import { catalogSyncCommand } from './catalog/sync.ts'
import { challengeCommand } from './challenge/challenge.ts'
import { challengeLsCommand } from './challenge/ls.ts'
import { compileCommand } from './compile.ts'
import { consumersAddCommand } from './consumers/add.ts'
import { consumersLsCommand } from './consumers/ls.ts'
import { consumersRemoveCommand } from './consumers/remove.ts'
import { datasetsCompareCommand } from './datasets/compare.ts'
import { datasetsDropSnapshotCommand } from './datasets/drop-snapshot.ts'
import { datasetsExportCommand } from './datasets/export.ts'
import { datasetsLsCommand } from './datasets/ls.ts'
import { datasetsRegisterCommand } from './datasets/register.ts'
import { datasetsShowCommand } from './datasets/show.ts'
import { datasetsSnapshotCommand } from './datasets/snapshot.ts'
import { datasetsTagCommand } from './datasets/tag.ts'
import { deploymentsHistoryCommand } from './deployments/history.ts'
import { deploymentsLsCommand } from './deployments/ls.ts'
import { deploymentsShowCommand } from './deployments/show.ts'
import { doctorCommand } from './doctor.ts'
import { eventsPurgeCommand } from './events/purge.ts'
import { eventsRetryCommand } from './events/retry.ts'
import { eventsSendCommand } from './events/send.ts'
import { eventsStatusCommand } from './events/status.ts'
import { experimentsDeleteCommand, experimentsEditCommand, experimentsRestoreCommand } from './experiments/change.ts'
import { experimentsLsCommand } from './experiments/ls.ts'
import { experimentsShowCommand } from './experiments/show.ts'
import { explainCommand } from './explain.ts'
import { exportDeploymentCommand } from './export-deployment.ts'
import { exportModelCommand } from './export-model.ts'
import { gcCommand } from './gc.ts'
import { impactCommand } from './impact.ts'
import { importCommand } from './import.ts'
import { importModelCommand } from './import-model.ts'
import { initCommand } from './init.ts'
import { leakCommand } from './leak.ts'
import { lineageCommand } from './lineage.ts'
import { lsCommand } from './ls.ts'
import { modelsCompareCommand } from './models/compare.ts'
import { modelsDeleteCommand } from './models/delete.ts'
import { modelsDemoteCommand } from './models/demote.ts'
import { modelsDescribeCommand } from './models/describe.ts'
import { modelsHistoryCommand } from './models/history.ts'
import { modelsLsCommand } from './models/ls.ts'
import { modelsPromoteCommand } from './models/promote.ts'
import { modelsShowCommand } from './models/show.ts'
import { modelsTagCommand } from './models/tag.ts'
import { planCommand } from './plan.ts'
import { predictCommand } from './predict.ts'
import { predictionsLabelCommand } from './predictions/label.ts'
import { predictionsLogCommand } from './predictions/log.ts'
import { predictionsLsCommand } from './predictions/ls.ts'
import { predictionsMetricsCommand } from './predictions/metrics.ts'
import { predictionsPurgeCommand } from './predictions/purge.ts'
import { predictionsReplayCommand } from './predictions/replay.ts'
import { refreshCommand } from './refresh.ts'
import { reportCommand } from './report.ts'
import { reproduceCommand } from './reproduce.ts'
import { rollbackCommand } from './rollback.ts'
import { runsBestCommand } from './runs/best.ts'
import { runsCompareCommand } from './runs/compare.ts'
import { runsDeleteCommand } from './runs/delete.ts'
import { runsExportCommand } from './runs/export.ts'
import { runsLsCommand } from './runs/ls.ts'
import { runsNoteCommand } from './runs/note.ts'
import { runsRestoreCommand } from './runs/restore.ts'
import { runsShowCommand } from './runs/show.ts'
import { runsTagCommand } from './runs/tag.ts'
import { selectCommand } from './select.ts'
import { serveMlflowCommand } from './serve/mlflow.ts'
import { servePredictCommand } from './serve/predict.ts'
import { showCommand } from './show.ts'
import { storeGrantCommand } from './store/grant.ts'
import { storeLineageCommand } from './store/lineage.ts'
import { storeMigrateCommand } from './store/migrate.ts'
import { storePurgeCommand } from './store/purge.ts'
import { storeStatusCommand } from './store/status.ts'
import { trainCommand } from './train.ts'
import { typesCommand } from './types.ts'
import { verifyCommand } from './verify.ts'

/** In the order they are used. Records load at once, the SDK only when one runs. */
export const commands: readonly Command[] = [
  initCommand,
  importCommand,
  typesCommand,
  lsCommand,
  showCommand,
  trainCommand,
  selectCommand,
  importModelCommand,
  compileCommand,
  explainCommand,
  predictCommand,
  reportCommand,
  verifyCommand,
  leakCommand,
  challengeCommand,
  challengeLsCommand,
  planCommand,
  applyCommand,
  deploymentsLsCommand,
  deploymentsShowCommand,
  deploymentsHistoryCommand,
  refreshCommand,
  exportDeploymentCommand,
  rollbackCommand,
  gcCommand,
  predictionsLogCommand,
  predictionsLsCommand,
  predictionsReplayCommand,
  predictionsLabelCommand,
  predictionsMetricsCommand,
  predictionsPurgeCommand,
  exportModelCommand,
  lineageCommand,
  impactCommand,
  consumersAddCommand,
  consumersLsCommand,
  consumersRemoveCommand,
  eventsSendCommand,
  eventsStatusCommand,
  eventsRetryCommand,
  eventsPurgeCommand,
  modelsLsCommand,
  modelsShowCommand,
  modelsPromoteCommand,
  modelsDemoteCommand,
  modelsHistoryCommand,
  modelsCompareCommand,
  modelsTagCommand,
  modelsDescribeCommand,
  modelsDeleteCommand,
  catalogSearchCommand,
  catalogShowCommand,
  catalogSetCommand,
  catalogSyncCommand,
  catalogExportCommand,
  runsLsCommand,
  runsShowCommand,
  runsCompareCommand,
  runsBestCommand,
  runsTagCommand,
  runsNoteCommand,
  runsDeleteCommand,
  runsRestoreCommand,
  experimentsLsCommand,
  experimentsShowCommand,
  experimentsEditCommand,
  experimentsDeleteCommand,
  experimentsRestoreCommand,
  datasetsLsCommand,
  datasetsShowCommand,
  datasetsCompareCommand,
  datasetsRegisterCommand,
  datasetsSnapshotCommand,
  datasetsExportCommand,
  datasetsTagCommand,
  datasetsDropSnapshotCommand,
  reproduceCommand,
  storeStatusCommand,
  storeMigrateCommand,
  storeGrantCommand,
  storePurgeCommand,
  runsExportCommand,
  servePredictCommand,
  serveMlflowCommand,
  storeLineageCommand,
  doctorCommand,
]
