/** The coefficients the data is drawn with, under the names the model record gives its own. */
export const truth = {
  '(intercept)': -3,
  /** Per minute of the average visit. */
  AverageTimeSpent: 0.25,
  /** Per click. */
  NumberOfClicks: 0.08,
  // The base level of a one-hot input is its most frequent level, here US: the others are counted from it.
  'Country=DE': 0.5,
  'Country=FR': -0.4,
  'Country=JP': 0.9,
} as const
