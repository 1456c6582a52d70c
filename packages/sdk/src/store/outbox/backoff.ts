/** How long to leave a target alone. */

const firstSeconds = 1
const mostSeconds = 15 * 60

/**
 * Seconds until the next try: doubled with each, up to a quarter of an hour, and between half of that and all of it, so
 * that many do not come back at once.
 *
 * @param tries How many have failed, from 1.
 * @param random 0 to 1.
 */
export const backoff = (tries: number, random: number): number =>
  Math.min(mostSeconds, firstSeconds * 2 ** Math.min(tries - 1, 30)) * (0.5 + random / 2)
