/** A number to so many significant digits; whole ones below a million as they are, nothing for null. */
export const significant = (value: number | null, precision = 5): string =>
  value === null
    ? ''
    : Number.isInteger(value) && Math.abs(value) < 1e6
      ? String(value)
      : String(Number(value.toPrecision(precision)))
