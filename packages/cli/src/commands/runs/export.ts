import { z } from 'zod'
import { defineCommand } from '../../command.ts'
import { withStore } from '../../open.ts'
import { grouped, renderPairs } from '../../render/table.ts'

export const runsExportCommand = defineCommand({
  name: 'runs export',
  summary: 'Send runs to a server of MLflow',
  description:
    'Sends experiments, runs with params, metrics and their history, tags, datasets and files, and the model versions they made with their aliases. Doing it again sends what is new; what broke off goes on where it was. Credentials are MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.',
  positionals: [],
  options: z.object({
    mlflow: z.string().min(1).describe('Address of the server: https://mlflow.example.com'),
    experiment: z.array(z.string()).optional().meta({
      description: 'Experiment to send, by name; can be repeated; default all',
      label: 'name',
    }),
    filter: z.string().optional().describe(`Which runs, as in runs ls: "metrics.test.auc > 0.7"`),
    'no-files': z.boolean().default(false).describe('Leave the files of runs here'),
    'no-models': z.boolean().default(false).describe('Register no versions of models there'),
  }),
  examples: [
    { command: 'viewcast runs export --mlflow https://mlflow.example.com', description: 'Everything that is new' },
    {
      command: 'viewcast runs export --mlflow http://localhost:5001 --experiment shop/reorder --no-files',
      description: 'One experiment, without files',
    },
  ],
  run: (invocation) =>
    withStore(invocation, async ({ store }) => {
      const { options, io, output } = invocation
      const { exportRuns } = await import('@viewcast/sdk')
      const {
        MLFLOW_TRACKING_TOKEN: token,
        MLFLOW_TRACKING_USERNAME: username,
        MLFLOW_TRACKING_PASSWORD: password,
      } = io.env
      output.progress.step('runs')
      const sent = await exportRuns(store, {
        uri: options.mlflow,
        files: !options['no-files'],
        models: !options['no-models'],
        signal: io.signal,
        ...(options.experiment ? { experiments: options.experiment } : {}),
        ...(options.filter === undefined ? {} : { filter: options.filter }),
        ...(token ? { token } : {}),
        ...(username ? { username } : {}),
        ...(password ? { password } : {}),
        onProgress: (runs) => output.progress.at(runs),
      })
      output.progress.done(`${grouped(sent.created + sent.updated + sent.unchanged)} looked at`)
      await output.result(sent, () =>
        renderPairs([
          ['server', sent.server],
          [
            'runs',
            `${grouped(sent.created)} new, ${grouped(sent.updated)} updated, ${grouped(sent.unchanged)} as they were`,
          ],
          ['points', grouped(sent.points)],
          [
            'files',
            `${grouped(sent.files)}${sent.filesLeft > 0 ? `; ${grouped(sent.filesLeft)} left here: that server takes none` : ''}`,
          ],
          ['versions', `${grouped(sent.versions)} new`],
          ...(sent.deleted > 0 ? [['deleted there', grouped(sent.deleted)] as [string, string]] : []),
        ]),
      )
      return 0
    }),
})
