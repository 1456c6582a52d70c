/** The report of a model as one HTML file that needs nothing beside itself. */
import { type Coefficient, familyTitle, type ModelRecord } from '@viewcast/compiler'
import { type Charts, type CoefficientBar, loadCharts } from './charts.ts'
import type { ClassesEvaluation } from './classes.ts'
import { z95 } from './estimate.ts'
import type { Evaluation } from './evaluation.ts'
import { chart, charts, escaped, figure, legend, range, type Section, section, table } from './markup.ts'
import type { NumberEvaluation } from './number.ts'
import type { OutcomeEvaluation } from './outcome.ts'
import { pageStyle } from './page-style.ts'

export interface ReportOptions {
  /** The prediction query, to be printed at the end. */
  readonly predictionSql?: string
}

/**
 * Writes the report of a model: metrics with intervals, curves, calibration, decisions, coefficients, contributions,
 * residuals, slices and the SQL. One HTML file, charts as SVG inside it, no script, readable in light, dark and on paper.
 *
 * @example
 * ```ts
 * await writeFile('delay.html', await renderReport(record, await evaluateModel(db, model, record)))
 * ```
 */
export async function renderReport(
  record: ModelRecord,
  evaluation: Evaluation,
  options: ReportOptions = {},
): Promise<string> {
  const drawn = await loadCharts()
  const { result } = evaluation
  const sections: Section[] = [
    { id: 'metrics', title: 'Metrics', html: metrics(record, evaluation) },
    ...resultSections(result, drawn),
    { id: 'coefficients', title: 'Coefficients', html: coefficients(record, drawn) },
    { id: 'contributions', title: 'Feature contributions', html: contributions(evaluation, drawn) },
    ...(evaluation.slices.length === 0 ? [] : [{ id: 'slices', title: 'Slices', html: slices(evaluation) }]),
    { id: 'model', title: 'Model', html: facts(record) },
    { id: 'sql', title: 'SQL', html: sql(evaluation, options) },
  ]
  const title = `${record.name} version ${record.version}`
  const links = sections.map((s) => `<a href="#${s.id}">${escaped(s.title)}</a>`).join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="viewcast">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(summary(record, evaluation))}</p>
