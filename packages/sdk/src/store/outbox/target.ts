/** Where events go. */

/**
 * - `sent`: taken, and said so to the end;
 * - `refused`: the target does not take this event;
 * - `failed`: the target takes nothing just now, or nobody knows whether it took this;
 * - `released`: not tried.
 */
export type Delivery =
  | { readonly kind: 'sent' }
  | { readonly kind: 'released' }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'failed'
      readonly reason: string
      /** How long the target asks to be left alone, in seconds. */
      readonly retryAfter?: number
    }

export interface EventTarget {
  /** Where it is, without secrets. */
  readonly description: string
  /**
   * Delivers events, each of another run; one delivery for each, in their order. Never throws.
   *
   * @param patience After so many failures in a row the rest is not tried.
   */
  deliver(
    events: readonly string[],
    options: { readonly signal: AbortSignal; readonly patience: number },
  ): Promise<readonly Delivery[]>
}

export const released: Delivery = { kind: 'released' }
