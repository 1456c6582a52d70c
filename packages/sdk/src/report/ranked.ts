/** Rows in descending order of their prediction, ties together: what every curve of a classifier is read from. */

export interface Outcomes {
  /** Probabilities, or any score that is higher where the outcome is likelier. */
  readonly predicted: Float64Array
  /** 0 or 1. */
  readonly label: Float64Array
  readonly weights?: Float64Array | undefined
}

/** Weight of rows of either label with one prediction. */
export interface Step {
  readonly at: number
  readonly ones: number
  readonly zeros: number
}

export interface Ranked {
  /** Descending; one step for each distinct prediction. */
  readonly steps: readonly Step[]
  readonly ones: number
  readonly zeros: number
}

export function ranked({ predicted, label, weights }: Outcomes): Ranked {
  const order = Uint32Array.from({ length: predicted.length }, (_, r) => r)
  order.sort((a, b) => (predicted[b] as number) - (predicted[a] as number))
  const steps: { at: number; ones: number; zeros: number }[] = []
  let ones = 0
  let zeros = 0
  for (const r of order) {
    const at = predicted[r] as number
    const w = weights === undefined ? 1 : (weights[r] as number)
    let step = steps.at(-1)
    if (step === undefined || step.at !== at) {
      step = { at, ones: 0, zeros: 0 }
      steps.push(step)
    }
    if (label[r] === 1) {
      step.ones += w
      ones += w
    } else {
      step.zeros += w
      zeros += w
    }
  }
  return { steps, ones, zeros }
}

/** At most `most` points, first and last always among them. */
export function thinned<T>(points: readonly T[], most = 400): readonly T[] {
  if (points.length <= most) return points
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))] as T)
}