<nav>${links}</nav>
${sections.map(section).join('\n')}
</main>
</body>
</html>
`
}

function summary(record: ModelRecord, { part, rows, unscored, isWeighted }: Evaluation): string {
  const family = familyTitle(record.family, record.link)
  const left = unscored === 0 ? '' : `; ${figure(unscored)} rows have no prediction`
  const weighed = isWeighted ? ', weighted' : ''
  return `A ${family} model of ${record.label}, trained ${record.trainedAt} on ${figure(record.dataset.trainRows)} rows of ${record.dataset.name}. Measured on ${figure(rows)} rows${weighed} (part: ${part})${left}. Intervals are 95 %.`
}

const metricTitles: Readonly<Record<string, string>> = {
  auc: 'area under the ROC curve',
  logLoss: 'log loss',
  brier: 'Brier score',
  baseRate: 'share of positives',
  averagePrecision: 'average precision',
  accuracy: 'accuracy at the threshold',
  calibrationError: 'calibration error',
  calibrationIntercept: 'calibration intercept (0 is right)',
  calibrationSlope: 'calibration slope (1 is right)',
  rmse: 'root mean squared error',
  mae: 'mean absolute error',
  bias: 'bias (prediction less label)',
  r2: 'R²',
  meanAuc: 'mean AUC of the classes',
}
const titleOf = (name: string): string => metricTitles[name] ?? name

function metrics(record: ModelRecord, { result, part }: Evaluation): string {
  const baseline = part === 'test' || part === 'train' ? record.metrics.baseline : {}
  const rows = result.metrics.map(({ name, estimate }) => [
    titleOf(name),
    figure(estimate.value),
    range(estimate),
    figure(baseline[name]),
    figure(record.metrics.train[name]),
  ])
  const note =
    'The baseline predicts the mean of the training labels for every row. A metric on the training rows that is much better than the measured one means overfitting.'
  return `${table(['metric', 'value', '95 % interval', 'baseline', 'training rows'], rows, ['', '', 'range'])}<p>${note}</p>`
}

function outcomeSections(r: OutcomeEvaluation, drawn: Charts): Section[] {
  const baseRate = r.metrics.find((m) => m.name === 'baseRate')?.estimate.value ?? 0
  const { threshold } = r.confusion
  const c = r.confusion
  const confusion = table(
    ['', `predicted (at ${figure(threshold)} and above)`, 'not predicted', 'all'],
    [
      ['label 1', figure(c.truePositive), figure(c.falseNegative), figure(c.truePositive + c.falseNegative)],
      ['label 0', figure(c.falsePositive), figure(c.trueNegative), figure(c.falsePositive + c.trueNegative)],
    ],
  )
  const share = (name: 'precision' | 'recall' | 'specificity' | 'accuracy'): string[] => [
    name,
    figure(r.decision[name].value),
    range(r.decision[name]),
  ]
  const decisions = table(
    ['at the threshold', 'value', '95 % interval'],
    [share('precision'), share('recall'), share('specificity'), share('accuracy'), ['F1', figure(r.decision.f1), '']],
    ['', '', 'range'],
  )
  return [
    {
      id: 'ranking',
      title: 'Ranking',
      html: charts([
        chart(drawn.roc(r.roc), 'ROC: positives found against negatives flagged, over all thresholds.'),
        chart(drawn.precision(r.precision, baseRate), 'Precision and recall; dashed, the share of positives.'),
        chart(drawn.gain(r.gain), 'Cumulative gain: positives found when the highest predictions are acted on first.'),
        chart(drawn.lift(r.lift), 'Lift: share of positives in each tenth over that of all rows.'),
      ]),
    },
    ...(r.calibration.length === 0 ? [] : [calibrationSection(r, drawn)]),
    {
      id: 'decisions',
      title: 'Decisions',
      html: `${confusion}<h3>Rates</h3>${decisions}${otherThresholds(r, drawn)}`,
    },
  ]
}

const calibrationSection = (r: OutcomeEvaluation, drawn: Charts): Section => ({
  id: 'calibration',
  title: 'Calibration',
  html: charts([
    chart(drawn.calibration(r.calibration), 'Observed share of positives in tenths of the rows, with intervals.'),
    chart(
      `${legend([
        ['label 1', 'chart-1'],
        ['label 0', 'chart-2'],
      ])}${drawn.probabilities(r.histograms.ones, r.histograms.zeros, r.confusion.threshold)}`,
      'Probabilities given to rows of either label; dashed, the threshold.',
    ),
  ]),
})

const otherThresholds = (r: OutcomeEvaluation, drawn: Charts): string =>
  r.decisions.length === 0
    ? ''
    : charts([
        chart(
          `${legend([
            ['precision', 'chart-1'],
            ['recall', 'chart-2'],
            ['share flagged', 'chart-faint'],
          ])}${drawn.decisions(r.decisions, r.confusion.threshold)}`,
          'What other thresholds would give; dashed, the one in use.',
          true,
        ),
      ])

const numberSections = (r: NumberEvaluation, drawn: Charts): Section[] => [
  {
    id: 'residuals',
    title: 'Residuals',
    html: charts([
      chart(drawn.fitted(r.points), 'Labels against predictions, some rows; dashed, equality.'),
      chart(drawn.residualBins(r.bins), 'Residuals by prediction: means with intervals, and where 80 % of them lie.'),
      chart(drawn.histogram(r.residuals, 'residual'), 'Distribution of the residuals.'),
      chart(drawn.quantiles(r.quantiles), 'Residuals against a normal distribution; dashed, equality.'),
    ]),
  },
]

function classesSections(r: ClassesEvaluation): Section[] {
  const names = r.classes.map((c) => c.name)
  const confusion = table(
    ['class', ...names.map((n) => `told ${n}`)],
    r.confusion.map((line, k) => [names[k] ?? '', ...line.map((w) => figure(w))]),
  )
  const figures = table(
    ['class', 'rows', 'precision', 'recall', 'AUC against the others', '95 % interval'],
    r.classes.map((c) => [
      c.name,
      figure(c.rows),
      figure(c.precision),
      figure(c.recall),
      figure(c.auc.estimate.value),
      range(c.auc.estimate),
    ]),
    ['', '', '', '', '', 'range'],
  )
  return [{ id: 'classes', title: 'Classes', html: `${figures}<h3>Confusion</h3>${confusion}` }]
}

function resultSections(result: Evaluation['result'], drawn: Charts): Section[] {
  if (result.kind === 'classes') return classesSections(result)
  return result.kind === 'outcome' ? outcomeSections(result, drawn) : numberSections(result, drawn)
}

const mostBars = 30

function coefficients(record: ModelRecord, drawn: Charts): string {
  const isMultiple = record.classes !== undefined
  const t = record.family === 'gaussian' ? 't' : 'z'
  const head = [...(isMultiple ? ['class'] : []), 'coefficient', 'estimate', '95 % interval', 'std. error', t, 'p']
  const rows = record.coefficients.map((c) => [
    ...(isMultiple ? [c.class ?? ''] : []),
    c.name,
    figure(c.estimate),
    intervalOf(c),
    figure(c.standardError),
    figure(c.statistic, 3),
    c.pValue === null ? '–' : c.pValue < 0.0001 ? '<0.0001' : c.pValue.toFixed(4),
  ])
  const bars = record.coefficients
    .filter((c) => c.feature !== null && c.statistic !== null && c.class === undefined)
    .map((c): CoefficientBar => {
      const z = c.statistic as number
      return { name: c.name, estimate: z, lower: z - z95, upper: z + z95 }
    })
    .sort((a, b) => Math.abs(b.estimate) - Math.abs(a.estimate))
    .slice(0, mostBars)
  const figures =
    bars.length === 0
      ? ''
      : charts([
          chart(drawn.coefficients(bars), 'Estimates in standard errors, with intervals; the clearest first.', true),
        ])
  return `${figures}${table(head, rows, isMultiple ? ['', '', '', 'range'] : ['', '', 'range'])}`
}

const intervalOf = ({ estimate, standardError }: Coefficient): string =>
  standardError === null
    ? ''
    : range({ value: estimate, interval: [estimate - z95 * standardError, estimate + z95 * standardError] })

function contributions({ contributions: all }: Evaluation, drawn: Charts): string {
  if (all.length === 0) return '<p>The model has no coefficients.</p>'
  const rows = all.map((c) => [
    c.feature,
    `${figure(100 * c.share, 3)} %`,
    figure(c.meanAbsolute),
    `${figure(c.low)} to ${figure(c.high)}`,
  ])
  const caption = 'How far each feature moves the score from its mean, for 80 % of the rows.'
  return `${charts([chart(drawn.contributions(all.slice(0, mostBars)), caption, true)])}${table(
    ['feature', 'share of movement', 'mean movement', '10 % to 90 %'],
    rows,
    ['', '', '', 'range'],
  )}`
}

function slices({ slices: all }: Evaluation): string {
  return all
    .map(({ feature, slices: own }) => {
      const names = own[0]?.metrics.map((m) => m.name) ?? []
      const rows = own.map((s) => [
        s.name,
        figure(s.rows),
        figure(s.meanLabel),
        figure(s.meanPrediction),
        ...names.flatMap((n) => {
          const m = s.metrics.find((x) => x.name === n)
          return m === undefined ? ['–', ''] : [figure(m.estimate.value), range(m.estimate)]
        }),
      ])
      const head = ['slice', 'rows', 'mean label', 'mean prediction', ...names.flatMap((n) => [titleOf(n), '95 %'])]
      const classes = head.map((h) => (h === '95 %' ? 'range' : ''))
      return `<h3>${escaped(feature)}</h3>${table(head, rows, classes)}`
    })
    .join('\n')
}

function facts(record: ModelRecord): string {
  const { fit, dataset } = record
  const rows: (readonly [string, string])[] = [
    ['family and link', `${record.family}, ${record.link}`],
    [
      'solver',
      `${fit.solver} in ${fit.where === 'process' ? 'this process' : 'the database'}, ${fit.iterations} iterations`,
    ],
    ['penalty', `L1 ${figure(fit.penalty.l1)}, L2 ${figure(fit.penalty.l2)}`],
    ['deviance', figure(fit.deviance, 8)],
    ['null deviance', figure(fit.nullDeviance, 8)],
    ['residual degrees of freedom', figure(fit.residualDegrees)],
    ['dispersion', figure(fit.dispersion, 6)],
    ['log-likelihood', figure(fit.logLikelihood, 8)],
    ['AIC', figure(fit.aic, 8)],
    [
      'rows',
      `${figure(dataset.trainRows)} training, ${figure(dataset.validationRows ?? 0)} validation, ${figure(dataset.testRows)} test`,
    ],
    ['training query', `SHA-256 ${dataset.queryHash}`],
  ]
  const inputs = record.inputs.map((i) => [i.feature, i.type, i.encoder.kind])
  return `${table(['', ''], rows)}<h3>Inputs</h3>${table(['feature', 'type', 'encoder'], inputs)}`
}

function sql(evaluation: Evaluation, { predictionSql }: ReportOptions): string {
  const prediction = predictionSql === undefined ? '' : `<h3>Prediction query</h3><pre>${escaped(predictionSql)}</pre>`
  return `${prediction}<h3>Query this report was measured with</h3><pre>${escaped(evaluation.sql)}</pre>`
}
