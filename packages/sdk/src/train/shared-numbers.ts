/**
 * Room for many numbers that live as long as a fit.
 *
 * In shared memory, which another thread can read, and of which the garbage collector takes no notice: it would look
 * through its whole heap each time some ten megabytes of ordinary arrays had been made.
 */
export const sharedNumbers = (length: number): Float64Array =>
  new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
