/**
 * The charts of a report as SVG text, drawn by Observable Plot.
 *
 * Lines and texts take the colour of the page (`currentColor`, custom properties), so that one drawing is right in light,
 * in dark and on paper. Plot wants a document; domino is one without a browser.
 */
import type { CalibrationBin } from './calibration.ts'
import type { FeatureContribution } from './contributions.ts'
import type { GainPoint, LiftBin } from './lift.ts'
import type { HistogramBar, QuantilePoint, ResidualBin } from './residuals.ts'
import type { PrecisionPoint, RocPoint } from './roc.ts'
import type { Decision } from './thresholds.ts'

type PlotLibrary = typeof import('@observablehq/plot')

export interface Charts {
  roc(points: readonly RocPoint[]): string
  precision(points: readonly PrecisionPoint[], baseRate: number): string
  calibration(bins: readonly CalibrationBin[]): string
  gain(points: readonly GainPoint[]): string
  lift(bins: readonly LiftBin[]): string
  decisions(decisions: readonly Decision[], threshold: number): string
  probabilities(ones: readonly HistogramBar[], zeros: readonly HistogramBar[], threshold: number): string
  fitted(points: readonly (readonly [number, number])[]): string
  residualBins(bins: readonly ResidualBin[]): string
  histogram(bars: readonly HistogramBar[], label: string): string
  quantiles(points: readonly QuantilePoint[]): string
  contributions(contributions: readonly FeatureContribution[]): string
  coefficients(rows: readonly CoefficientBar[]): string
}

/** A coefficient in units of its standard deviation's effect, or as it is. */
export interface CoefficientBar {
  readonly name: string
  readonly estimate: number
  readonly lower: number
  readonly upper: number
}

const one = 'var(--chart-1)'
const two = 'var(--chart-2)'
const faint = 'var(--chart-faint)'

/** Of a chart that takes the whole width; the others take half. */
const wide = 960

