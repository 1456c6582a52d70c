/** Counters of a server in the text format that Prometheus reads. */
import { type ChallengerTally, challengerTally } from './challenger-tally.ts'

/** Seconds; from what one key takes up to what a batch may. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

type Labels = Readonly<Record<string, string>>

export interface Gauge {
  readonly name: string
  readonly help: string
  readonly values: readonly (readonly [labels: Labels, value: number])[]
}

export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void
  predicted(model: string, version: number, rows: number): void
  /** What a challenger said to the questions that were answered with the first rows. */
  readonly compared: ChallengerTally['add']
  /** The challengers of a model were not scored for a request. */
  alone(model: string, reason: 'paused' | 'failed' | 'slow'): void
  failed(code: string): void
  /** @param gauges what is read when it is asked for. */
  text(gauges: readonly Gauge[]): string
}

export function metrics(): Metrics {
  const requests = new Map<string, number>()
  const predictions = new Map<string, number>()
  const errors = new Map<string, number>()
  const tally = challengerTally()
  const alone = new Map<string, number>()
  const durations = new Map<string, { readonly counts: number[]; sum: number; count: number }>()
  const add = (to: Map<string, number>, labels: Labels, by = 1) => {
    const key = labelled(labels)
    to.set(key, (to.get(key) ?? 0) + by)
  }
  return {
    request(route, method, status, seconds) {
      add(requests, { route, method, status: String(status) })
      const key = labelled({ route })
      const one = durations.get(key) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 }
      durations.set(key, one)
      for (const [i, most] of buckets.entries()) if (seconds <= most) one.counts[i] = (one.counts[i] ?? 0) + 1
      one.sum += seconds
      one.count++
    },
    predicted: (model, version, rows) => add(predictions, { model, version: String(version) }, rows),
    failed: (code) => add(errors, { code }),
    compared: tally.add,
    alone: (name, reason) => add(alone, { name, reason }),
    text(gauges) {
      const counter = (name: string, help: string, values: ReadonlyMap<string, number>) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} counter`,
        ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
      ]
      const histogram = 'viewcast_request_duration_seconds'
      const lines = [
        ...counter('viewcast_requests_total', 'Requests answered.', requests),
        ...counter('viewcast_predictions_total', 'Predictions given.', predictions),
        ...counter('viewcast_errors_total', 'Requests refused or failed, by code.', errors),
        ...tally
          .counted()
          .flatMap(([name, help, values]) =>
            counter(name, help, new Map(values.map(([labels, value]) => [labelled(labels), value]))),
          ),
        ...counter('viewcast_challenger_alone_total', 'Requests for which challengers were not scored.', alone),
        `# HELP ${histogram} Time from the head of a request to its answer.`,
        `# TYPE ${histogram} histogram`,
        ...[...durations].flatMap(([labels, { counts, sum, count }]) => [
          ...buckets.map((most, i) => `${histogram}_bucket${withLabel(labels, 'le', String(most))} ${counts[i]}`),
          `${histogram}_bucket${withLabel(labels, 'le', '+Inf')} ${count}`,
          `${histogram}_sum${labels} ${sum}`,
          `${histogram}_count${labels} ${count}`,
        ]),
        ...gauges.flatMap(({ name, help, values }) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} gauge`,
          ...values.map(([labels, value]) => `${name}${labelled(labels)} ${value}`),
        ]),
      ]
      return `${lines.join('\n')}\n`
    },
  }
}

function labelled(labels: Labels): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return all.length === 0 ? '' : `{${all.join(',')}}`
}

const withLabel = (labels: string, name: string, value: string): string =>
  `${labels.slice(0, -1)},${name}="${escaped(value)}"}`

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
