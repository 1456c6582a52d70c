/** What is gained by acting on the highest predictions first. */
import type { Ranked } from './ranked.ts'

export interface GainPoint {
  /** Share of the rows acted on. */
  readonly share: number
  /** Share of label 1 that is among them. */
  readonly captured: number
}

/** From (0, 0) to (1, 1). */
export function gainCurve({ steps, ones, zeros }: Ranked): GainPoint[] {
  const points: GainPoint[] = [{ share: 0, captured: 0 }]
  let rows = 0
  let found = 0
  for (const s of steps) {
    rows += s.ones + s.zeros
    found += s.ones
    points.push({ share: rows / (ones + zeros), captured: found / ones })
  }
  return points
}

export interface LiftBin {
  /** 1 is the tenth of the rows with the highest predictions. */
  readonly bin: number
  /** Share of label 1 over that of all rows. */
  readonly lift: number
}

/** Tenths by prediction; a tie that spans two bins is shared out, so that no order among equals matters. */
export function liftBins(ranks: Ranked, bins = 10): LiftBin[] {
  const points = gainCurve(ranks)
  const capturedAt = (share: number): number => {
    const after = points.findIndex((p) => p.share >= share - 1e-12)
    const b = points[after]
    const a = points[after - 1]
    if (b === undefined) return 1
    if (a === undefined || b.share === a.share) return b.captured
    return a.captured + ((share - a.share) / (b.share - a.share)) * (b.captured - a.captured)
  }
  return Array.from({ length: bins }, (_, i) => ({
    bin: i + 1,
    lift: (capturedAt((i + 1) / bins) - capturedAt(i / bins)) * bins,
  }))
}