/** Loads the library, which takes a moment, and returns the charts. */
export async function loadCharts(): Promise<Charts> {
  const Plot = await import('@observablehq/plot')
  const { default: domino } = await import('domino')
  const document = domino.createDocument('<body></body>')
  const draw = (title: string, options: Parameters<PlotLibrary['plot']>[0]): string => {
    const svg = Plot.plot({ document, width: 480, height: 320, marginLeft: 52, ...options, ariaLabel: title })
    svg.setAttribute('role', 'img')
    return svg.outerHTML
  }
  const unit = { domain: [0, 1] as [number, number], grid: true }
  const diagonal = Plot.link([0], {
    x1: 0,
    y1: 0,
    x2: 1,
    y2: 1,
    stroke: 'currentColor',
    strokeOpacity: 0.5,
    strokeDasharray: '4 4',
  })
  const height = (rows: number): number => 60 + 20 * rows
  const left = (names: readonly string[]): number => 20 + 6.2 * Math.min(32, Math.max(4, ...names.map((n) => n.length)))
  const short = (name: string): string => (name.length > 32 ? `${name.slice(0, 31)}…` : name)
  return {
    roc: (points) =>
      draw('ROC curve', {
        x: { ...unit, label: 'false positive rate' },
        y: { ...unit, label: 'true positive rate' },
        marks: [diagonal, Plot.line(points, { x: 'falsePositiveRate', y: 'truePositiveRate', stroke: one })],
      }),
    precision: (points, baseRate) =>
      draw('Precision and recall', {
        x: { ...unit, label: 'recall' },
        y: { ...unit, label: 'precision' },
        marks: [
          Plot.ruleY([baseRate], { strokeDasharray: '4 4', strokeOpacity: 0.5 }),
          Plot.line(points, { x: 'recall', y: 'precision', stroke: one }),
        ],
      }),
    calibration: (bins) => {
      const ends = bins.flatMap((b) => [b.predicted, ...(b.observed.interval ?? [b.observed.value])])
      const domain: [number, number] = [Math.min(...ends), Math.max(...ends)]
      return draw('Calibration', {
        x: { domain, grid: true, label: 'mean probability' },
        y: { domain, grid: true, label: 'observed share' },
        marks: [
          Plot.link([0], {
            x1: domain[0],
            y1: domain[0],
            x2: domain[1],
            y2: domain[1],
            stroke: 'currentColor',
            strokeOpacity: 0.5,
            strokeDasharray: '4 4',
          }),
          Plot.ruleX(bins, {
            x: 'predicted',
            y1: (b: CalibrationBin) => b.observed.interval?.[0] ?? b.observed.value,
            y2: (b: CalibrationBin) => b.observed.interval?.[1] ?? b.observed.value,
            stroke: one,
          }),
          Plot.dot(bins, {
            x: 'predicted',
            y: (b: CalibrationBin) => b.observed.value,
            r: 4,
            fill: one,
            title: (b: CalibrationBin) => `${b.rows} rows`,
          }),
        ],
      })
    },
    gain: (points) =>
      draw('Cumulative gain', {
        x: { ...unit, label: 'share of rows, highest predictions first' },
        y: { ...unit, label: 'share of positives found' },
        marks: [diagonal, Plot.line(points, { x: 'share', y: 'captured', stroke: one })],
      }),
    lift: (bins) =>
      draw('Lift by tenth', {
        x: { label: 'tenth of the rows, highest predictions first', type: 'band' },
        y: { label: 'lift', grid: true },
        marks: [
          Plot.barY(bins, { x: 'bin', y: 'lift', fill: one, title: (b: LiftBin) => b.lift.toFixed(2) }),
          Plot.ruleY([1], { strokeDasharray: '4 4' }),
          Plot.ruleY([0]),
        ],
      }),
    decisions: (decisions, threshold) => {
      const lines = decisions.flatMap((d) =>
        [
          { at: d.threshold, value: d.precision.value, of: 'precision' },
          { at: d.threshold, value: d.recall.value, of: 'recall' },
          { at: d.threshold, value: d.flagged, of: 'flagged' },
        ].filter((l) => Number.isFinite(l.value)),
      )
      return draw('Precision, recall and share flagged by threshold', {
        width: wide,
        x: { ...unit, label: 'threshold' },
        y: { ...unit, label: 'share' },
        color: { domain: ['precision', 'recall', 'flagged'], range: [one, two, faint] },
        marks: [
          Plot.ruleX([threshold], { strokeDasharray: '4 4' }),
          Plot.line(lines, { x: 'at', y: 'value', stroke: 'of', z: 'of' }),
        ],
      })
    },
    probabilities: (ones, zeros, threshold) =>
      draw('Distribution of the probability by label', {
        x: { label: 'probability', grid: true },
        y: { label: 'share of the label’s rows', grid: true },
        marks: [
          Plot.rectY(zeros, { x1: 'from', x2: 'to', y: 'share', fill: two, fillOpacity: 0.5, title: () => 'label 0' }),
          Plot.rectY(ones, { x1: 'from', x2: 'to', y: 'share', fill: one, fillOpacity: 0.5, title: () => 'label 1' }),
          Plot.ruleX([threshold], { strokeDasharray: '4 4' }),
          Plot.ruleY([0]),
        ],
      }),
    fitted: (points) => {
      const low = Math.min(...points.map(([p, y]) => Math.min(p, y)))
      const high = Math.max(...points.map(([p, y]) => Math.max(p, y)))
      return draw('Label against prediction', {
        x: { label: 'prediction', grid: true },
        y: { label: 'label', grid: true },
        marks: [
          Plot.dot(points, { x: '0', y: '1', r: 2, fill: one, fillOpacity: 0.4 }),
          Plot.link([0], { x1: low, y1: low, x2: high, y2: high, stroke: 'currentColor', strokeDasharray: '4 4' }),
        ],
      })
    },
    residualBins: (bins) =>
      draw('Residuals by prediction', {
        x: { label: 'prediction', grid: true },
        y: { label: 'residual: mean, and 10 % to 90 %', grid: true },
        marks: [
          Plot.areaY(bins, { x: 'predicted', y1: 'low', y2: 'high', fill: one, fillOpacity: 0.2 }),
          Plot.ruleY([0], { strokeDasharray: '4 4' }),
          Plot.ruleX(bins, {
            x: 'predicted',
            y1: (b: ResidualBin) => b.residual.interval?.[0] ?? b.residual.value,
            y2: (b: ResidualBin) => b.residual.interval?.[1] ?? b.residual.value,
            stroke: one,
          }),
          Plot.dot(bins, { x: 'predicted', y: (b: ResidualBin) => b.residual.value, r: 3, fill: one }),
        ],
      }),
    histogram: (bars, label) =>
      draw(`Distribution of the ${label}`, {
        x: { label, grid: true },
        y: { label: 'share of rows', grid: true },
        marks: [Plot.rectY(bars, { x1: 'from', x2: 'to', y: 'share', fill: one }), Plot.ruleY([0])],
      }),
    quantiles: (points) =>
      draw('Residuals against a normal distribution', {
        x: { label: 'normal quantile', grid: true },
        y: { label: 'standardised residual', grid: true },
        marks: [
          Plot.link([0], {
            x1: -3,
            y1: -3,
            x2: 3,
            y2: 3,
            stroke: 'currentColor',
            strokeOpacity: 0.5,
            strokeDasharray: '4 4',
          }),
          Plot.dot(points, { x: 'normal', y: 'residual', r: 2.5, fill: one }),
        ],
      }),
    contributions: (contributions) => {
      const names = contributions.map((c) => c.feature)
      return draw('Contribution of each feature to the score', {
        width: wide,
        height: height(contributions.length),
        marginLeft: left(names),
        x: { label: 'movement of the score: 10 % to 90 % of the rows', grid: true },
        y: { domain: names, label: null, tickFormat: short },
        marks: [
          Plot.ruleX([0]),
          Plot.barX(contributions, {
            y: 'feature',
            x1: 'low',
            x2: 'high',
            fill: one,
            title: (c: FeatureContribution) => `${(100 * c.share).toFixed(1)} % of all movement`,
          }),
        ],
      })
    },
    coefficients: (rows) => {
      const names = rows.map((c) => c.name)
      return draw('Coefficients with 95 % intervals', {
        width: wide,
        height: height(rows.length),
        marginLeft: left(names),
        x: { label: 'z: estimate in standard errors', grid: true },
        y: { domain: names, label: null, tickFormat: short },
        marks: [
          Plot.ruleX([0]),
          Plot.ruleY(rows, { y: 'name', x1: 'lower', x2: 'upper', stroke: one }),
          Plot.dot(rows, { y: 'name', x: 'estimate', fill: one, r: 4 }),
        ],
      })
    },
  }
}
